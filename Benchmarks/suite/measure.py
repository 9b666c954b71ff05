"""The cases, each beside its peer."""

import json
import os
import platform
import subprocess
import tempfile
import time
from pathlib import Path

from . import library as tracks
from . import delivery
from .build import Programs
from .idle import Failure as IdleFailure
from .idle import idle
from .latency import Latencies
from .peers import BareWebSocket, ffmpeg_per_listener
from .propagation import Failure as PropagationFailure
from .propagation import propagation
from .server import Failure as ServerFailure
from .server import Server
from .store import Failure as StoreFailure
from .store import store

# Tracks that the many listeners share, and how far ahead these are made before they come.
SHARED_TRACKS = 8
WARM_AHEAD_SECONDS = 120


class Failure(Exception):
    """A measurement could not take place."""


def _load(program: Path, url: str, *options: str) -> dict:
    """Runs dubplate-load; the report it wrote."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        done = subprocess.run([str(program), "--url", url, "--json", str(report), *options],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if done.returncode != 0:
            raise Failure(f"dubplate-load ended with {done.returncode}: {done.stderr.strip()[-1_000:]}")
        return json.loads(report.read_text())


def _faults(report: dict) -> int:
    return report["errors"] + report["disconnects"] + report["seqHoles"]


def starts_and_seeks(given, programs: Programs, library: Path, cache: Path) -> dict:
    """Cold starts, then the same tracks warm, then seeks to where nobody has been: every round on a fresh data folder."""
    found = {case: Latencies() for case in ("cold", "warm", "seek")}
    faults = dict.fromkeys(found, 0)
    codes: dict[str, dict] = {case: {} for case in found}
    together = ["--listeners", str(given.at_once), "--ramp", "0s", "--together", "--distinct-tracks"]

    def note(case: str, report: dict, row: str) -> None:
        found[case].add(report[row])
        faults[case] += _faults(report)
        for code, times in report["errorCodes"].items():
            codes[case][code] = codes[case].get(code, 0) + times

    for round_number in range(given.rounds):
        print(f"round {round_number + 1} of {given.rounds}: {given.at_once} tracks at once …", flush=True)
        with Server(programs.dubplate, library, tracks.COUNT, cache, given.at_once) as server:
            common = ["--tokens", str(server.tokens), *together]
            if "cold" in given.cases or "warm" in given.cases:
                note("cold", _load(programs.load, server.url, *common, "--duration", "4s"), "firstChunkMs")
            if "warm" in given.cases:
                note("warm", _load(programs.load, server.url, *common, "--duration", "4s"), "firstChunkMs")
        if "seek" in given.cases:
            with Server(programs.dubplate, library, tracks.COUNT, cache, given.at_once) as server:
                report = _load(programs.load, server.url, "--tokens", str(server.tokens), *together, "--seek-cold",
                               "--seek-every", "3s", "--duration", "10s", "--seed", str(round_number + 1))
                note("seek", report, "seekMs")
    result = {}
    for case, latencies in found.items():
        if latencies.count and case in given.cases:
            result[case] = {**latencies.summary(), "errors": faults[case], "errorCodes": codes[case]}
    if not given.no_peers:
        for case, seek in (("cold", False), ("seek", True)):
            if case in result:
                peer = Latencies()
                for round_number in range(given.rounds):
                    peer.add_all(ffmpeg_per_listener(library, given.at_once, seek, round_number))
                result[case]["peer"] = {"name": "ffmpeg per listener", **peer.summary()}
    return result


def warm_shared(programs: Programs, server: Server) -> None:
    """Makes the beginnings of the shared tracks ready."""
    _load(programs.load, server.url, "--tokens", str(server.tokens), "--tracks", str(SHARED_TRACKS),
          "--listeners", str(SHARED_TRACKS), "--ramp", "0s", "--duration", "15s",
          "--buffer-seconds", str(WARM_AHEAD_SECONDS))


def listeners(given, programs: Programs, library: Path, cache: Path) -> dict:
    """Very many listeners of few, ready-made tracks; against bare SwiftNIO under the same load."""
    load = ["--listeners", str(given.listeners), "--ramp", "10s", "--duration", f"{given.duration}s"]
    print(f"{given.listeners} listeners …", flush=True)
    with Server(programs.dubplate, library, tracks.COUNT, cache, given.listeners) as server:
        common = ["--tokens", str(server.tokens), "--tracks", str(SHARED_TRACKS)]
        warm_shared(programs, server)
        ours = _many(_load(programs.load, server.url, *common, *load, "--pid", str(server.pid)))
    if programs.bare and not given.no_peers:
        print(f"{given.listeners} listeners of the peer …", flush=True)
        with BareWebSocket(programs.bare) as peer:
            report = _load(programs.load, peer.url, "--token", "none", *load, "--pid", str(peer.pid))
        ours["peer"] = {"name": "bare SwiftNIO", **_many(report)}
    return ours


def _many(report: dict) -> dict:
    if not report.get("server") or not report.get("steady"):
        raise Failure("the server's process could not be read")
    return {
        "listeners": report["steady"]["listeners"], "wanted": report["listeners"], "gaps": report["gaps"],
        "errors": _faults(report) + report["listeners"] - report["steady"]["listeners"],
        "errorCodes": report["errorCodes"], "cores": report["server"]["cores"],
        "bytesPerListener": report["server"]["bytesPerListener"], "residentBytes": report["server"]["residentBytes"],
        "bytesPerSecond": report["steady"]["bytesPerSecond"], "firstChunkP99Ms": report["firstChunkMs"].get("p99"),
        "generatorCores": report["generator"]["cores"],
        "generatorBytesPerListener": report["generator"]["bytesPerListener"],
    }


def _model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor()


def everything(given, programs: Programs, library: Path, cache: Path) -> dict:
    report: dict = {
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "atOnce": given.at_once, "rounds": given.rounds,
        "machine": {"model": _model(), "cores": os.cpu_count(), "system": platform.platform(),
                    "loadBefore": round(os.getloadavg()[0], 2)},
        "cases": {},
    }
    try:
        if {"cold", "warm", "seek"} & set(given.cases):
            report["cases"].update(starts_and_seeks(given, programs, library, cache))
        if "listeners" in given.cases:
            report["cases"]["listeners"] = listeners(given, programs, library, cache)
        if "propagation" in given.cases:
            report["cases"]["propagation"] = propagation(
                given, programs, library, tracks.COUNT, SHARED_TRACKS, lambda server: warm_shared(programs, server), cache)
        if "idle" in given.cases:
            report["cases"]["idle"] = idle(given.idle, programs.scenarios, None if given.no_peers else programs.bare)
        for case, measure in (("segments", delivery.cold), ("http", delivery.warm), ("bulk", delivery.bulk)):
            if case in given.cases:
                report["cases"][case] = measure(given, programs, library, cache)
        if "store" in given.cases:
            report["cases"]["store"] = store(given.store, programs.dubplate, cache)
    except (ServerFailure, IdleFailure, StoreFailure, PropagationFailure, delivery.Failure) as failure:
        raise Failure(str(failure)) from failure
    return report
