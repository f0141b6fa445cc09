"""The wall: rows of people, the plan, alarm cards, health strip."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from caseserver.alarms import Alarm
from caseserver.web.present.state import AreaPicture
from caseserver.web.present.words import Words, mark_of, seal_of, sound_of
from caseserver.web.reader import Reader
from caseserver.web.views import (
    AlarmCard,
    AlarmList,
    AlarmState,
    AlarmsView,
    AreaPlan,
    Count,
    HealthStrip,
    LastAlarm,
    LimitBar,
    Mark,
    Must,
    Note,
    PeopleView,
    PersonRow,
    Pill,
    PlanDoor,
    Presence,
    RoomTile,
    Source,
    StayList,
    Stem,
    TopView,
    WallView,
)
from custody.area import Room
from custody.engine import Duty
from custody.view import View
from custody.world import Stay

CARDS_MAX = 7
"""Alarms shown at once; the rest is counted, so that a flood never hides the first."""
HOUR_US = 3_600_000_000
_STATE: dict[str, AlarmState] = {
    "unacknowledged": "new",
    "taken": "taken",
    "acknowledged": "acknowledged",
    "rectified": "fixed",
    "closed": "closed",
}
_URGENCY = {"act": 0, "blind": 1, "soon": 2, "know": 3}


def wall(states: Sequence[AreaPicture], reader: Reader, only: str | None = None) -> WallView:
    """The wall of the areas in ``states``; with ``only``, people and plan of one area, alarms always of all."""
    shown = [state for state in states if only in (None, state.area.id)] or list(states)
    rows = sorted((row for state in shown for row in people(state, reader)), key=lambda item: item[0])
    stems = tuple(
        sorted((s for state in shown for s in _stems(state, reader)), key=lambda s: (s.at_us, s.stay))
    )
    cards = alarm_cards(states, reader, is_folded=True)
    closed = [(alarm, state) for state in states for alarm in state.closed]
    reading = next((state.health.reading for state in shown if state.health.reading), None)
    health = _health(states, reader)
    return WallView(
        top=_top(states, reader, only, len(rows), cards, stems),
        people=PeopleView(tuple(row for _, row in rows), stems, reading),
        plan=tuple(area_plan(state, reader) for state in shown),
        alarms=AlarmsView(
            cards[:CARDS_MAX], len(cards[CARDS_MAX:]), len(health.sources), _last(closed, reader)
        ),
        health=health,
    )


def _top(
    states: Sequence[AreaPicture], reader: Reader, only: str | None, held: int,
    cards: tuple[AlarmCard, ...], stems: tuple[Stem, ...],
) -> TopView:  # fmt: skip
    areas = [
        (Words(s.area, s.world, reader).name(s.area.name), f"/?area={s.area.id}", only == s.area.id)
        for s in states
    ]
    first = states[0]
    station = Words(first.area, first.world, reader).name(first.area.station)
    untaken = sum(card.state == "new" and card.mark.level in ("act", "blind") for card in cards)
    return TopView(station, tuple(areas), held, untaken, len(stems))


# ---------------------------------------------------------------- people


def people(state: AreaPicture, reader: Reader) -> list[tuple[tuple[object, ...], PersonRow]]:
    """Rows with their sort key: red first, then not seen, then by the time left to the next duty."""
    view = View(state.world, state.area, state.rulebook)
    return [_row(state, view, stay, reader) for stay in state.world.open_stays()]


def _row(state: AreaPicture, view: View, stay: Stay, reader: Reader) -> tuple[tuple[object, ...], PersonRow]:
    words = Words(state.area, state.world, reader)
    worst = next(iter(sorted(_alarms_of(state, stay), key=_alarm_order)), None)
    is_blind = state.health.is_stale or _is_blind(view, stay.room)
    duties = [duty for duty in state.duties if duty.stay == stay.ref]
    clock = _legal_clock(duties)
    mark = mark_of(worst) if worst is not None else Mark("blind", "query") if is_blind else None
    duty, seal, count = _next(state, duties, worst, words, reader)
    row = PersonRow(
        stay=words.stay(stay.ref),
        href=f"/stays/{state.area.id}/{stay.ref}",
        room=words.room(stay.room)
        if stay.room is not None
        else reader.t("wall.unknown_room" if stay.is_inside else "wall.at_gate"),
        musts=musts(state, view, stay),
        duty=duty,
        seal=seal,
        count=count,
        basis=words.measure_short(stay.measure)
        + (f" {words.limit(str(clock.params['limit']))}" if clock else ""),
        bar=_bar(state, clock, reader) if clock else None,
        mark=mark,
        untaken=worst is not None and worst.state == "unacknowledged",
        paused="" if clock else reader.t("wall.no_clock"),
    )
    level = mark.level if mark else "none"
    due_us = count.at_us if count and count.kind == "left" else 0
    rank = (0 if row.untaken else 1) if level == "act" else 2 if level == "blind" else 3
    return (rank, due_us if count else 2**62, stay.ref), row


def _alarms_of(state: AreaPicture, stay: Stay) -> list[Alarm]:
    """Alarms that stand and speak of this person, of the room the person is in, or of a node without which it is not seen."""
    own = [a for a in state.alarms if a.is_active and a.stay == stay.ref]
    near = [
        a
        for a in state.alarms
        if a.is_active and a.stay is None and stay.room is not None and a.subject == f"room:{stay.room}"
    ]
    blind = [
        a
        for a in state.alarms
        if a.is_active and stay.room is not None and stay.room in _unseen_rooms(state, a)
    ]
    return own + near + blind


def _unseen_rooms(state: AreaPicture, alarm: Alarm) -> frozenset[str]:
    """Rooms in which nobody can be seen because of this alarm: those of a lost node's readers."""
    kind, _, node = alarm.subject.partition(":")
    if alarm.rule != "SYS" or kind != "node":
        return frozenset()
    readers = {r.id: r.room for r in state.area.readers.values()}
    return frozenset(readers[p.of] for p in state.area.points if p.node == node and p.kind == "reader")


