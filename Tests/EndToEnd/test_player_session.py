"""One listener, two browsers: the shared queue, hand-over, remote control, playing together."""

from browser import Player, apart
from listener import listening

# Seconds: the server counts from when it sent the sound; a busy browser begins a moment later.
CLOSE = 1.5


def queue(player):
    return player.session()["queue"]


def titles(player):
    """The queue as the panel shows it."""
    return player.page.locator("#queue-list .item__title").all_inner_texts()


def show_queue(player):
    if player.page.locator("#panel-queue").is_hidden():
        player.page.click("#tab-queue")


def add(player, title, entry):
    player.search(title)
    player.row(title).click(button="right")
    player.page.get_by_role("menuitem", name=entry).click()


def test_a_click_makes_the_visible_list_the_queue(open_device, tracks):
    player = open_device()
    second = player.page.locator(".row[data-id]").nth(1)
    second.click()
    player.until("it sounds", player.is_audible)
    player.until("all of the library is queued", lambda: queue(player)["total"] == len(tracks))
    now = queue(player)
    assert now["index"] == 1 and now["context"]["name"] == "Library"
    assert now["items"][1]["trackId"] == second.get_attribute("data-id")
    show_queue(player)
    player.until("the panel shows it", lambda: second.locator(".row__title").inner_text() in titles(player))


def test_play_next_and_add_and_remove_and_clear(open_device):
    player = open_device()
    player.play("Long")
    add(player, "Odd FLAC", "Add to the queue")
    add(player, "Odd 48k", "Play next")
    show_queue(player)
    player.until("both are there", lambda: titles(player) == ["Long", "Odd 48k", "Odd FLAC"])
    player.page.locator(".item", has_text="Odd FLAC").hover()
    player.page.get_by_role("button", name="Remove Odd FLAC").click()
    player.until("it has gone", lambda: titles(player) == ["Long", "Odd 48k"])
    player.page.click("#queue-clear")
    player.until("what plays is left", lambda: titles(player) == ["Long"] and queue(player)["total"] == 1)
    assert player.is_audible()


def test_rows_are_moved_by_keys_and_by_the_pointer(open_device):
    player = open_device()
    player.play("Long")
    add(player, "Odd FLAC", "Add to the queue")
    add(player, "Odd 48k", "Add to the queue")
    show_queue(player)
    player.until("they are there", lambda: titles(player) == ["Long", "Odd FLAC", "Odd 48k"])

    page = player.page
    page.locator(".item__main", has_text="Odd 48k").focus()
    page.keyboard.press("Alt+ArrowUp")
    player.until("it is before", lambda: titles(player) == ["Long", "Odd 48k", "Odd FLAC"])
    player.until("it is said", lambda: "number 2 of 3" in page.inner_text("#queue-live"))
    assert "Odd 48k" in page.evaluate("document.activeElement.textContent")

    grip = page.locator(".item", has_text="Odd FLAC").locator(".item__grip").bounding_box()
    first = page.locator(".item", has_text="Long").bounding_box()
    page.mouse.move(grip["x"] + 5, grip["y"] + grip["height"] / 2)
    page.mouse.down()
    page.mouse.move(grip["x"] + 5, first["y"] + 4, steps=8)
    assert page.is_visible("#queue-gap")
    page.mouse.up()
    player.until("it is the first", lambda: titles(player) == ["Odd FLAC", "Long", "Odd 48k"])
    player.until("the server has it so", lambda: queue(player)["index"] == 1)
    assert player.state()["title"] == "Long" and player.is_audible()

    page.locator(".item__main", has_text="Odd 48k").focus()
    page.keyboard.press("Delete")
    player.until("it has gone", lambda: titles(player) == ["Odd FLAC", "Long"])


def test_the_remote_sees_and_commands(two):
    active, remote = two
    assert remote.page.is_visible("#elsewhere-here") and remote.is_silent()
    assert apart(active, remote) < CLOSE

    remote.page.click("#play-button")
    active.until("it is silent", active.is_silent)
    assert active.state()["status"] == "paused" and remote.state()["status"] == "paused"
    remote.page.click("#play-button")
    active.until("it sounds", active.is_audible)

    remote.page.focus("#progress")
    remote.page.keyboard.press("Shift+ArrowRight")
    active.until("it is further", lambda: active.position() > 29 and active.is_audible())
    remote.until("both say so", lambda: apart(active, remote) < CLOSE)

    remote.page.focus("#volume")
    remote.page.keyboard.press("Home")
    active.until("it is as loud as nothing", lambda: active.state()["volume"] == 0 and active.is_silent())
    assert remote.session()["local"]["status"] == "idle"
    remote.page.keyboard.press("End")
    active.until("it is loud", lambda: active.state()["volume"] == 1 and active.is_audible())


def test_what_the_active_one_does_the_remote_shows(two):
    active, remote = two
    add(active, "Odd FLAC", "Play next")
    remote.until("it has the queue", lambda: queue(remote)["total"] == 2)
    active.page.click("#play-button")
    remote.until("it shows the pause", lambda: remote.state()["status"] == "paused")
    active.page.click("#next-button")
    remote.until("it shows the next", lambda: remote.state()["title"] == "Odd FLAC")
    remote.until("which plays", lambda: remote.state()["status"] == "playing")


