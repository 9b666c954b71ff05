"""One listener, many devices: the queue, what follows without a gap, hand-over and playing together."""

import contextlib
import json
import signal
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from conftest import eventually
from listener import listening, sweep

WEBSOCKET = {"transports": ["websocket"]}


@pytest.fixture
def devices(server):
    """Connects devices of one user, who begins with an empty queue."""
    with ExitStack() as stack:

        def connect(*names, **options):
            found = [
                stack.enter_context(listening(server, deviceId=name, **WEBSOCKET, **options)) for name in names
            ]
            for device in found:
                device.wait_for("sync_state", where=lambda state: state["action"] == "hello")
            return found if len(found) > 1 else found[0]

        with listening(server, deviceId="broom", **WEBSOCKET) as broom:
            sweep(broom)
        yield connect


def ids(tracks, *titles):
    return [tracks[title]["id"] for title in titles]


def started(device, track, since=0):
    return device.wait_for("stream_started", since, lambda event: event["trackId"] == track)


def heard(device, since=0):
    return [state["action"] for state in device.of("sync_state", since)]


def test_a_queue_plays_on_and_what_follows_comes_right_behind(devices, tracks):
    desk, phone = devices("desk", "phone")
    first, second = ids(tracks, "First Cut", "Odd FLAC")
    queue = desk.ok("queue_set", {"tracks": [first, second], "quality": "lossless", "context": {
        "kind": "album", "id": "a1", "name": "An album"}})["queue"]
    assert queue["total"] == 2 and queue["index"] == 0 and queue["context"]["name"] == "An album"
    assert [item["trackId"] for item in queue["items"]] == [first, second]
    one = started(desk, first)
    assert one["itemId"] == queue["items"][0]["id"] and "follows" not in one
    preload = desk.wait_for("preload_track")
    assert preload["trackId"] == second and 0 <= preload["startsInMs"] <= 10_000
    two = started(desk, second)
    assert two["follows"] == one["streamId"] and two["itemId"] == queue["items"][1]["id"]
    # Every sample of the first track is out before the first of the second.
    chunks = desk.wait_ended(one["streamId"])
    assert sum(chunk["samples"] for chunk in chunks) == round(tracks["First Cut"]["duration"] * one["sampleRate"])
    moved = phone.wait_for("queue_update", where=lambda update: update["reason"] == "advance")
    assert moved["index"] == 1 and moved["itemId"] == two["itemId"]
    state = phone.wait_for("sync_state", where=lambda state: state["action"] == "advance")["state"]
    assert state["trackId"] == second and state["status"] == "playing" and state["deviceId"] == "desk"
    phone.wait_for("sync_state", where=lambda state: state["action"] == "end")
    assert not phone.chunks


def test_an_older_version_is_answered_with_the_present_queue(devices, tracks):
    desk, phone = devices("desk", "phone")
    first, second, third = ids(tracks, "Long", "Odd FLAC", "First Cut")
    queue = desk.ok("queue_set", {"tracks": [first, second, third], "play": False})["queue"]
    seen = phone.wait_for("queue_update", where=lambda update: update["version"] == queue["version"])["version"]
    desk.ok("queue_remove", {"items": [queue["items"][1]["id"]], "version": queue["version"]})
    answer = phone.call("queue_move", {"item": queue["items"][2]["id"], "to": 0, "version": seen})
    assert answer["ok"] is False and answer["error"]["code"] == "stale_version"
    assert [item["trackId"] for item in answer["queue"]["items"]] == [first, third]
    assert phone.ok("queue_get")["queue"]["items"] == answer["queue"]["items"], "nothing was done"


def test_two_devices_that_say_next_at_once_go_on_by_one(devices, tracks):
    desk, phone = devices("desk", "phone")
    titles = ("Long", "Odd FLAC", "First Cut")
    version = desk.ok("queue_set", {"tracks": ids(tracks, *titles)})["queue"]["version"]
    started(desk, ids(tracks, "Long")[0])
    with ThreadPoolExecutor() as both:
        answers = list(both.map(lambda device: device.call("next_track", {"version": version}), (desk, phone)))
    assert sorted(answer["ok"] for answer in answers) == [False, True]
    assert desk.ok("queue_get")["queue"]["index"] == 1


