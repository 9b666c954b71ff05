"""The web player as a listener meets it. Whether it sounds is measured in its AudioContext."""

import subprocess

import numpy
import pytest

from browser import Player
from listener import listening


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
    player.until("it has none", lambda: "No words" in player.page.inner_text("#lyrics"))


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


def test_a_dropped_connection_is_not_heard(player):
    player.play("Long")
    player.until("enough is buffered", lambda: player.stats()["bufferSeconds"] > 6)
    underruns = player.stats()["underruns"]
    player.page.evaluate("__dubplate.dropConnection()")
    levels = player.watch_sound(0.5)
    player.until("it is back", lambda: player.stats()["recoveries"] == 1 and player.state()["connection"] == "online")
    end = player.position() + 12
    while player.position() < end:
        levels += player.watch_sound(0.5)
    assert sum(level < 1e-4 for level in levels) == 0
    stats = player.stats()
    assert stats["underruns"] == underruns and stats["discontinuities"] == 0


def test_music_plays_on_when_the_session_has_run_out(player):
    player.play("Long")
    player.until("enough is buffered", lambda: player.stats()["bufferSeconds"] > 6)
    player.context.clear_cookies()
    player.page.evaluate("__dubplate.dropConnection()")
    player.page.wait_for_selector("#login[open]")
    assert player.is_audible()
    title = player.state()["title"]
    player.log_in()
    player.until("it is back", lambda: player.state()["connection"] == "online" and player.stats()["recoveries"] == 1)
    player.until("it sounds", player.is_audible)
    assert player.state()["title"] == title


def test_a_double_click_plays(player):
    player.search("Long")
    player.row("Long").dblclick()
    player.until("it sounds", player.is_audible)
    assert player.state()["status"] == "playing"
    player.row("Long").click()
    player.until("it is paused", lambda: player.state()["status"] == "paused")


def test_a_log_in_is_renewed_while_the_page_is_open(player):
    given = player.server.token(player.username)

    def cookie():
        return next(kept["value"] for kept in player.context.cookies() if kept["name"] == "dubplate_token")

    player.until("another token is in the cookie", lambda: cookie() != given)
    player.page.evaluate("__dubplate.dropConnection()")
    player.until("it is back", lambda: player.state()["connection"] == "online")


def test_a_sound_card_that_was_stopped_pauses_and_goes_on_by_a_click(player):
    player.play("Long")
    player.page.evaluate("__dubplate.context.suspend()")
    player.until("it is paused", lambda: player.state()["status"] == "paused")
    assert "Press play" in player.page.inner_text(".toast")
    held = player.position()
    player.page.click("#play-button")
    player.until("it sounds again", player.is_audible)
    assert held <= player.position() < held + 3


def test_a_server_that_cannot_be_reached_is_waited_for(chromium, server, listener):
    player = Player(chromium, server)
    try:
        player.page.route("**/api/v1/me", lambda route: route.abort())
        token = server.token(listener)
        player.context.add_cookies([{"name": "dubplate_token", "value": token, "url": server.url, "httpOnly": True}])
        player.open()
        player.page.wait_for_selector("#library-blank:not([hidden])")
        assert "cannot be reached" in player.page.inner_text("#library-blank")
        assert not player.page.is_visible("#login")
        player.screenshot("unreachable")
        player.page.unroute("**/api/v1/me")
        player.ready()
        assert not player.page.is_visible("#library-blank")
    finally:
        player.close()


def test_another_listener_on_the_same_page_has_a_session_of_their_own(player, server):
    player.play("Long")
    player.context.clear_cookies()
    player.page.evaluate("__dubplate.dropConnection()")
    player.page.wait_for_selector("#login[open]")
    player.log_in(server.lite)
    player.until("nothing plays here", lambda: player.state()["title"] is None and player.is_silent())
    assert player.session()["queue"]["total"] == 0
    # The one before is still at their place.
    with listening(server, user=player.username, deviceId="phone", transports=["websocket"]) as phone:
        state = phone.wait_for("sync_state", where=lambda state: state["action"] == "hello")
        assert state["state"]["trackId"] and phone.ok("queue_get")["queue"]["total"] > 0


