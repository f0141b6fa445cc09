"""docs/asyncapi.yaml: the MQTT messages between gateways and server as AsyncAPI 3.0, out of the code's own names and limits.

`tests/docs/test_asyncapi.py` holds the document to the schema of AsyncAPI, and real messages of both programs to the document.
"""

from __future__ import annotations

from typing import Any, Final

import yaml

from casegateway import limits
from casegateway.adapters.mqtt import ROOT, WORDS
from caseserver.link import UP_WORDS
from caseserver.people.enclosures import FIELDS
from caseserver.permissions import FACT_ROLES

HEAD: Final = "# MQTT between gateways and server, from the server's side. Generated (`make docs`); words: docs/mqtt.md.\n"
INSTANT = {"type": "integer", "minimum": 0, "maximum": 2**53 - 1}
COUNT = {"type": "integer", "minimum": 0}
HEX64, HEX32, HEX8 = ({"type": "string", "pattern": f"^[0-9a-f]{{{n}}}$"} for n in (64, 32, 8))
BASE64 = {"type": "string", "pattern": "^[A-Za-z0-9+/]+={0,2}$"}
REF = {"type": "string", "pattern": r"^[A-Za-z0-9._\-]{1,64}$"}
TEXT = {"type": "string"}
ONE = {"const": 1}


