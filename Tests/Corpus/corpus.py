"""One known signal in every pair of decoder and container that a library may hold, and in each oddity of the wild.

Each entry is made by a program that isn't the server's own: FFmpeg's muxers and encoders, flac, lame, oggenc, opusenc,
or bytes of ours. What it is to sound like says a decode by FFmpeg, or of its parts.
"""

import pathlib
import shutil
import struct
import subprocess
from dataclasses import dataclass

import numpy

RATE, SECONDS = 44100, 9.27173  # no whole number of milliseconds, nor of any codec's frames
COUNT = round(RATE * SECONDS)


@dataclass(frozen=True)
class Entry:
    """`make(folder, wav)` returns the file, and the samples that are to be heard if FFmpeg's decode isn't the judge."""

    name: str
    make: object
    # Whether two decoders agree to the bit after a seek as well: not where they add noise of their own.
    exact: bool = True
    # Part of what every test run tries.
    often: bool = False


def run(*arguments):
    subprocess.run([str(argument) for argument in arguments], check=True, capture_output=True, timeout=120)


def ffmpeg(*arguments):
    run("ffmpeg", "-nostdin", "-v", "error", "-y", *arguments)


def signal(path):
    """Chords that move, noise bursts and a sweep in stereo: every sample tells where it is."""
    time = numpy.arange(COUNT) / RATE
    noise = numpy.random.default_rng(7).uniform(-0.2, 0.2, (COUNT, 2)) * numpy.exp(-18 * (time % 0.345))[:, None]
    sweep = 0.25 * numpy.sin(2 * numpy.pi * numpy.outer(time, (110, 220)) * (1 + 0.3 * time[:, None] / SECONDS))
    chord = 0.15 * numpy.sin(2 * numpy.pi * numpy.outer(time, (277.2, 329.6)))
    samples = numpy.round((noise + sweep + chord) * 32767).astype("<i2").tobytes()
    head = struct.pack("<4sI8sIHHIIHH4sI", b"RIFF", 36 + len(samples), b"WAVEfmt ", 16, 1, 2, RATE, 4 * RATE, 4, 16,
                       b"data", len(samples))  # fmt: skip
    path.write_bytes(head + samples)
    return path


def decoded(path, rate=None, track=0):
    """What FFmpeg makes of a file's sound, as float."""
    resampled = ["-ar", str(rate)] if rate else []
    command = ["ffmpeg", "-nostdin", "-v", "fatal", "-i", str(path), "-map", f"0:a:{track}", *resampled]
    raw = subprocess.run([*command, "-f", "f32le", "-ac", "2", "-"], capture_output=True, check=True, timeout=120).stdout
    return numpy.frombuffer(raw, "<f4").reshape(-1, 2)


def encoded(ending, codec, *options, count=None):
    """By FFmpeg. `count` where it leaves padding in that the file says how to take off."""

    def make(folder, wav):
        path = folder / f"made.{ending}"
        ffmpeg("-i", wav, "-c:a", codec, *options, path)
        return path, decoded(path)[:count] if count else None

    return make


def by(program, ending):
    """By the codec's own program: `{wav}` and `{path}` stand for the files."""

    def make(folder, wav):
        path = folder / f"made.{ending}"
        if not shutil.which(program[0]):
            return None, None
        run(*(str(part).format(wav=wav, path=path) for part in program))
        return path, None

    return make


def chained(codec, *options):
    """Three links, two of which are the same bytes."""

    def make(folder, wav):
        links = []
        for number, (start, seconds) in enumerate([(0, 3.3), (4, 2.77)]):
            links.append(folder / f"link-{number}.ogg")
            ffmpeg("-ss", start, "-t", seconds, "-i", wav, "-c:a", codec, *options, links[-1])
        links.append(links[0])
        path = folder / "made.ogg"
        path.write_bytes(b"".join(link.read_bytes() for link in links))
        return path, numpy.concatenate([decoded(link) for link in links])

    return make


def two_tracks(ending, codec):
    """The second is marked as the one to play."""

    def make(folder, wav):
        path = folder / f"made.{ending}"
        ffmpeg("-f", "lavfi", "-i", f"sine=440:r={RATE}:d=9", "-i", wav, "-map", "0:a", "-map", "1:a", "-c:a", codec,
               "-disposition:a:0", "0", "-disposition:a:1", "default", path)  # fmt: skip
        return path, decoded(path, track=1)

    return make


def mp3(*options):
    def make(folder, wav):
        path = folder / "plain.mp3"
        ffmpeg("-i", wav, "-c:a", "libmp3lame", *options, path)
        return path

    return make


