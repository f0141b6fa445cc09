"""Kind `chain`: the same person is not put under a measure again too soon."""

from custody.aspects import common
from custody.rules import Rule
from custody.view import Condition, Judgement, Silence, Unit, View


def reads(rule: Rule) -> set[str]:
    """The measures it names; the person is stated with the first."""
    return common(rule)


def judge(rule: Rule, view: View, unit: Unit) -> Judgement:
    """Wrong when the person's last measure of these kinds, in another stay, ended too shortly before."""
    silent = view.silence(rule, unit)
    if silent is not None:
        return silent
    stay = unit.stay
    assert stay is not None, "measures are of a stay that is open"
    if stay.person is None:
        return Silence("not_stated", "the person", "not stated")
    assert stay.measured_us is not None, "a stay under a measure was put under it"
    ended = [
        row
        for row in view.world.people.get(stay.person) or ()
        if row.stay != stay.ref
        and row.measure in rule.measures
        and row.next_measure not in rule.measures
        and row.ended_us <= stay.measured_us
    ]
    if not ended:
        return Silence("no_earlier", "an earlier measure of this person", "none")
    last = max(ended, key=lambda row: (row.ended_us, row.fact))
    gap_us = stay.measured_us - last.ended_us
    if gap_us >= int(rule.params["gap"]):
        return Silence("long_ago", "an earlier measure shortly before", "long before")
    return Condition(
        room=stay.room,
        since_us=stay.measured_us,
        facts=(last.fact, stay.measure_fact),
        params=(("earlier", last.stay), ("gap_us", gap_us)),
    )
