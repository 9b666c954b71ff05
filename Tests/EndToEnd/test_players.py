"""Whole files as players play them: where the sound begins, how long it is, and where a seek leads."""

import base64
import concurrent.futures
import pathlib
import shutil
import subprocess

import numpy
import pytest
import requests

import firefox as firefoxes
import players
from conftest import Server, eventually, pages_of_another_origin

RATE = 48000
SECONDS = 20.37
# Those that this client plays.
PLAYLISTS = ("hls", "hls-mp3")
LONG, LONG_SECONDS = "long", 80.0
SEEKS = (0, 10.5, 18.9)
RENDITIONS = ("mp3-192", "aac-192", "opus-128", "opus-48", "ogg-160", "flac")
# What each can't be asked: mpg123 knows MP3 alone.
PLAYS = {"mpg123": ("mp3-192",)}
# MPD plays Ogg over HTTP from the beginning only.
SOUGHT = {"mpd": ("mp3-192", "aac-192", "opus-128", "opus-48", "flac")}
# Seconds by which a player may begin too early and too late behind a seek. ffmpeg, mpv, GStreamer and the browsers are
# exact to a few samples; MPD and mpg123 to a packet or two; VLC, when it converts, begins with what its demuxer gives: the
# fragment, or where it believes the moment to be.
SLACK = {"vlc": (2.2, 0.3), "mpd": (0.1, 0.1), "mpg123": (0.06, 0.06)}
# At the beginning nothing is sought: a few milliseconds are the state of a decoder that has seen nothing yet.
EXACT = (0.003, 0.003)
BROWSERS = ("firefox", "chromium", "hls.js")
HLS_CLIENT = pathlib.Path(__file__).parents[2] / ".build-assets/hls.js"
START = {"vlc": (0.003, 0.045), "mpd": (0.03, 0.03)}


def known_sound(seconds=SECONDS):
    """Noise whose every piece is at one place only, over a slow swell, from the first sample to the last."""
    noise = numpy.random.default_rng(7).normal(0, 0.2, round(seconds * RATE))
    smooth = numpy.convolve(noise, numpy.ones(4) / 4, "same")
    return smooth * (0.7 + 0.3 * numpy.sin(numpy.arange(len(noise)) / RATE * 4))


def write(folder, names, sound):
    """FLAC files of that name and title; returns the samples in them."""
    samples = numpy.round(numpy.clip(sound, -0.9, 0.9) * 32767).astype("<i2")
    raw = numpy.stack([samples, samples], 1).tobytes()
    shape = ["-f", "s16le", "-ar", str(RATE), "-ac", "2", "-i", "pipe:0"]
    for name in names:
        command = ["ffmpeg", "-loglevel", "error", *shape, "-metadata", f"title={name}", str(folder / f"{name}.flac")]
        subprocess.run(command, input=raw, check=True, timeout=60)
    return samples.astype(float)


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """A library of one sound, once for each judge: what one has played was never made for another."""
    folder = tmp_path_factory.mktemp("known")
    return folder, write(folder, (*players.PLAYERS, *BROWSERS), known_sound())


@pytest.fixture(scope="module")
def long_source(source):
    """A minute whose first half is dull and takes an encoder few bits, and whose second half takes it many."""
    sound = known_sound(LONG_SECONDS)
    half = len(sound) // 2
    sound[:half] = numpy.convolve(sound[:half], numpy.ones(24) / 24, "same") * 24**0.5
    return write(source[0], [LONG], sound)


@pytest.fixture(scope="module")
def elsewhere():
    """A page that isn't the server's, with the client of HLS in it, where there is one."""
    pages = {"/": ("text/html", b"<!doctype html><script src=/hls.js></script>")}
    if HLS_CLIENT.exists():
        pages["/hls.js"] = ("text/javascript", HLS_CLIENT.read_bytes())
    with pages_of_another_origin(pages) as origin:
        yield origin


@pytest.fixture(scope="module")
def server(source, long_source, elsewhere, tmp_path_factory):
    folder = tmp_path_factory.mktemp("players")
    running = Server(folder / "data", source[0], folder / "server.log", arguments=["--allowed-origins", elsewhere])
    try:
        running.start()
        yield running
        assert running.stop() == 0
    finally:
        if running.process is not None:
            running.process.kill()
            running.process.wait()


