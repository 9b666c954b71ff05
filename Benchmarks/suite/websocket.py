"""A Socket.IO device over a plain socket: just enough to command and to hear, and nothing between the kernel and the clock."""

import itertools
import json
import socket
import struct
import time

UPGRADE = (
    "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\n"
    "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
TEXT, CLOSE = 1, 8
PATIENCE_SECONDS = 30


class Broken(Exception):
    """The server said something else than it should."""


class EventSocket:
    """One device in the namespace `/`. Messages are (ack id or None, arguments); audio is read and dropped."""

    def __init__(self, port: int, auth: dict):
        self.device, self.next_ack, self._received = auth["deviceId"], 0, bytearray()
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.sendall(UPGRADE.encode())
        while (end := self._received.find(b"\r\n\r\n")) < 0:
            self._fill()
        if not self._received.startswith(b"HTTP/1.1 101"):
            raise Broken(bytes(self._received[:200]))
        del self._received[: end + 4]
        self._send("40" + json.dumps(auth))
        for text in self._wait_texts():
            if text.startswith("40"):
                return
            if text.startswith("44"):
                raise Broken(text)

    def _fill(self) -> None:
        piece = self.socket.recv(262_144)
        if not piece:
            raise Broken(f"{self.device}: the connection has ended")
        self._received += piece

    def _send(self, text: str) -> float:
        """Writes a frame, masked as a client's must be (RFC 6455 section 5.3), if only with zeros; returns the moment before."""
        data = text.encode()
        length = bytes([0x80 | len(data)]) if len(data) < 126 else b"\xfe" + struct.pack("!H", len(data))
        frame = bytes([0x80 | TEXT]) + length + bytes(4) + data
        at = time.monotonic()
        self.socket.sendall(frame)
        return at

    def emit(self, event: str, payload: dict) -> float:
        """Sends an event that wants an ack, of the id `next_ack`; returns when it was written."""
        number = self.next_ack
        self.next_ack += 1
        return self._send(f"42{number}" + json.dumps([event, payload]))

    def call(self, event: str, payload: dict) -> dict:
        """Sends an event and waits for its ack; what else comes meanwhile is dropped."""
        number = self.next_ack
        self.emit(event, payload)
        for text in self._wait_texts():
            message = self._message(text)
            if message and message[0] == number:
                return message[1][0]
        raise Broken("unreachable")

    def receive(self) -> tuple[float, list]:
        """Reads what is there, once; the moment of it, and the messages that are complete."""
        self._fill()
        at = time.monotonic()
        return at, [message for text in self._texts() if (message := self._message(text))]

    def close(self) -> None:
        self.socket.close()

    def _wait_texts(self):
        while True:
            yield from self._texts()
            self._fill()

    @staticmethod
    def _message(text: str):
        """An event or an ack of the default namespace; None for anything else, binary events among it."""
        if text[:2] not in ("42", "43"):
            return None
        digits = "".join(itertools.takewhile(str.isdigit, text[2:14]))
        arguments = json.loads(text[2 + len(digits) :])
        return (int(digits), arguments) if text[1] == "3" else (None, arguments)

    def _texts(self):
        """Texts of complete frames; answers the heartbeat, drops attachments."""
        while (frame := self._frame()) is not None:
            opcode, payload = frame
            if opcode == CLOSE:
                raise Broken(f"{self.device}: the server has closed")
            if opcode != TEXT:
                continue
            text = payload.decode()
            if text == "2":
                self._send("3")
            elif text == "1":
                raise Broken(f"{self.device}: the server has closed the session")
            else:
                yield text

    def _frame(self):
        have = self._received
        if len(have) < 2:
            return None
        length, head = have[1] & 0x7F, 2
        if length == 126:
            if len(have) < 4:
                return None
            (length,), head = struct.unpack_from("!H", have, 2), 4
        elif length == 127:
            if len(have) < 10:
                return None
            (length,), head = struct.unpack_from("!Q", have, 2), 10
        if len(have) < head + length:
            return None
        payload = bytes(have[head : head + length])
        opcode, is_last = have[0] & 0x0F, have[0] & 0x80
        del have[: head + length]
        if not is_last:
            raise Broken(f"{self.device}: a message in pieces")
        return opcode, payload
