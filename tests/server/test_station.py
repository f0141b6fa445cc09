"""Officers' acts: signed, kept and sent again until the gateway's log has them."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from sqlalchemy import text

from caselog import canonical
from caselog.keys import Verifier
from caseserver.accounts import Officer
from caseserver.settings import Limits
from caseserver.signed import SIGNED_PREFIX
from tests.server.station_kit import MINUTE_US, START_US, Kit, morning

DUTY = Officer("1001", frozenset({"duty_officer"}))
OTHER = Officer("1002", frozenset({"duty_officer"}))
READER = Officer("9001", frozenset({"inspector"}))


def last_fact(kit: Kit) -> dict[str, object]:
    message = [m for m in kit.sent if m.topic == "fact"][-1]
    value = canonical.loads(message.payload)
    signature = base64.b64decode(value["sig"])
    assert Verifier("server", kit.key.public).valid(SIGNED_PREFIX + canonical.dumps(value["fact"]), signature)
    fact: dict[str, object] = value["fact"]
    return fact


def record(kit: Kit, fact: dict[str, object], at_us: int) -> None:
    """The gateway takes the fact into its log, and its log comes back."""
    body = fact["body"]
    assert isinstance(body, dict)
    kit.gateway.fact(str(fact["type"]), at_us, str(fact["id"]), **body)
    kit.take(kit.gateway.batch())


def test_an_act_is_signed_sent_and_recorded_once_the_log_has_it(kit: Kit) -> None:
    at_us = morning(kit.gateway)
    kit.take(kit.gateway.batch())
    kit.beat(1.0)
    kit.clock.at_us = at_us + MINUTE_US
    receipt = kit.station.submit("a1", "search.signed", {"stay": "S-1", "officers": ["1001"]}, DUTY)
    assert receipt.status == "sent"
    assert kit.station.receipt(receipt.id) == "sent"
    fact = last_fact(kit)
    assert fact["id"] == receipt.id
    assert fact["stay"] == "S-1"
    assert fact["occurred"] == {"earliest_us": kit.clock.at_us, "latest_us": kit.clock.at_us, "by": "server"}
    record(kit, fact, kit.clock.at_us)
    assert kit.station.receipt(receipt.id) == "recorded"
    assert kit.state.resend(1.0) == []


def test_an_act_is_sent_again_until_the_log_has_it_also_after_a_restart(kit: Kit) -> None:
    at_us = morning(kit.gateway)
    kit.take(kit.gateway.batch())
    receipt = kit.station.submit("a1", "area.entered", {"stay": "S-1"}, DUTY)
    assert [m.payload for m in kit.state.resend(1.0)] == [m.payload for m in kit.sent if m.topic == "fact"]
    kit.restart()
    (again,) = kit.state.resend(1.0)
    fact = canonical.loads(again.payload)["fact"]
    assert fact["id"] == receipt.id
    record(kit, fact, at_us + MINUTE_US)
    assert kit.state.resend(1.0) == []
    kit.restart()
    assert kit.state.resend(1.0) == []


def test_the_receipt_says_so_when_the_area_is_away(kit: Kit) -> None:
    receipt = kit.station.submit("a1", "area.entered", {"stay": "S-1"}, DUTY)
    assert receipt.is_area_away
    assert kit.station.receipt(receipt.id) == "sent, waiting for the area"


def test_what_the_engine_refuses_is_told_with_its_reason(kit: Kit) -> None:
    at_us = morning(kit.gateway)
    kit.take(kit.gateway.batch())
    receipt = kit.station.submit("a1", "alarm.taken", {"alarm": "a1/none"}, DUTY)
    record(kit, last_fact(kit), at_us + MINUTE_US)
    assert kit.station.receipt(receipt.id).startswith("refused: unknown_alarm: expected an open alarm")
    kit.restart()
    assert kit.station.receipt(receipt.id).startswith("refused: unknown_alarm")


def test_the_actor_is_the_signed_in_officer_whatever_the_form_says(kit: Kit) -> None:
    kit.station.submit("a1", "alarm.taken", {"alarm": "x", "officer": "2001"}, DUTY)
    fact = last_fact(kit)
    assert fact["body"] == {"alarm": "x", "officer": "1001"}


@pytest.mark.parametrize(
    ("fact_type", "body", "officer", "key"),
    [
        ("stay.released", {"stay": "S-1", "reason": "released"}, READER, "role"),
        ("extension.approved", {"stay": "S-1", "rule": "T1", "limit": "24h"}, DUTY, "role"),
        ("officer.registered", {"officer": "7", "service": "sworn", "roles": ["guard"]}, DUTY, "role"),
        ("door.opened", {"door": "gate"}, DUTY, "type"),
        ("no.such", {}, DUTY, "type"),
        ("stay.released", {"stay": "S-1", "reason": "why not"}, DUTY, "reason"),
        ("stay.released", {"stay": "S 1", "reason": "bail"}, DUTY, "stay"),
        ("stay.released", {"stay": "S-1", "reason": "bail", "shoe": "42"}, DUTY, "shoe"),
    ],
)
def test_an_act_that_role_or_catalogue_forbid_is_refused_and_not_sent(
    kit: Kit, fact_type: str, body: dict[str, object], officer: Officer, key: str
) -> None:
    receipt = kit.station.submit("a1", fact_type, body, officer)
    assert receipt.status == "refused"
    assert receipt.problems[0].key == key
    assert kit.sent == []
    assert kit.state.resend(1.0) == []


def test_an_act_in_the_future_or_for_another_area_is_refused(kit: Kit) -> None:
    later = kit.station.submit("a1", "area.entered", {"stay": "S"}, DUTY, START_US + MINUTE_US)
    elsewhere = kit.station.submit("a9", "area.entered", {"stay": "S"}, DUTY)
    assert (later.problems[0].key, elsewhere.problems[0].key) == ("occurred", "area")


def test_an_act_beyond_the_bound_is_refused_to_the_officers_face(tmp_path: Path) -> None:
    kit = Kit(tmp_path, limits=Limits(pending_facts_max=10))
    for number in range(10):
        assert kit.station.submit("a1", "area.entered", {"stay": f"S-{number}"}, DUTY).status == "sent"
    receipt = kit.station.submit("a1", "area.entered", {"stay": "S-x"}, DUTY)
    assert receipt.status == "refused"
    assert receipt.problems[0].found == "10"
    kit.close()


def test_an_alarm_goes_its_way_from_raised_to_verified_with_who_and_when(kit: Kit) -> None:
    at_us = morning(kit.gateway)
    kit.gateway.fact("door.opened", at_us, door="gate")
    kit.gateway.deadline(at_us + 10 * MINUTE_US)
    kit.gateway.fact("door.closed", at_us + 11 * MINUTE_US, door="gate")
    kit.take(kit.gateway.batch())
    door = next(a for a in kit.state.book.open() if a.rule == "DR" and not a.is_prewarning)
    at_us += 12 * MINUTE_US
    steps = [
        ("alarm.taken", {}, DUTY),
        ("alarm.acknowledged", {}, DUTY),
        ("alarm.rectified", {"cause": "held by a chair", "action": "chair removed"}, DUTY),
        ("alarm.verified", {}, OTHER),
    ]
    for number, (fact_type, extra, officer) in enumerate(steps):
        kit.clock.at_us = at_us + number * MINUTE_US
        receipt = kit.station.submit("a1", fact_type, {"alarm": door.id, **extra}, officer)
        record(kit, last_fact(kit), kit.clock.at_us)
        assert kit.station.receipt(receipt.id) == "recorded"
    done = kit.station.area("a1").alarm(door.ref)
    assert done is not None
    assert (done.taken_by, done.taken_us) == ("1001", at_us)
    assert (done.acknowledged_by, done.acknowledged_us) == ("1001", at_us + MINUTE_US)
    assert (done.rectified_by, done.cause, done.action) == ("1001", "held by a chair", "chair removed")
    assert (done.verified_by, done.verified_us) == ("1002", at_us + 3 * MINUTE_US)
    assert done.cleared_us is not None
    assert not done.is_open
    history = [line["what"] for line in kit.station.area("a1").history(door.ref)]
    assert [what for what in history if what in {"taken", "acknowledged", "rectified", "verified"}] == [
        "taken", "acknowledged", "rectified", "verified",
    ]  # fmt: skip
    kit.restart()
    assert kit.station.area("a1").alarm(door.id) == done


def test_an_alarm_that_only_the_server_knows_is_handled_at_the_server_by_the_same_moves(kit: Kit) -> None:
    kit.state.tick(kit.clock.now(), 31.0)
    (silent,) = kit.state.book.open()

    def act(kind: str, officer: Officer, **extra: str) -> str:
        return kit.station.submit("a1", f"alarm.{kind}", {"alarm": silent.id, **extra}, officer).status

    assert act("verified", OTHER) == "refused"
    assert act("taken", DUTY) == "recorded"
    assert act("rectified", DUTY, cause="cable", action="plugged in") == "recorded"
    assert act("verified", DUTY) == "refused"
    assert act("verified", OTHER) == "refused"  # it still stands
    kit.beat(32.0)
    kit.state.tick(kit.clock.now(), 32.1)
    assert act("verified", DUTY) == "refused"
    assert act("verified", OTHER) == "recorded"
    done = kit.station.area("a1").alarm(silent.id)
    assert done is not None
    assert not done.is_open
    assert (done.rectified_by, done.verified_by) == ("1001", "1002")
    assert kit.sent == []


def test_what_officers_do_and_read_is_written_down(kit: Kit) -> None:
    kit.station.submit("a1", "area.entered", {"stay": "S-1"}, DUTY)
    kit.station.submit("a1", "stay.released", {"stay": "S-1", "reason": "bail"}, READER)
    kit.station.record_read("9001", "stay", "S-1")
    with kit.database.reading() as connection:
        rows = connection.execute(
            text("SELECT number, action, subject FROM audit WHERE leaf > 0 ORDER BY id")
        ).all()
    assert [tuple(row) for row in rows] == [
        ("1001", "fact.stated", "S-1"), ("9001", "fact.refused", "stay.released"), ("9001", "record.read", "S-1"),
    ]  # fmt: skip
