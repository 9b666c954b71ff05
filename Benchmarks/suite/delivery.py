"""Sound over plain HTTP, and the bulk transcode: each beside what people use today."""

import contextlib
import http.client
import json
import os
import random
import re
import shutil
import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

from .latency import Latencies
from .server import Server, free_port

LOSSY = {
    "mp3-128": (["-c:a", "libmp3lame", "-b:a", "128k", "-f", "mp3"], "mp3"),
    "mp3-192": (["-c:a", "libmp3lame", "-b:a", "192k", "-f", "mp3"], "mp3"),
    "mp3-320": (["-c:a", "libmp3lame", "-b:a", "320k", "-f", "mp3"], "mp3"),
    "aac-128": (["-c:a", "aac", "-b:a", "128k", "-f", "adts"], "m4s"),
    "aac-192": (["-c:a", "aac", "-b:a", "192k", "-f", "adts"], "m4s"),
    "opus-48": (["-c:a", "libopus", "-b:a", "48k", "-f", "ogg"], "m4s"),
    "opus-128": (["-c:a", "libopus", "-b:a", "128k", "-f", "ogg"], "m4s"),
}
BULK = ["mp3-128", "mp3-320", "aac-192", "opus-48", "flac"]
BULK_PEER = {name: LOSSY[name][0][:4] for name in BULK if name != "flac"} | {"flac": ["-c:a", "flac"]}
SECONDS = 600
REQUESTS = 50
TURNS, TURN_SECONDS = 7, 3


class Failure(Exception):
    """A measurement could not take place."""


def _ten_minutes(library: Path, folder: Path) -> Path:
    """A library of one long FLAC, made once."""
    target = folder / "long" / "long.flac"
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        source = sorted(library.glob("*.flac"))[0]
        subprocess.run(["ffmpeg", "-v", "error", "-y", "-stream_loop", "-1", "-i", str(source), "-t", str(SECONDS),
                        "-c:a", "flac", str(target)], check=True)
    return target


def _urls(server: Server) -> dict:
    """The signed URLs of the library's first track."""
    token = server.tokens.read_text().split()[0]
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.request("GET", "/api/v1/tracks?limit=1", headers=headers)
    track = json.load(connection.getresponse())["tracks"][0]["id"]
    connection.request("POST", "/api/v1/stream/start", json.dumps({"trackId": track}), headers)
    return json.load(connection.getresponse())["urls"]


def _segment(urls: dict, rendition: str, index: int) -> str:
    parts = urlsplit(urls["hls"])
    return f"{parts.path.rsplit('/', 1)[0]}/{rendition}/{index}.{LOSSY[rendition][1]}?{parts.query}"


def _listed(server: Server, urls: dict, rendition: str, index: int) -> str:
    """The URL of a segment as the playlist has it, and players ask for it: with the version of what is in it."""
    parts = urlsplit(urls["hls"])
    folder = f"{parts.path.rsplit('/', 1)[0]}/{rendition}"
    lines = _fetch(f"{server.url}{folder}/index.m3u8?{parts.query}").decode().splitlines()
    return f"{folder}/{[line for line in lines if line and not line.startswith('#')][index]}"


def cold(given, programs, library: Path, cache: Path) -> dict:
    """Segments and ranges of a ten-minute FLAC at places where nobody has been, one after the other."""
    track = _ten_minutes(library, cache)
    chance = random.Random(7)
    result = {}
    print(f"{len(LOSSY)} × {REQUESTS} cold segments …", flush=True)
    with Server(programs.dubplate, track.parent, 1, cache, 1) as server:
        urls = _urls(server)
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        for rendition in LOSSY:
            ours, peer = Latencies(), Latencies()
            places = chance.sample(range(0, 280, 2), REQUESTS)
            for place in places:
                begin = time.monotonic()
                connection.request("GET", _segment(urls, rendition, place))
                answer = connection.getresponse()
                answer.read()
                if answer.status != 200:
                    raise Failure(f"{rendition}/{place}: {answer.status}")
                ours.add_all([(time.monotonic() - begin) * 1_000])
            if not given.no_peers:
                for place in places:
                    begin = time.monotonic()
                    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-ss", str(place * 2.09), "-t", "2.09",
                                    "-i", str(track), *LOSSY[rendition][0], "pipe:1"], stdout=subprocess.DEVNULL, check=True)
                    peer.add_all([(time.monotonic() - begin) * 1_000])
            result[rendition] = ours.summary() | ({"peer": {"name": "ffmpeg -ss", **peer.summary()}} if peer.count else {})
    with Server(programs.dubplate, track.parent, 1, cache, 1) as server:
        urls, first = _urls(server), Latencies()
        for rendition in [*LOSSY, "ogg-160"]:  # Vorbis has no segments of its own over HTTP
            head = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
            head.request("HEAD", urls[rendition])
            length = int(head.getresponse().headers["content-length"])
            for _ in range(REQUESTS):
                connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
                begin = time.monotonic()
                connection.request("GET", urls[rendition], headers={"Range": f"bytes={chance.randrange(length)}-"})
                connection.getresponse().read(1)
                first.add_all([(time.monotonic() - begin) * 1_000])
                connection.close()
        result["first byte of a range"] = first.summary()
    return result


