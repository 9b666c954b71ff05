"""The library that these tests play: the demo library cut short, exact test pieces, and real music if it is at hand."""

import pathlib
import shutil
import subprocess
import sys
from dataclasses import dataclass, field

import numpy

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent

# One of each container, and one of 24 bits at 48 kHz.
DEMO = ("First Cut", "Run-Out Groove", "Swarf", "Ferry Lights", "Sodium Glow")


@dataclass
class Library:
    """`files` maps a title to its file; `real` names the titles that are recorded music."""

    folder: pathlib.Path
    files: dict = field(default_factory=dict)
    real: tuple = ()


# With a time in front of each line (LRC), tagged in "Long".
LYRICS = "[00:00.00]Needle down\n[00:20.00]Side one\n[01:40.00]Run-out groove"


def piece(folder, name, seconds, *encoding, rate=44100, seed=1, lyrics=None):
    """A stereo piece of chords, noise bursts and a sweep: tonal and transient, its ends not silent."""
    time = numpy.arange(round(seconds * rate)) / rate
    noise = (
        numpy.random.default_rng(seed).uniform(-0.25, 0.25, (len(time), 2)) * numpy.exp(-18 * (time % 0.345))[:, None]
    )
    sweep = 0.25 * numpy.sin(2 * numpy.pi * numpy.outer(time, (110, 220)) * (1 + 0.3 * time[:, None] / seconds))
    chord = 0.15 * numpy.sin(2 * numpy.pi * numpy.outer(time, (277.2, 329.6)))
    samples = numpy.round((noise + sweep + chord) * 32767).astype("<i2")
    path = folder / name
    tags = [f"title={path.stem}", "artist=Test Pressing", "album=Exact", *([f"lyrics={lyrics}"] if lyrics else [])]
    command = [
        "ffmpeg",
        "-hide_banner",
        "-loglevel",
        "error",
        "-y",
        "-f",
        "s16le",
        "-ar",
        str(rate),
        "-ac",
        "2",
        "-i",
        "pipe:0",
    ]
    command += [option for tag in tags for option in ("-metadata", tag)] + [*encoding, str(path)]
    subprocess.run(command, input=samples.tobytes(), check=True)
    return path


def make(folder, real_music=None):
    """Makes the library in `folder`, some seconds of work."""
    folder = pathlib.Path(folder)
    maker = [
        sys.executable,
        ROOT / "scripts/demo-library",
        folder / "demo",
        "--blocks",
        "1",
        "--titles",
        ",".join(DEMO),
    ]
    subprocess.run(maker, check=True, stdout=subprocess.DEVNULL)
    result = Library(folder)
    for path in sorted((folder / "demo").rglob("*.*")):
        if path.suffix in (".flac", ".mp3", ".m4a", ".ogg"):
            result.files[path.stem.split(" ", 1)[1]] = path
    exact = folder / "exact"
    exact.mkdir()
    for path in (
        # No length here is a multiple of a frame or of a segment.
        piece(exact, "Odd FLAC.flac", 9.8765, "-c:a", "flac", "-sample_fmt", "s16", seed=3),
        piece(exact, "Odd 48k.flac", 7.4321, "-c:a", "flac", "-sample_fmt", "s16", rate=48000, seed=5),
        piece(exact, "Long.flac", 150.3, "-c:a", "flac", "-sample_fmt", "s16", seed=7, lyrics=LYRICS),
        piece(exact, "Blip.flac", 0.1234, "-c:a", "flac", "-sample_fmt", "s16", seed=9),
    ):
        result.files[path.stem] = path
    if real_music:
        real = []
        (folder / "real").mkdir()
        for path in sorted(pathlib.Path(real_music).glob("*.ogg")):
            title = probe_title(path) or path.stem
            shutil.copy(path, folder / "real")
            result.files[title] = folder / "real" / path.name
            real.append(title)
        result.real = tuple(real)
    return result


def probe_title(path):
    """The title tag of an Ogg file, if it has one."""
    done = subprocess.run(
        [
            "ffprobe",
            "-v",
            "error",
            "-show_entries",
            "stream_tags=title:format_tags=title",
            "-of",
            "default=nw=1:nk=1",
            str(path),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip().splitlines()[0] if done.stdout.strip() else None
