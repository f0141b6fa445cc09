"""For each kind of rule the scene in which it has to speak: as little as it asks for, in lawful order."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from itertools import product
from typing import Any, Final

from custody.bookcheck import kept
from custody.bookcheck.kept import KEPT_REFUSALS
from custody.bookcheck.people import Particulars, person_of
from custody.bookcheck.script import Script
from custody.bookcheck.sources import door_of, leapt, one_of, supervised
from custody.bookcheck.telling import HOUR_US, MINUTE_US, OTHER, STAY, Impossible, Way
from custody.catalogue import FACT_TYPES
from custody.name import Name
from custody.rules import Rule, When
from custody.times import SECOND_US


def ways(rule: Rule) -> Iterator[Way]:
    """The ways worth trying, the plainest first."""
    firsts = range(max(1, len(_alternatives(rule))))
    flags = ("row", "after", "before") if rule.when.flags_any or rule.when.flags_all else ("row",)
    for opens_with, since, stated in product(("person.arrived", "area.entered"), firsts, flags):
        yield Way(since, stated, opens_with)


def _alternatives(rule: Rule) -> tuple[str, ...]:
    params = rule.params
    acts = params.get("act", params.get("form", params.get("step", ())))
    return tuple(params.get("since", ())) if "until" in params else acts if isinstance(acts, tuple) else ()


def setting(s: Script, rule: Rule, way: Way, *also: When) -> str:
    """What the rule asks for before its own matter: the person, the measure, what lasts. Gives the unit's ref.

    `also`: what has to be stated besides, for the sake of another rule.
    """
    ref = unit_ref(s, rule)
    s.store.kinds, s.store.traits = rule.when.kinds or rule.params.get("kinds", ()), rule.when.traits
    s.store.avoided = rule.unless
    if rule.unit == "stay":
        _introduce(s, rule, way, *also)
    for step in rule.after:
        s.do(step, ref, rule.unit)
    if rule.during is not None:
        first = _first_possible(rule.during.start)
        if _holds(rule) and rule.unit == "stay":
            s.place(_room_of(s, rule))
        s.do(first, ref, rule.unit)
    return ref


def scene(s: Script, rule: Rule, way: Way, *also: When) -> str:
    """All of it: after the last line the rule has to stand, or runs. Gives the subject."""
    return matter(s, rule, way, setting(s, rule, way, *also))


def matter(s: Script, rule: Rule, way: Way, ref: str) -> str:
    """The rule's own matter, in its setting. Gives the subject."""
    return _KINDS[rule.kind](s, rule, way, ref) or f"{rule.unit}:{ref}"


def nearest(s: Script, rule: Rule) -> None:
    """Where the area lacks what the rule looks at: the person is brought as near to it as can be."""
    kinds = [room.kind for room in s.area.rooms.values() if room.kind in rule.rooms]
    if rule.unit == "stay":
        s.place(s.room(kinds).id)


def unit_ref(s: Script, rule: Rule) -> str:
    """What the unit of the story is called."""
    if rule.unit == "officer":
        return s.officer()
    if rule.unit == "room":
        is_store = rule.params.get("from") == "step"
        return s.area.cabinets[s.store.cabinet()].room if is_store else _room_of(s, rule)
    if rule.unit == "recorder":
        return one_of(s, s.area.recorders, "recorder")
    if rule.unit == "cabinet":
        return s.store.cabinet()
    if rule.unit == "compartment":
        return one_of(s, s.area.compartments, "compartment")
    return STAY if rule.unit == "stay" else f"{rule.unit[0]}-1"


def _room_of(s: Script, rule: Rule) -> str:
    return s.room(rule.rooms, rule.params.get("fitted")).id


def _first_possible(steps: tuple[str, ...]) -> str:
    return steps[0]


def _holds(rule: Rule) -> bool:
    """The rule looks at the room that the person is in."""
    if rule.kind in ("coverage", "separation", "presence"):
        return True
    if rule.kind == "head_count":
        return "form" not in rule.params
    if rule.kind == "required_before":
        return "act" not in rule.params
    return bool(rule.params.get("act") == "in_room" or rule.params.get("from") == "room")


