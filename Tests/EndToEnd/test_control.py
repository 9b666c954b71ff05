"""Commands: what they answer, what the user's other devices hear of them, and what becomes of nonsense."""

import queue

import pytest

from listener import listening

WEBSOCKET = {"transports": ["websocket"]}


def test_other_devices_of_the_user_follow_and_nobody_else_does(server, tracks):
    with listening(server, deviceId="desk", **WEBSOCKET) as desk, listening(
        server, deviceId="phone", **WEBSOCKET
    ) as phone, listening(server, user=server.lite, **WEBSOCKET) as stranger:
        desk.ok("play_track", {"trackId": tracks["Long"]["id"], "quality": "low"})
        desk.ok("seek_position", {"position": 30})
        desk.ok("volume_change", {"volume": 0.25})
        desk.ok("pause_track", {"position": 30.5})
        desk.ok("resume_track")
        desk.ok("quality_change", {"quality": "medium"})
        desk.ok("stop_track")
        phone.wait_for("sync_state", where=lambda state: state["action"] == "stop")
        heard = [state for state in phone.of("sync_state") if state["action"] != "hello"]
        assert [state["action"] for state in heard] == ["play", "seek", "volume", "pause", "resume", "quality", "stop"]
        assert {state["deviceId"] for state in heard} == {"desk"}
        versions = [state["version"] for state in heard]
        assert versions == list(range(versions[0], versions[0] + len(heard)))
        assert all(isinstance(state["timestamp"], int) and state["timestamp"] > 1_600_000_000_000 for state in heard)
        assert heard[2]["payload"]["volume"] == 0.25
        assert phone.wait_for("seek_update") == {"position": 30, "deviceId": "desk"}
        assert not phone.chunks, "sound goes to the device that asked for it"
        # The answer to a later command is behind everything that was sent before it.
        stranger.ok("clock_sync", {"t0": 0})
        assert {name for name, _ in stranger.events} <= {"queue_update", "device_update", "sync_state"}
        assert [state["action"] for state in stranger.of("sync_state")] == ["hello"]
        desk.ok("clock_sync", {"t0": 0})
        assert [state["action"] for state in desk.of("sync_state")] == ["hello"] and not desk.of("seek_update")


def test_audio_control_is_the_same_commands_in_an_envelope(server, tracks):
    with listening(server, bufferSeconds=1, **WEBSOCKET) as listener:
        played = listener.ok(
            "audio_control", {"action": "play", "payload": {"trackId": tracks["Long"]["id"], "quality": "low"}}
        )
        assert played["streamId"] and played["epoch"] == 0
        assert listener.ok("audio_control", {"action": "seek", "payload": {"position": 20}})["epoch"] == 1
        assert listener.ok("audio_control", {"action": "volume", "payload": {"volume": 1}})["volume"] == 1
        assert "position" in listener.ok("audio_control", {"action": "pause"})
        assert "position" in listener.ok("audio_control", {"action": "resume"})
        assert listener.ok("audio_control", {"action": "quality", "payload": {"quality": "high"}})["quality"]
        listener.ok("audio_control", {"action": "stop"})
        assert listener.wait_for("stream_ended")["reason"] == "stopped"
        listener.refused("audio_control", {"action": "rewind"}, "bad_request")
        listener.refused("audio_control", {"action": 7}, "bad_request")
        listener.refused("audio_control", {}, "bad_request")


def test_clock_sync_brackets_the_servers_clock(server):
    with listening(server, **WEBSOCKET) as listener:
        answer = listener.ok("clock_sync", {"t0": 1234.5})
        assert answer["t0"] == 1234.5 and answer["t1"] <= answer["t2"]


NONSENSE = [
    "text",
    5,
    True,
    [],
    [1, 2],
    None,
    {"trackId": 5},
    {"trackId": None},
    {"trackId": {}},
    {"position": "NaN"},
    {},
]


@pytest.mark.parametrize("payload", NONSENSE, ids=repr)
def test_a_wrong_type_is_refused_and_the_connection_lives_on(server, payload):
    with listening(server, **WEBSOCKET) as listener:
        for event in ("play_track", "seek_position", "volume_change", "quality_change", "audio_control", "clock_sync"):
            answer = listener.call(event, payload)
            assert answer["ok"] is False and answer["error"]["code"] in (
                "bad_request",
                "no_stream",
            ), f"{event} {payload!r}: {answer}"
        assert listener.ok("clock_sync", {"t0": 1})
        assert listener.client.connected


