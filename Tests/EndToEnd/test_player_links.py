"""The first click: whatever rates stream and sound card have, over slow links, and on a page that came over plain HTTP."""

import types

import numpy
import pytest

import browser as browsers
from browser import Player
from link import by_hand, slow_link
from test_player import decoded

# From the click on a row (caught before the page hears of it) to the first sample that leaves for the speakers.
WATCH_FIRST_SOUND = """() => {
  window.firstSound = new Promise((resolve) => {
    addEventListener('click', () => {
      const began = performance.now();
      const watch = new MessageChannel();
      watch.port1.onmessage = () => {
        if (__dubplate.peak() > 0.001) resolve(performance.now() - began);
        else watch.port2.postMessage(null);
      };
      watch.port2.postMessage(null);
    }, { capture: true, once: true });
  });
}"""


def with_address(server, url):
    """The same server as a page at another address sees it."""
    return types.SimpleNamespace(url=url, username=server.username, password=server.password, token=server.token)


@pytest.mark.parametrize("quality", ["opus-128", "lossless"])
def test_a_stream_of_any_rate_sounds_at_the_first_click(open_player, tracks, quality):
    player = open_player()
    player.page.evaluate("(quality) => localStorage.setItem('dubplate.quality', JSON.stringify(quality))", quality)
    player.page.reload()
    player.ready()
    rates = {}
    for title in ("Odd FLAC", "Long", "First Cut", "Odd FLAC"):
        player.play(title)
        # What sounds first may be the last of the track before.
        player.until(f"{title} is decoded", lambda: player.stats()["sampleRate"])
        rates[title] = player.stats()["sampleRate"]
        assert player.page.locator(".toast").count() == 0
    assert player.stats()["decodeErrors"] == 0
    assert quality == "lossless" or set(rates.values()) == {48_000}
    # One context, at the card's rate.
    assert player.page.evaluate("__dubplate.context.sampleRate") in (44_100, 48_000)


def test_the_first_sound_is_said_as_late_as_it_was(chromium, server, listener):
    with slow_link(server.port, 1_600_000, latency=0.075) as link:
        player = Player(chromium, with_address(server, link.url))
        try:
            player.enter(listener)
            player.search("Long")
            player.page.evaluate(WATCH_FIRST_SOUND)
            player.row("Long").click()
            player.until("it sounds", player.is_audible)
            heard = player.page.evaluate("firstSound")
            said = player.stats()["firstSoundMs"]
            # The card's own latency, and that a page looks only now and then, are between them.
            assert abs(said - heard) < 0.25 * heard + 150, (said, heard)
        finally:
            player.close()


# bit/s, one way in seconds, and in how many a click is to be heard: what a pause to think, two round trips, and a second
# of the rung's sound take.
FIGURES = [(1_600_000, 0.075, 1.0), (400_000, 0.2, 2.0), (100_000, 0.1, 4.0), (10_000_000, 0.25, 1.6)]


@by_hand
@pytest.mark.parametrize("bandwidth, latency, seconds", FIGURES)
def test_a_click_is_heard_in_the_time_that_its_link_takes(chromium, server, listener, bandwidth, latency, seconds):
    with slow_link(server.port, bandwidth, latency=latency) as link:
        player = Player(chromium, with_address(server, link.url))
        try:
            player.page.set_default_timeout(120_000)
            player.enter(listener)
            player.search("Long")
            player.page.evaluate(WATCH_FIRST_SOUND)
            player.row("Long").click()
            assert player.page.evaluate("firstSound") <= 1_000 * seconds
            # What it begins with, the link carries.
            player.until("some of it was heard", lambda: player.position() > 5)
            assert player.stats()["underruns"] <= (1 if bandwidth > 100_000 else 3)
        finally:
            player.close()


@pytest.fixture(scope="module")
def plain_browser(chromium):
    """A browser that knows the server under a name that is no loopback's: a page there isn't secure."""
    arguments = [*browsers.ARGUMENTS, "--host-resolver-rules=MAP dubplate.test 127.0.0.1"]
    browser = chromium.browser_type.launch(executable_path=browsers.CHROMIUM, args=arguments)
    yield browser
    browser.close()


@pytest.fixture
def plain_player(plain_browser, server, listener):
    player = Player(plain_browser, with_address(server, f"http://dubplate.test:{server.port}"))
    player.enter(listener)
    assert not player.page.evaluate("isSecureContext") and player.page.evaluate("!globalThis.AudioDecoder")
    yield player
    player.assert_clean()
    player.close()


def test_a_page_over_plain_http_plays_sample_for_sample(plain_player, music):
    player = plain_player
    player.choose_quality("lossless")
    player.record()
    player.play("Odd FLAC")
    player.until("all of it was heard", lambda: player.state()["status"] == "ended")
    heard, file = player.recorded(), decoded(music.files["Odd FLAC"])
    assert heard.shape == file.shape and numpy.allclose(heard, file, rtol=1e-4, atol=0)
    assert player.stats()["underruns"] == 0


def test_a_page_over_plain_http_seeks_pauses_and_says_what_it_lacks(plain_player):
    player = plain_player
    player.play("Long")
    player.page.focus("#progress")
    player.page.keyboard.press("End")
    player.page.keyboard.press("PageDown")
    player.until("it has moved", lambda: player.position() > 60)
    player.until("it sounds there", player.is_audible)
    player.page.click("#play-button")
    player.until("it is silent", player.is_silent)
    held = player.position()
    player.page.click("#play-button")
    player.until("it sounds again", player.is_audible)
    assert held - 0.5 <= player.position()
    before, began = player.clocks()
    player.page.wait_for_timeout(3_000)
    after, ended = player.clocks()
    assert abs((after - before) - (ended - began)) < 0.3, "the position goes on as time does"
    player.page.click("#devices-button")
    assert "plain HTTP" in player.page.inner_text("#devices-panel")
