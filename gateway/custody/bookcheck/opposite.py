"""Two rules that want opposite things of the same person at the same time."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from custody.area import Area
from custody.bookcheck.finding import Finding, found
from custody.bookcheck.people import person_of, shared
from custody.bookcheck.reach import asks
from custody.bookcheck.scenes import scene, setting
from custody.bookcheck.script import Script, starts_us
from custody.bookcheck.story import Story, finished
from custody.bookcheck.telling import STAY, Impossible, Way
from custody.rules import Rule, Rulebook


@dataclass(frozen=True, slots=True)
class _Clash:
    """What one rule demands and the other forbids."""

    demands: Rule
    forbids: Rule
    step: str


def opposites(area: Area, book: Rulebook) -> Iterator[Finding]:
    """Each demand against each prohibition that may hold of the same person; shown by replay."""
    forbidding = [rule for rule in book.rules if rule.kind == "forbidden_act" and _is_plain(rule)]
    for rule in book.rules:
        steps = _demanded(rule)
        clashes = [_against(book, rule, step, forbidding) for step in steps]
        if not steps or not all(clashes):
            continue  # nothing is demanded, or one of the steps is free
        for clash in (clash for found_ in clashes for clash in found_):
            story = _both(area, book, clash)
            if story is not None:
                yield found("opposite", area, story, clash.demands, clash.forbids, step=clash.step)
                break


def _demanded(rule: Rule) -> tuple[str, ...]:
    return tuple(rule.params["acts"]) if rule.kind == "interval" else asks(rule)


def _is_plain(rule: Rule) -> bool:
    """It leaves no way out by doing the act otherwise, elsewhere, later, or after another step."""
    params = rule.params
    if params["act"] == "in_room":
        return True
    free = ("fields", "same", "within")
    return (
        isinstance(params["act"], tuple)
        and not rule.rooms
        and not rule.unless
        and not any(k in params for k in free)
    )


def _against(book: Rulebook, rule: Rule, step: str, forbidding: list[Rule]) -> list[_Clash]:
    return [
        _Clash(rule, other, step)
        for other in forbidding
        if other.unit == rule.unit
        and _forbids(other, step, is_again=rule.kind == "interval")
        and shared(rule.measures, other.measures) is not None
        and not isinstance(person_of(rule.when, other.when), str)
    ]


def _forbids(rule: Rule, step: str, *, is_again: bool) -> bool:
    acts = rule.params["act"]
    if acts == "in_room":
        name, _, kind = step.partition(":")
        return name == "in" and kind in rule.rooms
    if rule.params.get("repeat") and not is_again:
        return False
    return any(act in (step, step.partition(":")[0]) for act in acts)


def _both(area: Area, book: Rulebook, clash: _Clash) -> Story | None:
    """The scene of the demand for a person whom the prohibition is about; the step is done. None: no clash."""
    rule, other = clash.demands, clash.forbids
    measures = shared(rule.measures, other.measures) or ()
    for way in (Way(), Way(flags="after")):
        s = Script(area, book, starts_us(area, book, rule), but=rule.key)
        subject = f"{rule.unit}:{STAY}"
        try:
            asked = replace(rule, measures=measures)
            ref = setting(s, asked, way, other.when)
            for step in (*other.after, *(other.during.start[:1] if other.during is not None else ())):
                s.do(step, ref, rule.unit)
            if rule.kind != "required_before":
                subject = scene(s, asked, way, other.when)
            s.do(clash.step, ref, rule.unit)
            if rule.kind == "interval":
                s.do(clash.step, ref, rule.unit)
        except Impossible:
            continue
        story = finished(s, rule, subject)
        if story.played.alarms(other):
            return story
    return None
