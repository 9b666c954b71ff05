"""Docs/asyncapi.yaml is well-formed, agrees with Docs/protocol.md and the sources, and a running server keeps to it."""

import copy
import json
import re
import signal
from contextlib import ExitStack, contextmanager

import jsonschema
import pytest
import requests
import yaml

from conftest import ROOT
from listener import SERVER_EVENTS, Listener, Refused, listening

DOCUMENT = yaml.safe_load((ROOT / "Docs/asyncapi.yaml").read_text())
PROTOCOL = (ROOT / "Docs/protocol.md").read_text()
MESSAGES, SCHEMAS = DOCUMENT["components"]["messages"], DOCUMENT["components"]["schemas"]
COMMANDS = {key.removeprefix("command.") for key in MESSAGES if key.startswith("command.")}
EVENTS = {message["name"] for key, message in MESSAGES.items() if key.startswith("event.")}
CHUNKS = {
    "binary": "event.audio_chunk",
    "protobuf": "event.audio_chunk.protobuf",
    "base64": "event.audio_chunk.base64",
}
CHANNEL = "#/channels/namespace"
# What only HTTP says.
HTTP_CODES = {"wrong_credentials", "url_invalid", "url_expired", "no_cover", "not_found"}

formats = jsonschema.FormatChecker(formats=())
formats.checks("binary")(lambda value: isinstance(value, bytes))
# An attachment is a string of the format `binary`; a bool is no number.
kinds = jsonschema.Draft7Validator.TYPE_CHECKER.redefine(
    "string", lambda _, value: isinstance(value, (str, bytes))
)
Validator = jsonschema.validators.extend(jsonschema.Draft7Validator, type_checker=kinds)


def resolve(ref):
    assert ref.startswith("#/"), ref
    found = DOCUMENT
    for step in ref[2:].split("/"):
        found = found[step]
    return found


def validator(message):
    return Validator(
        {"$ref": MESSAGES[message]["payload"]["$ref"], "components": DOCUMENT["components"]}, format_checker=formats
    )


VALIDATORS = {message: validator(message) for message in MESSAGES}


def faults(message, payload):
    """What is wrong with a payload, in words."""
    return [
        f"{message} {error.json_path}: {error.message[:300]} in {str(payload)[:500]}"
        for error in VALIDATORS[message].iter_errors(payload)
    ]


def parts(node, path="#"):
    """Every object of the document with its place."""
    if isinstance(node, dict):
        yield path, node
        for key, value in node.items():
            yield from parts(value, f"{path}/{key}")
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from parts(value, f"{path}/{index}")


# The document by itself.


def test_the_document_is_well_formed():
    assert DOCUMENT["asyncapi"] == "3.0.0" and DOCUMENT["info"]["title"] and DOCUMENT["info"]["version"]
    assert set(DOCUMENT) == {
        "asyncapi", "info", "defaultContentType", "servers", "channels", "operations", "components",
    }  # fmt: skip
    used = set()
    for path, part in parts(DOCUMENT):
        if isinstance(part.get("$ref"), str):
            assert set(part) == {"$ref"}, f"{path}: what stands beside a $ref is passed over"
            assert resolve(part["$ref"]) is not None, path
            used.add(part["$ref"])
    defined = {f"#/components/{kind}/{name}" for kind, all in DOCUMENT["components"].items() for name in all}
    assert defined <= used, f"never used: {defined - used}"
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+", ref.rsplit("/", 1)[1]) for ref in defined)
    channel = resolve(CHANNEL)
    assert channel["address"] == "/"
    assert channel["messages"] == {key: {"$ref": f"#/components/messages/{key}"} for key in MESSAGES}


def test_every_schema_is_one_and_lists_all_fields():
    for name, schema in SCHEMAS.items():
        jsonschema.Draft7Validator.check_schema(schema)
        assert name[0].isupper(), name
    for path, part in parts(SCHEMAS, "#/components/schemas"):
        if part.get("type") == "object" and path != "#/components/schemas/SyncState/properties/payload":
            assert part["additionalProperties"] is False, f"{path} is open"
            assert set(part.get("required", ())) <= set(part.get("properties", ())), path