def test_a_remote_controls_the_active_device(devices, tracks):
    desk, phone = devices("desk", "phone")
    (track,) = ids(tracks, "Long")
    desk.ok("queue_set", {"tracks": [track], "quality": "low"})
    stream = started(desk, track)["streamId"]
    desk.wait_for("audio_chunk")
    phone.ok("pause_track")
    state = desk.wait_for("sync_state", where=lambda state: state["action"] == "pause")
    assert state["deviceId"] == "phone" and state["state"]["status"] == "paused"
    phone.ok("resume_track")
    mark = desk.mark()
    epoch = phone.ok("seek_position", {"position": 60})["epoch"]
    sought = desk.wait_for("sync_state", mark, lambda state: state["action"] == "seek")
    told = sought["payload"]
    assert (told["position"], told["epoch"], told["streamId"]) == (60, epoch, stream)
    chunk = desk.wait_for("audio_chunk", mark, lambda chunk: chunk["epoch"] == epoch)
    assert abs(chunk["position"] - 60) < 0.001
    phone.ok("quality_change", {"quality": "rescue"})
    assert desk.wait_for("quality_change")["codec"] == "opus"
    phone.ok("stop_track")
    assert desk.wait_for("stream_ended")["reason"] == "stopped"
    phone.refused("pause_track", {}, "no_stream")


def test_hand_over_keeps_the_position_and_a_new_device_sees_what_plays(devices, tracks):
    desk, phone = devices("desk", "phone")
    (track,) = ids(tracks, "Long")
    desk.ok("queue_set", {"tracks": [track], "position": 40, "quality": "low"})
    desk.wait_for("audio_chunk")
    late = devices("late")
    hello = late.wait_for("sync_state", where=lambda state: state["action"] == "hello")["state"]
    assert hello["trackId"] == track and hello["deviceId"] == "desk" and hello["position"] >= 40
    # The last of what a connect brings.
    assert {"device_update", "queue_update"} <= {name for name, _ in late.events[:2]}
    asked = time.monotonic()
    answer = late.ok("device_transfer", {"deviceId": "phone"})
    chunk = phone.wait_for("audio_chunk")
    taken = time.monotonic() - asked
    assert abs(chunk["position"] - answer["position"]) < 0.01 and 40 <= answer["position"] <= 40 + taken + 20
    assert desk.wait_for("stream_ended")["reason"] == "transferred"
    moved = desk.wait_for("sync_state", where=lambda state: state["action"] == "transfer")
    assert moved["state"]["deviceId"] == "phone" and moved["state"]["status"] == "playing"
    listed = desk.ok("device_list")
    assert listed["activeDeviceId"] == "phone"
    active = {d["deviceId"]: d["active"] for d in listed["devices"] if d["online"]}
    assert active["phone"] and not active["desk"]
    desk.refused("device_transfer", {"deviceId": "nowhere"}, "unknown_device")


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize(
    "command, payload, reason",
    [("device_transfer", {"deviceId": "phone"}, "transferred"), ("stop_track", {}, "stopped")],
)
def test_what_was_sent_whole_is_stopped_all_the_same(devices, tracks, count, command, payload, reason):
    desk, phone = devices("desk", "phone", bufferSeconds=120)
    desk.ok("queue_set", {"tracks": ids(tracks, "Odd FLAC", "Long")[:count], "quality": "low"})
    sent = desk.wait_for("stream_ended", where=lambda end: end["reason"] == "finished")
    mark = desk.mark()
    phone.ok(command, payload)
    # What was prepared behind it is cancelled.
    ended = desk.wait_for("stream_ended", mark, lambda end: end["reason"] != "cancelled")
    assert (ended["streamId"], ended["reason"]) == (sent["streamId"], reason)


def test_a_device_that_vanishes_in_mid_hand_over_leaves_the_sound_where_it_was(devices, server, tracks):
    desk, phone = devices("desk", "phone")
    (track,) = ids(tracks, "Long")
    desk.ok("queue_set", {"tracks": [track], "quality": "low"})
    desk.wait_for("audio_chunk")
    phone.client.disconnect()
    answer = desk.call("device_transfer", {"deviceId": "phone"})
    if answer["ok"]:
        desk.wait_for("sync_state", where=lambda s: s["action"] == "transfer" and s["state"]["deviceId"] == "desk")
    else:
        assert answer["error"]["code"] == "device_offline"
    mark = desk.mark()
    desk.wait_for("audio_chunk", mark)
    assert desk.ok("device_list")["activeDeviceId"] == "desk"


