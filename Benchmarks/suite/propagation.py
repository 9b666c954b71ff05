"""What one device does, told to the listener's other device: how long that takes while thousands of others listen."""

import heapq
import itertools
import json
import random
import selectors
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

from .latency import Latencies
from .server import Server
from .websocket import Broken, EventSocket

PAIRS = 20
# Commands of all pairs together, and as many clock exchanges between them.
COMMANDS_PER_SECOND = 40
RAMP_SECONDS = 10
# From the last listener's coming to the first command, and from the last command to the first listener's leaving.
MARGIN_SECONDS = 5
# What takes longer than this is lost.
PATIENCE_SECONDS = 5
# Where the pairs play: within what is ready-made, far from the end of the shortest track.
LATEST_POSITION = 30
CYCLE = ("pause", "resume", "seek", "volume")
EVENTS = {"pause": "pause_track", "resume": "resume_track", "seek": "seek_position", "volume": "volume_change"}


class Failure(Exception):
    """The measurement could not take place."""


class Pair:
    """Two devices of one listener: one plays, both command."""

    def __init__(self, port: int, token: str, track: str, number: int):
        self.devices = [EventSocket(port, {"token": token, "deviceId": f"pair-{number}-{name}"}) for name in "ab"]
        answer = self.devices[0].call("queue_set", {"tracks": [track], "quality": "192kbps", "position": 1})
        if not answer.get("ok"):
            raise Failure(f"queue_set: {answer}")
        self.kinds = itertools.cycle(CYCLE)
        # What is waited for: the kind of command, when it was written, and by which device.
        self.command: tuple[str, float, int] | None = None
        self.exchange: tuple[int, float, int] | None = None


