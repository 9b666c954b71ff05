"""Strangers without a token who take what they can before they log in: everybody else is served, and memory stays."""

import base64
import json
import os
import socket
import struct
import time

import pytest

from listener import listening
from test_faults import resident_bytes

HANDSHAKE = b"GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\n"
MOST_MEMORY = 96 << 20  # beyond what the server had: far below what is sent to it
WEBSOCKET = {"transports": ["websocket"]}


def connected(server):
    made = socket.create_connection(("127.0.0.1", server.port), timeout=20)
    made.settimeout(20)
    return made


def upgraded(server):
    """A WebSocket that is open. Who doesn't wait for that stands in a queue of handshakes, and others behind him."""
    made = connected(server)
    key = base64.b64encode(os.urandom(16)).decode()
    made.sendall(
        b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\n" + f"Sec-WebSocket-Key: {key}\r\n\r\n".encode()
    )
    heard = b""
    while b"\r\n\r\n" not in heard:
        piece = made.recv(65536)
        assert piece, "the connection ended before the upgrade"
        heard += piece
    assert heard.startswith(b"HTTP/1.1 101 ")
    return made


def frame(opcode, data, length=None):
    """A client's frame, masked with zeros; with `length` only its beginning."""
    length = len(data) if length is None else length
    head = struct.pack("!BB", 0x80 | opcode, 0x80 | min(length, 127 if length > 65535 else 126 if length > 125 else length))
    if length > 65535:
        head += struct.pack("!Q", length)
    elif length > 125:
        head += struct.pack("!H", length)
    return head + bytes(4) + data


def ended(connection):
    """Reads until the server has closed."""
    try:
        while connection.recv(65536):
            pass
    except ConnectionError:
        pass
    return True


def pour(connection, data):
    """Sends as much as is taken; whether all was."""
    try:
        connection.sendall(data)
        return True
    except (ConnectionError, TimeoutError):
        return False


def is_served(server, title="Long"):
    """One with a token logs in and hears sound."""
    with listening(server, **WEBSOCKET) as listener:
        track = server.wait_tracks(title)[title]
        listener.ok("play_track", {"trackId": track["id"], "quality": "low"})
        listener.wait_for("audio_chunk")
        listener.ok("stop_track")


@pytest.mark.attack
def test_handshakes_pipelined_by_the_thousand_keep_nobody_out(fresh_server, attack_seconds):
    server = fresh_server().start()
    is_served(server)
    before, until = resident_bytes(server), time.monotonic() + attack_seconds
    request = HANDSHAKE + b"X-Filler: " + b"x" * 8_000 + b"\r\n\r\n"
    attackers, rounds = [], 0
    while time.monotonic() < until or rounds < 4:
        rounds += 1
        attackers = (attackers + [connected(server)])[-50:]
        attackers[-1].settimeout(1)
        pour(attackers[-1], request * 500)
        if rounds % 4 == 0:
            is_served(server)
    assert resident_bytes(server) - before < MOST_MEMORY
    for attacker in attackers:
        attacker.close()


@pytest.mark.attack
def test_attachments_before_connect_are_not_kept(fresh_server, attack_seconds):
    server = fresh_server().start()
    is_served(server)
    before, until = resident_bytes(server), time.monotonic() + attack_seconds
    announcement = "459-" + json.dumps(["x"] + [{"_placeholder": True, "num": number} for number in range(9)])
    rounds = 0
    while time.monotonic() < until or rounds == 0:
        rounds += 1
        attackers = [upgraded(server) for _ in range(80)]
        for attacker in attackers:
            attacker.settimeout(2)
            pour(attacker, frame(1, announcement.encode()) + frame(2, bytes(990_000)))
        assert resident_bytes(server) - before < MOST_MEMORY
        for attacker in attackers:
            assert ended(attacker)
            attacker.close()
    is_served(server)


@pytest.mark.attack
def test_halves_of_messages_are_not_kept_from_strangers(fresh_server, attack_seconds):
    server = fresh_server().start()
    is_served(server)
    before, until = resident_bytes(server), time.monotonic() + attack_seconds
    attackers = []
    while len(attackers) < 200 or time.monotonic() < until and len(attackers) < 2_000:
        attacker = upgraded(server)
        attacker.settimeout(1)
        # All but the last byte of the longest message there is; of one that strangers may send; a fragment.
        kind = len(attackers) % 3
        if kind == 0:
            pour(attacker, frame(1, b"4" + bytes(900_000), length=900_002))
        elif kind == 1:
            pour(attacker, frame(1, b"4" + b"0" * 60_000, length=60_002))
        else:
            pour(attacker, b"\x01" + frame(1, b"4" + b"0" * 60_000)[1:])
        attackers.append(attacker)
    # The budget, and what of each connection is in its buffers anyway.
    assert resident_bytes(server) - before < MOST_MEMORY + len(attackers) * 24 * 1024
    is_served(server)
    for attacker in attackers:
        attacker.close()


@pytest.mark.attack
def test_members_who_hold_back_attachments_keep_nobody_out(fresh_server, attack_seconds):
    server = fresh_server().start()
    is_served(server)
    before, until = resident_bytes(server), time.monotonic() + attack_seconds
    hello = frame(1, b"40" + json.dumps({"token": server.token()}).encode())
    announcement = frame(1, b'452-["x",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]')
    attackers = []
    while len(attackers) < 100 or time.monotonic() < until and len(attackers) < 500:
        attacker = upgraded(server)
        attacker.settimeout(5)
        pour(attacker, hello)
        heard = b""
        while b'40{"sid"' not in heard:
            try:
                piece = attacker.recv(65536)
            except TimeoutError:
                break  # they are one user, who isn't read for a while when he has spent his budget
            if not piece:
                break
            heard += piece
        pour(attacker, announcement + frame(2, bytes(900_000)))
        attackers.append(attacker)
    # The budget, and what each connection has anyway.
    assert resident_bytes(server) - before < 2 * MOST_MEMORY
    is_served(server)
    for attacker in attackers:
        attacker.close()
