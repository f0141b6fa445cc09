"""The ladder by itself: any order of tellings, restarts anywhere, clocks that go back."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from caseserver.notify.ladder import (
    DUE,
    NOBODY,
    Answered,
    Call,
    Ladder,
    Posts,
    Run,
    Rung,
    Standing,
    Tick,
)
from caseserver.notify.plan import rungs_of
from caseserver.notify_settings import Notify

S = 1_000_000
RUNGS = (
    Rung("duty_officer", {"S1": 0, "S2": 0, "S3": 0}, ("desk",), needs_turn=True),
    Rung("shift_leader", {"S1": 30 * S, "S2": 120 * S}, ("mail", "hook")),
    Rung("station_leader", {"S1": 90 * S, "S3": 60 * S}, ("hook",)),
)
DOOR = Standing("a1", "a1/door", "S1")


def ladder(runs: list[Run] | None = None, past: dict[tuple[str, str], int] | None = None) -> Ladder:
    known = past or {}
    return Ladder(RUNGS, lambda area, alarm: known.get((area, alarm), 0), runs or [])


def steps(calls: list[Call]) -> list[tuple[int, str]]:
    return [(call.step, call.why) for call in calls]


def test_each_step_is_called_once_at_its_time_until_a_human_answers() -> None:
    climb = ladder()
    told = [(at_s, steps(climb.step(at_s * S, DOOR))) for at_s in (0, 1, 29, 30, 31, 89, 90, 500)]
    assert [(at_s, found) for at_s, found in told if found] == [
        (0, [(1, DUE)]), (30, [(2, DUE)]), (90, [(3, DUE)]),
    ]  # fmt: skip
    climb.step(501 * S, Answered("a1", "a1/door", "taken", "1001", 500 * S))
    assert climb.step(10_000 * S, Tick()) == []
    assert climb.open() == []
    done = climb.take_changes()[-1]
    assert (done.answered_by, done.answer, done.called) == ("1001", "taken", 3)


def test_nobody_on_duty_calls_the_next_step_at_once_and_says_why() -> None:
    climb = ladder()
    climb.step(0, Posts(frozenset({"duty_officer"})))
    assert steps(climb.step(0, DOOR)) == [(1, DUE), (2, NOBODY)]
    # a post above that nobody has to hold skips nothing
    climb.step(S, Posts(frozenset({"duty_officer", "shift_leader"})))
    assert climb.step(89 * S, Tick()) == []
    left = ladder()
    assert steps(left.step(0, DOOR)) == [(1, DUE)]
    assert steps(left.step(5 * S, Posts(frozenset({"duty_officer"})))) == [(2, NOBODY)]


def test_a_step_that_says_nothing_of_a_severity_is_passed_over() -> None:
    climb = ladder()
    climb.step(0, Standing("a1", "x", "S3"))
    assert [(c.step, c.at_us) for c in climb.step(60 * S, Tick())] == [(3, 60 * S)]


def test_an_alarm_that_grew_more_urgent_keeps_its_beginning() -> None:
    climb = ladder()
    climb.step(0, Standing("a1", "x", "S2"))
    assert climb.step(40 * S, Tick()) == []
    assert steps(climb.step(41 * S, Standing("a1", "x", "S1"))) == [(2, DUE)]


def test_an_alarm_raised_again_after_an_answer_begins_anew_under_another_number() -> None:
    climb = ladder(past={("a1", "a1/door"): 4})
    (call,) = climb.step(7 * S, DOOR)
    assert (call.run.number, call.step, call.run.begun_us) == (5, 1, 7 * S)


def test_a_clock_that_was_set_back_calls_nobody_twice() -> None:
    climb = ladder()
    climb.step(100 * S, DOOR)
    climb.step(131 * S, Tick())
    assert climb.step(5 * S, DOOR) == []
    assert climb.newest_us == 131 * S
    assert steps(climb.step(190 * S, Tick())) == [(3, DUE)]


EVENT = st.one_of(
    st.builds(Standing, st.just("a1"), st.sampled_from("xyz"), st.sampled_from(("S1", "S2", "S3"))),
    st.builds(Answered, st.just("a1"), st.sampled_from("xyz"), st.just("taken"), st.just("1001"), st.just(1)),
    st.builds(Posts, st.sampled_from((frozenset[str](), frozenset({"duty_officer"})))),
    st.just(Tick()),
    st.just(None),  # the process dies here and comes back with what was stored
)


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(st.lists(st.tuples(st.integers(0, 40), EVENT), max_size=40))
def test_whatever_happens_nobody_is_called_twice_and_nobody_is_forgotten(
    story: list[tuple[int, Standing | Answered | Posts | Tick | None]],
) -> None:
    """The plain reading: of an unanswered run every step whose time has passed has been called exactly once."""
    stored: dict[tuple[str, str, int], Run] = {}
    called: list[tuple[str, int, int]] = []
    now_us = 0

    def newest(_area: str, alarm: str) -> int:
        return max((n for a, x, n in stored if x == alarm), default=0)

    climb = Ladder(RUNGS, newest)
    for wait_s, event in [*story, (0, Tick())]:
        now_us += wait_s * S
        if event is None:
            climb = Ladder(RUNGS, newest, [r for r in stored.values() if r.answered_us is None])
            continue
        called += [(c.run.alarm, c.run.number, c.step) for c in climb.step(now_us, event)]
        stored |= {(r.area, r.alarm, r.number): r for r in climb.take_changes()}
    assert len(called) == len(set(called))
    open_alarms = [run.alarm for run in stored.values() if run.answered_us is None]
    assert len(open_alarms) == len(set(open_alarms))
    for run in stored.values():
        mine = [step for alarm, number, step in called if (alarm, number) == (run.alarm, run.number)]
        assert mine == sorted(mine)
        if run.answered_us is None:
            due = [
                n for n, rung in enumerate(RUNGS, 1)
                if run.severity in rung.after_us and run.begun_us + rung.after_us[run.severity] <= now_us
            ]  # fmt: skip
            assert set(due) <= set(mine) | set(range(run.called)), (run, due, mine)


def test_the_usual_plan_wakes_somebody_within_half_a_minute_of_what_is_urgent() -> None:
    climb = Ladder(rungs_of(Notify()), lambda _a, _b: 0)
    first = climb.step(0, DOOR)
    later = climb.step(30 * S, Tick())
    assert [c.post for c in first + later] == ["duty_officer", "shift_leader"]


def test_what_has_become_graver_is_something_new() -> None:
    climb = ladder()
    assert climb.known("a1") == {}
    climb.step(0, Standing("a1", "m", "S2"))
    assert climb.known("a1") == {"m": "S2"}
    climb.step(1, Standing("a1", "m", "S1"))
    assert climb.known("a1") == {"m": "S1"}
    assert Ladder(RUNGS, lambda _a, _b: 1, climb.open()).known("a1") == {"m": "S1"}
    climb.step(2, Answered("a1", "m", "taken", "p1", 2))
    assert climb.known("a1") == {}


def test_what_no_longer_stands_is_named_oldest_first_whatever_area_it_is_of() -> None:
    climb = ladder()
    for now_us, (area, alarm) in enumerate([("a1", "m"), ("b2", "n"), ("a1", "o"), ("a1", "p")]):
        climb.step(now_us, Standing(area, alarm, "S2"))
    assert [run.alarm for run in climb.beyond({"a1": {"p": "S2"}, "c3": {"n": "S2"}})] == ["m", "n", "o"]
    assert climb.beyond({"a1": {"m", "o", "p"}, "b2": ["n"]}) == []