def test_a_preload_is_cancelled_by_a_change_and_replaced(devices, tracks):
    desk = devices("desk")
    short, second, third = ids(tracks, "First Cut", "Long", "Odd FLAC")
    queue = desk.ok("queue_set", {"tracks": [short, second]})["queue"]
    one = started(desk, short)
    two = started(desk, second)
    desk.ok("queue_add", {"tracks": [third], "at": "next"})
    ended = desk.wait_for("stream_ended", where=lambda event: event["streamId"] == two["streamId"])
    assert ended["reason"] == "cancelled"
    three = started(desk, third)
    assert three["follows"] == one["streamId"]
    assert desk.ok("queue_get")["queue"]["total"] == 3 and queue["total"] == 2


def test_tracks_that_have_gone_are_passed_over(devices, tracks):
    desk = devices("desk")
    (track,) = ids(tracks, "Long")
    desk.ok("queue_set", {"tracks": ["gone-1", "gone-2", track]})
    assert started(desk, track)
    assert [error["code"] for error in desk.of("stream_error")] == ["unknown_track"] * 2
    assert desk.ok("queue_get")["queue"]["index"] == 2


def test_devices_play_together(devices, tracks):
    desk, phone = devices("desk", "phone")
    (track,) = ids(tracks, "Long")
    desk.ok("queue_set", {"tracks": [track], "quality": "low", "position": 10})
    desk.wait_for("audio_chunk")
    assert phone.ok("group_join")["group"] == ["desk", "phone"]
    theirs = phone.wait_for("stream_started")
    mine = desk.wait_for("group_sync")
    assert theirs["sync"] and mine["at"] is not None and mine["playing"]
    # Both are on one line of time.
    line = lambda sync: sync["at"] / 1000 - sync["position"]
    assert abs(line(theirs["sync"]) - line(mine)) < 0.0005
    assert phone.wait_for("audio_chunk")["position"] == pytest.approx(theirs["position"], abs=0.001)
    for command, payload in (("pause_track", {}), ("resume_track", {}), ("seek_position", {"position": 70})):
        marks = desk.mark(), phone.mark()
        phone.ok(command, payload)
        syncs = [device.wait_for("group_sync", mark) for device, mark in zip((desk, phone), marks)]
        assert syncs[0]["position"] == syncs[1]["position"] and syncs[0]["at"] == syncs[1]["at"]
        assert syncs[0]["playing"] == (command != "pause_track")
    marks = desk.mark(), phone.mark()
    for device, mark in zip((desk, phone), marks):
        chunk = device.wait_for("audio_chunk", mark, lambda chunk: chunk["epoch"] == 1)
        assert chunk["position"] >= 70
    mark = desk.mark()
    assert phone.ok("group_leave")["group"] == []
    assert desk.wait_for("group_sync", mark)["at"] is None
    assert phone.wait_for("stream_ended")["reason"] == "stopped"


def test_a_jump_within_what_is_held_sends_nothing_again(devices, tracks):
    desk, phone = devices("desk", "phone", bufferSeconds=40)
    (track,) = ids(tracks, "Long")
    desk.ok("queue_set", {"tracks": [track], "quality": "low"})
    stream = desk.wait_for("stream_started")["streamId"]
    end = lambda l: l.chunks and l.chunks[-1]["position"] >= 39
    desk.wait(end, "forty seconds of sound")
    mark, heard = desk.mark(), phone.mark()
    answer = desk.ok("seek_position", {"position": 30, "held": stream})
    assert (answer["position"], answer["epoch"], answer["streamId"]) == (30, 0, stream)
    # The others hear of a seek, and of nothing else.
    (told,) = [phone.wait_for("sync_state", heard)]
    assert told["action"] == "seek" and told["state"]["position"] == pytest.approx(30, abs=0.5) and told["state"]["status"] == "playing"
    # What was sent stays; what is missing at the other end comes.
    desk.wait(lambda l: l.chunks[-1]["position"] >= 68, "sound up to seventy seconds")
    after = desk.of("audio_chunk", mark)
    assert all(chunk["epoch"] == 0 and chunk["position"] > 38 for chunk in after)
    # Beyond what was sent it's a seek like any other, and about another stream none.
    answer = desk.ok("seek_position", {"position": 140, "held": stream})
    assert answer["epoch"] == 1
    assert desk.wait_for("audio_chunk", where=lambda chunk: chunk["epoch"] == 1)["position"] == pytest.approx(140, abs=0.001)
    answer = desk.ok("seek_position", {"position": 3, "held": "st_another"})
    assert answer["streamId"] == stream and answer["epoch"] == 1 and answer["position"] > 139
    # Nor does one move anything that was made before somebody else sought.
    answer = desk.ok("seek_position", {"position": 3, "held": stream, "epoch": 0})
    assert answer["streamId"] == stream and answer["epoch"] == 1 and answer["position"] > 139


