"""How each fact changes the world, and when it is refused. One small function a fact type.

A refusal changes nothing. Facts about sensors are never refused: what a contact said is true
of the contact. Order of occurrence is the caller's business (engine).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from custody.area import Area
from custody.facts import Fact
from custody.world import DoorState, NodeState, Officer, RecorderState, SourceState, Stay, World


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a fact changed nothing: the rule that stands against it, expected and found."""

    rule: str
    subject: str
    reason: str
    expected: str
    found: str


Handler = Callable[[World, Area, Fact], Refused | None]


def apply_fact(world: World, area: Area, fact: Fact) -> Refused | None:
    """Change the world by one checked fact; give the refusal if it was refused."""
    return _unknown_place(area, fact) or _HANDLERS[fact.type](world, area, fact)


def _unknown_place(area: Area, fact: Fact) -> Refused | None:
    """A place the area does not have: taken, it would put a person where no rule looks."""
    places = {"room": area.rooms, "door": area.doors, "recorder": area.recorders, "node": area.nodes}
    for key, known in places.items():
        place = fact.body.get(key)
        if isinstance(place, str) and place not in known:
            return Refused("SYS", f"{key}:{place}", "unknown_place", f"a {key} of the area", place)
    return None


def _text(fact: Fact, key: str) -> str:
    return str(fact.body[key])


def _optional(fact: Fact, key: str) -> str | None:
    value = fact.body.get(key)
    return value if isinstance(value, str) else None


def _nothing(world: World, area: Area, fact: Fact) -> Refused | None:
    return None


# --- sources -------------------------------------------------------------------------------


def _config_loaded(world: World, area: Area, fact: Fact) -> Refused | None:
    """From here on every configured source is expected to speak; until it does it is unknown."""
    for node in area.nodes:
        if node not in world.nodes:
            world.nodes.put(node, NodeState(node, "unknown", fact.occurred_us, fact.index))
    for recorder in area.recorders:
        if recorder not in world.recorders:
            world.recorders.put(recorder, RecorderState(recorder, "unknown", fact.occurred_us, fact.index))
    for door in area.doors:
        if door not in world.doors:
            world.doors.put(door, DoorState(door, None, fact.occurred_us, fact.index))
    return None


def _node(state: str) -> Handler:
    def handle(world: World, area: Area, fact: Fact) -> Refused | None:
        node = _text(fact, "node")
        world.nodes.put(node, NodeState(node, state, fact.occurred_us, fact.index))
        return None

    return handle


def _recorder(state: str) -> Handler:
    def handle(world: World, area: Area, fact: Fact) -> Refused | None:
        recorder = _text(fact, "recorder")
        known = world.recorders.get(recorder)
        if known is None or known.state != state:
            world.recorders.put(recorder, RecorderState(recorder, state, fact.occurred_us, fact.index))
        return None

    return handle


def _source(kind: str, state: str, key: str | None = None) -> Handler:
    def handle(world: World, area: Area, fact: Fact) -> Refused | None:
        name = f"{kind}:{fact.body[key]}" if key else kind
        known = world.sources.get(name)
        if known is None or known.state != state:
            world.sources.put(name, SourceState(name, state, fact.occurred_us, fact.index))
        return None

    return handle


# --- doors ---------------------------------------------------------------------------------


def _door_moved(is_open: bool | None) -> Handler:
    def handle(world: World, area: Area, fact: Fact) -> Refused | None:
        door = world.doors.get(_text(fact, "door")) or DoorState(_text(fact, "door"))
        if door.is_open == is_open:
            return None
        moved = replace(door, is_open=is_open, since_us=fact.occurred_us, fact=fact.index)
        if is_open and door.opened_us is not None:  # still open after a time unseen
            moved = replace(moved, since_us=door.opened_us)
        elif is_open:
            moved = replace(moved, opened_us=fact.occurred_us, opening_release_us=door.released_us)
        elif is_open is False:
            moved = replace(moved, opened_us=None)
        world.doors.put(door.id, moved)
        return None

    return handle


def _door_released(world: World, area: Area, fact: Fact) -> Refused | None:
    door = world.doors.get(_text(fact, "door")) or DoorState(_text(fact, "door"))
    world.doors.put(door.id, replace(door, released_us=fact.occurred_us))
    return None


# --- tags ----------------------------------------------------------------------------------


def _tag_read(world: World, area: Area, fact: Fact) -> Refused | None:
    tag, room = _text(fact, "tag"), _text(fact, "room")
    _move(world, area, fact, tag, room)
    return None


