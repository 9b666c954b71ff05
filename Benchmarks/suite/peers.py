"""What Dubplate is compared with: an FFmpeg process per listener, and bare SwiftNIO."""

import random
import subprocess
import threading
import time
from pathlib import Path

from .library import seconds

# A quarter second of MP3 at 192 kbit/s is 6 kB; the design this replaces sent the first 4 kB that the pipe gave.
FIRST_BYTES = 4_096


def ffmpeg_per_listener(library: Path, count: int, seek: bool, seed: int) -> list[float]:
    """Starts `count` FFmpegs at once, each on a track of its own; milliseconds from there to the first 4 kB of each."""
    tracks = sorted(path for path in library.iterdir() if not path.name.startswith("unfinished-"))[:count]
    chance = random.Random(seed)
    found: list[float] = [0.0] * len(tracks)
    ready = threading.Barrier(len(tracks))

    def listen(index: int, track: Path, position: float) -> None:
        command = ["ffmpeg", "-nostdin", "-v", "error"]
        if position:
            command += ["-ss", f"{position:.3f}"]
        command += ["-i", str(track), "-vn", "-f", "mp3", "-b:a", "192k", "pipe:1"]
        ready.wait()
        begin = time.monotonic()
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
            process.stdout.read(FIRST_BYTES)
            found[index] = (time.monotonic() - begin) * 1_000
            process.kill()

    threads = []
    for index, track in enumerate(tracks):
        position = chance.uniform(5, seconds(int(track.stem)) - 10) if seek else 0.0
        threads.append(threading.Thread(target=listen, args=(index, track, position)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


class BareWebSocket:
    """`bare-websocket` as a context."""

    def __init__(self, program: Path):
        self.program = program

    def __enter__(self) -> "BareWebSocket":
        self.process = subprocess.Popen([str(self.program)], stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().strip()
        self.pid = self.process.pid
        return self

    def __exit__(self, *_) -> None:
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
