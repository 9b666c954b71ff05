"""What FFmpeg makes of a file: the judge of what the server makes of it."""

import subprocess

import numpy


def decoded(path, rate=None, track=0):
    """What FFmpeg makes of a file's sound, as float."""
    resampled = ["-ar", str(rate)] if rate else []
    command = ["ffmpeg", "-nostdin", "-v", "fatal", "-i", str(path), "-map", f"0:a:{track}", *resampled]
    raw = subprocess.run([*command, "-f", "f32le", "-ac", "2", "-"], capture_output=True, check=True, timeout=120).stdout
    return numpy.frombuffer(raw, "<f4").reshape(-1, 2)


def rate_of(path):
    """Hz of a file's sound; where it has two tracks, both are the same."""
    command = ["ffprobe", "-v", "fatal", "-select_streams", "a", "-show_entries", "stream=sample_rate", "-of", "default=nk=1:nw=1"]
    return int(subprocess.run([*command, str(path)], capture_output=True, check=True, timeout=60).stdout.split()[0])
