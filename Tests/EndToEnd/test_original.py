"""A lossy file's own frames: sent as they are, cut to the sample, and never made more of."""

import base64
import os

import numpy
import pytest
import requests

import library
from conftest import Server
from listener import listening
from sound import heard, source_samples
from test_gapless import RENDERER, own_queue, streams

RATE = 44_100
FILES = {
    "Constant": ("mp3", "-c:a", "libmp3lame", "-b:a", "192k"),
    "Varying": ("mp3", "-c:a", "libmp3lame", "-q:a", "2"),
    "Small": ("mp3", "-c:a", "libmp3lame", "-b:a", "64k"),
    "Apple": ("m4a", "-c:a", "aac", "-aac_pns", "0", "-b:a", "160k"),
}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lossy")
    made = {
        title: library.piece(folder, f"{title}.{ending}", 9.8765, *encoding, seed=len(title))
        for title, (ending, *encoding) in FILES.items()
    }
    return made | {"Foreign": library.piece(folder, "Foreign.ogg", 6, "-c:a", "libvorbis", "-b:a", "112k")}


@pytest.fixture(scope="module")
def own_server(files, tmp_path_factory):
    folder = tmp_path_factory.mktemp("lossy-server")
    server = Server(folder / "data", files["Constant"].parent, folder / "server.log")
    try:
        server.start()
        yield server, server.wait_tracks(*files)
    finally:
        if server.process is not None:
            server.process.kill()
            server.process.wait()


def samples_of(path):
    return source_samples(path, RATE).astype("<i4")


@pytest.mark.parametrize("title", FILES)
def test_a_lossless_wish_gets_the_files_own_frames(own_server, files, title):
    server, tracks = own_server
    with listening(server, bufferSeconds=30) as listener:
        own_queue(listener, [tracks[title]["id"]], "lossless")
        ((stream, chunks),) = streams(listener, 1)
        assert (stream["rendition"], stream["quality"]) == ("original", "lossless")
        assert stream["codec"] == ("mp3" if title != "Apple" else "aac") and "description" not in stream
        assert stream["bitrate"] == {"Constant": 192_000}.get(title, stream["bitrate"]) <= tracks[title]["bitrate"]
        source = samples_of(files[title])
        sound = heard(chunks, stream["codec"]).samples
        assert sound.shape == source.shape and numpy.abs(sound - source).max() <= 1
        if title != "Apple":
            assert chunks[-1]["data"][:400] in files[title].read_bytes()
        # And from anywhere, the first sample included that is asked for.
        for position in (0.0, 0.01, 3.21, 9.8):
            epoch = listener.ok("seek_position", {"position": position})["epoch"]
            part = listener.wait(lambda l: of_epoch(l, stream, epoch, len(source)), f"all from {position} on", 60)
            begin = round(position * RATE)
            assert round(part[0]["position"] * RATE) == begin
            sound = heard(part, stream["codec"]).samples
            assert sound.shape == source[begin:].shape and numpy.abs(sound - source[begin:]).max() <= 1, position


def of_epoch(listener, stream, epoch, count):
    """The chunks of an epoch, when they reach the track's end."""
    chunks = [chunk for chunk in listener.chunks if chunk["streamId"] == stream["streamId"] and chunk["epoch"] == epoch]
    end = chunks and round(chunks[-1]["position"] * RATE) + chunks[-1]["samples"]
    return chunks if chunks and end == count else None


def test_a_change_to_another_rendition_and_back_loses_and_doubles_nothing(own_server, files):
    server, tracks = own_server
    source = samples_of(files["Varying"])
    with listening(server, bufferSeconds=1) as listener:
        own_queue(listener, [tracks["Varying"]["id"]], "lossless")
        for quality in ("low", "lossless"):
            before = len(listener.of("quality_change"))
            listener.ok("quality_change", {"quality": quality})
            listener.wait(lambda l: len(l.of("quality_change")) > before, f"the change to {quality}", 60)
        ((stream, chunks),) = streams(listener, 1)
        places = [round(change["position"] * RATE) for change in listener.of("quality_change")]
        assert [change["rendition"] for change in listener.of("quality_change")] == ["mp3-128", "original"]
    place, sound = 0, []
    for end in [*places, len(source)]:
        part = [chunk for chunk in chunks if place <= round(chunk["position"] * RATE) < end]
        assert round(part[0]["position"] * RATE) == place
        sound.append(heard(part, "mp3").samples)
        assert len(sound[-1]) == end - place
        place = end
    for begin, part in ((0, sound[0]), (places[1], sound[2])):
        assert numpy.abs(part - source[begin : begin + len(part)]).max() <= 1


