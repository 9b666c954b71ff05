"""Very many Socket.IO devices in one process, over plain sockets: just enough to connect, to command, to hear, and to flood."""

import asyncio
import itertools
import json
import os
import struct

UPGRADE = (
    "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\n"
    "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
TEXT, CLOSE = 1, 8
PATIENCE = 60  # seconds: a debug build on a busy machine


def frame(text):
    """A masked text frame; masked with zeros, as a client's must be (RFC 6455 section 5.3)."""
    data = text.encode()
    if len(data) < 126:
        length = struct.pack("!B", 0x80 | len(data))
    elif len(data) < 1 << 16:
        length = struct.pack("!BH", 0xFE, len(data))
    else:
        length = struct.pack("!BQ", 0xFF, len(data))
    return b"\x81" + length + bytes(4) + data


class Refused(Exception):
    """CONNECT_ERROR, or no WebSocket at all."""


class Device:
    """One connection. `heard` counts events by name, `acks` are kept by number; `ended` says that the server closed."""

    def __init__(self, port, token, **auth):
        self.port, self.auth = port, auth | {"token": token}
        self.heard, self.last, self.acks, self.chunks, self.pings = {}, {}, {}, 0, 0
        self.ended, self._numbers, self._waiting, self._changed = None, itertools.count(1), {}, asyncio.Event()

    async def open(self):
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 20)
        self.writer.write(UPGRADE.encode())
        head = await self.reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 101"):
            raise Refused(head[:80])
        self._connected = asyncio.get_running_loop().create_future()
        self.writer.write(frame("40" + json.dumps(self.auth)))
        self.task = asyncio.create_task(self._read())
        await asyncio.wait_for(asyncio.shield(self._connected), PATIENCE)
        return self

    def send(self, event, payload):
        """Sends an event that wants an ack; returns the ack's number."""
        number = next(self._numbers)
        self.writer.write(frame(f"42{number}" + json.dumps([event, payload])))
        return number

    async def call(self, event, payload=None):
        number = self.send(event, payload or {})
        self._waiting[number] = asyncio.get_running_loop().create_future()
        return await asyncio.wait_for(self._waiting[number], PATIENCE)

    async def close(self):
        if hasattr(self, "task"):
            self.task.cancel()
            self.writer.close()

    async def _read(self):
        try:
            while True:
                await self._take()
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            self._over(repr(error))

    def _over(self, why):
        self.ended = self.ended or why
        for future in [self._connected, *self._waiting.values()]:
            if not future.done():
                future.set_exception(ConnectionError(self.ended))

    async def _take(self):
        first, second = await self.reader.readexactly(2)
        length = second & 0x7F
        if length > 125:
            size = 2 if length == 126 else 8
            length = int.from_bytes(await self.reader.readexactly(size), "big")
        payload = await self.reader.readexactly(length)
        if first & 0x0F == CLOSE:
            self._over(f"closed: {payload[:60]!r}")
            raise ConnectionError
        if first & 0x0F != TEXT:
            return
        text = payload.decode()
        if text == "2":
            self.pings += 1
            self.writer.write(frame("3"))
        elif text == "1":
            self._over("the session was closed")
        elif text.startswith("40"):
            self._connected.set_result(True)
        elif text.startswith("44"):
            self._connected.set_exception(Refused(text[2:]))
        elif text.startswith("451-"):
            self.chunks += 1
        elif text[:2] == "42":
            name, *arguments = json.loads(text[2:])
            self.heard[name] = self.heard.get(name, 0) + 1
            self.last[name] = arguments[0] if arguments else None
        elif text[:2] == "43":
            digits = "".join(itertools.takewhile(str.isdigit, text[2:14]))
            answer = json.loads(text[2 + len(digits) :])[0]
            self.acks[int(digits)] = answer
            waiting = self._waiting.pop(int(digits), None)
            if waiting and not waiting.done():
                waiting.set_result(answer)


async def open_all(devices, width=50):
    """Opens devices, so many at once; a refused one raises."""
    gate = asyncio.Semaphore(width)

    async def one(device):
        async with gate:
            return await device.open()

    return await asyncio.gather(*(one(device) for device in devices))


def listener_tokens(server, count, minutes=60):
    """Tokens of so many separate listeners with the account's plan."""
    done = server.run("token", server.username, "--minutes", minutes, "--listeners", count, "--data", server.data)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def processor_seconds(server):
    """What the server has had of the machine's cores so far."""
    with open(f"/proc/{server.pid}/stat") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
