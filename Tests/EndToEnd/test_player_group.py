"""Browsers that play together."""

import statistics

import pytest

from browser import apart


def join(other):
    other.page.evaluate("() => window.__dubplate.command('group_join', {})")
    other.until("it sounds here too", lambda: other.session()["role"] == "member" and other.is_audible())


def test_two_play_together(two):
    active, other = two
    other.page.click("#devices-button")
    mine = other.session()["deviceId"]
    other.page.locator(f"[data-device='{mine}'] .chip").click()
    other.until("it sounds here too", lambda: other.session()["role"] == "member" and other.is_audible())
    assert active.is_audible()
    active.until("they are together", lambda: apart(active, other) < 0.3)
    other.page.keyboard.press("Escape")
    other.page.click("#play-button")
    for player in (active, other):
        player.until("both are silent", player.is_silent)
        assert player.state()["status"] == "paused"
    active.page.click("#play-button")
    for player in (active, other):
        player.until("both sound", player.is_audible)
    other.page.click("#devices-button")
    other.page.locator(f"[data-device='{mine}'] .chip").click()
    other.until("it has left", lambda: other.session()["role"] == "remote" and other.is_silent())
    assert active.is_audible()


@pytest.mark.parametrize("which", [0, 1], ids=["the active one", "the other"])
def test_a_group_is_whole_again_after_a_lost_connection(two, which):
    join(two[1])
    lost, other = two[which], two[1 - which]
    lost.until("enough is buffered", lambda: lost.stats()["bufferSeconds"] > 4)
    lost.page.evaluate("__dubplate.dropConnection()")
    lost.until("it has gone", lambda: lost.state()["connection"] != "online")
    lost.until("it is back", lambda: lost.state()["connection"] == "online" and len(lost.session()["group"]) == 2)
    lost.until("both sound", lambda: lost.is_audible() and other.is_audible())
    lost.until("they are together", lambda: apart(lost, other) < 0.3)
    assert {player.session()["local"]["status"] for player in two} == {"playing"}
    assert {player.session()["state"]["status"] for player in two} == {"playing"}


def test_two_tabs_that_play_together_are_heard_within_ten_milliseconds(two):
    active, other = two
    mine = other.session()["deviceId"]
    join(other)
    active.until("they are together", lambda: apart(active, other) < 0.05)

    def line(player):
        """Where the tab's sound would have begun, by the machine's clock: the same for all that are in step."""
        heard = player.page.evaluate("() => window.__dubplate.heard()")
        return heard["atMs"] - heard["position"] * 1000

    def in_step():
        """Whether both think so. A sound card that a busy machine has let starve plays on 10 ms late, which takes seconds
        to make up for; what is claimed here is that who thinks so is right."""
        errors = [player.page.evaluate("__dubplate.sync().errorMs") for player in two]
        return all(error is not None and abs(error) < 2 for error in errors)

    # What the output says of itself is a reading of the sound card's clock: a median of some is what it means.
    def reading():
        active.until("they are in step", in_step)
        lines = [(line(active), line(other)) for _ in range(21)]
        return abs(statistics.median(one - two for one, two in lines)) if in_step() else None

    readings = []
    while len(readings) < 20:
        if (ms := reading()) is not None:
            readings.append(ms)
    readings.sort()
    print(f"two tabs: median {readings[10]:.2f} ms, most {readings[-1]:.2f} ms apart")
    assert readings[-1] < 10, readings
    assert mine in other.session()["group"]


def test_who_logs_out_of_a_group_leaves_the_others_playing(two):
    active, other = two
    join(other)
    other.page.click("#account-button")
    other.page.get_by_role("menuitem", name="Log out").click()
    other.page.wait_for_selector("#login[open]")
    active.until("it is alone", lambda: active.session()["group"] == [])
    assert min(active.watch_sound(1.5)) > 1e-4
    assert active.state()["status"] == "playing"


def test_who_left_a_group_plays_alone_later(two):
    active, other = two
    join(other)
    other.page.evaluate("() => window.__dubplate.command('group_leave', {})")
    other.until("it has left", other.is_silent)
    assert other.page.evaluate("__dubplate.sync().errorMs") is None
    other.page.click("#elsewhere-here")
    other.until("it sounds here", lambda: other.session()["role"] == "active" and other.is_audible())
    active.until("and not there", active.is_silent)
