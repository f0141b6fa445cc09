"""An alarm as CAP 1.2: held to the schema of OASIS, to what the schema cannot say, and free of names and offences."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import xmlschema

from caseserver import cap
from caseserver.alarms import Alarm
from tests.server.station_kit import HOUR_US, Kit, morning

SCHEMA = Path(__file__).resolve().parents[1] / "vectors" / "cap" / "CAP-v1.2.xsd"
SENDER = "caseward.local/server"
NS = {"cap": cap.NAMESPACE}


@pytest.fixture(scope="module")
def schema() -> Any:
    return xmlschema.XMLSchema(str(SCHEMA))


@pytest.fixture(scope="module")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kit]:
    made = Kit(tmp_path_factory.mktemp("cap"))
    made.clock.at_us = morning(made.gateway) + 9 * HOUR_US
    made.gateway.deadline(made.clock.at_us)
    made.take(made.gateway.batch())
    yield made
    made.close()


def alarms(kit: Kit) -> list[Alarm]:
    """As they were when they were raised."""
    found = [replace(alarm, graver_us=None) for alarm in kit.station.area("a1").alarms]
    assert len(found) >= 3
    return found


def variants(alarm: Alarm) -> list[Alarm]:
    """The alarm as it goes through its life."""
    at_us = alarm.raised_us
    taken = replace(alarm, state="taken", taken_by="1001", taken_us=at_us + 1)
    done = replace(taken, state="rectified", rectified_us=at_us + 2, cleared_us=at_us + 2)
    graver = replace(taken, severity="S1", seen_severity="S2", graver_us=at_us + 2)
    again = replace(graver, seen_severity="S1", taken_us=at_us + 3)
    closed = replace(done, state="closed", closed_us=at_us + 3)
    doubted = replace(alarm, is_certain=False, room=None, stay=None, article={}, text={})
    return [alarm, replace(alarm, is_prewarning=True), taken, done, closed, graver, again, doubted]


def test_every_message_holds_to_the_schema_of_oasis(kit: Kit, schema: Any) -> None:
    for alarm in alarms(kit):
        for one in variants(alarm):
            data = cap.message(one, kit.area, SENDER)
            schema.validate(data.decode())
            assert data == cap.message(one, kit.area, SENDER)


def test_the_schema_refuses_what_it_should(kit: Kit, schema: Any) -> None:
    """The oracle is awake."""
    data = cap.message(alarms(kit)[0], kit.area, SENDER).decode()
    for old, new in (
        ("Restricted", "Secret"),
        ("-00:00</sent>", "Z</sent>"),
        ("<urgency>", "<headline>x</headline><urgency>"),
    ):
        with pytest.raises(xmlschema.XMLSchemaValidationError):
            schema.validate(data.replace(old, new, 1))


def test_what_the_schema_cannot_say_holds_too(kit: Kit) -> None:
    """Identifier and sender without blanks, commas, < and &; an update and a cancel refer to the alert."""
    for alarm in alarms(kit):
        first = ET.fromstring(cap.message(alarm, kit.area, SENDER))
        for one in variants(alarm):
            root = ET.fromstring(cap.message(one, kit.area, SENDER))
            told = {
                tag: root.findtext(f"cap:{tag}", namespaces=NS)
                for tag in ("identifier", "sender", "sent", "msgType", "references")
            }
            assert not set(" ,<&") & set(f"{told['identifier']}{told['sender']}")
            if told["msgType"] == "Alert":
                assert told["references"] is None
            else:
                wanted = ",".join(
                    first.findtext(f"cap:{tag}", "", NS) for tag in ("sender", "identifier", "sent")
                )
                assert told["references"] == wanted
            assert [
                info.findtext("cap:language", namespaces=NS) for info in root.findall("cap:info", NS)
            ] == ["zh-CN", "en"]
    closed = ET.fromstring(cap.message(variants(alarms(kit)[0])[4], kit.area, SENDER))
    assert closed.findtext("cap:msgType", namespaces=NS) == "Cancel"


def test_what_says_something_new_has_an_identifier_of_its_own(kit: Kit) -> None:
    """A receiver leaves out what it has already; a graver alarm, and whoever takes it then, are news."""
    alarm = alarms(kit)[0]
    warned = replace(alarm, is_prewarning=True, raised_us=alarm.raised_us - 1)
    _, _, *life = variants(alarm)
    told = [cap.message(one, kit.area, SENDER) for one in (warned, alarm, *life[:-1])]
    assert len({ET.fromstring(one).findtext("cap:identifier", namespaces=NS) for one in told}) == len(told)


def test_the_measure_and_the_case_are_in_no_message(kit: Kit) -> None:
    for alarm in alarms(kit):
        text = cap.message(alarm, kit.area, SENDER).decode()
        assert "criminal_summons" not in text
        assert "C-1" not in text
