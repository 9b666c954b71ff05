"""Sound files of every container and codec, a few seconds each, with tags and pictures: what is to be mutated."""

import subprocess
from pathlib import Path

SECONDS = 6

# Ending, and how ffmpeg encodes it. Those with a picture have one of their own kind of tag around it.
KINDS = [
    ("mp3", True, ["-c:a", "libmp3lame", "-b:a", "128k", "-id3v2_version", "3"]),
    ("mp3", False, ["-c:a", "libmp3lame", "-q:a", "4", "-id3v2_version", "4", "-write_id3v1", "1"]),
    ("aac", False, ["-c:a", "aac", "-b:a", "96k"]),
    ("m4a", True, ["-c:a", "aac", "-b:a", "128k", "-movflags", "+faststart"]),
    ("m4a", False, ["-c:a", "alac"]),
    ("ogg", False, ["-c:a", "libvorbis", "-q:a", "4"]),
    ("opus", False, ["-c:a", "libopus", "-b:a", "64k"]),
    ("flac", True, ["-c:a", "flac", "-sample_fmt", "s16"]),
    ("flac", False, ["-c:a", "flac", "-sample_fmt", "s32", "-ar", "96000"]),
    ("ogg", False, ["-c:a", "flac", "-sample_fmt", "s16"]),
    ("wav", False, ["-c:a", "pcm_s16le"]),
    ("wav", False, ["-c:a", "pcm_f32le", "-ac", "6"]),
    ("aiff", False, ["-c:a", "pcm_s24be"]),
    ("wv", False, ["-c:a", "wavpack"]),
    ("mka", False, ["-c:a", "libvorbis"]),
    ("m4a", False, ["-c:a", "aac", "-movflags", "frag_keyframe+empty_moov+default_base_moof"]),
    ("caf", False, ["-c:a", "alac"]),
    ("w64", False, ["-c:a", "pcm_s16le"]),
    ("wav", False, ["-c:a", "pcm_s16le", "-rf64", "always"]),
    ("wma", False, ["-c:a", "wmav2", "-b:a", "96k"]),
]


def _ffmpeg(*arguments) -> bool:
    command = ["ffmpeg", "-hide_banner", "-loglevel", "error", "-nostdin", "-y", *map(str, arguments)]
    return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


def make(folder: Path, music: Path | None, kinds: int | None = None) -> list[tuple[str, bytes]]:
    """Ending and bytes of each. `music` is a folder of real music; without it there are chords and noise."""
    folder.mkdir(parents=True, exist_ok=True)
    sources = sorted(music.glob("*.ogg")) if music and music.is_dir() else []
    picture = folder / "cover.jpg"
    _ffmpeg("-f", "lavfi", "-i", "testsrc=s=120x120", "-frames:v", 1, picture)
    noise = "aevalsrc=0.3*sin(440*2*PI*t)+0.2*(random(0)-0.5)*exp(-9*mod(t\\,0.4))|0.3*sin(554*2*PI*t):s=44100"
    found = []
    for number, (ending, has_picture, encoding) in enumerate(KINDS[:kinds]):
        path = folder / f"seed{number}.{ending}"
        source = ["-i", sources[number % len(sources)]] if sources else ["-f", "lavfi", "-i", noise]
        tags = ["-metadata", f"title=Seed {number}", "-metadata", "artist=Füzz & Sons", "-metadata", "album=Bits",
                "-metadata", "track=3/12", "-metadata", "date=1999"]
        maps = ["-map", "0:a", "-map", "1:v", "-c:v", "copy", "-disposition:v", "attached_pic"] if has_picture else ["-map", "0:a"]
        shown = ["-i", picture] if has_picture else []
        # What this ffmpeg can't encode is left out.
        if _ffmpeg(*source, *shown, "-t", SECONDS, *maps, *tags, *encoding, path):
            found.append((ending, path.read_bytes()))
    return found