def lying_xing(factor, *options):
    """A header with the right number of bytes and a wrong number of frames."""

    def make(folder, wav):
        plain = mp3(*options)(folder, wav)
        data, path = bytearray(plain.read_bytes()), folder / "made.mp3"
        at = max(data.find(mark, 0, 4096) for mark in (b"Xing", b"Info"))
        (frames,) = struct.unpack_from(">I", data, at + 8)
        struct.pack_into(">I", data, at + 8, int(frames * factor))
        path.write_bytes(data)
        return path, decoded(plain)

    return make


def gapless_row(delay, padding):
    numbers = f" 00000000 {delay:08X} {padding:08X} {COUNT:016X}" + " 00000000" * 8
    return numbers.encode()


def gapless_comment(folder, wav):
    """iTunes' row of numbers in a comment of ID3, and no header of LAME's."""
    plain, path = mp3("-b:a", "160k", "-write_xing", "0", "-id3v2_version", "0")(folder, wav), folder / "made.mp3"
    whole = decoded(plain)
    content = b"\0engiTunSMPB\0" + gapless_row(576, len(whole) - COUNT - 576)
    frame = b"COMM" + struct.pack(">IH", len(content), 0) + content
    size = bytes(len(frame) >> shift & 0x7F for shift in (21, 14, 7, 0))
    path.write_bytes(b"ID3\3\0\0" + size + frame + plain.read_bytes())
    return path, whole[1105 : 1105 + COUNT]


def box(kind, content):
    return struct.pack(">I4s", 8 + len(content), kind) + content


def gapless_mp4(folder, wav):
    """iTunes' row of numbers in an MP4 file without an edit list."""
    plain, path = folder / "plain.m4a", folder / "made.m4a"
    ffmpeg("-i", wav, "-c:a", "aac", "-aac_pns", "0", "-use_editlist", "0", plain)
    data = plain.read_bytes()
    at = data.rfind(b"moov") - 4
    boxes, place = b"", at + 8
    while place < len(data):
        size, kind = struct.unpack_from(">I4s", data, place)
        boxes += data[place : place + size] if kind != b"udta" else b""
        place += size
    row = box(b"data", struct.pack(">II", 1, 0) + gapless_row(1024, 0))
    entry = box(b"----", box(b"mean", b"\0\0\0\0com.apple.iTunes") + box(b"name", b"\0\0\0\0iTunSMPB") + row)
    handler = box(b"hdlr", bytes(8) + b"mdirappl" + bytes(9))
    tags = box(b"udta", box(b"meta", bytes(4) + handler + box(b"ilst", entry)))
    path.write_bytes(data[:at] + box(b"moov", boxes + tags))
    return path, decoded(plain)[1024 : 1024 + COUNT]


PCM = ["u8", "s16le", "s24le", "s32le", "f32le", "f64le", "alaw", "mulaw"]
BIG_PCM = ["s8", "s16be", "s24be", "s32be", "f32be", "f64be"]
EXPERIMENTAL = ("-strict", "-2")
QUIET_AAC = ("-aac_pns", "0")

