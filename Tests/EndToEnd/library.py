"""The library that these tests play: the demo library cut short, exact test pieces, and real music if it is at hand."""

import pathlib
import shutil
import subprocess
import sys
from dataclasses import dataclass, field

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent

# One of each container, and one of 24 bits at 48 kHz.
DEMO = ("First Cut", "Run-Out Groove", "Swarf", "Ferry Lights", "Sodium Glow")


@dataclass
class Library:
    """`files` maps a title to its file; `real` names the titles that are recorded music."""

    folder: pathlib.Path
    files: dict = field(default_factory=dict)
    real: tuple = ()


def piece(folder, name, seconds, *encoding, rate=44100, seed=1):
    """A stereo piece of chords, noise bursts and a sweep: tonal and transient, its ends not silent."""
    burst = "0.25*exp(-18*mod(t,0.345))*(random(%d)*2-1)"
    left = f"0.25*sin(2*PI*t*(110+40*t/{seconds}))+0.15*sin(2*PI*t*277.2)+" + burst % seed
    right = f"0.25*sin(2*PI*t*(220-30*t/{seconds}))+0.15*sin(2*PI*t*329.6)+" + burst % (seed + 1)
    path = folder / name
    subprocess.run(
        [
            "ffmpeg",
            "-hide_banner",
            "-loglevel",
            "error",
            "-nostdin",
            "-y",
            "-f",
            "lavfi",
            "-i",
            f"aevalsrc='{left}|{right}':s={rate}:d={seconds}",
            "-metadata",
            f"title={path.stem}",
            "-metadata",
            "artist=Test Pressing",
            "-metadata",
            "album=Exact",
            *encoding,
            str(path),
        ],
        check=True,
    )
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
        piece(exact, "Long.flac", 150.3, "-c:a", "flac", "-sample_fmt", "s16", seed=7),
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
