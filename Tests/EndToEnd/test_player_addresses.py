"""The player's addresses: each view has one, Back and Forward lead through them, and the music goes on; and its keys."""

import urllib.parse

import pytest

WIDE, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 780}


def address(player):
    """Path and search of where the player is."""
    parts = urllib.parse.urlsplit(player.page.url)
    return urllib.parse.unquote_plus(parts.path + ("?" + parts.query if parts.query else ""))


def at(player, where):
    player.until(f"it is at {where}", lambda: address(player) == where)


def scroll(player):
    return player.page.evaluate("document.querySelector('#library-scroll').scrollTop")


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_back_and_forward_lead_through_the_views_and_the_music_goes_on(open_player, size):
    player = open_player(viewport=size)
    page = player.page
    player.play("Long")
    stream = player.stats()["streamId"]
    at(player, "/search?q=Long")
    if size is PHONE:
        page.click("#deck-track")
        at(player, "/playing?q=Long")
    for view in ("queue", "lyrics"):
        page.click(f"#tab-{view}")
        at(player, f"/{view}?q=Long")
        assert page.is_visible(f"#panel-{view}")
    page.click("#devices-button")
    at(player, "/devices?q=Long")
    page.go_back()
    player.until("the panel has closed", lambda: page.is_hidden("#devices-panel"))
    assert page.is_visible("#panel-lyrics")
    page.go_back()
    player.until("the queue is back", lambda: page.is_visible("#panel-queue"))
    page.go_forward()
    page.go_forward()
    player.until("the panel is open again", lambda: page.is_visible("#devices-panel") and page.is_visible("#panel-lyrics"))
    page.keyboard.press("Escape")
    at(player, "/lyrics?q=Long")
    for _ in range(3 if size is WIDE else 4):
        page.go_back()
    at(player, "/")
    player.until("all of the library is there", lambda: page.input_value("#search") == "" and page.locator(".row[data-id]").count() > 1)
    player.until("the library is in front", lambda: page.is_visible("#panel-playing") == (size is WIDE))
    assert player.stats()["streamId"] == stream and player.stats()["underruns"] == 0 and player.is_audible()


def test_a_reload_keeps_view_search_and_scroll(open_player):
    player = open_player(viewport={"width": 1280, "height": 420})
    page = player.page
    page.locator("#library-scroll").evaluate("node => node.scrollTo(0, 200)")
    player.until("it is kept", lambda: page.evaluate("history.state?.scroll") == 200)
    page.click("#tab-queue")
    page.reload()
    player.ready()
    player.until("it is where it was", lambda: scroll(player) == 200 and page.is_visible("#panel-queue"))
    player.search("Odd")
    at(player, "/queue?q=Odd")
    page.reload()
    player.ready()
    assert page.input_value("#search") == "Odd" and page.is_visible("#panel-queue")
    assert "“Odd”" in page.inner_text("#library-count")
    page.go_back()
    player.until("the library is where it was", lambda: page.input_value("#search") == "" and scroll(player) == 200)


def test_every_view_is_opened_by_its_address(open_player, server):
    player = open_player(viewport=PHONE)
    page = player.page
    for path, shown in (("/playing", "#panel-playing"), ("/queue", "#panel-queue"), ("/lyrics", "#panel-lyrics"), ("/devices", "#devices-panel"),
                        ("/account", "#account-menu"), ("/search?q=Odd", "#library-list"), ("/", "#library-list")):  # fmt: skip
        page.goto(server.url + path)
        player.ready()
        page.wait_for_selector(shown, state="visible")
        at(player, path)
    page.goto(server.url + "/devices")
    player.ready()
    page.keyboard.press("Escape")
    at(player, "/")


def test_an_address_that_names_nothing_shows_the_library_and_says_so(open_player, server):
    player = open_player()
    player.page.goto(server.url + "/no/such/place?x=1")
    player.ready()
    assert "nothing at that address" in player.page.inner_text("#toasts")
    at(player, "/?x=1")


