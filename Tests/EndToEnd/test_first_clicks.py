"""The first click on a page that has just been opened, in each browser, over a library of both rates: it sounds, each time.

`DUBPLATE_FIRST_CLICKS=200` makes it that many in each browser; without it a few."""

import os
import shutil

import pytest

import firefox as firefoxes
from browser import Player
from link import slow_link

CLICKS = int(os.environ.get("DUBPLATE_FIRST_CLICKS") or 3)
# Seconds: as long as a test may take, and what a click takes on a busy machine.
pytestmark = pytest.mark.timeout(300 + 20 * CLICKS)
# 44.1 and 48 kHz; and what is sent of them, which may be of another rate.
TITLES = ("Odd FLAC", "Odd 48k", "Long", "First Cut", "Ferry Lights")
QUALITIES = ("auto", "opus-128", "lossless", "auto", "high")

CHOOSE = "(quality) => localStorage.setItem('dubplate.quality', JSON.stringify(quality))"
# What somebody would see who clicked: sound of that track, or words that say why not.
OUTCOME = """(title) => {
  const words = document.querySelector('.toast')?.innerText;
  if (words) return words;
  return __dubplate.state().title === title && __dubplate.peak() > 0.001 ? 'sounds' : null;
}"""


def clicks():
    """Neighbours differ in track and quality, and in time each meets each."""
    for number in range(CLICKS):
        yield number, QUALITIES[(number + number // len(TITLES)) % len(QUALITIES)], TITLES[number % len(TITLES)]


def test_each_first_click_sounds_in_chromium(chromium, server, listener, tracks):
    player, failures = Player(chromium, server), []
    try:
        player.enter(listener)
        for number, quality, title in clicks():
            player.page.evaluate(CHOOSE, quality)
            player.page.goto(f"{server.url}/?q={title}")
            player.ready()
            player.row(title).click()
            outcome = []

            def known():
                outcome[:] = [player.page.evaluate(OUTCOME, title)]
                return outcome[0]

            player.until(f"{title} sounds in {quality}", known)
            if outcome != ["sounds"]:
                failures.append((number, quality, title, outcome, player.stats()))
    finally:
        player.close()
    assert not failures, f"{len(failures)} of {CLICKS}: {failures}"


class Fox:
    """The player in Firefox, where a page may only sound once somebody has clicked in it."""

    def __init__(self, browser, server, listener, url):
        self.browser, self.url = browser, url
        browser.open(f"{url}/healthz")
        browser.run("(token) => { document.cookie = `dubplate_token=${token}; path=/`; }", server.token(listener))
        browser.open(f"{url}/")

    def first_click(self, title, quality="auto"):
        """What comes of it: `sounds`, or words."""
        self.browser.run(CHOOSE, quality)
        self.browser.open(f"{self.url}/?q={title}")
        there = """(title) => globalThis.__dubplate?.state().connection === 'online'
          && [...document.querySelectorAll('.row[data-id]')].some((row) => row.innerText.includes(title))"""
        self.browser.until(f"{title} is listed", there, title)
        mark = """(title) => [...document.querySelectorAll('.row[data-id]')]
          .find((row) => row.innerText.split('\\n').includes(title)).setAttribute('data-first', '')"""
        self.browser.run(mark, title)
        self.browser.click("[data-first]")
        return self.browser.until(f"{title} sounds in {quality}", OUTCOME, title)


@pytest.fixture(scope="module")
def firefox(tmp_path_factory):
    if not (shutil.which("firefox-esr") or shutil.which("firefox")) or not shutil.which("pulseaudio"):
        pytest.skip("Firefox or PulseAudio isn't installed: scripts/bootstrap --test found no package of it")
    folder = tmp_path_factory.mktemp("firefox")
    sound = firefoxes.SoundServer(folder)
    try:
        # A name that is no loopback's: a page there isn't secure.
        browser = firefoxes.Firefox(folder, sound, **{"network.dns.localDomains": "dubplate.test"})
        yield browser
        browser.close()
    finally:
        sound.close()


def test_each_first_click_sounds_in_firefox(firefox, server, listener, tracks):
    fox, failures = Fox(firefox, server, listener, server.url), []
    for number, quality, title in clicks():
        outcome = fox.first_click(title, quality)
        if outcome != "sounds":
            failures.append((number, quality, title, outcome))
    assert not failures, f"{len(failures)} of {CLICKS}: {failures}"


def test_a_first_click_sounds_in_firefox_over_plain_http(firefox, server, listener, tracks):
    fox = Fox(firefox, server, listener, f"http://dubplate.test:{server.port}")
    assert firefox.run("() => [isSecureContext, typeof AudioDecoder, typeof AudioWorklet]") == [False, "undefined", "undefined"]
    assert fox.first_click("Odd 48k") == "sounds"
    assert firefox.run("() => __dubplate.stats().decodeErrors") == 0


def test_a_first_click_sounds_in_firefox_over_a_slow_link(firefox, server, listener, tracks):
    with slow_link(server.port, 1_600_000, latency=0.075) as link:
        fox = Fox(firefox, server, listener, link.url)
        assert fox.first_click("Long") == "sounds"
