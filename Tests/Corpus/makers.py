"""How the corpus' files are made: by programs that aren't the server's own, and of bytes of ours.

Each of these is, or gives, a `make(folder, wav)` that returns the file, and the samples that are to be heard of it if
FFmpeg's decode isn't the judge; no file where this machine has no program for it.
"""

import math
import os
import pathlib
import shutil
import struct
import subprocess

import numpy
from decodes import decoded, rate_of

RATE, SECONDS = 44100, 9.27173  # no whole number of milliseconds, nor of any codec's frames
COUNT = round(RATE * SECONDS)
# What scripts/bootstrap took out of packages, with the libraries beside the programs.
ASSETS = pathlib.Path(__file__).resolve().parents[2] / ".build-assets"


def run(*arguments, **options):
    subprocess.run([str(argument) for argument in arguments], check=True, capture_output=True, timeout=120, **options)


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


def encoded(ending, codec, *options, is_padded=False):
    """By FFmpeg. `is_padded`: it leaves padding in that the file says how to take off."""

    def make(folder, wav):
        path = folder / f"made.{ending}"
        ffmpeg("-i", wav, "-c:a", codec, *options, path)
        return path, decoded(path)[: math.ceil(COUNT * rate_of(path) / RATE)] if is_padded else None

    return make


def program_path(name):
    own = ASSETS / name / name
    return str(own) if own.exists() else shutil.which(name)


def by(program, ending, count=None):
    """By the codec's own program: `{wav}` and `{path}` stand for the files. `count`: samples that the file says are to be
    heard, where FFmpeg plays padding as well."""

    def make(folder, wav):
        path = folder / f"made.{ending}"
        if (name := program_path(program[0])) is None:
            return None, None
        environment = os.environ | {"LD_LIBRARY_PATH": str(pathlib.Path(name).parent)}
        run(name, *(str(part).format(wav=wav, path=path) for part in program[1:]), env=environment)
        return path, decoded(path)[:count] if count else None

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


def glued(folder, wav):
    """MP3 files one behind the other, each shorter than what tells a file's kind: one of them with a header of its own."""
    parts = []
    for number, (start, options) in enumerate([(0, ()), (1, ("-write_xing", "0", "-id3v2_version", "0")), (2, ())]):
        parts.append(folder / f"part-{number}.mp3")
        ffmpeg("-ss", start, "-t", 2.5, "-i", wav, "-c:a", "libmp3lame", "-b:a", "128k", *options, parts[-1])
    path = folder / "made.mp3"
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    # What LAME put behind the last to fill its frame up; FFmpeg plays it.
    padding = -(round(2.5 * RATE) + 1105) % 1152
    return path, decoded(path)[:-padding]


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


def samples_of(wav):
    return numpy.frombuffer(wav.read_bytes()[44:], "<i2").reshape(-1, 2)


def one_bit(wav):
    """Samples of one bit, 64 to each of 16: as many of them set as it is high, spread evenly. A column for each channel."""
    steps = [int(f"{number:06b}"[::-1], 2) for number in range(64)]
    bits = (samples_of(wav)[:, None, :] / 65536 + 0.5) * 64 > numpy.array(steps)[None, :, None]
    return bits.reshape(-1, 2)


def dsf(order):
    """Sony's stream file of DSD: its bits in either order, blocks of 4,096 bytes by turns."""

    def make(folder, wav):
        bits, path = one_bit(wav), folder / "made.dsf"
        packed = numpy.packbits(bits, axis=0, bitorder=order)
        packed = numpy.pad(packed, ((0, -len(packed) % 4096), (0, 0)))
        data = packed.reshape(-1, 4096, 2).transpose(0, 2, 1).tobytes()
        kind = 1 if order == "little" else 8
        shape = struct.pack("<4sQIIIIIIQII", b"fmt ", 52, 1, 0, 2, 2, 64 * RATE, kind, len(bits), 4096, 0)
        head = struct.pack("<4sQQQ", b"DSD ", 28, 28 + 52 + 12 + len(data), 0)
        path.write_bytes(head + shape + struct.pack("<4sQ", b"data", 12 + len(data)) + data)
        # It ends within a block; what fills that up is no sound.
        return path, decoded(path)[: len(bits) // 8]

    return make


def dsdiff(folder, wav):
    """Philips' interchange file of DSD: the first bit highest, bytes by turns."""

    def chunk(kind, content):
        return struct.pack(">4sQ", kind, len(content)) + content + bytes(len(content) % 2)

    path = folder / "made.dff"
    data = numpy.packbits(one_bit(wav), axis=0).tobytes()
    channels = chunk(b"CHNL", struct.pack(">H", 2) + b"SLFTSRGT")
    kind = chunk(b"CMPR", b"DSD \x0enot compressed")
    shape = chunk(b"PROP", b"SND " + chunk(b"FS  ", struct.pack(">I", 64 * RATE)) + channels + kind)
    content = b"DSD " + chunk(b"FVER", bytes([1, 5, 0, 0])) + shape + chunk(b"DSD ", data)
    path.write_bytes(chunk(b"FRM8", content))
    return path, None


def amiga(folder, wav):
    """8SVX: one channel of eight bits."""
    path = folder / "made.8svx"
    body = (samples_of(wav)[:, 0] >> 8).astype("i1").tobytes()
    body += bytes(len(body) % 2)
    head = b"VHDR" + struct.pack(">IIIIHBBI", 20, COUNT, 0, 0, RATE, 1, 0, 0x10000)
    content = b"8SVX" + head + struct.pack(">4sI", b"BODY", len(body)) + body
    path.write_bytes(struct.pack(">4sI", b"FORM", len(content)) + content)
    return path, None


def open_magic_gate(kind, codec, *options):
    """Sony's container, whose head says of what is behind it little more than which of its codecs that is."""

    def make(folder, wav):
        path, raw = folder / "made.oma", folder / "raw"
        ffmpeg("-i", wav, "-c:a", codec, *options, raw)
        head = b"EA3\1" + struct.pack(">HH", 96, 0xFFFF) + bytes(24) + bytes([kind, 0, 0, 0])
        path.write_bytes(head.ljust(96, b"\0") + raw.read_bytes())
        return path, None

    return make


def wide_amr(folder, wav):
    """AMR-WB by GStreamer, which leaves the file's head to others."""
    path, raw = folder / "made.amr", folder / "raw"
    if not shutil.which("gst-launch-1.0"):
        return None, None
    shape = "audio/x-raw,rate=16000,channels=1"
    run("gst-launch-1.0", "-q", *f"filesrc location={wav} ! wavparse ! audioconvert ! audioresample ! {shape} ! voamrwbenc".split(),
        "!", "filesink", f"location={raw}")  # fmt: skip
    path.write_bytes(b"#!AMR-WB\n" + raw.read_bytes())
    return path, None
