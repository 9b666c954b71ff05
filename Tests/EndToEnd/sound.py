"""What a listener does with sound: cuts frames, decodes them with ffmpeg, keeps what the protocol says is to be heard."""

import subprocess
from dataclasses import dataclass

import numpy

CHANNELS = 2


def ffmpeg(*arguments, stdin=None):
    """Runs ffmpeg and returns its standard output; a non-zero status or a complaint of the decoder is an error."""
    done = subprocess.run(
        ["ffmpeg", "-hide_banner", "-loglevel", "error", *map(str, arguments)],
        input=stdin,
        capture_output=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr.decode(errors="replace")[-2000:]
    return done.stdout


def decoded(data, container, sample_type="s16le"):
    """Decodes a raw stream (`mp3`, `aac`, `flac`) as it is: every sample of every frame, priming and padding too."""
    raw = ffmpeg(
        "-f",
        container,
        "-flags2",
        "+skip_manual",
        "-i",
        "pipe:0",
        "-f",
        sample_type,
        "-ac",
        CHANNELS,
        "pipe:1",
        stdin=data,
    )
    return numpy.frombuffer(raw, "<i2" if sample_type == "s16le" else "<f4").reshape(-1, CHANNELS)


def source_samples(path, rate):
    """The source as ffmpeg decodes it, resampled to `rate` only where it has another."""
    raw = ffmpeg("-i", path, "-map", "0:a:0", "-ar", rate, "-ac", CHANNELS, "-f", "s16le", "pipe:1")
    samples = numpy.frombuffer(raw, "<i2").reshape(-1, CHANNELS)
    # ffmpeg gives an MP4's last frame whole, though the track ends within it.
    return samples[: round(mp4_seconds(path) * rate)] if str(path).endswith(".m4a") else samples


def mp4_seconds(path):
    """How long an MP4's sound is: its track, counted in samples, without what lies before its beginning. (The edit list
    says the same only to a tick of the movie's clock, a millisecond as a rule.)"""

    def ask(*what):
        command = ["ffprobe", "-v", "error", "-select_streams", "a:0", *what, "-of", "csv=p=0", str(path)]
        return subprocess.run(command, capture_output=True, check=True, text=True, timeout=60).stdout.split("\n")[0]

    rate, duration = map(int, ask("-ignore_editlist", "1", "-show_entries", "stream=sample_rate,duration_ts").split(","))
    first = int(ask("-show_entries", "packet=pts", "-read_intervals", "%+#1").strip(","))
    return (duration + min(first, 0)) / rate


MP3_BITRATES = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
MP3_RATES = (44100, 48000, 32000)


def mp3_frames(data):
    """Lengths of the MPEG-1 layer III frames that `data` is made of, to the byte (ISO 11172-3, 2.4.2.3)."""
    at = 0
    while at < len(data):
        assert data[at] == 0xFF and data[at + 1] & 0xFE == 0xFA, f"no MP3 frame at byte {at} of {len(data)}"
        bitrate, rate = MP3_BITRATES[data[at + 2] >> 4], MP3_RATES[(data[at + 2] >> 2) & 3]
        length = 144_000 * bitrate // rate + ((data[at + 2] >> 1) & 1)
        yield length
        at += length
    assert at == len(data), "the last MP3 frame is cut off"


def adts_frames(data):
    """Lengths of the ADTS frames that `data` is made of, to the byte (ISO 13818-7, 6.2)."""
    at = 0
    while at < len(data):
        assert data[at] == 0xFF and data[at + 1] & 0xF6 == 0xF0, f"no ADTS frame at byte {at} of {len(data)}"
        length = (data[at + 3] & 3) << 11 | data[at + 4] << 3 | data[at + 5] >> 5
        yield length
        at += length
    assert at == len(data), "the last ADTS frame is cut off"


@dataclass
class Heard:
    """What a run of chunks sounds like."""

    samples: numpy.ndarray
    frames: int


def heard(chunks, codec, description=b""):
    """Decodes successive chunks of one epoch and one rendition, and keeps what is to be heard of each."""
    data = b"".join(chunk["data"] for chunk in chunks)
    if codec == "flac":
        # Frames need no splitting: a chunk's decoded length is what is skipped and what is heard.
        whole = decoded(description + data, "flac")
        lengths = [chunk.get("skip", 0) + chunk["samples"] for chunk in chunks]
        assert sum(lengths) == len(whole), f"{sum(lengths)} samples announced, {len(whole)} decoded"
        frames = len(chunks)
    else:
        cut, per_frame = (mp3_frames, 1152) if codec == "mp3" else (adts_frames, 1024)
        counts = [sum(1 for _ in cut(chunk["data"])) for chunk in chunks]
        lengths, frames = [count * per_frame for count in counts], sum(counts)
        whole = decoded(data, "mp3" if codec == "mp3" else "aac")
        assert len(whole) == sum(lengths), f"{sum(lengths)} samples in the frames, {len(whole)} decoded"
    kept, at = [], 0
    for chunk, length in zip(chunks, lengths):
        skip, samples = chunk.get("skip", 0), chunk["samples"]
        assert skip + samples <= length, f"chunk {chunk['seq']} announces more samples than it holds"
        kept.append(whole[at + skip : at + skip + samples])
        at += length
    return Heard(numpy.concatenate(kept), frames)


def lag(reference, sound):
    """By how many samples `sound` is late against `reference`, from the peak of their cross-correlation."""
    count = min(len(reference), len(sound), 1 << 18)
    a, b = (signal[:count].astype(float).sum(axis=1) for signal in (reference, sound))
    size = 1 << (2 * count - 1).bit_length()
    correlation = numpy.fft.irfft(numpy.fft.rfft(b, size) * numpy.conj(numpy.fft.rfft(a, size)), size)
    peak = int(numpy.argmax(correlation))
    return peak if peak < size // 2 else peak - size


def signal_to_noise(reference, sound):
    """In decibels, over the length that both have."""
    count = min(len(reference), len(sound))
    a, b = reference[:count].astype(float), sound[:count].astype(float)
    return 10 * numpy.log10((a**2).sum() / max(((a - b) ** 2).sum(), 1e-9))
