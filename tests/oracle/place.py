"""What an accepted fact changes: the person's place, measure and particulars, officers, nodes, recorders, inputs, points."""

from typing import Any

from tests.oracle.clocks import Clock, about_of, extension, grant
from tests.oracle.keeping import counts, move
from tests.oracle.limits import DISAGREES, SUMMONS, SUMMONS_GAP
from tests.oracle.state import BandLife, Officer, Stay, Step, Unit, World


def apply(world: World, fact_type: str, body: dict[str, Any], clocks: list[Clock]) -> list[Unit]:
    """Take the fact in; the units whose own rules have to be asked again."""
    if fact_type == "extension.approved":
        _, clock, tier = extension(world, body, clocks)
        about = about_of(world, body)
        if clock is not None and about is not None:
            grant(world, about, clock, tier)
    stay = world.stays.get(body["stay"]) if "stay" in body else None
    if "stay" in body and stay is None:
        stay = world.stays[body["stay"]] = Stay(body["stay"], world.time)
    is_step = counts(world, fact_type, body)
    moved_units = move(world, fact_type, body, clocks)
    named = world.record(fact_type, body) if is_step else world.named(fact_type, body)
    touched = [*named, *moved_units]
    change = CHANGES.get(fact_type)
    if change is not None:
        moved = change(world, stay, body)
        if moved is not None:
            touched = [*touched, *(moved if isinstance(moved, list) else [moved])]
    for unit in touched:
        if isinstance(unit, Stay):
            _settle(world, unit)
    return touched


def _settle(world: World, stay: Stay) -> None:
    """The built-in steps as they are known now (arrived, entered, the start of the first measure)."""
    told = [moment for moment in (stay.person_arrived, stay.certificate) if moment is not None]
    if told:
        _know(world, stay, "arrived", min(told))
    elif "registered" in stay.known:
        _know(world, stay, "arrived", stay.earliest_sign())
    if stay.entered is not None:
        _know(world, stay, "entered", stay.entered)
    if stay.first_measure is not None:
        start = stay.clock_start()
        if stay.measures[stay.first_measure].time != start:
            stay.measures[stay.first_measure] = Step(start, world.position, {})
    disagrees = (
        stay.certificate is not None
        and stay.entered is not None
        and stay.certificate - stay.entered > DISAGREES
    )
    if not disagrees:
        stay.disagree_since = None
    elif stay.disagree_since is None:
        stay.disagree_since = world.time


def _know(world: World, stay: Stay, name: str, time: int) -> None:
    if name not in stay.known or stay.known[name].time != time:
        stay.known[name] = Step(time, world.position, {})


def _enter(stay: Stay, time: int) -> None:
    stay.entered = time if stay.entered is None else min(stay.entered, time)
    if stay.phase == "arrived":
        stay.phase = "inside"


def _write_certificate(world: World, stay: Stay, time: int) -> None:
    stay.certificate = time if stay.certificate is None else min(stay.certificate, time)
    if "arrival_written" not in stay.known:
        stay.known["arrival_written"] = Step(world.time, world.position, {})


def _come_into_force(world: World, stay: Stay, measure: str, start: int) -> None:
    if stay.measure in SUMMONS and measure not in SUMMONS:
        stay.summons_over = world.time
        stay.gap_since = None
    if measure in SUMMONS and stay.measure not in SUMMONS:
        _find_gap(world, stay)
    stay.measure = measure
    stay.measure_position = world.position
    if measure not in stay.measures:  # one taken up again goes on from its first start
        stay.measures[measure] = Step(start, world.position, {})


def _find_gap(world: World, stay: Stay) -> None:
    """T3: the last summons of the same person in another stay ended less than 12 h ago."""
    if stay.person is None:
        return
    ends = [
        other.summons_over
        for other in world.stays.values()
        if other is not stay and other.person == stay.person and other.summons_over is not None
    ]
    if ends and world.time - max(ends) < SUMMONS_GAP:
        stay.gap_since = world.time


# ---- the facts, one by one ------------------------------------------------------------------------


def _arrived(world: World, stay: Stay, _body: dict[str, Any]) -> None:
    stay.person_arrived = world.time


def _entered(world: World, stay: Stay, _body: dict[str, Any]) -> None:
    _enter(stay, world.time)


def _registered(world: World, stay: Stay, body: dict[str, Any]) -> None:
    stay.known["registered"] = Step(world.time, world.position, body)
    stay.case = body["case"]
    stay.person = body.get("person")
    stay.sex = body.get("sex")
    stay.minor = body.get("minor")
    for flag in body.get("flags", ()):
        stay.flags[flag] = True
        if flag == "dependants":
            stay.dependants_since = world.time
    if "entered_at_us" in body:
        _enter(stay, body["entered_at_us"])
    if "arrived_at_us" in body:
        _write_certificate(world, stay, body["arrived_at_us"])
    stay.first_measure = body["measure"]
    _come_into_force(world, stay, body["measure"], stay.clock_start())


