from casegateway.clock_watch import ClockWatch, given
from casegateway.drafts import Draft
from casegateway.events import Moment
from casegateway.time_sources import Estimate, ServerWord
from caselog.clock import Instant

SECOND = 1_000_000
LOG_US = 1_000 * SECOND
DRIFT_US = 250  # of five seconds


def reading(wall_us: int, boottime_us: int = 0, *, known: bool = True) -> Instant:
    return Instant(1, boottime_us, wall_us, wall_us if known else None)


def estimate(raw: Instant, step_us: int = 0, server_us: int | None = None) -> Estimate:
    """As whoever reads one clock gives it; the server's word was under way for no time."""
    word = None if server_us is None else ServerWord(server_us // SECOND, 0, 0)
    return given(Moment(raw, 0, step_us=step_us), word)


def judge(watch: ClockWatch, raw: Instant, step_us: int = 0) -> Instant:
    return watch.judge(estimate(raw, step_us))


def drafts(watch: ClockWatch, seen: Estimate) -> list[Draft]:
    return watch.drafts(seen, watch.judge(seen), "gw")


def names(watch: ClockWatch, raw: Instant, step_us: int = 0, server_us: int | None = None) -> list[str]:
    return [draft.type for draft in drafts(watch, estimate(raw, step_us, server_us))]


def test_sound_clock_is_taken_as_it_is() -> None:
    watch = ClockWatch(LOG_US, is_doubted=False)
    raw = reading(LOG_US + SECOND)
    assert judge(watch, raw) == raw
    assert names(watch, raw) == []


def test_clock_behind_the_log_has_no_upper_bound_and_never_goes_behind_the_log() -> None:
    watch = ClockWatch(LOG_US, is_doubted=False)
    judged = judge(watch, reading(10 * SECOND, 0))
    assert (judged.earliest_us, judged.latest_us) == (LOG_US, None)
    later = judge(watch, reading(15 * SECOND, 5 * SECOND))
    assert later.earliest_us == LOG_US + 5 * SECOND - DRIFT_US
    assert names(watch, reading(15 * SECOND, 5 * SECOND)) == ["clock.doubted"]
    assert names(watch, reading(16 * SECOND, 6 * SECOND)) == []


def test_clock_without_a_source_is_doubted() -> None:
    assert names(ClockWatch(0, is_doubted=False), reading(5, known=False)) == ["clock.doubted"]


def test_reason_given_at_the_start_is_the_reason_told() -> None:
    watch = ClockWatch(0, is_doubted=False, reason="rtc dead")
    (draft,) = drafts(watch, estimate(reading(5 * SECOND)))
    assert draft.body == {"reason": "rtc dead"}
    assert draft.occurred_latest_us is None


def test_reason_given_at_the_start_is_outweighed_by_the_server_alone() -> None:
    watch = ClockWatch(0, is_doubted=False, reason="rtc dead")
    seen = Estimate(reading(5 * SECOND), vouched="ntp")
    assert [draft.type for draft in drafts(watch, seen)] == ["clock.doubted"]
    assert drafts(watch, seen) == []
    assert [d.body for d in drafts(watch, Estimate(reading(5 * SECOND), vouched="server"))] == [
        {"source": "server"}
    ]


def test_slewing_is_no_step_and_a_step_is_told_with_its_size() -> None:
    watch = ClockWatch(0, is_doubted=False)
    assert names(watch, reading(SECOND), step_us=0) == []
    assert names(watch, reading(SECOND), step_us=900_000) == []
    raw = reading(SECOND)
    (draft,) = drafts(watch, estimate(raw, 3 * SECOND))
    assert (draft.type, draft.body) == ("clock.stepped", {"by_ms": 3_000})
    assert names(watch, raw, step_us=3 * SECOND) == []
    assert watch.is_doubted


def test_only_a_time_signed_by_the_server_that_agrees_brings_trust_back() -> None:
    watch = ClockWatch(LOG_US, is_doubted=False)
    wrong, right = reading(10 * SECOND), reading(LOG_US + 60 * SECOND)
    assert names(watch, wrong, server_us=LOG_US + 60 * SECOND) == ["clock.doubted"]
    assert names(watch, right) == []
    assert names(watch, right, server_us=LOG_US + 62 * SECOND) == ["clock.trusted"]
    assert judge(watch, right) == right


def test_doubt_of_the_log_outlives_a_restart() -> None:
    watch = ClockWatch(LOG_US, is_doubted=True)
    raw = reading(LOG_US + SECOND)
    assert judge(watch, raw) == raw  # the reading itself is plausible
    assert names(watch, raw, server_us=LOG_US + SECOND) == ["clock.trusted"]


def test_a_source_that_vouches_alone_does_not_outweigh_the_log() -> None:
    for source in ("ntp", "server"):
        watch = ClockWatch(LOG_US, is_doubted=False)
        seen = Estimate(reading(10 * SECOND), vouched=source, agreed=1)
        assert [draft.type for draft in drafts(watch, seen)] == ["clock.doubted"]
        assert drafts(watch, seen) == []
        assert watch.judge(seen) == Instant(1, 0, LOG_US, None)


def test_time_does_not_fall_within_a_start_that_has_put_an_upper_bound_on_a_record() -> None:
    watch = ClockWatch(0, is_doubted=False)
    judge(watch, reading(LOG_US, 0))
    behind = Estimate(reading(LOG_US - 60 * SECOND, SECOND), vouched="server", agreed=3)
    (draft,) = drafts(watch, behind)
    assert (draft.type, draft.occurred_latest_us) == ("clock.doubted", None)
    assert drafts(watch, behind) == []
    assert watch.judge(behind).earliest_us >= LOG_US


def test_a_false_source_is_named_once_until_it_has_come_back() -> None:
    watch = ClockWatch(0, is_doubted=False)
    sound = Estimate(reading(SECOND))
    liar = Estimate(reading(SECOND), false=(("rtc", -7 * SECOND), ("held ntp", SECOND)))
    told = [drafts(watch, seen) for seen in (sound, liar, liar, sound, liar)]
    assert [[(d.type, d.body) for d in found] for found in told] == [
        [], [("clock.differed", {"source": "rtc", "by_ms": -7_000})], [], [],
        [("clock.differed", {"source": "rtc", "by_ms": -7_000})],
    ]  # fmt: skip
    assert not watch.is_doubted


def test_sources_that_do_not_agree_are_a_doubt_that_ends_when_one_of_them_is_vouched_for() -> None:
    watch = ClockWatch(0, is_doubted=False)
    assert drafts(watch, Estimate(reading(SECOND))) == []
    torn = Estimate(Instant(1, 1, SECOND, 9 * SECOND), doubt="ntp and rtc do not agree: 8000 ms")
    assert [draft.body for draft in drafts(watch, torn)] == [{"reason": torn.doubt}]
    assert drafts(watch, torn) == []
    assert watch.judge(torn) == torn.instant
    assert [d.type for d in drafts(watch, Estimate(reading(2 * SECOND, 2), vouched="ntp"))] == [
        "clock.trusted"
    ]
