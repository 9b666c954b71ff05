"""The web player when something breaks: the connection, the log-in, the sound card, the server."""

import pytest

from browser import Player
from listener import listening


@pytest.fixture
def player(open_player):
    return open_player()


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
    # What the sound card had taken before it stopped is heard when it goes on.
    assert held - 0.2 <= player.position() < held + 3


@pytest.mark.parametrize("file", ["js/main.js", "css/tokens.css"])
def test_a_file_that_does_not_come_is_asked_for_again(chromium, server, listener, file):
    player = Player(chromium, server)
    try:
        asked = []

        def lose_the_first(route):
            asked.append(route)
            route.abort("internetdisconnected") if len(asked) == 1 else route.continue_()

        player.page.route(f"**/{file}", lose_the_first)
        player.enter(listener)
        assert len(asked) == 2
        assert [error for error in player.errors if "ERR_INTERNET_DISCONNECTED" not in error] == []
        player.play("Long")
    finally:
        player.close()


def test_a_player_that_cannot_be_loaded_says_so_and_loads_at_a_click(chromium, server, listener):
    player = Player(chromium, server, service_workers="block")
    try:
        token = server.token(listener)
        player.context.add_cookies([{"name": "dubplate_token", "value": token, "url": server.url, "httpOnly": True}])
        tries = []
        player.page.route("**/js/main.js", lambda route: (tries.append(route), route.abort()))
        player.page.goto(server.url)
        player.page.wait_for_selector("#library-blank:not([hidden])")
        player.until("it was tried four times", lambda: len(tries) >= 4)
        player.page.wait_for_selector("#library-blank:not([hidden])")
        assert "could not be loaded" in player.page.inner_text("#library-blank")
        player.screenshot("unloadable")
        player.page.unroute("**/js/main.js")
        player.page.click("#library-blank button")
        player.ready()
        assert not player.page.is_visible("#library-blank")
        assert player.page.evaluate("sessionStorage.getItem('dubplate.failedLoads')") is None
    finally:
        player.close()


def test_a_library_that_could_not_be_fetched_comes_with_the_connection(chromium, server, listener):
    player = Player(chromium, server)
    try:
        token = server.token(listener)
        player.context.add_cookies([{"name": "dubplate_token", "value": token, "url": server.url, "httpOnly": True}])
        player.page.route("**/api/v1/tracks?*", lambda route: route.abort())
        player.open()
        player.page.wait_for_selector("#library-blank:not([hidden])")
        player.until("the socket is connected", lambda: player.state()["connection"] == "online")
        player.page.unroute("**/api/v1/tracks?*")
        player.page.evaluate("__dubplate.dropConnection()")
        player.ready()
        assert not player.page.is_visible("#library-blank")
    finally:
        player.close()


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
    server.add_user("somebody-else", "free")
    player.log_in("somebody-else")
    player.until("nothing plays here", lambda: player.state()["title"] is None and player.is_silent())
    assert player.session()["queue"]["total"] == 0
    # The one before is still at their place.
    with listening(server, user=player.username, deviceId="phone", transports=["websocket"]) as phone:
        state = phone.wait_for("sync_state", where=lambda state: state["action"] == "hello")
        assert state["state"]["trackId"] and phone.ok("queue_get")["queue"]["total"] > 0


def test_a_worklet_that_could_not_be_loaded_is_loaded_at_the_next_press(player):
    # Requests of worklets can't be stopped from outside: this is what the page sees of one that failed.
    player.page.add_init_script("""{
      const { addModule } = AudioWorklet.prototype;
      AudioWorklet.prototype.addModule = () => Promise.reject(new DOMException('no network', 'AbortError'));
      window.mend = () => (AudioWorklet.prototype.addModule = addModule);
    }""")
    player.page.reload()
    player.ready()
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