def _flagged(world: World, stay: Stay, body: dict[str, Any]) -> None:
    stay.flags[body["flag"]] = body["value"]
    if body["flag"] == "dependants" and body["value"]:
        stay.dependants_since = world.time


def _certificate(world: World, stay: Stay, body: dict[str, Any]) -> None:
    _write_certificate(world, stay, body["arrived_at_us"])


def _measure(world: World, stay: Stay, body: dict[str, Any]) -> None:
    _come_into_force(world, stay, body["measure"], world.time)


def _bound(world: World, stay: Stay, body: dict[str, Any]) -> list[Unit]:
    band, touched = body["band"], _named(world, body["band"])
    if stay.band is not None and stay.band != band:
        touched += _off(world, stay)
    if stay.band != band:
        world.band_lives[band] = BandLife("worn", world.time, world.position, stay.ref)
    stay.band = band
    world.bands[band] = stay
    stay.silent_since = world.time
    stay.cut_since = stay.left = None
    stay.seen_by = {}
    _enter(stay, world.time)
    if band in world.strays:  # it was seen before somebody wore it
        _read(world, None, {"tag": band, "room": world.strays.pop(band)[0]})
    return touched


def _named(world: World, tag: str) -> list[Unit]:
    return [world.unit("band", tag), world.unit("tag", tag)]


def _off(world: World, stay: Stay) -> list[Unit]:
    """The band is no longer on this person."""
    assert stay.band is not None
    band = stay.band
    stay.band = None
    del world.bands[band]
    world.band_lives[band] = BandLife("out", world.time, world.position, stay.ref)
    return [world.unit("band", band)]


def _band_back(world: World, _stay: None, body: dict[str, Any]) -> list[Unit]:
    band = body["band"]
    wearer, touched = world.bands.get(band), [world.unit("band", band)]
    if wearer is not None:
        _off(world, wearer)
        if wearer.silent_since is None and wearer.room is not None:
            wearer.silent_since = world.time
        wearer.cut_since = wearer.left = None
        wearer.seen_by = {}
        touched.append(wearer)
    last = world.band_lives[band].stay if band in world.band_lives else ""
    world.band_lives[band] = BandLife("returned", world.time, world.position, last, body["state"])
    return touched


def _band_cleaned(world: World, _stay: None, body: dict[str, Any]) -> Unit:
    world.band_lives.pop(body["band"], None)
    return world.unit("band", body["band"])


def _band_withdrawn(world: World, _stay: None, body: dict[str, Any]) -> Unit:
    last = world.band_lives.get(body["band"])
    stay, condition = (last.stay, last.condition) if last is not None else ("", "")
    world.band_lives[body["band"]] = BandLife("withdrawn", world.time, world.position, stay, condition)
    return world.unit("band", body["band"])


def _cut(world: World, _stay: None, body: dict[str, Any]) -> Stay | None:
    wearer = world.bands.get(body["band"])
    if wearer is not None and wearer.cut_since is None:
        wearer.cut_since = world.time
    return wearer


def _read(world: World, _stay: None, body: dict[str, Any]) -> Unit | None:
    wearer = world.bands.get(body["tag"])
    room = body["room"]
    if wearer is None:
        bearers = [officer for officer in world.officers.values() if officer.badge == body["tag"]]
        for officer in bearers:
            officer.room = room
        if bearers:
            return None
        if body["tag"] not in world.strays or world.strays[body["tag"]][0] != room:
            world.strays[body["tag"]] = (room, world.time)
        return world.unit("tag", body["tag"])
    before, now = world.kind(wearer.room), world.kind(room)
    if before is not None and before != now:
        wearer.add(f"left:{before}", world.time, world.position, body)
    if before != now:
        wearer.add(f"in:{now}", world.time, world.position, body)
    if wearer.room != room:
        wearer.room = room
        wearer.room_since = world.time
    wearer.silent_since = wearer.left = None
    reader = body.get("reader")
    if reader is not None and wearer.seen_by.get(reader, ("",))[0] != room:
        wearer.seen_by.pop(reader, None)
        wearer.seen_by[reader] = (room, world.time)
    if now != "outside":
        _enter(wearer, world.time)
    return wearer


def _gone(world: World, _stay: None, body: dict[str, Any]) -> Unit | None:
    wearer = world.bands.get(body["tag"])
    if wearer is not None:
        for reader, (room, _) in list(wearer.seen_by.items()):
            if room == body["room"] and body.get("reader") in (None, reader):
                del wearer.seen_by[reader]
        if wearer.room == body["room"] and wearer.silent_since is None:
            wearer.silent_since = world.time
            wearer.left = (body["room"], world.time)
        return wearer
    for officer in world.officers.values():
        if officer.badge == body["tag"] and officer.room == body["room"]:
            officer.room = None
    if world.strays.get(body["tag"], ("",))[0] == body["room"]:
        del world.strays[body["tag"]]
    return world.unit("tag", body["tag"])