def _alarm_order(alarm: Alarm) -> tuple[int, int, int]:
    return (_URGENCY[mark_of(alarm).level], alarm.state != "unacknowledged", alarm.raised_us)


def _legal_clock(duties: Iterable[Duty]) -> Duty | None:
    """The clock of the law that ends first, even when it has ended."""
    clocks = [duty for duty in duties if duty.family == "clock" and "limit_us" in duty.params]
    return min(clocks, key=lambda duty: duty.due_us, default=None)


def _next(
    state: AreaPicture, duties: list[Duty], worst: Alarm | None, words: Words, reader: Reader
) -> tuple[str, str, Count | None]:  # type: ignore[return]
    """What to do next, by whose number, and how long: an alarm that stands goes before every duty."""
    if worst is not None and not worst.is_prewarning:
        return (
            words.clauses(words.text(worst, "do"))[0],
            seal_of(worst.basis),
            _count(state, "gone", _begin(worst)),
        )
    if worst is not None:
        return (
            words.text(worst, "soon" if worst.family == "clock" else "do"),
            seal_of(worst.basis),
            _count(state, "left", worst.due_us),
        )
    coming = [duty for duty in duties if duty.due_us > reader.now_us]
    if not coming:
        return reader.t("wall.no_duty"), "", None
    first = min(coming, key=lambda duty: duty.due_us)
    if first.family == "clock" and "limit" in first.params:
        said = reader.t("wall.limit_ends", limit=words.limit(str(first.params["limit"])))
    else:
        said = words.clauses(
            (first.text.get(reader.language) or first.text.get("zh") or {}).get("do", first.rule)
        )[0]
    return said.strip(), seal_of(first.basis), _count(state, "left", first.due_us)


def _count(state: AreaPicture, kind: Literal["left", "gone"], at_us: int) -> Count:
    return Count(kind, at_us, until_us=state.still_us, frozen=state.is_frozen)


def _begin(alarm: Alarm) -> int:
    """Since when it is wrong: a clock is wrong from its limit on, everything else from its cause."""
    return alarm.due_us if alarm.family == "clock" else alarm.since_us


