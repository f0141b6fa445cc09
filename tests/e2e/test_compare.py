"""The comparison that the proofs rest on: it sees what is missing, doubled, withdrawn, and what is only apart."""

from typing import Any

from caselog import canonical
from caseward.demo.cables import TO_GATEWAY, TO_NODE
from casewire import FROM_GATEWAY, FROM_NODE, Ack, Contact, Frame, Heartbeat, Tag, encode
from tests.e2e.compare import Stage, alarms_of, difference
from tests.e2e.wire_record import WireRecord, always_makes_a_fact
from tests.prove.machine import percentile

SECOND_US = 1_000_000
KEY = bytes(32)


def stage(subject: str, due_us: int, rule: str = "M3") -> Stage:
    return Stage(rule, "nobody", subject, "1min", due_us, 0, f"a/{rule}/{subject}/1", 0)


def leaf(kind: str, index: int, **body: Any) -> bytes:
    entry = {"type": f"{kind}/1", "index": index, "class": "output", "body": body}
    return canonical.dumps(entry)


def raised(index: int, name: str, at_us: int, alarm: str = "a/M3/nobody/room:w/1") -> bytes:
    return leaf(
        "alarm.raised",
        index,
        rule="M3",
        variant="nobody",
        subject="room:w",
        stage=name,
        alarm=alarm,
        at_us=at_us,
        late_us=0,
    )


def cleared(index: int, name: str, reason: str, alarm: str = "a/M3/nobody/room:w/1") -> bytes:
    return leaf("alarm.cleared", index, alarm=alarm, stage=name, reason=reason, of="alarm")


def closed(index: int, at_us: int, reason: str, alarm: str = "a/M3/nobody/room:w/1") -> bytes:
    return leaf("obligation.closed", index, obligation=alarm, at_us=at_us, reason=reason)


def test_equal_runs_differ_in_nothing_even_when_a_little_apart() -> None:
    result = difference([stage("room:w", 100)], [stage("room:w", 100 + SECOND_US)], 2 * SECOND_US)
    assert (result.missing, result.surplus, result.farthest_us) == ([], [], SECOND_US)


def test_an_alarm_that_is_missing_or_too_far_away_is_seen_on_both_sides() -> None:
    result = difference([stage("room:w", 0), stage("room:v", 0)], [stage("room:w", 9 * SECOND_US)], SECOND_US)
    assert len(result.missing) == 2
    assert len(result.surplus) == 1


def test_the_same_alarm_twice_is_a_surplus() -> None:
    result = difference([stage("room:w", 0)], [stage("room:w", 0), stage("room:w", 1)], SECOND_US)
    assert len(result.surplus) == 1


def test_a_stage_written_twice_is_a_double_unless_the_alarm_was_cleared_between() -> None:
    assert len(alarms_of([raised(0, "1min", 1), raised(1, "1min", 1)]).doubled) == 1
    again = [raised(0, "1min", 1), cleared(1, "1min", "tag.read"), raised(2, "1min", 1)]
    assert alarms_of(again).doubled == []
    assert len(alarms_of(again).standing) == 1


def test_late_evidence_takes_back_a_stage_and_what_was_due_after_the_end_of_the_duty() -> None:
    told = [
        raised(0, "1min", 10),
        raised(1, "3min", 30),
        cleared(2, "3min", "late_evidence"),
        closed(3, 5, "tag.read"),
    ]
    found = alarms_of(told)
    assert found.standing == []
    assert sorted(s.stage for s in found.withdrawn) == ["1min", "3min"]


def test_a_stage_due_before_the_end_of_the_duty_stands() -> None:
    told = [
        raised(0, "1min", 10),
        raised(1, "3min", 30),
        cleared(2, "3min", "late_evidence"),
        closed(3, 20, "tag.read"),
    ]
    assert [s.stage for s in alarms_of(told).standing] == ["1min"]


def frame(message: Any, seq: int, boot: int = 3) -> Frame:
    return Frame(message.KIND, 7, boot, seq, 0, message)


def test_the_wire_record_knows_what_was_sent_acked_and_sent_again() -> None:
    record = WireRecord()
    told = encode(frame(Contact(1, 1), 5), KEY, FROM_NODE)
    record.piece(1, "a-n", TO_GATEWAY, told[:4])
    record.piece(2, "a-n", TO_GATEWAY, told[4:] + encode(frame(Heartbeat(0, 0, 0), 0), KEY, FROM_NODE))
    record.piece(3, "a-n", TO_GATEWAY, told)
    record.piece(4, "a-n", TO_NODE, encode(frame(Ack(3, 5), 1, boot=9), KEY, FROM_GATEWAY))
    record.piece(5, "a-n", TO_NODE, encode(frame(Ack(3, 0), 2, boot=9), KEY, FROM_GATEWAY))
    found = record.frames({"a-n": (7, KEY)})
    assert list(found.sent) == [("a-n", 3, 5)]
    assert (found.resent, found.heartbeats) == (1, 1)
    assert {key: [(a.at_ns, a.gateway_boot) for a in acks] for key, acks in found.acked.items()} == {
        ("a-n", 3, 5): [(4, 9)]
    }


def test_only_messages_that_may_say_nothing_new_may_leave_no_leaf() -> None:
    assert always_makes_a_fact(frame(Contact(1, 1), 1), pulses=set())
    assert not always_makes_a_fact(frame(Contact(1, 1), 1), pulses={(7, 1)})
    assert not always_makes_a_fact(frame(Tag(1, 1, b"12345"), 1), pulses=set())


def test_a_percentile_is_one_of_the_values() -> None:
    assert percentile([3.0, 1.0, 2.0], 50) == 2.0
    assert percentile([float(n) for n in range(1, 101)], 99) == 99.0
