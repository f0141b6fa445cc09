"""What is taken over from the picture before is what would be put together anew."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from caseserver.alarm_rates import called_of
from caseserver.alarms import Alarm
from caseserver.grouping import groups
from caseserver.web.present.lined import Lined, alarm_order, card_state
from caseserver.web.present.words import urgency_of
from tests.custody.support import area, rulebook

SECOND_US = 1_000_000
GATE = Alarm("a1", "gate", "DR", "forced-gate", "door:gate", "S1", 0, 0)
KNOWN = {
    alarm.id: alarm
    for alarm in (
        *(replace(GATE, id=f"g{n}", raised_us=n * SECOND_US, group=f"door:gate:{n // 3}") for n in range(8)),
        *(replace(GATE, id=f"w{n}", raised_us=n * SECOND_US, is_prewarning=True) for n in range(2)),
        Alarm("a1", "line", "PT", "line", "point:n1.4", "S2", 0, 0, group="door:gate:1"),
        Alarm("a1", "later", "PT", "line", "point:n1.4", "S2", 9 * SECOND_US, 0),
        Alarm("a1", "node", "SYS", "node", "node:n1", "S2", 40 * SECOND_US, 0, since_us=35 * SECOND_US),
        Alarm("a1", "port", "SYS", "port", "port:ttyA1", "S3", 41 * SECOND_US, 0, since_us=35 * SECOND_US),
    )
}
CHANGES = st.one_of(
    st.fixed_dictionaries({"state": st.sampled_from(["unacknowledged", "taken", "acknowledged"])}),
    st.fixed_dictionaries({"severity": st.sampled_from(["S1", "S2", "S3"])}),
    st.fixed_dictionaries({"aside": st.sampled_from(["", "shelved"])}),
    st.fixed_dictionaries({"cleared_us": st.sampled_from([None, 70 * SECOND_US])}),
    st.fixed_dictionaries({"raised_us": st.integers(0, 50).map(lambda s: s * SECOND_US)}),
    st.fixed_dictionaries({"group": st.sampled_from(["", "door:gate:0", "door:gate:1"])}),
    st.none(),  # it is closed, or open again
)


def expected(alarms: tuple[Alarm, ...]) -> tuple[list[str], list[str], int]:
    """By the definitions: (in order, folded, untaken)."""
    shown = [alarm for alarm in alarms if alarm.is_active or not alarm.is_prewarning]
    heads = sorted((group.head for group in groups(area(), rulebook(), shown)), key=alarm_order)
    folded: dict[str, Alarm] = {}
    for head in heads:
        folded.setdefault(head.group or head.id, head)
    untaken = sum(
        urgency_of(head) in ("act", "blind") and card_state(head) == "new" for head in folded.values()
    )
    return [head.id for head in heads], [head.id for head in folded.values()], untaken


@given(
    st.lists(
        st.lists(st.tuples(st.sampled_from(sorted(KNOWN)), CHANGES), max_size=4), min_size=1, max_size=10
    ),
    st.lists(st.booleans(), min_size=10, max_size=10),
)
def test_each_picture_says_what_one_made_of_nothing_says(
    steps: list[list[tuple[str, dict[str, object] | None]]], looks: list[bool]
) -> None:
    known, standing = dict(KNOWN), set(KNOWN)
    before = None
    for changes, is_looked_at in zip(steps, looks, strict=False):
        for ref, change in changes:
            if change is None:
                standing ^= {ref}
            else:
                known[ref] = replace(known[ref], **change)  # type: ignore[arg-type]
        alarms = tuple(alarm for alarm in known.values() if alarm.id in standing)
        before = Lined(area(), rulebook(), alarms, (), before)
        if not is_looked_at:
            continue
        order, folded, untaken = expected(alarms)
        assert [line.group.head.id for line in before.in_order] == order
        assert [line.group.head.id for line in before.folded] == folded
        assert before.untaken == untaken
        found = {group.head.id: group for group in groups(area(), rulebook(), alarms)}
        for ref in KNOWN:
            group = before.group_of(ref)
            assert (group is not None) == (ref in order)
            assert group is None or [one.id for one in group.under] == [one.id for one in found[ref].under]
            root = before.root_of(ref)
            roots = [
                g.head.id for g in found.values() if g.head.id in order and ref in {a.id for a in g.under}
            ]
            assert ([] if root is None else [root.id]) == roots
        for from_us in (-1, 5 * SECOND_US, 45 * SECOND_US):
            called = called_of(area(), rulebook(), alarms)
            wanted = sum(not one.is_under and one.alarm.raised_us > from_us for one in called)
            assert before.called_since(from_us) == wanted
