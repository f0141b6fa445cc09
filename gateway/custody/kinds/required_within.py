"""Kind `required_within`: after one step, another within a time."""

from typing import Final

from custody.aspects import common, of_steps
from custody.rules import Rule
from custody.view import At, Condition, Judgement, Silence, Unit, View


def reads(rule: Rule) -> set[str]:
    """Both steps, and what decides whether the rule speaks."""
    names = (*rule.params["since"], *rule.params["until"], *rule.params.get("not_before", ()))
    return common(rule) | of_steps(names)


def judge(rule: Rule, view: View, unit: Unit) -> Judgement:
    """Running since the first step; over when the second was done, told late if it came too late."""
    silent = view.silence(rule, unit)
    if silent is not None:
        return silent
    params = rule.params
    since = view.latest(unit, _as_written(unit, params["since"]), is_first=bool(params.get("first")))
    if since is None:
        return Silence("not_begun", " ".join(params["since"]), "not done")
    lasting = view.open_between(unit, rule.during) if rule.during is not None else None
    if lasting is not None and since < lasting:
        return Silence("not_begun", " ".join(params["since"]), "before what lasts now")
    since_us, fact = since
    begun = _begun(view, unit, params["since"], since)
    after = view.latest(unit, params.get("not_before", ()))
    if after is not None:
        since_us = max(since_us, after[0])
    done = _done(view, unit, rule, begun)
    if done is not None and done[0] <= since_us + _allowed_us(rule):
        return Silence("done_in_time", " ".join(params["until"]), f"fact {done[1]}")
    return Condition(
        room=unit.room,
        since_us=since_us,
        until_us=done[0] if done is not None else None,
        anchor=fact,
        facts=(fact,),
    )


def _as_written(unit: Unit, names: tuple[str, ...]) -> tuple[str, ...]:
    """Of several steps that write an instant the one done last counts: a loan is due when its extension says."""
    written = [name for name in names if "@" in name and name.partition("@")[0] in unit.marks]
    if not written[1:]:
        return names
    last = max(written, key=lambda name: unit.marks[name.partition("@")[0]].times[-1])
    return tuple(name for name in names if name == last or name not in written)


_BEFORE_ALL: Final = -1  # a fact index before any: what happens at the same instant is not too early


def _begun(view: View, unit: Unit, names: tuple[str, ...], since: At) -> At:
    """From where on the second step may come: the first one, or the fact in which its instant is written."""
    for name in names:
        base = name.partition("@")[0]
        mark = unit.marks.get(base)
        if base != name and mark is not None and mark.last_fact == since[1]:
            return mark.times[-1]
    return since[0], _BEFORE_ALL


def _done(view: View, unit: Unit, rule: Rule, begun: At) -> At | None:
    """When the second step was done first, not before the first one (or ever)."""
    until = rule.params["until"]
    if rule.params.get("ever"):
        return view.latest(unit, until, is_first=True)
    known = view.times(unit, until) + [at for name in until if (at := view.step(unit, name)) is not None]
    return min((at for at in known if at > begun), default=None)


def _allowed_us(rule: Rule) -> int:
    return next(level.after_us for level in rule.levels if not level.is_prewarning)
