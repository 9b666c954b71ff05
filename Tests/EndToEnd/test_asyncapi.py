"""A running server keeps to Docs/asyncapi.yaml, in both directions."""

import copy
import json
import signal
from contextlib import ExitStack, contextmanager

import pytest
import requests

from asyncapi import COMMANDS, EVENTS, MESSAGES, faults, resolve
from listener import Listener, Refused, listening

CHUNKS = {
    "binary": "event.audio_chunk",
    "protobuf": "event.audio_chunk.protobuf",
    "base64": "event.audio_chunk.base64",
}
# What comes when an analysis has run, or something has gone wrong in mid-stream.
RARE = {
    ("event.stream_started", "loudness"),
    ("event.stream_error", "streamId"),
    ("event.stream_error", "retryAfterMs"),
}


class Witness(Listener):
    """A device that holds all that it says and hears against the document."""

    def __init__(self, server, user, record, **auth):
        self.record, self.faults, self.format = record, [], auth.get("format", "binary")
        token = server.token(user)
        self.faults += faults("connect", auth | {"token": token})
        super().__init__(server.url, token, transports=["websocket"], **auth)

    def _keep(self, name, payload):
        if name != "disconnect":
            message = CHUNKS[self.format] if name == "audio_chunk" else f"event.{name}"
            self.faults += faults(message, payload)
            self.record.add(message)
            self.record.update((message, field) for field in payload if isinstance(payload, dict))
        super()._keep(name, payload)

    def call(self, event, payload=None, timeout=20, bad=False):
        """As `Listener.call`. With `bad`, the payload is one that the document doesn't allow."""
        payload = {} if payload is None else payload
        wrong = faults(f"command.{event}", payload)
        assert bool(wrong) == bad, wrong or f"the document allows {event} {payload}"
        answer = super().call(event, payload, timeout)
        message = f"ack.{event}"
        if answer.get("ok") is not True:
            is_stale = answer.get("error", {}).get("code") == "stale_version"
            message = "refused.stale_version" if is_stale else "refused"
        self.record.add(message)
        self.faults += faults(message, answer)
        return answer


@contextmanager
def witnessing(server, user, record, **auth):
    device = Witness(server, user, record, **auth)
    try:
        yield device
    finally:
        device.close()
    assert not device.faults, "\n".join(device.faults[:20])


def test_a_server_keeps_to_it_in_both_directions(server, tracks, listener, fresh_server):
    long, odd, first = (tracks[title]["id"] for title in ("Long", "Odd FLAC", "First Cut"))
    record = set()
    with ExitStack() as stack:
        connect = lambda **auth: stack.enter_context(witnessing(server, listener, record, **auth))
        desk = connect(
            deviceId="desk", deviceName="Desk", deviceKind="desktop", bufferSeconds=2, outputDelayMs=20,
            dataSaver=False, codecs=["mp3", "aac", "opus", "flac"], standalone=False, temporary=False, format="binary",
        )  # fmt: skip
        phone = connect(deviceId="phone", format="protobuf")
        for device in (desk, phone):
            device.wait_for("sync_state", where=lambda state: state["action"] == "hello")
        one_stream(server, desk, phone, long, listener)
        one_queue(desk, phone, long, odd, first)
        many_devices(desk, phone, long)
        guest = connect(deviceId="guest")
        one_that_leaves(desk, guest)
        kiosk = connect(standalone=True, format="base64")
        kiosk.ok("play_track", {"trackId": long, "quality": "rescue"})
        kiosk.wait_for("audio_chunk")
        kiosk.ok("volume_change", {"volume": 1})
        kiosk.refused("device_list", {}, "not_in_session")
    own = fresh_server().start()
    with witnessing(own, own.username, record) as last:
        last.wait_for("sync_state")
        own.process.send_signal(signal.SIGTERM)
        last.wait_for("server_draining")
        assert own.stop() == 0
    fields = {pair for pair in record if isinstance(pair, tuple)}
    record -= fields
    known = {
        (message, field)
        for message in MESSAGES
        if message.startswith("event.")
        for field in resolve(MESSAGES[message]["payload"]["$ref"]).get("properties", ())
    }
    assert known - fields <= RARE, f"fields that nobody sends: {known - fields - RARE}"
    heard = {MESSAGES[message]["name"] for message in record if message.startswith("event.")}
    assert heard == EVENTS, f"never received: {EVENTS - heard}"
    rest = set(MESSAGES) - record - {f"command.{command}" for command in COMMANDS}
    assert rest == {"connect", "connected", "connect_error"}, "every ack and every encoding was seen"


