"""One `dubplate serve` of the release build on a data folder of its own."""

import json
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path


class Failure(Exception):
    """The server did not come up."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """Use as a context: it starts on entering, with every track scanned, and is gone with its data after leaving."""

    START_SECONDS = 120
    STOP_SECONDS = 20

    def __init__(self, dubplate: Path, library: Path, tracks: int, cache: Path, listeners: int):
        self.dubplate, self.library, self.tracks, self.listeners = dubplate, library, tracks, listeners
        cache.mkdir(parents=True, exist_ok=True)
        self.folder = Path(tempfile.mkdtemp(prefix="data-", dir=cache))
        self.tokens = self.folder / "tokens"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        # The analysis takes what cores are idle: that isn't what listeners cost.
        self.environment = {
            **os.environ, "JWT_SECRET": secrets.token_hex(32), "LOG_LEVEL": "warning", "DUBPLATE_ANALYSIS": "off"}

    @property
    def pid(self) -> int:
        return self.process.pid

    def first_track(self) -> str:
        """The id of the library's first track."""
        token = self.tokens.read_text().split()[0]
        request = urllib.request.Request(f"{self.url}/api/v1/tracks?limit=1", headers={"Authorization": f"Bearer {token}"})
        with urllib.request.urlopen(request, timeout=self.STOP_SECONDS) as answer:
            return json.load(answer)["tracks"][0]["id"]

    def __enter__(self) -> "Server":
        try:
            data = ["--data", str(self.folder / "data")]
            self._once(["user", "add", "bench", "--plan", "premium", "--password-stdin", *data], secrets.token_hex(16))
            tokens = self._once(["token", "bench", "--minutes", "600", "--listeners", str(self.listeners), *data])
            self.tokens.write_text(tokens)
            self.log = open(self.folder / "log", "wb")
            self.process = subprocess.Popen(
                [str(self.dubplate), "serve", *data, "--library", str(self.library), "--host", "127.0.0.1",
                 "--port", str(self.port), "--scan-interval", "0"],
                env=self.environment, stdout=self.log, stderr=subprocess.STDOUT)
            try:
                self._wait(tokens.split()[0])
            except BaseException:
                self.process.kill()
                self.process.wait()
                raise
        except BaseException:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise
        return self

    def __exit__(self, *_) -> None:
        self.process.terminate()
        try:
            self.process.wait(self.STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _once(self, command: list[str], given: str = "") -> str:
        done = subprocess.run([str(self.dubplate), *command], env=self.environment, input=given, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if done.returncode != 0:
            raise Failure(f"dubplate {command[0]} failed: {done.stderr.strip()}")
        return done.stdout

    def _wait(self, token: str) -> None:
        """Until it serves and knows every track."""
        request = urllib.request.Request(f"{self.url}/api/v1/tracks?limit=1", headers={"Authorization": f"Bearer {token}"})
        deadline = time.monotonic() + self.START_SECONDS
        seen = "nothing"
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise Failure(f"dubplate serve ended: {(self.folder / 'log').read_text(errors='replace')[-2_000:]}")
            try:
                with urllib.request.urlopen(request, timeout=5) as answer:
                    total = json.load(answer)["total"]
                    seen = f"{total} of {self.tracks} tracks"
                    if total >= self.tracks:
                        return
            except (OSError, urllib.error.URLError) as error:
                seen = str(error)
            time.sleep(0.1)
        raise Failure(f"dubplate serve was not ready within {self.START_SECONDS} s: {seen}")
