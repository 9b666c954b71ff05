"""Mutations of a file's bytes: each takes a generator of random numbers, the bytes and those of another file."""

import random
import re
import struct

EXTREMES = [b"\x00\x00\x00\x00", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f", b"\x80\x00\x00\x00",
            b"\x00\x00\x00\x80", b"\x00\x00\x00\x01", b"\x01\x00\x00\x00", b"\x00\x01\x00\x00", b"\x00\x00\xff\xff"]
# Where lengths and counts stand: a chunk's, a box's, a page's or a tag's name.
MARKS = re.compile(
    rb"OggS|fLaC|RIFF|fmt |data|FORM|COMM|SSND|ftyp|moov|mvhd|trak|tkhd|mdia|mdhd|stsd|stts|stsc|stsz|stco|co64|elst|esds|alac"
    rb"|mehd|tfdt|tfhd|trun|sidx|caff|desc|pakt|ds64|riff|fact|meta|ilst|covr|mdat|ID3|APIC|TIT2|Xing|Info|LAME|wvpk|OpusHead|OpusTags|\x01vorbis|\x03vorbis|\x05vorbis")

# Numbers of 64 bits, most of which leave no room for a sum.
EDGES = [0, 1, 2**31 - 1, 2**32 - 1, 2**40, 2**55, 2**60, 2**62, 2**63 - 1, 2**63, 2**63 + 1, 2**64 - 2**40, 2**64 - 2, 2**64 - 1]
BOXES = {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts", b"moof", b"traf", b"mvex"}
CRC = [0] * 256
for number in range(256):
    value = number << 24
    for _ in range(8):
        value = (value << 1) ^ (0x04C11DB7 if value & 0x80000000 else 0)
    CRC[number] = value & 0xFFFFFFFF


def flip(rng: random.Random, data: bytearray, _: bytes) -> None:
    for _ in range(rng.choice((1, 3, 20, 200))):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def flip_header(rng: random.Random, data: bytearray, _: bytes) -> None:
    for _ in range(rng.choice((1, 2, 8))):
        data[rng.randrange(min(len(data), 600))] = rng.randrange(256)


def truncate(rng: random.Random, data: bytearray, _: bytes) -> None:
    del data[rng.randrange(1, len(data)):]


def splice(rng: random.Random, data: bytearray, other: bytes) -> None:
    at, start = rng.randrange(len(data)), rng.randrange(len(other))
    data[at:] = other[start:]


def extreme(rng: random.Random, data: bytearray, _: bytes) -> None:
    """A field beside a mark becomes as large, as small or as negative as it can."""
    marks = [found.start() for found in MARKS.finditer(bytes(data))]
    for _ in range(rng.choice((1, 1, 2, 4))):
        at = rng.choice(marks or [0]) + rng.choice((-4, 4, 8, 12, 16, 20, 24, 28))
        if 0 <= at <= len(data) - 4:
            data[at:at + 4] = rng.choice(EXTREMES)


def wide(rng: random.Random, data: bytearray, _: bytes) -> None:
    """The same with eight bytes, of either order."""
    marks = [found.start() for found in MARKS.finditer(bytes(data))]
    for _ in range(rng.choice((1, 2, 4))):
        at = rng.choice(marks or [0]) + rng.choice((4, 8, 12, 16, 20, 24, 28))
        if 0 <= at <= len(data) - 8:
            data[at:at + 8] = struct.pack(rng.choice("<>") + "Q", rng.choice(EDGES))


def granules(rng: random.Random, data: bytearray, _: bytes) -> None:
    """Ogg pages from the ends of time, with checksums that are right."""
    pages = [found.start() for found in re.finditer(rb"OggS\x00", bytes(data))]
    for at in rng.sample(pages, min(len(pages), rng.choice((1, 2, 5)))):
        end = at + 27 + (data[at + 26] if at + 26 < len(data) else 0)
        end += sum(data[at + 27:end])
        if end > len(data):
            continue
        data[at + 6:at + 14] = struct.pack("<Q", rng.choice(EDGES))
        data[at + 22:at + 26] = bytes(4)
        checksum = 0
        for byte in data[at:end]:
            checksum = (checksum << 8 & 0xFFFFFFFF) ^ CRC[checksum >> 24 ^ byte]
        data[at + 22:at + 26] = struct.pack("<I", checksum)


def times(rng: random.Random, data: bytearray, _: bytes) -> None:
    """Boxes of an MP4 that say times become 64 bits wide, and say others."""
    def edited(level: bytes) -> bytes:
        out, at = b"", 0
        while at + 8 <= len(level):
            size, kind = struct.unpack_from(">I4s", level, at)
            end = at + size if size >= 8 else len(level)
            body = level[at + 8:end]
            edge = lambda: rng.choice(EDGES)  # noqa: E731
            if kind in BOXES:
                body = edited(body)
            elif kind == b"mdhd":
                body = struct.pack(">IQQIQHH", 1 << 24, 0, 0, edge() & 0xFFFFFFFF, edge(), 0x55C4, 0)
            elif kind == b"elst" and rng.random() < 0.5:
                body = struct.pack(">IIQQI", 1 << 24, 1, edge(), edge(), 0x10000)
            elif kind == b"tfdt":
                body = struct.pack(">IQ", 1 << 24, edge())
            out += struct.pack(">I4s", len(body) + 8, kind) + body
            at = end
        return out

    if data[4:8] == b"ftyp":
        data[:] = edited(bytes(data))


def repeat(rng: random.Random, data: bytearray, _: bytes) -> None:
    start = rng.randrange(len(data))
    piece = data[start:start + rng.choice((4, 188, 4_096, 60_000))]
    at = rng.randrange(len(data))
    data[at:at] = piece * rng.choice((1, 2, 9))


def delete(rng: random.Random, data: bytearray, _: bytes) -> None:
    start = rng.randrange(len(data))
    del data[start:start + rng.choice((1, 4, 417, 5_000))]


def rubbish(rng: random.Random, data: bytearray, _: bytes) -> None:
    start = rng.randrange(len(data))
    piece = rng.randbytes(rng.choice((4, 64, 4_000)))
    data[start:start + len(piece)] = piece


def silence(rng: random.Random, data: bytearray, _: bytes) -> None:
    start = rng.randrange(len(data))
    count = min(len(data) - start, rng.choice((4, 300, 20_000)))
    data[start:start + count] = bytes([rng.choice((0, 255))]) * count


MUTATIONS = [
    flip, flip, flip_header, truncate, splice, extreme, extreme, extreme, wide, granules, times, repeat, delete, rubbish, silence,
]


def mutant(rng: random.Random, seeds: list[tuple[str, bytes]], same_length: bool = False) -> tuple[str, bytes, str]:
    """Ending, bytes, and what was done. With `same_length` the file is as long as its seed."""
    number = rng.randrange(len(seeds))
    ending, original = seeds[number]
    data, steps = bytearray(original), []
    for _ in range(rng.choice((1, 1, 2, 3))):
        step = rng.choice(MUTATIONS)
        if len(data) > 8:
            step(rng, data, rng.choice(seeds)[1])
            steps.append(step.__name__)
    if same_length:
        data = data[:len(original)] + bytes(max(0, len(original) - len(data)))
    # Now and then under another's name.
    name = ending if rng.random() < 0.9 else rng.choice(seeds)[0]
    return name, bytes(data), f"seed {number}: {' '.join(steps)}"
