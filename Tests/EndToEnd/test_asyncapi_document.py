"""Docs/asyncapi.yaml is well-formed, and agrees with Docs/protocol.md and the sources."""

import re

import jsonschema
import pytest

from asyncapi import COMMANDS, DOCUMENT, EVENTS, MESSAGES, SCHEMAS, resolve
from conftest import ROOT
from listener import SERVER_EVENTS

PROTOCOL = (ROOT / "Docs/protocol.md").read_text()
CHANNEL = "#/channels/namespace"
# What only HTTP says.
HTTP_CODES = {
    "wrong_credentials", "url_invalid", "url_expired", "origin_refused", "no_cover", "not_found", "method_not_allowed",
    "body_too_large",
}


def parts(node, path="#"):
    """Every object of the document with its place."""
    if isinstance(node, dict):
        yield path, node
        for key, value in node.items():
            yield from parts(value, f"{path}/{key}")
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from parts(value, f"{path}/{index}")


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


# With the protocol and the sources.


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
    assert connect & command == {"bad_request", "rate_limited"}


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
    renditions = quoted("Segments/Rendition.swift", r'(?:Rendition\(name: |originalName = )"([\w-]+)"')
    assert values("Rendition") == renditions
    ladder = quoted("Gateway/QualityLadder.swift", r"(?:tiers|bitrates): \[.*?\n  \]", r'["(](\w+)": [.\[]')
    codecs = quoted("Playback/Devices/PlaybackDevice.swift", r"enum Codec.*?case ([\w, ]+)")
    assert values("Codec") == codecs
    assert values("Quality") == renditions | (ladder - codecs) | {"auto"}
    assert values("DeviceKind") == quoted("Playback/Devices/PlaybackDevice.swift", r"enum Kind.*?case ([\w, ]+)")
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
    # A manual choice is the listener's, not the policy's.
    chosen = quoted("Gateway/Device/*.swift", r'stream\.change\(to: \w+, reason: "(\w+)"')
    assert values("QualityChanged", "reason") == policy | chosen