# --- the person ----------------------------------------------------------------------------------


def _introduce(s: Script, rule: Rule, way: Way, *also: When) -> None:
    """State what the rule asks for; no more than it asks for."""
    found = person_of(rule.when, *also)
    if isinstance(found, str):
        raise Impossible("contradiction", found, Name("没有这样的人", "nobody is so"))
    measure = _measure_for(rule, way)
    person = s.meet(STAY, measure=measure)
    person.particulars = found if way.flags == "row" else replace(found, flags=())
    row_is_act = _is_act(rule, "stay.registered") or rule.kind == "chain"
    if way.flags == "before":
        _flag(s, found)
    if not row_is_act and (measure is not None or found != Particulars()):
        s.register()
    if way.flags == "after":
        _flag(s, found)


def _flag(s: Script, found: Particulars) -> None:
    for flag in found.flags:
        s.do(f"person.flagged:{flag}", value=True)


def _is_act(rule: Rule, fact: str) -> bool:
    acts = rule.params.get("act", ())
    return isinstance(acts, tuple) and any(act.partition(":")[0] == fact for act in acts)


def _measure_for(rule: Rule, way: Way) -> str | None:
    """A measure under which the rule can speak; None: it asks for none."""
    named = [m for m in rule.params.get("fields", {}).get("measure", ()) if isinstance(m, str)]
    steps = rule.params.get("since", ()) if "until" in rule.params else ()
    named += [step.partition(":")[2] for step in steps[way.since :] if step.startswith("measure:")]
    both = [measure for measure in named if not rule.measures or measure in rule.measures]
    if both:
        return both[0]
    return rule.measures[0] if rule.measures else None


# --- kinds ---------------------------------------------------------------------------------------


def _began(s: Script, rule: Rule, way: Way, ref: str) -> str | None:
    """The step from which it counts."""
    steps = rule.params.get("since", ())
    if not steps:  # a clock of the measure in force, which the setting has put in force
        if rule.kind == "clock" and rule.unit == "stay" and not rule.measures:
            s.register()
        return None
    known: Collection[str] = s.held[STAY].done if rule.unit == "stay" and STAY in s.held else ()
    if rule.unit == "item":
        known = s.store.thing(ref).done
    for before in rule.params.get("not_before", ()) if rule.unit != "item" else ():
        if before not in known:
            s.do(before, ref, rule.unit)
    step = steps[way.since]
    is_begun = rule.during is None or step in rule.during.start
    if step.partition("@")[0] in known and is_begun and not rule.params.get("not_before"):
        return None
    s.do(step, ref, rule.unit, **_instant_ahead(s, rule, step))
    return None


def _instant_ahead(s: Script, rule: Rule, step: str) -> dict[str, str]:
    """The instant that the step writes, far enough ahead for every warning before it."""
    _, _, at = step.partition("@")
    if not at:
        return {"value": True} if step.startswith("person.flagged:") else {}  # type: ignore[dict-item]
    lead_us = max((-level.after_us for level in rule.levels), default=0) + HOUR_US
    return {f"{at}_at_us": s.instant(s.now_us + MINUTE_US + max(lead_us, HOUR_US))}


def _acted(s: Script, rule: Rule, way: Way, ref: str, **fields: Any) -> str | None:
    """An act told while what has to come before it is not done."""
    acts = rule.params["act"]
    between = rule.params.get("between")
    if between is not None:
        s.wait_until(between[0].hour, between[0].minute)
        s.now_us -= MINUTE_US
    s.do(acts[way.since], ref, rule.unit, **fields)
    return None


def _before(s: Script, rule: Rule, way: Way, ref: str) -> str | None:
    if "act" in rule.params:
        return _acted(s, rule, way, ref)
    s.place(_room_of(s, rule))
    return None


