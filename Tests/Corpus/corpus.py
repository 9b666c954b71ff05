"""One known signal in every pair of decoder and container that a library may hold, and in each oddity of the wild.

Each entry is made by a program that isn't the server's own: FFmpeg's muxers and encoders, flac, lame, oggenc, opusenc,
fdkaac, mpcenc, sox, or bytes of ours. What it is to sound like says a decode by FFmpeg, or of its parts.
"""

import pathlib
from dataclasses import dataclass

from makers import (
    COUNT,
    RATE,
    amiga,
    by,
    chained,
    dsdiff,
    dsf,
    encoded,
    gapless_comment,
    gapless_mp4,
    glued,
    lying_xing,
    open_magic_gate,
    signal,
    two_tracks,
    wide_amr,
)


@dataclass(frozen=True)
class Entry:
    """`make(folder, wav)` returns the file, and the samples that are to be heard if FFmpeg's decode isn't the judge."""

    name: str
    make: object
    # Whether two decoders agree to the bit after a seek as well: not where they add noise of their own.
    exact: bool = True
    # Where so much is such noise, another one wherever a decoder begins, that it has to be measured: the format of a bare
    # stream of the same packets, and the samples of each.
    noisy: tuple = ()
    # Whether its decoder makes noise all along, so that no two of them agree anywhere: other renditions may have what the
    # lossless one has of it.
    is_restless: bool = False
    # Part of what every test run tries.
    often: bool = False


@dataclass(frozen=True)
class Codec:
    """How FFmpeg encodes to it."""

    encoder: str
    options: tuple = ()
    exact: bool = True
    noisy: tuple = ()


EXPERIMENTAL = ("-strict", "-2")
# Noise that a decoder puts in is its own, and another one after a seek.
QUIET_AAC = ("-aac_pns", "0")
CODECS = {
    "aac": Codec("aac", QUIET_AAC),
    "ac3": Codec("ac3", exact=False, noisy=("ac3", 1536)),
    # Its decoder keeps a finer prediction than the file's packets begin with.
    "adpcm_ima_qt": Codec("adpcm_ima_qt", exact=False),
    "dca": Codec("dca", EXPERIMENTAL),
    "eac3": Codec("eac3", exact=False, noisy=("eac3", 1536)),
    "flac": Codec("flac", EXPERIMENTAL),
    "mp3": Codec("libmp3lame"),
    "opus": Codec("libopus", exact=False),
    "truehd": Codec("truehd", EXPERIMENTAL),
    "vorbis": Codec("libvorbis", EXPERIMENTAL),
}


def pcm(kinds):
    return [f"pcm_{kind}" for kind in kinds.split()]


