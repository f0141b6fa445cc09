"""The blind-time ledger: per rule, room and source the spells in which it could not be known whether the rule held, and why."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from custody.area import Area
from custody.ledger import sources
from custody.ledger.reach import Reach, reach_of
from custody.ledger.sources import Spell
from custody.ledger.spans import Span, clip, length_us, union
from custody.ledger.walk import walk
from custody.rules import Rulebook

Leaf = Mapping[str, Any]
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Blindness:
    """All spells of a log, whole, and whom they blind."""

    spells: tuple[Spell, ...]
    reach: Reach
    from_us: int  # recorded time of the first leaf
    to_us: int  # and of the last one

    def rows(self, within: Span) -> list[Row]:
        """Spells that touch a period: `{rule, room, source, why, from_us, to_us}`; rule and room None: every one."""
        found = [
            _row(rule, room, spell.source, spell.why, spell.from_us, spell.to_us)
            for spell in self.spells
            if _touches(spell, within)
            for rule, room in self.reach.of(spell)
        ]
        return sorted(found, key=_order)


def blindness_of(leaves: Sequence[Leaf], area: Area, rulebook: Rulebook) -> Blindness:
    """The ledger of a whole log, in its order. An empty log has none."""
    first, last = (leaves[0], leaves[-1]) if leaves else (None, None)
    from_us = first["recorded"]["earliest_us"] if first is not None else 0
    to_us = max((leaf["recorded"]["earliest_us"] for leaf in leaves), default=0)
    spells = [
        *sources.seen_by_world(walk(leaves, area, rulebook), area),
        *sources.seen_by_log(leaves, area),
        *(sources.not_fitted(area, from_us) if last is not None else ()),
    ]
    spells.sort(key=lambda s: (s.from_us, s.source, s.why, s.stay or ""))
    return Blindness(tuple(spells), reach_of(area, rulebook), from_us, to_us)


def sums(rows: Iterable[Row], within: Span) -> list[Row]:
    """Microseconds of a period that a rule was blind in a room for want of a source; reasons that overlap count once."""
    spans: dict[tuple[str | None, str | None, str], list[Span]] = {}
    for row in rows:
        key = row["rule"], row["room"], row["source"]
        spans.setdefault(key, []).append(clip(row["from_us"], row["to_us"], within))
    found = [
        {"rule": rule, "room": room, "source": source, "blind_us": length_us(parts)}
        for (rule, room, source), parts in spans.items()
    ]
    return sorted((row for row in found if row["blind_us"]), key=_order)


def blind_to(rows: Iterable[Row], rule: str, room: str, within: Span) -> list[Span]:
    """When a rule was blind in a room for want of any source, the ones that serve every rule among them."""
    return union(
        clip(row["from_us"], row["to_us"], within)
        for row in rows
        if row["rule"] in (rule, None) and row["room"] in (room, None)
    )


def _touches(spell: Spell, within: Span) -> bool:
    start, end = clip(spell.from_us, spell.to_us, within)
    return end > start


def _row(rule: str | None, room: str | None, source: str, why: str, from_us: int, to_us: int | None) -> Row:
    return {"rule": rule, "room": room, "source": source, "why": why, "from_us": from_us, "to_us": to_us}


def _order(row: Row) -> tuple[str, str, str, int]:
    return row["rule"] or "", row["room"] or "", row["source"], row.get("from_us", 0)
