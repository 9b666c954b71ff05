"""HTTP by bare sockets: what no client library would send, and every byte that comes back."""

import dataclasses
import socket


@dataclasses.dataclass
class Answer:
    status: int
    headers: dict
    body: bytes
    is_whole: bool


class Connection:
    """One connection. `receive_buffer` makes a reader whose kernel takes little in advance."""

    def __init__(self, server, receive_buffer=None, timeout=60):
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(timeout)
        self.socket.connect(("127.0.0.1", server.port))
        self.unread = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, text):
        self.socket.sendall(text.encode("latin-1") if isinstance(text, str) else text)
        return self

    def end_input(self):
        self.socket.shutdown(socket.SHUT_WR)
        return self

    def _more(self):
        """False at the end; a reset is an error."""
        piece = self.socket.recv(65_536)
        self.unread += piece
        return bool(piece)

    def everything(self):
        """All that comes until the server ends the connection."""
        while self._more():
            pass
        rest, self.unread = self.unread, b""
        return rest

    def answer(self, is_head=False):
        """The next answer; nil at the end of the connection."""
        while b"\r\n\r\n" not in self.unread:
            if not self._more():
                assert not self.unread, f"half a head: {self.unread[:200]}"
                return None
        head, self.unread = self.unread.split(b"\r\n\r\n", 1)
        first, *lines = head.decode("latin-1").split("\r\n")
        version, status = first.split(" ", 2)[:2]
        assert version == "HTTP/1.1", first
        headers = {}
        for line in lines:
            name, value = line.split(":", 1)
            assert name.lower() not in ("content-length", "transfer-encoding") or name.lower() not in headers, head
            headers[name.lower()] = value.strip()
        answer = Answer(int(status), headers, b"", True)
        if is_head or answer.status in (204, 304) or answer.status < 200:
            return answer
        if headers.get("transfer-encoding") == "chunked":
            answer.body, answer.is_whole = self._chunks()
        elif "content-length" in headers:
            length = int(headers["content-length"])
            while len(self.unread) < length and self._more():
                pass
            answer.body, self.unread = self.unread[:length], self.unread[length:]
            answer.is_whole = len(answer.body) == length
        else:
            answer.body = self.everything()
        return answer

    def _chunks(self):
        body = b""
        while True:
            while b"\r\n" not in self.unread:
                if not self._more():
                    return body, False
            line, self.unread = self.unread.split(b"\r\n", 1)
            size = int(line, 16)
            while len(self.unread) < size + 2:
                if not self._more():
                    return body, False
            assert self.unread[size : size + 2] == b"\r\n"
            body, self.unread = body + self.unread[:size], self.unread[size + 2 :]
            if size == 0:
                return body, True

    def is_ended(self):
        """Whether the server ends the connection without another byte."""
        return self.everything() == b""


def request(server, path, method="GET", version="1.1", headers=(), body=""):
    lines = [f"{method} {path} HTTP/{version}", f"Host: 127.0.0.1:{server.port}", *headers]
    return "\r\n".join(lines) + "\r\n\r\n" + body


def upgrade(server, path="/socket.io/?EIO=4&transport=websocket", headers=()):
    return request(
        server,
        path,
        headers=(
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            *headers,
        ),
    )
