"""Every pair of decoder and container, and every oddity, of Tests/Corpus: served as it is heard by an independent decoder.

A file is scanned, played whole in FLAC and in MP3 over push and over HTTP, and begun at three places. Counts are exact,
nothing is shifted, and no edge of a segment is worse than what is between. A few in each run; all by scripts/corpus.
"""

import base64
import math
import os
import pathlib
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor

import corpus
import decodes
import numpy
import pytest
import requests
import sound
from listener import listening

# "all", or a part of the names of those that are to be tried; a few by themselves.
WANTED = os.environ.get("DUBPLATE_CORPUS", "")
SOURCES = pathlib.Path(__file__).parents[2] / "Sources/AudioCodec"
SEGMENT = 92160
WINDOW = 512  # samples of which one error is taken
# What 16 bits with dither may be off by.
ROUNDING = 2.1 / 32768
LEAST = ROUNDING**2 / 4
PATIENCE = 240  # a debug build on a busy machine


def is_wanted(entry):
    return entry.often if not WANTED else WANTED == "all" or WANTED in entry.name


@pytest.fixture(scope="module")
def pieces(tmp_path_factory):
    """The entries that this machine can make, each with its file and what is to be heard, in a library; and the names of those
    that it can't."""
    folder = tmp_path_factory.mktemp("corpus")
    made, unmade = corpus.make(folder, [entry for entry in corpus.ENTRIES if is_wanted(entry)])
    library = folder / "library"
    library.mkdir()
    for number, (entry, path, heard) in enumerate(made):
        path.rename(library / f"piece {number:03}{path.suffix}")
    pieces = [(entry, library / f"piece {n:03}{path.suffix}", heard) for n, (entry, path, heard) in enumerate(made)]
    return library, pieces, unmade


def played(server, track, quality, **options):
    """What a listener hears of a stream that it is sent as fast as can be, and its rate."""
    with listening(server, transports=["websocket"], bufferSeconds=120, format="binary", standalone=True) as listener:
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
    return decodes.decoded(file, rate)


def errors(expected, found, start=0):
    """Mean error energy of each window beside segments' edges, and that of all others together. `start`: where in the music
    the first sample is; another one than the beginning is an edge as well."""
    both = min(len(expected), len(found)) // WINDOW * WINDOW
    energy = ((expected[:both] - found[:both]).astype(float) ** 2).reshape(-1, WINDOW * 2).mean(axis=1) + LEAST
    edges = ([0] if start else []) + list(range(SEGMENT - start % SEGMENT, both, SEGMENT))
    near = [edge // WINDOW + step for edge in edges for step in range(-4, 4)]
    near = sorted({window for window in near if 0 <= window < len(energy)})
    return energy[near], numpy.delete(energy, near).mean()


def worst_edge(expected, found, noises, piece, start):
    """By how much the error at segments' edges is larger than it would be without them: than elsewhere, or than in each window
    there the largest of the decoder's `noises` and what a lossy encoder made of the whole `piece`, which depend on the music."""
    edges, elsewhere = errors(expected, found, start)
    if not noises and piece is None:
        return edges.mean() / elsewhere
    others = [errors(expected, other[start : start + len(expected)], start)[0] for other in [*noises, piece] if other is not None]
    own = others.pop() if piece is not None else 0
    return (edges / (numpy.max(others, axis=0, initial=0) + own)).max()


def begun_later(path, expected, format, samples, folder):
    """What FFmpeg decodes without some of the first frames (of `samples` each in a bare stream of a `format`), in its place:
    how far two right decodes are from each other whose noise began at different places."""
    bare = folder / f"{path.stem}.{format}"
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-i", str(path), "-c", "copy", "-f", format, str(bare)],
                   capture_output=True, check=True, timeout=120)  # fmt: skip
    stream, lengths = bare.read_bytes(), decodes.packet_sizes(bare)
    demuxer = "aac" if format == "adts" else format
    whole = sound.decoded(stream, demuxer, "f32le")
    delay = sound.lag(expected, whole)
    assert numpy.abs(whole[delay : delay + SEGMENT] - expected[:SEGMENT]).max() < ROUNDING
    for left_out in (3, 5, 8, 11, 16, 20):
        rest = sound.decoded(stream[sum(lengths[:left_out]) :], demuxer, "f32le")
        placed = numpy.concatenate([numpy.zeros((left_out * samples, 2)), rest])[delay:]
        # What was cut off an MP4's end was never to be heard.
        yield numpy.clip(placed[: len(expected)], -1, 1)


def in_one_piece(samples, rate, path):
    """The same sound as the same encoder makes it without segments, its frames at the same places: how large the error of
    this music is there by itself."""
    # LAME and a decoder are 1,105 samples late together; so a frame of 1,152 begins with a multiple of as many.
    ahead = numpy.zeros((1152 - 1105, 2))
    command = ["ffmpeg", "-nostdin", "-v", "fatal", "-f", "f32le", "-ar", str(rate), "-ac", "2", "-i", "-"]
    subprocess.run([*command, "-c:a", "libmp3lame", "-b:a", "320k", "-reservoir", "0", str(path)],
                   input=numpy.concatenate([ahead, samples]).astype("<f4").tobytes(), check=True, timeout=120)  # fmt: skip
    return numpy.clip(decodes.decoded(path)[len(ahead) :], -1, 1)


