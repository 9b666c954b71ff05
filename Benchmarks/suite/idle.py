"""Connections that have joined a namespace and then say nothing: what one costs, beside bare SwiftNIO."""

import os
import resource
import socket
import subprocess
import time
from pathlib import Path

from .peers import BareWebSocket

UPGRADE = (
    b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\n"
    b"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
CONNECT = b'40{"token":"open sesame"}'
BATCH = 500
# Past the first heartbeat, which is part of being idle, and before its answer would be missed.
REST_SECONDS = 30


class Failure(Exception):
    """A connection was refused."""


class SocketIOServer:
    """The library's example server as a context."""

    def __init__(self, program: Path):
        self.program = program

    def __enter__(self) -> "SocketIOServer":
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.process = subprocess.Popen([str(self.program), "--port", str(port)])
        self.url, self.pid = f"http://127.0.0.1:{port}", self.process.pid
        for _ in range(500):
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                return self
            except ConnectionRefusedError:
                time.sleep(0.02)
        raise Failure(f"{self.program} does not listen")

    def __exit__(self, *_) -> None:
        self.process.kill()
        self.process.wait()


def _read_until(connection: socket.socket, ending: bytes) -> None:
    received = b""
    while ending not in received:
        piece = connection.recv(4_096)
        if not piece:
            raise Failure(f"a connection ended: {received[-200:]!r}")
        received += piece


def _connect(port: int, count: int) -> list[socket.socket]:
    connections = [socket.create_connection(("127.0.0.1", port), timeout=60) for _ in range(count)]
    for connection in connections:
        connection.sendall(UPGRADE)
    for connection in connections:
        _read_until(connection, b'"maxPayload":1000000}')
        # A client's frames are masked (RFC 6455 section 5.3), if only with zeros.
        connection.sendall(bytes([0x81, 0x80 | len(CONNECT)]) + bytes(4) + CONNECT)
    for connection in connections:
        _read_until(connection, b'40{"sid":"')
    return connections


def _resident(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _measure(server, count: int) -> dict:
    port = int(server.url.rsplit(":", 1)[1])
    # The first ones pay for what all share.
    connections = _connect(port, 1)
    before = _resident(server.pid)
    while len(connections) <= count:
        connections += _connect(port, min(BATCH, count + 1 - len(connections)))
    time.sleep(REST_SECONDS)
    resident = _resident(server.pid)
    for connection in connections:
        connection.close()
    return {"connections": count, "residentBytes": resident, "bytesPerConnection": round((resident - before) / count)}


def idle(count: int, library: Path, bare: Path | None) -> dict:
    """The example server of the library with `count` connections, and the peer."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit[1], limit[1]))
    if limit[1] < count + 100:
        raise Failure(f"{count} connections need that many open files; the limit is {limit[1]}")
    print(f"{count} idle connections …", flush=True)
    with SocketIOServer(library) as server:
        measured = _measure(server, count)
    if bare:
        print(f"{count} idle connections of the peer …", flush=True)
        with BareWebSocket(bare) as peer:
            measured["peer"] = {"name": "bare SwiftNIO", **_measure(peer, count)}
    return measured
