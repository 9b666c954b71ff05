"""From one track to the next on real time: what is heard, in which order, by whom, and what is said of it."""

import shutil
from contextlib import ExitStack

import pytest

from listener import listening
from test_session import WEBSOCKET, devices, ids, started  # noqa: F401 (a fixture among them)

SHORT = ("First Cut", "Odd FLAC", "Odd 48k")


def sequence(device, since=0):
    """The tracks of which chunks have come, in the order of their first."""
    tracks, order = {}, []
    for name, payload in list(device.events)[since:]:
        if name == "stream_started":
            tracks[payload["streamId"]] = payload["trackId"]
        elif name == "audio_chunk" and tracks.get(payload["streamId"]) not in order[-1:]:
            order.append(tracks.get(payload["streamId"]))
    return order


def begin_near_the_end(device, tracks, titles, before_end=2.0, **options):
    wanted = ids(tracks, *titles)
    position = max(0, tracks[titles[0]]["duration"] - before_end)
    device.ok("queue_set", {"tracks": wanted, "position": position, "quality": "low", **options})
    return wanted


def ended(device, since):
    return device.wait_for("sync_state", since, lambda state: state["action"] == "end")


def test_a_group_goes_through_the_queue_together(devices, tracks):
    desk, phone = devices("desk", "phone", bufferSeconds=3)
    first, second, third = ids(tracks, *SHORT)
    desk.ok("queue_set", {"tracks": [first, second, third], "position": 1, "quality": "low"})
    desk.wait_for("audio_chunk")
    phone.ok("group_join")
    for track in (second, third):
        for device in (desk, phone):
            # Each begins what follows once, behind what it has heard, and takes nothing back.
            assert started(device, track)["follows"]
    for device in (desk, phone):
        device.wait_for("audio_chunk", where=lambda chunk: sequence(device)[-1:] == [third])
        assert sequence(device) == [first, second, third]
        assert not [end for end in device.of("stream_ended") if end["reason"] == "cancelled"]


def test_a_lone_track_repeats_again_and_again(devices, tracks):
    desk = devices("desk")
    (track,) = begin_near_the_end(desk, tracks, ["First Cut"])
    desk.ok("repeat_change", {"repeat": "all"})
    desk.wait(lambda listener: len(listener.of("stream_started")) >= 4, "the fourth round", timeout=40)
    assert {event["trackId"] for event in desk.of("stream_started")} == {track}


def test_what_is_added_while_the_last_of_the_queue_is_heard_follows_it(devices, tracks):
    desk = devices("desk", bufferSeconds=3)
    (first,) = begin_near_the_end(desk, tracks, ["First Cut"])
    # All of it is out, and some of it still to be heard.
    desk.wait_for("stream_ended", where=lambda end: end["reason"] == "finished" and end["trackId"] == first)
    (second,) = ids(tracks, "Odd FLAC")
    desk.ok("queue_add", {"tracks": [second], "at": "end"})
    assert started(desk, second)["follows"] == started(desk, first)["streamId"]
    desk.wait_for("audio_chunk", where=lambda chunk: sequence(desk) == [first, second])
    assert "end" not in [state["action"] for state in desk.of("sync_state")]


@pytest.mark.parametrize("by", ["desk", "phone"])
def test_play_after_the_queues_end_begins_it_anew(devices, tracks, by):
    both = dict(zip(("desk", "phone"), devices("desk", "phone")))
    desk = both["desk"]
    first, second = begin_near_the_end(desk, tracks, ["Odd FLAC", "First Cut"])
    started(desk, first)
    desk.ok("queue_jump", {"index": 1, "position": tracks["First Cut"]["duration"] - 1})
    ended(both["phone"], 0)
    mark = desk.mark()
    both[by].ok("resume_track")
    assert started(desk, first, mark)["position"] == 0
    assert desk.wait_for("audio_chunk", mark)["position"] == 0


