"""Versions of drawn plans over the store and the server's own log: draft, then confirmed or dropped. Any thread may call.

The newest confirmed version is what pages show; 0 is the area's own plan. Each version stays, with who and when.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from caselog import canonical
from caseserver.audit import Audit, new_entry
from caseserver.floor.drawing import Drawing, of_json
from caseserver.store import drawings as rows
from caseserver.store.database import Database

DRAFTS_MAX: Final = 20
"""Drafts of one area that may wait; a further one is refused until one is confirmed or dropped."""
NUMBER_MAX: Final = 1_000_000_000
OWN: Final = 0
"""The number of the area's own plan."""
DRAFT, CONFIRMED, DROPPED = "draft", "confirmed", "dropped"


class DrawingRefused(ValueError):
    """A step that is not allowed; `reason`: not_there, not_draft, outdated, same, too_many."""

    def __init__(self, reason: str, found: str = "") -> None:
        """`found`: what came instead of what was expected."""
        super().__init__(f"{reason}: {found}")
        self.reason, self.found = reason, found


@dataclass(frozen=True, slots=True)
class Version:
    """One version. `base`: the confirmed one that it was made from; `ended_*`: who confirmed or dropped it, and when."""

    number: int
    state: str
    base: int
    drawing: Drawing
    saved_by: str = ""
    saved_us: int = 0
    ended_by: str | None = None
    ended_us: int | None = None


_OWN_PLAN: Final = Version(OWN, CONFIRMED, OWN, Drawing())


class DrawingDesk:
    """The versions of all areas; each step is in the own log when it is answered. Raises DrawingRefused."""

    def __init__(self, database: Database, audit: Audit) -> None:
        """Reads what is shown when it is first asked for."""
        self._database, self._audit = database, audit
        self._lock = threading.Lock()
        self._shown: dict[str, Version] = {}

    def shown(self, area: str) -> Version:
        """The version that pages show; the area's own plan (0, an empty drawing) when none was confirmed."""
        with self._lock:
            return self._present(area)

    def listed(self, area: str) -> list[Version]:
        """The newest versions, newest first; without the area's own plan."""
        return [_version(row) for row in rows.listed(self._database, area)]

    def version(self, area: str, number: int) -> Version:
        """One version; 0 is the area's own plan."""
        if number == OWN:
            return _OWN_PLAN
        row = rows.one(self._database, area, number) if 0 < number <= NUMBER_MAX else None
        if row is None:
            raise DrawingRefused("not_there", str(number))
        return _version(row)

    def save(self, area: str, drawing: Drawing, base: int, officer: str, at_us: int) -> int:
        """Keep a draft made from version `base`; its number."""
        with self._lock:
            return self._save(area, drawing, base, officer, at_us)

    def take_back(self, area: str, number: int, officer: str, at_us: int) -> int:
        """Make a draft of an earlier version, made from what is shown now; its number."""
        version = self.version(area, number)
        with self._lock:
            return self._save(area, version.drawing, self._present(area).number, officer, at_us)

    def confirm(self, area: str, number: int, officer: str, at_us: int) -> None:
        """Show this draft from now on. Refused when another was confirmed since it was begun."""
        with self._lock:
            version, present = self._draft(area, number), self._present(area)
            if version.base != present.number:
                raise DrawingRefused("outdated", str(present.number))
            place = {"place": self._next_place(area)}
            self._end(area, version, CONFIRMED, officer, at_us, place)
            self._shown.pop(area, None)

    def drop(self, area: str, number: int, officer: str, at_us: int) -> None:
        """Put a draft away; it stays in the list."""
        with self._lock:
            self._end(area, self._draft(area, number), DROPPED, officer, at_us, {})

    def _present(self, area: str) -> Version:
        if area not in self._shown:
            row = rows.present(self._database, area)
            self._shown[area] = _OWN_PLAN if row is None else _version(row)
        return self._shown[area]

    def _next_place(self, area: str) -> int:
        row = rows.present(self._database, area)
        return 1 if row is None else int(row["place"]) + 1

    def _draft(self, area: str, number: int) -> Version:
        version = self.version(area, number)
        if version.state != DRAFT or number == OWN:
            raise DrawingRefused("not_draft", str(number))
        return version

    def _save(self, area: str, drawing: Drawing, base: int, officer: str, at_us: int) -> int:
        if drawing == self._present(area).drawing:
            raise DrawingRefused("same")
        if rows.drafts_count(self._database, area) >= DRAFTS_MAX:
            raise DrawingRefused("too_many", str(DRAFTS_MAX))
        body = drawing.as_json()
        row = {"state": DRAFT, "base": base, "body": body, "saved_by": officer, "saved_us": at_us}
        number = rows.next_number(self._database, area)
        entry = new_entry(officer, "drawing.saved", f"{area}/{number}", _told(drawing, base), at_us)
        self._audit.write_with([entry], lambda connection: rows.add(connection, area, number, row))
        return number

    def _end(
        self, area: str, version: Version, state: str, officer: str, at_us: int, more: dict[str, Any]
    ) -> None:
        row = {"state": state, "ended_by": officer, "ended_us": at_us, **more}
        detail = _told(version.drawing, version.base)
        entry = new_entry(officer, f"drawing.{state}", f"{area}/{version.number}", detail, at_us)
        self._audit.write_with([entry], lambda connection: rows.end(connection, area, version.number, row))


def _told(drawing: Drawing, base: int) -> dict[str, Any]:
    """What the own log says of a drawing: its hash, by which a version in the store is known again."""
    return {"sha256": sha256(canonical.dumps(drawing.as_json())).hexdigest(), "base": base}


def _version(row: rows.Row) -> Version:
    return Version(
        row["number"], row["state"], row["base"], of_json(row["body"]), row["saved_by"], row["saved_us"],
        row["ended_by"], row["ended_us"],
    )  # fmt: skip
