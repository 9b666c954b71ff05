"""The nginx of Docs/operations.md in front of the server: it checks each token and keeps one body for all."""

import http.server
import random
import re
import threading
import time

import pytest
import requests

from edge import IS_INSTALLED, Edge

pytestmark = pytest.mark.skipif(not IS_INSTALLED, reason="nginx is not installed")


@pytest.fixture
def edge(server, tmp_path):
    running = Edge(server, tmp_path)
    try:
        yield running.wait()
    finally:
        running.stop()


@pytest.fixture
def started(server, tracks):
    """URLs of a track, by what they are: `started("Odd FLAC", user=server.lite)["hls"]`."""

    def start(title, user=None):
        return server.post("/api/v1/stream/start", {"trackId": tracks[title]["id"]}, user=user).json()["urls"]

    return start


def token_of(urls):
    return urls["hls"].split("token=")[1]


def segment_of(edge, urls, rendition, index=0):
    """The URL of a segment, as the playlist says it."""
    url = urls["hls"].replace("master.m3u8", f"{rendition}/index.m3u8")
    playlist = requests.get(edge.url + url, timeout=60)
    assert playlist.status_code == 200, playlist.text
    names = [line for line in playlist.text.splitlines() if line and not line.startswith("#")]
    return url.rsplit("/", 1)[0] + "/" + names[index]


def test_an_edge_keeps_one_body_and_asks_for_every_token(server, edge, started):
    first, second = started("Odd FLAC"), started("Odd FLAC", user=server.lite)
    url = segment_of(edge, first, "aac-192")
    answer = requests.get(edge.url + url, timeout=60)
    assert answer.status_code == 200 and answer.headers["x-cache"] == "MISS"
    # Somebody else's token, the same body out of the cache.
    other = url.split("&token=")[0] + "&token=" + token_of(second)
    kept = requests.get(edge.url + other, timeout=60)
    assert kept.headers["x-cache"] == "HIT" and kept.content == answer.content
    # What is in the cache isn't for those without a good token, who are told why.
    for bad in (url.split("&token=")[0], other[:-1], other + "x"):
        refused = requests.get(edge.url + bad, timeout=60)
        assert refused.status_code == 403 and refused.json()["error"]["code"] == "url_invalid", bad
    assert edge.kept() == {url.split("&token=")[0]: answer.content}
    # Ranges of whole files go through.
    ranged = requests.get(edge.url + first["mp3-192"], headers={"Range": "bytes=1000-1999"}, timeout=60)
    assert ranged.status_code == 206 and len(ranged.content) == 1000


def test_only_the_present_version_of_a_track_is_there(server, edge, started):
    url = segment_of(edge, started("Odd FLAC"), "aac-192")
    for number in range(100):
        stale = re.sub(r"v=\w+", f"v={number:012x}", url)
        refused = requests.get(edge.url + stale, timeout=60)
        assert refused.status_code == 403 and refused.json()["error"]["code"] == "url_expired", number
        assert refused.headers["cache-control"] == "no-store"
    assert edge.kept() == {}
    # Without one it's whichever is there, under the same name.
    bodies = {requests.get(edge.url + one, timeout=60).content for one in (url, re.sub(r"v=\w+&", "", url))}
    assert len(bodies) == 1 and len(edge.kept()) == 1


# What readers of a path take for a step back, or for nothing.
STEPS = [
    *("..", "%2e%2e", "%2E.", ".%2e", "%252e%252e", "..;", "..;v=1", "..%00", "..%20", "%2e%2e%23", "..%3f", "..\\", "..%5c"),
    *("%c0%ae%c0%ae", "%uff0e%uff0e", "...", "....", "", ".", "%2e"),
]
SLASHES = ["/", "//", "%2f", "%2F", "%252f", "\\", "%5c", "/./", "/%2e/", "/;/", "/%20/", "%c0%af"]
TAILS = ["", "/", "/.", "/..", "//", ";", ";a=b", "%20", "%00", "%3f", "%23", "#", ".", "~", "%0a", "\\", "/x.m4s", "?", "&"]


