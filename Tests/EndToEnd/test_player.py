"""The web player as a listener meets it. Whether it sounds is measured in its AudioContext."""

import subprocess

import numpy
import pytest


@pytest.fixture
def player(open_player):
    return open_player()


def decoded(path):
    """The file's samples as ffmpeg decodes them: samples × 2."""
    done = subprocess.run(
        ["ffmpeg", "-v", "error", "-nostdin", "-i", str(path), "-f", "f32le", "-ac", "2", "-"], capture_output=True, check=True)
    return numpy.frombuffer(done.stdout, "<f4").reshape(-1, 2)


def test_the_audio_context_carries_the_signal(player):
    player.play("Long")
    player.until("it is well under way", lambda: player.stats()["bufferSeconds"] > 6)
    start, began = player.clocks()
    player.until("three seconds are heard", lambda: player.position() > start + 3)
    heard, now = player.clocks()
    assert 0.95 < (heard - start) / (now - began) < 1.05
    assert player.is_audible()
    stats = player.stats()
    assert stats["firstSoundMs"] > 0 and stats["decodeErrors"] == 0 and stats["discontinuities"] == 0 and stats["lost"] == 0

    player.page.click("#play-button")
    player.until("it is silent", player.is_silent)
    held = player.position()
    assert max(player.watch_sound(0.5)) < 1e-4
    assert player.position() == held
    player.page.click("#play-button")
    player.until("it sounds again", player.is_audible)
    assert held <= player.position() < held + 3


def test_the_words_follow_the_sound(player):
    player.play("Long")
    player.page.click("#tab-lyrics")
    sung = player.page.locator("#lyrics [aria-current=true]")
    player.until("the first line is sung", lambda: sung.all_inner_texts() == ["Needle down"])
    assert player.page.locator("#lyrics .lyrics__line").all_inner_texts() == ["Needle down", "Side one", "Run-out groove"]
    player.page.get_by_role("button", name="Run-out groove").click()
    player.until("it plays from there", lambda: 100 <= player.position() < 105 and player.is_audible())
    player.until("the last line is sung", lambda: sung.all_inner_texts() == ["Run-out groove"])
    player.search("Blip")
    player.row("Blip").click()
    player.until("it has none", lambda: "no lyrics" in player.page.inner_text("#lyrics"))


def test_seeks_by_click_and_by_key(player):
    player.play("Long")
    duration = player.state()["duration"]
    bar = player.page.locator("#progress").bounding_box()
    player.page.mouse.click(bar["x"] + bar["width"] / 2, bar["y"] + bar["height"] / 2)
    player.until("the epoch is the next", lambda: player.stats()["epoch"] >= 1)
    player.until("it sounds there", player.is_audible)
    assert duration / 2 - 2 < player.position() < duration / 2 + 6

    at = player.position()
    player.page.keyboard.press("Shift+ArrowRight")
    player.until("it is further", lambda: player.position() > at + 25)
    player.page.focus("#progress")
    player.page.keyboard.press("Home")
    player.until("it is at the start", lambda: player.position() < 5 and player.is_audible())
    assert player.stats()["discontinuities"] == 0


def test_a_seek_while_paused_stays_silent_until_play(player):
    player.play("Long")
    player.page.keyboard.press(" ")
    player.until("it is silent", player.is_silent)
    player.page.keyboard.press("Shift+ArrowRight")
    player.until("the server has sought", lambda: player.stats()["epoch"] >= 1 or player.stats()["bufferSeconds"] == 0)
    assert max(player.watch_sound(0.5)) < 1e-4
    assert player.position() > 29
    player.page.keyboard.press(" ")
    player.until("it sounds", player.is_audible)
    assert 29 < player.position() < 40


def test_quality_changes_without_a_gap(player):
    player.choose_quality("medium")
    player.play("Long")
    assert player.stats()["codec"] == "aac"
    player.record()
    before = player.stats()["chunks"]
    player.choose_quality("lossless")
    player.until("the codec is flac", lambda: player.stats()["codec"] == "flac")
    player.until("flac has come", lambda: player.stats()["chunks"] > before + 3)
    stats = player.stats()
    assert stats["epoch"] == 0 and stats["discontinuities"] == 0 and stats["decodeErrors"] == 0
    assert min(player.watch_sound(1)) > 0


@pytest.mark.parametrize("query", ["", "?decoder=decodeAudioData"], ids=["WebCodecs", "decodeAudioData"])
def test_lossless_is_the_file_sample_for_sample(open_player, music, query):
    player = open_player(query)
    player.choose_quality("lossless")
    player.record()
    player.play("Odd FLAC")
    player.until("all of it was heard", lambda: player.state()["status"] == "ended")
    heard, file = player.recorded(), decoded(music.files["Odd FLAC"])
    assert heard.shape == file.shape
    # `decodeAudioData` of Chromium divides 16-bit samples by 32,767, everybody else by 32,768.
    assert numpy.array_equal(heard, file) if not query else numpy.allclose(heard, file, rtol=1e-4, atol=0)
    assert player.stats()["decoder"] == (query.partition("=")[2] or "WebCodecs")


@pytest.mark.parametrize("query", ["", "?decoder=decodeAudioData"], ids=["WebCodecs", "decodeAudioData"])
@pytest.mark.parametrize("quality", ["low", "medium"])
def test_lossy_has_every_sample_in_its_place(open_player, music, quality, query):
    player = open_player(query)
    player.choose_quality(quality)
    player.record()
    player.play("Odd FLAC")
    player.until("all of it was heard", lambda: player.state()["status"] == "ended")
    heard, file = player.recorded(), decoded(music.files["Odd FLAC"])
    assert heard.shape == file.shape
    # A shift by a single sample costs more than the codec does.
    error = lambda shift: float(numpy.sqrt(numpy.mean((numpy.roll(heard, shift, axis=0) - file)[100:-100] ** 2)))
    assert error(0) < min(error(-1), error(1))
    assert error(0) < 0.5 * float(numpy.sqrt(numpy.mean(file**2)))


def test_the_next_track_follows_when_one_was_heard_to_its_end(player):
    # What `auto` takes depends on how busy the machine is, and Opus has a rate of its own.
    player.choose_quality("lossless")
    player.search("Odd")
    first = player.page.locator(".row[data-id]").first
    title = first.locator(".row__title").inner_text()
    first.click()
    player.until("it sounds", player.is_audible)
    rate, card = player.stats()["sampleRate"], player.page.evaluate("__dubplate.context.sampleRate")
    player.page.focus("#progress")
    player.page.keyboard.press("End")
    player.until("the next one sounds", lambda: player.state()["title"] != title and player.is_audible())
    assert player.state()["index"] == 1
    # One is of 44.1 kHz, the other of 48: without a gap the sound card keeps the rate that it has.
    assert player.stats()["sampleRate"] != rate
    assert player.page.evaluate("__dubplate.context.sampleRate") == card


def test_a_double_click_plays(player):
    player.search("Long")
    player.row("Long").dblclick()
    player.until("it sounds", player.is_audible)
    assert player.state()["status"] == "playing"
    player.row("Long").click()
    player.until("it is paused", lambda: player.state()["status"] == "paused")


def test_another_device_is_told(player, open_player):
    other = open_player()
    player.play("Long")
    other.page.wait_for_selector("#elsewhere:not([hidden])")
    assert "Playing on" in other.page.inner_text("#elsewhere")
