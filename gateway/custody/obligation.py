"""A duty of one unit under one rule: what it must not reach, what it reached, how it ended."""

import heapq
from dataclasses import dataclass, replace
from typing import Final

from custody.rules import Rule
from custody.tables import Journal, Table
from custody.view import Stage, Unit, the_only
from custody.world import World

HEAP_SLACK: Final = 4  # stale entries of the due list kept, as a multiple of the live ones


@dataclass(frozen=True, slots=True)
class Obligation:
    """A duty that runs or ran: what must not be reached, what was reached, how it ended."""

    id: str
    rule: Rule
    subject: str
    stay: str | None
    room: str | None
    since_us: int
    anchor: int
    facts: tuple[int, ...]
    stages: tuple[Stage, ...]
    fired: tuple[Stage, ...] = ()
    skipped: tuple[str, ...] = ()
    closed_us: int | None = None
    close_reason: str = ""
    group: str = ""
    params: tuple[tuple[str, str | int], ...] = ()
    basis: str | None = None

    @property
    def next_stage(self) -> Stage | None:
        """The earliest stage not reached yet."""
        done = {stage.name for stage in self.fired} | set(self.skipped)
        return next((s for s in self.stages if s.name not in done), None)

    @property
    def due_us(self) -> int | None:
        """The first limit (not pre-warning) of the ladder as it stands."""
        return next((s.due_us for s in self.stages if not s.is_prewarning), None)


def stay_of(unit: Unit, world: World) -> str | None:
    """The stay a duty is shown with: its own, the one its unit names, or the only one in the room."""
    if unit.kind == "stay":
        return unit.ref
    for mark in unit.marks.values():
        stay = mark.body.get("stay")
        if isinstance(stay, str):
            return stay
    if unit.kind == "room":
        return the_only([stay.ref for stay in world.stays_in(unit.ref)])
    return None


def stages_of(rule: Rule, since_us: int) -> tuple[Stage, ...]:
    return tuple(
        Stage(level.name, since_us + level.after_us, level.severity, level.is_prewarning, level.number_basis)
        for level in rule.levels
    )


def without_stale_prewarnings(row: Obligation, now_us: int) -> Obligation:
    """When a duty begins late, only the nearest pre-warning that has passed is worth telling."""
    done = {stage.name for stage in row.fired}
    passed = [s for s in row.stages if s.is_prewarning and s.due_us < now_us and s.name not in done]
    due_us = row.due_us
    keep = passed[-1:] if due_us is not None and due_us > now_us else []
    skipped = tuple(s.name for s in passed if s not in keep)
    return row if skipped == row.skipped else replace(row, skipped=skipped)


class DueTable(Table[tuple[int, int]]):
    """Next due moment and anchor of each running obligation, with the earliest at hand."""

    def __init__(self, journal: Journal) -> None:
        """Nothing runs."""
        super().__init__("pending", journal)
        self._heap: list[tuple[int, int, str]] = []

    def changed(self, key: str, old: tuple[int, int] | None, new: tuple[int, int] | None) -> None:
        """Keep the heap; what it holds too much is passed over when it comes up."""
        if new is not None:
            heapq.heappush(self._heap, (*new, key))
        if len(self._heap) > HEAP_SLACK * (len(self) + HEAP_SLACK):
            self._heap = [(*due, oid) for oid, due in self.items()]
            heapq.heapify(self._heap)

    def first(self) -> tuple[int, str] | None:
        """The earliest due moment and its obligation."""
        while self._heap:
            due_us, anchor, oid = self._heap[0]
            if self.get(oid) == (due_us, anchor):
                return due_us, oid
            heapq.heappop(self._heap)
        return None