def test_lies_about_what_is_heard_end_nothing_and_move_nobody(devices, tracks):
    desk, phone = devices("desk", "phone")
    (track,) = ids(tracks, "Long")
    desk.ok("queue_set", {"tracks": [track]})
    stream = started(desk, track)["streamId"]
    now = desk.ok("clock_sync", {"t0": 0})["t2"]
    lies = ((1, 1e14), (1, 1e13), (1, 9.3e12), (1, 0), (1e300, now), (1e9, now + 1e12), (7e9, 9e12), (0, now - 1e9))
    for position, at in lies:
        desk.ok("network_stats", {"streamId": stream, "position": position, "at": at})
        mark = phone.mark()
        phone.ok("group_join")
        assert abs(started(phone, track, mark)["sync"]["at"] - now) < 20_000
        phone.ok("group_leave")


def test_a_seek_past_everything_right_behind_a_jump_ends_nothing(devices, tracks):
    desk, phone = devices("desk", "phone")
    wanted = ids(tracks, "Long", "Odd FLAC")
    desk.ok("queue_set", {"tracks": wanted})
    phone.ok("group_join")
    for turn in range(30):
        # The length of what is jumped to isn't known yet.
        phone.client.emit("queue_jump", {"index": turn % 2})
        phone.client.emit("seek_position", {"position": 1e300})
        desk.ok("clock_sync", {"t0": 0})
        phone.wait(lambda device: len(device.of("stream_started")) > turn, "a stream a jump")
    assert phone.ok("queue_get")["queue"]["index"] == turn % 2


def test_shuffle_repeat_and_the_rest_of_the_queue(devices, tracks):
    desk, phone = devices("desk", "phone")
    titles = ("Long", "Odd FLAC", "First Cut")
    wanted = ids(tracks, *titles)
    queue = desk.ok("queue_set", {"tracks": wanted * 20, "index": 3})["queue"]
    playing = queue["itemId"]
    shuffled = desk.ok("shuffle_change", {"shuffle": True, "version": queue["version"]})["queue"]
    assert shuffled["shuffle"] and shuffled["itemId"] == playing and shuffled["index"] == 0
    assert [i["id"] for i in shuffled["items"]] != [i["id"] for i in queue["items"]]
    restored = desk.ok("shuffle_change", {"shuffle": False})["queue"]
    assert restored["index"] == 3 and restored["itemId"] == playing
    assert desk.ok("repeat_change", {"repeat": "all"})["queue"]["repeat"] == "all"
    desk.refused("repeat_change", {"repeat": "sometimes"}, "bad_request")
    desk.refused("queue_jump", {"item": "nope"}, "unknown_item")
    desk.refused("queue_jump", {}, "bad_request")
    jumped = desk.ok("queue_jump", {"index": 59})["queue"]
    assert jumped["index"] == 59
    assert desk.ok("next_track")["queue"]["index"] == 0, "repeat all goes round"
    assert desk.ok("previous_track")["queue"]["index"] == 59
    assert phone.ok("queue_get", {"offset": 10, "limit": 5})["queue"]["offset"] == 10
    desk.refused("queue_add", {"tracks": ["x"] * 10_000}, "queue_full")
    assert desk.ok("queue_clear")["queue"]["total"] == 1
    assert desk.ok("queue_clear", {"all": True})["queue"]["total"] == 0