@pytest.fixture(scope="module")
def links(server):
    tracks = server.wait_tracks(*players.PLAYERS, *BROWSERS, LONG)

    def of(title):
        answer = server.post("/api/v1/stream/start", {"trackId": tracks[title]["id"]})
        assert answer.status_code == 200, answer.text
        return {name: server.url + path for name, path in answer.json()["urls"].items()}

    return of


def make_whole(url):
    """A FLAC file has a length, and seeks, once its track was analysed or made."""
    eventually(lambda: requests.get(url, timeout=60).headers["accept-ranges"] == "bytes", "the file has a length")


def judge(source, sound, seek, slack, what, whole=True):
    """Holds what was heard against the source: nothing before or behind the moment, and all that comes after it."""
    heard = numpy.nonzero(numpy.abs(sound) > 30)[0]
    assert len(heard) > RATE / 4, f"{what}: nothing is heard"
    # Behind the first packet, so that what a decoder's cold state does to it isn't asked here.
    begin = int(heard[0]) + 4096
    place, likeness = players.find(source, sound[begin:])
    assert likeness > 0.45, f"{what}: something else is heard ({likeness:.2f})"
    off = (place - begin) / RATE - seek
    early, late = slack
    assert -early <= off <= late, f"{what}: {off * 1000:.1f} ms off"
    # Music that is missing in front, though what is heard comes at its time.
    missing = heard[0] / RATE
    assert missing <= late + 0.005, f"{what}: the first {missing * 1000:.0f} ms are silent"
    if whole:
        rest = len(source) / RATE - seek - off
        assert abs(len(sound) / RATE - rest) < 0.1, f"{what}: {len(sound) / RATE:.3f} s of {rest:.3f}"


@pytest.mark.parametrize("name", players.PLAYERS)
def test_a_player_begins_ends_and_seeks_where_it_should(server, links, source, tmp_path, name):
    if not players.is_there(name):
        pytest.skip(f"{name} isn't installed: scripts/bootstrap --test found no package of it")
    urls = links(name)

    def play(work):
        rendition, seek = work
        folder = tmp_path / f"{rendition}-{seek}"
        folder.mkdir()
        return players.PLAYERS[name](urls[rendition], seek, RATE, folder)

    renditions = PLAYS.get(name, RENDITIONS)
    faults = []
    if "flac" in renditions:
        make_whole(urls["flac"])
    # The first of each rendition on a track that was never made, and the seeks two at a time.
    for rendition in renditions:
        seeks = SEEKS if rendition in SOUGHT.get(name, RENDITIONS) else SEEKS[:1]
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            for seek, sound in zip(seeks, pool.map(play, [(rendition, seek) for seek in seeks])):
                slack = SLACK.get(name, EXACT) if seek else START.get(name, EXACT)
                try:
                    judge(source[1], sound, seek, slack, f"{name}, {rendition}, from {seek} s")
                except AssertionError as fault:
                    faults.append(str(fault).split("\n")[0])
    assert not faults, "\n".join(faults)