def spellings(track, other, version, token):
    """Requests that ask for the lossless sound of `other` with a token of `track` that is good for its mp3-128."""
    query = f"?v={version}&token={token}"
    for step in STEPS:
        for slash in SLASHES:
            yield f"/audio/{track}/mp3-128/{step}{slash}{step}{slash}{other}/flac/0.m4s{query}"
    for slash in SLASHES:
        back = f"..{slash}.."
        yield f"/audio{slash}{track}{slash}mp3-128{slash}{back}{slash}{other}{slash}flac{slash}0.m4s{query}"
        yield f"{slash}audio/{track}/master/{back}/{other}/flac/0.m4s{query}"
        yield f"/audio/{other}{slash}flac{slash}0.m4s{query}"
    for tail in TAILS:
        yield f"/audio/{other}/flac/0.m4s{tail}{query}"
        yield f"/audio/{track}/mp3-128/0.mp3{tail}/../../../{other}/flac/0.m4s{query}"
        yield f"/audio/{track}/mp3-128.mp3{tail}/../../{other}/flac/0.m4s{query}"
    for scheme in ("http://127.0.0.1", "http://x:1", "HTTP://x", "https://x", "//x", "http:", "x"):
        yield f"{scheme}/audio/{track}/mp3-128/../../{other}/flac/0.m4s{query}"
        yield f"{scheme}/audio/{other}/flac/0.m4s{query}"
    yield f"/audio/{track}/mp3-128/0.mp3{query}#/../../../{other}/flac/0.m4s"
    yield f"/audio/{other}/flac/0.m4s?/../../../../audio/{track}/mp3-128/0.mp3{query}"


def own_spellings(path, version, token):
    """Requests for a segment by a listener who may have it, in other words than its own."""
    query = f"?v={version}&token={token}"
    _, _, track, rendition, name = path.split("/")
    for slash in SLASHES:
        yield f"/audio{slash}{track}/{rendition}/{name}{query}"
        yield f"/audio/{track}/{rendition}{slash}{name}{query}"
        yield f"{slash}audio/{track}/{rendition}/{name}{query}"
    for tail in TAILS:
        yield path + tail + query
    for number in ("00", "+0", "-0", "0x0", "%30", "0%00", "0e0", "٠"):
        yield f"/audio/{track}/{rendition}/{number}.{name.split('.')[1]}{query}"
    for other in (path.upper(), path.replace(rendition, rendition.upper()), path.replace(".m4s", ".M4S"), path.title()):
        yield other + query
    yield path.replace(track, "%" + track[0].encode().hex() + track[1:]) + query
    for more in ("&", "&&", "&x", "&x=1", "&=", "&CMCD=br%3D192", f"&v={version}", "&V=1", "&%76=1", "&v", "&v%20=1", "&+v=1", "#v=2"):
        yield path + query + more
        yield f"{path}?{more.strip('&')}&{query[1:]}"
    for scheme in ("http://127.0.0.1", "http://elsewhere:1", "HTTP://x", "https://x"):
        yield f"{scheme}{path}{query}"
    for v in ("", version.upper(), version[:-1], version + "0", f"{version}%00", f"%{version[0].encode().hex()}{version[1:]}"):
        yield f"{path}?v={v}&token={token}"
    yield f"{path}?token={token}"


def mutated(rng, target):
    """A request as of a fuzzer that knows what paths are made of."""
    bits = STEPS + SLASHES + TAILS + ["audio", "flac", "0.m4s", "mp3-128", "?", "&v=", "=", "m4s", "mp4"]
    for _ in range(rng.randint(1, 4)):
        place = rng.randint(1, len(target))
        target = target[:place] + rng.choice(bits) + target[place + rng.choice((0, 0, 0, 1, 5)) :]
    return target