@contextlib.contextmanager
def _nginx(body: bytes, cache: Path):
    """nginx on core 0 with one worker and sendfile; gives the URL of a file with `body` in it."""
    folder = Path(tempfile.mkdtemp(prefix="nginx-", dir=cache))
    (folder / "segment").write_bytes(body)
    port = free_port()
    (folder / "nginx.conf").write_text(
        f"user root; worker_processes 1; daemon off; pid {folder}/pid; error_log {folder}/error.log;\n"
        "events { worker_connections 1024; }\n"
        f"http {{ access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000; server {{ listen 127.0.0.1:{port}; root {folder}; }} }}\n")
    nginx = subprocess.Popen(["taskset", "-c", "0", "nginx", "-c", str(folder / "nginx.conf")])
    try:
        yield f"http://127.0.0.1:{port}/segment"
    finally:
        nginx.terminate()
        nginx.wait()
        shutil.rmtree(folder)


def warm(given, programs, library: Path, cache: Path) -> dict:
    """One finished segment again and again, the server on one core and `wrk` on another; nginx with sendfile beside it,
    in turns of a few seconds: what else the machine does changes within a minute."""
    print("warm segments …", flush=True)
    track = _ten_minutes(library, cache)
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(Server(programs.dubplate, track.parent, 1, cache, 1))
        subprocess.run(["taskset", "-a", "-p", "-c", "0", str(server.pid)], stdout=subprocess.DEVNULL, check=True)
        url = server.url + _listed(server, _urls(server), "aac-192", 3)
        body = _fetch(url)
        peer = None if given.no_peers else stack.enter_context(_nginx(body, cache))
        before = _resident(server.pid)
        for each in filter(None, (url, peer)):
            _wrk(each, 3)
        ours, theirs = [], []
        for _ in range(TURNS):
            ours.append(_wrk(url, TURN_SECONDS))
            if peer:
                theirs.append(_wrk(peer, TURN_SECONDS))
        result = {"requestsPerSecond": statistics.median(ours), "bytes": len(body), "grownBytes": _resident(server.pid) - before}
    if theirs:
        result["peer"] = {"name": "nginx", "requestsPerSecond": statistics.median(theirs)}
        result["ratio"] = statistics.median(one / other for one, other in zip(ours, theirs))
    return result


def _fetch(url: str) -> bytes:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=60)
    connection.request("GET", f"{parts.path}?{parts.query}")
    return connection.getresponse().read()


def _wrk(url: str, seconds: int) -> float:
    done = subprocess.run(["taskset", "-c", "1", "wrk", "-t1", "-c32", f"-d{seconds}s", url], stdout=subprocess.PIPE,
                          text=True, check=True)
    if "Non-2xx" in done.stdout:
        raise Failure(done.stdout)
    return float(re.search(r"Requests/sec:\s+([\d.]+)", done.stdout).group(1))


def _resident(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def bulk(given, programs, library: Path, cache: Path) -> dict:
    """An album in five renditions: one `dubplate transcode`, and one FFmpeg for each track and rendition, as many at a
    time as there are cores."""
    print("an album in bulk …", flush=True)
    folder = Path(tempfile.mkdtemp(prefix="bulk-", dir=cache))
    try:
        album = folder / "album"
        album.mkdir()
        for track in sorted(library.iterdir())[:8]:
            os.link(track, album / track.name)
        with Server(programs.dubplate, album, 8, cache, 1) as server:
            data = server.folder / "data"
            begin = time.monotonic()
            subprocess.run([str(programs.dubplate), "transcode", "--data", str(data), "--library", str(album), "--renditions",
                            ",".join(BULK)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            result = {"seconds": time.monotonic() - begin}
        if not given.no_peers:
            waiting = [(track, name) for name in BULK for track in sorted(album.iterdir())]
            running: list[subprocess.Popen] = []
            begin = time.monotonic()
            while waiting or running:
                running = [process for process in running if process.poll() is None]
                while waiting and len(running) < (os.cpu_count() or 1):
                    track, name = waiting.pop(0)
                    target = folder / f"{track.stem}-{name}.mka"
                    running.append(subprocess.Popen(["ffmpeg", "-nostdin", "-v", "error", "-y", "-threads", "1", "-i",
                                                     str(track), "-vn", *BULK_PEER[name], str(target)]))
                time.sleep(0.005)
            result["peer"] = {"name": "one ffmpeg a rendition", "seconds": time.monotonic() - begin}
            result["speed"] = result["peer"]["seconds"] / result["seconds"]
    finally:
        shutil.rmtree(folder)
    return result