def test_firefox_begins_and_seeks_where_it_should(server, links, source, tmp_path):
    if not (shutil.which("firefox-esr") or shutil.which("firefox")):
        pytest.skip("Firefox isn't installed: scripts/bootstrap --test found no package of it")
    browser = firefoxes.Firefox(tmp_path)
    urls, faults = links("firefox"), []
    try:
        for rendition in RENDITIONS:
            if rendition == "flac":
                make_whole(urls[rendition])
            for seek in SEEKS:
                what = f"Firefox, {rendition}, from {seek} s"
                # On a busy machine nothing may be captured in the time that it is listened to.
                for _ in range(4):
                    duration, rate, sound = browser.play(urls[rendition], seek, 1)
                    if numpy.count_nonzero(numpy.abs(sound[: RATE // 2]) > 30) > RATE / 4:
                        break
                assert rate == RATE
                try:
                    assert abs(duration - SECONDS) < 0.05, f"{what}: it shows {duration} s"
                    # Behind a seek it drops a packet of MP3 for the decoder's state.
                    slack = (0.06, 0.06) if rendition == "mp3-192" and seek else EXACT
                    # Faster than music is, it plays only the first moments without a gap.
                    judge(source[1], sound[: RATE // 2], seek, slack, what, whole=False)
                except AssertionError as fault:
                    faults.append(str(fault).split("\n")[0])
    finally:
        browser.close()
    assert not faults, "\n".join(faults)


# A file by the browser itself, or a playlist by hls.js.
RECORD = """async ([url, seek, rate, isPlaylist]) => {
  const audio = isPlaylist ? new Audio() : new Audio(url);
  const hls = isPlaylist ? new Hls() : undefined;
  const event = (name) => new Promise((done, failed) => {
    audio.addEventListener(name, done, { once: true });
    audio.addEventListener('error', () => failed(new Error(audio.error.message)), { once: true });
    hls?.on(Hls.Events.ERROR, (_, { fatal, details }) => fatal && failed(new Error(details)));
  });
  hls?.loadSource(url);
  hls?.attachMedia(audio);
  await event('canplay');
  // The client may say a playlist's length only behind its first segment.
  while (!Number.isFinite(audio.duration)) await event('durationchange');
  if (seek > 0) {
    const sought = event('seeked');
    audio.currentTime = seek;
    await sought;
  }
  const context = new AudioContext({ sampleRate: rate });
  const node = context.createScriptProcessor(4096, 2, 2);
  const blocks = [];
  node.onaudioprocess = (e) => blocks.push(new Float32Array(e.inputBuffer.getChannelData(0)));
  context.createMediaElementSource(audio).connect(node);
  node.connect(context.destination);
  await audio.play();
  while (blocks.filter((block) => block.some((sample) => Math.abs(sample) > 1e-3)).length < 8) {
    await new Promise((done) => setTimeout(done, 50));
  }
  audio.pause();
  const duration = audio.duration;
  hls?.destroy();
  await context.close();
  const bytes = new Uint8Array(await new Blob(blocks).arrayBuffer());
  let text = '';
  for (let at = 0; at < bytes.length; at += 32768) text += String.fromCharCode(...bytes.subarray(at, at + 32768));
  return [duration, btoa(text)];
}"""


def assert_recorded(page, source, url, seek, what, is_playlist=False):
    duration, text = page.evaluate(RECORD, [url, seek, RATE, is_playlist])
    sound = numpy.frombuffer(base64.b64decode(text), "<f4") * 32767
    # What stands before the first sound is the time in which nothing was played yet.
    begin = int(numpy.nonzero(numpy.abs(sound) > 30)[0][0])
    assert abs(duration - SECONDS) < 0.05, f"{what}: it shows {duration} s"
    place, likeness = players.find(source, sound[begin + 4096 :])
    off = (place - 4096) / RATE - seek
    assert likeness > 0.6 and abs(off) < 0.03, f"{what}, from {seek} s: {off * 1000:.1f} ms ({likeness:.2f})"


def test_chromium_begins_and_seeks_where_it_should(chromium, server, links, source):
    urls, faults = links("chromium"), []
    page = chromium.new_context(bypass_csp=True).new_page()
    page.goto(server.url + "/healthz")
    for rendition in RENDITIONS[:-1]:
        for seek in SEEKS[:2]:
            try:
                assert_recorded(page, source[1], urls[rendition], seek, f"Chromium, {rendition}")
            except AssertionError as fault:
                faults.append(str(fault).split("\n")[0])
    page.context.close()
    assert not faults, "\n".join(faults)


@pytest.mark.skipif(not HLS_CLIENT.exists(), reason="no hls.js: scripts/bootstrap --test found no package of it")
def test_hls_js_on_another_origins_page_begins_and_seeks_where_it_should(chromium, elsewhere, links, source):
    urls, faults = links("hls.js"), []
    page = chromium.new_page()
    page.goto(elsewhere)
    for codec in PLAYLISTS:
        for seek in SEEKS:
            try:
                assert_recorded(page, source[1], urls[codec], seek, f"hls.js, {codec}", is_playlist=True)
            except AssertionError as fault:
                faults.append(str(fault).split("\n")[0])
    page.close()
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("rendition", ["ogg-160", "flac"])
def test_vlc_seeks_where_it_should_though_the_bitrate_changes(server, links, long_source, tmp_path, rendition):
    if not players.is_there("vlc"):
        pytest.skip("vlc isn't installed: scripts/bootstrap --test found no package of it")
    url = links(LONG)[rendition]
    if rendition == "flac":
        make_whole(url)
    for seek in (LONG_SECONDS / 2, LONG_SECONDS - 7.3):
        sound = players.vlc(url, seek, RATE, tmp_path)
        judge(long_source, sound, seek, SLACK["vlc"], f"VLC, {rendition}, from {seek} s")