ENTRIES = [
    *(Entry(f"pcm_{kind} in wav", encoded("wav", f"pcm_{kind}")) for kind in PCM),
    *(Entry(f"pcm_{kind} in aiff", encoded("aiff", f"pcm_{kind}")) for kind in BIG_PCM),
    *(Entry(f"pcm_{kind} in caf", encoded("caf", f"pcm_{kind}")) for kind in ("s16be", "s24le", "f32be")),
    *(Entry(f"pcm_{kind} in mka", encoded("mka", f"pcm_{kind}"), often=kind == "s16le") for kind in ("s16le", "s24le", "f32le")),
    *(Entry(f"pcm_s16be in {ending}", encoded(ending, "pcm_s16be")) for ending in ("au", "mov")),
    *(Entry(f"pcm_s16le in {ending}", encoded(ending, "pcm_s16le")) for ending in ("w64", "mov", "wma")),
    Entry("pcm_s24le at 96 kHz in mka", encoded("mka", "pcm_s24le", "-ar", "96000")),
    Entry("RF64", encoded("wav", "pcm_s16le", "-rf64", "always")),
    *(Entry(f"adpcm_{kind} in wav", encoded("wav", f"adpcm_{kind}")) for kind in ("ms", "ima_wav")),
    Entry("adpcm_ima_qt in mov", encoded("mov", "adpcm_ima_qt"), exact=False),
    *(Entry(f"flac in {ending}", encoded(ending, "flac"), often=ending in ("ogg", "mka")) for ending in ("flac", "ogg", "mka", "caf")),
    Entry("flac at 96 kHz in mka", encoded("mka", "flac", "-ar", "96000")),
    Entry("flac in ogg by flac", by(["flac", "-s", "-f", "--ogg", "-o", "{path}", "{wav}"], "oga")),
    *(Entry(f"alac in {ending}", encoded(ending, "alac")) for ending in ("m4a", "caf", "mka", "mov")),
    *(Entry(f"wavpack in {ending}", encoded(ending, "wavpack")) for ending in ("wv", "mka")),
    # Not in Matroska, where FFmpeg doesn't decode a short last frame.
    Entry("tta in tta", encoded("tta", "tta")),
    *(Entry(f"truehd in {ending}", encoded(ending, "truehd", *EXPERIMENTAL)) for ending in ("mka", "mp4")),
    *(Entry(f"vorbis in {ending}", encoded(ending, "libvorbis"), often=ending == "webm") for ending in ("ogg", "mka", "webm")),
    Entry("vorbis at 96 kHz in mka", encoded("mka", "libvorbis", "-ar", "96000")),
    Entry("vorbis in mp4", encoded("mp4", "libvorbis", *EXPERIMENTAL, count=COUNT)),
    Entry("vorbis by oggenc", by(["oggenc", "-Q", "-o", "{path}", "{wav}"], "ogg")),
    *(Entry(f"opus in {ending}", encoded(ending, "libopus"), exact=False, often=ending == "webm") for ending in ("opus", "webm", "caf")),
    Entry("opus of 60 ms in webm", encoded("webm", "libopus", "-frame_duration", "60"), exact=False),
    Entry("opus by opusenc", by(["opusenc", "--quiet", "{wav}", "{path}"], "opus"), exact=False),
    *(Entry(f"mp3 in {ending}", encoded(ending, "libmp3lame")) for ending in ("mp3", "mka", "wma", "caf")),
    *(Entry(f"mp3 in {ending}", encoded(ending, "libmp3lame", count=COUNT)) for ending in ("mov", "mp4")),
    Entry("mp3 by lame, VBR", by(["lame", "--quiet", "-V2", "{wav}", "{path}"], "mp3")),
    Entry("mp3 of 8 kbit/s", encoded("mp3", "libmp3lame", "-ar", "22050", "-b:a", "8k"), often=True),
    Entry("mp3 at 8 kHz", by(["lame", "--quiet", "--resample", "8", "{wav}", "{path}"], "mp3")),
    *(Entry(f"mp2 in {ending}", encoded(ending, "mp2")) for ending in ("mp2", "mka", "wav")),
    *(Entry(f"aac in {ending}", encoded(ending, "aac", *QUIET_AAC)) for ending in ("aac", "mka", "wma")),
    *(Entry(f"aac in m4a, clock of {scale}", encoded("m4a", "aac", *QUIET_AAC, "-movie_timescale", scale, count=COUNT),
            often=scale == 1000) for scale in (1000, 600, RATE)),
    *(Entry(f"ac3 in {ending}", encoded(ending, "ac3"), exact=False) for ending in ("ac3", "mka", "wav", "mp4")),
    *(Entry(f"eac3 in {ending}", encoded(ending, "eac3"), exact=False) for ending in ("eac3", "mka", "mp4")),
    *(Entry(f"dts in {ending}", encoded(ending, "dca", *EXPERIMENTAL)) for ending in ("dts", "mka", "wav")),
    *(Entry(f"{codec} in {ending}", encoded(ending, codec), often=ending == "wma" and codec == "wmav2")
      for codec in ("wmav1", "wmav2") for ending in ("wma", "wav")),
    Entry("chained flac", chained("flac")),
    Entry("chained vorbis", chained("libvorbis"), often=True),
    Entry("chained opus", chained("libopus"), exact=False),
    *(Entry(f"the default of two tracks in {ending}", two_tracks(ending, codec)) for ending, codec in (("mka", "flac"), ("m4a", "alac"))),
    *(Entry(f"Xing × {factor}, {kind}", lying_xing(factor, *options), often=factor == 4.5 and kind == "VBR")
      for factor in (4.5, 0.5) for kind, options in (("CBR", ("-b:a", "128k")), ("VBR", ("-q:a", "2")))),
    Entry("iTunSMPB in ID3", gapless_comment),
    Entry("iTunSMPB in m4a", gapless_mp4),
]  # fmt: skip


def make(folder, entries):
    """Makes what this machine's programs can; returns each entry with its file, at its grid's rate what is to be heard,
    and the file's own rate."""
    wav = signal(pathlib.Path(folder) / "signal.wav")
    made = []
    for number, entry in enumerate(entries):
        own = pathlib.Path(folder) / f"{number}"
        own.mkdir()
        path, heard = entry.make(own, wav)
        if path is not None:
            made.append((entry, path, heard))
    return made