def one_stream(server, desk, phone, long, user):
    """What a device does with a stream of its own."""
    stream = desk.ok("play_track", {"trackId": long, "quality": "128kbps", "codec": "mp3", "position": 1})["streamId"]
    desk.wait_for("audio_chunk")
    desk.ok("clock_sync", {"t0": 12.5})
    desk.ok("seek_position", {"position": 30})
    phone.wait_for("seek_update")
    desk.ok("pause_track", {"position": 30, "streamId": stream})
    desk.ok("resume_track")
    for quality in ("medium", "lossless", "opus-48", "ogg-160"):
        mark = desk.mark()
        desk.ok("quality_change", {"quality": quality})
        desk.wait_for("quality_change", mark)
    desk.ok("volume_change", {"volume": 0.5})
    desk.ok("volume_change", {"volume": 0.25, "deviceId": "phone"})
    phone.ok("pause_track")
    phone.ok("resume_track")
    phone.ok("seek_position", {"position": 40})
    phone.ok("quality_change", {"quality": "192kbps", "codec": "aac"})
    desk.ok("network_stats", {"bandwidth": 5e6, "bufferMs": 1500, "rttMs": 20})
    now = desk.ok("clock_sync", {"t0": 0})["t2"]
    desk.ok("network_stats", {"streamId": stream, "position": 40, "at": now})
    for action, payload in (
        ("play", {"trackId": long, "quality": "auto"}),
        ("pause", {}),
        ("resume", {}),
        ("seek", {"position": 3}),
        ("volume", {"volume": 1}),
        ("quality", {"quality": "low"}),
        ("stop", {}),
    ):
        desk.ok("audio_control", {"action": action, "payload": payload})
    prepared = server.post("/api/v1/stream/start", {"trackId": long, "quality": "low"}, user).json()["streamId"]
    desk.ok("play_track", {"streamId": prepared})
    desk.ok("stop_track")
    desk.refused("play_track", {"streamId": prepared}, "unknown_stream")
    desk.refused("play_track", {"trackId": "gone"}, "unknown_track")
    desk.refused("play_track", {"trackId": long, "position": 1e6}, "position_out_of_range")
    desk.refused("seek_position", {"position": 1}, "no_stream")


def one_queue(desk, phone, long, odd, first):
    """What becomes of a queue."""
    context = {"kind": "album", "id": "a", "name": "An album"}
    queue = desk.ok(
        "queue_set",
        {"tracks": [first, odd], "index": 0, "position": 0, "play": True, "quality": "low", "codec": "mp3",
         "context": context, "shuffle": False, "deviceId": "desk", "version": desk.ok("queue_get")["queue"]["version"]},
    )["queue"]  # fmt: skip
    desk.wait_for("preload_track")
    desk.ok("crossfade_change", {"seconds": 1.5})
    desk.wait_for("stream_started", where=lambda event: event.get("crossfade") == 1.5)
    phone.wait_for("sync_state", where=lambda state: state["action"] == "advance")
    desk.wait_for("sync_state", where=lambda state: state["action"] == "end")
    assert phone.wait_for("queue_update", where=lambda update: update["reason"] == "end")["context"] == context
    added = desk.ok("queue_add", {"tracks": [long, odd], "at": "next"})["items"]
    desk.ok("queue_add", {"tracks": [first], "at": "end"})
    desk.ok("queue_add", {"tracks": [first], "at": 0})
    desk.ok("queue_get", {"offset": 1, "limit": 2})
    version = desk.ok("queue_move", {"item": added[0], "to": 0})["queue"]["version"]
    desk.ok("queue_remove", {"items": added[1:], "version": version})
    for event, payload in (
        ("queue_set", {"tracks": []}),
        ("queue_add", {"tracks": []}),
        ("queue_remove", {"items": []}),
        ("queue_move", {"item": added[0], "to": 0}),
        ("queue_clear", {}),
        ("queue_jump", {"index": 0}),
        ("next_track", {}),
        ("previous_track", {}),
        ("shuffle_change", {"shuffle": True}),
        ("repeat_change", {"repeat": "all"}),
    ):
        phone.refused(event, payload | {"version": version}, "stale_version")
    desk.ok("queue_jump", {"item": added[0], "position": 20})
    desk.ok("queue_jump", {"index": 1})
    desk.ok("shuffle_change", {"shuffle": True})
    desk.ok("shuffle_change", {"shuffle": False})
    for mode in ("one", "all", "off"):
        desk.ok("repeat_change", {"repeat": mode})
    desk.ok("next_track")
    desk.ok("previous_track")
    desk.refused("queue_jump", {"item": "none"}, "unknown_item")
    desk.refused("queue_set", {"tracks": [long], "quality": "mp3-192", "codec": "flac"}, "unknown_quality")
    desk.refused("queue_add", {"tracks": ["x"] * 10_000}, "queue_full")
    desk.ok("queue_set", {"tracks": ["gone", long]})
    desk.wait_for("stream_error", where=lambda error: error["code"] == "unknown_track")
    phone.wait_for("queue_update", where=lambda update: update["reason"] == "failed")
    desk.refused("next_track", {}, "queue_ended")
    desk.ok("queue_clear")
    desk.ok("queue_clear", {"all": True})
    assert desk.ok("queue_get")["queue"]["itemId"] is None
    desk.refused("resume_track", {}, "no_stream")


