"""The four musts of one stay in microseconds: each is a partition of the whole stay, so its sums are the stay's length.

straight_in     before | inside
searched_first  before | unsearched | searched
guarded         before | away | guarded | unguarded | unknown
recorded        before | away | recorded | unrecorded | unknown

`before`: from the arrival to the entry into the area. `away`: read in a room outside the area.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from custody.area import Area
from custody.ledger.person import Person
from custody.ledger.sources import Spell
from custody.ledger.spans import clip

STATES: Final = {
    "straight_in": ("before", "inside"),
    "searched_first": ("before", "unsearched", "searched"),
    "guarded": ("before", "away", "guarded", "unguarded", "unknown"),
    "recorded": ("before", "away", "recorded", "unrecorded", "unknown"),
}
# Spells of the log itself, over and above what the world knows of its sources.
_OVER_ALL: Final = frozenset({"gateway_stopped", "log_damaged", "log_full"})
_POINTS: Final = {"guarded": "reader", "recorded": "recorder_contact"}


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of the stay in one state."""

    state: str
    from_us: int
    to_us: int
    room: str | None = None
    why: str = ""


def coverage_of(person: Person, spells: Iterable[Spell], area: Area, until_us: int) -> dict[str, Any]:
    """The statement `coverage` of a bundle: integers, strings, booleans, None. The stay is one the log knows."""
    stay = person.stay
    assert stay is not None, "asked of a stay that the log knows"
    start, end = person.from_us, person.to_us(until_us)
    entered = end if stay.entered_us is None else min(max(stay.entered_us, start), end)
    searched = end if stay.searched_us is None else min(max(stay.searched_us, entered), end)
    before = Stretch("before", start, entered)
    unseen = list(spells)
    musts = {
        "straight_in": [before, Stretch("inside", entered, end)],
        "searched_first": [
            before,
            Stretch("unsearched", entered, searched),
            Stretch("searched", searched, end),
        ],
        "guarded": [before, *_seen(person, "guarded", unseen, area, entered, end)],
        "recorded": [before, *_seen(person, "recorded", unseen, area, entered, end)],
    }
    return {
        "stay": person.ref,
        "from_us": start,
        "to_us": end,
        "is_over": stay.released_us is not None and stay.released_us <= until_us,
        "musts": [_must(name, parts) for name, parts in musts.items()],
    }


def _must(name: str, parts: Sequence[Stretch]) -> dict[str, Any]:
    whole = [part for part in parts if part.to_us > part.from_us]
    return {
        "must": name,
        "sums_us": {s: sum(p.to_us - p.from_us for p in whole if p.state == s) for s in STATES[name]},
        "spells": [
            {"state": p.state, "from_us": p.from_us, "to_us": p.to_us, "room": p.room, "why": p.why}
            for p in whole
        ],
    }


def _seen(person: Person, must: str, spells: list[Spell], area: Area, start: int, end: int) -> list[Stretch]:
    """Guard or record from the entry to the end, with what nobody could see cut out."""
    found: list[Stretch] = []
    ends = [piece.from_us for piece in person.pieces[1:]] + [end]
    for piece, piece_end in zip(person.pieces, ends, strict=True):
        state, why = piece.guard if must == "guarded" else piece.record
        from_us, to_us = clip(piece.from_us, piece_end, (start, end))
        if to_us > from_us:
            found.append(Stretch(state, from_us, to_us, piece.room, why))
    first_us = found[0].from_us if found else end
    if first_us > start:  # entered by word alone: nothing was read yet
        found.insert(0, Stretch("unknown", start, first_us, None, "no_reading"))
    for spell in spells:
        found = [part for whole in found for part in _cut(whole, spell, must, area)]
    return _joined(found)


def _cut(whole: Stretch, spell: Spell, must: str, area: Area) -> Iterable[Stretch]:
    """A stretch without the spell, and the spell in its place, where it hides what the stretch claims."""
    from_us, to_us = clip(spell.from_us, spell.to_us, (whole.from_us, whole.to_us))
    _, _, node = spell.source.partition(":")
    is_of_node = spell.why == "messages_lost" and node in _nodes(whole.room, must, area)
    is_hidden = spell.why in _OVER_ALL or is_of_node
    if not is_hidden or to_us <= from_us or whole.state == "unknown":
        return (whole,)
    hidden = Stretch("unknown", from_us, to_us, whole.room, spell.why)
    return replace(whole, to_us=from_us), hidden, replace(whole, from_us=to_us)


def _nodes(room: str | None, must: str, area: Area) -> set[str | None]:
    """The nodes that see a room for this must: its readers always, for a person's place is read."""
    if room is None or room not in area.rooms:
        return set()
    zone = (room, *area.rooms[room].guarded_from) if must == "guarded" else (room,)
    nodes = {area.node_of("reader", reader) for seen in zone for reader in area.readers_by_room[seen]}
    if must == "recorded":
        nodes |= {area.node_of("recorder_contact", recorder) for recorder in area.recorders_of(room)}
    return nodes


def _joined(parts: Iterable[Stretch]) -> list[Stretch]:
    """Neighbours of one state, room and reason as one; empty ones gone."""
    found: list[Stretch] = []
    for part in parts:
        if part.to_us <= part.from_us:
            continue
        last = found[-1] if found else None
        if last is not None and (last.state, last.room, last.why) == (part.state, part.room, part.why):
            found[-1] = replace(last, to_us=part.to_us)
        else:
            found.append(part)
    return found