def test_every_operation_has_its_messages_and_its_reply():
    said = []
    for name, operation in DOCUMENT["operations"].items():
        assert set(operation) <= {"action", "channel", "messages", "reply"}
        assert operation["channel"] == {"$ref": CHANNEL}, name
        keys = [ref["$ref"].removeprefix(f"{CHANNEL}/messages/") for ref in operation["messages"]]
        reply = operation.get("reply", {"messages": []})
        replies = [ref["$ref"].removeprefix(f"{CHANNEL}/messages/") for ref in reply["messages"]]
        said += keys + replies
        if operation["action"] == "send":
            assert all(key.startswith("event.") for key in keys) and not replies
            assert len({MESSAGES[key]["name"] for key in keys}) == 1
        else:
            assert operation["action"] == "receive" and reply["channel"] == {"$ref": CHANNEL}
            (key,) = keys
            if key == "connect":
                assert replies == ["connected", "connect_error"]
                continue
            event = key.removeprefix("command.")
            assert MESSAGES[key]["name"] == event
            assert replies[:2] == [f"ack.{event}", "refused"]
            takes_version = "version" in schema_of(event).get("properties", {})
            assert (replies[2:] == ["refused.stale_version"]) == takes_version, name
    assert set(said) == set(MESSAGES)
    assert len([key for key in said if key.startswith(("command.", "event."))]) == len(COMMANDS) + len(EVENTS) + 2


def schema_of(command):
    return resolve(MESSAGES[f"command.{command}"]["payload"]["$ref"])


# The document, the protocol and the sources.


def tables():
    """The tables of events in the protocol's first section: whether of commands, and pairs of names and payload."""
    section = PROTOCOL[PROTOCOL.index("## 1.") : PROTOCOL.index("## 2.")]
    for table in re.findall(r"(?:^\|.*\n)+", section, re.M):
        header, _, *rows = table.splitlines()
        if header.startswith("| event |"):
            cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]] for row in rows]
            yield "ack adds" in header, [(re.findall(r"`(\w+)`", row[0]), row[1]) for row in cells]


def named(are_commands):
    return {name for kind, rows in tables() if kind == are_commands for names, _ in rows for name in names}


def test_it_has_every_event_of_the_protocol_and_no_other():
    assert COMMANDS == named(True)
    assert EVENTS == named(False) == set(SERVER_EVENTS)


def fields(text):
    """The names in a `{a, b?, c?: {…}}` of the protocol, each with whether it must be there."""
    flat = text[1:-1]
    while re.search(r"\{[^{}]*\}", flat):
        flat = re.sub(r"\{[^{}]*\}", "", flat)
    names = [re.match(r"(\w+)(\??)", part.strip()) for part in flat.split(",") if part.strip()]
    return {name[1]: not name[2] for name in names}


def described():
    """Pairs of a message and its fields as the protocol's tables have them."""
    for are_commands, rows in tables():
        for names, payload in rows:
            text = re.match(r"`(\{[^`]*\})`(?! or |, or )", payload)
            for name in names if text else ():
                yield ("command." if are_commands else "event.") + name, fields(text[1].replace("\\|", "or"))


@pytest.mark.parametrize("message, expected", [pytest.param(*pair, id=pair[0]) for pair in described()])
def test_its_fields_are_the_protocols(message, expected):
    if message == "command.audio_control":
        assert expected == {"action": True, "payload": False}
        return
    schema = resolve(MESSAGES[message]["payload"]["$ref"])
    assert {name: name in schema.get("required", ()) for name in schema.get("properties", {})} == expected


def test_it_has_every_event_of_the_sources_and_no_other():
    gateway = [path.read_text() for path in (ROOT / "Sources/Gateway").rglob("*.swift")]
    server = (ROOT / "Sources/DubplateServer/DubplateServer.swift").read_text()
    labels = [label for text in gateway for label in re.findall(r'\bcase ((?:"\w+",?\s*)+):', text)]
    assert {name for label in labels for name in re.findall(r'"(\w+)"', label)} == COMMANDS
    sent = r'\b(?:emit|tell|tellAll)\((?:\s*[\w.: ]+,)*\s*"(\w+)"|\["(\w+)",\{"'
    found = {a or b for text in [*gateway, server] for a, b in re.findall(sent, text)}
    assert found == EVENTS


