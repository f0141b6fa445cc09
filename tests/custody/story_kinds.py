"""How a rule of each kind is broken: one or more stories from its table (see stories.py)."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from custody.rules import Rule
from tests.custody import story_items, story_places
from tests.custody.stories import (
    _BASELINE_US,
    AFTER_US,
    BAND,
    BREAK_US,
    DAY_US,
    DURING_US,
    HOUR_US,
    MINUTE_US,
    START_US,
    STAY,
    Said,
    Story,
    Teller,
    area,
    day_of,
    due_day,
    ended,
    gone,
    made,
    midnight_us,
    moments,
    prologue,
    release,
)

LATER_US = START_US + 40 * 24 * HOUR_US  # a written instant far enough for every pre-warning


def stories_for(rule: Rule) -> list[Story]:
    """Every story of a rule: one for each step that begins it, each form that breaks it, each tier."""
    return list(_BY_KIND[rule.kind](rule))


def _begin_of(step: str, at_us: int = BREAK_US) -> int:
    if "@" in step:
        return LATER_US
    return _BASELINE_US.get(step, at_us)


def _is_read(steps: tuple[str, ...]) -> bool:
    return any(step.partition(":")[0] in ("in", "left") for step in steps)


# --- after a step, another within a time ---------------------------------------------------------


def _required_within(rule: Rule) -> Iterator[Story]:
    for since in rule.params["since"]:
        is_stretch = rule.during is not None and since in rule.during.start
        t, begin_us = Teller(rule), DURING_US if is_stretch else _begin_of(since)
        prologue(t, set(rule.params["until"]) | set(rule.unless))
        if is_stretch:
            t.said = [
                said for said in t.said if rule.not_during is None or said.type not in rule.not_during.start
            ]
        elif since not in _BASELINE_US:
            if since == "left:sobering":
                t.read(START_US + 45 * MINUTE_US, "sobering")
            for first in _before(since):
                t.do(first, START_US + 52 * MINUTE_US)
            t.do(since, begin_us)
        story = made(t, begin_us, endings={**_untils(t, rule), **release(t)}, is_placed=_is_read((since,)))
        yield replace(story, subject=_subject(rule, since))


def _before(since: str) -> list[str]:
    name = since.partition(":")[0].partition("@")[0]
    return {"exit.departed": ["exit.approved", "escort.checked"], "act.ended": ["act.started"]}.get(name, [])


def _subject(rule: Rule, step: str = "") -> str:
    refs = {
        "stay": STAY,
        "case": "c-1",
        "dossier": "d-1",
        "recording": "r-1",
        "incident": "i-1",
        "officer": "0312",
        "item": "i-1",
        "stocktaking": "n-1",
        "cabinet": "ca",
        "room": "property",
    }
    return f"{rule.unit}:{refs.get(rule.unit, '')}"


def _untils(t: Teller, rule: Rule) -> dict[str, Callable[[int], list[Said]]]:
    found = {}
    for step in rule.params.get("until", ()):
        found[step] = ended(t, step)
    return found


def _clock(rule: Rule) -> Iterator[Story]:
    params = rule.params
    starts = params.get("since") or (None,)
    for since in starts:
        t = Teller(rule)
        begin_us = START_US if since is None else _begin_of(since)
        prologue(t, set(params.get("until", ())) | set(rule.unless))
        if since is not None and since not in _BASELINE_US:
            t.do(since, begin_us)
        yield replace(made(t, begin_us), subject=_subject(rule), endings={**_untils(t, rule), **release(t)})
    yield from _tiers(rule)


def _tiers(rule: Rule) -> Iterator[Story]:
    """Each longer tier given in its order (each alone where tiers may be passed over)."""
    since = rule.params.get("since", (None,))[0]
    begin_us = START_US if since is None else _begin_of(since)
    for number, tier in enumerate(rule.tiers):
        if not tier.approvers:
            continue
        t = Teller(rule)
        prologue(t, set(rule.params.get("until", ())) | set(rule.unless))
        if since is not None and since not in _BASELINE_US:
            t.do(since, begin_us)
        given = [i for i in range(number + 1) if rule.tiers[i].approvers] if rule.is_sequential else [number]
        for place, given_number in enumerate(given):
            step = rule.tiers[given_number]
            body: dict[str, object] = {"rule": rule.id, "limit": step.limit.text, "approver": "boss"}
            body |= {rule.unit: _subject(rule).partition(":")[2]}
            body |= {"ground": step.grounds[0]} if step.grounds else {}
            if "longer_by" in rule.params:
                t.do(rule.params["longer_by"][0], begin_us + (place + 61) * MINUTE_US)
            else:
                t.say(begin_us + (place + 61) * MINUTE_US, "extension.approved", **body)
        story = made(t, begin_us, endings={**_untils(t, rule), **release(t)})
        yield replace(story, subject=_subject(rule), expected=moments(rule, begin_us, number))


def _interval(rule: Rule) -> Iterator[Story]:
    t, params = Teller(rule), rule.params
    prologue(t)
    if params["from"] == "step":
        yield story_items.each(rule, t)
        return
    begin_us = {"entered": _BASELINE_US["entered"], "room": BREAK_US, "during": DURING_US}[params["from"]]
    if set(params["acts"]) & set(rule.after):
        begin_us = AFTER_US
    if params["from"] == "room":
        t.read(begin_us, t.room)
    endings = {step: ended(t, step) for step in params["acts"]}
    yield made(t, begin_us, endings={**endings, **release(t)}, is_placed=params["from"] == "room")


def _chain(rule: Rule) -> Iterator[Story]:
    gap_us = int(rule.params["gap"])
    story = made(_summoned_again(rule, gap_us - 1), START_US + 10 * MINUTE_US + gap_us - 1)
    t = Teller(rule)
    endings = {**release(t), "changed": ended(t, f"measure:{_other(rule)}")}
    yield replace(story, endings=endings, innocent=_summoned_again(rule, gap_us).said)


def _summoned_again(rule: Rule, gap_us: int) -> Teller:
    """The same person in another stay, so long after the first ended."""
    t, free_us = Teller(rule), START_US + 10 * MINUTE_US
    t.place(START_US - HOUR_US)
    t.say(START_US, "person.arrived", stay="s-0")
    t.register(START_US + MINUTE_US, stay="s-0")
    t.say(free_us, "stay.released", stay="s-0", reason="released")
    t.say(free_us + gap_us - MINUTE_US, "person.arrived")
    t.register(free_us + gap_us)
    return t


def _other(rule: Rule) -> str:
    return next(m for m in ("administrative_detention", "voluntary") if m not in rule.measures)


# --- at an act -----------------------------------------------------------------------------------


def _required_before(rule: Rule) -> Iterator[Story]:
    acts = rule.params.get("act")
    if acts is None:
        yield _before_place(rule)
        return
    for act in acts:
        for begin_us, milder_us in _edges(rule):
            yield _before_act(rule, act, begin_us, milder_us)


def _before_act(rule: Rule, act: str, begin_us: int, milder_us: int | None) -> Story:
    t, steps = Teller(rule), rule.params["step"]
    prologue(t, steps)
    other = {"exit.approved": "escort.checked", "escort.checked": "exit.approved"}.get(steps[0])
    if other is not None:
        t.do(other, begin_us - MINUTE_US)
    before = list(t.said)
    t.do(
        act,
        begin_us,
        **({"return_by_at_us": begin_us + HOUR_US} if act in ("exit.departed", "dossier.taken") else {}),
    )
    acts, done = t.said[len(before) :], ended(t, steps[0])(begin_us)
    return replace(
        made(t, begin_us, is_instant=True),
        subject=_subject(rule),
        innocent=[*before, *ended(t, act)(milder_us)] if milder_us is not None else None,
        lawful_before=sorted(
            [*before, *done, *acts], key=lambda said: said.at_us
        ),  # at the very moment of the act, said before it
        refused=list(t.said) if rule.refuses else None,
    )


def _edges(rule: Rule) -> list[tuple[int, int | None]]:
    """When to break the rule, and when it is just no longer asked: the edges of the night, both inclusive."""
    between = rule.params.get("between")
    if between is None:
        return [(BREAK_US, None)]
    evening, morning = ((clock.hour * 60 + clock.minute) * MINUTE_US for clock in between)
    today = midnight_us(day_of(START_US))
    return [(today + evening, today + evening - 1), (today + DAY_US + morning, today + DAY_US + morning + 1)]


def _before_place(rule: Rule) -> Story:
    t, steps = Teller(rule), rule.params["step"]
    prologue(t, steps)
    t.read(BREAK_US, t.room)
    endings = {step: ended(t, step) for step in steps}
    endings["gone"] = gone(t)
    return made(t, BREAK_US, endings={**endings, **release(t)}, is_placed=True)


def _forbidden_act(rule: Rule) -> Iterator[Story]:
    act = rule.params["act"]
    if isinstance(act, str):
        yield from _STANDING[act](rule)
        return
    for step in act:
        yield _form(rule, step)


def _form(rule: Rule, step: str) -> Story:
    t, params = Teller(rule), rule.params
    name, fields = step.partition(":")[0], {k: v[0] for k, v in params.get("fields", {}).items()}
    prologue(t, {"registered"} if name == "stay.registered" else ())
    if name == "stay.registered":  # what is stated before the row, and again on it
        for flag in rule.when.flags_any[:1]:
            t.say(BREAK_US - MINUTE_US, "person.flagged", flag=flag, value=True)
    begin_us, within = BREAK_US, params.get("within")
    innocent = None
    if within is not None:
        steps, span = within
        t.do(steps[0], START_US + 30 * MINUTE_US)
        over_us = midnight_us(due_day(START_US + 30 * MINUTE_US, span)) + 24 * HOUR_US
        begin_us = over_us - 1  # the last instant of the last day
    if params.get("repeat"):
        t.do(step, START_US + 55 * MINUTE_US, **fields)
        if name == "interview.started":
            t.do("interview.ended", START_US + 56 * MINUTE_US)
    same = params.get("same")
    body = {**fields, **dict.fromkeys(same or (), "0312"), **dict.fromkeys(params.get("without", ()))}
    if rule.rooms:
        t.room = next(
            r.id for r in area().rooms.values() if r.kind not in rule.rooms and r.kind == "interview"
        )
    before = list(t.said)
    if name == "stay.registered":
        t.register(begin_us, **body)
    else:
        t.do(step, begin_us, **body)
    acts = t.said[len(before):]  # fmt: skip
    if within is not None:
        innocent = [*before, *[replace(said, at_us=begin_us + 1) for said in acts]]
    elif same is not None:
        innocent = [*before, *[replace(said, body={**said.body, same[0]: "0415"}) for said in acts]]
    elif params.get("repeat"):
        innocent = before
    lawful = None
    if rule.unless:
        lawful = [*before, *ended(t, rule.unless[0])(begin_us), *acts]
    story = made(t, begin_us, is_instant=True, innocent=innocent, lawful_before=lawful)
    return replace(story, subject=_subject(rule), refused=list(t.said) if rule.refuses else None)


def _outside(rule: Rule) -> Iterator[Story]:
    t = Teller(rule)
    prologue(t)
    t.read(BREAK_US, "outside")
    yield made(t, BREAK_US, endings={"gone": gone(t), **release(t)}, is_placed=True)


def _in_room(rule: Rule) -> Iterator[Story]:
    t = Teller(rule)
    prologue(t, rule.params.get("step", ()))
    is_anywhere = "corridor" in rule.rooms  # in a room of the rule as soon as the rule speaks
    if not is_anywhere:
        t.read(BREAK_US, t.room)
    begin_us, away = (
        (AFTER_US if rule.during is None else DURING_US, "outside") if is_anywhere else (BREAK_US, "corridor")
    )
    story = made(t, begin_us, endings={"gone": gone(t, away), **release(t)}, is_placed=True)
    refused = (
        [*t.said[:-1], Said(BREAK_US, "entry.requested", {"stay": STAY, "room": t.room})]
        if rule.refuses
        else None
    )
    yield replace(story, subject=f"room:{t.room}" if rule.unit == "room" else story.subject, refused=refused)


def _recused(rule: Rule) -> Iterator[Story]:
    t = Teller(rule)
    prologue(t)
    t.read(START_US + 50 * MINUTE_US, t.room)
    t.say(START_US + 51 * MINUTE_US, "officer.recused", stay=STAY, officer="0415")
    t.read(BREAK_US, t.room, "0415")
    away = [Said(0, "tag.gone", {"tag": "0415", "room": t.room})]
    endings = {"gone": gone(t), "officer gone": lambda at_us: [replace(away[0], at_us=at_us)]}
    yield made(t, BREAK_US, endings={**endings, **release(t)}, is_placed=True)


def _band_cut(rule: Rule) -> Iterator[Story]:
    t = Teller(rule)
    prologue(t)
    t.say(BREAK_US, "wristband.cut", band=BAND)
    endings = {"another band": ended(t, "wristband.bound", band="B2")}
    yield made(t, BREAK_US, endings={**endings, **release(t)}, is_placed=True)


def _band_pressed(rule: Rule) -> Iterator[Story]:
    t = Teller(rule)
    prologue(t)
    t.say(BREAK_US, "wristband.pressed", band=BAND)
    innocent = [*t.said[:-1], replace(t.said[-1], body={"band": "B9"})]  # that nobody wears
    yield made(t, BREAK_US, is_instant=True, innocent=innocent)


def _band_leapt(rule: Rule) -> Iterator[Story]:
    """Lost in one room, read at once in another far from it; the innocent one takes the time of a walk."""
    t, window_us = Teller(rule), int(rule.params["window"])
    prologue(t)
    t.read(BREAK_US - MINUTE_US, "waiting-1")
    t.say(BREAK_US - window_us + 1, "tag.gone", tag=BAND, room="waiting-1")
    t.read(BREAK_US, "interrogation-1")
    innocent = [*t.said[:-2], replace(t.said[-2], at_us=BREAK_US - window_us), t.said[-1]]
    yield made(t, BREAK_US, is_instant=True, innocent=innocent)


def _door_forced(rule: Rule) -> Iterator[Story]:
    for kind in rule.params["doors"]:
        door = next((d.id for d in area().doors.values() if d.kind == kind and d.controlled), None)
        t, window_us = Teller(rule), int(rule.params["window"])
        prologue(t)
        t.say(BREAK_US - window_us - 1, "door.released", door=door)
        t.say(BREAK_US, "door.opened", door=door)
        innocent = [*t.said[:-2], replace(t.said[-2], at_us=BREAK_US - window_us), t.said[-1]]
        story = made(
            t,
            BREAK_US,
            endings={"shut": ended(t, "door.closed", door=door)},
            innocent=innocent,
            is_placed=True,
        )
        yield replace(story, subject=f"door:{door}")


def _refused(rule: Rule) -> Iterator[Story]:
    if rule.unit != "stay":
        yield from story_items.refused(rule)
        return
    t = Teller(rule)
    prologue(t)
    if rule.params["facts"] == ("jurisdiction.transferred",):
        t.say(BREAK_US, "jurisdiction.transferred")
        innocent = [*t.said[:-1], replace(t.said[-1], body={**t.said[-1].body, "document": "x-1"})]
        yield made(t, BREAK_US, is_instant=True, innocent=innocent)
    else:
        t.say(BREAK_US, "extension.approved", stay=STAY, rule="T8", limit="24h")
        lawful = [*t.said[:-1], *ended(t, "extension.approved:T8")(BREAK_US), t.said[-1]]
        yield made(t, BREAK_US, is_instant=True, lawful_before=lawful)


_STANDING = {
    "band_cut": _band_cut,
    "band_leapt": _band_leapt,
    "band_pressed": _band_pressed,
    "door_forced": _door_forced,
    "in_room": _in_room,
    "outside_area": _outside,
    "recused_present": _recused,
    "refused": _refused,
}


# --- numbers -------------------------------------------------------------------------------------


def _threshold(rule: Rule) -> Iterator[Story]:
    params = rule.params
    if params.get("step") == ("count.ended",):
        yield story_items.short(rule)
        return
    if "quantity" in params:
        yield _QUANTITIES[params["quantity"]](rule)
        return
    for step in params["step"]:
        bound, sign = (params["below"], -1) if "below" in params else (params["above"], 1)
        per = {params["per"]: 2} if "per" in params else {}
        right = bound * (2 if per else 1)
        t = Teller(rule)
        prologue(t)
        before = list(t.said)
        more: dict[str, object] = {**per, **({"recorder": "rec-west"} if rule.unit == "recorder" else {})}
        if rule.unit == "room":
            t.room = "waiting-1"
        t.do(step, BREAK_US, **{params["field"]: right + sign}, **more)
        act = t.said[-1]
        innocent = [*before, replace(act, body={**act.body, params["field"]: right})]
        again = (
            {"stated anew": ended(t, step, **{params["field"]: right}, **more)}
            if not params.get("act")
            else {}
        )
        subject = {"room": "room:waiting-1", "recorder": "recorder:rec-west"}.get(rule.unit, _subject(rule))
        yield replace(
            made(t, BREAK_US, innocent=innocent, endings=again, is_instant=bool(params.get("act"))),
            subject=subject,
            is_placed=rule.unit == "recorder",
        )


def _certificate(rule: Rule) -> Story:
    t, above = Teller(rule), int(rule.params["above"])
    prologue(t)
    before, entered_us = list(t.said), _BASELINE_US["entered"]
    t.do("certificate.written", BREAK_US, arrived_at_us=entered_us + above + 1)
    innocent = [*before, replace(t.said[-1], body={**t.said[-1].body, "arrived_at_us": entered_us + above})]
    endings = {"corrected": ended(t, "certificate.corrected", arrived_at_us=entered_us), **release(t)}
    return made(t, BREAK_US, innocent=innocent, endings=endings)


def _particulars(rule: Rule) -> Story:
    t = Teller(rule)
    prologue(t, sex=None)
    lawful = Teller(rule)
    prologue(lawful)
    return made(t, _BASELINE_US["registered"], innocent=lawful.said, endings=release(t))


_QUANTITIES = {"certificate_after_entry": _certificate, "particulars_missing": _particulars}


_BY_KIND: dict[str, Callable[[Rule], Iterator[Story]]] = {
    "chain": _chain,
    "clock": _clock,
    "coverage": story_places.coverage,
    "forbidden_act": _forbidden_act,
    "hands": story_items.hands,
    "head_count": story_places.head_count,
    "keeping": story_items.keeping,
    "interval": _interval,
    "presence": story_places.presence,
    "required_before": _required_before,
    "required_within": _required_within,
    "separation": story_places.separation,
    "supervision": story_places.supervision,
    "threshold": _threshold,
}
