"""`Docs/asyncapi.yaml`, and what is wrong with a payload by it."""

import jsonschema
import yaml

from conftest import ROOT

DOCUMENT = yaml.safe_load((ROOT / "Docs/asyncapi.yaml").read_text())
MESSAGES, SCHEMAS = DOCUMENT["components"]["messages"], DOCUMENT["components"]["schemas"]
COMMANDS = {key.removeprefix("command.") for key in MESSAGES if key.startswith("command.")}
EVENTS = {message["name"] for key, message in MESSAGES.items() if key.startswith("event.")}

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