def _move(world: World, area: Area, fact: Fact, tag: str, room: str) -> None:
    """The bearer of a tag is in this room; a tag nobody bears is remembered as a stray."""
    bearer = world.tags.get(tag)
    if bearer is None:
        world.strays.put(tag, room)
        return
    kind, _, ref = bearer.partition(":")
    if kind == "officer":
        officer = world.officers.get(ref)
        if officer is not None and officer.room != room:
            world.officers.put(ref, _moved(officer, room, fact))
        return
    stay = world.stays.get(ref)
    if stay is None or not stay.is_open:
        return
    moved = replace(stay, read_us=fact.occurred_us, silent_us=None)
    if stay.room != room:
        moved = replace(moved, room=room, room_us=fact.occurred_us, room_fact=fact.index)
    if stay.entered_us is None and _is_inside(area, room):
        moved = replace(moved, entered_us=fact.occurred_us, entered_fact=fact.index)
    world.stays.put(ref, moved)


def _moved(officer: Officer, room: str | None, fact: Fact) -> Officer:
    """The officer's badge is in another room, or in none."""
    return replace(
        officer,
        room=room,
        room_us=fact.occurred_us,
        room_fact=fact.index,
        left_room=officer.room if officer.room is not None else officer.left_room,
    )


def _is_inside(area: Area, room: str) -> bool:
    known = area.rooms.get(room)
    return known is None or known.kind != "outside"


def _tag_gone(world: World, area: Area, fact: Fact) -> Refused | None:
    tag, room = _text(fact, "tag"), _text(fact, "room")
    bearer = world.tags.get(tag)
    if bearer is None:
        if world.strays.get(tag) == room:
            world.strays.drop(tag)
        return None
    kind, _, ref = bearer.partition(":")
    officer = world.officers.get(ref) if kind == "officer" else None
    if officer is not None and officer.room == room:
        world.officers.put(ref, _moved(officer, None, fact))
    stay = world.stays.get(ref) if kind == "stay" else None
    if stay is not None and stay.room == room and stay.silent_us is None:
        world.stays.put(ref, replace(stay, silent_us=fact.occurred_us, silent_fact=fact.index))
    return None


def _bearer_stay(world: World, band: str) -> Stay | None:
    kind, _, ref = (world.tags.get(band) or "").partition(":")
    return world.stays.get(ref) if kind == "stay" else None


def _band_cut(world: World, area: Area, fact: Fact) -> Refused | None:
    stay = _bearer_stay(world, _text(fact, "band"))
    if stay is not None and stay.is_open and stay.band_cut_fact is None:
        world.stays.put(stay.ref, replace(stay, band_cut_fact=fact.index))
    return None


def _band_battery(world: World, area: Area, fact: Fact) -> Refused | None:
    stay = _bearer_stay(world, _text(fact, "band"))
    percent = fact.body["percent"]
    if stay is not None and stay.is_open and isinstance(percent, int):
        world.stays.put(stay.ref, replace(stay, band_battery_pct=percent, battery_fact=fact.index))
    return None


# --- people --------------------------------------------------------------------------------


def _officer_registered(world: World, area: Area, fact: Fact) -> Refused | None:
    ref = _text(fact, "officer")
    badge = _optional(fact, "badge") or ref
    bearer = world.tags.get(badge)
    if bearer is not None and bearer != f"officer:{ref}":
        return Refused("SYS", f"officer:{ref}", "badge_in_use", "a badge nobody bears", bearer)
    old = world.officers.get(ref)
    if old is not None and old.badge != badge:
        world.tags.drop(old.badge)
        old = None
    roles = fact.body["roles"]
    world.officers.put(
        ref,
        Officer(
            ref=ref,
            service=_text(fact, "service"),
            roles=tuple(roles) if isinstance(roles, list) else (),
            sex=_optional(fact, "sex"),
            badge=badge,
            fact=fact.index,
            room=old.room if old else None,
            room_us=old.room_us if old else None,
            room_fact=old.room_fact if old else -1,
        ),
    )
    world.tags.put(badge, f"officer:{ref}")
    _settle_stray(world, area, fact, badge)
    return None


def _settle_stray(world: World, area: Area, fact: Fact, tag: str) -> None:
    """A tag that was already seen somewhere gets its bearer: the bearer is there."""
    room = world.strays.get(tag)
    if room is not None:
        world.strays.drop(tag)
        _move(world, area, fact, tag, room)