def _phase(phase: str) -> Any:
    def change(_world: World, stay: Stay, _body: dict[str, Any]) -> None:
        stay.phase = phase

    return change


def _departed(_world: World, stay: Stay, _body: dict[str, Any]) -> None:
    stay.phase = "out"
    stay.room = stay.silent_since = stay.left = None
    stay.seen_by = {}


def _returned(world: World, stay: Stay, _body: dict[str, Any]) -> None:
    stay.phase = "inside"
    if stay.room is None and stay.band is not None:
        stay.silent_since = world.time


def _released(world: World, stay: Stay, _body: dict[str, Any]) -> list[Unit]:
    stay.phase = "ended"
    stay.ended = world.time
    if stay.measure in SUMMONS:
        stay.summons_over = world.time
    return _off(world, stay) if stay.band is not None else []


def _officer(world: World, _stay: None, body: dict[str, Any]) -> Unit:
    ref = body["officer"]
    badge = body.get("badge", ref)
    before = world.officers.get(ref)
    room = before.room if before is not None and before.badge == badge else None
    room = world.strays.pop(badge, (room, 0))[0]
    world.officers[ref] = Officer(ref, body["service"], tuple(body["roles"]), body.get("sex"), badge, room)
    return world.unit("tag", badge)


def _withdrawn(world: World, _stay: None, body: dict[str, Any]) -> None:
    del world.officers[body["officer"]]


def _node_lost(world: World, _stay: None, body: dict[str, Any]) -> None:
    world.nodes_heard.discard(body["node"])


def _node_restored(world: World, _stay: None, body: dict[str, Any]) -> None:
    world.nodes_heard.add(body["node"])


def _reader_lost(world: World, _stay: None, body: dict[str, Any]) -> None:
    world.readers_lost.add(body["reader"])


def _reader_restored(world: World, _stay: None, body: dict[str, Any]) -> None:
    world.readers_lost.discard(body["reader"])


def _activated(world: World, _stay: None, body: dict[str, Any]) -> Unit:
    world.active_since.setdefault(body["input"], world.time)
    world.unread.discard(body["input"])
    return world.unit("input", body["input"])


def _cleared(world: World, _stay: None, body: dict[str, Any]) -> Unit:
    world.active_since.pop(body["input"], None)
    world.unread.discard(body["input"])
    return world.unit("input", body["input"])


def _unread(world: World, _stay: None, body: dict[str, Any]) -> Unit:
    world.unread.add(body["input"])
    return world.unit("input", body["input"])


def _troubled(world: World, _stay: None, body: dict[str, Any]) -> Unit:
    point = f"{body['node']}.{body['point']}"
    world.troubles.setdefault(point, {}).setdefault(body["trouble"], world.time)
    return world.unit("point", point)


def _untroubled(world: World, _stay: None, body: dict[str, Any]) -> Unit:
    point = f"{body['node']}.{body['point']}"
    world.troubles.get(point, {}).pop(body["trouble"], None)
    return world.unit("point", point)


def _recorder(recording: bool | None) -> Any:
    def change(world: World, _stay: None, body: dict[str, Any]) -> None:
        if recording is None:
            world.recorders.pop(body["recorder"], None)
        else:
            world.recorders[body["recorder"]] = recording

    return change


CHANGES: dict[str, Any] = {
    "person.arrived": _arrived,
    "area.entered": _entered,
    "stay.registered": _registered,
    "person.flagged": _flagged,
    "certificate.written": _certificate,
    "certificate.corrected": _certificate,
    "measure.changed": _measure,
    "wristband.bound": _bound,
    "wristband.cut": _cut,
    "wristband.returned": _band_back,
    "wristband.cleaned": _band_cleaned,
    "wristband.withdrawn": _band_withdrawn,
    "tag.read": _read,
    "tag.gone": _gone,
    "interview.started": _phase("interviewing"),
    "interview.ended": _phase("inside"),
    "exit.departed": _departed,
    "exit.returned": _returned,
    "stay.released": _released,
    "officer.registered": _officer,
    "officer.withdrawn": _withdrawn,
    "node.lost": _node_lost,
    "node.restored": _node_restored,
    "reader.lost": _reader_lost,
    "reader.restored": _reader_restored,
    "input.activated": _activated,
    "input.cleared": _cleared,
    "input.lost": _unread,
    "point.troubled": _troubled,
    "point.cleared": _untroubled,
    "recorder.started": _recorder(recording=True),
    "recorder.stopped": _recorder(recording=False),
    "recorder.lost": _recorder(recording=None),
}
