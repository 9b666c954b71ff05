"""Connections beyond all bounds, and such as never end: the server stays up, and who comes with a token is answered."""

import contextlib
import json
import os
import resource
import signal
import socket
import threading
import time

import pytest
import requests

import raw
from conftest import eventually
from listener import listening

pytestmark = pytest.mark.attack

FEW_FILES = ["prlimit", "--nofile=256:256"]


def open_files(server):
    return len(os.listdir(f"/proc/{server.pid}/fd"))


def cpu_seconds(server):
    with open(f"/proc/{server.pid}/stat") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def crowd(server, count, first=b"", again=False):
    """So many connections, each of which says `first`; with `again`, who is thrown out comes back until the end."""
    mine, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    connections, stop = [], threading.Event()

    def join():
        connection = socket.socket()
        connection.setblocking(False)
        connection.connect_ex(("127.0.0.1", server.port))
        connections.append(connection)
        return connection

    def say(connection):
        try:
            connection.send(first() if callable(first) else first)
        except OSError:
            pass

    def come_back():
        while not stop.wait(0.02):
            for place, connection in enumerate(list(connections)):
                try:
                    if connection.recv(65_536) == b"":
                        raise ConnectionResetError
                except BlockingIOError:
                    continue
                except OSError:
                    connection.close()
                    fresh = socket.socket()
                    fresh.setblocking(False)
                    fresh.connect_ex(("127.0.0.1", server.port))
                    connections[place] = fresh
                    say(fresh)

    count = min(count, mine - 200)
    for _ in range(count):
        join()
    time.sleep(0.3)  # no condition: the crowd is a nuisance whether all of it has come or not
    for connection in connections:
        say(connection)
    keeper = threading.Thread(target=come_back)
    if again:
        keeper.start()
    try:
        yield connections
    finally:
        stop.set()
        if again:
            keeper.join()
        for connection in connections:
            connection.close()


def is_answered(server, tracks):
    """Somebody with an account comes, logs in, and hears something, over new connections."""
    assert requests.get(server.url + "/readyz", timeout=60).status_code == 200
    user = server.login()
    assert user.status_code == 200, user.text
    with listening(server, token=user.json()["token"], bufferSeconds=1, transports=["websocket"]) as listener:
        listener.ok("play_track", {"trackId": tracks["Blip"]["id"], "quality": "low"})
        listener.wait_for("audio_chunk")


CROWDS = {
    "nothing": b"",
    "half a head": b"GET / HTTP/1.1\r\nHost: a\r\nX: ",
    "half a body": b"POST /api/v1/auth/login HTTP/1.1\r\nHost: a\r\nContent-Length: 500\r\n\r\n{",
    "a page, and to be kept": b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n",
    "a session without a log-in": (
        b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    ),
}


@pytest.mark.parametrize("what", CROWDS)
def test_as_many_connections_as_there_are_files_shut_nobody_out(fresh_server, attack_seconds, what):
    server = fresh_server(arguments=("--analysis", "off"))
    server.wrap = FEW_FILES
    server.start()
    tracks = server.wait_tracks("Blip")
    with crowd(server, 1_200, CROWDS[what], again=True):
        deadline = time.monotonic() + attack_seconds
        while True:
            assert open_files(server) < 250
            is_answered(server, tracks)
            if time.monotonic() > deadline:
                break
    # Nothing of it stays.
    eventually(lambda: open_files(server) < 90, "the connections' end", 120)
    is_answered(server, tracks)
    assert server.stop() == 0


def test_a_server_that_accepts_no_more_rests(fresh_server):
    """While everybody is being answered nobody makes room: who comes waits in the kernel, nothing spins, and then he is answered."""
    server = fresh_server(arguments=("--analysis", "off", "--max-connections", "16")).start()
    tracks = server.wait_tracks("Long")
    url = server.post("/api/v1/stream/start", {"trackId": tracks["Long"]["id"]}).json()["urls"]["mp3-320"]
    assert requests.get(server.url + url, timeout=300).ok
    deaf = []
    try:
        # One after the other: each is being answered before the next one needs a place. The server may hold 16 more than
        # it may keep, to find out who makes room.
        for _ in range(32):
            each = raw.Connection(server, receive_buffer=4_096, timeout=120).send(raw.request(server, url))
            deaf.append(each)
            assert each.socket.recv(1, socket.MSG_PEEK)
        with raw.Connection(server, timeout=120) as waiting:
            waiting.send(raw.request(server, "/healthz"))
            before, began = cpu_seconds(server), time.monotonic()
            time.sleep(2)  # what is measured is this time
            used = (cpu_seconds(server) - before) / (time.monotonic() - began)
            assert used < 0.5, f"{used:.2f} of a core for connections that wait"
            waiting.socket.setblocking(False)
            with pytest.raises(BlockingIOError):
                waiting.socket.recv(1)
            waiting.socket.settimeout(120)
            while deaf:
                deaf.pop().socket.close()
            assert waiting.answer().body == b"ok\n"
    finally:
        for connection in deaf:
            connection.socket.close()
    assert server.stop() == 0


