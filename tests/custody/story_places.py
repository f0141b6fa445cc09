"""How a rule about a place, or about a source that has to be seen, is broken (see stories.py)."""

from collections.abc import Iterator
from dataclasses import replace

from custody.rules import Rule
from tests.custody import story_items
from tests.custody.stories import (
    BAND,
    BREAK_US,
    MINUTE_US,
    START_US,
    STAY,
    Said,
    Story,
    Teller,
    area,
    ended,
    gone,
    made,
    prologue,
    release,
)

# --- places --------------------------------------------------------------------------------------


def presence(rule: Rule) -> Iterator[Story]:
    t = Teller(rule)
    prologue(t)
    guard = "A901" if rule.params["when"] == "no_police" else "0312"
    if guard == "A901":  # an auxiliary alone guards nobody
        t.read(START_US + 30 * MINUTE_US, "corridor", guard)
    t.say(BREAK_US, "tag.gone", tag="0312", room="corridor")
    back = {"a guard": lambda at_us: [Said(at_us, "tag.read", {"tag": "0415", "room": "corridor"})]}
    yield made(t, BREAK_US, endings={**back, **release(t)}, is_placed=True)


def head_count(rule: Rule) -> Iterator[Story]:
    form = rule.params.get("form")
    if form is not None:
        yield from (_count_on_form(rule, step) for step in form)
        return
    t, params = Teller(rule), rule.params
    prologue(t)
    enough = ["0601", "0415", "0312"][: int(params["fewer_than"])]
    room_recorder = area().recorders_of(t.room)[0]
    if "recorded_minimum" in params:
        t.say(START_US + 30 * MINUTE_US, "recorder.stopped", recorder=room_recorder)
    for officer in enough:
        t.read(START_US + 50 * MINUTE_US, t.room, officer)
    t.read(START_US + 51 * MINUTE_US, t.room)
    t.say(BREAK_US, "tag.gone", tag=enough[0], room=t.room)
    endings = {
        "back": lambda at_us: [Said(at_us, "tag.read", {"tag": enough[0], "room": t.room})],
        **({"gone": gone(t)} if rule.rooms else {}),
        **{step: ended(t, step) for step in (rule.during.end if rule.during is not None else ())},
        **release(t),
    }
    if "recorded_minimum" in params:
        endings["recorded"] = ended(t, "recorder.started", recorder=room_recorder)
    yield made(t, BREAK_US, endings=endings, is_placed=True)


def _count_on_form(rule: Rule, step: str) -> Story:
    t, params = Teller(rule), rule.params
    prologue(t, {"searched"} if step == "search.signed" else ())
    before, fewer = list(t.said), int(params["fewer_than"])
    enough = ["0601", "0415", "0312"][:fewer]
    too_few = ["0312"] if params.get("sex") == "F" else enough[1:]
    t.do(step, BREAK_US, officers=too_few)
    innocent = [*before, replace(t.said[-1], body={**t.said[-1].body, "officers": enough})]
    return made(t, BREAK_US, is_instant=True, innocent=innocent)


def coverage(rule: Rule) -> Iterator[Story]:
    kinds = [kind for kind in rule.rooms if any(r.kind == kind for r in area().rooms.values())] or [
        "interview"
    ]
    for kind in kinds:
        t = Teller(rule)
        t.room = next(r.id for r in area().rooms.values() if r.kind == kind)
        prologue(t)
        recorder = area().recorders_of(t.room)[0]
        t.read(START_US + 51 * MINUTE_US, t.room)
        t.say(BREAK_US, "recorder.stopped", recorder=recorder)
        endings = {"recorded": ended(t, "recorder.started", recorder=recorder)}
        endings |= {"gone": gone(t, "outside" if kind == "corridor" else "corridor")} if rule.rooms else {}
        endings |= {step: ended(t, step) for step in (rule.during.end if rule.during is not None else ())}
        story = made(t, BREAK_US, endings={**endings, "released": ended(t, "released")}, is_placed=True)
        yield replace(story, subject=f"room:{t.room}" if rule.unit == "room" else story.subject)


