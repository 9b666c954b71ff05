#!/usr/bin/env python3
"""Puts mutated music into the library of a running server, listens to it in every way, and watches the server.

It passes when the process lives, every request ends in sound or a typed error, memory stays flat after the warm-up,
`/readyz` says yes throughout and a sound track plays at the end. The same seed makes the same files.

Exit status: 0 passed, 1 the server failed (the library and the log are kept), 2 it could not take place.
"""

import argparse
import collections
import json
import os
import random
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.dont_write_bytecode = True

import listening  # noqa: E402
import mutate  # noqa: E402
import seeds as seed_files  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent.parent
SOUND = "Sound.flac"
FILES_AT_ONCE = 48
ROUND_SECONDS = 6
LISTENERS = 6
MEMORY_BUDGET = 64 << 20
# What the process may still grow by in the last third of the time. Every new track fills caches, pools and the allocator's
# arenas a little more: it takes some minutes until they are full.
GROWTH_BYTES = 96 << 20


def resident(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class Run:
    def __init__(self, given: argparse.Namespace, folder: Path):
        self.given, self.folder, self.library = given, folder, folder / "library"
        self.rng = random.Random(given.seed)
        self.seeds = seed_files.make(folder / "seeds", given.music, given.kinds)
        if len(self.seeds) < 4:
            raise OSError("ffmpeg can't make the files to begin with")
        self.library.mkdir()
        sound = [data for ending, data in self.seeds if ending == "flac"][0]
        (self.library / SOUND).write_bytes(sound)
        self.over, self.faults, self.counts = threading.Event(), [], collections.Counter()
        self.lock, self.memory = threading.Lock(), []
        self.environment = {**os.environ, "JWT_SECRET": secrets.token_hex(32), "LOG_LEVEL": "warning"}

    # The server

    def command(self, *arguments, given: str = "") -> str:
        done = subprocess.run([str(self.given.dubplate), *map(str, arguments), "--data", str(self.folder / "data")],
                              env=self.environment, input=given, text=True, capture_output=True)
        if done.returncode != 0:
            raise OSError(f"dubplate {arguments[0]} failed: {done.stderr.strip()}")
        return done.stdout

    def start(self) -> None:
        self.command("user", "add", "fuzz", "--plan", "premium", "--password-stdin", given=secrets.token_hex(16))
        self.tokens = self.command("token", "fuzz", "--minutes", 1_440, "--listeners", LISTENERS).split()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        with open(self.folder / "log", "wb") as log:
            self.process = subprocess.Popen(
                [str(self.given.dubplate), "serve", "--data", str(self.folder / "data"), "--library", str(self.library),
                 "--port", str(self.port), "--scan-interval", "2", "--memory-budget", str(MEMORY_BUDGET),
                 "--segment-budget", "64M"], env=self.environment, stdout=log, stderr=subprocess.STDOUT)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                if any(track["title"].startswith("Seed") for track in self.tracks()):
                    return
            except listening.Fault:
                pass
            time.sleep(0.1)
        raise OSError("the server doesn't come up: " + (self.folder / "log").read_text(errors="replace")[-2_000:])

    def tracks(self) -> list[dict]:
        status, body, _ = listening.request(self.port, "GET", "/api/v1/tracks?limit=500", self.tokens[0])
        return json.loads(body)["tracks"] if status == 200 else []

    def fail(self, text: str) -> None:
        with self.lock:
            self.faults.append(text)
        self.over.set()

    # What goes on at once

    def litter(self) -> None:
        """Files come, are altered under the server's hands, and go."""
        number = 0
        while not self.over.is_set():
            placed = []
            for _ in range(FILES_AT_ONCE):
                ending, data, what = mutate.mutant(self.rng, self.seeds)
                path = self.library / f"{number:06}.{ending}"
                number += 1
                # The second half is sound when it's scanned, and another file afterwards, of the same size and date.
                later = None
                if self.rng.random() < 0.5:
                    index = self.rng.randrange(len(self.seeds))
                    ending, later = self.seeds[index][0], mutate.mutant(self.rng, [self.seeds[index]], same_length=True)[1]
                    path, data = path.with_suffix("." + ending), self.seeds[index][1] + number.to_bytes(4, "big")
                    later += number.to_bytes(4, "big")
                path.write_bytes(data)
                placed.append((path, later))
            self.over.wait(ROUND_SECONDS / 2)
            for path, later in placed:
                if later is not None:
                    times = path.stat()
                    with open(path, "r+b") as file:
                        file.write(later)
                    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
            self.over.wait(ROUND_SECONDS)
            for path, _ in placed:
                path.unlink(missing_ok=True)

    def listen(self, place: int) -> None:
        rng = random.Random(self.given.seed * 1_000 + place)
        known: list[dict] = []
        turn = 0
        while not self.over.is_set():
            try:
                if turn % 10 == 0 or not known:
                    known = self.tracks()
                turn += 1
                if not known:
                    continue
                way = rng.choice((listening.over_http, listening.over_http, listening.over_push, listening.over_rest))
                outcome = way(rng, self.port, self.tokens[place], rng.choice(known))
                with self.lock:
                    self.counts[outcome] += 1
            except listening.Fault as fault:
                self.fail(str(fault))
            except Exception as error:  # noqa: BLE001  a fault of this program must end the run as well
                self.fail(f"in the fuzzer: {error!r}")

    def watch(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end and not self.over.wait(1):
            if self.process.poll() is not None:
                self.fail(f"the server ended with {self.process.returncode}")
                return
            self.memory.append(resident(self.process.pid))
            try:
                status, _, _ = listening.request(self.port, "GET", "/readyz")
                if status != 200:
                    self.fail(f"/readyz says {status}")
            except listening.Fault as fault:
                self.fail(str(fault))
        self.over.set()

    # The end

    def judge(self) -> None:
        if self.process.poll() is not None:
            self.fail(f"the server ended with {self.process.returncode}")
            return
        third = max(len(self.memory) // 3, 1)
        warm, late = max(self.memory[:-third], default=0), max(self.memory[-third:], default=0)
        if late - warm > GROWTH_BYTES:
            self.fail(f"memory grew from {warm >> 20} to {late >> 20} MB")
        # Sound.flac has no other's title while the litter is gone; it is told by its playing whole.
        good = [track for track in self.tracks() if track["title"].startswith("Seed")]
        for track in good:
            status, body, _ = listening.request(
                self.port, "POST", "/api/v1/stream/start", self.tokens[0], {"trackId": track["id"]})
            if status != 200:
                continue
            url = f"http://127.0.0.1:{self.port}{json.loads(body)['urls']['mp3-192']}"
            done = subprocess.run(["ffmpeg", "-v", "error", "-i", url, "-f", "s16le", "-ac", "2", "-ar", "44100", "-"],
                                  capture_output=True)
            if abs(len(done.stdout) / 4 / 44_100 - seed_files.SECONDS) < 0.1:
                return
        self.fail(f"nothing plays any more, of {len(good)} tracks")

    def run(self) -> bool:
        self.start()
        threads = [threading.Thread(target=self.litter)]
        threads += [threading.Thread(target=self.listen, args=(place,)) for place in range(LISTENERS)]
        for thread in threads:
            thread.start()
        self.watch(self.given.seconds)
        for thread in threads:
            thread.join()
        if not self.faults:
            self.judge()
        if self.process.poll() is None:
            self.process.terminate()
            try:
                if self.process.wait(30) != 0:
                    self.fail(f"the server ended with {self.process.returncode}")
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.fail("the server doesn't go down")
        return not self.faults


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kinds", type=int, help="only so many of the kinds of files")
    parser.add_argument("--dubplate", type=Path, default=ROOT / ".build/debug/dubplate")
    parser.add_argument("--music", type=Path, default=ROOT / ".build-assets/music", help="folder of Ogg files")
    parser.add_argument("--keep", type=Path, help="folder for what is left of a run that failed")
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="dubplate-fuzz-"))
    run = None
    try:
        run = Run(given, folder)
        passed = run.run()
    except OSError as error:
        print(f"Fuzzing/files: {error}", file=sys.stderr)
        if run is not None and hasattr(run, "process") and run.process.poll() is None:
            run.process.kill()
        shutil.rmtree(folder, ignore_errors=True)
        return 2
    for outcome, times in sorted(run.counts.items()):
        print(f"{times:7}  {outcome}")
    if run.memory:
        print(f"memory: first {run.memory[0] >> 20} MB, most {max(run.memory) >> 20} MB, last {run.memory[-1] >> 20} MB")
    if passed:
        print(f"passed: {sum(run.counts.values())} requests, seed {given.seed}")
        shutil.rmtree(folder, ignore_errors=True)
        return 0
    for fault in run.faults[:20]:
        print(f"✗ {fault}")
    kept = given.keep or ROOT / f".build-fuzz/files-{given.seed}"
    shutil.rmtree(kept, ignore_errors=True)
    kept.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(folder, kept)
    print(f"kept: {kept}\n" + (kept / "log").read_text(errors="replace")[-4_000:])
    return 1


if __name__ == "__main__":
    sys.exit(main())