def many_devices(desk, phone, long):
    """Hand-over, settings and playing together."""
    desk.ok("queue_set", {"tracks": [long], "position": 5, "quality": "low"})
    desk.wait_for("audio_chunk", desk.mark())
    desk.ok("device_list")
    phone.ok(
        "device_settings",
        {"deviceId": "desk", "name": "Kitchen", "volume": 0.3, "outputDelayMs": 180, "dataSaver": True},
    )
    desk.wait_for("device_update", where=lambda update: any(d["name"] == "Kitchen" for d in update["devices"]))
    desk.ok("pause_track")
    desk.ok("device_transfer", {"deviceId": "phone"})
    phone.wait_for("stream_started", where=lambda event: event.get("paused") is True)
    mark = desk.mark()
    phone.ok("device_transfer", {"deviceId": "desk"})
    desk.wait_for("stream_started", mark, where=lambda event: event.get("paused") is True)
    desk.ok("device_transfer", {"deviceId": "phone", "play": True})
    phone.wait_for("audio_chunk")
    desk.wait_for("stream_ended", where=lambda event: event["reason"] == "transferred")
    desk.refused("device_transfer", {"deviceId": "nowhere"}, "unknown_device")
    desk.ok("group_join", {"deviceId": "desk"})
    desk.wait_for("stream_started", where=lambda event: "sync" in event)
    phone.wait_for("group_sync")
    desk.ok("pause_track")
    desk.ok("resume_track")
    desk.ok("seek_position", {"position": 70})
    desk.wait_for("group_sync", where=lambda sync: sync["position"] == 70)
    desk.ok("quality_change", {"quality": "rescue"})
    mark = phone.mark()
    desk.ok("group_leave")
    phone.wait_for("group_sync", mark, lambda sync: sync["at"] is None)
    phone.ok("group_leave", {"deviceId": "phone"})
    phone.ok("stop_track")


def one_that_leaves(desk, guest):
    """What is known of a device that is offline, until nobody wants to know."""
    guest.wait_for("sync_state", where=lambda state: state["action"] == "hello")
    desk.refused("device_forget", {"deviceId": "guest"}, "device_online")
    guest.client.disconnect()
    desk.wait_for(
        "device_update", where=lambda update: any(d["deviceId"] == "guest" and "lastUsed" in d for d in update["devices"])
    )
    desk.ok("device_forget", {"deviceId": "guest"})
    desk.refused("device_forget", {"deviceId": "guest"}, "unknown_device")


