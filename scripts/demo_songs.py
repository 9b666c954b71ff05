"""The songs of the demo library, as data."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Song:
    """What a track is: its tags, its file, its chords (root as a MIDI note, and the notes above it) and its form.

    `form` names one block a letter: i intro, d drums alone, a and b the two drops, p pads alone, o outro.
    """

    file: str
    title: str
    album: str
    number: int
    year: int
    genre: str
    rate: int
    bpm: float
    style: str
    chords: tuple
    form: str
    seed: int
    encode: tuple


LATHE, RIVER = "Lathe Hours", "Night River EP"
ALBUMS = {LATHE: ("Acetate Union", 2024, (232, 98, 44)), RIVER: ("Mira Halden", 2025, (62, 124, 222))}
MINOR9, MAJOR9, SUS = (0, 3, 7, 10, 14), (0, 4, 7, 11, 14), (0, 5, 7, 10, 14)
SONGS = (
    Song(
        "Lathe Hours/01 First Cut.flac",
        "First Cut",
        LATHE,
        1,
        2024,
        "Drum and Bass",
        44100,
        174,
        "roller",
        ((41, MINOR9), (41, MINOR9), (44, MAJOR9), (39, SUS)),
        "iidaabbpdaabbababo",
        11,
        ("-c:a", "flac", "-sample_fmt", "s16"),
    ),
    Song(
        "Lathe Hours/02 Run-Out Groove.flac",
        "Run-Out Groove",
        LATHE,
        2,
        2024,
        "Jungle",
        48000,
        168,
        "jungle",
        ((38, MINOR9), (36, SUS), (34, MAJOR9), (36, MINOR9)),
        "idaabbpaabbdabpdabababaabbpdaabbabo",
        12,
        ("-c:a", "flac", "-sample_fmt", "s32", "-bits_per_raw_sample", "24"),
    ),
    Song(
        "Lathe Hours/03 Swarf.mp3",
        "Swarf",
        LATHE,
        3,
        2024,
        "Neurofunk",
        44100,
        174,
        "reese",
        ((36, SUS), (36, SUS), (39, MINOR9), (34, SUS)),
        "idaabbpdabbaabo",
        13,
        ("-c:a", "libmp3lame", "-b:a", "320k", "-id3v2_version", "3"),
    ),
    Song(
        "Lathe Hours/04 Half Speed Master.mp3",
        "Half Speed Master",
        LATHE,
        4,
        2024,
        "Halftime",
        44100,
        172,
        "halftime",
        ((33, MINOR9), (33, MINOR9), (36, MAJOR9), (31, SUS)),
        "iaabbpaabbo",
        14,
        ("-c:a", "libmp3lame", "-q:a", "2", "-id3v2_version", "3"),
    ),
    Song(
        "Night River EP/01 Ferry Lights.m4a",
        "Ferry Lights",
        RIVER,
        1,
        2025,
        "Liquid Drum and Bass",
        44100,
        174,
        "liquid",
        ((43, MINOR9), (39, MAJOR9), (46, MAJOR9), (41, SUS)),
        "ipdaabbpaabbabo",
        21,
        ("-c:a", "aac", "-b:a", "256k", "-movflags", "+faststart"),
    ),
    Song(
        "Night River EP/02 Low Tide.m4a",
        "Low Tide",
        RIVER,
        2,
        2025,
        "Ambient",
        48000,
        87,
        "ambient",
        ((38, MINOR9), (34, MAJOR9), (41, MAJOR9), (36, SUS)),
        "pippio",
        22,
        ("-c:a", "aac", "-b:a", "192k", "-movflags", "+faststart"),
    ),
    Song(
        "Night River EP/03 Sodium Glow.ogg",
        "Sodium Glow",
        RIVER,
        3,
        2025,
        "Liquid Drum and Bass",
        44100,
        174,
        "liquid",
        ((40, MINOR9), (45, MINOR9), (36, MAJOR9), (38, SUS)),
        "idaabbpdaabbo",
        23,
        ("-c:a", "libvorbis", "-q:a", "6"),
    ),
    Song(
        "Night River EP/04 Delta.ogg",
        "Delta",
        RIVER,
        4,
        2025,
        "Jungle",
        48000,
        165,
        "jungle",
        ((43, MINOR9), (41, SUS), (39, MAJOR9), (41, MINOR9)),
        "idabpaabbdabo",
        24,
        ("-c:a", "libvorbis", "-q:a", "5"),
    ),
)
