"""A library of synthetic tracks: the same on every machine with the same FFmpeg, made once and kept."""

import concurrent.futures
import os
import subprocess
from pathlib import Path

COUNT = 48
# Of what people have: lossless and the three usual lossy codecs, in turn.
FORMATS = [
    ("flac", ["-c:a", "flac"]),
    ("mp3", ["-c:a", "libmp3lame", "-b:a", "320k"]),
    ("ogg", ["-c:a", "libvorbis", "-q:a", "6"]),
    ("m4a", ["-c:a", "aac", "-b:a", "256k"]),
]
RATES = [44_100, 48_000]


def seconds(number: int) -> int:
    """60 … 240 s, spread over the tracks."""
    return 60 + (number * 67) % 181


def _source(number: int) -> str:
    """A graph of FFmpeg's own sources: a bass, a beat and noise, so that an encoder has to work as it does with music."""
    rate = RATES[number % len(RATES)]
    length = seconds(number)
    base = 55 + number * 3
    return (
        f"sine=f={base}:b=4:r={rate}:d={length},volume=0.5[bass];"
        f"sine=f={base * 6}:r={rate}:d={length},tremolo=f={2 + number % 5}:d=0.9,volume=0.2[lead];"
        f"anoisesrc=c=pink:r={rate}:d={length}:s={number + 1}:a=0.4,tremolo=f={4 + number % 3}:d=0.95[hiss];"
        "[bass][lead][hiss]amix=inputs=3:normalize=0,aformat=channel_layouts=stereo,"
        "stereowiden=delay=11,alimiter=limit=0.9"
    )


def _make(path: Path, number: int) -> None:
    _, codec = FORMATS[number % len(FORMATS)]
    unfinished = path.with_name("unfinished-" + path.name)
    subprocess.run(
        ["ffmpeg", "-nostdin", "-v", "error", "-y", "-filter_complex", _source(number) + "[out]", "-map", "[out]",
         "-metadata", f"title=Track {number:02d}", "-metadata", "artist=Dubplate", "-metadata", "album=Benchmarks",
         *codec, str(unfinished)],
        check=True)
    unfinished.rename(path)


def make_library(folder: Path) -> Path:
    """The folder with all tracks in it; makes those that are missing."""
    folder.mkdir(parents=True, exist_ok=True)
    for rest in folder.glob("unfinished-*"):
        rest.unlink()
    wanted = [(folder / f"{n:02d}.{FORMATS[n % len(FORMATS)][0]}", n) for n in range(COUNT)]
    missing = [(path, n) for path, n in wanted if not path.exists()]
    if missing:
        print(f"making {len(missing)} tracks in {folder} (once) …", flush=True)
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            for done in [pool.submit(_make, path, n) for path, n in missing]:
                done.result()
    return folder