def test_a_file_that_breaks_behind_the_present_track_takes_nothing_of_it(fresh_server, music, tmp_path):
    library = tmp_path / "library"
    library.mkdir()
    for title in SHORT:
        shutil.copy(music.files[title], library)
    server = fresh_server(library=library).start()
    tracks = server.wait_tracks(*SHORT)
    broken = library / music.files["Odd FLAC"].name
    broken.write_bytes(broken.read_bytes()[:200] + bytes(len(broken.read_bytes()) - 200))
    with listening(server, deviceId="desk", bufferSeconds=3, **WEBSOCKET) as desk:
        wanted = ids(tracks, *SHORT)
        desk.ok("queue_set", {"tracks": wanted, "quality": "low"})
        stream = started(desk, wanted[0])["streamId"]
        last = started(desk, wanted[2])
        # All of the first was sent; only the second is complained of.
        heard = [chunk for chunk in desk.chunks if chunk["streamId"] == stream]
        seconds = heard[-1]["position"] + heard[-1]["samples"] / 44_100
        assert seconds == pytest.approx(tracks["First Cut"]["duration"], abs=0.01)
        assert [error["trackId"] for error in desk.of("stream_error")] == [wanted[1]]
        assert desk.wait_for("audio_chunk", where=lambda chunk: chunk["streamId"] == last["streamId"])
    assert server.stop() == 0


def test_a_pause_right_behind_next_holds(devices, tracks):
    desk, phone = devices("desk", "phone")
    desk.ok("queue_set", {"tracks": ids(tracks, "Long", "Odd FLAC"), "quality": "low"})
    desk.wait_for("audio_chunk")
    mark = desk.mark()
    for command in ("next_track", "pause_track"):
        phone.client.emit(command, {})
    # The desk hears of whatever the phone does.
    state = desk.wait_for(
        "sync_state", mark, lambda told: told["state"]["status"] == "paused" and told["state"].get("streamId")
    )["state"]
    assert state["trackId"] == tracks["Odd FLAC"]["id"] and state["position"] < 1


def test_a_stop_right_behind_play_holds(devices, tracks):
    desk, phone = devices("desk", "phone")
    mark = desk.mark()
    desk.client.emit("play_track", {"trackId": tracks["Long"]["id"], "quality": "low"})
    desk.ok("stop_track")
    # A later command is answered after all that these two have led to.
    desk.ok("device_list")
    begun = {event["streamId"] for event in desk.of("stream_started", mark)}
    assert begun == {event["streamId"] for event in desk.of("stream_ended", mark)}
    phone.refused("pause_track", {}, "no_stream")


def test_a_position_past_the_end_is_the_tracks_beginning(devices, tracks):
    desk = devices("desk")
    first, second = ids(tracks, "First Cut", "Odd FLAC")
    desk.ok("queue_set", {"tracks": [first, second], "position": 5_000, "quality": "low"})
    assert started(desk, first)["position"] == 0
    mark = desk.mark()
    desk.ok("queue_jump", {"index": 1, "position": 5_000})
    assert started(desk, second, mark)["position"] == 0
    assert not desk.of("stream_error")


def test_a_long_crossfade_over_a_short_buffer_is_in_time(devices, tracks):
    desk = devices("desk", bufferSeconds=3)
    desk.ok("crossfade_change", {"seconds": 12})
    first, second = begin_near_the_end(desk, tracks, ["Long", "hacienda"], before_end=24)
    follower = started(desk, second)
    assert follower["crossfade"] == 12
    advance = desk.wait_for("sync_state", where=lambda state: state["action"] == "advance", timeout=40)
    # When the second one's turn comes, it is at its beginning, and its sound was there.
    assert advance["state"]["position"] < 0.5
    names = [name for name, payload in desk.events if name == "sync_state" and payload["action"] == "advance"
             or name == "audio_chunk" and payload["streamId"] == follower["streamId"]]
    assert names.index("sync_state") >= 1


def test_auto_adapts_over_a_connection_that_was_upgraded(server, tracks):
    # Sessions stay on the loop of their handshake, and the WebSocket may be on another: of six, some are.
    with ExitStack() as stack:
        devices = [
            stack.enter_context(listening(server, standalone=True, transports=["polling", "websocket"]))
            for _ in range(6)
        ]
        for device in devices:
            device.ok("play_track", {"trackId": tracks["Long"]["id"], "quality": "auto"})
        for device in devices:
            device.wait(
                lambda listener: any(change["codec"] == "flac" for change in listener.of("quality_change")),
                "the best quality", timeout=40,
            )
