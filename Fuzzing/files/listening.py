"""Ways to ask a server for sound; each says how it ended, or raises `Fault` where that is neither sound nor a typed error."""

import base64
import http.client
import json
import os
import random
import socket
import struct
import time

PATIENCE = 90  # seconds: a debug build on a busy machine takes some for one request
STATUSES = {200, 204, 206, 304, 400, 403, 404, 405, 409, 410, 416, 422, 429, 503}


class Fault(Exception):
    """An answer that no server should give, or none."""


def request(port: int, method: str, path: str, token: str | None = None, body: dict | None = None,
            headers: dict | None = None, most: int = 64 << 20) -> tuple[int, bytes, bool]:
    """Status, body, and whether the body is whole."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    deadline = time.monotonic() + PATIENCE
    headers = dict(headers or {})
    if token:
        headers["Authorization"] = f"Bearer {token}"
    if body is not None:
        headers["Content-Type"] = "application/json"
    try:
        connection.request(method, path, json.dumps(body) if body is not None else None, headers)
        answer = connection.getresponse()
        received, is_whole = bytearray(), True
        try:
            while piece := answer.read(65_536):
                received += piece
                if time.monotonic() > deadline:
                    raise Fault(f"{method} {path[:90]}: not ended within {PATIENCE} s")
                if len(received) > most:
                    break
        except (http.client.IncompleteRead, ConnectionError):
            is_whole = False
    except (TimeoutError, ConnectionError, http.client.HTTPException) as error:
        raise Fault(f"{method} {path[:90]}: {error!r}") from error
    finally:
        connection.close()
    if answer.status not in STATUSES:
        raise Fault(f"{method} {path[:90]}: {answer.status} {bytes(received[:300])!r}")
    # 416 says all there is to say in its Content-Range.
    if answer.status >= 400 and method != "HEAD" and answer.status not in (405, 416):
        try:
            code = json.loads(received)["error"]["code"]
        except (ValueError, KeyError, TypeError):
            raise Fault(f"{method} {path[:90]}: {answer.status} without a code: {bytes(received[:300])!r}") from None
        assert isinstance(code, str)
    return answer.status, bytes(received), is_whole


def over_http(rng: random.Random, port: int, token: str, track: dict) -> str:
    """One of the ways to hear a track over HTTP."""
    status, body, _ = request(port, "POST", "/api/v1/stream/start", token, {"trackId": track["id"]})
    if status != 200:
        return f"start {status}"
    urls = json.loads(body)["urls"]
    name = rng.choice(sorted(urls))
    url = urls[name]
    if "index.m3u8" in url or "master.m3u8" in url:
        status, _, _ = request(port, "GET", url)
        return f"playlist {status}"
    if rng.random() < 0.5:
        headers = {}
        if rng.random() < 0.7:
            start = rng.choice((0, rng.randrange(200_000), rng.randrange(2_000_000)))
            headers["Range"] = rng.choice((f"bytes={start}-", f"bytes={start}-{start + 50_000}", "bytes=-5000"))
        method = "HEAD" if rng.random() < 0.1 else "GET"
        status, _, is_whole = request(port, method, url, headers=headers)
        return f"file {status}{'' if is_whole else ' broken off'}"
    path, query = url.split("?", 1)
    folder = path.rsplit("/", 1)[0] + "/" + name
    status, playlist, _ = request(port, "GET", f"{folder}/index.m3u8?{query}")
    lines = [line for line in playlist.decode(errors="replace").splitlines() if line and not line.startswith("#")]
    if status != 200 or not lines:
        return f"playlist {status}"
    status, body, _ = request(port, "GET", f"{folder}/{rng.choice(lines)}")
    if status == 200 and not body:
        raise Fault(f"an empty segment of {name}")
    return f"segment {status}"


def over_rest(rng: random.Random, port: int, token: str, track: dict) -> str:
    path = rng.choice((f"/api/v1/tracks/{track['id']}", f"/api/v1/tracks/{track['id']}/cover", "/api/v1/tracks?limit=50"))
    status, _, _ = request(port, "GET", path, token)
    return f"rest {status}"


def _frame(text: str) -> bytes:
    data, mask = text.encode(), os.urandom(4)
    length = struct.pack("!B", 0x80 | len(data)) if len(data) < 126 else struct.pack("!BH", 0x80 | 126, len(data))
    return b"\x81" + length + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(data))


def over_push(rng: random.Random, port: int, token: str, track: dict) -> str:
    """Plays a track over Socket.IO from some place on until a few chunks have come, or it's told why none do."""
    duration = max(float(track.get("duration") or 1), 0.1)
    wanted = {"trackId": track["id"], "quality": rng.choice(("low", "medium", "high", "lossless", "rescue")),
              "position": rng.choice((0, rng.uniform(0, duration), duration - 0.01))}
    deadline = time.monotonic() + PATIENCE
    try:
        return _play(port, token, wanted, deadline)
    except (TimeoutError, ConnectionError) as error:
        raise Fault(f"push: {error!r} after {wanted}") from error


def _play(port: int, token: str, wanted: dict, deadline: float) -> str:
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        key = base64.b64encode(os.urandom(16)).decode()
        connection.sendall(
            f"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode())
        received = b""
        while b"\r\n\r\n" not in received:
            piece = connection.recv(4_096)
            if not piece:
                raise Fault("push: the upgrade is refused")
            received += piece
        connection.sendall(_frame('40{"token":"%s","bufferSeconds":30}' % token))
        while b'40{"sid"' not in received:
            piece = connection.recv(4_096)
            if not piece:
                raise Fault(f"push: not let in: {received[-300:]!r}")
            received += piece
        connection.sendall(_frame('421' + json.dumps(["play_track", wanted])))
        chunks = 0
        while time.monotonic() < deadline:
            piece = connection.recv(65_536)
            if not piece:
                raise Fault(f"push: closed after {wanted}: {received[-300:]!r}")
            received = received[-64:] + piece
            for end in (b'"stream_error"', b'"stream_ended"', b'"ok":false'):
                if end in received:
                    return f"push {end.decode()}"
            chunks += piece.count(b'"audio_chunk"')
            if chunks >= 4:
                return "push sound"
    raise Fault(f"push: nothing within {PATIENCE} s of {wanted}")
