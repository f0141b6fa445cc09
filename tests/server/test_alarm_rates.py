"""Alarm rates by hand: what calls, what lies under a cause, the worst ten minutes, floods, chatter, answers."""

from dataclasses import replace

from caseserver.alarm_rates import TEN_MINUTES_US, Called, called_of, rates
from caseserver.alarms import Alarm
from custody.alarm_limits import AlarmLimits
from tests.custody.support import area, rulebook

MINUTE_US, HOUR_US = 60_000_000, 3_600_000_000
ONE = Alarm("a1", "x", "PT", "line", "point:n1.4", "S2", 0, 0)


def at(*minutes: float, **more: object) -> list[Called]:
    return [
        Called(
            "a1",
            replace(ONE, id=f"{minute}", subject=f"point:n1.{n}", raised_us=int(minute * MINUTE_US), **more),  # type: ignore[arg-type]
            False,
        )
        for n, minute in enumerate(minutes)
    ]


def test_a_flood_is_ten_in_ten_minutes_and_an_average_hides_it() -> None:
    had = rates(at(*(n / 2 for n in range(10)), 50), AlarmLimits(), 0, 24 * HOUR_US, HOUR_US)
    assert (had.called, had.worst, had.worst_us) == (11, 10, 0)
    assert had.flood_us == TEN_MINUTES_US
    assert round(had.per_ten_minutes, 3) == round(11 / 144, 3)
    assert [sum(counts.values()) for _, counts in had.bars] == [11] + [0] * 23


def test_nine_in_ten_minutes_are_none() -> None:
    assert rates(at(*range(9)), AlarmLimits(), 0, HOUR_US, HOUR_US).flood_us == 0


def test_chatter_is_one_source_again_and_again_within_its_window() -> None:
    found = [replace(one, alarm=replace(one.alarm, subject="door:gate")) for one in at(0, 4, 9.9, 30)]
    had = rates(found, AlarmLimits(), 0, HOUR_US, HOUR_US)
    assert (had.chattering, [count for _, count in had.sources]) == (1, [4])
    assert rates(found, AlarmLimits(chatter_count=4), 0, HOUR_US, HOUR_US).chattering == 0


def test_answers_false_alarms_and_what_stands_for_more_than_a_day() -> None:
    answered = at(
        0, taken_us=2 * MINUTE_US, acknowledged_us=MINUTE_US, rectified_us=1, cause="mistaken", closed_us=2
    )
    had = rates([*answered, *at(1)], AlarmLimits(), 0, 25 * HOUR_US, HOUR_US)
    assert (had.answer_us, had.handled, had.mistaken, had.standing) == (MINUTE_US, 1, 1, 1)
    empty = rates([], AlarmLimits(), 0, HOUR_US, HOUR_US)
    assert (empty.answer_us, empty.worst, empty.worst_us) == (None, 0, None)


def test_what_lies_under_a_cause_is_counted_apart_and_a_warning_not_at_all() -> None:
    line = replace(ONE, id="p", rule="SYS", variant="port", subject="port:ttyA1", severity="S3")
    node = replace(line, id="n", variant="node", subject="node:n1", severity="S2", since_us=3_000_000)
    warning = replace(ONE, id="w", is_prewarning=True)
    found = called_of(area(), rulebook(), [line, node, warning])
    assert [(one.alarm.id, one.is_under) for one in found] == [("p", False), ("n", True)]
    had = rates(found, AlarmLimits(), 0, HOUR_US, HOUR_US)
    assert (had.called, had.under, had.severities) == (1, 1, {"S3": 1})
