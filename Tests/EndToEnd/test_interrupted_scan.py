"""A file over which the process ends is skipped by the next one, tried once more by itself, and then left alone."""

# What is in hand stands in the journal of the data folder: slots of a fixed size, the first byte of which says whether they are
# taken, and by what.

import os
import shutil
import signal
import subprocess

from conftest import eventually

SLOT_BYTES = 20 + 4_096
SCAN, ANALYSIS = 1, 2


def in_hand(server, work=SCAN):
    """Files that are being scanned or analysed, with whether it's their second try."""
    try:
        journal = (server.data / "inspecting").read_bytes()
    except FileNotFoundError:
        return {}
    found = {}
    for at in range(0, len(journal), SLOT_BYTES):
        slot = journal[at : at + SLOT_BYTES]
        if slot[0] == work:
            found[slot[20 : 20 + int.from_bytes(slot[18:20], "little")].decode()] = slot[1] == 1
    return found


def test_a_file_that_ends_the_process_is_skipped_and_said_so(fresh_server, music, tmp_path):
    library = tmp_path / "library"
    library.mkdir()
    shutil.copy(music.files["Odd FLAC"], library)
    # Sound at first, and then nothing for longer than an inspection may take: it's in hand when the process ends.
    slow = library / "slow.mp3"
    encoding = ("-t", "2", "-c:a", "libmp3lame", "-write_xing", "0", "-id3v2_version", "0")
    subprocess.run(["ffmpeg", "-v", "error", "-i", music.files["Odd FLAC"], *encoding, slow], check=True)
    os.truncate(slow, 64 << 30)
    server = fresh_server(library=library, arguments=("--scan-interval", "1", "--analysis", "off"))
    server.start()
    eventually(lambda: "slow.mp3" in in_hand(server), "the file is in hand")
    server.stop(signal.SIGKILL)

    server.start()
    # Passed over by the first scan, and tried once more by the second, by itself.
    eventually(lambda: in_hand(server) == {"slow.mp3": True}, "it is tried again", patience=120)
    assert "slow.mp3" in server.log() and "the next scan tries again" in server.log()
    server.stop(signal.SIGKILL)

    server.start()
    eventually(lambda: "ended twice" in server.log(), "it is left alone")
    assert set(server.wait_tracks("Odd FLAC")) == {"Odd FLAC"}
    scans = server.log().count("library scanned")
    eventually(lambda: server.log().count("library scanned") > scans + 1, "scans go on without it")
    assert in_hand(server) == {}
    assert server.stop() == 0
    assert not (server.data / "inspecting").exists(), "an end in good order leaves nothing"


def test_a_track_that_ends_the_process_is_analysed_by_none_of_the_next_starts_but_one(fresh_server, music, tmp_path):
    library = tmp_path / "library"
    library.mkdir()
    shutil.copy(music.files["Long"], library)
    server = fresh_server(library=library)
    server.start()
    eventually(lambda: in_hand(server, ANALYSIS), "the track is in hand")
    server.stop(signal.SIGKILL)

    server.start()
    eventually(lambda: "ended while it analysed tracks" in server.log(), "it is said")
    server.wait_tracks("Long")
    assert in_hand(server, ANALYSIS) == {} and "library analysed" not in server.log()
    assert server.stop() == 0

    server.start()
    eventually(lambda: list(in_hand(server, ANALYSIS).values()) == [True], "it is tried again")
    assert server.stop() == 0