def test_a_request_that_has_arrived_is_answered_whoever_needs_the_place(fresh_server):
    """A connection that makes room is idle: to close one whose request the kernel has taken would cut the request."""
    server = fresh_server(arguments=("--analysis", "off", "--max-connections", "16")).start()
    kept = [raw.Connection(server, timeout=120) for _ in range(8)]
    for each in kept:
        assert each.send(raw.request(server, "/healthz")).answer().body == b"ok\n"
    # While it stands still everybody asks, and those who come need places.
    os.kill(server.pid, signal.SIGSTOP)
    try:
        everybody = kept + [raw.Connection(server, timeout=120) for _ in range(24)]
        for each in everybody:
            each.send(raw.request(server, "/healthz"))
    finally:
        os.kill(server.pid, signal.SIGCONT)
    for number, each in enumerate(everybody):
        answer = each.answer()
        assert answer and answer.body == b"ok\n", f"connection {number}"
        each.socket.close()
    assert server.stop() == 0


def addresses():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing: asks the kernel which address it would use
        except OSError:
            return []
        return [probe.getsockname()[0]]


def test_nothing_is_held_for_ever(fresh_server, attack_seconds):
    """Trickled heads and bodies, upgrades that say no more, files that nobody reads: each ends by itself."""
    server = fresh_server(arguments=("--analysis", "off")).start()
    tracks = server.wait_tracks("Long")
    url = server.post("/api/v1/stream/start", {"trackId": tracks["Long"]["id"]}).json()["urls"]["mp3-320"]
    assert requests.get(server.url + url, timeout=300).ok
    poll = raw.Connection(server)
    sid = json.loads(poll.send(raw.request(server, "/socket.io/?EIO=4&transport=polling")).answer().body[1:])["sid"]
    segment = url.replace(".mp3?", "/1.mp3?")
    length = ("Content-Length: 1",)
    begun = {
        "a head": "GET /healthz HTTP/1.1\r\nX: ",
        "a log-in": raw.request(server, "/api/v1/auth/login", "POST", headers=("Content-Length: 500",)),
        "a poll's body": raw.request(
            server, f"/socket.io/?EIO=4&transport=polling&sid={sid}", "POST", headers=("Content-Length: 500",)
        ),
        "a chunked log-in": raw.request(server, "/api/v1/auth/login", "POST", headers=("Transfer-Encoding: chunked",)),
        "a segment with a length": raw.request(server, segment, headers=length),
        "a page with a length": raw.request(server, "/healthz", headers=length),
        "an upgrade with a length": raw.upgrade(server, headers=length),
        "nothing": "",
    }
    if attack_seconds >= 60:  # these have a minute
        begun["a kept connection"] = raw.request(server, "/healthz")
    held = {name: raw.Connection(server).send(text) for name, text in begun.items()}
    if attack_seconds >= 60:
        held["a file that nobody reads"] = raw.Connection(server, receive_buffer=4_096).send(raw.request(server, url))
    before = time.monotonic()
    ended = {}

    def trickle():
        for name, connection in held.items():
            if name in ended:
                continue
            try:
                if name.startswith(("a head", "a log-in", "a poll")):
                    connection.socket.send(b"x")
                if name != "a file that nobody reads":
                    connection.socket.settimeout(0.01)
                    while connection._more():
                        pass
                    ended[name] = time.monotonic() - before
            except TimeoutError:
                pass
            except OSError:
                ended[name] = time.monotonic() - before
        unread = held.get("a file that nobody reads")
        if unread and unread.socket.getsockname()[1] not in peers(server):
            ended.setdefault("a file that nobody reads", time.monotonic() - before)
        return len(ended) == len(held)

    eventually(trickle, f"the end of {set(held) - set(ended)}", 240)
    for connection in [*held.values(), poll]:
        connection.socket.close()
    assert server.stop() == 0


def peers(server):
    """The peers' ports of the connections that the server holds."""
    with open(f"/proc/{server.pid}/net/tcp") as table:
        rows = [line.split() for line in table.readlines()[1:]]
    return {int(r[2].split(":")[1], 16) for r in rows if int(r[1].split(":")[1], 16) == server.port and r[3] == "01"}
