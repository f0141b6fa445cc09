"""Counts what a target said against what was to be said: missed, late, early, false, doubled, dropped, left standing."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from tests.torture.contract import Word
from tests.torture.truth import Expected, Truth, overlap

EARLY_S = 0.5  # an alarm this much before it is due is still of it: the clocks of two machines


@dataclass(frozen=True, slots=True)
class Heard:
    """One word of the target and when it was heard, seconds of the suite's monotonic clock."""

    at_s: float
    word: Word


@dataclass(slots=True)
class Score:
    """Counts of one case. `late_s`: the longest time by which an alarm came after it could be told, in time or not."""

    asked: int = 0
    missed: int = 0
    late: int = 0
    late_s: float = 0.0
    early: int = 0  # raised before it was due, and still standing when it was
    early_s: float = 0.0  # the most of those
    false: int = 0
    uncertain: int = 0  # of the early and false ones, those that the target itself called uncertain
    doubled: int = 0
    dropped: int = 0  # told as over while the cause went on
    left_standing: int = 0
    repeated: int = 0  # the same id again while it stands: a receiver can tell; not counted as wrong
    notes: list[str] = field(default_factory=list)

    @property
    def wrong(self) -> int:
        return (
            self.missed
            + self.late
            + self.early
            + self.false
            + self.doubled
            + self.dropped
            + self.left_standing
        )

    def as_dict(self) -> dict[str, Any]:
        return asdict(self) | {
            "late_s": round(self.late_s, 2), "early_s": round(self.early_s, 2), "wrong": self.wrong
        }  # fmt: skip


@dataclass(slots=True)
class _Ring:
    """An alarm as it was heard: raised, and cleared or not."""

    id: str
    at_s: float
    is_certain: bool
    cleared_s: float | None = None


def score(truth: Truth, heard: Sequence[Heard], end_s: float) -> Score:
    """Judge all words heard until `end_s`."""
    found = Score()
    expected = overlap(truth.expected())
    rings = _rings(heard, found)
    for key in sorted(expected.keys() | rings.keys()):
        _judge(key, expected.get(key, []), rings.get(key, []), truth, found, end_s)
    return found


def _rings(heard: Sequence[Heard], found: Score) -> dict[tuple[str, str], list[_Ring]]:
    rings: dict[tuple[str, str], list[_Ring]] = {}
    for item in sorted(heard, key=lambda one: one.at_s):
        known = rings.setdefault((item.word.rule, item.word.subject), [])
        standing = [ring for ring in known if ring.cleared_s is None]
        if item.word.is_raised:
            if any(ring.id == item.word.id for ring in standing):
                found.repeated += 1
            else:
                known.append(_Ring(item.word.id, item.at_s, item.word.is_certain))
        else:
            same = [ring for ring in standing if ring.id == item.word.id] or standing
            for ring in same:
                ring.cleared_s = item.at_s
    return rings


def _judge(
    key: tuple[str, str],
    expected: list[Expected],
    rings: list[_Ring],
    truth: Truth,
    found: Score,
    end_s: float,
) -> None:
    name = f"{key[0]} {key[1]}"
    taken: set[int] = set()
    for item in expected:
        mine = [
            (number, ring)
            for number, ring in enumerate(rings)
            if number not in taken and item.due_s - EARLY_S <= ring.at_s <= item.gone_s
        ]
        taken |= {number for number, _ in mine}
        found.asked += item.is_must
        if not mine:
            early = [
                (number, ring)
                for number, ring in enumerate(rings)
                if number not in taken
                and ring.at_s < item.due_s
                and (ring.cleared_s is None or ring.cleared_s > item.due_s)
            ]
            taken |= {number for number, _ in early}
            for _, ring in early:
                found.early += 1
                found.early_s = max(found.early_s, item.due_s - ring.at_s)
                found.uncertain += not ring.is_certain
                found.notes.append(f"{name}: early by {item.due_s - ring.at_s:.1f} s")
            mine = early
        if not mine:
            if item.is_must and item.latest_s <= end_s:
                found.missed += 1
                found.notes.append(f"{name}: missed, due at {item.due_s:.1f} s")
            continue
        _judge_one(name, item, [ring for _, ring in mine], found, end_s)
    for number, ring in enumerate(rings):
        if number in taken:
            continue
        if not truth.is_doubtful(key[0], ring.at_s):
            _count_false(name, ring, found)
        if ring.cleared_s is None and not any(item.over_s > end_s for item in expected):
            found.left_standing += 1
            found.notes.append(f"{name}: left standing")


def _count_false(name: str, ring: _Ring, found: Score) -> None:
    found.false += 1
    found.uncertain += not ring.is_certain
    found.notes.append(
        f"{name}: false, at {ring.at_s:.1f} s{'' if ring.is_certain else ', called uncertain'}"
    )


def _judge_one(name: str, item: Expected, mine: list[_Ring], found: Score, end_s: float) -> None:
    first = mine[0]
    if item.is_must:
        found.late_s = max(found.late_s, first.at_s - item.tell_s)
        if first.at_s > item.latest_s:
            found.late += 1
            found.notes.append(f"{name}: late by {first.at_s - item.tell_s:.1f} s")
    for ring in mine[1:]:
        found.doubled += 1
        found.notes.append(f"{name}: again at {ring.at_s:.1f} s")
    if item.rule == "R5":
        return  # a notice: nobody has to take it back
    for ring in mine:
        if ring.cleared_s is not None and ring.cleared_s < min(item.over_s, end_s) - EARLY_S:
            found.dropped += 1
            found.notes.append(f"{name}: told as over at {ring.cleared_s:.1f} s, the cause went on")
    if item.gone_s <= end_s and any(ring.cleared_s is None or ring.cleared_s > item.gone_s for ring in mine):
        found.left_standing += 1
        found.notes.append(f"{name}: left standing after {item.over_s:.1f} s")