def _officer_withdrawn(world: World, area: Area, fact: Fact) -> Refused | None:
    officer = world.officers.get(_text(fact, "officer"))
    if officer is None:
        ref = _text(fact, "officer")
        return Refused("SYS", f"officer:{ref}", "unknown_officer", "a registered officer", ref)
    world.officers.drop(officer.ref)
    world.tags.drop(officer.badge)
    return None


# --- the stay ------------------------------------------------------------------------------


def _stay(world: World, fact: Fact, rule: str) -> Stay | Refused:
    """The open stay a fact names; a new one when the reference was never seen."""
    ref = _text(fact, "stay")
    stay = world.stays.get(ref)
    if stay is None and ref not in world.ended:
        return Stay(ref=ref, opened_us=fact.occurred_us, opened_fact=fact.index)
    if stay is None or not stay.is_open:
        return Refused(rule, f"stay:{ref}", "stay_ended", "a stay that has not ended", ref)
    return stay


def _known_stay(world: World, fact: Fact, rule: str) -> Stay | Refused:
    """The open stay a fact names, which must have been opened before."""
    ref = _text(fact, "stay")
    if world.stays.get(ref) is None and ref not in world.ended:
        return Refused(rule, f"stay:{ref}", "unknown_stay", "a stay opened before", ref)
    return _stay(world, fact, rule)


def _person_arrived(world: World, area: Area, fact: Fact) -> Refused | None:
    stay = _stay(world, fact, "M1")
    if isinstance(stay, Refused):
        return stay
    if stay.arrived_us is not None:
        return Refused("M1", f"stay:{stay.ref}", "already_arrived", "one arrival a stay", stay.ref)
    world.stays.put(stay.ref, replace(stay, arrived_us=fact.occurred_us, arrived_fact=fact.index))
    return None


def _area_entered(world: World, area: Area, fact: Fact) -> Refused | None:
    stay = _stay(world, fact, "M1")
    if isinstance(stay, Refused):
        return stay
    if stay.entered_us is None:
        world.stays.put(stay.ref, replace(stay, entered_us=fact.occurred_us, entered_fact=fact.index))
    return None


def _stay_registered(world: World, area: Area, fact: Fact) -> Refused | None:
    stay = _stay(world, fact, "M5")
    if isinstance(stay, Refused):
        return stay
    subject = f"stay:{stay.ref}"
    if stay.registered_us is not None:
        return Refused("M5", subject, "already_registered", "one register row a stay", stay.ref)
    for key in ("arrived_at_us", "entered_at_us"):
        value = fact.body.get(key)
        if isinstance(value, int) and value > fact.occurred_us:
            return Refused("M5", subject, "in_the_future", f"{key} not after the entry", f"{value}")
    arrived, entered = fact.body.get("arrived_at_us"), fact.body.get("entered_at_us")
    certificate_us = arrived if isinstance(arrived, int) else None
    if stay.entered_us is None and isinstance(entered, int):
        stay = replace(stay, entered_us=entered, entered_fact=fact.index)
    minor = fact.body.get("minor")
    world.stays.put(
        stay.ref,
        replace(
            stay,
            registered_us=fact.occurred_us,
            registered_fact=fact.index,
            certificate_us=certificate_us,
            measure=_text(fact, "measure"),
            measure_us=_clock_start(stay, certificate_us),
            measure_fact=fact.index,
            case=_text(fact, "case"),
            sex=_optional(fact, "sex"),
            minor=minor if isinstance(minor, bool) else None,
        ),
    )
    return None


def _clock_start(stay: Stay, certificate_us: int | None) -> int:
    """到案时间: by the certificate, else the earliest sign that the person was there."""
    if certificate_us is not None:
        return certificate_us
    known = [stay.opened_us, stay.arrived_us, stay.entered_us]
    return min(value for value in known if value is not None)


def _measure_changed(world: World, area: Area, fact: Fact) -> Refused | None:
    stay = _known_stay(world, fact, "M5")
    if isinstance(stay, Refused):
        return stay
    if stay.registered_us is None:
        return Refused("M5", f"stay:{stay.ref}", "not_registered", "a registered stay", "no register row")
    measure = _text(fact, "measure")
    if measure == stay.measure:
        return Refused("M5", f"stay:{stay.ref}", "same_measure", f"another measure than {measure}", measure)
    # A measure that was in force before goes on from its first start: nobody gets a second clock.
    past = dict(stay.past_measures)
    if stay.measure is not None and stay.measure_us is not None:
        past.setdefault(stay.measure, (stay.measure_us, stay.measure_fact))
    start_us, start_fact = past.get(measure, (fact.occurred_us, fact.index))
    world.stays.put(
        stay.ref,
        replace(
            stay,
            measure=measure,
            measure_us=start_us,
            measure_fact=start_fact,
            past_measures=tuple(past.items()),
        ),
    )
    return None