class Conductor:
    """Gives the commands, one at a time in each pair, and takes the times; on one thread, so that no device waits for another."""

    def __init__(self, pairs: list[Pair], seconds: float):
        self.pairs, self.seconds, self.chance = pairs, seconds, random.Random(11)
        self.told, self.round_trips, self.errors = Latencies(), Latencies(), 0
        self.by_kind = {kind: Latencies() for kind in CYCLE}

    def run(self) -> None:
        waiting = selectors.DefaultSelector()
        for pair in self.pairs:
            for number, device in enumerate(pair.devices):
                waiting.register(device.socket, selectors.EVENT_READ, (pair, number))
        begin = time.monotonic()
        step = 1 / COMMANDS_PER_SECOND
        # A command of one pair, and half a step later a clock exchange of another.
        due = []
        for turn, pair in enumerate(self.pairs):
            heapq.heappush(due, (begin + turn * step, turn, self._command, pair))
            other = self.pairs[(turn + len(self.pairs) // 2) % len(self.pairs)]
            heapq.heappush(due, (begin + (turn + 0.5) * step, turn + len(self.pairs), self._exchange, other))
        end = begin + self.seconds
        while (now := time.monotonic()) < end + PATIENCE_SECONDS:
            while due and due[0][0] <= now:
                at, turn, act, pair = heapq.heappop(due)
                act(pair)
                if at + len(self.pairs) * step < end:
                    heapq.heappush(due, (at + len(self.pairs) * step, turn, act, pair))
                now = time.monotonic()
            if not due and not any(pair.command or pair.exchange for pair in self.pairs):
                break
            rest = (due[0][0] if due else end + PATIENCE_SECONDS) - now
            for key, _ in waiting.select(max(0.0, rest)):
                self._receive(*key.data)
        self.errors += sum((pair.command is not None) + (pair.exchange is not None) for pair in self.pairs)
        waiting.close()

    def _command(self, pair: Pair) -> None:
        if pair.command:
            if time.monotonic() - pair.command[1] < PATIENCE_SECONDS:
                return  # its turn comes again; what is late now counts when it arrives
            self.errors += 1
        kind, sender = next(pair.kinds), self.chance.randrange(2)
        payload = {
            "pause": {}, "resume": {}, "seek": {"position": round(self.chance.uniform(1, LATEST_POSITION), 3)},
            "volume": {"volume": round(self.chance.random(), 3)},
        }[kind]
        pair.command = (kind, pair.devices[sender].emit(EVENTS[kind], payload), sender)

    def _exchange(self, pair: Pair) -> None:
        if pair.exchange:
            if time.monotonic() - pair.exchange[1] < PATIENCE_SECONDS:
                return
            self.errors += 1
        sender = self.chance.randrange(2)
        device = pair.devices[sender]
        pair.exchange = (device.next_ack, device.emit("clock_sync", {"t0": 0}), sender)

    def _receive(self, pair: Pair, number: int) -> None:
        at, messages = pair.devices[number].receive()
        for ack, arguments in messages:
            if ack is None:
                name, *rest = arguments
                if name != "sync_state" or not pair.command or pair.command[2] == number:
                    continue
                kind, written, sender = pair.command
                if rest[0]["action"] == kind and rest[0]["deviceId"] == pair.devices[sender].device:
                    self.told.add_all([(at - written) * 1_000])
                    self.by_kind[kind].add_all([(at - written) * 1_000])
                    pair.command = None
            elif pair.exchange and pair.exchange[2] == number and pair.exchange[0] == ack:
                self.round_trips.add_all([(at - pair.exchange[1]) * 1_000])
                pair.exchange = None
            elif not arguments[0].get("ok"):
                self.errors += 1
                # Nobody is told of what was refused.
                if pair.command and pair.command[2] == number:
                    pair.command = None


@contextmanager
def _crowd(program: Path, server: Server, listeners: int, tracks: int, seconds: float):
    """Listeners that come within `RAMP_SECONDS` and stay; yields when all are there, with a function that waits for the report."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "report.json"
        stay = seconds + 2 * MARGIN_SECONDS + PATIENCE_SECONDS
        command = [program, "--url", server.url, "--json", path, "--tokens", server.tokens, "--listeners", listeners,
                   "--ramp", f"{RAMP_SECONDS}s", "--duration", f"{stay:.0f}s", "--tracks", tracks, "--pid", server.pid]
        with open(Path(folder) / "log", "w+") as log:
            process = subprocess.Popen(list(map(str, command)), stdout=log, stderr=log)

            def report() -> dict:
                if process.poll() is not None:
                    raise Failure(f"the listeners left before the end: {(Path(folder) / 'log').read_text()[-1_000:]}")
                if process.wait() != 0:
                    raise Failure(f"dubplate-load ended with {process.returncode}: {(Path(folder) / 'log').read_text()[-1_000:]}")
                return json.loads(path.read_text())

            try:
                try:
                    process.wait(RAMP_SECONDS + MARGIN_SECONDS)
                    raise Failure(f"dubplate-load ended with {process.returncode}: {(Path(folder) / 'log').read_text()[-1_000:]}")
                except subprocess.TimeoutExpired:
                    pass
                yield report
            finally:
                if process.poll() is None:
                    process.kill()
                    process.wait()


def propagation(given, programs, library: Path, tracks: int, shared: int, warm, cache: Path) -> dict:
    """`PAIRS` listeners with two devices each command, `given.listeners` others listen.

    `warm(server)` makes the `shared` first tracks ready.
    """
    print(f"{PAIRS} pairs of devices among {given.listeners} listeners …", flush=True)
    with Server(programs.dubplate, library, tracks, cache, given.listeners + PAIRS) as server:
        warm(server)
        tokens = server.tokens.read_text().split()[-PAIRS:]
        pairs: list[Pair] = []
        try:
            with _crowd(programs.load, server, given.listeners, shared, given.duration) as report:
                track = server.first_track()
                pairs = [Pair(server.port, token, track, number) for number, token in enumerate(tokens)]
                conductor = Conductor(pairs, given.duration)
                conductor.run()
                crowd = report()
        except (Broken, OSError) as error:
            raise Failure(f"a device of a pair: {error}") from error
        finally:
            for pair in pairs:
                for device in pair.devices:
                    device.close()
    if not conductor.told.count or not conductor.round_trips.count:
        raise Failure("no command has reached the other device")
    there = crowd["steady"]["listeners"] if crowd.get("steady") else 0
    return {
        **conductor.told.summary(), "pairs": PAIRS, "commandsPerSecond": COMMANDS_PER_SECOND,
        "errors": conductor.errors, "wanted": given.listeners, "listeners": there, "absent": given.listeners - there,
        "gaps": crowd["gaps"], "cores": (crowd.get("server") or {}).get("cores"),
        "kinds": {kind: row.summary() for kind, row in conductor.by_kind.items() if row.count},
        "peer": {"name": "clock_sync → ack", **conductor.round_trips.summary()},
    }