def separation(rule: Rule) -> Iterator[Story]:
    t, other = Teller(rule), {"sex": {"sex": "F"}, "age": {"minor": True}}.get(rule.params["apart"], {})
    prologue(t)
    case = "c-1" if rule.params["apart"] == "case" else "c-2"
    at_us = START_US + 20 * MINUTE_US
    t.say(at_us, "person.arrived", stay="s-2")
    t.say(at_us, "wristband.bound", stay="s-2", band="B9")
    t.register(at_us, stay="s-2", case=case, person="p-2", **other)
    away = "search" if t.room == "corridor" else "corridor"
    t.read(START_US + 49 * MINUTE_US, away)
    t.read(START_US + 50 * MINUTE_US, t.room, "B9")
    t.read(BREAK_US, t.room)
    endings = {
        "gone": gone(t, away),
        "the other gone": lambda at_us: [Said(at_us, "tag.read", {"tag": "B9", "room": away})],
        **release(t),
    }
    request = [*t.said[:-1], Said(BREAK_US, "room.assigned", {"stay": STAY, "room": t.room})]
    yield made(t, BREAK_US, endings=endings, is_placed=True, refused=request if rule.refuses else None)


# --- sources -------------------------------------------------------------------------------------

# source -> (what goes wrong, what puts it right, the subject)
_SOURCES = {
    "node": ("node.lost", "node.restored", {"node": "n1"}, "node:n1"),
    "recorder": ("recorder.lost", "recorder.started", {"recorder": "rec-west"}, "recorder:rec-west"),
    "door": ("door.unknown", "door.closed", {"door": "gate"}, "door:gate"),
    "port": ("port.lost", "port.restored", {"port": "ttyA1"}, "port:ttyA1"),
    "storage": ("storage.lost", "storage.restored", {}, "storage:gw-a1"),
    "server": ("server.lost", "server.restored", {}, "server:gw-a1"),
    "gateway": ("gateway.lost", "gateway.heard", {"gateway": "gw-a1"}, "gateway:gw-a1"),
    "clock": ("clock.stepped", "clock.trusted", {}, "clock:gw-a1"),
    "band_silent": ("tag.gone", "tag.read", {"tag": BAND, "room": "corridor"}, f"stay:{STAY}"),
    "reader": ("reader.lost", "reader.restored", {"reader": "rd-corridor"}, "reader:rd-corridor"),
    "input_unknown": ("input.lost", "input.cleared", {"input": "smoke-1"}, "input:smoke-1"),
}

_SEEN_BY_NODES = ("recorder", "door", "band_silent", "reader", "input_unknown")


def supervision(rule: Rule) -> Iterator[Story]:
    source = rule.params["source"]
    if source.startswith("compartment_"):
        yield from story_items.compartment(rule)
        return
    if source == "door_held":
        for kind in rule.params["doors"]:
            yield _held_open(rule, kind)
        return
    if source in ("input", "point"):
        yield from (_told(rule, which) for which in rule.params["kinds" if source == "input" else "troubles"])
        return
    if source in _OF_TAGS:
        yield _OF_TAGS[source](rule)
        return
    t = Teller(rule)
    prologue(t)
    if source == "band_battery":
        yield _weak(rule)
        bound = int(rule.params["percent_below"])
        t.say(BREAK_US, "wristband.battery", band=BAND, percent=bound - 1)
        innocent = [*t.said[:-1], replace(t.said[-1], body={"band": BAND, "percent": bound})]
        endings = {"charged": ended(t, "wristband.battery", band=BAND, percent=bound)}
        yield made(t, BREAK_US, endings={**endings, **release(t)}, innocent=innocent)
        return
    wrong, right, body, subject = _SOURCES[source]
    t.say(BREAK_US, wrong, **body)
    story = made(t, BREAK_US, endings={"right": ended(t, right, **body)}, is_placed=source in _SEEN_BY_NODES)
    yield replace(story, subject=subject)


