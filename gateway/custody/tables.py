"""Records in tables that note each change, so that what was done can be undone.

Every change is written to an undo journal: the engine goes back to an earlier moment when a fact
arrives late, inserts it in order of occurrence, and goes forward again.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

R = TypeVar("R")

Undo = tuple[Callable[[object, object], None], object, object]


class Journal:
    """A list of undo steps with absolute positions; the oldest can be forgotten."""

    def __init__(self) -> None:
        """Start empty at position 0."""
        self._steps: list[Undo] = []
        self._base = 0

    def mark(self) -> int:
        """Position to come back to."""
        return self._base + len(self._steps)

    def note(self, step: Undo) -> None:
        """Remember how to undo one change."""
        self._steps.append(step)

    def rollback(self, mark: int) -> None:
        """Undo everything since `mark`. A forgotten mark is a programmer's error."""
        if mark < self._base:
            raise ValueError(f"expected a mark of at least {self._base}, found {mark}")
        while self._base + len(self._steps) > mark:
            restore, key, old = self._steps.pop()
            restore(key, old)

    def forget(self, mark: int) -> None:
        """Drop the undo steps before `mark`: what happened before it is final."""
        count = mark - self._base
        if count > 0:
            del self._steps[:count]
            self._base = mark


@dataclass(frozen=True, slots=True)
class Change:
    """One record before and after; None where there was or is none."""

    table: str
    key: str
    old: object | None
    new: object | None


class Table(Generic[R]):
    """A dict of records that notes each change in the journal and tells who watches it."""

    def __init__(self, name: str, journal: Journal, changes: list[Change] | None = None) -> None:
        """An empty table named `name`; `changes` collects what was put and dropped."""
        self.name = name
        self._rows: dict[str, R] = {}
        self._journal = journal
        self._changes = changes

    def get(self, key: str) -> R | None:
        """The record, or None."""
        return self._rows.get(key)

    def __contains__(self, key: object) -> bool:
        """Whether a record has this key."""
        return key in self._rows

    def __len__(self) -> int:
        """How many records there are."""
        return len(self._rows)

    def __iter__(self) -> Iterator[str]:
        """Keys in order of first insertion."""
        return iter(self._rows)

    def values(self) -> list[R]:
        """All records, in order of first insertion."""
        return list(self._rows.values())

    def items(self) -> list[tuple[str, R]]:
        """All keys with their records."""
        return list(self._rows.items())

    def put(self, key: str, record: R) -> None:
        """Insert or replace; nothing is noted when nothing changes."""
        old = self._rows.get(key)
        if old is not None and old == record:
            return
        self._set(key, old, record)

    def renew(self, key: str, record: R) -> None:
        """As put, for a record that is known to differ."""
        self._set(key, self._rows.get(key), record)

    def _set(self, key: str, old: R | None, record: R) -> None:
        self._journal.note((self._restore, key, old))
        self._rows[key] = record
        self._moved(key, old, record)

    def drop(self, key: str) -> None:
        """Remove a record if it is there."""
        old = self._rows.pop(key, None)
        if old is not None:
            self._journal.note((self._restore, key, old))
            self._moved(key, old, None)

    def take(self, other: "Table[R]") -> None:
        """The same records as another table, with nothing to undo: for a picture that nobody writes to."""
        self._rows = dict(other._rows)
        if type(self).changed is not Table.changed:  # it keeps an index
            for key, record in self._rows.items():
                self.changed(key, None, record)

    def purge(self, key: str) -> None:
        """Remove a record for good: only what no later step may bring back."""
        old = self._rows.pop(key, None)
        self.changed(key, old, None)

    def changed(self, key: str, old: R | None, new: R | None) -> None:
        """Called at each change, going back as well as forward; for tables that keep an index."""

    def _moved(self, key: str, old: R | None, new: R | None) -> None:
        if self._changes is not None:
            self._changes.append(Change(self.name, key, old, new))
        self.changed(key, old, new)

    def _restore(self, key: object, old: object) -> None:
        assert isinstance(key, str)
        now = self._rows.pop(key, None)
        if old is not None:
            self._rows[key] = old  # type: ignore[assignment]
        self._moved(key, now, old)  # type: ignore[arg-type]