def test_its_error_codes_are_the_servers():
    source = (ROOT / "Sources/Gateway/DubplateError.swift").read_text()
    known = set(re.findall(r'Code\(name: "(\w+)"', source))
    section = PROTOCOL[PROTOCOL.index("## 4.") :]
    rows = [row.split("|")[1] for row in section.splitlines() if row.startswith("| `")]
    assert {code for row in rows for code in re.findall(r"`(\w+)`", row)} == known
    connect = set(SCHEMAS["ConnectError"]["properties"]["data"]["properties"]["code"]["enum"])
    command = set(SCHEMAS["ErrorCode"]["enum"])
    assert connect | command | {"stale_version"} == known - HTTP_CODES
    assert connect & command == {"bad_request"}


def values(schema, field=None):
    found = SCHEMAS[schema]["properties"][field] if field else SCHEMAS[schema]
    return set(found["enum"])


def quoted(path, pattern, found=r"(\w[\w-]*)"):
    """What is in quotation marks, or in the group of `found`, within the matches of a pattern."""
    text = "".join(file.read_text() for file in sorted((ROOT / "Sources").glob(path)))
    parts = re.findall(pattern, text, re.S)
    assert parts, pattern
    return {name for part in parts for name in re.findall(found, part)}


def test_its_lists_are_the_sources():
    renditions = quoted("Segments/Rendition.swift", r'Rendition\(name: "([\w-]+)"')
    ladder = quoted("Gateway/QualityLadder.swift", r"(?:tiers|bitrates): \[.*?\n  \]", r'["(](\w+)": [.\[]')
    codecs = quoted("Playback/Queue/PlaybackDevice.swift", r"enum Codec.*?case ([\w, ]+)")
    assert values("Codec") == codecs
    assert values("Quality") == renditions | (ladder - codecs) | {"auto"}
    assert values("DeviceKind") == quoted("Playback/Queue/PlaybackDevice.swift", r"enum Kind.*?case ([\w, ]+)")
    assert values("RepeatMode") == quoted("Playback/Queue/PlayQueue.swift", r"enum RepeatMode.*?case ([\w, ]+)")
    actions = quoted("Playback/Session/SessionEffect.swift", r'case \.\w+: "(\w+)"')
    assert values("SyncState", "action") == actions
    told = r'(?:queueChanged|queueFields)\((?:reason: )?"(\w+)"'
    reasons = quoted("Playback/Session/*.swift", told) | quoted("Gateway/Session/*.swift", told)
    assert values("QueueUpdate", "reason") == reasons
    ends = quoted("Gateway/AudioStream.swift", r"enum EndReason.*?\n  \}", r"case ([\w, ]+)")
    assert values("StreamEnded", "reason") == {end for line in ends for end in line.split(", ")}
    policy = quoted("Playback/ABR/AdaptiveBitrate.swift", r"enum Reason.*?\n  \}", r"case (\w+)")
    policy = {re.sub(r"([A-Z])", r"_\1", name).lower() for name in policy}
    # Two that the policy gives where its ladder is restricted in mid-stream, which the gateway never does.
    assert values("QualityChanged", "reason") == policy - {"entitlement", "device"}
    assert ".restrict(" not in "".join(path.read_text() for path in (ROOT / "Sources/Gateway").rglob("*.swift"))


# The document and a running server.

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
            dataSaver=False, codecs=["mp3", "aac", "opus", "flac"], standalone=False, format="binary",
        )  # fmt: skip
        phone = connect(deviceId="phone", format="protobuf")
        for device in (desk, phone):
            device.wait_for("sync_state", where=lambda state: state["action"] == "hello")
        one_stream(server, desk, phone, long, listener)
        one_queue(desk, phone, long, odd, first)
        many_devices(desk, phone, long)
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
        ("standalone", "yes"),
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
