from casegateway.clock_watch import ClockWatch
from caselog.clock import Instant

SECOND = 1_000_000
LOG_US = 1_000 * SECOND


def reading(wall_us: int, boottime_us: int = 0, *, known: bool = True) -> Instant:
    return Instant(1, boottime_us, wall_us, wall_us if known else None)


def names(watch: ClockWatch, raw: Instant, step_us: int = 0, server_us: int | None = None) -> list[str]:
    judged = watch.judge(raw, step_us)
    return [draft.type for draft in watch.drafts(raw, judged, server_us, "gw")]


def test_sound_clock_is_taken_as_it_is() -> None:
    watch = ClockWatch(LOG_US, is_doubted=False)
    raw = reading(LOG_US + SECOND)
    assert watch.judge(raw, 0) == raw
    assert names(watch, raw) == []


def test_clock_behind_the_log_has_no_upper_bound_and_never_goes_behind_the_log() -> None:
    watch = ClockWatch(LOG_US, is_doubted=False)
    judged = watch.judge(reading(10 * SECOND, 0), 0)
    assert (judged.earliest_us, judged.latest_us) == (LOG_US, None)
    later = watch.judge(reading(15 * SECOND, 5 * SECOND), 0)
    assert later.earliest_us == LOG_US + 5 * SECOND
    assert names(watch, reading(15 * SECOND)) == ["clock.doubted"]
    assert names(watch, reading(16 * SECOND)) == []


def test_clock_without_a_source_is_doubted() -> None:
    assert names(ClockWatch(0, is_doubted=False), reading(5, known=False)) == ["clock.doubted"]


def test_reason_given_at_the_start_is_the_reason_told() -> None:
    watch = ClockWatch(0, is_doubted=False, reason="rtc dead")
    raw = reading(5 * SECOND)
    (draft,) = watch.drafts(raw, watch.judge(raw, 0), None, "gw")
    assert draft.body == {"reason": "rtc dead"}
    assert draft.occurred_latest_us is None


def test_slewing_is_no_step_and_a_step_is_told_with_its_size() -> None:
    watch = ClockWatch(0, is_doubted=False)
    assert names(watch, reading(SECOND), step_us=0) == []
    assert names(watch, reading(SECOND), step_us=900_000) == []
    raw = reading(SECOND)
    (draft,) = watch.drafts(raw, watch.judge(raw, 3 * SECOND), None, "gw")
    assert (draft.type, draft.body) == ("clock.stepped", {"by_ms": 3_000})
    assert names(watch, raw, step_us=3 * SECOND) == []
    assert watch.is_doubted


def test_only_a_time_signed_by_the_server_that_agrees_brings_trust_back() -> None:
    watch = ClockWatch(LOG_US, is_doubted=False)
    wrong, right = reading(10 * SECOND), reading(LOG_US + 60 * SECOND)
    assert names(watch, wrong, server_us=LOG_US + 60 * SECOND) == ["clock.doubted"]
    assert names(watch, right) == []
    assert names(watch, right, server_us=LOG_US + 62 * SECOND) == ["clock.trusted"]
    assert watch.judge(right, 0) == right


def test_doubt_of_the_log_outlives_a_restart() -> None:
    watch = ClockWatch(LOG_US, is_doubted=True)
    raw = reading(LOG_US + SECOND)
    assert watch.judge(raw, 0) == raw  # the reading itself is plausible
    assert names(watch, raw, server_us=LOG_US + SECOND) == ["clock.trusted"]
