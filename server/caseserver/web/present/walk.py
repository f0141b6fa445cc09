"""The walk test: each point of an area as the verified log tells it, and who tried it. Where the log does not say, neither
does the page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from caseserver.web.present.state import AreaPicture
from caseserver.web.present.words import Words
from caseserver.web.reader import Reader
from caseserver.web.views_walk import WalkHead, WalkPage, WalkPoint, WalkRoom, WalkState, WalkTick
from custody.apply.points import EVENT_KINDS, NOT_SEEN
from custody.area import Area, Point
from custody.cabinets import COMPARTMENT_POINTS
from custody.vocabulary import INPUTS, SIGHTS, TROUBLES, WALKS
from custody.world import Walked, World

SEEN_WITHIN_US: Final = 5 * 60 * 1_000_000
"""A change counts as seen for a test that is ticked so long after it at most."""
WALK_GAP_US: Final = 7 * 86_400 * 1_000_000
"""Tests further apart than this belong to two walks."""
NOTHING: Final = "nothing"


def sight_of(world: World, point: Point, now_us: int) -> tuple[str, int | None]:
    """What the system saw of a point in the last minutes, and when; NOTHING where it saw nothing."""
    told = world.told.get(f"{point.kind}:{point.of}")
    if told is None or told.moved is None or now_us - told.moved_us > SEEN_WITHIN_US:
        return NOTHING, None
    return told.moved, told.moved_us


def walk_page(states: Sequence[AreaPicture], chosen: AreaPicture, reader: Reader) -> WalkPage:
    """Rooms in the order of area.toml, what serves the whole area first."""
    words = Words(chosen.area, chosen.world, reader)
    from_us, to_us = walk_span(chosen)
    alike = Counter((point.kind, point.of) for point in chosen.area.points)
    grouped: dict[str | None, list[WalkPoint]] = {room: [] for room in (None, *chosen.area.rooms)}
    for point in chosen.area.points:
        is_shared = alike[point.kind, point.of] > 1
        grouped[_room_of(point, chosen.area)].append(_point(point, chosen, words, from_us, is_shared))
    rooms = tuple(
        WalkRoom(room or "", words.room(room) if room else reader.t("walk.whole_area"), tuple(points))
        for room, points in grouped.items()
        if points
    )
    areas = tuple(
        (Words(s.area, s.world, reader).name(s.area.name), f"/areas/{s.area.id}/walk", s is chosen)
        for s in states
    )
    head = _head(chosen, rooms, from_us, to_us, reader)
    return WalkPage(chosen.area.id, words.name(chosen.area.name), areas, head, rooms)


def _room_of(point: Point, area: Area) -> str | None:
    """The room in which a point is tried: of a door that leads out, the one inside."""
    room = area.room_of_point(point)
    if room is not None and area.rooms[room].kind == "outside" and point.of in area.doors:
        return next((r for r in area.doors[point.of].between if area.rooms[r].kind != "outside"), room)
    return room


def walk_span(state: AreaPicture) -> tuple[int | None, int | None]:
    """First and last test of the newest walk; of a point tried twice the newer test counts."""
    times = sorted((found.at_us for p in state.area.points if (found := _walked(p, state))), reverse=True)
    if not times:
        return None, None
    first_us = times[0]
    for at_us in times:
        if first_us - at_us > WALK_GAP_US:
            break
        first_us = at_us
    return first_us, times[0]


def _walked(point: Point, state: AreaPicture) -> Walked | None:
    """The newest test of a point, unless it belonged to something else then."""
    found = state.world.walks.get(point.ref)
    return found if found is not None and found.of == point.of else None


def _head(
    state: AreaPicture, rooms: tuple[WalkRoom, ...], from_us: int | None, to_us: int | None, reader: Reader
) -> WalkHead:
    points = [point for room in rooms for point in room.points]
    ticks = [p.now.tick for p in points if p.now.tick is not None and not p.now.tick.is_old]
    open_refs = [p.ref for p in points if p.now.tick is None or p.now.tick.is_old]
    return WalkHead(
        done=len(ticks),
        total=len(points),
        failed=sum(tick.result == "failed" for tick in ticks),
        absent=sum(tick.result == "absent" for tick in ticks),
        unseen=sum(tick.result == "passed" and not tick.sight for tick in ticks),
        next_ref=open_refs[0] if open_refs else "",
        from_us=from_us,
        to_us=to_us,
        is_over=to_us is not None and reader.now_us - to_us > WALK_GAP_US,
        silent_us=(state.health.heard_us or 0) if state.health.is_stale else None,
    )


def _point(point: Point, state: AreaPicture, words: Words, from_us: int | None, is_shared: bool) -> WalkPoint:
    reader, kind = words.reader, point.kind
    if kind == "input":
        kind = state.area.inputs[point.of].kind
        name = reader.code(INPUTS, kind)
    else:
        kind = state.area.outputs[point.of].kind if kind == "output" else kind
        name = reader.of("walk_kind", kind)
    others = [p.ref for p in state.area.points if p != point and (p.kind, p.of) == (point.kind, point.of)]
    return WalkPoint(
        ref=point.ref,
        name=name[:1].upper() + name[1:],
        kind=kind,
        of=_owner(point, words),
        todo=reader.of("walk_do", kind),
        shared=reader.t("walk.shared", others=reader.t("page.list").join(others)) if is_shared else "",
        now=_state(point, state, words, from_us),
    )


def _owner(point: Point, words: Words) -> str:
    if point.kind == "recorder_contact":
        return words.recorder(point.of)
    if point.kind == "input":
        return words.input(point.of)
    return (
        point.of if point.kind in ("reader", "output", "panel", *COMPARTMENT_POINTS) else words.door(point.of)
    )


def _state(point: Point, state: AreaPicture, words: Words, from_us: int | None) -> WalkState:
    reader, world = words.reader, state.world
    told = world.told.get(f"{point.kind}:{point.of}")
    said, since_us, is_blind = _stands(point, state, reader)
    event = reader.code(SIGHTS, told.moved) if told is not None and told.moved is not None else ""
    event_us = told.moved_us if told is not None else 0
    troubles = [reader.code(TROUBLES, t.trouble) for t in world.troubles.values() if t.point == point.ref]
    return WalkState(
        state=said,
        since_us=since_us,
        is_blind=is_blind,
        event=event,
        event_us=event_us,
        is_fresh=sight_of(world, point, reader.now_us)[0] != NOTHING,
        troubles=tuple(troubles),
        tick=_tick(_walked(point, state), from_us, reader),
    )


def _stands(point: Point, state: AreaPicture, reader: Reader) -> tuple[str, int | None, bool]:
    """(in words, since when, whether it is unknown). What carries a point decides before what it last told."""
    node = state.world.nodes.get(point.node)
    lost = state.world.readers.get(point.of) if point.kind == "reader" else None
    told = state.world.told.get(f"{point.kind}:{point.of}")
    if state.health.is_stale:
        return reader.t("walk.gateway_silent"), state.health.heard_us, True
    if node is None or node.state == "unknown":
        return reader.t("walk.node_unheard", node=point.node), None, True
    if node.state != "ok":
        return reader.t("walk.node_silent", node=point.node), node.since_us, True
    if lost is not None and lost.state != "ok":
        return reader.t("walk.reader_lost"), lost.since_us, True
    if point.kind in EVENT_KINDS:
        return reader.of("walk_event", point.kind), None, False
    if told is None:
        return reader.t("walk.untold"), None, True
    if told.state in NOT_SEEN:
        return reader.t("walk.unreadable"), told.since_us, True
    return reader.code(SIGHTS, told.state), told.since_us, False


def _tick(walked: Walked | None, from_us: int | None, reader: Reader) -> WalkTick | None:
    if walked is None:
        return None
    return WalkTick(
        result=walked.result,
        word=reader.code(WALKS, walked.result),
        at_us=walked.at_us,
        officer=walked.officer,
        sight="" if walked.seen == NOTHING else reader.code(SIGHTS, walked.seen),
        sight_us=walked.seen_us,
        note=walked.note,
        is_old=from_us is not None and walked.at_us < from_us,
    )