def _band_bound(world: World, area: Area, fact: Fact) -> Refused | None:
    band = _text(fact, "band")
    stay = _stay(world, fact, "WB")
    if isinstance(stay, Refused):
        return stay
    bearer = world.tags.get(band)
    if bearer is not None and bearer != f"stay:{stay.ref}":
        return Refused("WB", f"stay:{stay.ref}", "band_in_use", "a band nobody wears", bearer)
    if stay.band is not None:
        world.tags.drop(stay.band)
    world.stays.put(
        stay.ref,
        replace(
            stay,
            band=band,
            band_fact=fact.index,
            band_cut_fact=None,
            band_battery_pct=None,
            silent_us=fact.occurred_us,  # until a reader has seen it, nobody knows where it is
            silent_fact=fact.index,
            entered_us=stay.entered_us if stay.entered_us is not None else fact.occurred_us,
            entered_fact=stay.entered_fact if stay.entered_us is not None else fact.index,
        ),
    )
    world.tags.put(band, f"stay:{stay.ref}")
    _settle_stray(world, area, fact, band)
    return None


def _search_signed(world: World, area: Area, fact: Fact) -> Refused | None:
    stay = _known_stay(world, fact, "M2a")
    if isinstance(stay, Refused):
        return stay
    officers = fact.body["officers"]
    signers = officers if isinstance(officers, list) else []
    unknown = [ref for ref in signers if ref not in world.officers]
    if not signers or unknown:
        found = ", ".join(unknown) or "nobody"
        return Refused("M2a", f"stay:{stay.ref}", "unknown_officer", "registered officers who sign", found)
    known = [world.officers.get(ref) for ref in signers]
    if not any(officer is not None and officer.service == "sworn" for officer in known):
        return Refused(
            "M2a", f"stay:{stay.ref}", "no_police", "at least one sworn officer", ", ".join(signers)
        )
    if stay.searched_us is None:
        world.stays.put(stay.ref, replace(stay, searched_us=fact.occurred_us, search_fact=fact.index))
    return None


def _stay_released(world: World, area: Area, fact: Fact) -> Refused | None:
    stay = _known_stay(world, fact, "M5")
    if isinstance(stay, Refused):
        return stay
    if stay.band is not None:
        world.tags.drop(stay.band)
    world.stays.put(
        stay.ref,
        replace(
            stay,
            released_us=fact.occurred_us,
            released_fact=fact.index,
            release_reason=_text(fact, "reason"),
        ),
    )
    return None


_HANDLERS: Final[dict[str, Handler]] = {
    "gateway.booted": _nothing,
    "config.loaded": _config_loaded,
    "clock.stepped": _source("clock", "doubtful"),
    "clock.doubted": _source("clock", "doubtful"),
    "clock.trusted": _source("clock", "ok"),
    "server.lost": _source("server", "doubtful"),
    "server.restored": _source("server", "ok"),
    "gateway.lost": _source("gateway", "doubtful", "gateway"),
    "gateway.heard": _source("gateway", "ok", "gateway"),
    "port.lost": _source("port", "doubtful", "port"),
    "port.restored": _source("port", "ok", "port"),
    "node.booted": _nothing,
    "node.lost": _node("lost"),
    "node.restored": _node("ok"),
    "node.gap": _nothing,
    "output.commanded": _nothing,
    "output.confirmed": _nothing,
    "door.opened": _door_moved(is_open=True),
    "door.closed": _door_moved(is_open=False),
    "door.unknown": _door_moved(is_open=None),
    "door.released": _door_released,
    "door.exit_requested": _door_released,
    "tag.read": _tag_read,
    "tag.gone": _tag_gone,
    "wristband.cut": _band_cut,
    "wristband.battery": _band_battery,
    "recorder.started": _recorder("recording"),
    "recorder.stopped": _recorder("stopped"),
    "recorder.lost": _recorder("unknown"),
    "officer.registered": _officer_registered,
    "officer.withdrawn": _officer_withdrawn,
    "person.arrived": _person_arrived,
    "area.entered": _area_entered,
    "stay.registered": _stay_registered,
    "measure.changed": _measure_changed,
    "wristband.bound": _band_bound,
    "search.signed": _search_signed,
    "stay.released": _stay_released,
}