LITTLE = pcm("u8 s16le s24le s32le s64le f32le f64le alaw mulaw")
BIG = pcm("s8 s16be s24be s32be f32be f64be alaw mulaw")
WINDOWS = ["ac3", "adpcm_ima_wav", "adpcm_ms", "dca", "eac3", "mp2", "mp3", "wmav1", "wmav2"]
# Every pair that FFmpeg writes so that it can read it again: not TTA in Matroska, of which it loses a short last frame.
PAIRS = {
    "flac": ["flac"],
    "ogg": ["flac", "opus", "vorbis"],
    "wav": [*WINDOWS, *LITTLE, "flac"], "w64": [*WINDOWS, *LITTLE, "flac"],
    "aiff": [*BIG, "pcm_s16le", "pcm_u8", "adpcm_ima_qt"],
    "caf": ["ac3", "adpcm_ima_qt", "adpcm_ima_wav", "adpcm_ms", "alac", "flac", "mp2", "mp3", "opus",
            *BIG, *pcm("s16le s24le s32le f32le f64le")],
    "au": BIG,
    "mov": ["aac", "ac3", "adpcm_ima_qt", "adpcm_ima_wav", "adpcm_ms", "alac", "dca", "eac3", "mp2", "mp3", "vorbis",
            *BIG, *pcm("u8 s16le s24le s32le f32le f64le")],
    "mp4": ["aac", "ac3", "alac", "dca", "eac3", "flac", "mp2", "mp3", "opus", "truehd", "vorbis"],
    "mka": ["aac", "alac", "flac", "opus", "truehd", "vorbis", "wavpack", *WINDOWS, *LITTLE, *pcm("s16be s24be s32be")],
    "webm": ["opus", "vorbis"],
    "wma": ["aac", "flac", "vorbis", *WINDOWS, *LITTLE],
    "mp3": ["mp3"], "mp2": ["mp2"], "aac": ["aac"], "ac3": ["ac3"], "eac3": ["eac3"], "dts": ["dca"],
    "tta": ["tta"], "wv": ["wavpack"],
}  # fmt: skip
# The demuxers of those whose name is another one.
DEMUXERS = {"mka": "matroska", "webm": "matroska", "mp4": "mov", "wma": "asf", "mp2": "mp3"}
# Those that say how much padding is at their ends, where FFmpeg doesn't take all of it off: a W64's `fact` leaves out the bytes
# by which its chunk is aligned.
PADDED = {
    *((codec, ending) for ending in ("mov", "mp4") for codec in ("aac", "mp2", "mp3", "opus", "vorbis")),
    ("pcm_alaw", "w64"), ("pcm_mulaw", "w64"),
}  # fmt: skip
# Part of what every test run tries.
OFTEN = {("pcm_s16le", "mka"), ("flac", "ogg"), ("flac", "mka"), ("vorbis", "webm"), ("opus", "webm"), ("wmav2", "wma")}
# Decoders and demuxers on the server's lists of which no file is here.
NO_ENCODER = "no package has an encoder"
UNMADE_DECODERS = {
    **dict.fromkeys(("ape", "atrac3", "atrac3p", "mp1", "mpc7", "tak", "wmalossless", "wmapro"), NO_ENCODER),
    "aac_latm": "FFmpeg writes it to no container of the list",
    "dsd_lsbf": "no container of the list says so",
}
UNMADE_DEMUXERS = {
    **dict.fromkeys(("ape", "mpc", "tak"), NO_ENCODER),
    "xwma": "its reader takes other settings of WMA for granted than FFmpeg's encoder has",
}


def pair(codec, ending):
    how = CODECS.get(codec, Codec(codec))
    make = encoded(ending, how.encoder, *how.options, is_padded=(codec, ending) in PADDED)
    return Entry(f"{codec} in {ending}", make, how.exact, how.noisy, often=(codec, ending) in OFTEN)


# Profile and bitrate.
FDK_PROFILES = {"v1": (5, 64000), "v2": (29, 32000)}


def high_efficiency(version, ending, transport, gapless=None):
    """HE-AAC, whose padding an MP4 tells by iTunes' row of numbers (0), by an edit list (1) or by both (2), counted at half
    of the rate that is heard."""
    profile, rate = FDK_PROFILES[version]
    command = ["fdkaac", "-S", "-p", profile, "-b", rate, "-f", transport, "-o", "{path}", "{wav}"]
    if gapless is None:
        return Entry(f"HE-AAC {version} in {ending}", by(command, ending), exact=False, noisy=("adts", 2048), often=True)
    make = by([*command, "-G", gapless], ending, count=COUNT + COUNT % 2)
    often = (version, gapless) in {("v1", 1), ("v2", 0)}
    return Entry(f"HE-AAC {version} in {ending}, gapless {gapless}", make, exact=False, noisy=("adts", 2048), often=often)