def test_a_worklet_that_could_not_be_loaded_is_loaded_at_the_next_press(player):
    # Requests of worklets can't be stopped from outside: this is what the page sees of one that failed.
    player.page.evaluate("""() => {
      const { addModule } = AudioWorklet.prototype;
      AudioWorklet.prototype.addModule = () => Promise.reject(new DOMException('no network', 'AbortError'));
      window.mend = () => (AudioWorklet.prototype.addModule = addModule);
    }""")
    player.search("Long")
    player.row("Long").click()
    player.page.wait_for_selector(".toast")
    assert "could not be loaded" in player.page.inner_text(".toast")
    player.until("it has failed", lambda: player.state()["status"] == "failed")
    player.page.evaluate("() => { mend(); }")

    def sounds():
        # The stream may come after the first failure, and wake it by itself.
        if player.state()["status"] == "failed":
            player.page.click("#play-button")
        return player.is_audible()

    player.until("it sounds", sounds)


def test_the_devices_menu_by_keys(player):
    page = player.page
    panel = page.locator("#devices-panel")
    page.keyboard.press("d")
    assert panel.is_visible() and page.evaluate("document.querySelector('#devices-panel').contains(document.activeElement)")
    page.keyboard.press("d")
    assert panel.is_hidden() and page.evaluate("document.activeElement.id") == "devices-button"
    page.keyboard.press("d")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Escape")
    assert panel.is_hidden()


def test_space_behind_the_timeline_pauses(player):
    player.play("Long")
    player.page.focus("#progress")
    player.page.keyboard.press(" ")
    player.until("it is paused", lambda: player.state()["status"] == "paused")


def test_a_hand_that_the_browser_takes_off_the_timeline_leaves_it(player):
    player.play("Long")
    player.page.evaluate("""() => {
      const bar = document.querySelector('#progress');
      bar.setPointerCapture = () => {};
      const { left, width, top } = bar.getBoundingClientRect();
      const at = { pointerId: 7, button: 0, clientX: left + width * 0.9, clientY: top, bubbles: true };
      bar.dispatchEvent(new PointerEvent('pointerdown', at));
      bar.dispatchEvent(new PointerEvent('pointercancel', at));
    }""")
    shown = player.page.locator("#elapsed")
    player.until("it shows what is heard", lambda: shown.inner_text() in ("0:01", "0:02", "0:03", "0:04", "0:05"))


def test_a_phones_sheet_keeps_the_keys_to_itself(open_player):
    player = open_player(viewport={"width": 390, "height": 780})
    page = player.page
    page.keyboard.press("q")
    assert page.evaluate("document.querySelector('.library').inert")
    for _ in range(40):
        page.keyboard.press("Tab")
        assert not page.evaluate("Boolean(document.activeElement.closest('.library, .topbar'))")
    page.set_viewport_size({"width": 1280, "height": 800})
    player.until("the library is there", lambda: not page.evaluate("document.querySelector('.library').inert"))


def test_keys(player):
    page = player.page
    player.play("Long")
    page.keyboard.press("Escape")
    page.locator("body").click(position={"x": 640, "y": 60})
    page.keyboard.press(" ")
    player.until("it is paused", lambda: player.state()["status"] == "paused")
    page.keyboard.press(" ")
    player.until("it plays", lambda: player.state()["status"] == "playing")
    page.keyboard.press("m")
    player.until("it is mute", lambda: player.state()["isMuted"] and player.is_silent())
    page.keyboard.press("m")
    player.until("it is not", player.is_audible)
    page.focus("#volume")
    page.keyboard.press("End")
    assert player.state()["volume"] == 1
    page.keyboard.press("Home")
    player.until("it is as loud as nothing", lambda: player.state()["volume"] == 0 and player.is_silent())
    page.keyboard.press("?")
    assert page.is_visible("#shortcuts")
    page.keyboard.press("Escape")
    assert not page.is_visible("#shortcuts")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "search"
    page.keyboard.press("Tab")
    page.locator(".row[data-id]").first.focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    player.until("the list's first is chosen", lambda: player.state()["index"] == 0)


