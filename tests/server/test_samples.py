"""Coverage: seconds seen and unseen, and their roll-ups."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from caseserver.samples import HOUR_US, Reading, SampleBook
from caseserver.store import samples as rows
from caseserver.store.database import Database
from tests.server.station_kit import START_US

SECOND_US = 1_000_000
SPAN_US = 30 * SECOND_US


def book() -> SampleBook:
    return SampleBook("gw-a1", SPAN_US)


def totals(made: SampleBook) -> tuple[int, int]:
    flush = made.take_flush()
    minutes = (
        sum(b.seen_ms for b in flush.minutes.values()),
        sum(b.unseen_ms for b in flush.minutes.values()),
    )
    hours = (sum(b.seen_ms for b in flush.hours.values()), sum(b.unseen_ms for b in flush.hours.values()))
    assert minutes == hours
    return minutes


def test_a_span_counts_as_seen_only_when_both_its_ends_are() -> None:
    made = book()
    for second, is_seen in enumerate((True, True, False, True, True)):
        made.take(START_US + second * SECOND_US, {"node:n1": Reading(is_seen)})
    assert totals(made) == (2_000, 2_000)


def test_a_silence_longer_than_its_limit_is_unseen_whatever_its_ends_say() -> None:
    made = book()
    made.take(START_US, {"gateway": Reading(True)})
    made.take(START_US + SPAN_US, {"gateway": Reading(True)})
    made.take(START_US + 2 * SPAN_US + 1_000, {"gateway": Reading(True)})
    assert totals(made) == (30_000, 30_001)


def test_a_sample_that_is_not_later_than_the_last_is_left_out() -> None:
    made = book()
    made.take(START_US, {"gateway": Reading(True)})
    made.take(START_US, {"gateway": Reading(False)})
    made.take(START_US - 5, {"gateway": Reading(False)})
    assert len(made.take_flush().samples) == 1


@given(st.lists(st.tuples(st.integers(1, 7_300_000_000), st.booleans()), min_size=1, max_size=30))
def test_every_millisecond_between_two_samples_is_counted_once(steps: list[tuple[int, bool]]) -> None:
    made = book()
    at_us = START_US
    made.take(at_us, {"gateway": Reading(True)})
    for step_us, is_seen in steps:
        at_us += step_us
        made.take(at_us, {"gateway": Reading(is_seen)})
    seen, unseen = totals(made)
    assert seen + unseen == at_us // 1_000 - START_US // 1_000


def test_what_is_flushed_in_parts_is_read_back_as_one_and_hours_agree_with_minutes(tmp_path: Path) -> None:
    database = Database(tmp_path / "server.db")
    made = book()
    for second in range(0, 7_201, 10):
        made.take(
            START_US + second * SECOND_US,
            {"node:n1": Reading(second % 3600 < 1800, second % 77, second // 10 % 5)},
        )
        if second % 70 == 0:
            with database.writing() as connection:
                rows.save(connection, made.take_flush())
    with database.writing() as connection:
        rows.save(connection, made.take_flush())
    (short,) = rows.coverage(database, "gw-a1", START_US, START_US + 2 * HOUR_US)
    (long,) = rows.coverage(database, "gw-a1", START_US - 20 * HOUR_US, START_US + 2 * HOUR_US)
    assert {cell.size_s for cell in short.cells} == {60}
    assert {cell.size_s for cell in long.cells} == {3600}
    assert sum(c.seen_s for c in short.cells) == sum(c.seen_s for c in long.cells) == 2 * 1_790
    assert sum(c.unseen_s for c in short.cells) == sum(c.unseen_s for c in long.cells) == 2 * 1_810
    assert (short.age_ms_max, short.queue_max) == (76, 4)
    database.close()


def test_after_a_restart_the_time_between_is_unseen(tmp_path: Path) -> None:
    database = Database(tmp_path / "server.db")
    made = book()
    made.take(START_US, {"gateway": Reading(True)})
    with database.writing() as connection:
        rows.save(connection, made.take_flush())
    again = SampleBook("gw-a1", SPAN_US, rows.last(database, "gw-a1"))
    again.take(START_US + 3_600 * SECOND_US, {"gateway": Reading(True)})
    assert totals(again) == (0, 3_600_000)
    database.close()


def test_old_samples_and_minutes_go_and_hours_stay(tmp_path: Path) -> None:
    database = Database(tmp_path / "server.db")
    made = book()
    for day in range(120):
        made.take(START_US + day * 24 * HOUR_US, {"gateway": Reading(True)})
    with database.writing() as connection:
        rows.save(connection, made.take_flush())
        rows.prune(connection, START_US + 120 * 24 * HOUR_US, 7, 90)
    with database.reading() as connection:
        oldest = {
            table: connection.execute(text(f"SELECT min({column}) FROM {table}")).scalar()
            for table, column in (("sample", "at_us"), ("sample_minute", "at_s"), ("sample_hour", "at_s"))
        }
    assert oldest["sample"] == START_US + 113 * 24 * HOUR_US
    assert oldest["sample_minute"] == START_US // SECOND_US + 30 * 86_400
    assert oldest["sample_hour"] == START_US // SECOND_US // 3600 * 3600
    database.close()
