"""Files that would take libav minutes, inside one call, hold neither the scan nor the end of the process."""

import shutil
import struct

from conftest import eventually

TAGS = 60_000  # libavformat looks each up among all those before it


def with_tags(source, count):
    """A FLAC file with so many comments (RFC 9639 section 8.6)."""
    content = source.read_bytes()
    place = 4
    while True:
        is_last = content[place] & 0x80
        place += 4 + int.from_bytes(content[place + 1 : place + 4], "big")
        if is_last:
            break
    comments = [b"X%d=y" % number for number in range(count)]
    block = struct.pack("<II", 0, count) + b"".join(struct.pack("<I", len(comment)) + comment for comment in comments)
    return b"fLaC\0\0\0\x22" + content[8:42] + b"\x84" + len(block).to_bytes(3, "big") + block + content[place:]


def test_a_file_of_very_many_tags_is_passed_over(fresh_server, music, tmp_path):
    library = tmp_path / "library"
    library.mkdir()
    # More of them than may be left alone at a time.
    for number in range(6):
        (library / f"many{number}.flac").write_bytes(with_tags(music.files["Blip"], TAGS))
    (library / "few.flac").write_bytes(with_tags(music.files["Blip"], 1_000))
    shutil.copy(music.files["Odd FLAC"], library / "zz.flac")
    server = fresh_server(library=library, arguments=("--analysis", "off")).start()
    eventually(lambda: server.log().count("tags") >= 6, "those of many tags are skipped", 120)
    assert len(eventually(lambda: len(server.tracks()) >= 2 and server.tracks(), "the others are there", 120)) == 2
    assert server.stop() == 0
