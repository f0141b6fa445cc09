"""The scorer on made-up records: each fault is counted as what it is, and as nothing else."""

import pytest

from tests.torture.contract import Word, parse_word
from tests.torture.report import as_markdown, as_text, cell
from tests.torture.score import Heard, Score, score
from tests.torture.truth import Outage, Truth

OPEN_S, SHUT_S, END_S = 100.0, 110.0, 120.0  # R1 is due at 104


def raised(
    at_s: float, id: str = "a", subject: str = "door-1", rule: str = "R1", *, is_certain: bool = True
) -> Heard:
    return Heard(at_s, Word(rule, subject, id, True, is_certain))


def cleared(at_s: float, id: str = "a", subject: str = "door-1", rule: str = "R1") -> Heard:
    return Heard(at_s, Word(rule, subject, id, False))


def opened(*outages: Outage, shut_s: float = SHUT_S) -> Truth:
    truth = Truth(outages=list(outages))
    truth.door("door-1", "open", OPEN_S, OPEN_S)
    truth.door("door-1", "closed", shut_s, shut_s)
    return truth


def faults(found: Score) -> dict[str, int]:
    names = ("missed", "late", "early", "false", "doubled", "dropped", "left_standing")
    return {name: getattr(found, name) for name in names if getattr(found, name)}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([raised(104.2), cleared(110.3)], {}),
        ([], {"missed": 1}),
        ([raised(107.0), cleared(110.3)], {"late": 1}),
        ([raised(102.0), cleared(110.3)], {"early": 1}),
        ([raised(101.0), cleared(102.0)], {"false": 1, "missed": 1}),
        ([raised(104.2), cleared(110.3), raised(116.0, "b"), cleared(117.0, "b")], {"false": 1}),
        ([raised(104.2), raised(105.0, "b"), cleared(110.3), cleared(110.3, "b")], {"doubled": 1}),
        ([raised(104.2), cleared(105.0), raised(106.0), cleared(110.3)], {"doubled": 1, "dropped": 1}),
        ([raised(104.2), cleared(106.0)], {"dropped": 1}),
        ([raised(104.2)], {"left_standing": 1}),
        ([raised(104.2), cleared(118.0)], {"left_standing": 1}),
        ([raised(104.2), cleared(110.3), raised(104.2, "c", "door-2")], {"false": 1, "left_standing": 1}),
    ],
    ids=[
        "right",
        "missed",
        "late",
        "early",
        "false-and-missed",
        "false-afterwards",
        "doubled",
        "again-after-cleared",
        "dropped",
        "standing",
        "cleared-late",
        "of-another-door",
    ],
)
def test_each_fault_is_counted_as_what_it_is(words: list[Heard], expected: dict[str, int]) -> None:
    found = score(opened(), words, END_S)
    assert faults(found) == expected
    assert found.asked == 1
    assert found.wrong == sum(expected.values())


def test_the_same_id_again_while_it_stands_is_told_apart_and_is_no_fault() -> None:
    found = score(opened(), [raised(104.2), raised(105.0), cleared(110.3)], END_S)
    assert (found.repeated, found.wrong) == (1, 0)


def test_seconds_late_count_from_when_it_could_be_told() -> None:
    down = Outage("target", 102.0, 107.0)
    found = score(opened(down), [raised(107.5), cleared(110.3)], END_S)
    assert faults(found) == {}
    assert found.late_s == pytest.approx(0.5)
    assert faults(score(opened(down), [raised(109.5), cleared(110.3)], END_S)) == {"late": 1}


def test_a_broker_that_was_away_gives_time_to_come_back_and_no_more() -> None:
    away = Outage("broker", 102.0, 107.0)
    truth = opened(away, shut_s=130.0)
    assert faults(score(truth, [raised(120.0), cleared(131.0)], 150.0)) == {}
    assert faults(score(truth, [raised(123.0), cleared(131.0)], 150.0)) == {"late": 1}


def test_what_ended_while_nobody_listened_may_be_told_or_not_but_may_not_stand() -> None:
    down = Outage("target", 103.0, 112.0)
    for words in ([], [raised(112.5), cleared(113.0)]):
        assert faults(score(opened(down), words, END_S)) == {}
    assert faults(score(opened(down), [raised(112.5)], END_S)) == {"left_standing": 1}


def test_an_alarm_raised_between_two_outages_is_not_early() -> None:
    downs = Outage("target", 102.0, 103.9), Outage("target", 104.3, 108.0)
    assert faults(score(opened(*downs), [raised(104.1), cleared(110.2)], END_S)) == {}


def test_at_the_limit_itself_either_is_right() -> None:
    for words in ([], [raised(104.0), cleared(104.3)]):
        found = score(opened(shut_s=104.1), words, END_S)
        assert (found.asked, faults(found)) == (0, {})


def test_an_early_alarm_that_the_target_calls_uncertain_is_early_all_the_same() -> None:
    found = score(opened(), [raised(101.0, is_certain=False), cleared(110.3)], END_S)
    assert (faults(found), found.uncertain) == ({"early": 1}, 1)


def test_silence_of_the_units_proves_nothing_while_the_broker_is_away() -> None:
    truth = Truth(outages=[Outage("broker", 100.0, 110.0)])
    gone = [raised(107.0, "s", "unit-1", "R3"), cleared(112.0, "s", "unit-1", "R3")]
    assert faults(score(truth, gone, 140.0)) == {}
    assert faults(score(truth, gone[:1], 140.0)) == {"left_standing": 1}
    assert faults(score(Truth(), gone, 140.0)) == {"false": 1}


def test_two_inputs_make_the_recording_rule() -> None:
    truth = Truth()
    truth.recorder("running", 90.0, 90.0)
    truth.person("person-1", "in", "room-2", 95.0, 95.0)
    truth.recorder("stopped", 100.0, 100.0)
    truth.person("person-1", "out", "room-2", 110.0, 110.0)
    found = score(truth, [raised(102.1, "r", "room-2", "R4"), cleared(110.2, "r", "room-2", "R4")], END_S)
    assert (found.asked, faults(found)) == (1, {})


def test_a_pre_warning_need_not_be_taken_back() -> None:
    truth = Truth()
    truth.person("person-1", "in", "room-1", 100.0, 100.0)
    truth.person("person-1", "out", "room-1", 106.0, 106.0)
    assert faults(score(truth, [raised(105.1, "p", "person-1", "R5")], END_S)) == {}


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b"\xff",
        b'{"state":"raised"}',
        b'{"rule":"R9","subject":"a","id":"b","state":"raised"}',
    ],
)
def test_bytes_that_are_no_alarm_are_none(payload: bytes) -> None:
    assert parse_word(payload) is None


def test_a_report_says_what_was_wrong_and_what_was_not_tried() -> None:
    wrong = score(opened(), [raised(101.0, is_certain=False), cleared(110.3)], END_S).as_dict()
    assert cell(wrong) == "1 early, by 3.0 s, (1 called uncertain)"
    assert cell({"untried": "no clock"}) == "not tried"
    report = {
        "targets": {"x": {"version": "X 1", "cases": {"door": wrong | {"made": "2026-01-01T00:00:00Z"}}}}
    }
    assert "0 of 1" in as_markdown(report)
    assert "door" in as_text(report)
