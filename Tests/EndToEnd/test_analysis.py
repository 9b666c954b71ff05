"""What the analysis finds out, held against ffmpeg: loudness, waveforms, lengths of lossless files; and scaled covers."""

import re
import shutil
import sqlite3
import struct
import subprocess
import zlib

import numpy
import pytest
import requests

import sound
from conftest import eventually, program
from listener import Listener



def judged(path):
    """Integrated loudness and true peak of a file by ffmpeg's ebur128 filter, of the stereo that is delivered."""
    command = ["ffmpeg", "-nostdin", "-hide_banner", "-i", str(path), "-map", "0:a:0", "-ac", "2"]
    command += ["-af", "ebur128=peak=true", "-f", "null", "-"]
    log = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stderr.rsplit("Summary:", 1)[1]
    return tuple(float(re.search(rf"{name}:\s+(-?[\d.]+)", log)[1]) for name in ("I", "Peak"))


def png(width, height, *, honest=True):
    """A red PNG; not `honest`: its header alone is as large as it says."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + b"\xc0\x20\x20" * width for _ in range(height)) if honest else b"\0" * 100
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def size_of(picture):
    """Width and height of a JPEG."""
    command = ["ffprobe", "-v", "error", "-f", "jpeg_pipe", "-show_entries", "stream=width,height", "-of", "csv=p=0", "-"]
    done = subprocess.run(command, input=picture, capture_output=True, check=True, timeout=30)
    return tuple(map(int, done.stdout.decode().strip().strip(",").split(",")))


def with_cover(path, picture, title):
    """A second of sound with a picture in it, byte for byte: an MP3 with an ID3v2.3 tag."""

    def frame(kind, body):
        return kind + struct.pack(">IH", len(body), 0) + body

    body = frame(b"TIT2", b"\0" + title.encode()) + frame(b"APIC", b"\0image/png\0\x03\0" + picture)
    size = bytes(len(body) >> shift & 0x7F for shift in (21, 14, 7, 0))
    mp3 = sound.ffmpeg("-f", "lavfi", "-i", "sine=440:duration=1", "-id3v2_version", 0, "-f", "mp3", "-write_xing", 0, "pipe:1")
    path.write_bytes(b"ID3\x03\0\0" + size + body + mp3)


@pytest.fixture(scope="module")
def analysed(server, music):
    """The library by title when all of it has been analysed: the server's background is helped, which stands behind
    everything that a busy machine does."""
    done = analyse(server, "--jobs", "2")
    assert done.returncode == 0, done.stdout + done.stderr

    def found():
        tracks = server.tracks()
        return tracks if all("loudness" in tracks[title] for title in music.files) else None

    return eventually(found, "the analysis of the whole library")


def test_tracks_are_as_loud_as_ffmpeg_says(analysed, music):
    for title, path in music.files.items():
        loudness = analysed[title]["loudness"]
        integrated, peak = judged(path)
        # ffmpeg says tenths. Noise up to half the rate, as the exact pieces have it, is where interpolators differ.
        room = 0.6 if analysed[title].get("album") == "Exact" else 0.35
        assert abs(loudness["truePeak"] - peak) <= room, (title, loudness, peak)
        if "integrated" not in loudness:
            assert title == "Blip", "only what is shorter than a block has no loudness"
            continue
        assert abs(loudness["integrated"] - integrated) <= 0.15, (title, loudness, integrated)
        assert 0 <= loudness["range"] < 30


def test_an_album_is_as_loud_as_its_tracks_in_a_row(analysed, music, server, tmp_path):
    members = [track for track in analysed.values() if track.get("album") == "Exact"]
    assert len(members) == 4
    albums = {tuple(sorted(track["albumLoudness"].items())) for track in members}
    assert len(albums) == 1, "one album, one loudness"
    row = tmp_path / "row.wav"
    inputs = [option for track in members for option in ("-i", music.files[track["title"]])]
    graph = "".join(f"[{n}:a]aresample=44100[a{n}];" for n in range(4)) + "[a0][a1][a2][a3]concat=n=4:v=0:a=1"
    sound.ffmpeg(*inputs, "-filter_complex", graph, row)
    album = members[0]["albumLoudness"]
    assert abs(album["integrated"] - judged(row)[0]) <= 0.15
    assert album["truePeak"] == max(track["loudness"]["truePeak"] for track in members)
    one = server.get(f"/api/v1/tracks/{members[0]['id']}").json()
    assert one["loudness"] == members[0]["loudness"] and one["albumLoudness"] == album


def test_a_stream_says_how_loud_it_is(analysed, server):
    track = analysed["Odd FLAC"]
    device = Listener(server.url, token=server.token())
    try:
        # The gateway believes what it knew of a track for ten seconds.
        def started():
            mark = device.mark()
            device.ok("play_track", {"trackId": track["id"], "quality": "low"})
            device.wait(lambda d: d.of("stream_started", mark), "stream_started")
            event = device.of("stream_started", mark)[-1]
            return event if "album" in event.get("loudness", {}) else None

        event = eventually(started, "loudness in stream_started")
        for name, said in (("track", track["loudness"]), ("album", track["albumLoudness"])):
            assert event["loudness"][name] == {key: said[key] for key in ("integrated", "truePeak")}
    finally:
        device.client.disconnect()


def test_a_waveform_follows_the_sound(analysed, music, server):
    for title in ("Odd FLAC", *music.real[:1]):
        track = analysed[title]
        answer = server.get(f"/api/v1/tracks/{track['id']}/waveform")
        assert answer.status_code == 200, answer.text
        waveform = answer.json()
        assert waveform["points"] == len(waveform["peaks"]) == len(waveform["rms"]) == 1024
        assert waveform["version"] >= 1 and waveform["duration"] == track["duration"]
        rate = 44100 if track["sampleRate"] % 11025 == 0 else 48000
        samples = sound.source_samples(music.files[title], rate).astype(float) / 32768
        edges = [point * len(samples) // 1024 for point in range(1025)]
        parts = [samples[a:b] for a, b in zip(edges, edges[1:])]
        rms = numpy.array([numpy.sqrt((part**2).mean()) * 255 for part in parts])
        peaks = numpy.array([min(numpy.abs(part).max(), 1) * 255 for part in parts])
        # Lossy sources go beyond full scale where 16 bits end.
        assert numpy.abs(numpy.array(waveform["rms"]) - rms).max() <= 2, title
        assert numpy.abs(numpy.array(waveform["peaks"]) - peaks).max() <= 3, title
        tag = answer.headers["etag"]
        again = requests.get(
            answer.url, headers={"Authorization": f"Bearer {server.token()}", "If-None-Match": tag}, timeout=30
        )
        assert again.status_code == 304 and not again.content


def test_a_waveform_that_nobody_has_made_is_made_when_asked_for(fresh_server, music, tmp_path):
    library = tmp_path / "library"
    library.mkdir()
    for title in ("Odd FLAC", "Blip"):
        (library / f"{title}.flac").write_bytes(music.files[title].read_bytes())
    server = fresh_server(library=library, arguments=("--analysis", "off")).start()
    tracks = server.wait_tracks("Odd FLAC", "Blip")

    def asked():
        answer = server.get(f"/api/v1/tracks/{tracks['Odd FLAC']['id']}/waveform")
        if answer.status_code == 503:
            assert answer.json()["error"]["code"] == "busy" and int(answer.headers["retry-after"]) >= 1
            return None
        assert answer.status_code == 200, answer.text
        return answer.json()

    assert eventually(asked, "the waveform")["points"] == 1024
    now = server.tracks()
    assert "loudness" in now["Odd FLAC"] and "loudness" not in now["Blip"], "only what was asked for"
    assert server.get("/api/v1/tracks/nowhere/waveform").json()["error"]["code"] == "unknown_track"
    (library / "Blip.flac").unlink()
    gone = server.get(f"/api/v1/tracks/{tracks['Blip']['id']}/waveform")
    assert gone.status_code == 410 and gone.json()["error"]["code"] == "track_unavailable"


def analyse(server, *arguments):
    command = [program(), "analyse", "--data", server.data, "--library", server.library, *arguments]
    return subprocess.run(
        list(map(str, command)), capture_output=True, text=True, timeout=600, env=server.environment
    )


def segments(server):
    return sorted((server.data / "segments").rglob("*.seg"))


def test_a_lossless_file_has_its_length_and_ranges_with_an_empty_store(fresh_server, music, tmp_path):
    titles = ("Odd FLAC", "Odd 48k", "Blip", *music.real[:1])
    library = tmp_path / "library"
    library.mkdir()
    for title in titles:
        shutil.copy(music.files[title], library)
    server = fresh_server(library=library, arguments=("--analysis", "off")).start()
    tracks = server.wait_tracks(*titles)
    assert server.stop() == 0
    done = analyse(server, "--jobs", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(titles)} tracks analysed" in done.stdout and f"{len(titles)}/{len(titles)} tracks" in done.stderr
    again = analyse(server)
    assert again.returncode == 0 and again.stdout.startswith("0 tracks analysed"), "nothing is measured twice"
    assert segments(server) == []
    server.start()
    server.wait_tracks(*titles)
    for title in titles:
        url = server.url + server.post("/api/v1/stream/start", {"trackId": tracks[title]["id"]}).json()["urls"]["flac"]
        head = requests.head(url, timeout=30)
        length = int(head.headers["content-length"])
        assert head.headers["accept-ranges"] == "bytes" and head.headers["etag"]
        # The last part first: it is the furthest from anything that was made.
        edges = [0, 17, length // 3, length // 2 + 1, length]
        parts = []
        for start, end in reversed(list(zip(edges, edges[1:]))):
            answer = requests.get(url, headers={"Range": f"bytes={start}-{end - 1}"}, timeout=120)
            assert answer.status_code == 206 and answer.headers["content-range"] == f"bytes {start}-{end - 1}/{length}"
            parts.insert(0, answer.content)
        whole = requests.get(url, timeout=120)
        assert whole.status_code == 200 and len(whole.content) == length
        assert b"".join(parts) == whole.content
        rate = 48000 if title == "Odd 48k" else 44100
        if title.startswith(("Odd", "Blip")):
            decoded = sound.decoded(whole.content, "flac")
            assert numpy.array_equal(decoded, sound.source_samples(music.files[title], rate))
        else:
            sound.ffmpeg("-f", "flac", "-i", "pipe:0", "-f", "null", "-", stdin=whole.content)
        assert requests.head(url, timeout=30).headers["etag"] == head.headers["etag"], "made, it is the same file"


def test_sizes_that_turn_out_wrong_cost_one_answer_and_are_forgotten(fresh_server, music, tmp_path):
    library = tmp_path / "library"
    library.mkdir()
    (library / "Odd FLAC.flac").write_bytes(music.files["Odd FLAC"].read_bytes())
    server = fresh_server(library=library).start()
    track = server.wait_tracks("Odd FLAC")["Odd FLAC"]
    eventually(lambda: "loudness" in server.tracks()["Odd FLAC"], "the analysis")
    with sqlite3.connect(server.data / "dubplate.db") as database:
        sizes = bytearray(database.execute("SELECT segment_sizes FROM analyses").fetchone()[0])
        sizes[0] ^= 1  # the first segment is a byte longer or shorter
        database.execute("UPDATE analyses SET segment_sizes = ?", (bytes(sizes),))
    database.close()
    url = server.url + server.post("/api/v1/stream/start", {"trackId": track["id"]}).json()["urls"]["flac"]
    assert "content-length" in requests.head(url, timeout=30).headers
    answer = requests.get(url, timeout=60)
    # Found before the answer has begun: it says so, or goes by the sizes that there really are.
    if answer.status_code == 503:
        assert int(answer.headers["retry-after"]) >= 1
    else:
        right = sound.source_samples(music.files["Odd FLAC"], 44100)
        assert answer.status_code == 200 and numpy.array_equal(sound.decoded(answer.content, "flac"), right)
    eventually(lambda: "content-length" not in requests.head(url, timeout=30).headers or segments(server), "forgetting")
    whole = requests.get(url, timeout=60).content
    assert numpy.array_equal(sound.decoded(whole, "flac"), sound.source_samples(music.files["Odd FLAC"], 44100))


def test_a_failure_is_told_once_and_not_repeated(fresh_server, music, tmp_path):
    library = tmp_path / "library"
    library.mkdir()
    (library / "Odd FLAC.flac").write_bytes(music.files["Odd FLAC"].read_bytes())
    server = fresh_server(library=library, arguments=("--analysis", "off")).start()
    server.wait_tracks("Odd FLAC")
    assert server.stop() == 0
    (library / "Odd FLAC.flac").unlink()
    done = analyse(server)
    assert done.returncode == 1 and "failed: Odd FLAC.flac: " in done.stdout, done.stdout + done.stderr


def test_covers_are_scaled_to_a_few_sizes(fresh_server, tmp_path):
    library = tmp_path / "library"
    library.mkdir()
    with_cover(library / "wide.mp3", png(900, 450), "Wide")
    with_cover(library / "small.mp3", png(100, 100), "Small")
    with_cover(library / "huge.mp3", png(30_000, 30_000, honest=False), "Huge")
    with_cover(library / "broken.mp3", png(900, 900)[:400], "Broken")
    with_cover(library / "none.mp3", b"no picture", "None")
    server = fresh_server(library=library, arguments=("--analysis", "off")).start()
    tracks = server.wait_tracks("Wide", "Small", "Huge", "Broken", "None")

    def cover(title, query="", **headers):
        return requests.get(
            f"{server.url}/api/v1/tracks/{tracks[title]['id']}/cover{query}",
            headers={"Authorization": f"Bearer {server.token()}", **headers},
            timeout=60,
        )

    for wanted, made in ((64, 64), (65, 128), (128, 128), (200, 256), (512, 512)):
        answer = cover("Wide", f"?size={wanted}")
        assert answer.status_code == 200 and answer.headers["content-type"] == "image/jpeg"
        assert size_of(answer.content) == (made, made // 2)
        assert cover("Wide", f"?size={made}").content == answer.content
        not_again = cover("Wide", f"?size={wanted}", **{"If-None-Match": answer.headers["etag"]})
        assert not_again.status_code == 304
    assert len(list((server.data / "covers").rglob("*-*"))) == 4, "64, 128, 256 and 512 are kept"
    # Never larger than it is; and what can't be scaled is shown as it is.
    assert cover("Wide", "?size=1024").content == cover("Wide").content == png(900, 450)
    assert cover("Small", "?size=512").content == png(100, 100)
    for title, picture in (("Huge", png(30_000, 30_000, honest=False)), ("Broken", png(900, 900)[:400])):
        if tracks[title]["hasCover"]:
            answer = cover(title, "?size=256")
            assert answer.content == picture and answer.headers["content-type"] == "image/png"
    assert tracks["Huge"]["hasCover"]
    for query in ("?size=63", "?size=1025", "?size=0", "?size=-1", "?size=many", "?size=", "?size=99999999999999999999"):
        answer = cover("Wide", query)
        assert answer.status_code == 400 and answer.json()["error"]["code"] == "bad_request", query
    assert cover("None", "?size=64").json()["error"]["code"] == "no_cover"
    assert server.stop() == 0