def test_settings_of_devices_are_kept_and_heard(devices, server):
    desk, phone = devices("desk", "phone", deviceKind="web")
    phone.ok("device_settings", {"deviceId": "desk", "name": "Kitchen", "volume": 0.3, "outputDelayMs": 180})
    update = desk.wait_for(
        "device_update", where=lambda u: any(d["name"] == "Kitchen" for d in u["devices"]))
    kitchen = next(d for d in update["devices"] if d["deviceId"] == "desk")
    assert kitchen["volume"] == 0.3 and kitchen["outputDelayMs"] == 180 and kitchen["kind"] == "web"
    heard = desk.wait_for("sync_state", where=lambda state: state["action"] == "volume")
    assert heard["payload"] == {"volume": 0.3, "deviceId": "desk"}
    desk.client.disconnect()
    again = devices("desk")
    listed = {d["deviceId"]: d for d in again.ok("device_list")["devices"]}
    assert listed["desk"]["name"] == "Kitchen" and listed["desk"]["volume"] == 0.3
    again.refused("device_settings", {"volume": 7}, "bad_request")
    again.refused("device_settings", {"deviceId": "nobody", "volume": 0.5}, "unknown_device")
    again.ok("device_settings", {"name": "desk", "volume": 1, "outputDelayMs": 0})


def listed(update):
    """Devices by their ids."""
    return {device["deviceId"]: device for device in update["devices"]}


def test_a_device_is_forgotten_when_asked_for_if_it_has_left(devices):
    desk, phone = devices("desk", "phone")
    phone.ok("device_settings", {"name": "Kitchen"})
    for name, code in (("desk", "device_online"), ("phone", "device_online"), ("nobody", "unknown_device")):
        desk.refused("device_forget", {"deviceId": name}, code)
    before, mark = desk.ok("clock_sync", {"t0": 0})["t2"], desk.mark()
    phone.client.disconnect()
    known = listed(desk.wait_for("device_update", mark, lambda update: not listed(update)["phone"]["online"]))
    after = desk.ok("clock_sync", {"t0": 0})["t2"]
    assert before - 1 <= known["phone"]["lastUsed"] <= after and known["phone"]["name"] == "Kitchen"
    assert "lastUsed" not in known["desk"]
    mark = desk.mark()
    desk.ok("device_forget", {"deviceId": "phone"})
    desk.wait_for("device_update", mark, lambda update: "phone" not in listed(update))
    devices("phone")
    assert listed(desk.ok("device_list"))["phone"]["name"] == "Device", "nothing is left of its settings"


def test_a_temporary_device_is_known_for_as_long_as_it_is_there(devices):
    desk, tab = devices("desk"), devices("tab", temporary=True)
    assert listed(desk.ok("device_list"))["tab"]["online"]
    mark = desk.mark()
    tab.client.disconnect()
    desk.wait_for("device_update", mark, lambda update: "tab" not in listed(update))


def test_a_standalone_device_has_no_part_in_it(devices, server, tracks):
    desk = devices("desk")
    (track,) = ids(tracks, "Long")
    with listening(server, deviceId="kiosk", standalone=True, **WEBSOCKET) as kiosk:
        kiosk.refused("queue_get", {}, "not_in_session")
        kiosk.ok("play_track", {"trackId": track, "quality": "low"})
        kiosk.wait_for("audio_chunk")
        assert not kiosk.of("device_update") and not kiosk.of("sync_state")
    assert all(d["deviceId"] != "kiosk" for d in desk.ok("device_list")["devices"])


NUMBERS = (-(2**63), -1, 2**31, 2**53, 2**63 - 1, 2**63, 2**64, 1e19, 1.7e308, -1.7e308, 5e-324, 0.5)