def test_a_hand_over_keeps_the_position(two):
    active, remote = two
    active.until("it is under way", lambda: active.position() > 3)
    remote.page.click("#elsewhere-here")
    remote.until("it sounds here", lambda: remote.session()["role"] == "active" and remote.is_audible())
    active.until("it is silent there", active.is_silent)
    assert active.session()["role"] == "remote" and active.session()["local"]["title"] is None
    active.until("both are at one place", lambda: apart(active, remote) < CLOSE)
    assert remote.position() > 3

    # And back, from the menu of the one that plays.
    name = active.session()["deviceId"]
    remote.page.click("#devices-button")
    remote.page.locator(f"[data-device='{name}'] .device__main").click()
    active.until("it sounds there again", lambda: active.session()["role"] == "active" and active.is_audible())
    remote.until("and not here", remote.is_silent)


def test_what_a_device_holds_to_the_end_is_silent_after_a_hand_over(two):
    active, remote = two
    active.page.focus("#progress")
    for _ in range(3):
        active.page.keyboard.press("Shift+ArrowRight")
    held = lambda: active.position() + active.stats()["bufferSeconds"]  # noqa: E731
    active.until("the last of it is there", lambda: active.position() > 90 and held() > 149)
    remote.page.click("#elsewhere-here")
    remote.until("it sounds here", lambda: remote.session()["role"] == "active" and remote.is_audible())
    active.until("it is silent there", active.is_silent)
    # Not because all of it was heard.
    assert remote.state()["title"] == "Long" and remote.position() < 145 and remote.is_audible()
    assert active.session()["local"]["status"] == "idle"


def test_a_paused_session_is_handed_over_paused(two):
    active, remote = two
    active.page.click("#play-button")
    remote.until("it is paused", lambda: remote.state()["status"] == "paused")
    held = active.position()
    remote.page.click("#elsewhere-here")
    remote.until("it is here", lambda: remote.session()["role"] == "active")
    assert max(remote.watch_sound(1)) < 1e-4
    assert abs(remote.position() - held) < 0.5
    remote.page.click("#play-button")
    remote.until("it sounds", remote.is_audible)
    assert held - 0.5 < remote.position() < held + 4


def test_a_device_is_renamed_and_its_volume_set_from_another(two):
    active, remote = two
    name = active.session()["deviceId"]
    remote.page.click("#devices-button")
    card = remote.page.locator(f"[data-device='{name}']")
    card.locator(".device__gear").click()
    card.locator("input").first.fill("Kitchen")
    card.locator("input[type=number]").fill("120")
    card.get_by_role("button", name="Save").click()
    remote.until("it is called so", lambda: "Kitchen" in card.inner_text())
    active.until("it knows", lambda: any(d["name"] == "Kitchen" and d["outputDelayMs"] == 120 for d in active.session()["devices"]))
    card.get_by_role("slider").focus()
    remote.page.keyboard.press("Home")
    active.until("it is silent", lambda: active.state()["volume"] == 0 and active.is_silent())


def test_a_device_that_has_left_is_forgotten_by_a_second_press(open_device, server, listener):
    player = open_device()
    phone = {"deviceId": "old", "deviceName": "Old phone", "transports": ["websocket"]}
    with listening(server, user=listener, **phone) as old:
        old.wait_for("sync_state")
    player.page.click("#devices-button")
    card = player.page.locator("[data-device=old]")
    player.until("its last use is shown", lambda: "Last used" in card.inner_text())
    forget = card.locator(".device__forget")
    forget.click()
    player.until("it asks", lambda: forget.inner_text() == "Really?")
    assert any(device["deviceId"] == "old" for device in player.session()["devices"])
    forget.click()
    player.until("it is gone", lambda: card.count() == 0)
    assert [device["online"] for device in player.session()["devices"]] == [True]


def test_a_second_tab_leaves_no_device_behind(open_device, server):
    player = open_device()
    tab = player.context.new_page()
    tab.goto(server.url)
    player.until("it is a device", lambda: len(player.session()["devices"]) == 2)
    tab.close()
    player.until("it has left", lambda: len(player.session()["devices"]) == 1)


def test_shuffle_and_repeat_are_everybodys(two):
    active, remote = two
    active.page.click("#shuffle-button")
    remote.until("it is shuffled", lambda: remote.page.get_attribute("#shuffle-button", "aria-pressed") == "true")
    remote.page.click("#repeat-button")
    active.until("it repeats", lambda: queue(active)["repeat"] == "all")
    assert active.state()["title"] == "Long" and active.is_audible()


def test_the_next_one_follows_by_itself(open_device, tracks):
    player = open_device()
    player.play("Odd FLAC")
    add(player, "Odd 48k", "Add to the queue")
    player.page.focus("#progress")
    player.page.keyboard.press("End")
    player.until("the next one sounds", lambda: player.state()["title"] == "Odd 48k" and player.is_audible())
    player.until("the queue has gone on", lambda: queue(player)["index"] == queue(player)["total"] - 1)