def _forbidden(s: Script, rule: Rule, way: Way, ref: str) -> str | None:
    act = rule.params["act"]
    if isinstance(act, str):
        return _STANDING[act](s, rule, ref)
    params = rule.params
    fields = {key: values[0] for key, values in params.get("fields", {}).items()}
    fields |= dict.fromkeys(params.get("without", ()))
    fields |= dict.fromkeys(params.get("same", ()), s.officer()) if "same" in params else {}
    if rule.rooms:
        fields["room"] = s.room(
            [r.kind for r in s.area.rooms.values() if r.kind not in (*rule.rooms, "outside")]
        ).id
    if "within" in params:
        s.do(params["within"][0][0], ref, rule.unit)
    if params.get("repeat"):
        _acted(s, rule, way, ref, **fields)
        if act[way.since].startswith("interview.started"):
            s.do("interview.ended", ref)
    return _acted(s, rule, way, ref, **fields)


def _out_of_area(s: Script, rule: Rule, ref: str) -> str | None:
    s.place(s.room().id)
    s.place(s.room(["outside"]).id)
    return None


def _in_room(s: Script, rule: Rule, ref: str) -> str | None:
    room = _room_of(s, rule)
    s.place(room)
    return f"room:{room}" if rule.unit == "room" else None


def _recused(s: Script, rule: Rule, ref: str) -> str | None:
    officer, room = s.officer(), _room_of(s, rule)
    s.open()
    s.do(f"officer.recused:{officer}")
    s.place(room)
    s.badge(officer, room)
    return None


def _cut(s: Script, rule: Rule, ref: str) -> str | None:
    s.place(s.room().id)
    s.tell("wristband.cut", band=s.held[STAY].band)
    return None


def _pressed(s: Script, rule: Rule, ref: str) -> str | None:
    s.place(s.room().id)
    s.tell("wristband.pressed", band=s.held[STAY].band)
    return None


def _leapt(s: Script, rule: Rule, ref: str) -> str | None:
    leapt(s)
    return None


def _forced(s: Script, rule: Rule, ref: str) -> str | None:
    door = door_of(s, rule)
    s.tell("door.opened", door=door)
    return f"door:{door}"


def _refused(s: Script, rule: Rule, ref: str) -> str | None:
    """An attempt that is refused for the reason the rule names."""
    reason, fact = rule.params["reasons"][0], rule.params["facts"][0]
    make = _REFUSALS.get(reason, _plain_attempt)
    make(s, rule, fact)
    return None


def _plain_attempt(s: Script, rule: Rule, fact: str) -> None:
    s.open()
    s.attempt(fact)


def _skipping(s: Script, rule: Rule, fact: str) -> None:
    """A longer limit asked for while the one before it was not given."""
    for clock in s.book.rules:
        tiers = [tier for tier in clock.tiers if tier.approvers]
        if (
            clock.is_sequential
            and len(tiers) > 1
            and (not rule.measures or set(rule.measures) & set(clock.measures))
        ):
            tier = tiers[-1]
            s.tell(fact, stay=STAY, rule=clock.id, limit=tier.limit.text,
                   approver=s.approver(tier.approvers), ground=next(iter(tier.grounds), None))  # fmt: skip
            return
    raise Impossible(
        "never_stated", fact, Name("没有逐级审批的时限", "no clock whose tiers follow one another")
    )


def _unentitled(s: Script, rule: Rule, fact: str) -> None:
    s.open()
    s.do(fact, approver=s.officer(["guard"]))


_REFUSALS: Final[Mapping[str, Callable[[Script, Rule, str], None]]] = {
    **KEPT_REFUSALS,
    "tier_skipped": _skipping,
    "wrong_approver": _unentitled,
}
_STANDING: Final[Mapping[str, Callable[[Script, Rule, str], str | None]]] = {
    "band_cut": _cut,
    "band_leapt": _leapt,
    "band_pressed": _pressed,
    "door_forced": _forced,
    "in_room": _in_room,
    "outside_area": _out_of_area,
    "recused_present": _recused,
    "refused": _refused,
}