@pytest.mark.attack
def test_no_spelling_gets_another_tracks_sound_or_a_second_copy(server, edge, started, tracks, attack_seconds):
    mine, theirs = started("Odd FLAC", user=server.lite), started("Long")
    wanted, own = segment_of(edge, theirs, "flac"), segment_of(edge, mine, "aac-192")
    secret = requests.get(edge.url + wanted, timeout=60).content
    sound = requests.get(edge.url + own, timeout=60).content
    before = {wanted.split("&token=")[0]: secret, own.split("&token=")[0]: sound}
    assert edge.kept() == before

    ids = tracks["Odd FLAC"]["id"], tracks["Long"]["id"]
    versions = {re.search(r"v=(\w+)", url).group(1) for url in (wanted, own)}
    path, version = own.split("?")[0], re.search(r"v=(\w+)", own).group(1)
    asked = [target for v in versions for target in spellings(*ids, v, token_of(mine))]
    asked += own_spellings(path, version, token_of(mine))
    rng, deadline = random.Random(15), time.monotonic() + attack_seconds
    answered = 0

    def ask(target):
        status, head, body = edge.ask(target.encode())
        assert secret not in body, target
        # What isn't refused is what the token is for, and out of the one copy of it.
        assert status != 200 or body == sound or b"moof" not in body, target
        return status

    for target in asked:
        answered += ask(target) == 200
    while time.monotonic() < deadline:
        ask(mutated(rng, rng.choice(asked)).replace("\n", "").replace(" ", "%20"))
    assert answered > 5
    assert edge.kept() == before


def test_the_server_itself_knows_one_spelling_too(server, edge, started, tracks):
    """Without an edge in front, and as the edge asks."""
    mine = started("Odd FLAC", user=server.lite)
    own = segment_of(edge, mine, "aac-192")
    sound = requests.get(server.url + own, timeout=60).content
    version = re.search(r"v=(\w+)", own).group(1)
    edge.port = server.port  # from here on the server is asked
    ids = tracks["Odd FLAC"]["id"], tracks["Long"]["id"]
    for target in spellings(*ids, version, token_of(mine)):
        status, _, body = edge.ask(target.encode())
        assert status != 200 or b"moof" not in body, target
        if "#" not in target:
            judged, _, _ = edge.ask(b"/api/v1/audio/authorize", b"X-Original-URI: " + target.encode())
            assert judged == 403, target
    for target in own_spellings(own.split("?")[0], version, token_of(mine)):
        status, _, body = edge.ask(target.encode())
        judged, head, _ = edge.ask(b"/api/v1/audio/authorize", b"X-Original-URI: " + target.encode())
        # Both say the same, and there is one key. (A server takes the absolute form for its path, RFC 9112, section 3.2.2.)
        assert "://" in target or (status == 200 and body == sound) == (judged == 204), target
        key = re.search(rb"\r\nx-audio-key: (.*)", head)
        assert (key and key.group(1).strip().decode()) == (own.split("&token=")[0] if judged == 204 else None), target


class Upstream(http.server.BaseHTTPRequestHandler):
    """Stands in the server's place and keeps what it was told of each request."""

    def do_GET(self):
        self.server.heard.append((self.path, self.headers))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.mark.parametrize("path", [
    "/", "/api/v1/auth/login", "/socket.io/?EIO=4&transport=polling", "/audio/a/hls/master.m3u8", "/audio/a/mp3-128/0.mp3",
])
def test_whatever_a_client_says_of_itself_the_server_hears_who_it_is(path, tmp_path):
    """In each of the document's blocks: what a proxy says of a client, the client can't say."""
    upstream = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
    upstream.heard, upstream.port = [], upstream.server_address[1]
    threading.Thread(target=upstream.serve_forever, daemon=True).start()
    edge = Edge(upstream, tmp_path)
    try:
        edge.wait()
        upstream.heard.clear()
        lies = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "gopher",
                "Forwarded": "for=203.0.113.9;host=evil.example", "X-Original-URI": "/audio/b"}  # fmt: skip
        requests.get(edge.url + path, headers=lies, timeout=60)
        assert upstream.heard
        for asked, fields in upstream.heard:
            assert fields.get_all("X-Forwarded-For") == ["203.0.113.9, 127.0.0.1"], asked
            assert fields["X-Forwarded-Proto"] == "http" and fields["Host"] == edge.host, asked
            assert "X-Forwarded-Host" not in fields and "Forwarded" not in fields, asked
    finally:
        edge.stop()
        upstream.shutdown()
        upstream.server_close()
