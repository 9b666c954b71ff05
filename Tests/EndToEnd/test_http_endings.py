"""Every way in which an answer can end: the last byte comes before the connection goes, however slowly it is read."""

import concurrent.futures
import hashlib
import json
import random
import shutil
import socket
import subprocess
import time
import urllib.request

import pytest
import requests

import raw


@pytest.fixture(scope="module")
def song(server, tracks):
    """A file of more than the kernel takes ahead of a reader (4 MB), and its bytes."""
    url = server.post("/api/v1/stream/start", {"trackId": tracks["Long"]["id"]}).json()["urls"]["mp3-320"]
    body = requests.get(server.url + url, timeout=300).content
    assert len(body) > 4_500_000
    return url, body


def read_slowly(connection, pause):
    """The rest of the connection, with a rest after each piece."""
    body = bytearray(connection.unread)
    while piece := connection.socket.recv(256 * 1024):
        body += piece
        time.sleep(pause)
    return bytes(body)


def test_whole_files_come_whole_to_many_slow_readers_at_once(server, song):
    url, body = song

    def fetch(number):
        version, headers = [("1.1", ("Connection: close",)), ("1.0", ()), ("1.1", ("connection: x, CLOSE",))][number % 3]
        with raw.Connection(server, receive_buffer=[None, 4_096, 65_536][number % 3], timeout=120) as connection:
            connection.send(raw.request(server, url, version=version, headers=headers))
            if number % 4 == 3:
                connection.end_input()
            while b"\r\n\r\n" not in connection.unread:
                assert connection._more()
            head, connection.unread = connection.unread.split(b"\r\n\r\n", 1)
            assert b" 200 " in head.split(b"\r\n")[0] and b"connection: close" in head.lower()
            return hashlib.sha256(read_slowly(connection, 0.02 * (number % 3))).digest()

    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        digests = set(pool.map(fetch, range(12)))
    assert digests == {hashlib.sha256(body).digest()}


def test_clients_that_close_get_all_of_a_file(server, song, tmp_path):
    url, body = song
    for _ in range(3):
        with urllib.request.urlopen(server.url + url, timeout=120) as answer:  # Connection: close
            assert answer.read() == body
    copy = tmp_path / "copy.mp3"
    commands = [["ffmpeg", "-v", "error", "-multiple_requests", "0", "-i", server.url + url, "-c", "copy", "-f", "mp3", copy]]
    if shutil.which("curl"):
        commands.append(["curl", "-sS", "-0", "--limit-rate", "3M", "-o", copy, server.url + url])
    for command in commands:
        copy.unlink(missing_ok=True)
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=120)
        assert done.returncode == 0 and not done.stderr.strip(), done.stderr
        assert copy.stat().st_size > len(body) * 0.99


def test_endings_of_every_kind_lose_no_byte(server, song, attack_seconds):
    """Several requests on a connection, ended in any way, read at any pace: what was asked for comes, whole and in order."""
    url, body = song
    chance = random.Random(15)
    parts = [(0, 1_000), (4_000_000, 4_400_000), (100, 3_000_000), (len(body) - 10, len(body))]

    def once(seed):
        dice = random.Random(seed)
        wanted = [dice.choice(parts) for _ in range(dice.randint(1, 3))]
        with raw.Connection(server, receive_buffer=dice.choice([None, 4_096, 32_768]), timeout=120) as connection:
            text = "".join(
                raw.request(server, url, headers=(f"Range: bytes={start}-{end - 1}",)) for start, end in wanted[:-1]
            )
            start, end = wanted[-1]
            ending = dice.choice(["close", "half", "old", "bad", "upgrade", "wait"])
            last = (f"Range: bytes={start}-{end - 1}",)
            if ending == "close":
                last += ("Connection: close",)
            text += raw.request(server, url, headers=last, version="1.0" if ending == "old" else "1.1")
            # What ends the connection stands right behind, or comes once the answers are on their way.
            behind = {"bad": "NONSENSE\r\n\r\n", "upgrade": raw.upgrade(server, "/socket.io/?EIO=3&transport=websocket")}
            connection.send(text + behind.get(ending, ""))
            if ending == "half":
                connection.end_input()
            for start, end in wanted:
                time.sleep(dice.choice([0, 0, 0.2]))
                answer = connection.answer()
                assert answer.status == 206 and answer.is_whole and answer.body == body[start:end], (ending, start, end)
            if ending in behind:
                assert connection.answer().status == 400
            if ending != "wait":
                assert connection.is_ended()

    deadline = time.monotonic() + attack_seconds
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        while time.monotonic() < deadline:
            for done in [pool.submit(once, chance.random()) for _ in range(8)]:
                done.result()