def _number(s: Script, rule: Rule, way: Way, ref: str) -> str | None:
    """A number on the wrong side by one."""
    params = rule.params
    if params.get("quantity") == "particulars_missing":
        s.register()
        return None
    if params.get("quantity") == "certificate_after_entry":
        s.do("entered")
        s.wait(params["above"] + 2 * MINUTE_US)
        s.do("certificate.written", arrived_at_us=s.instant(s.now_us))
        return None
    step, name = params["step"][way.since], params["field"]
    fields: dict[str, Any] = {name: params["below"] - 1 if "below" in params else params["above"] + 1}
    if params.get("per"):
        fields[params["per"]] = 1
    spec = FACT_TYPES[step.partition(":")[0]].fields.get(name)
    if spec is None:
        raise Impossible("never_stated", f"{step} {name}", Name("没有这一栏", "no such field"))
    s.do(step, ref, rule.unit, **fields)
    return None


def _interval(s: Script, rule: Rule, way: Way, ref: str) -> str | None:
    if rule.params["from"] == "room":
        s.place(_room_of(s, rule))
    elif rule.params["from"] == "entered":
        s.do("entered")
    elif rule.params["from"] == "step":
        s.do(rule.params["since"][way.since], ref, rule.unit)
    return None


def _presence(s: Script, rule: Rule, way: Way, ref: str) -> str | None:
    s.place(_room_of(s, rule))
    return None


def _head_count(s: Script, rule: Rule, way: Way, ref: str) -> str | None:
    params = rule.params
    if "form" not in params:
        room = s.held[STAY].room or _room_of(s, rule)
        if "recorded_minimum" in params:
            _stop_recorders(s, room)
        s.place(room)
        return None
    sex, enough = params.get("sex"), int(params["fewer_than"])
    if sex is not None:
        officer = s.officer(sex="M" if sex == "F" else "F")
    elif enough > 1:
        officer = s.officer()
    else:
        officer = s.officer(service="auxiliary")
    s.do(params["form"][way.since], ref, rule.unit, officers=[officer])
    return None


def _stop_recorders(s: Script, room: str) -> None:
    for recorder in s.area.recorders_of(room):
        s.tell("recorder.stopped", SECOND_US, recorder=recorder)


def _coverage(s: Script, rule: Rule, way: Way, ref: str) -> str | None:
    room = (s.held[STAY].room if STAY in s.held else None) or _room_of(s, rule)
    if s.meet(STAY).room is None:
        s.place(room)
    _stop_recorders(s, room)
    return f"room:{room}" if rule.unit == "room" else None


def _separation(s: Script, rule: Rule, way: Way, ref: str) -> str | None:
    apart, room, first = rule.params["apart"], _room_of(s, rule), s.meet(STAY)
    sex, age = first.particulars.sex or "F", first.particulars.minor
    other: dict[str, Any] = {"measure": first.measure, "case": "c-1" if apart == "case" else "c-2"}
    stated = first.particulars
    if apart == "sex":
        stated = replace(stated, sex=sex)
        other["particulars"] = Particulars(sex="M" if sex == "F" else "F")
    elif apart == "age":
        stated = replace(stated, minor=age is not False)
        other["particulars"] = Particulars(minor=age is False)
    if "registered" in first.done and stated != first.particulars:
        raise Impossible("contradiction", apart, Name("须先登记的情况不同", "particulars stated otherwise"))
    first.particulars = stated
    s.register()
    s.meet(OTHER, **other)
    s.register(OTHER)
    s.place(room, OTHER)
    s.place(room)
    return None


def _chain(s: Script, rule: Rule, way: Way, ref: str) -> str | None:
    measure = rule.measures[0] if rule.measures else "criminal_summons"
    s.meet(OTHER, measure=measure, person="p-1")
    s.register(OTHER)
    s.do("stay.released", OTHER)
    person = s.meet(STAY, measure=measure, person="p-1")
    s.register(person.ref)
    return None


_KINDS: Final[Mapping[str, Callable[[Script, Rule, Way, str], str | None]]] = {
    "chain": _chain,
    "clock": _began,
    "coverage": _coverage,
    "forbidden_act": _forbidden,
    "hands": kept.hands,
    "head_count": _head_count,
    "keeping": kept.keeping,
    "interval": _interval,
    "presence": _presence,
    "required_before": _before,
    "required_within": _began,
    "separation": _separation,
    "supervision": supervised,
    "threshold": _number,
}
