"""Numbers from the edges of 64 bits, and texts that are none, wherever a request carries one: an answer, and the server lives."""

import http.client
import json

import pytest

from conftest import ANSWER_SECONDS

NUMBERS = (
    *("0", "-0", "-1", "1.5", "%2B5", "007", "1e400", "-1e400", "NaN", "Infinity", "", "0x10", "9" * 40),
    *(str(2**power + more) for power in (31, 32, 53, 63, 64) for more in (-1, 0, 1)),
    *(str(-(2**power) - more) for power in (31, 63) for more in (0, 1)),
)


@pytest.fixture(scope="module")
def urls(server, tracks):
    answer = server.post("/api/v1/stream/start", {"trackId": tracks["Odd FLAC"]["id"]})
    assert answer.status_code == 200
    return answer.json()["urls"]


def status(server, method, path, headers=None, body=None):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=ANSWER_SECONDS)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()


def check(server, found):
    wrong = {number: status for number, status in found.items() if status >= 500 and status != 503}  # busy
    assert not wrong
    assert server.process.poll() is None and status(server, "GET", "/readyz") == 200


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/tracks?limit=§",
        "/api/v1/tracks?offset=§",
        "/api/v1/tracks?limit=500&offset=§",
        "/api/v1/tracks/TRACK/cover?size=§",
        "/socket.io/?EIO=§&transport=polling",
        "/socket.io/?EIO=4&transport=polling&t=§",
    ],
)
def test_a_query(server, tracks, path):
    path = path.replace("TRACK", tracks["Odd FLAC"]["id"])
    headers = {"Authorization": f"Bearer {server.token()}"}
    check(server, {number: status(server, "GET", path.replace("§", number), headers) for number in NUMBERS})


def test_a_segments_number(server, urls):
    path, token = urls["hls"].split("?", 1)
    folder = path.rsplit("/", 1)[0]
    for name in ("mp3-192/§.mp3", "aac-192/§.m4s"):
        check(server, {n: status(server, "GET", f"{folder}/{name}?{token}".replace("§", n)) for n in NUMBERS})


@pytest.mark.parametrize("form", ["bytes=§-", "bytes=-§", "bytes=0-§", "bytes=§-§", "bytes=1-2,§-", "§"])
@pytest.mark.parametrize("where", ["mp3-192", "page"])
def test_a_range(server, urls, form, where):
    path = "/" if where == "page" else urls[where]
    check(server, {n: status(server, "HEAD", path, {"Range": form.replace("§", n)}) for n in NUMBERS})


def test_a_position_in_a_body(server, tracks):
    headers = {"Authorization": f"Bearer {server.token()}", "Content-Type": "application/json"}
    body = json.dumps({"trackId": tracks["Odd FLAC"]["id"], "position": "§"}).replace('"§"', "§")
    check(
        server,
        {
            n: status(server, "POST", "/api/v1/stream/start", headers, body.replace("§", n))
            for n in NUMBERS
            if n != "%2B5"
        },
    )