def test_a_reload_shows_the_queue_and_plays_on_by_a_click(open_device):
    player = open_device()
    player.play("Long")
    player.until("it is under way", lambda: player.position() > 2)
    player.page.reload()
    player.ready()
    player.until("it is shown", lambda: player.state()["title"] == "Long")
    assert player.state()["status"] == "paused" and player.position() > 1
    at = player.position()
    player.page.click("#play-button")
    player.until("it sounds", player.is_audible)
    assert at - 1 < player.position() < at + 10


def test_a_lost_connection_goes_on_by_the_queue_without_a_stop(two):
    active, remote = two
    active.until("enough is buffered", lambda: active.stats()["bufferSeconds"] > 6)
    underruns = active.stats()["underruns"]
    active.page.evaluate("__dubplate.dropConnection()")
    levels = active.watch_sound(0.5)
    active.until("it is back", lambda: active.stats()["recoveries"] == 1 and active.state()["connection"] == "online")
    end = active.position() + 12
    while active.position() < end:
        levels += active.watch_sound(0.5)
    assert sum(level < 1e-4 for level in levels) == 0
    assert active.stats()["underruns"] == underruns and active.stats()["discontinuities"] == 0
    assert active.session()["role"] == "active"
    remote.until("the remote has followed", lambda: apart(active, remote) < CLOSE)


def test_an_installed_player_opens_without_a_network(chromium, server, listener):
    player = Player(chromium, server)
    try:
        player.enter(listener)
        page = player.page
        manifest = page.evaluate("async () => (await fetch(document.querySelector('link[rel=manifest]').href)).json()")
        assert manifest["display"] == "standalone" and manifest["start_url"] == "/"
        for icon in manifest["icons"]:
            assert page.evaluate("async (src) => (await fetch(src)).ok", icon["src"])
        page.evaluate("async () => { await navigator.serviceWorker.ready; }")
        page.reload()
        player.ready()
        kept = page.evaluate("""async () => {
          const names = await caches.keys();
          const keys = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()));
          return keys.flat().map((request) => new URL(request.url).pathname);
        }""")
        assert "/" in kept and any(path.startswith("/assets/") and path.endswith("/js/main.js") for path in kept)
        assert not [path for path in kept if path.startswith(("/api/", "/audio/"))]
        player.context.set_offline(True)
        page.reload()
        page.wait_for_selector("body:not([data-session=unknown])")
        assert page.title().startswith("Dubplate") and page.is_visible(".brand")
        assert not page.is_visible("#login")
        player.context.set_offline(False)
        player.ready()
    finally:
        player.close()


def test_opus_is_heard_from_its_first_sample_after_a_change_and_after_a_seek(open_device, server, listener):
    player = open_device()
    player.play("Long")
    with listening(server, user=listener, deviceId="other", transports=["websocket"]) as other:
        other.ok("quality_change", {"quality": "rescue"})
        player.until("the codec is opus", lambda: player.stats()["codec"] == "opus")
        before = player.stats()["chunks"]
        player.until("opus has come", lambda: player.stats()["chunks"] > before + 2)
        other.ok("seek_position", {"position": 100})
        player.until("it is there", lambda: player.state()["position"] > 100.5)
    assert player.stats()["decodeErrors"] == 0, player.stats()
    assert player.is_audible()


def test_a_queue_of_ten_thousand_stays_quick(open_device, server, listener, tracks):
    player = open_device()
    player.play("Long")
    ids = [track["id"] for track in tracks.values()]
    many = (ids * (10_000 // len(ids) + 1))[:9_999]
    with listening(server, user=listener, deviceId="other", transports=["websocket"]) as other:
        other.ok("queue_add", {"tracks": many, "at": "end"})
    player.until("all are queued", lambda: queue(player)["total"] == 10_000)
    show_queue(player)
    player.until("it is shown", lambda: len(titles(player)) > 5)
    assert player.page.locator("#queue-list .item").count() < 60
    player.page.locator(".item__main").first.focus()
    player.page.keyboard.press("End")
    player.until("the last is there", lambda: player.page.locator("[aria-posinset='10000']:focus-within").count() == 1)
    player.page.keyboard.press("Alt+ArrowUp")
    player.until("it has moved", lambda: "number 9999 of 10000" in player.page.inner_text("#queue-live"))
    assert player.is_audible()


def test_a_remote_shows_the_codec_also_where_the_server_chose_it(two):
    active, remote = two
    remote.until("it shows the codec", lambda: remote.session()["state"].get("codec") == active.stats()["codec"])
    before = active.stats()["codec"]
    active.page.evaluate("__dubplate.command('device_settings', { dataSaver: true })")
    active.until("another one is heard", lambda: active.stats()["codec"] != before)
    remote.until("it shows that", lambda: remote.session()["state"]["codec"] == active.stats()["codec"])
    badge = remote.page.locator("#quality-text")
    remote.until("its badge, too", lambda: badge.inner_text() == active.stats()["codec"].upper())
