"""A store of very many segments: how soon the server is ready, when it has counted them all, and what an entry costs."""

import hashlib
import os
import re
import secrets
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from .server import free_port

RENDITIONS = ("mp3-128-v2", "mp3-192-v2", "aac-192-v2", "opus-128-v2")
SEGMENTS = 125  # of a track of four minutes
PATIENCE = 300


class Failure(Exception):
    """The server did not come up, or did not count."""


def _fill(folder: Path, count: int) -> int:
    """Files that look like segments, of a few bytes each; as many as were asked for, to a whole rendition."""
    made = 0
    while made < count:
        track = hashlib.sha256(str(made).encode()).hexdigest()
        for rendition in RENDITIONS:
            row = folder / track[:2] / track / rendition
            row.mkdir(parents=True)
            for index in range(SEGMENTS):
                os.close(os.open(row / f"{index}.seg", os.O_CREAT | os.O_WRONLY, 0o644))
            made += SEGMENTS
    return made


def _resident(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _once(dubplate: Path, data: Path, library: Path, files: int) -> dict:
    port = free_port()
    environment = {**os.environ, "JWT_SECRET": secrets.token_hex(32), "LOG_LEVEL": "debug"}
    log = data / "log"
    with open(log, "wb") as output:
        started = time.monotonic()
        process = subprocess.Popen(
            [str(dubplate), "serve", "--data", str(data), "--library", str(library), "--port", str(port), "--scan-interval", "0"],
            env=environment, stdout=output, stderr=subprocess.STDOUT)
    try:
        ready = counted = None
        pid = process.pid
        while time.monotonic() - started < PATIENCE and (ready is None or counted is None):
            if process.poll() is not None:
                raise Failure(f"dubplate serve ended: {log.read_text(errors='replace')[-1_000:]}")
            if ready is None:
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5).close()
                    ready = time.monotonic() - started
                except (OSError, urllib.error.URLError):
                    pass
            if counted is None and re.search(r"segments=\d+.*the store has been counted", log.read_text(errors="replace")):
                counted = time.monotonic() - started
            time.sleep(0.005)
        if ready is None or counted is None:
            raise Failure("the server was not ready, or did not count its store")
        time.sleep(1)
        return {"files": files, "readySeconds": ready, "countedSeconds": counted, "residentBytes": _resident(pid)}
    finally:
        process.terminate()
        process.wait(30)


def store(count: int, dubplate: Path, cache: Path) -> dict:
    """Starts on an empty store and on one of `count` files; the difference is what the files cost."""
    cache.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="store-", dir=cache))
    try:
        (folder / "library").mkdir()
        for name in ("empty", "full"):
            (folder / name).mkdir()
        print(f"a store of {count} segments …", flush=True)
        empty = _once(dubplate, folder / "empty", folder / "library", 0)
        files = _fill(folder / "full" / "segments", count)
        full = _once(dubplate, folder / "full", folder / "library", files)
        full["bytesPerSegment"] = round((full["residentBytes"] - empty["residentBytes"]) / files)
        full["emptyReadySeconds"] = empty["readySeconds"]
        return full
    finally:
        shutil.rmtree(folder, ignore_errors=True)
