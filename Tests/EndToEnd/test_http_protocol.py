"""RFC 9112 by bare sockets: one answer for every request, the right one, and nothing that two readers could read differently."""

import base64
import itertools
import random
import re
import shutil
import time

import pytest
import requests

import raw
from conftest import ROOT, eventually


def audio_url(server, tracks, title, rendition):
    return server.post("/api/v1/stream/start", {"trackId": tracks[title]["id"]}).json()["urls"][rendition]


HOST = "Host: a\r\n"
CHUNKED = "POST /api/v1/auth/login HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
POST = "POST /api/v1/auth/login HTTP/1.1\r\nHost: a\r\n"

REFUSED = {
    "no host": ("GET /healthz HTTP/1.1\r\n\r\n", 400),
    "two hosts": ("GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
    "two equal hosts": ("GET /healthz HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400),
    "two hosts in HTTP/1.0": ("GET /healthz HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", 400),
    "no such host": ("GET /healthz HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
    "space before a colon": ("GET /healthz HTTP/1.1\r\nHost : a\r\n\r\n", 400),
    "continued line": (f"GET /healthz HTTP/1.1\r\n{HOST}X: y\r\n z\r\n\r\n", 400),
    "first line continued": (f"GET /healthz HTTP/1.1\r\n X: y\r\n{HOST}\r\n", 400),
    "bare line feeds": ("GET /healthz HTTP/1.1\nHost: a\n\n", 400),
    "a bare carriage return": (f"GET /healthz HTTP/1.1\r\n{HOST}X: a\rb\r\n\r\n", 400),
    "NUL in a value": (f"GET /healthz HTTP/1.1\r\n{HOST}X: \x00\r\n\r\n", 400),
    "NUL in a target": (f"GET /health\x00z HTTP/1.1\r\n{HOST}\r\n", 400),
    "no version": ("GET /healthz\r\n\r\n", 400),
    "two spaces": (f"GET  /healthz HTTP/1.1\r\n{HOST}\r\n", 400),
    "HTTP/2.0": (f"GET /healthz HTTP/2.0\r\n{HOST}\r\n", 505),
    "HTTP/2 by prior knowledge": ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    "TLS": ("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
    "CONNECT": (f"CONNECT a:443 HTTP/1.1\r\n{HOST}\r\n", 501),
    "fragment": (f"GET /healthz#x HTTP/1.1\r\n{HOST}\r\n", 400),
    "length and coding": (f"{POST}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    "two lengths": (f"{POST}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", 400),
    "a list of lengths": (f"{POST}Content-Length: 5, 5\r\n\r\nhello", 400),
    "negative length": (f"{POST}Content-Length: -5\r\n\r\n", 400),
    "signed length": (f"{POST}Content-Length: +5\r\n\r\nhello", 400),
    "length beyond all": (f"{POST}Content-Length: 99999999999999999999999\r\n\r\n", 400),
    "unknown coding": (f"{POST}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
    "body without an end": (f"{POST}Transfer-Encoding: identity\r\n\r\n", 400),
    "coding in HTTP/1.0": (f"POST / HTTP/1.0\r\n{HOST}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    "chunk without a size": (CHUNKED + "x\r\nhello\r\n0\r\n\r\n", 400),
    "chunk longer than it says": (CHUNKED + "3\r\nhello\r\n0\r\n\r\n", 400),
    "chunk that ends in a line feed": (CHUNKED + "5\r\nhello\n0\r\n\r\n", 400),
    "chunk size that overflows": (CHUNKED + "fffffffffffffffff\r\nhello\r\n", 400),
    "chunk extension without an end": (CHUNKED + "5;" + "x" * 5_000, 400),
    "unknown expectation": (f"{POST}Expect: miracles\r\nContent-Length: 2\r\n\r\n{{}}", 417),
    "endless target": ("GET /" + "x" * 40_000 + f" HTTP/1.1\r\n{HOST}\r\n", 414),
    "endless field": (f"GET /healthz HTTP/1.1\r\n{HOST}X: " + "x" * 40_000 + "\r\n\r\n", 431),
    "endless fields": (f"GET /healthz HTTP/1.1\r\n{HOST}" + "X: y\r\n" * 500 + "\r\n", 431),
    "upgrade with a body": (
        "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nContent-Length: 1\r\n\r\n",
        400,
    ),
    "upgrade with a chunked body": (
        "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nTransfer-Encoding: chunked\r\n\r\n",
        400,
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_the_standard_forbids_gets_one_answer_and_the_connections_end(server, name):
    text, status = REFUSED[name]
    # What comes behind it must not be read as a request.
    with raw.Connection(server) as connection:
        connection.send(text + f"GET /healthz HTTP/1.1\r\n{HOST}\r\n")
        answer = connection.answer()
        assert answer.status == status and answer.headers["connection"] == "close"
        assert connection.is_ended(), "a second answer"


TAKEN = {
    "plain": (f"GET /healthz HTTP/1.1\r\n{HOST}\r\n", 200),
    "no space behind a colon": ("GET /healthz HTTP/1.1\r\nHost:a\r\n\r\n", 200),
    "blanks around a value": ("GET /healthz HTTP/1.1\r\nHost:\t a \t\r\n\r\n", 200),
    "an empty line in front": (f"\r\nGET /healthz HTTP/1.1\r\n{HOST}\r\n", 200),
    "an absolute target": (f"GET http://b/healthz HTTP/1.1\r\n{HOST}\r\n", 200),
    "an IPv6 host": ("GET /healthz HTTP/1.1\r\nHost: [::1]:3001\r\n\r\n", 200),
    "all of the server": (f"OPTIONS * HTTP/1.1\r\n{HOST}\r\n", 204),
    "a minor version to come": (f"GET /healthz HTTP/1.9\r\n{HOST}\r\n", 200),
    "an unknown protocol to upgrade to": (f"GET /healthz HTTP/1.1\r\n{HOST}Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n", 200),
    "a body of a GET": (f"GET /healthz HTTP/1.1\r\n{HOST}Content-Length: 5\r\n\r\nhello", 200),
    "a chunked body of a GET": (f"GET /healthz HTTP/1.1\r\n{HOST}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", None),
    "extensions and trailers": (CHUNKED + '2;a="b";c\r\n{}\r\n0\r\nX: y\r\n\r\n', 400),
    "expects to go on": (f"{POST}Expect: 100-continue\r\nContent-Length: 2\r\n\r\n{{}}", (100, 400)),
}


@pytest.mark.parametrize("name", TAKEN)
def test_what_the_standard_allows_is_answered_and_the_connection_goes_on(server, name):
    text, statuses = TAKEN[name]
    with raw.Connection(server) as connection:
        connection.send(text)
        for status in statuses if isinstance(statuses, tuple) else (statuses or 200,):
            answer = connection.answer()
            assert answer.status == status, answer
        assert "date" in answer.headers
        if answer.headers.get("connection") != "close":
            connection.send(f"GET /healthz HTTP/1.1\r\n{HOST}\r\n")
            assert connection.answer().body == b"ok\n"
        else:
            assert statuses is None and connection.is_ended()


def test_a_head_has_no_body_whoever_answers_it(server, tracks):
    song = audio_url(server, tracks, "Odd FLAC", "mp3-320")
    paths = ["/", "/healthz", "/none", "/api/v1/tracks", "/audio/x/mp3-128.mp3", song, "/socket.io/", "/socket.io/socket.io.js"]
    paths += ["/socket.io/?EIO=4&transport=polling", "/socket.io/?EIO=4&transport=polling&sid=x", "/socket.io/?EIO=3"]
    with raw.Connection(server) as connection:
        for path in paths:
            connection.send(raw.request(server, path, "HEAD"))
            head = connection.answer(is_head=True)
            with raw.Connection(server) as other:
                got = other.send(raw.request(server, path)).answer()
            if not path.startswith("/socket.io/?"):
                assert head.status == got.status, path
                if "content-length" in got.headers:
                    assert head.headers["content-length"] == got.headers["content-length"], path
        connection.send(raw.request(server, "/healthz"))
        assert connection.answer().body == b"ok\n", "a body of a HEAD stood in front of this answer"


def test_a_head_of_a_file_of_unknown_length_says_no_length(fresh_server, music):
    server = fresh_server(arguments=("--analysis", "off")).start()
    tracks = server.wait_tracks("Odd FLAC")
    url = audio_url(server, tracks, "Odd FLAC", "flac")
    with raw.Connection(server) as connection:
        head = connection.send(raw.request(server, url, "HEAD")).answer(is_head=True)
        assert head.status == 200 and "content-length" not in head.headers, head
        got = connection.send(raw.request(server, url)).answer()
        assert got.status == 200 and got.is_whole and len(got.body) > 10_000
        # To a client that knows no chunks the connection's end is the file's.
        old = connection.send(raw.request(server, url, version="1.0")).answer()
        assert "transfer-encoding" not in old.headers and old.is_whole
        # From the first whole answer on the sizes of the frames are known, and a seek table lies in front of them.
        assert old.body[-10_000:] == got.body[-10_000:]
    assert server.stop() == 0


def test_the_status_of_a_file_is_known_before_its_first_byte(fresh_server, music, tmp_path):
    library = tmp_path / "library"
    library.mkdir()
    for title in ("Odd FLAC", "Odd 48k", "Long"):
        shutil.copy(music.files[title], library)
    server = fresh_server(library=library, arguments=("--analysis", "off")).start()
    tracks = server.wait_tracks("Odd FLAC", "Odd 48k", "Long")
    urls = {title: audio_url(server, tracks, title, "flac") for title in tracks}
    lossy = audio_url(server, tracks, "Odd 48k", "mp3-320")
    # Another file in its place, a moment ago; and one that has gone.
    shutil.copy(library / music.files["Long"].name, library / music.files["Odd FLAC"].name)
    (library / music.files["Odd 48k"].name).unlink()
    for url, status in ((urls["Odd FLAC"], 410), (urls["Odd 48k"], 410), (lossy, 410)):
        for method in ("GET", "HEAD"):
            answer = requests.request(method, server.url + url, timeout=60)
            assert answer.status_code == status, (method, answer.status_code, len(answer.content))
    part = requests.get(server.url + lossy, headers={"Range": "bytes=100000-100009"}, timeout=60)
    assert part.status_code == 410 and part.json()["error"]["code"] == "track_unavailable"
    assert server.stop() == 0


def test_answers_come_in_the_order_of_the_requests_however_they_are_cut(server, attack_seconds):
    """Requests of every kind in one stream, cut at random places: each gets its own answer, in order."""
    chance = random.Random(12)
    login = '{"username":"nobody","password":"x"}'
    kinds = [
        (raw.request(server, "/healthz"), 200, False),
        (raw.request(server, "/healthz", "HEAD"), 200, True),
        (raw.request(server, "/none"), 404, False),
        (raw.request(server, "/socket.io/?EIO=3"), 400, False),
        (raw.request(server, "/healthz", headers=("Content-Length: 5",), body="hello"), 200, False),
        (raw.request(server, "/api/v1/auth/refresh", "POST", headers=(f"Content-Length: {len(login)}",), body=login), 401, False),
    ]
    deadline = time.monotonic() + attack_seconds
    while time.monotonic() < deadline:
        row = [chance.choice(kinds) for _ in range(chance.randint(1, 12))]
        ends = chance.choice(["open", "close", "half"])
        text = "".join(kind[0] for kind in row)
        if ends == "close":
            row.append((raw.request(server, "/healthz", headers=("Connection: close",)), 200, False))
            text += row[-1][0] + row[0][0]  # what stands behind the last one isn't answered
        with raw.Connection(server) as connection:
            while text:
                count = chance.randint(1, max(1, len(text) // 3))
                connection.send(text[:count])
                text = text[count:]
            if ends == "half":
                connection.end_input()
            for _, status, is_head in row:
                answer = connection.answer(is_head)
                assert answer is not None and answer.status == status, (answer, status)
            if ends != "open":
                assert connection.is_ended()


def test_garbage_of_every_kind_gets_at_most_one_refusal(server, attack_seconds):
    """Legal requests with a byte changed, doubled or lost: never two answers of an error, never a hanging connection."""
    chance = random.Random(9112)
    legal = [raw.request(server, "/healthz"), CHUNKED + "2\r\n{}\r\n0\r\n\r\n", f"{POST}Content-Length: 2\r\n\r\n{{}}", raw.upgrade(server)]
    deadline = time.monotonic() + attack_seconds
    while time.monotonic() < deadline:
        text = bytearray(chance.choice(legal).encode())
        for _ in range(chance.randint(1, 3)):
            place = chance.randrange(len(text))
            match chance.randrange(3):
                case 0:
                    text[place] = chance.randrange(256)
                case 1:
                    text[place:place] = text[place : place + chance.randint(1, 40)]
                case _:
                    del text[place : place + chance.randint(1, 4)]
        with raw.Connection(server) as connection:
            connection.send(bytes(text))
            connection.end_input()
            rest = connection.everything()
            errors = rest.count(b"HTTP/1.1 4") + rest.count(b"HTTP/1.1 5")
            assert errors <= 1 or b"connection: close" not in rest.split(b"HTTP/1.1 ")[1], (bytes(text), rest)
            assert b"HTTP/1.1 500" not in rest, (bytes(text), rest)
    assert requests.get(server.url + "/readyz", timeout=60).status_code == 200


def test_a_websocket_speaks_right_behind_its_request(server):
    """Frames that come in the request's own packet aren't lost, on a fresh connection or on a used one."""
    frame = bytes([0x81, 0x82, 0, 0, 0, 0]) + b"40"
    for used in (False, True):
        with raw.Connection(server) as connection:
            if used:
                assert connection.send(raw.request(server, "/socket.io/?EIO=4&transport=polling")).answer().status == 200
            connection.send(raw.upgrade(server).encode() + frame)
            assert connection.answer().status == 101
            assert eventually(lambda: connection._more() and b"44" in connection.unread, "a refusal of a log-in without a token", 60)


def documented_methods():
    """The paths of the protocol's table of REST and of sound, with the methods that are documented."""
    text = (ROOT / "Docs/protocol.md").read_text()
    methods = {"/audio/x/master.m3u8": {"GET"}}
    for method, path in re.findall(r"`(GET|POST) (/(?:api|healthz|readyz)[^?`\s]*)", text):
        methods.setdefault(path.replace("{id}", "x"), set()).add(method)
    assert len(methods) > 12, methods
    return methods


def test_another_method_of_a_path_is_refused_with_those_that_there_are(server):
    """RFC 9110, section 15.5.6: 405 and a true `Allow`, on every path that is documented, with a token or without."""
    methods = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW")
    with requests.Session() as session:
        for (path, own), method in itertools.product(documented_methods().items(), methods):
            answer = session.request(method, server.url + path, timeout=60)
            allowed = own | {"OPTIONS"} | ({"HEAD"} if "GET" in own else set())
            assert (answer.status_code == 405) == (method not in allowed), (method, path, answer.status_code)
            if method == "OPTIONS" or method not in allowed:
                assert set(answer.headers["Allow"].split(", ")) == allowed, (method, path)
            if method not in allowed and method != "HEAD":
                assert answer.json()["error"]["code"] == "method_not_allowed", (method, path)
        for path in ("/api/v1/nothing", "/api/v1/tracks/x/nothing", "/healthz/x", "/api"):
            assert session.post(server.url + path, timeout=60).status_code == 404, path


def test_a_body_beyond_the_bound_is_too_large_however_its_length_is_said(server):
    """RFC 9110, section 15.5.14, in the form of every error; a body of just the bound is read."""
    token = {"Authorization": f"Bearer {server.token()}"}
    bodies = {"/api/v1/auth/login": (b'{"username":"nobody","password":"x"}', 401), "/api/v1/stream/start": (b'{"trackId":"x"}', 404)}
    for (path, (body, status)), length, in_chunks in itertools.product(
        bodies.items(), (16 << 10, (16 << 10) + 1, 1 << 20), (False, True)
    ):
        padded = body.ljust(length)
        data = iter([padded[:7_000], padded[7_000:]]) if in_chunks else padded
        answer = requests.post(server.url + path, data=data, headers=token, timeout=60)
        expected = (status, True) if length == 16 << 10 else (413, answer.json()["error"]["code"] == "body_too_large")
        assert (answer.status_code, True) == expected, (path, length, in_chunks, answer.text)
