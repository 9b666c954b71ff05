"""The sound over plain HTTP: whole files and HLS, judged by ffmpeg, ffprobe and Chromium."""

import http.client
import json
import socket
import struct
import subprocess

import numpy
import pytest
import requests

import sound
from conftest import eventually

FILES = {
    "mp3-128": "mp3",
    "mp3-192": "mp3",
    "mp3-320": "mp3",
    "aac-128": "m4a",
    "aac-192": "m4a",
    "opus-48": "m4a",
    "opus-128": "m4a",
    "flac": "flac",
    "ogg-160": "ogg",
}
HLS = [rendition for rendition in FILES if rendition != "ogg-160"]  # HLS has no Vorbis.
# Of a sound whose beginning and end were decoded by another path: an encoder's noise is 15 dB below and more.
LEAST_SIGNAL_TO_NOISE = 8


@pytest.fixture(scope="module")
def links(server, tracks):
    """The URLs of a track by title."""
    started = {}

    def of(title, user=None, **options):
        key = (title, user, tuple(options.items()))
        if key not in started:
            answer = server.post("/api/v1/stream/start", {"trackId": tracks[title]["id"], **options}, user=user)
            assert answer.status_code == 200, answer.text
            started[key] = answer.json()
        return started[key]["urls"]

    return of


def get(server, path, **headers):
    return requests.get(server.url + path, headers=headers, timeout=30)


def ffprobe(url, *entries):
    command = ["ffprobe", "-v", "error", "-print_format", "json", *entries, url]
    return json.loads(subprocess.run(command, capture_output=True, check=True, timeout=60).stdout)


def heard(url, rate=44100):
    """What ffmpeg plays from a URL, edit lists and LAME tags applied."""
    raw = sound.ffmpeg("-i", url, "-map", "0:a:0", "-f", "s16le", "-ar", rate, "-ac", 2, "pipe:1")
    return numpy.frombuffer(raw, "<i2").reshape(-1, 2)


@pytest.mark.parametrize("rendition", FILES)
def test_a_whole_file_has_the_sources_length_and_sound(server, music, tracks, links, rendition):
    source = sound.source_samples(music.files["Odd FLAC"], 44100)
    url = server.url + links("Odd FLAC")[rendition]
    found = ffprobe(url, "-show_format")["format"]
    # ffprobe counts an MP3's frames, priming and padding too.
    assert 0 <= float(found["duration"]) - len(source) / 44100 < (0.06 if FILES[rendition] == "mp3" else 0.03), found
    samples = heard(url)
    if rendition == "flac":
        assert numpy.array_equal(samples, source)
        return
    if FILES[rendition] == "m4a":
        # ffmpeg gives an MP4's last frame whole, though the edit list ends within it.
        assert 0 <= len(samples) - len(source) < 1024
        samples = samples[: len(source)]
    assert len(samples) == len(source)
    assert sound.lag(source, samples) == 0
    assert sound.signal_to_noise(source, samples) > LEAST_SIGNAL_TO_NOISE


@pytest.mark.parametrize("rendition", ["mp3-192", "aac-192", "ogg-160"])
def test_ffprobe_knows_title_and_artist_of_a_file(server, links, rendition):
    found = ffprobe(server.url + links("Odd FLAC")[rendition], "-show_format", "-show_streams")
    tags = found["format"].get("tags") or found["streams"][0]["tags"]
    tags = {name.lower(): value for name, value in tags.items()}
    assert tags["title"] == "Odd FLAC" and tags["artist"] == "Test Pressing" and tags["album"] == "Exact"


