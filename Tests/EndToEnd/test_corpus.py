"""Every pair of decoder and container, and every oddity, of Tests/Corpus: served as it is heard by an independent decoder.

A file is scanned, played whole in FLAC and in MP3 over push and over HTTP, and begun at three places. Counts are exact,
nothing is shifted, and no edge of a segment is worse than what is between. A few in each run; all by scripts/corpus.
"""

import base64
import math
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor

import corpus
import numpy
import pytest
import requests
import sound
from listener import listening

ALL = os.environ.get("DUBPLATE_CORPUS") == "all"
SEGMENT = 92160
# What 16 bits with dither may be off by.
ROUNDING = 2.1 / 32768
PATIENCE = 240  # a debug build on a busy machine


@pytest.fixture(scope="module")
def pieces(tmp_path_factory):
    """The entries that this machine can make, each with its file and what is to be heard."""
    folder = tmp_path_factory.mktemp("corpus")
    made = corpus.make(folder, [entry for entry in corpus.ENTRIES if ALL or entry.often])
    library = folder / "library"
    library.mkdir()
    for number, (entry, path, heard) in enumerate(made):
        path.rename(library / f"piece {number:03}{path.suffix}")
    return library, [(entry, library / f"piece {n:03}{path.suffix}", heard) for n, (entry, path, heard) in enumerate(made)]


def own_rate(path):
    """Of the track that is to be played: that of the last, where there are two."""
    command = ["ffprobe", "-v", "fatal", "-select_streams", "a", "-show_entries", "stream=sample_rate", "-of", "csv=p=0"]
    found = subprocess.run([*command, str(path)], capture_output=True, check=True, text=True, timeout=60).stdout.split()
    return int(found[-1])


def played(server, track, quality, **options):
    """What a listener hears of a stream that it is sent as fast as can be, and its rate."""
    with listening(server, transports=["websocket"], bufferSeconds=120, format="binary") as listener:
        answer = listener.ok("play_track", {"trackId": track["id"], "quality": quality, **options})
        started = listener.wait_for("stream_started", where=lambda s: s["streamId"] == answer["streamId"], timeout=PATIENCE)
        chunks = listener.wait_ended(answer["streamId"], timeout=PATIENCE)
        description = base64.b64decode(started.get("description", ""))
    data = b"".join(chunk["data"] for chunk in chunks)
    skip = chunks[0].get("skip", 0)
    codec = started["codec"]
    whole = sound.decoded((description if codec == "flac" else b"") + data, codec, "f32le")
    count = sum(chunk["samples"] for chunk in chunks)
    return whole[skip : skip + count], started["sampleRate"]


def loaded(server, path, rate, folder, name):
    """The same of a whole file over HTTP."""
    answer = requests.get(server.url + path, timeout=PATIENCE)
    assert answer.status_code == 200, answer.text
    file = folder / name
    file.write_bytes(answer.content)
    return corpus.decoded(file, rate)


def errors(expected, found):
    """Mean error energy beside segments' edges, and everywhere else."""
    energy = ((expected - found).astype(float) ** 2).mean(axis=1)
    edges = numpy.zeros(len(energy), bool)
    for edge in range(SEGMENT, len(energy), SEGMENT):
        edges[max(edge - 2048, 0) : edge + 2048] = True
    return energy[edges].mean() + 1e-10, energy[~edges].mean() + 1e-10


class Verdict:
    """Holds what was heard of one entry against what was to be."""

    def __init__(self, entry, path, expected):
        self.entry, self.faults = entry, []
        self.rate = own_rate(path)
        self.grid = 44100 if self.rate % 11025 == 0 else 48000
        own = expected if expected is not None else corpus.decoded(path)
        self.count = math.ceil(len(own) * self.grid / self.rate)
        self.is_resampled = self.rate != self.grid
        if self.is_resampled:
            own = corpus.decoded(path, self.grid)
        self.expected = numpy.clip(own, -1, 1)
        self.worst, self.edge = 0.0, -math.inf

    def judge(self, way, found, start=0, is_lossless=True):
        expected = self.expected[start:]
        if len(found) != self.count - start:
            self.faults.append(f"{way}: {len(found)} samples, not {self.count - start}")
        both = min(len(expected), len(found))
        expected, found = expected[:both], numpy.clip(found[:both], -1, 1)
        if start == 0 and (lag := sound.lag(expected, found)):
            self.faults.append(f"{way}: {lag} samples late")
        difference = float(numpy.abs(expected - found).max())
        if is_lossless and self.entry.exact and not self.is_resampled:
            self.worst = max(self.worst, difference)
            if difference > ROUNDING:
                self.faults.append(f"{way}: {20 * math.log10(difference):.1f} dB off")
        elif both > 3 * SEGMENT:
            edge, elsewhere = errors(expected, found)
            self.edge = max(self.edge, 10 * math.log10(edge / elsewhere))
            # Music isn't as loud everywhere: an edge that is worse by itself is so by far more.
            if edge > 4 * elsewhere:
                self.faults.append(f"{way}: edges are {10 * math.log10(edge / elsewhere):.1f} dB worse")

    def row(self):
        figures = f"{20 * math.log10(self.worst):7.1f} dB" if self.worst else "  exact   " if self.entry.exact else " " * 10
        edge = f"{self.edge:5.1f} dB" if self.edge > -math.inf else "        "
        return f"{self.entry.name:42} {self.count:8} {figures} {edge}  {'; '.join(self.faults) or 'right'}"


def try_one(server, track, entry, path, expected, folder):
    verdict = Verdict(entry, path, expected)
    urls = server.post("/api/v1/stream/start", {"trackId": track["id"]}).json()["urls"]
    verdict.judge("FLAC over HTTP", loaded(server, urls["flac"], verdict.grid, folder, f"{track['id']}.flac"))
    lossy = loaded(server, urls["mp3-320"], verdict.grid, folder, f"{track['id']}.mp3")
    verdict.judge("MP3 over HTTP", lossy, is_lossless=False)
    found, rate = played(server, track, "lossless")
    assert rate == verdict.grid
    verdict.judge("FLAC pushed", found)
    verdict.judge("MP3 pushed", played(server, track, "high")[0], is_lossless=False)
    for start in (11_111, 2 * SEGMENT, verdict.count - 5_000):
        found, _ = played(server, track, "lossless", position=start / verdict.grid)
        verdict.judge(f"from {start}", found, start=start)
    return verdict


def test_what_is_served_is_what_an_independent_decoder_hears(fresh_server, pieces, tmp_path, capsys):
    library, made = pieces
    server = fresh_server(library=library).start()
    tracks = server.wait_tracks(*(path.stem for _, path, _ in made))
    with ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(try_one, server, tracks[path.stem], *piece, tmp_path) for piece in made for path in piece[1:2]]
        verdicts = [job.result() for job in jobs]
    if ALL:
        with capsys.disabled():
            print("\n" + "\n".join(verdict.row() for verdict in verdicts))
    assert not [verdict.row() for verdict in verdicts if verdict.faults]