def test_an_early_answer_is_read_though_its_request_goes_on(server):
    """A body that nobody wants: the answer comes, no reset eats it, and the connection ends."""
    body = b"x" * 3_000_000
    for path, status in (("/none", 404), ("/api/v1/auth/login", 400), ("/socket.io/?EIO=4&transport=polling&sid=x", 400)):
        with raw.Connection(server) as connection:
            connection.send(raw.request(server, path, "POST", headers=(f"Content-Length: {len(body)}",)))
            try:
                connection.send(body)
            except (BrokenPipeError, ConnectionResetError):
                pytest.fail("reset before the answer was read")
            answer = connection.answer()
            assert answer.status in (status, 413), answer
            assert answer.headers["connection"] == "close" and connection.is_ended()


def test_what_breaks_off_behind_another_request_is_refused_in_its_turn(server):
    """A body or an upgrade that waits behind another request when the client ends its side: nobody waits for the rest of it."""
    for count in (1, 3):
        with raw.Connection(server) as connection:
            text = raw.request(server, "/readyz") * count
            text += raw.request(server, "/api/v1/auth/login", "POST", headers=("Content-Length: 10",), body="abc")
            connection.send(text).end_input()
            began = time.monotonic()
            assert [connection.answer().status for _ in range(count)] == [200] * count
            assert connection.answer().status == 400 and connection.is_ended()
            assert time.monotonic() - began < 25, "it was waited for"  # 30 s is what a body has
        with raw.Connection(server) as connection:
            connection.send(raw.request(server, "/readyz") * count + raw.upgrade(server)).end_input()
            assert [connection.answer().status for _ in range(count)] == [200] * count
            assert connection.is_ended()


def going_down(server):
    server.process.terminate()
    return server


def test_a_server_that_goes_down_sends_what_it_owes(fresh_server, music):
    """Answers in flight, a body half sent, a head half sent, a file that nobody reads: down within its time, in good order."""
    server = fresh_server().start()
    tracks = server.wait_tracks("Long")
    url = server.post("/api/v1/stream/start", {"trackId": tracks["Long"]["id"]}).json()["urls"]["mp3-320"]
    body = requests.get(server.url + url, timeout=300).content
    half = raw.Connection(server).send(raw.request(server, "/api/v1/auth/login", "POST", headers=("Content-Length: 50",), body="{"))
    head = raw.Connection(server).send("GET /heal")
    idle = raw.Connection(server).send(raw.request(server, "/healthz"))
    assert idle.answer().status == 200
    deaf = raw.Connection(server, receive_buffer=4_096).send(raw.request(server, url))
    reader = raw.Connection(server, receive_buffer=65_536).send(raw.request(server, url))
    while b"\r\n\r\n" not in reader.unread:
        reader._more()
    poll = raw.Connection(server)
    sid = json.loads(poll.send(raw.request(server, "/socket.io/?EIO=4&transport=polling")).answer().body[1:])["sid"]
    poll.send(raw.request(server, f"/socket.io/?EIO=4&transport=polling&sid={sid}"))
    # The poll waits once another request on its connection isn't answered; a later one elsewhere is.
    assert requests.get(server.url + "/healthz", timeout=60).status_code == 200
    going_down(server)
    answer = reader.answer()
    assert answer.is_whole and answer.body == body
    assert idle.is_ended() and head.is_ended()
    assert half.answer().status == 503 and half.is_ended()
    assert poll.answer().body == b"1"
    assert server.stop() == 0
    for connection in (half, head, idle, deaf, reader, poll):
        connection.socket.close()


def test_a_reset_of_one_connection_is_nobody_elses(server, song):
    url, body = song
    for linger in (True, False):
        with raw.Connection(server) as connection:
            connection.send(raw.request(server, url))
            connection._more()
            if linger:
                connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    assert requests.get(server.url + url, timeout=120).content == body