def test_a_wrong_password_then_the_right_one_and_a_reload(open_player):
    player = open_player(user=None)
    player.page.fill("#login-username", player.server.username)
    player.page.fill("#login-password", "not it")
    player.page.click("#login-submit")
    player.page.wait_for_selector("#login-error:not([hidden])")
    assert "wrong" in player.page.inner_text("#login-error")
    player.log_in()
    player.page.reload()
    player.ready()
    assert not player.page.is_visible("#login")


def test_a_log_out_ends_the_session(player):
    player.page.click("#account-button")
    player.page.get_by_role("menuitem", name="Log out").click()
    player.page.wait_for_selector("#login[open]")
    player.page.reload()
    player.page.wait_for_selector("#login[open]")


def test_the_free_plan_sees_what_is_locked(open_player, server):
    player = open_player(user=server.lite)
    player.page.click("#quality-button")
    locked = player.page.locator("#quality-menu [aria-disabled=true]")
    assert locked.evaluate_all("nodes => nodes.map((node) => node.dataset.quality)") == ["high", "lossless"]
    locked.first.click(force=True)
    assert "premium" in player.page.inner_text(".toast")
    assert player.state()["quality"] == "auto"


def test_a_search_without_a_find_says_so(player):
    player.search("zzz no such thing")
    assert player.page.is_visible(".blank")
    player.page.get_by_role("button", name="Show the whole library").click()
    player.page.wait_for_selector(".row[data-id]")
    assert not player.page.is_visible(".blank")


def test_another_device_is_told(player, open_player):
    other = open_player()
    player.play("Long")
    other.page.wait_for_selector("#elsewhere:not([hidden])")
    assert "Playing on" in other.page.inner_text("#elsewhere")


def test_every_control_has_a_name(player):
    nameless = player.page.evaluate("""() =>
      [...document.querySelectorAll('button, input, [role=slider], [role=grid], dialog, canvas:not([aria-hidden])')]
        .filter((node) => !node.ariaLabel && !node.getAttribute('aria-labelledby') && !node.title
          && !node.closest('label') && !node.textContent.trim())
        .map((node) => node.outerHTML.slice(0, 80))""")
    assert nameless == []


@pytest.mark.parametrize(
    ("name", "width", "height", "scheme"),
    [("desktop-dark", 1280, 800, "dark"), ("desktop-light", 1280, 800, "light"), ("phone", 360, 740, "dark"), ("wide", 2560, 1440, "dark")])
def test_the_layout_holds(open_player, name, width, height, scheme):
    look = {"viewport": {"width": width, "height": height}, "color_scheme": scheme}
    open_player(user=None, **look).screenshot(f"{name}-login")
    player = open_player(**look)
    page = player.page
    page.locator(".row[data-id]").first.click()
    player.until("it sounds", player.is_audible)
    if width > 960:
        page.click("#stats-button")
    start = player.position()
    player.until("some of it is cut", lambda: player.position() > start + 4 or player.state()["index"] > 0)
    player.screenshot(name)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.is_visible("#play-button") and page.is_visible("#progress")
    if width < 960:
        page.click("#deck-track")
        page.wait_for_selector("#plate", state="visible")
        page.locator("#now").evaluate("node => Promise.all(node.getAnimations().map((animation) => animation.finished))")
        player.screenshot(f"{name}-now")
        assert page.is_visible("#quality-button") and page.is_visible("#now-title")
        page.click("#now-close")
        page.wait_for_selector("#plate", state="hidden")
