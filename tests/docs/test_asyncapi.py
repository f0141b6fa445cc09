"""docs/asyncapi.yaml: up to date, by the schema of AsyncAPI, and true of what gateway and server really say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from casegateway.events import BrokerUp
from caseserver.accounts import Officer
from caseserver.signed import signed_count, signed_enclosure, signed_held, signed_kiosk
from tests.docs.asyncapi_page import LINES, document, written
from tests.docs.generate import ASYNCAPI, ROOT
from tests.gateway.bench import Bench
from tests.server.station_kit import HOUR_US, Kit, morning

SCHEMA = ROOT / "tests" / "vectors" / "asyncapi" / "3.0.0.json"


def parsed() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / ASYNCAPI).read_text(encoding="utf-8"))
    return found


def validator(name: str) -> Any:
    return jsonschema_rs.Draft202012Validator(document()["components"]["schemas"][name])


def first_line(name: str, payload: bytes) -> Any:
    return json.loads(payload.partition(b"\n")[0] if name in LINES else payload)


def test_the_file_is_what_the_code_says() -> None:
    assert (ROOT / ASYNCAPI).read_text(encoding="utf-8") == written(), "make docs"


def test_it_holds_to_the_schema_of_asyncapi() -> None:
    oracle = jsonschema_rs.Draft7Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
    oracle.validate(parsed())
    for broken in ({"asyncapi": "2.0.0"}, {"channels": {"x": {"address": 5}}}, {"nonsense": 1}):
        assert not oracle.is_valid({**parsed(), **broken}), "the oracle is awake"


def test_every_schema_is_a_schema_and_every_reference_leads_somewhere() -> None:
    told = document()
    for name, schema in told["components"]["schemas"].items():
        jsonschema_rs.Draft202012Validator(schema)
        assert schema["additionalProperties"] is False, name
    text = json.dumps(told)
    for reference in {part.split('"')[0] for part in text.split('"$ref": "#/')[1:]}:
        place: Any = told
        for step in reference.split("/"):
            place = place[step]


def test_what_a_gateway_says_is_what_the_document_says() -> None:
    bench = Bench()
    bench.open()
    bench.put(BrokerUp())
    bench.run(2_500)
    said = {f"up_{one.topic}": one.payload for one in bench.published}
    assert {"up_log", "up_hb", "up_birth"} <= said.keys()
    for one in bench.published:
        name = f"up_{one.topic}"
        validator(name).validate(first_line(name, one.payload))
    with pytest.raises(jsonschema_rs.ValidationError):
        validator("up_hb").validate({**first_line("up_hb", said["up_hb"]), "surprise": 1})


def test_what_the_server_says_is_what_the_document_says(tmp_path: Path) -> None:
    kit = Kit(tmp_path)
    kit.clock.at_us = morning(kit.gateway) + HOUR_US
    messages = kit.take(kit.gateway.batch(0, 20))
    kit.station.submit("a1", "meal.offered", {"stay": "S-1"}, Officer("1001", frozenset({"duty_officer"})))
    kit.station.ask_count("a1", "S-1")
    said = {f"down_{one.topic}": one.payload for one in [*messages, *kit.sent]}
    signer = kit.station._signer
    held = {
        "count": 0,
        "first": 3,
        "v": 1,
        **signed_held(signer, "caseward.local/a/b/1", "0" * 32, 7, bytes(32)),
    }
    said["down_mend"] = json.dumps(held).encode() + b"\n\n"
    said["down_enclosure"] = signed_enclosure(signer, "0" * 64, is_held=True)
    said["down_kiosk"] = signed_kiosk(signer, 5, bytes(32), {"1001": {"digest": "0" * 64, "salt": "0" * 32}})
    said.setdefault("down_req", kit.state.ingest.hello())
    assert signed_count  # what ask_count sends
    kit.close()
    assert said.keys() == {name for name in document()["channels"] if name.startswith("down_")}
    for name, payload in said.items():
        validator(name).validate(first_line(name, payload))
