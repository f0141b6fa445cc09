"""What the second evaluator had found due while a gateway was silent, and the gateway, heard again, does not bear out."""

from typing import Final

from caselog.clock import Instant
from caseserver.alarms import AHEAD, GATEWAY, Alarm, AlarmBook
from caseserver.evaluator import Evaluator

AHEAD_SLACK_US: Final = 5_000_000
"""Station time a gateway gets after a deadline before its silence on it counts as a no."""


def take_back(book: AlarmBook, evaluator: Evaluator, theirs: Instant, now: Instant) -> bool:
    """Take back what the log denies; whether anything was. `theirs`: the gateway's clock, `now`: ours.

    Call it when the gateway is heard, has written all it decided and its log is all here: then it has the last word.
    """
    has_changed = False
    for alarm in book.open_ahead():
        if alarm.origin == AHEAD and not evaluator.is_known(alarm.id):
            if _is_denied(alarm.raised_us, theirs, now) or not evaluator.is_running(alarm.id):
                book.clear(alarm.id, now.earliest_us, "late_evidence", is_over=True)
                has_changed = True
        elif alarm.origin == GATEWAY:
            has_changed |= _step_back(book, evaluator, alarm, theirs, now)
    return has_changed


def _step_back(book: AlarmBook, evaluator: Evaluator, alarm: Alarm, theirs: Instant, now: Instant) -> bool:
    """Stages of an alarm of the log that only the look ahead has reached."""
    record = evaluator.record(alarm.id)
    if record is None or record.stages == alarm.stages:
        book.borne_out(alarm.id)
        return False
    dues_us = [
        evaluator.stage_due_us(alarm.id, stage) for stage in alarm.stages if stage not in record.stages
    ]
    # All or none: one that is due by one of the clocks may be true, and must not go with another.
    if not dues_us or not all(due_us is None or _is_denied(due_us, theirs, now) for due_us in dues_us):
        return False
    book.step_back(record, now.earliest_us)
    return True


def _is_denied(due_us: int, theirs: Instant, now: Instant) -> bool:
    """Whether the gateway is past it and told nothing, or it is to come by both clocks: ours may have been ahead."""
    is_to_come = all(clock.latest_us is not None and clock.latest_us < due_us for clock in (theirs, now))
    return is_to_come or theirs.earliest_us > due_us + AHEAD_SLACK_US