ENTRIES = [
    *(pair(codec, ending) for ending, codecs in PAIRS.items() for codec in codecs),
    Entry("dsd_lsbf_planar in dsf", dsf("little")),
    Entry("dsd_msbf_planar in dsf", dsf("big")),
    Entry("dsd_msbf in iff", dsdiff),
    Entry("pcm_s8 in iff", amiga),
    Entry("pcm_s16be in oma", open_magic_gate(4, "pcm_s16be", "-f", "s16be")),
    Entry("mp3 in oma", open_magic_gate(3, "libmp3lame", "-f", "mp3", "-write_xing", "0", "-id3v2_version", "0")),
    Entry("mpc8 in mpc8", by(["mpcenc", "--silent", "--overwrite", "{wav}", "{path}"], "mpc")),
    Entry("amrnb in amr", by(["sox", "{wav}", "-r", "8000", "-c", "1", "-C", "7", "-t", "amr-nb", "{path}"], "amr"), exact=False,
          often=True),
    Entry("amrwb in amr", wide_amr, exact=False, is_restless=True),
    *(high_efficiency(version, "aac", 2) for version in FDK_PROFILES),
    *(high_efficiency(version, "m4a", 0, gapless) for version in FDK_PROFILES for gapless in range(3)),
    *(Entry(f"{codec} at 96 kHz in mka", encoded("mka", encoder, "-ar", "96000"))
      for codec, encoder in (("pcm_s24le", "pcm_s24le"), ("flac", "flac"), ("vorbis", "libvorbis"))),
    Entry("RF64", encoded("wav", "pcm_s16le", "-rf64", "always")),
    Entry("flac in ogg by flac", by(["flac", "-s", "-f", "--ogg", "-o", "{path}", "{wav}"], "oga")),
    Entry("vorbis by oggenc", by(["oggenc", "-Q", "-o", "{path}", "{wav}"], "ogg")),
    Entry("opus of 60 ms in webm", encoded("webm", "libopus", "-frame_duration", "60"), exact=False),
    Entry("opus by opusenc", by(["opusenc", "--quiet", "{wav}", "{path}"], "opus"), exact=False),
    Entry("mp3 by lame, VBR", by(["lame", "--quiet", "-V2", "{wav}", "{path}"], "mp3")),
    Entry("mp3 of 8 kbit/s", encoded("mp3", "libmp3lame", "-ar", "22050", "-b:a", "8k"), often=True),
    *(Entry(f"mp3 at {rate} kHz", by(["lame", "--quiet", "--resample", rate, "{wav}", "{path}"], "mp3")) for rate in (8, 11.025, 16)),
    Entry("glued mp3s", glued),
    *(Entry(f"aac in m4a, clock of {scale}", encoded("m4a", "aac", *QUIET_AAC, "-movie_timescale", scale, is_padded=True),
            often=scale == 1000) for scale in (1000, 600, RATE)),
    Entry("chained flac", chained("flac")),
    Entry("chained vorbis", chained("libvorbis"), often=True),
    Entry("chained opus", chained("libopus"), exact=False),
    *(Entry(f"the default of two tracks in {ending}", two_tracks(ending, codec)) for ending, codec in (("mka", "flac"), ("m4a", "alac"))),
    *(Entry(f"Xing × {factor}, {kind}", lying_xing(factor, *options), often=factor == 4.5 and kind == "VBR")
      for factor in (4.5, 0.5) for kind, options in (("CBR", ("-b:a", "128k")), ("VBR", ("-q:a", "2")))),
    Entry("iTunSMPB in ID3", gapless_comment),
    Entry("iTunSMPB in m4a", gapless_mp4),
]  # fmt: skip


def make(folder, entries):
    """Makes what this machine's programs can: each entry with its file and what is to be heard of it (nothing where FFmpeg's
    decode says it). And the names of those that it has no program for."""
    wav = signal(pathlib.Path(folder) / "signal.wav")
    made, unmade = [], []
    for number, entry in enumerate(entries):
        own = pathlib.Path(folder) / f"{number}"
        own.mkdir()
        path, heard = entry.make(own, wav)
        if path is None:
            unmade.append(entry.name)
        else:
            made.append((entry, path, heard))
    return made, unmade