def test_connect_is_answered_as_it_says(server, listener):
    def packet(auth):
        """The namespace's answer to a CONNECT packet, over long polling."""
        url = server.url + "/socket.io/?EIO=4&transport=polling"
        sid = json.loads(requests.get(url, timeout=20).text[1:])["sid"]
        assert requests.post(f"{url}&sid={sid}", data="40" + json.dumps(auth), timeout=20).status_code == 200
        answer = requests.get(f"{url}&sid={sid}", timeout=20).text.split("\x1e")[0]
        requests.post(f"{url}&sid={sid}", data="1", timeout=20)
        return answer[:2], json.loads(answer[2:])

    token = server.token(listener)
    kind, payload = packet({"token": token})
    assert kind == "40" and not faults("connected", payload), payload
    for auth, code in (
        ({}, "unauthorized"),
        ({"token": "x"}, "token_invalid"),
        ({"token": token, "format": "xml"}, "bad_request"),
    ):
        kind, payload = packet(auth)
        assert kind == "44" and not faults("connect_error", payload) and payload["data"]["code"] == code, payload


@pytest.mark.parametrize(
    "key, value",
    [
        ("format", "xml"), ("deviceId", "a b"), ("deviceId", "x" * 65), ("bufferSeconds", 0.5), ("bufferSeconds", 121),
        ("deviceKind", "fridge"), ("codecs", ["mp4"]), ("codecs", []), ("dataSaver", 1), ("outputDelayMs", 2001),
        ("standalone", "yes"), ("temporary", 1),
    ],
)  # fmt: skip
def test_what_it_does_not_allow_in_connect_is_refused(server, key, value):
    assert faults("connect", {key: value})
    with pytest.raises(Refused) as refusal, listening(server, transports=["websocket"], **{key: value}):
        pass
    assert refusal.value.code == "bad_request"


# One payload for each form of a command that has required fields.
FULL = [
    ("play_track", {"trackId": "t"}),
    ("play_track", {"streamId": "st_00"}),
    ("seek_position", {"position": 1}),
    ("volume_change", {"volume": 1}),
    ("quality_change", {"quality": "low"}),
    ("audio_control", {"action": "play", "payload": {"trackId": "t"}}),
    ("audio_control", {"action": "seek", "payload": {"position": 1}}),
    ("audio_control", {"action": "volume", "payload": {"volume": 1}}),
    ("audio_control", {"action": "quality", "payload": {"quality": "low"}}),
    ("clock_sync", {"t0": 1}),
    ("queue_set", {"tracks": []}),
    ("queue_set", {"tracks": [], "context": {"kind": "k", "id": "i", "name": "n"}}),
    ("queue_add", {"tracks": []}),
    ("queue_remove", {"items": []}),
    ("queue_move", {"item": "1", "to": 0}),
    ("queue_jump", {"item": "1"}),
    ("queue_jump", {"index": 0}),
    ("shuffle_change", {"shuffle": True}),
    ("repeat_change", {"repeat": "off"}),
    ("crossfade_change", {"seconds": 0}),
    ("device_transfer", {"deviceId": "d"}),
    ("device_forget", {"deviceId": "d"}),
]


def without():
    """Every one of them without a field, and with something else in its place."""
    for event, payload in FULL:
        places = [(key,) for key in payload]
        places += [(key, inner) for key, value in payload.items() if isinstance(value, dict) for inner in value]
        for *outer, key in places:
            gone, wrong = copy.deepcopy(payload), copy.deepcopy(payload)
            holder, other = (gone[outer[0]], wrong[outer[0]]) if outer else (gone, wrong)
            del holder[key]
            if [*outer, key] != ["context"]:
                yield pytest.param(event, gone, id=f"{event}-{json.dumps(gone)}")
            other[key] = [7]
            yield pytest.param(event, wrong, id=f"{event}-{json.dumps(wrong)}")


@pytest.fixture(scope="module")
def refuser(server):
    server.add_user("refuser", "premium")
    return "refuser"


def test_every_command_with_required_fields_is_among_them():
    needy = {command for command in COMMANDS if faults(f"command.{command}", {})}
    assert needy == {event for event, _ in FULL}
    assert not [fault for event, payload in FULL for fault in faults(f"command.{event}", payload)]


@pytest.mark.parametrize("event, payload", list(without()))
def test_without_a_required_field_a_command_is_refused(server, refuser, event, payload):
    with witnessing(server, refuser, set(), deviceId="refuser") as device:
        before = device.ok("queue_get")["queue"]
        answer = device.call(event, payload, bad=True)
        assert answer["ok"] is False and answer["error"]["code"] == "bad_request", answer
        assert device.ok("queue_get")["queue"] == before