@pytest.mark.parametrize(("event", "fixed", "fields"), [
    ("play_track", {"trackId": "Long"}, ["position"]),
    ("pause_track", {}, ["position"]),
    ("seek_position", {}, ["position"]),
    ("volume_change", {}, ["volume"]),
    ("clock_sync", {}, ["t0"]),
    ("network_stats", {}, ["bandwidth", "bufferMs", "rttMs", "position", "at"]),
    ("queue_set", {"tracks": ["Long", "Odd FLAC"]}, ["index", "position", "version"]),
    ("queue_add", {"tracks": ["Odd 48k"]}, ["at", "version"]),
    ("queue_get", {}, ["offset", "limit"]),
    ("queue_jump", {}, ["index", "position", "version"]),
    ("queue_move", {"item": "current"}, ["to", "version"]),
    ("crossfade_change", {}, ["seconds"]),
    ("device_settings", {}, ["volume", "outputDelayMs"]),
])
def test_numbers_beyond_all_bounds_are_answered_and_end_nothing(devices, tracks, event, fixed, fields):
    desk, phone = devices("desk", "phone")
    wanted = ids(tracks, "Long", "Odd FLAC")
    item = desk.ok("queue_set", {"tracks": wanted})["queue"]["itemId"]
    stream = started(desk, wanted[0])["streamId"]
    known = {"current": item} | {title: track["id"] for title, track in tracks.items()}
    fixed = {key: [known[x] for x in value] if key == "tracks" else known[value] for key, value in fixed.items()}
    if event == "network_stats":
        fixed = {"streamId": stream, "position": 1, "at": desk.ok("clock_sync", {"t0": 0})["t2"]}
    for grouped in (False, True):
        if grouped:
            phone.ok("group_join")
        for field in fields:
            for number in NUMBERS:
                answer = desk.call(event, fixed | {field: number})
                assert answer["ok"] or answer["error"]["code"] != "internal", (field, number, answer)
    # They still agree, and the music plays.
    desk.call("queue_set", {"tracks": wanted})
    mark = desk.mark()
    desk.call("seek_position", {"position": 1})
    desk.wait_for("audio_chunk", mark)
    shown = [device.call("queue_get", {})["queue"]["itemId"] for device in (desk, phone)]
    assert shown[0] == shown[1]
    desk.call("device_settings", {"volume": 1, "outputDelayMs": 0})
    desk.call("crossfade_change", {"seconds": 0})


@pytest.mark.parametrize("event", [
    "queue_set", "queue_add", "queue_remove", "queue_move", "queue_jump", "shuffle_change", "repeat_change",
    "crossfade_change", "device_transfer", "device_forget",
])
@pytest.mark.parametrize("payload", ["text", 5, [], {}, {"tracks": 5}, {"items": {}}, {"version": -1}, {"index": 1e300}])
def test_nonsense_is_refused_and_changes_nothing(devices, event, payload):
    desk = devices("desk")
    before = desk.ok("queue_get")["queue"]
    answer = desk.call(event, payload)
    assert answer["ok"] is False and answer["error"]["code"] in ("bad_request", "unknown_device"), answer
    assert desk.ok("queue_get")["queue"] == before


def stopped_with_a_queue(fresh_server):
    """A server that has stopped and kept a listener's queue; and the ids of the tracks in it."""
    server = fresh_server().start()
    wanted = [track["id"] for track in server.wait_tracks("Long", "Odd FLAC").values()][:2]
    with listening(server, deviceId="desk", **WEBSOCKET) as desk:
        desk.ok("queue_add", {"tracks": wanted})
    assert server.stop() == 0
    return server, wanted


def alter_database(server, statement, *values):
    """Runs a statement on the database of a server, beside it if it runs."""
    with contextlib.closing(sqlite3.connect(server.data / "dubplate.db", timeout=20)) as database, database:
        database.execute(statement, values)


def read_database(server, query):
    with contextlib.closing(sqlite3.connect(server.data / "dubplate.db", timeout=20)) as database:
        return database.execute(query).fetchall()


def test_a_server_that_is_killed_knows_where_the_listener_was(fresh_server):
    server = fresh_server().start()
    track = server.wait_tracks("Long")["Long"]["id"]
    with listening(server, deviceId="desk", **WEBSOCKET) as desk:
        desk.ok("queue_set", {"tracks": [track], "position": 40, "quality": "low"})
        desk.wait_for("audio_chunk")
        begun = time.monotonic()
        ((kept,),) = eventually(
            lambda: read_database(server, "SELECT saved_at FROM playback_sessions"), "the session's row", 20
        )
        # No command, nothing to write: the server's signs of life alone go on.
        signs = f"SELECT 1 FROM server_lives WHERE seen_at >= {kept + 3_000}"
        eventually(lambda: read_database(server, signs), "a sign of life", 20)
        assert server.stop(signal.SIGKILL) == -signal.SIGKILL
        most = 40 + time.monotonic() - begun
        assert read_database(server, "SELECT saved_at FROM playback_sessions") == [(kept,)]
    server.start()
    with listening(server, deviceId="desk", **WEBSOCKET) as desk:
        state = desk.wait_for("sync_state", where=lambda state: state["action"] == "hello")["state"]
        assert 43 <= state["position"] <= most + 0.5, (state, most)
        mark = desk.mark()
        desk.ok("resume_track")
        assert abs(desk.wait_for("audio_chunk", mark)["position"] - state["position"]) < 0.1
    assert server.stop() == 0