def _bar(state: AreaPicture, clock: Duty, reader: Reader) -> LimitBar:
    rules = [r for r in state.rulebook.clock_rules(clock.rule) if r.variant == clock.variant]
    limit_us = int(clock.params["limit_us"])
    tiers = [tier for rule in rules for tier in rule.tiers if tier.limit_us == limit_us]
    before = max((us for tier in tiers for us in tier.prewarnings_us), default=None)
    warn_us = clock.due_us - before if before is not None else None
    level = (
        "act"
        if reader.now_us >= clock.due_us
        else "soon"
        if warn_us is not None and reader.now_us >= warn_us
        else ""
    )
    return LimitBar(clock.since_us, clock.due_us, warn_us, level, state.is_frozen)  # type: ignore[arg-type]


def musts(state: AreaPicture, view: View, stay: Stay) -> tuple[Must, Must, Must, Must]:
    """The four musts now: straight in, searched first, guarded, recorded."""
    broken = {alarm.rule for alarm in _alarms_of(state, stay) if not alarm.is_prewarning}
    brought: Must = "bad" if "M1" in broken else "ok" if stay.entered_us is not None else "todo"
    searched: Must = "ok" if stay.searched_us is not None else "bad" if "M2a" in broken else "todo"
    guarded: Must = "bad" if "M3" in broken else "todo"
    recorded: Must = "bad" if broken & {"M4", "R3"} else "todo"
    if stay.room is not None and view.room_kind(stay.room) != "outside":
        if guarded != "bad":
            guarded = "blind" if state.health.is_stale or _is_blind(view, stay.room) else "ok"
        if recorded != "bad" and state.health.is_stale:
            recorded = "blind"
        elif recorded != "bad":
            recorded = {"recording": "ok", "stopped": "bad", "unknown": "blind", "none": "todo"}[
                view.recording(stay.room)
            ]  # type: ignore[assignment]
    return brought, searched, guarded, recorded


def _is_blind(view: View, room: str | None) -> bool:
    return room is not None and view.presence_is_blind((room,))


def _stems(state: AreaPicture, reader: Reader) -> Iterable[Stem]:
    words = Words(state.area, state.world, reader)
    for duty in state.duties:
        if duty.stay is not None and 0 < duty.due_us - reader.now_us <= HOUR_US:
            warned = any(
                a.is_active and a.is_prewarning and a.stay == duty.stay and a.rule == duty.rule
                for a in state.alarms
            )
            yield Stem(words.stay(duty.stay), duty.due_us, "soon" if warned else "")


# ---------------------------------------------------------------- plan


def area_plan(state: AreaPicture, reader: Reader) -> AreaPlan:
    words = Words(state.area, state.world, reader)
    view = View(state.world, state.area, state.rulebook)
    rooms = [room for room in state.area.rooms.values() if room.kind != "outside"]
    places = _places(rooms)
    order = {room.id: index for index, room in enumerate(rooms)}
    doors = []
    for door in state.area.doors.values():
        ends = [order[room] for room in door.between if room in order]
        if ends:
            known = state.world.doors.get(door.id)
            shut = {True: "open", False: "shut", None: "blind"}[known.is_open if known else None]
            level = (
                "act"
                if any(
                    a.is_active and a.subject == f"door:{door.id}" and not a.is_prewarning
                    for a in state.alarms
                )
                else ""
            )
            doors.append(
                PlanDoor(words.door(door.id), (ends[0], ends[1] if len(ends) > 1 else None), shut, level)
            )  # type: ignore[arg-type]
    tiles = tuple(_tile(state, view, room, places[room.id], words, reader) for room in rooms)
    return AreaPlan(words.name(state.area.name), tiles, tuple(doors))


