"""Rows of people: where, the four musts, the next duty, the legal clock; and the duties of the coming hour."""

from __future__ import annotations

from collections.abc import Iterable

from caseserver.alarms import Alarm
from caseserver.web.present.cards import begins_us, count
from caseserver.web.present.custody_clock import ends_us, is_custody_clock, rule_of, tier_of
from caseserver.web.present.lined import alarm_order
from caseserver.web.present.state import AreaPicture
from caseserver.web.present.words import Words, mark_of, seal_of
from caseserver.web.reader import Reader
from caseserver.web.views import (
    BarLevel,
    Count,
    LimitBar,
    Mark,
    Must,
    PersonRow,
    Seal,
    Stem,
)
from custody.engine import Duty
from custody.rules import Rulebook
from custody.view import View
from custody.world import Stay

HOUR_US = 3_600_000_000


def people(state: AreaPicture, reader: Reader) -> list[tuple[tuple[object, ...], PersonRow]]:
    """Rows with their sort key: red first, then not seen, then by the time left to the next duty."""
    view = View(state.world, state.area, state.rulebook)
    return [_row(state, view, stay, reader) for stay in state.world.open_stays()]


def _row(state: AreaPicture, view: View, stay: Stay, reader: Reader) -> tuple[tuple[object, ...], PersonRow]:
    words = Words(state.area, state.world, reader)
    worst = next(iter(sorted(alarms_of(state, stay), key=alarm_order)), None)
    cannot_see = state.health.is_stale or is_blind(view, stay.room)
    duties = [duty for duty in state.duties if duty.stay == stay.ref]
    clock = _legal_clock(duties, state.rulebook)
    mark = mark_of(worst) if worst is not None else Mark("blind", "query") if cannot_see else None
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
        untaken=worst is not None and worst.is_unseen,
        paused="" if clock else reader.t("wall.no_clock"),
    )
    level = mark.level if mark else "none"
    due_us = count.at_us if count and count.kind == "left" else 0
    rank = (0 if row.untaken else 1) if level == "act" else 2 if level == "blind" else 3
    return (rank, due_us if count else 2**62, stay.ref), row


def alarms_of(state: AreaPicture, stay: Stay) -> list[Alarm]:
    """Alarms that stand and speak of this person, of the room the person is in, or of a node or reader without which it is not seen."""
    active = state.active
    if stay.room is None:
        return list(active.by_stay.get(stay.ref, ()))
    near = [a for a in active.by_subject.get(f"room:{stay.room}", ()) if a.stay is None]
    blind = [a for a in active.of_system if stay.room in _unseen_rooms(state, a)]
    return [*active.by_stay.get(stay.ref, ()), *near, *blind]


def _unseen_rooms(state: AreaPicture, alarm: Alarm) -> frozenset[str]:
    """Rooms in which nobody can be seen because of this alarm: that of a lost reader, those of a lost node's."""
    kind, _, node = alarm.subject.partition(":")
    if alarm.rule == "SYS" and kind == "reader":
        return frozenset({alarm.room} if alarm.room is not None else ())
    if alarm.rule != "SYS" or kind != "node":
        return frozenset()
    readers = {r.id: r.room for r in state.area.readers.values()}
    return frozenset(readers[p.of] for p in state.area.points if p.node == node and p.kind == "reader")


def _legal_clock(duties: Iterable[Duty], rulebook: Rulebook) -> Duty | None:
    """The clock of the measure in force that ends first, even when it has ended."""
    return min((duty for duty in duties if is_custody_clock(duty, rulebook)), key=ends_us, default=None)


def _next(
    state: AreaPicture, duties: list[Duty], worst: Alarm | None, words: Words, reader: Reader
) -> tuple[str, Seal, Count | None]:
    """What to do next, by whose number, and how long: an alarm that stands goes before every duty."""
    if worst is not None and not worst.is_prewarning:
        return (
            words.clauses(words.text(worst, "do"))[0],
            seal_of(worst.basis),
            count(state, "gone", begins_us(worst)),
        )
    if worst is not None:
        return (
            words.text(worst, "soon" if worst.family == "clock" else "do"),
            seal_of(worst.basis),
            count(state, "left", worst.due_us),
        )
    coming = [duty for duty in duties if ends_us(duty) > reader.now_us]
    if not coming:
        return reader.t("wall.no_duty"), "", None
    first = min(coming, key=ends_us)
    if first.family == "clock" and "limit" in first.params:
        said = reader.t("wall.limit_ends", limit=words.limit(str(first.params["limit"])))
    else:
        said = words.clauses(
            (first.text.get(reader.language) or first.text.get("zh") or {}).get("do", first.rule)
        )[0]
    return said.strip(), seal_of(first.basis), count(state, "left", ends_us(first))


def _bar(state: AreaPicture, clock: Duty, reader: Reader) -> LimitBar:
    rule, end_us = rule_of(clock, state.rulebook), ends_us(clock)
    tier = tier_of(clock, rule) if rule is not None else None
    before = max((limit.us for limit in tier.prewarnings), default=None) if tier is not None else None
    warn_us = end_us - before if before is not None else None
    level: BarLevel = "soon" if warn_us is not None and reader.now_us >= warn_us else ""
    if reader.now_us >= end_us:
        level = "act"
    return LimitBar(clock.since_us, end_us, warn_us, level, state.is_frozen, state.give_us)


_RECORDED: dict[str, Must] = {"recording": "ok", "stopped": "bad", "unknown": "blind", "none": "todo"}


def musts(state: AreaPicture, view: View, stay: Stay) -> tuple[Must, Must, Must, Must]:
    """The four musts now: straight in, searched first, guarded, recorded."""
    broken = {alarm.rule for alarm in alarms_of(state, stay) if not alarm.is_prewarning}
    brought: Must = "bad" if "M1" in broken else "ok" if stay.entered_us is not None else "todo"
    searched: Must = "ok" if stay.searched_us is not None else "bad" if "M2a" in broken else "todo"
    guarded: Must = "bad" if "M3" in broken else "todo"
    recorded: Must = "bad" if broken & {"M4", "R3"} else "todo"
    if stay.room is not None and view.room_kind(stay.room) != "outside":
        if guarded != "bad":
            guarded = "blind" if state.health.is_stale or is_blind(view, stay.room) else "ok"
        if recorded != "bad" and state.health.is_stale:
            recorded = "blind"
        elif recorded != "bad":
            recorded = _RECORDED[view.recording(stay.room)]
    return brought, searched, guarded, recorded


def is_blind(view: View, room: str | None) -> bool:
    """A reader of the room cannot be trusted now: its node is lost, or was never heard. Unknown is not normal."""
    for reader in view.area.readers.values():
        node = view.area.node_of("reader", reader.id) if reader.room == room else None
        if node is not None and not _is_heard(view, node):
            return True
    return False


def _is_heard(view: View, node: str) -> bool:
    state = view.world.nodes.get(node)
    return state is not None and state.state == "ok"


def stems(state: AreaPicture, reader: Reader) -> Iterable[Stem]:
    words = Words(state.area, state.world, reader)
    for duty in state.duties:
        if duty.stay is not None and 0 < ends_us(duty) - reader.now_us <= HOUR_US:
            warned = any(
                a.is_prewarning and a.rule == duty.rule for a in state.active.by_stay.get(duty.stay, ())
            )
            yield Stem(words.stay(duty.stay), ends_us(duty), "soon" if warned else "")