def test_devices_are_kept_with_their_last_use_and_forgotten_when_they_stay_away(fresh_server):
    server = fresh_server().start()
    with listening(server, deviceId="desk", **WEBSOCKET) as desk:
        for name in ("phone", "window", "guest"):
            with listening(server, deviceId=name, **WEBSOCKET) as other:
                other.wait_for("sync_state", where=lambda state: state["action"] == "hello")
                if name == "phone":
                    other.ok("device_settings", {"name": "Kitchen"})

        def left():
            devices = listed(desk.ok("device_list"))
            return [id for id, device in devices.items() if device["online"]] == ["desk"] and devices

        known = eventually(left, "all but one have left")
        desk.ok("device_forget", {"deviceId": "guest"})
    assert server.stop() == 0
    ((body,),) = read_database(server, "SELECT body FROM playback_sessions")
    kept = json.loads(body)
    stored = {device["id"]: device for device in kept["devices"]["devices"]}
    assert set(stored) == {"desk", "phone", "window"}
    days = 2 * 24 * 3_600_000
    for name in ("phone", "window"):
        assert stored[name]["lastUsed"] == known[name]["lastUsed"]
        stored[name]["lastUsed"] -= days
    alter_database(server, "UPDATE playback_sessions SET body = ?", json.dumps(kept).encode())
    server.start()
    with listening(server, deviceId="desk", **WEBSOCKET) as desk:
        left = listed(desk.ok("device_list"))
        assert set(left) == {"desk", "phone"}, "who came only once, and has no name, is forgotten after a day"
        assert left["phone"]["lastUsed"] == known["phone"]["lastUsed"] - days and left["phone"]["name"] == "Kitchen"
    assert server.stop() == 0


def test_a_session_that_can_not_be_read_is_read_again_and_not_written_over(fresh_server):
    server, wanted = stopped_with_a_queue(fresh_server)
    server.start()
    alter_database(server, "ALTER TABLE playback_sessions RENAME TO away")
    with listening(server, deviceId="desk", **WEBSOCKET) as desk:
        for command, payload in (("queue_get", {}), ("queue_add", {"tracks": wanted[:1]})):
            assert desk.refused(command, payload, "busy")["retryAfterMs"] > 0
        desk.ok("clock_sync", {"t0": 1})
        alter_database(server, "ALTER TABLE away RENAME TO playback_sessions")
        eventually(lambda: desk.call("queue_get")["ok"], "the session is read")
        desk.ok("queue_add", {"tracks": wanted[:1]})
    assert server.stop() == 0
    assert "can't be read" in server.log()
    server.start()
    with listening(server, deviceId="desk", **WEBSOCKET) as desk:
        tracks = [item["trackId"] for item in desk.ok("queue_get")["queue"]["items"]]
        assert tracks == wanted + wanted[:1]
    assert server.stop() == 0


def test_a_stored_session_that_is_damaged_begins_empty(fresh_server):
    server, wanted = stopped_with_a_queue(fresh_server)
    alter_database(server, "UPDATE playback_sessions SET body = '{\"queue\": 7'")
    server.start()
    with listening(server, deviceId="desk", **WEBSOCKET) as desk:
        assert desk.ok("queue_get")["queue"]["total"] == 0
        desk.ok("queue_add", {"tracks": wanted[:1]})
    assert server.stop() == 0
    assert "is damaged" in server.log()
    server.start()
    with listening(server, deviceId="desk", **WEBSOCKET) as desk:
        assert desk.ok("queue_get")["queue"]["total"] == 1
    assert server.stop() == 0