@pytest.mark.parametrize(
    "event, payload",
    [
        ("play_track", {"trackId": 5}),
        ("play_track", {"trackId": ["x"]}),
        ("play_track", {}),
        ("play_track", {"trackId": "x", "quality": 5}),
        ("play_track", {"trackId": "x", "position": "NaN"}),
        ("play_track", {"streamId": 7}),
        ("volume_change", {"volume": "loud"}),
        ("volume_change", {"volume": None}),
        ("volume_change", {"volume": -0.1}),
        ("volume_change", {"volume": 1.1}),
        ("volume_change", {}),
        ("clock_sync", {"t0": "now"}),
    ],
    ids=repr,
)
def test_a_wrong_field_is_named(server, event, payload):
    field = list(payload)[-1] if payload else ""
    with listening(server, **WEBSOCKET) as listener:
        assert field in listener.refused(event, payload, "bad_request")["message"]


@pytest.mark.parametrize(
    "position, code",
    [
        (-1, "position_out_of_range"),
        (-1e-9, "position_out_of_range"),
        (150.4, "position_out_of_range"),
        (1e300, "position_out_of_range"),
        ("NaN", "bad_request"),
        (None, "bad_request"),
        ("12", "bad_request"),
        ([], "bad_request"),
        (True, "bad_request"),
    ],
)
def test_a_position_outside_of_the_track_is_refused_and_the_stream_goes_on(server, tracks, position, code):
    with listening(server, bufferSeconds=1, **WEBSOCKET) as listener:
        listener.ok("play_track", {"trackId": tracks["Long"]["id"], "quality": "low"})
        listener.wait_for("audio_chunk")
        listener.refused("seek_position", {"position": position}, code)
        mark = listener.mark()
        assert listener.wait_for("audio_chunk", since=mark)["epoch"] == 0
        if position is not None:  # an optional field may be null
            listener.refused("play_track", {"trackId": tracks["Long"]["id"], "position": position}, code)
        assert not listener.of("stream_error")


@pytest.mark.parametrize(
    "event, payload",
    [
        ("pause_track", {}),
        ("resume_track", {}),
        ("seek_position", {"position": 1}),
        ("quality_change", {"quality": "low"}),
    ],
)
def test_a_command_to_no_stream_says_so(server, event, payload):
    with listening(server, standalone=True, **WEBSOCKET) as listener:
        listener.refused(event, payload, "no_stream")


def test_what_is_unknown_or_not_in_the_plan_is_refused(server, tracks):
    track = tracks["Odd FLAC"]["id"]
    with listening(server, **WEBSOCKET) as listener:
        for unknown in ("nothing", "", "../../etc/passwd", "x" * 5000):
            answer = listener.call("play_track", {"trackId": unknown})
            assert answer["ok"] is False and answer["error"]["code"] in ("unknown_track", "bad_request"), answer
        listener.refused("play_track", {"trackId": track[:-1]}, "unknown_track")
        listener.refused("play_track", {"trackId": track, "quality": "ultra"}, "unknown_quality")
        listener.refused("play_track", {"trackId": track, "quality": "320kbps", "codec": "wax"}, "unknown_quality")
        listener.refused("play_track", {"streamId": "nothing"}, "unknown_stream")
    with listening(server, user=server.lite, **WEBSOCKET) as free:
        for beyond in ("high", "lossless", "320kbps", "mp3-320", "flac"):
            free.refused("play_track", {"trackId": track, "quality": beyond}, "not_entitled")
        assert free.ok("play_track", {"trackId": track, "quality": "192kbps"})
        free.refused("quality_change", {"quality": "lossless"}, "not_entitled")
        assert free.ok("quality_change", {"quality": "auto"})


def test_an_unknown_event_and_too_many_arguments_harm_nothing(server):
    with listening(server, **WEBSOCKET) as listener:
        listener.client.emit("no_such_event", {"a": 1})
        listener.client.emit("play_track", ("a", "b", "c", {"d": [1, 2, 3]}))
        listener.client.emit("volume_change", b"\x00\xff")
        listener.client.emit("seek_position", {"position": b"\x01"})
        assert listener.ok("clock_sync", {"t0": 1})


def test_a_flood_of_commands_is_refused_with_a_hint(server):
    with listening(server, **WEBSOCKET) as listener:
        answers = queue.SimpleQueue()
        for _ in range(400):
            listener.client.emit("volume_change", {"volume": 0.5}, callback=answers.put)
        refusals = [answer for answer in (answers.get(timeout=30) for _ in range(400)) if not answer["ok"]]
        assert refusals and {answer["error"]["code"] for answer in refusals} == {"rate_limited"}
        assert all(answer["error"]["retryAfterMs"] > 0 for answer in refusals)
