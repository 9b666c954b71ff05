"""What many connections leave behind. Clients are bare sockets: a real client would cost more than the server."""

import base64
import resource
import socket
import time
from statistics import median

import pytest

from server import Server

CONNECTIONS, ROUNDS = 5_000, 10
UPGRADE = (
    "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\n"
    f"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {base64.b64encode(bytes(16)).decode()}\r\n\r\n"
).encode()


def masked_text(text):
    """A client's text frame of less than 126 bytes, masked with zeros (RFC 6455 section 5.2)."""
    return bytes([0x81, 0x80 | len(text)]) + bytes(4) + text.encode()


def read_until(connection, ending):
    received = b""
    while ending not in received:
        piece = connection.recv(4096)
        assert piece, f"ended early: {received[-200:]}"
        received += piece
    return received


def connect_all(port, count):
    """Connections that have joined `/`. Each step is taken by all before any takes the next."""
    connections = [socket.create_connection(("127.0.0.1", port), timeout=60) for _ in range(count)]
    for connection in connections:
        connection.sendall(UPGRADE)
    for connection in connections:
        assert b" 101 " in read_until(connection, b'"maxPayload":1000000}')
    for connection in connections:
        connection.sendall(masked_text('40{"token":"open sesame"}'))
    for connection in connections:
        read_until(connection, b'40{"sid":"')
    return connections


def leave(connections):
    """Returns when the server has closed them all too."""
    for connection in connections:
        connection.shutdown(socket.SHUT_WR)
    for connection in connections:
        while connection.recv(4096):
            pass
        connection.close()


def settled(server, below):
    """The server's memory once it has given back what it doesn't need, or after some seconds."""
    deadline = time.monotonic() + 5
    while (resident := server.resident_bytes()) > below and time.monotonic() < deadline:
        time.sleep(0.05)
    return resident


@pytest.fixture
def server():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    made = Server("--ping-interval", 120_000).start()
    yield made
    made.kill()
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_memory_comes_back_when_thousands_of_connections_come_and_go(server):
    idle, after = [], []
    before = server.resident_bytes()
    for _ in range(ROUNDS):
        connections = connect_all(server.port, CONNECTIONS)
        idle.append(server.resident_bytes())
        leave(connections)
        after.append(settled(server, below=idle[0] * 0.8))
    print(f"before {before >> 20} MiB, idle {[n >> 20 for n in idle]}, after {[n >> 20 for n in after]}")
    # How much the allocator has given back when it is looked at varies; what a leak would do is raise all of it.
    half = ROUNDS // 2
    assert median(after[half:]) <= median(after[:half]) * 1.1, after
    assert median(idle[half:]) <= median(idle[:half]) * 1.1, idle
