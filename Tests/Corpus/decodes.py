"""What FFmpeg makes of a file: the judge of what the server makes of it."""

import subprocess

import numpy


def decoded(path, rate=None, track=0):
    """What FFmpeg makes of a file's sound, as float in stereo: one channel is heard on both sides as loud as it is."""
    resampled = ["-ar", str(rate)] if rate else []
    channels = min(asked(path, "channels", track), 2)
    command = ["ffmpeg", "-nostdin", "-v", "fatal", "-i", str(path), "-map", f"0:a:{track}", *resampled]
    raw = subprocess.run([*command, "-f", "f32le", "-ac", str(channels), "-"], capture_output=True, check=True, timeout=120).stdout
    return numpy.frombuffer(raw, "<f4").reshape(-1, channels).repeat(2 // channels, axis=1)


def rate_of(path):
    """Hz of a file's sound; where it has two tracks, both have the same."""
    return asked(path, "sample_rate")


def asked(path, what, track=0):
    """A number of one of a file's tracks of sound."""
    command = ["ffprobe", "-v", "fatal", "-select_streams", f"a:{track}", "-show_entries", f"stream={what}", "-of", "default=nk=1:nw=1"]
    return int(subprocess.run([*command, str(path)], capture_output=True, check=True, timeout=60).stdout.split()[0])


def packet_sizes(path):
    """Bytes of each packet of a file's sound."""
    command = ["ffprobe", "-v", "fatal", "-select_streams", "a", "-show_entries", "packet=size", "-of", "default=nk=1:nw=1"]
    return [int(size) for size in subprocess.run([*command, str(path)], capture_output=True, check=True, timeout=60).stdout.split()]