@pytest.mark.parametrize("rendition", ["mp3-128", "mp3-320", "aac-192", "opus-48", "ogg-160"])
def test_ranges_of_a_track_that_was_never_played_fit_together(fresh_server, music, rendition):
    server = fresh_server().start()
    track = server.wait_tracks("Long")["Long"]
    url = server.post("/api/v1/stream/start", {"trackId": track["id"]}).json()["urls"][rendition]
    head = requests.head(server.url + url, timeout=30)
    length = int(head.headers["content-length"])
    assert head.status_code == 200 and head.headers["accept-ranges"] == "bytes"
    # From the end to the beginning: no part can be built on the one before.
    cuts = [0, 1, 1_000, length // 3, length // 2, length - 10_000, length - 1, length]
    parts = {}
    for start, end in reversed(list(zip(cuts, cuts[1:]))):
        answer = get(server, url, Range=f"bytes={start}-{end - 1}")
        assert answer.status_code == 206
        assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/{length}"
        assert len(answer.content) == end - start
        parts[start] = answer.content
    whole = get(server, url)
    assert whole.status_code == 200 and int(whole.headers["content-length"]) == len(whole.content) == length
    assert whole.content == b"".join(parts[start] for start in sorted(parts))
    assert get(server, url, Range="bytes=-100").content == whole.content[-100:]
    assert get(server, url, Range=f"bytes={length - 5}-{length + 5}").content == whole.content[-5:]


@pytest.mark.parametrize("rendition", ["mp3-192", "ogg-160"])
def test_conditions_and_bad_ranges(server, links, rendition):
    url = links("Odd FLAC")[rendition]
    answer = get(server, url)
    tag, length = answer.headers["etag"], len(answer.content)
    assert get(server, url, **{"If-None-Match": tag}).status_code == 304
    assert get(server, url, **{"If-None-Match": '"other"'}).status_code == 200
    # Lossy segments may come out otherwise when they are made again: the tag is weak, and no part is put to an older one.
    assert tag.startswith('W/"')
    assert get(server, url, **{"If-None-Match": tag.removeprefix("W/")}).status_code == 304
    assert get(server, url, Range="bytes=10-19", **{"If-Range": tag}).status_code == 200
    assert get(server, url, Range="bytes=10-19", **{"If-Range": tag.removeprefix("W/")}).status_code == 200
    stale = get(server, url, Range="bytes=10-19", **{"If-Range": '"other"'})
    assert stale.status_code == 200 and stale.content == answer.content
    outside = get(server, url, Range=f"bytes={length}-")
    assert outside.status_code == 416 and outside.headers["content-range"] == f"bytes */{length}"
    for nonsense in ("bytes=5-2", "bytes=a-b", "lines=1-2", "bytes=0-1,5-6", "bytes=" + "9" * 40 + "-"):
        assert get(server, url, Range=nonsense).status_code in (200, 416), nonsense


def test_a_lossless_file_gets_its_length_when_all_of_it_has_been_made(fresh_server, music):
    server = fresh_server(arguments=("--analysis", "off")).start()
    track = server.wait_tracks("Odd FLAC")["Odd FLAC"]
    url = server.post("/api/v1/stream/start", {"trackId": track["id"]}).json()["urls"]["flac"]
    first = get(server, url)
    assert first.status_code == 200 and first.headers["accept-ranges"] == "none"
    # Written to disk a moment after it was sent.
    for _ in range(100):
        head = requests.head(server.url + url, timeout=30)
        if head.headers["accept-ranges"] == "bytes":
            break
    whole = get(server, url).content
    assert int(head.headers["content-length"]) == len(whole)
    # The same frames, behind a seek table now that their sizes are known.
    frames = len(first.content) - 10_000
    assert whole.endswith(first.content[-frames:]) and len(whole) > len(first.content)
    assert get(server, url, Range="bytes=1000-1999").content == whole[1000:2000]
    # However a lossless segment is made, it has the same bytes: a part may be put to an older one.
    tag = head.headers["etag"]
    assert tag.startswith('"') and get(server, url, Range="bytes=10-19", **{"If-Range": tag}).status_code == 206


def test_hls_is_complete_at_once_and_says_its_lengths_exactly(server, music, tracks, links):
    master = get(server, links("Odd FLAC")["hls"] + "&codecs=mp3,aac,opus,flac,ogg")
    assert master.headers["content-type"] == "application/vnd.apple.mpegurl"
    lines = master.text.splitlines()
    variants = [lines[at + 1] for at, line in enumerate(lines) if line.startswith("#EXT-X-STREAM-INF")]
    assert {variant.split("/")[0] for variant in variants} == set(HLS)
    for name, codec, count in (("hls", "mp4a.40.2", 2), ("hls-mp3", "mp4a.40.34", 3), ("hls-opus", "Opus", 2), ("hls-flac", "fLaC", 1)):
        text = get(server, links("Odd FLAC")[name]).text
        assert text.count("#EXT-X-STREAM-INF") == text.count(f'CODECS="{codec}"') == count
    assert get(server, links("Odd FLAC", user=server.lite)["hls-mp3"]).text.count("STREAM-INF") == 2
    assert "hls-flac" not in links("Odd FLAC", user=server.lite)
    base = links("Odd FLAC")["hls"].rsplit("/", 1)[0]
    for variant in variants:
        playlist = get(server, f"{base}/{variant}").text.splitlines()
        lengths = [float(line[8:-1]) for line in playlist if line.startswith("#EXTINF:")]
        # Opus counts 48,000 to the second, whatever the track does: that is right to a sample.
        assert abs(sum(lengths) - tracks["Odd FLAC"]["duration"]) < (1 / 48000 if "opus" in variant else 1e-6)
        target = next(int(line.split(":")[1]) for line in playlist if line.startswith("#EXT-X-TARGETDURATION"))
        assert all(round(length) <= target for length in lengths)
        assert playlist[-1] == "#EXT-X-ENDLIST"
        names = [line for line in playlist if not line.startswith("#")]
        assert len(names) == len(lengths)
        for name in names:
            answer = get(server, f"{base}/{variant.split('/')[0]}/{name}")
            assert answer.status_code == 200 and "immutable" in answer.headers["cache-control"]


@pytest.mark.parametrize("rendition", HLS)
def test_ffmpeg_plays_hls_sample_for_sample(server, music, links, rendition):
    source = sound.source_samples(music.files["Odd FLAC"], 44100)
    master = links("Odd FLAC")["hls"]
    base, token = master.rsplit("/", 1)[0], master.split("?")[1]
    url = f"{server.url}{base}/{rendition}/index.m3u8?{token}"
    samples = heard(url)
    if rendition == "flac":
        assert numpy.array_equal(samples, source)
        return
    # Neither packed MP3 nor MP4 ends within a frame.
    assert abs(float(ffprobe(url, "-show_streams")["streams"][0]["start_time"])) < 0.03
    assert 0 <= len(samples) - len(source) < 1152, (len(samples), len(source))
    samples = samples[: len(source)]
    assert sound.lag(source, samples) == 0
    assert sound.signal_to_noise(source, samples) > LEAST_SIGNAL_TO_NOISE


def test_a_url_is_good_for_its_own_track_and_renditions_only(server, tracks, links):
    url = links("Odd FLAC")["mp3-128"]
    path, token = url.split("?token=")
    other = path.replace(tracks["Odd FLAC"]["id"], tracks["Long"]["id"])
    lite = links("Odd FLAC", user=server.lite)
    assert "flac" not in lite and "mp3-320" not in lite
    lite_token = lite["mp3-128"].split("?token=")[1]
    expired = token.split(".")
    expired[1] = "1000000000"
    for bad in (
        path,
        f"{path}?token=",
        f"{path}?token={token[:-2]}xx",
        f"{path}?token={token}A",
        f"{path}?token={'.'.join(expired)}",
        f"{other}?token={token}",
        f"{path.replace('mp3-128', 'mp3-320')}?token={lite_token}",
        f"{path}?token={'x' * 5000}",
    ):
        answer = get(server, bad)
        assert answer.status_code == 403, bad
        assert answer.json()["error"] == {"code": "url_invalid", "message": "the URL is not valid"}
    assert get(server, f"{path}?token={lite_token}").status_code == 200


def test_an_edge_can_ask_whether_a_url_is_good(server, links):
    url = links("Odd FLAC")["hls"]
    segment = url.replace("master.m3u8", "aac-192/0.m4s")
    stale = segment.replace("?", "?v=1&")
    for path, status in ((url, 204), (segment, 204), (stale, 403), (segment.replace("token=", "token=x"), 403), ("/api/v1/me", 403)):
        answer = get(server, "/api/v1/audio/authorize", **{"X-Original-URI": path})
        assert answer.status_code == status, path
    for name in ("...", ".", "%", "aac-192..", ""):
        path = url.replace("master.m3u8", name)
        assert get(server, "/api/v1/audio/authorize", **{"X-Original-URI": path}).status_code == 403, name
    assert get(server, "/api/v1/audio/authorize").status_code == 403


def test_a_cookie_carries_the_token_where_a_query_cannot(server, tracks):
    answer = server.post("/api/v1/stream/start", {"trackId": tracks["Odd FLAC"]["id"], "cookies": True})
    url = answer.json()["urls"]["hls"]
    assert "token" not in url
    assert get(server, url).status_code == 403
    cookie = answer.headers["set-cookie"].split(";")[0]
    playlist = get(server, url, Cookie=cookie)
    assert playlist.status_code == 200 and "token" not in playlist.text


def test_what_is_not_there_is_not_found(server, links):
    base, token = links("Odd FLAC")["hls"].split("master.m3u8")
    for name in (
        "mp3-192.m4a",
        "mp3-192.exe",
        "aac-192/init.mp3",
        "aac-192/9999.m4s",
        "aac-192/4294967296.m4s",
        "aac-192/9223372036854775807.m4s",
        "aac-192/-9223372036854775808.m4s",
        "aac-192/00.m4s",
        "aac-192/-1.m4s",
        "aac-192/0.mp3",
        "mp3-192/init.mp4",
        "%2e%2e/x.mp3",
        "ogg-160.mp3",
        "ogg-160/index.m3u8",
        "ogg-160/init.mp4",
        "ogg-160/0.m4s",
        "opus-48.ogg",
    ):
        answer = get(server, base + name + token)
        assert answer.status_code in (403, 404), name
        assert answer.json()["error"]["code"] in ("not_found", "url_invalid"), name


@pytest.mark.parametrize("rendition", ["mp3-192", "aac-192", "opus-128", "ogg-160", "flac", "hls", "hls-opus", "hls-flac"])
def test_an_audio_element_plays_it_and_seeks(chromium, server, tracks, links, rendition):
    """As a page without any of our code would: `<audio src>`."""
    context = chromium.new_context(bypass_csp=True)
    page = context.new_page()
    page.goto(server.url + "/healthz")
    played = page.evaluate(
        """async ([url, seek]) => {
          const audio = new Audio(url);
          const event = (name) => new Promise((resolve, reject) => {
            audio.addEventListener(name, resolve, { once: true });
            audio.addEventListener('error', () => reject(new Error(audio.error.message)), { once: true });
            setTimeout(() => reject(new Error(`no ${name}`)), 60000);
          });
          const ready = event('canplay');
          audio.load();
          await ready;
          const duration = audio.duration;
          const playing = event('timeupdate');
          await audio.play();
          await playing;
          if (seek) {
            const sought = event('seeked');
            audio.currentTime = 120;
            await sought;
            const going = event('timeupdate');
            await going;
          }
          return [duration, audio.currentTime];
        }""",
        [server.url + links("Long")[rendition], rendition != "flac"],
    )
    context.close()
    duration, position = played
    if rendition != "flac":  # its length is unknown until it is analysed or made, and so is how to seek
        assert abs(duration - tracks["Long"]["duration"]) < 0.05
        assert 120 <= position < 125


def test_a_segment_in_memory_is_answered_at_once_and_alike(server, links):
    base, token = links("Odd FLAC")["hls"].split("master.m3u8")
    playlist = get(server, f"{base}aac-192/index.m3u8{token}").text
    url = f"{base}aac-192/" + next(line for line in playlist.splitlines() if line.startswith("1.m4s"))
    first = get(server, url)
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    for _ in range(3):
        connection.request("GET", url)
        answer = connection.getresponse()
        assert answer.status == 200 and answer.read() == first.content
        assert answer.headers["content-type"] == first.headers["content-type"]
        assert answer.headers["cache-control"] == first.headers["cache-control"]
    # What isn't there at once goes the long way over the same connection, and so does all after it.
    for path, status in ((url.replace("token=", "token=x"), 403), (f"{base}master.m3u8{token}", 200), (url, 200)):
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status == status and (path != url or body == first.content)
    connection.close()
    # Two requests in one write, the second with a body that nobody asked for; and one that ends the connection.
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as raw:
        line = f"GET {url} HTTP/1.1\r\nHost: x\r\n".encode()
        raw.sendall(line + b"\r\n" + line + b"Content-Length: 5\r\n\r\nhello" + line + b"Connection: close\r\n\r\n")
        received = b""
        while piece := raw.recv(1 << 16):
            received += piece
    assert received.count(b"HTTP/1.1 200 OK") == received.count(first.content) == 3


@pytest.mark.parametrize("request_line", ["HTTP/1.0", "HTTP/1.1\r\nConnection: close", "HTTP/1.0\r\nConnection: close"])
@pytest.mark.parametrize("path", ["/healthz", "/nothing", "/socket.io/?EIO=4&transport=polling"])
def test_a_connection_that_ends_says_so(server, path, request_line):
    """A proxy keeps every connection of which it isn't told, and its next request on it would be lost."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as raw:
        raw.sendall(f"GET {path} {request_line}\r\nHost: x\r\n\r\n".encode())
        received = b""
        while piece := raw.recv(1 << 16):
            received += piece
    head = received.split(b"\r\n\r\n")[0].lower()
    assert head.startswith(b"http/1.1 ") and b"\r\nconnection: close" in head, head


def test_pages_of_allowed_origins_may_fetch_the_sound(fresh_server):
    server = fresh_server(arguments=["--allowed-origins", "https://music.example"]).start()
    track = server.wait_tracks("Odd FLAC")["Odd FLAC"]
    urls = server.post("/api/v1/stream/start", {"trackId": track["id"]}).json()["urls"]
    segment = urls["hls"].replace("master.m3u8", "aac-192/0.m4s")
    for path in (urls["hls"], segment, segment, urls["mp3-128"]):
        for origin, allowed in (("https://music.example", "https://music.example"), ("https://evil.example", None)):
            answer = get(server, path, Origin=origin)
            assert answer.status_code == 200
            assert answer.headers.get("access-control-allow-origin") == allowed


TAGS = {"title": "Grüße / „x“", "artist": "Ärtist", "album": "Alb", "album_artist": "Various", "genre": "Noise", "composer": "Sömebody"}


@pytest.fixture(scope="module")
def tagged(tmp_path_factory):
    """A file with every tag and a cover; and one whose cover is large."""
    folder = tmp_path_factory.mktemp("tagged")
    for name, size, kind in (("small", 120, "png"), ("large", 1400, "png"), ("bmp", 120, "bmp")):
        noise = numpy.random.default_rng(1).integers(0, 255, (size, size, 3), dtype=numpy.uint8)
        sound.ffmpeg(
            "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{size}x{size}", "-i", "pipe:0", folder / f"{name}.{kind}",
            stdin=noise.tobytes(),
        )  # fmt: skip
        tags = TAGS | {"title": TAGS["title"] + name, "date": "1999", "track": "3/12", "disc": "2/2", "lyrics": "one\ntwo"}
        options = [option for tag in tags.items() for option in ("-metadata", "=".join(tag))]
        sound.ffmpeg(
            "-f", "lavfi", "-i", "anoisesrc=d=5:c=pink:r=44100:seed=3", "-i", folder / f"{name}.{kind}", "-map", "0", "-map", "1",
            "-c:v", "copy", "-disposition:v", "attached_pic", "-ac", 2, *options, folder / f"{name}.flac",
        )  # fmt: skip
    return folder


def test_whole_files_carry_all_tags_the_cover_a_name_and_a_date(fresh_server, tagged):
    server = fresh_server(library=tagged).start()
    names = ("small", "large", "bmp")
    tracks = server.wait_tracks(*(TAGS["title"] + name for name in names))
    for name in names:
        urls = server.post("/api/v1/stream/start", {"trackId": tracks[TAGS["title"] + name]["id"]}).json()["urls"]
        for rendition, ending in FILES.items():
            answer = get(server, urls[rendition])
            path = tagged / f"{name}-{rendition}.{ending}"
            path.write_bytes(answer.content)
            found = ffprobe(path, "-show_format", "-show_streams")
            tags = {}
            for part in (*found["streams"], found["format"]):
                tags |= {key.lower(): value for key, value in part.get("tags", {}).items()}
            assert {key: tags[key] for key in TAGS} == TAGS | {"title": TAGS["title"] + name}, rendition
            # Vorbis comments have the totals under names of their own.
            numbers = [tags[key] if "/" in tags[key] else f"{tags[key]}/{tags[key + 'total']}" for key in ("track", "disc")]
            assert (tags["date"], *numbers) == ("1999", "3/12", "2/2"), rendition
            assert (tags.get("lyrics") or tags["lyrics-und"]) == "one\ntwo", rendition
            picture = next(stream for stream in found["streams"] if stream["codec_type"] == "video")
            assert picture["width"] == (512 if name == "large" else 120), rendition
            assert picture["codec_name"] == ("png" if name == "small" else "mjpeg"), "what every player shows"
            shown = sound.ffmpeg("-i", path, "-map", "0:v", "-c", "copy", "-f", "image2pipe", "pipe:1")
            assert name != "small" or shown == (tagged / "small.png").read_bytes(), rendition
            # Nothing of it disturbs the sound.
            sound.ffmpeg("-xerror", "-i", path, "-map", "0:a", "-f", "null", "-")
            assert answer.headers["last-modified"].endswith(" GMT")
            plain, _, encoded = answer.headers["content-disposition"].partition("; filename*=UTF-8''")
            assert requests.utils.unquote(encoded) == f"Ärtist - Grüße _ „x“{name}.{ending}"
            assert plain == f'inline; filename="_rtist - Gr__e _ _x_{name}.{ending}"'
            for date in (answer.headers["last-modified"], "Thu, 31 Dec 2099 23:59:59 GMT"):
                assert get(server, urls[rendition], **{"If-Modified-Since": date}).status_code == 304, date


def test_a_flac_file_of_known_length_has_a_seek_table_that_holds(server, links, tracks):
    server.get(f"/api/v1/tracks/{tracks['Long']['id']}/waveform")
    data = eventually(
        lambda: (got := get(server, links("Long")["flac"])).headers["accept-ranges"] == "bytes" and got.content,
        "the file has a length",
    )
    at, points = 4, []
    while True:
        kind, length = data[at] & 0x7F, int.from_bytes(data[at + 1 : at + 4], "big")
        if kind == 3:
            table = data[at + 4 : at + 4 + length]
            points = [struct.unpack(">QQH", table[start : start + 18]) for start in range(0, length, 18)]
        last, at = data[at] >> 7, at + 4 + length
        if last:
            break
    assert len(points) > 10
    for sample, offset, _ in points:
        frame = data[at + offset : at + offset + 16]
        assert frame[:2] == b"\xff\xf8", "a point leads to a frame"
        # Its number in UTF-8's scheme (RFC 9639, 9.1.5); those of this track have at most three bytes.
        number = ord(frame[4 : 5 + (frame[4] >= 0xC0) + (frame[4] >= 0xE0)].decode())
        assert number * 4608 == sample


def test_playlists_say_the_true_bandwidth(server, links):
    base = links("Odd FLAC")["hls"].rsplit("/", 1)[0]
    address = links("Odd FLAC")["hls"] + "&codecs=mp3,aac,opus,flac"
    for variant in [line for line in get(server, address).text.splitlines() if line and line[0] != "#"]:
        for name in [line for line in get(server, f"{base}/{variant}").text.splitlines() if line[0] != "#"]:
            assert get(server, f"{base}/{variant.split('/')[0]}/{name}").status_code == 200
    lines = get(server, address).text.splitlines()
    for at, line in enumerate(lines):
        if not line.startswith("#EXT-X-STREAM-INF"):
            continue
        said = dict(part.split("=", 1) for part in line.split(":", 1)[1].split(","))
        playlist = get(server, f"{base}/{lines[at + 1]}").text.splitlines()
        seconds = [float(part[8:-1]) for part in playlist if part.startswith("#EXTINF:")]
        folder = lines[at + 1].split("/")[0]
        bits = [8 * len(get(server, f"{base}/{folder}/{name}").content) for name in playlist if name[0] != "#"]
        rates = [b / s for b, s in zip(bits, seconds) if s >= seconds[0] / 2]
        assert abs(int(said["AVERAGE-BANDWIDTH"]) / (sum(bits) / sum(seconds)) - 1) < 0.02, folder
        assert 0.99 < int(said["BANDWIDTH"]) / max(rates) < 1.1, folder


def test_playlists_are_compressed_when_asked(server, links):
    url = links("Long")["hls"].replace("master.m3u8", "aac-192/index.m3u8")
    plain = get(server, url, **{"Accept-Encoding": "identity"})
    packed = get(server, url, **{"Accept-Encoding": "gzip"})
    assert "content-encoding" not in plain.headers and packed.headers["content-encoding"] == "gzip"
    assert packed.content == plain.content and int(packed.headers["content-length"]) < len(plain.content) / 3
    assert all("accept-encoding" in answer.headers["vary"].lower() for answer in (plain, packed))