def _places(rooms: list[Room]) -> dict[str, tuple[int, int, int, int]]:
    """Geometry of area.toml; rooms without one stand in two columns below the others."""
    placed = {room.id: room.plan for room in rooms if room.plan is not None}
    below = max((y + height for _, y, _, height in placed.values()), default=0)
    for number, room in enumerate(room for room in rooms if room.plan is None):
        placed[room.id] = (50 * (number % 2), below + 16 * (number // 2), 50, 16)
    return placed


def _tile(
    state: AreaPicture, view: View, room: Room, place: tuple[int, int, int, int], words: Words, reader: Reader
) -> RoomTile:
    held = view.held_in(room.id)
    levels = {stay.ref: _pill_level(state, stay) for stay in held}
    is_blind = state.health.is_stale or _is_blind(view, room.id)
    own = [
        a
        for a in state.alarms
        if a.is_active and a.room == room.id and not a.is_prewarning and mark_of(a).level == "act"
    ]
    level = (
        "act"
        if own or "act" in levels.values()
        else "blind"
        if is_blind
        else "soon"
        if "soon" in levels.values()
        else ""
    )
    pills = tuple(
        Pill(words.stay(ref), "blind" if is_blind and not lvl else lvl) for ref, lvl in levels.items()
    )  # type: ignore[arg-type]
    sworn = len(view.sworn_in((room.id,)))
    note = (
        Note(reader.t("wall.officers", count=sworn))
        if sworn
        else Note(reader.t("wall.room_empty"))
        if not held
        else None
    )
    return RoomTile(
        words.room(room.id), *place,
        level=level,  # type: ignore[arg-type]
        people=pills,
        guard=_guard(state, view, room, bool(held), is_blind),
        recorder=_recorder(view, room, bool(held)),
        note=note,
        passage=room.kind == "corridor",
        blind_since_us=_blind_since(state, room.id) if is_blind and room.kind != "corridor" else None,
    )  # fmt: skip


def _pill_level(state: AreaPicture, stay: Stay) -> str:
    levels = {mark_of(alarm).level for alarm in _alarms_of(state, stay)}
    return "act" if "act" in levels else "soon" if "soon" in levels else ""


def _guard(state: AreaPicture, view: View, room: Room, is_held: bool, is_blind: bool) -> Presence:
    if not is_held:
        return ""
    if any(
        a.is_active and a.rule == "M3" and a.room == room.id and not a.is_prewarning for a in state.alarms
    ):
        return "bad"
    if is_blind:
        return "blind"
    return "ok" if view.world.officers_in(view.guard_zone(room.id)) else "idle"


def _recorder(view: View, room: Room, is_held: bool) -> Presence:
    found = view.recording(room.id)
    if found == "stopped":
        return "bad" if is_held else "idle"
    return {"recording": "ok", "unknown": "blind", "none": ""}[found]  # type: ignore[return-value]


def _blind_since(state: AreaPicture, room: str) -> int | None:
    if state.health.is_stale:
        return state.health.heard_us
    nodes = [
        n
        for n in state.world.nodes.values()
        if n.state == "lost" and n.id in state.area.nodes and room in state.area.rooms_of_node(n.id)
    ]
    return min((node.since_us for node in nodes), default=None)


# ---------------------------------------------------------------- alarms


def alarm_cards(
    states: Sequence[AreaPicture], reader: Reader, *, is_folded: bool = False
) -> tuple[AlarmCard, ...]:
    """Open alarms of all areas: red first, what nobody has taken first, then by time.

    Folded, alarms of one cause (one group) are one card, the most urgent of them: two cards for one door tell nothing more.
    """
    found = [
        (alarm, state)
        for state in states
        for alarm in state.alarms
        if alarm.is_active or not alarm.is_prewarning
    ]
    found.sort(key=lambda pair: (*_alarm_order(pair[0]), pair[0].id))
    if is_folded:
        first: dict[tuple[str, str], tuple[Alarm, AreaPicture]] = {}
        for alarm, state in found:
            first.setdefault((state.area.id, alarm.group or alarm.id), (alarm, state))
        found = list(first.values())
    return tuple(alarm_card(alarm, state, reader) for alarm, state in found)


def alarm_card(alarm: Alarm, state: AreaPicture, reader: Reader) -> AlarmCard:
    words = Words(state.area, state.world, reader)
    where, who = words.subject(alarm.subject, alarm.room)
    has = alarm.rectified_by or alarm.taken_by or alarm.acknowledged_by or ""
    since = alarm.rectified_us or alarm.taken_us or alarm.acknowledged_us
    return AlarmCard(
        id=alarm.id,
        href=f"/alarms/{state.area.id}/{alarm.ref}",
        mark=mark_of(alarm),
        state=_STATE[alarm.state],
        where=where,
        who=who,
        what=words.text(alarm, "soon" if alarm.is_prewarning else "what"),
        todo=words.text(alarm, "do"),
        seal=seal_of(alarm.basis),
        article=words.article(alarm.article),
        count=_alarm_count(alarm, state),
        sound=sound_of(alarm) if alarm.state == "unacknowledged" else "",
        taken_by=has,
        taken_us=since,
        late_s=alarm.late_us // 1_000_000,
        cleared=not alarm.is_active,
    )


def _alarm_count(alarm: Alarm, state: AreaPicture) -> Count:
    if alarm.is_prewarning and alarm.is_active:
        return _count(state, "left", alarm.due_us)
    if not alarm.is_active:
        return Count("gone", _begin(alarm), until_us=alarm.cleared_us)
    return _count(state, "gone", _begin(alarm))


def _last(closed: list[tuple[Alarm, AreaPicture]], reader: Reader) -> LastAlarm | None:
    if not closed:
        return None
    alarm, state = max(closed, key=lambda pair: pair[0].closed_us or 0)
    card = alarm_card(alarm, state, reader)
    handled = (
        f"{alarm.rectified_by} · {reader.clock(alarm.rectified_us)}"
        if alarm.rectified_us and alarm.rectified_by
        else ""
    )
    verified = (
        f"{alarm.verified_by} · {reader.clock(alarm.verified_us)}"
        if alarm.verified_us and alarm.verified_by
        else ""
    )
    return LastAlarm(
        alarm.raised_us, f"{card.where} {card.who} {card.what}".replace("  ", " "), handled, verified
    )


def alarm_list(states: Sequence[AreaPicture], reader: Reader) -> AlarmList:
    closed = sorted(((a, s) for s in states for a in s.closed), key=lambda pair: -(pair[0].closed_us or 0))
    return AlarmList(alarm_cards(states, reader), tuple(alarm_card(a, s, reader) for a, s in closed))


def stay_list(states: Sequence[AreaPicture], reader: Reader) -> StayList:
    rows = sorted((row for state in states for row in people(state, reader)), key=lambda item: item[0])
    gone = []
    for state in states:
        words = Words(state.area, state.world, reader)
        for stay in state.world.stays.values():
            if stay.released_us is not None:
                gone.append(
                    (
                        words.stay(stay.ref),
                        f"/stays/{state.area.id}/{stay.ref}",
                        stay.arrived_us or stay.opened_us,
                        stay.released_us,
                    )
                )
    return StayList(tuple(row for _, row in rows), tuple(sorted(gone, key=lambda item: -item[3])))


# ---------------------------------------------------------------- health


def _health(states: Sequence[AreaPicture], reader: Reader) -> HealthStrip:
    sources = []
    for state in states:
        words = Words(state.area, state.world, reader)
        for node in state.area.nodes:
            known = state.world.nodes.get(node)
            sources.append(
                Source(
                    reader.of("by", "node", name=node),
                    known is not None and known.state == "ok" and not state.health.is_stale,
                )
            )
        for recorder in state.area.recorders:
            seen = state.world.recorders.get(recorder)
            node_of = state.area.node_of("recorder_contact", recorder)
            carrier = state.world.nodes.get(node_of) if node_of else None
            is_carried = carrier is None or carrier.state != "lost"
            sources.append(
                Source(
                    words.recorder(recorder),
                    seen is not None and seen.state != "unknown" and is_carried and not state.health.is_stale,
                )
            )
    doubts = [state.health.clock_doubt_us for state in states]
    proved = [state.health.witnessed_us for state in states]
    return HealthStrip(
        sources=tuple(sources),
        clock_doubt_us=None if None in doubts else max((d for d in doubts if d is not None), default=0),
        blind_today=max(
            (s.health.blind_today for s in states if s.health.blind_today),
            key=lambda item: item[1],
            default=None,
        ),
        witnessed_us=None if None in proved else min((p for p in proved if p is not None), default=None),
        gateways=tuple((state.area.gateway, state.health.heard_us) for state in states),
    )
