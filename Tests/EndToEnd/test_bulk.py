"""`dubplate transcode` and `dubplate cache`: everything made ahead of need, broken off and gone on with, checked, cleared."""

import pathlib
import shutil
import signal
import subprocess
import time

import numpy
import pytest
import requests

import sound
from conftest import program

RENDITIONS = "mp3-128,aac-192,opus-48,flac"


@pytest.fixture
def few(music, tmp_path):
    """The short pieces and one of the real ones, by title, in a library of their own."""
    (tmp_path / "few").mkdir()
    chosen = {title for title in music.files if title != "Long" and title not in music.real} | {*music.real[-1:]}
    return {title: pathlib.Path(shutil.copy(music.files[title], tmp_path / "few")) for title in sorted(chosen)}


def scanned(fresh_server, files):
    """A server whose library has been scanned, standing still."""
    server = fresh_server(library=next(iter(files.values())).parent).start()
    server.wait_tracks(*files)
    assert server.stop() == 0
    return server


def transcode(server, *arguments):
    return server.run("transcode", "--data", server.data, "--library", server.library, *arguments)


def segments(server):
    return sorted((server.data / "segments").rglob("*.seg"))


def test_what_was_made_in_bulk_is_what_the_server_plays(fresh_server, few):
    server = scanned(fresh_server, few)
    done = transcode(server, "--renditions", RENDITIONS, "--jobs", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    count = len(segments(server))
    assert f"{len(few)} tracks, {count} segments made" in done.stdout
    assert f"{len(few)}/{len(few)} tracks  100 %" in done.stderr
    again = transcode(server, "--renditions", RENDITIONS)
    assert again.returncode == 0 and " 0 segments made" in again.stdout
    server.start()
    track = server.wait_tracks("Odd FLAC")["Odd FLAC"]
    urls = server.post("/api/v1/stream/start", {"trackId": track["id"]}).json()["urls"]
    source = sound.source_samples(few["Odd FLAC"], 44100)
    for rendition in ("mp3-128", "flac"):
        raw = sound.ffmpeg("-i", server.url + urls[rendition], "-f", "s16le", "-ac", 2, "pipe:1")
        ear = numpy.frombuffer(raw, "<i2").reshape(-1, 2)
        assert len(ear) == len(source) and sound.lag(source, ear) == 0
    # All of the lossless file is there, so its length is known from the first request on.
    assert requests.head(server.url + urls["flac"], timeout=20).headers["accept-ranges"] == "bytes"
    assert len(segments(server)) == count, "nothing had to be made"


def test_what_is_made_while_the_server_runs_is_found_and_not_made_again(fresh_server, music, tmp_path):
    library = tmp_path / "library"
    library.mkdir()
    (library / "Odd FLAC.flac").write_bytes(music.files["Odd FLAC"].read_bytes())
    # The analysis would find out how long the lossless file is.
    server = fresh_server(library=library, arguments=("--analysis", "off")).start()
    track = server.wait_tracks("Odd FLAC")["Odd FLAC"]
    urls = server.post("/api/v1/stream/start", {"trackId": track["id"]}).json()["urls"]
    assert requests.head(server.url + urls["flac"], timeout=20).headers["accept-ranges"] == "none"
    done = transcode(server, "--renditions", "mp3-128,flac")
    assert done.returncode == 0, done.stdout + done.stderr
    made = {path: path.stat().st_ino for path in segments(server)}
    assert requests.head(server.url + urls["flac"], timeout=20).headers["accept-ranges"] == "bytes"
    assert requests.get(server.url + urls["flac"], timeout=60).status_code == 200
    path, query = urls["mp3-128"].split("?", 1)
    for index in range(4):
        answer = requests.get(f"{server.url}{path.removesuffix('.mp3')}/{index}.mp3?{query}", timeout=60)
        assert answer.status_code == 200 and len(answer.content) > 1_000
    assert server.stop() == 0
    kept = {path: path.stat().st_ino for path in segments(server)}
    # A segment that is made anew is a new file. What `start` prepared by itself is of another rendition.
    assert {path: inode for path, inode in kept.items() if path in made} == made
    assert all("mp3-128" not in str(path) and "flac-" not in str(path) for path in kept.keys() - made.keys())


def test_a_run_that_was_killed_leaves_no_wrong_segment_and_goes_on(fresh_server, few):
    server = scanned(fresh_server, few)
    command = [program(), "transcode", "--data", server.data, "--library", server.library, "--renditions", RENDITIONS]
    for wanted in (5, 20, 40):
        process = subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while len(segments(server)) < wanted and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert len(segments(server)) >= wanted
        verified = server.run("cache", "verify", "--data", server.data)
        assert verified.returncode == 0, verified.stdout
    assert transcode(server, "--renditions", RENDITIONS).returncode == 0
    assert server.run("cache", "verify", "--data", server.data).returncode == 0


def test_damaged_segments_are_found_and_made_again(fresh_server, few):
    server = scanned(fresh_server, few)
    assert transcode(server, "--renditions", "mp3-128").returncode == 0
    whole = segments(server)
    contents = [path.read_bytes() for path in whole[:3]]
    whole[0].write_bytes(contents[0][:-1])
    whole[1].write_bytes(contents[1][:200] + b"\xff\x00" + contents[1][202:])
    whole[2].write_bytes(b"")
    verified = server.run("cache", "verify", "--data", server.data)
    assert verified.returncode == 1 and verified.stdout.count("removed: ") == 3
    assert f"{len(whole) - 3} segments are whole, 3 were damaged" in verified.stdout
    assert transcode(server, "--renditions", "mp3-128").returncode == 0
    assert [path.read_bytes() for path in whole[:3]] == contents


def test_the_cache_is_counted_and_cleared(fresh_server, few):
    server = scanned(fresh_server, few)
    assert transcode(server, "--renditions", "mp3-128,opus-48").returncode == 0
    stats = {line.split()[0]: line.split()[1:] for line in server.run("cache", "stats", "--data", server.data).stdout.splitlines()}
    assert int(stats["mp3-128"][0]) == int(stats["opus-48"][0]) == len(few)
    assert int(stats["mp3-128"][1]) + int(stats["opus-48"][1]) == int(stats["all"][0]) == len(segments(server))
    cleared = server.run("cache", "clear", "--rendition", "opus-48", "--data", server.data)
    assert f"removed {stats['opus-48'][1]} segments" in cleared.stdout
    assert all("mp3-128" in str(path) for path in segments(server))
    assert server.run("cache", "clear", "--rendition", "opus-48", "--data", server.data).stdout.startswith("removed 0 ")
    unknown = server.run("cache", "clear", "--rendition", "opus-47", "--data", server.data)
    assert unknown.returncode == 1 and "there is no rendition opus-47; there are mp3-128" in unknown.stderr
    assert server.run("cache", "clear", "--data", server.data).returncode == 0
    assert segments(server) == []


def test_a_track_that_fails_is_told_and_the_others_are_made(fresh_server, music, tmp_path):
    library = tmp_path / "library"
    library.mkdir()
    for title in ("Odd FLAC", "Odd 48k"):
        (library / f"{title}.flac").write_bytes(music.files[title].read_bytes())
    server = fresh_server(library=library).start()
    server.wait_tracks("Odd FLAC", "Odd 48k")
    assert server.stop() == 0
    (library / "Odd FLAC.flac").unlink()
    done = transcode(server, "--renditions", "mp3-128")
    assert done.returncode == 1
    assert "failed: Odd FLAC.flac: the file can't be read" in done.stdout
    assert len(segments(server)) == 4  # 7.4 s


def test_what_can_not_be_meant_is_refused(fresh_server, music):
    server = fresh_server()
    unknown = transcode(server, "--renditions", "mp3-1000")
    assert unknown.returncode != 0 and "there is no rendition mp3-1000" in unknown.stderr
    assert transcode(server, "--jobs", "0").returncode != 0
    empty = transcode(server)
    assert empty.returncode != 0 and "the catalogue is empty" in empty.stderr


@pytest.mark.parametrize(
    "command",
    ["user list", "user remove ada", "user password ada --password-stdin", "token ada", "transcode", "analyse"]
    + ["cache stats", "cache verify", "cache clear"],
)
def test_a_data_folder_that_is_not_there_is_an_error_and_stays_away(server, tmp_path, command):
    done = server.run(*command.split(), "--data", tmp_path / "mistyped", stdin="a password that is long enough\n")
    assert done.returncode == 1 and "no data folder" in done.stderr, done
    assert not (tmp_path / "mistyped").exists()