def _told(rule: Rule, which: str) -> Story:
    """An input of this kind goes active, or the first point of a node has this trouble."""
    t = Teller(rule)
    prologue(t)
    if rule.params["source"] == "input":
        body, subject = {"input": f"{which}-1"}, f"input:{which}-1"
        t.say(BREAK_US, "input.activated", **body)
        endings = {"clear": ended(t, "input.cleared", **body)}
    else:
        point = area().points[0]
        body, subject = (
            {"node": point.node, "point": point.point, "of": point.of, "trouble": which},
            f"point:{point.ref}",
        )
        t.say(BREAK_US, "point.troubled", **body)
        endings = {"over": ended(t, "point.cleared", **body)}
    return replace(made(t, BREAK_US, endings=endings, is_placed=True), subject=subject)


def _band_out(rule: Rule) -> Story:
    """The person leaves, and the band is not given back."""
    t = Teller(rule)
    prologue(t)
    t.admit(())
    t.say(BREAK_US, "stay.released", stay=STAY, reason="released")
    endings = {
        "given back": ended(t, "wristband.returned", band=BAND),
        "cleaned": ended(t, "wristband.cleaned", band=BAND),
        "lost for good": ended(t, "wristband.withdrawn", band=BAND),
    }
    return replace(made(t, BREAK_US, endings=endings), subject=f"band:{BAND}")


def _band_twice(rule: Rule) -> Story:
    """A reader sees the band while another, far from it, goes on seeing it."""
    t = Teller(rule)
    prologue(t)
    t.say(BREAK_US - MINUTE_US, "tag.read", tag=BAND, room="waiting-1", reader="rd-waiting-1")
    there = {"tag": BAND, "room": "interrogation-1", "reader": "rd-interrogation-1"}
    t.say(BREAK_US, "tag.read", **there)
    endings = {
        "gone there": ended(t, "tag.gone", **there),
        "gone here": ended(t, "tag.gone", tag=BAND, room="waiting-1", reader="rd-waiting-1"),
        "given back": ended(t, "wristband.returned", band=BAND),
        **release(t),
    }
    return made(t, BREAK_US, endings=endings, is_placed=True)


def _tag_unknown(rule: Rule) -> Story:
    """A tag that nobody bears lies in a room of the rule."""
    t = Teller(rule)
    prologue(t)
    t.say(BREAK_US, "tag.read", tag="x-1", room="corridor")
    endings = {
        "gone": ended(t, "tag.gone", tag="x-1", room="corridor"),
        "worn": ended(t, "wristband.bound", band="x-1", stay="s-2"),
        "a badge": ended(t, "officer.registered", officer="0777", badge="x-1", service="sworn", roles=[]),
        "at the desk": ended(t, "tag.read", tag="x-1", room="reception"),
    }
    return replace(made(t, BREAK_US, endings=endings, is_placed=True), subject="tag:x-1")


_OF_TAGS = {"band_out": _band_out, "band_twice": _band_twice, "tag_unknown": _tag_unknown}


def _weak(rule: Rule) -> Story:
    """A band that tells of its battery without a number."""
    t = Teller(rule)
    prologue(t)
    t.say(BREAK_US, "wristband.weakened", band=BAND)
    endings = {"another band": ended(t, "wristband.bound", band="B2"), **release(t)}
    return made(t, BREAK_US, endings=endings)


def _held_open(rule: Rule, kind: str) -> Story:
    door = next(d.id for d in area().doors.values() if d.kind == kind and d.controlled)
    t = Teller(rule)
    prologue(t)
    t.say(BREAK_US, "door.released", door=door)
    t.say(BREAK_US, "door.opened", door=door)
    story = made(t, BREAK_US, endings={"shut": ended(t, "door.closed", door=door)}, is_placed=True)
    return replace(story, subject=f"door:{door}")
