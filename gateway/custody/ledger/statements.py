"""The three statements about one stay that a bundle carries: nothing in them is about anybody else.

Each takes the leaves of a whole log, read as JSON, in their order, so that whoever holds the log can make it again.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from custody.area import Area
from custody.ledger import deadlines as ends
from custody.ledger.blind import Row, blindness_of, sums
from custody.ledger.coverage import coverage_of
from custody.ledger.person import Person, person_of
from custody.ledger.spans import clip
from custody.ledger.walk import walk
from custody.rules import Rulebook

Leaf = Mapping[str, Any]
Statement = dict[str, Any]


def blindness(
    leaves: Sequence[Leaf], area: Area, rulebook: Rulebook, stay: str, until_us: int | None = None
) -> Statement | None:
    """Spells in which a rule was blind to this person: in the rooms where and while they were there. None: no such stay."""
    person = person_of(walk(leaves, area, rulebook), area, rulebook, stay)
    if person.stay is None:
        return None
    found = blindness_of(leaves, area, rulebook)
    start, end = person.from_us, person.to_us(found.to_us if until_us is None else until_us)
    rows: list[Row] = []
    for spell in found.spells:
        if spell.stay not in (stay, None):
            continue
        for rule, room in found.reach.of(spell):
            for within in _times_in(person, room, start, end):
                from_us, to_us = clip(spell.from_us, spell.to_us, within)
                if to_us > from_us:
                    rows.append({
                        "rule": rule, "room": room, "source": spell.source, "why": spell.why,
                        "from_us": from_us, "to_us": to_us,
                    })  # fmt: skip
    rows.sort(key=lambda r: (r["rule"] or "", r["room"] or "", r["source"], r["from_us"], r["why"]))
    return {"stay": stay, "from_us": start, "to_us": end, "spells": rows, "sums": sums(rows, (start, end))}


def coverage(
    leaves: Sequence[Leaf], area: Area, rulebook: Rulebook, stay: str, until_us: int | None = None
) -> Statement | None:
    """The four musts of a stay, in microseconds and spells. None: no such stay."""
    person = person_of(walk(leaves, area, rulebook), area, rulebook, stay)
    if person.stay is None:
        return None
    found = blindness_of(leaves, area, rulebook)
    return coverage_of(person, found.spells, area, found.to_us if until_us is None else until_us)


def deadlines(leaves: Sequence[Leaf], stay: str) -> Statement:
    """Every limit of every duty about a stay, and how it ended."""
    found = [term for term in ends.terms(leaves) if term.stay == stay]
    return {"stay": stay, "terms": [term.row() for term in found], "summary": ends.summary(found)}


def _times_in(person: Person, room: str | None, start: int, end: int) -> list[tuple[int, int]]:
    """When the person was in a room; None: all the time."""
    if room is None:
        return [(start, end)]
    ends_us = [piece.from_us for piece in person.pieces[1:]] + [end]
    times = [
        clip(piece.from_us, to_us, (start, end))
        for piece, to_us in zip(person.pieces, ends_us, strict=True)
        if piece.room == room
    ]
    joined: list[tuple[int, int]] = []
    for from_us, to_us in times:
        if joined and joined[-1][1] == from_us:
            joined[-1] = (joined[-1][0], to_us)
        else:
            joined.append((from_us, to_us))
    return joined
