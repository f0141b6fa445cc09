"""What is one thing to see and one call: a silent gateway with its nodes, a device that chatters, what is on a shelf."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from caseserver.alarms import SERVER, Alarm
from caseserver.grouping import Waiting, by_raising, groups, times, unanswered
from tests.custody.support import area, rulebook

SECOND_US = 1_000_000
LINE = Alarm("a1", "l", "PT", "line", "point:n1.4", "S2", 0, 0)
NODE = Alarm("a1", "n", "SYS", "node", "node:n1", "S2", 40 * SECOND_US, 0, since_us=35 * SECOND_US)
GATEWAY = Alarm(
    "a1", "g", "SYS", "gateway", f"gateway:{area().gateway}", "S1", 60 * SECOND_US, 0, since_us=60 * SECOND_US,
    origin=SERVER,
)  # fmt: skip


def found(*alarms: Alarm) -> list[tuple[str, list[str], int]]:
    return [
        (group.head.id, [alarm.id for alarm in group.under], times(area(), group.head, by_raising(alarms)))
        for group in groups(area(), rulebook(), alarms)
    ]


def test_a_silent_gateway_is_one_alarm_with_its_nodes_under_it() -> None:
    assert found(NODE, GATEWAY) == [("g", ["n"], 1)]
    assert found(replace(NODE, since_us=-1), GATEWAY) == [("n", [], 1), ("g", [], 1)]  # it was lost before
    back = replace(GATEWAY, cleared_us=90 * SECOND_US)
    assert found(NODE, back) == [("n", [], 1), ("g", [], 1)]  # and stays lost


def test_only_what_is_over_lies_under_the_newest_of_its_device() -> None:
    later = replace(LINE, id="m", raised_us=9 * SECOND_US)
    assert found(replace(LINE, cleared_us=SECOND_US), later) == [("m", ["l"], 2)]
    assert [head for head, _, _ in found(LINE, later)] == ["l", "m"]
    forced = replace(LINE, rule="DR", variant="forced-gate", subject="door:gate", severity="S1", cleared_us=1)
    assert (
        len(found(forced, replace(forced, id="m", raised_us=2))) == 2
    )  # somebody did something: each is its own


def test_a_call_goes_out_for_the_cause_as_grave_as_what_lies_under_it_and_none_for_a_shelf() -> None:
    line = replace(NODE, id="p", variant="port", subject="port:ttyA1", severity="S3")
    said = [(alarm.id, severity) for alarm, severity in unanswered(area(), rulebook(), [line, NODE])]
    assert said == [("p", "S2")]
    assert unanswered(area(), rulebook(), [replace(LINE, aside="shelved")]) == []
    assert unanswered(area(), rulebook(), [replace(LINE, state="acknowledged")]) == []


FORCED = Alarm("a1", "d", "DR", "forced-gate", "door:gate", "S1", 0, 0)
CHANGES = st.one_of(
    st.fixed_dictionaries({"state": st.sampled_from(["unacknowledged", "taken", "acknowledged"])}),
    st.fixed_dictionaries({"severity": st.sampled_from(["S1", "S2", "S3"]), "seen_severity": st.just("S2")}),
    st.fixed_dictionaries({"aside": st.sampled_from(["", "shelved"])}),
    st.fixed_dictionaries({"cleared_us": st.sampled_from([None, 70 * SECOND_US])}),
    st.none(),  # it is closed, or open again
)


@given(st.lists(st.tuples(st.sampled_from("lngd"), CHANGES), max_size=12))
def test_asked_again_and_again_it_says_what_it_says_when_asked_for_the_first_time(
    changes: list[tuple[str, dict[str, object] | None]],
) -> None:
    asked = Waiting(area(), rulebook())
    known = {alarm.id: alarm for alarm in (LINE, NODE, GATEWAY, FORCED)}
    standing = set(known)
    for ref, change in changes:
        if change is None:
            standing ^= {ref}
        else:
            known[ref] = replace(known[ref], **change)  # type: ignore[arg-type]
        alarms = [alarm for alarm in known.values() if alarm.id in standing]
        fresh = {alarm.id: grave for alarm, grave in unanswered(area(), rulebook(), alarms)}
        assert asked.of(alarms) == fresh
        assert asked.of(alarms) == fresh