class Verdict:
    """Holds what was heard of one entry against what was to be."""

    def __init__(self, entry, path, expected, folder):
        self.entry, self.faults = entry, []
        self.rate = decodes.rate_of(path)
        self.grid = 44100 if self.rate % 11025 == 0 else 48000
        own = expected if expected is not None else decodes.decoded(path)
        self.count = math.ceil(len(own) * self.grid / self.rate)
        self.is_resampled = self.rate != self.grid
        if self.is_resampled:
            own = decodes.decoded(path, self.grid)
        self.expected = numpy.clip(own, -1, 1)
        self.noises = list(begun_later(path, self.expected, *entry.noisy, folder)) if entry.noisy else []
        self.worst, self.edge = 0.0, -math.inf

    def judge(self, way, found, start=0, piece=None):
        """`piece`: what a lossy encoder makes of the whole, if this has gone through one."""
        expected = self.expected[start:]
        if len(found) != self.count - start:
            self.faults.append(f"{way}: {len(found)} samples, not {self.count - start}")
        both = min(len(expected), len(found))
        expected, found = expected[:both], numpy.clip(found[:both], -1, 1)
        if start == 0 and (lag := sound.lag(expected, found)):
            self.faults.append(f"{way}: {lag} samples late")
        difference = float(numpy.abs(expected - found).max())
        if piece is None and self.entry.exact and not self.is_resampled:
            self.worst = max(self.worst, difference)
            if difference > ROUNDING:
                self.faults.append(f"{way}: {20 * math.log10(difference):.1f} dB off")
        elif both > 2 * SEGMENT:
            worse = worst_edge(expected, found, self.noises, piece, start)
            self.edge = max(self.edge, 10 * math.log10(worse))
            if worse > 2:
                self.faults.append(f"{way}: edges are {10 * math.log10(worse):.1f} dB worse")

    def row(self):
        figures = f"{20 * math.log10(self.worst):7.1f} dB" if self.worst else "  exact   " if self.entry.exact else " " * 10
        edge = f"{self.edge:5.1f} dB" if self.edge > -math.inf else "        "
        return f"{self.entry.name:42} {self.count:8} {figures} {edge}  {'; '.join(self.faults) or 'right'}"


def try_one(server, track, entry, path, expected, folder):
    verdict = Verdict(entry, path, expected, folder)
    try:
        try_ways(verdict, server, track, folder)
    except AssertionError as error:
        # What was refused is this entry's fault; the others are judged all the same.
        verdict.faults.append(f"refused: {error}")
    return verdict


def try_ways(verdict, server, track, folder):
    urls = server.post("/api/v1/stream/start", {"trackId": track["id"]}).json()["urls"]
    lossless = loaded(server, urls["flac"], verdict.grid, folder, f"{track['id']}.flac")
    verdict.judge("FLAC over HTTP", lossless)
    if verdict.entry.is_restless:
        verdict.noises.append(numpy.clip(lossless, -1, 1))
    lossy = loaded(server, urls["mp3-320"], verdict.grid, folder, f"{track['id']}.mp3")
    piece = in_one_piece(verdict.expected, verdict.grid, folder / f"{track['id']}-whole.mp3")
    verdict.judge("MP3 over HTTP", lossy, piece=piece)
    found, rate = played(server, track, "flac")
    assert rate == verdict.grid
    verdict.judge("FLAC pushed", found)
    verdict.judge("MP3 pushed", played(server, track, "high")[0], piece=piece)
    for start in (11_111, 2 * SEGMENT, verdict.count - 5_000):
        found, _ = played(server, track, "flac", position=start / verdict.grid)
        verdict.judge(f"from {start}", found, start=start)


def names_in(path, pattern):
    """The names of a list in the sources: all that is quoted in what `pattern` finds, apart by commas as well."""
    found = re.search(pattern, (SOURCES / path).read_text(), re.DOTALL)[1]
    return {name for text in re.findall(r'"([^"]+)"', found) for name in text.split(",")}


def test_every_decoder_and_container_of_the_allow_lists_is_in_the_corpus():
    pairs = [re.match(r"(\S+) in (\S+)", entry.name) for entry in corpus.ENTRIES]
    decoders = {pair[1] for pair in pairs if pair} | set(corpus.UNMADE_DECODERS)
    demuxers = {corpus.DEMUXERS.get(pair[2], pair[2]) for pair in pairs if pair} | set(corpus.UNMADE_DEMUXERS)
    # Some go by two names.
    allowed = {re.sub(r"^lib(?=opus|vorbis)|(?<=mp\d)float$", "", name) for name in
               names_in("DecoderList.swift", r"names: Set<String> = \[(.*?)\]")}  # fmt: skip
    assert allowed - decoders == set()
    assert names_in("ContainerFormat.swift", r"static let allowed =\s*(\".*?\")") - demuxers == set()


def test_what_is_served_is_what_an_independent_decoder_hears(fresh_server, pieces, tmp_path, capsys):
    library, made, _ = pieces
    server = fresh_server(library=library).start()
    tracks = server.wait_tracks(*(path.stem for _, path, _ in made))
    with ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(try_one, server, tracks[path.stem], *piece, tmp_path) for piece in made for path in piece[1:2]]
        verdicts = [job.result() for job in jobs]
    if WANTED:
        with capsys.disabled():
            print("\n" + "\n".join(verdict.row() for verdict in verdicts))
    assert not [verdict.row() for verdict in verdicts if verdict.faults]


def test_every_entry_has_a_program_that_makes_it(pieces):
    if unmade := pieces[2]:
        pytest.skip(f"no program of this machine makes {', '.join(unmade)}")