def test_the_logo_leads_home_without_a_load(open_player):
    player = open_player()
    player.play("Long")
    player.page.click("#tab-queue")
    player.page.click("#home")
    at(player, "/")
    assert player.is_audible() and player.page.input_value("#search") == ""
    player.page.go_back()
    at(player, "/queue?q=Long")
    assert player.page.is_visible("#panel-queue") and player.is_audible()


def test_keys_of_another_alphabet_are_those_in_their_place(open_player):
    player = open_player()
    page = player.page
    player.play("Long")
    page.evaluate("document.activeElement.blur()")
    press = """([key, code]) => document.body.dispatchEvent(new KeyboardEvent('keydown', { key, code, bubbles: true, cancelable: true }))"""
    page.evaluate(press, ["й", "KeyQ"])
    at(player, "/queue?q=Long")
    page.evaluate(press, ["ь", "KeyM"])
    player.until("it is mute", lambda: player.state()["isMuted"])
    page.evaluate(press, [".", "Slash"])
    assert page.evaluate("document.activeElement.id") == "search"


def test_space_is_the_controls_whose_focus_is_seen_and_else_the_musics(open_player):
    player = open_player()
    page = player.page
    player.play("Long")
    page.click("#shuffle-button")
    player.until("it is shuffled", lambda: player.session()["queue"]["shuffle"])
    page.keyboard.press("Space")
    player.until("it is paused", lambda: player.state()["status"] == "paused")
    assert player.session()["queue"]["shuffle"]
    page.keyboard.press("Space")
    player.until("it plays", lambda: player.state()["status"] == "playing")
    page.focus("#previous-button")
    page.keyboard.press("Shift+Tab")
    assert page.evaluate("document.activeElement.id") == "shuffle-button"
    page.keyboard.press("Space")
    player.until("it isn't any more", lambda: not player.session()["queue"]["shuffle"])
    assert player.state()["status"] == "playing"


def test_arrows_lead_from_the_search_to_what_was_found(open_player):
    player = open_player()
    page = player.page
    player.search("Odd")
    page.keyboard.press("ArrowDown")
    rows = page.locator(".row[data-id]")
    player.until("the first has the focus", lambda: rows.first.evaluate("node => node === document.activeElement"))
    page.keyboard.press("ArrowDown")
    player.until("the second has it", lambda: rows.nth(1).evaluate("node => node === document.activeElement"))
    page.keyboard.press("Enter")
    player.until("it sounds", lambda: player.state()["index"] == 1 and player.is_audible())


def test_logging_out_on_one_page_ends_the_others_and_a_log_in_is_theirs_as_well(open_player, listener):
    player = open_player()
    player.play("Long")
    other = player.context.new_page()
    other.goto(player.server.url + "/queue")
    other.wait_for_selector("body[data-session=open]")
    other.click("#account-button")
    other.get_by_role("menuitem", name="Log out").click()
    player.page.wait_for_selector("body[data-session=none]")
    player.page.wait_for_selector("#login", state="visible")
    player.until("it is silent", lambda: player.state()["connection"] == "offline" and player.is_silent())
    at(player, "/")
    other.wait_for_selector("#login", state="visible")
    other.fill("#login-username", listener)
    other.fill("#login-password", player.server.password)
    other.click("#login-submit")
    player.page.wait_for_selector("body[data-session=open]")
    player.page.wait_for_selector("#login", state="hidden")
    other.close()


def test_a_log_in_that_was_put_off_has_a_button(open_player):
    player = open_player()
    page = player.page
    # A cover that is still asked for without a session would be an error of the console.
    player.until("all covers are there", lambda: page.evaluate("[...document.images].every((image) => image.complete)"))
    player.context.clear_cookies()
    page.evaluate("__dubplate.dropConnection()")
    page.wait_for_selector("#login", state="visible")
    assert page.is_hidden("#login-again")
    page.click("#login-later")
    page.click("#login-again")
    player.log_in()
    player.until("the button has gone", lambda: page.is_hidden("#login-again"))