@pytest.mark.parametrize(
    "title, quality, rendition",
    [("Constant", "high", "original"), ("Constant", "medium", "original"), ("Constant", "low", "mp3-128"),
     ("Constant", "flac", "flac"), ("Constant", "320kbps", "mp3-320"), ("Small", "low", "original"),
     ("Foreign", "lossless", "aac-192"), ("Foreign", "original", "aac-192"), ("Foreign", "flac", "flac")],
)  # fmt: skip
def test_a_tier_is_never_more_than_the_file(own_server, title, quality, rendition):
    server, tracks = own_server
    with listening(server, standalone=True) as listener:
        listener.ok("play_track", {"trackId": tracks[title]["id"], "quality": quality})
        stream = listener.wait(lambda l: l.of("stream_started"), "a stream")[0]
        assert (stream["rendition"], stream["quality"]) == (rendition, quality)


@pytest.mark.parametrize("title, top", [("Constant", "original"), ("Apple", "original"), ("Foreign", "aac-192")])
def test_auto_ends_where_the_file_does(own_server, title, top):
    server, tracks = own_server
    with listening(server, bufferSeconds=30, standalone=True) as listener:
        listener.ok("play_track", {"trackId": tracks[title]["id"], "quality": "auto"})
        stream = listener.wait(lambda l: l.of("stream_started"), "a stream")[0]
        listener.wait_ended(stream["streamId"], timeout=60)
        sent = [each["rendition"] for each in (stream, *listener.of("quality_change"))]
        assert "flac" not in sent and set(sent) <= {"opus-48", "mp3-128", "aac-192", "original"}, sent
        assert top in sent, sent


def test_the_player_renders_a_files_own_frames(own_server, files, chromium):
    server, tracks = own_server
    context = chromium.new_context()
    try:
        context.add_cookies([{"name": "dubplate_token", "value": server.token(), "url": server.url, "httpOnly": True}])
        page = context.new_page()
        page.set_default_timeout(120_000)
        page.goto(f"{server.url}/healthz")
        page.add_script_tag(url=f"{server.url}/socket.io/socket.io.js")
        titles = ["Varying", "Constant"]
        result = page.evaluate(RENDERER, [[tracks[title]["id"] for title in titles], "lossless", [], False])
    finally:
        context.close()
    assert result["errors"] == 0
    sound = numpy.frombuffer(base64.b64decode(result["rendered"]), "<f4").reshape(-1, 2)[: result["written"]]
    source = numpy.concatenate([samples_of(files[title]) for title in titles]) / 32768
    assert sound.shape == source.shape and result["begun"] == [0, len(samples_of(files["Varying"]))]
    assert numpy.abs(sound[256:] - source[256:]).max() < 2 / 32768


@pytest.mark.parametrize("title", ["Constant", "Apple", "Foreign"])
def test_the_file_itself_can_be_fetched(own_server, files, title):
    server, tracks = own_server
    start = server.post("/api/v1/stream/start", {"trackId": tracks[title]["id"]}).json()
    url, data = server.url + start["urls"]["original"], files[title].read_bytes()
    assert files[title].suffix in url
    whole = requests.get(url, timeout=60)
    assert whole.status_code == 200 and whole.content == data
    assert whole.headers["Content-Type"] == {".mp3": "audio/mpeg", ".m4a": "audio/mp4", ".ogg": "audio/ogg"}[files[title].suffix]
    part = requests.get(url, headers={"Range": "bytes=1000-70999", "If-Range": whole.headers["ETag"]}, timeout=60)
    assert part.status_code == 206 and part.content == data[1000:71000]
    assert requests.head(url, timeout=60).headers["Content-Length"] == str(len(data))
    assert requests.get(url, headers={"If-None-Match": whole.headers["ETag"]}, timeout=60).status_code == 304
    assert requests.get(url, headers={"Range": f"bytes={len(data)}-"}, timeout=60).status_code == 416
    # Under no other ending, and as no playlist.
    for other in (url.replace("original.", "original.x", 1), url.replace(f"original{files[title].suffix}", "original/index.m3u8", 1)):
        assert requests.get(other, timeout=60).status_code == 404


def test_a_file_that_has_changed_is_not_sent_for_the_one_that_was(own_server, files, tmp_path):
    server, tracks = own_server
    path, kept = files["Small"], files["Small"].read_bytes()
    start = server.post("/api/v1/stream/start", {"trackId": tracks["Small"]["id"]}).json()
    before = path.stat()
    try:
        path.write_bytes(kept + b"more")
        answer = requests.get(server.url + start["urls"]["original"], timeout=60)
        assert answer.status_code == 410 and answer.json()["error"]["code"] == "track_unavailable"
    finally:
        path.write_bytes(kept)
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_the_free_plan_has_no_lossless_file(server, tracks):
    start = server.post("/api/v1/stream/start", {"trackId": tracks["Odd FLAC"]["id"]}, user=Server.lite).json()
    assert "original" not in start["urls"]
    url = server.url + start["urls"]["mp3-128"].replace("mp3-128.mp3", "original.flac")
    assert requests.get(url, timeout=60).status_code == 403