def _object(required: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    """An object of these keys and no others."""
    return {
        "type": "object", "required": sorted(required), "properties": {**required, **(optional or {})},
        "additionalProperties": False,
    }  # fmt: skip


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    return {"oneOf": [schema, {"type": "null"}]}


def _signed(what: str, value: dict[str, Any], beside: dict[str, Any] | None = None) -> dict[str, Any]:
    """A word of the server: `sig` is Ed25519 over `caseward-<what>-v1`, a newline and the canonical JSON of the value."""
    return _object({what: value, "key": HEX8, "sig": BASE64, "v": ONE}, beside)


def schemas() -> dict[str, dict[str, Any]]:
    """Payloads, and first lines of those that are lines."""
    open_object = {"type": "object"}
    health = {
        "type": "object",
        "required": ["sources", "queues", "log"],
        "properties": {
            "sources": {
                "type": "object",
                "additionalProperties": {
                    "type": "object",
                    "required": ["age_ms", "state"],
                    "properties": {"age_ms": _or_null(COUNT), "state": {"enum": ["ok", "lost", "unknown"]},
                                   "recording": {"type": ["boolean", "null"]}},
                },
            },
            "queues": {"type": "object", "additionalProperties": COUNT},
            "counters": {"type": "object", "additionalProperties": {"type": "integer"}},
            "log": _object({"size": COUNT, "durable": COUNT, "acked": COUNT}),
            "clock": {"enum": ["trusted", "doubted"]},
            "disk": {"enum": ["ok", "full"]},
            "alarms": {"type": "array", "items": TEXT, "maxItems": limits.OPEN_ALARMS_IN_HEARTBEAT_MAX},
            "server_ahead": {"type": "boolean"},
        },
    }  # fmt: skip
    beat = {
        "v": ONE, "boot": COUNT, "boottime_us": COUNT, "earliest_us": INSTANT, "latest_us": _or_null(INSTANT),
        "size": COUNT, "health": health,
    }  # fmt: skip
    occurred = _object(
        {"by": {"enum": ["server", "paper"]}, "earliest_us": INSTANT, "latest_us": _or_null(INSTANT)}
    )
    fact = _object(
        {"type": {"enum": sorted(FACT_ROLES)}, "id": {"type": "string", "minLength": 1, "maxLength": 128}, "occurred": occurred,
         "stay": _or_null(REF), "body": open_object}
    )  # fmt: skip
    held = _object({"log": TEXT, "nonce": HEX32, "root": HEX64, "size": COUNT})
    mend_header = {"count": COUNT, "first": COUNT, "v": ONE}
    return {
        "up_log": _object({"count": COUNT, "first": COUNT, "v": ONE}),
        "up_hb": _object(beat),
        "up_birth": _object({**beat, "config_hash": HEX64, "version": TEXT}),
        "up_mend": _object({"count": COUNT, "first": COUNT, "log": TEXT, "nonce": HEX32, "v": ONE}),
        "up_enclosure": _object(
            {"case": _or_null(TEXT), "commitment": HEX64, "field": {"enum": list(FIELDS)}, "item": _or_null(TEXT),
             "stay": _or_null(TEXT), "v": ONE}
        ),
        "down_ack": _object({"cosigned": TEXT, "root": HEX64, "size": COUNT, "v": ONE}),
        "down_req": _object({"count": COUNT, "first": COUNT, "v": ONE}),
        "down_fact": _signed("fact", fact, {"after": fact["properties"]["id"]}),
        "down_count": _signed("count", _object({"at_us": INSTANT, "id": TEXT, "stay": REF})),
        "down_mend": _object({**mend_header, "held": held, "key": HEX8, "sig": BASE64}),
        "down_kiosk": _signed(
            "kiosk",
            _object({"at_us": INSTANT, "box": _or_null(HEX64), "pins": {
                "type": "object", "additionalProperties": _object({"digest": HEX64, "salt": HEX32})}}),
        ),
        "down_enclosure": _signed("enclosure", _object({"commitment": HEX64, "held": {"type": "boolean"}})),
    }  # fmt: skip


LINES: Final = frozenset(("up_log", "up_mend_answer", "down_mend", "up_enclosure"))
"""Messages of which the schema is that of the first line: leaves, a note or sealed bytes follow."""


def document() -> dict[str, Any]:
    """The whole document."""
    words = [("up", word) for word in UP_WORDS] + [("down", word) for word in WORDS]
    names = [f"{way}_{word}" for way, word in words]
    known = schemas()
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Caseward: gateways and server",
            "version": "1",
            "description": "MQTT 3.1.1, QoS 1, never retained, clean session. A PUBACK is not durability: down/ack is.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {
            name: {
                "address": f"{ROOT}/{{gateway}}/{way}/{word}",
                "messages": {name: {"$ref": f"#/components/messages/{name}"}},
                "parameters": {"gateway": {"$ref": "#/components/parameters/gateway"}},
                "bindings": {"mqtt": {}},
            }
            for name, (way, word) in zip(names, words, strict=True)
        },
        "operations": {
            name: {
                "action": "receive" if way == "up" else "send",
                "channel": {"$ref": f"#/channels/{name}"},
                "messages": [{"$ref": f"#/channels/{name}/messages/{name}"}],
                "bindings": {"mqtt": {"qos": 1, "retain": False, "bindingVersion": "0.2.0"}},
            }
            for name, (way, _) in zip(names, words, strict=True)
        },
        "components": {
            "messages": {name: _message(name) for name in names},
            "parameters": {"gateway": {"description": "The gateway's id, [a-z0-9-]{1,32}; its client id and user name."}},
            "schemas": {name: known[name] for name in names},
        },
    }  # fmt: skip


def _message(name: str) -> dict[str, Any]:
    way, _, word = name.partition("_")
    told: dict[str, Any] = {"name": f"{way}/{word}", "title": f"{way}/{word}"}
    if name in LINES:
        told["contentType"] = "application/octet-stream"
        told["payload"] = {
            "type": "string",
            "description": "A first line of JSON, then lines or bytes: docs/mqtt.md.",
        }
        told["x-first-line"] = {"$ref": f"#/components/schemas/{name}"}
    else:
        told["payload"] = {"$ref": f"#/components/schemas/{name}"}
    return told


def written() -> str:
    """The file."""
    return HEAD + yaml.dump(document(), sort_keys=False, allow_unicode=True, width=120, Dumper=_Plain)


class _Plain(yaml.SafeDumper):
    """Says everything where it stands: no anchors."""

    def ignore_aliases(self, data: Any) -> bool:
        return True
