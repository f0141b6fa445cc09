"""Duty turns over the store and the server's own log. Any thread may call."""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence
from dataclasses import asdict
from typing import Any

from caseserver.audit import Audit, new_entry
from caseserver.notify.duty import DutyBook, Turn
from caseserver.notify_settings import Notify
from caseserver.own_log import Entry
from caseserver.store import duty as duty_rows
from caseserver.store.database import Database

_SECOND_US = 1_000_000


class DutyDesk:
    """Who is on duty now, and the moves; each is in the own log before it is answered. Raises DutyRefused."""

    def __init__(self, database: Database, audit: Audit, settings: Notify) -> None:
        """Reads the running turns."""
        self._database, self._audit, self._settings = database, audit, settings
        self._lock = threading.Lock()
        self._book = DutyBook(
            {step.post: step.roles for step in settings.steps},
            [Turn(**row) for row in duty_rows.running(database)],
        )
        self._must_be_held = {step.post for step in settings.steps if step.needs_turn}

    def running(self) -> list[Turn]:
        """Turns that run, in the order of the posts."""
        with self._lock:
            return self._book.running()

    def ended(self) -> list[Turn]:
        """The newest turns that are over, newest first."""
        return [Turn(**row) for row in duty_rows.ended(self._database)]

    def empty(self) -> frozenset[str]:
        """Posts without anybody on duty."""
        with self._lock:
            return self._book.empty()

    def unmanned(self) -> list[str]:
        """Posts that must be held and are not, in order: red on every page."""
        empty = self.empty()
        return [step.post for step in self._settings.steps if step.needs_turn and step.post in empty]

    def take(
        self, post: str, number: str, roles: Collection[str], stood_open: Sequence[str], at_us: int
    ) -> Turn:
        """Take a post with what stands open there."""
        with self._lock:
            turn = self._book.take(post, number, roles, stood_open, at_us)
            detail = {
                "from": turn.taken_from or "",
                "stood_open": len(stood_open),
                "alarms": list(turn.stood_open[:10]),
            }
            self._store([new_entry(number, "duty.taken", post, detail, at_us)])
        return turn

    def offer(self, post: str, number: str, to: str, at_us: int) -> None:
        """Offer it to another; "" takes the offer back."""
        with self._lock:
            self._book.offer(post, number, to, at_us)
            self._store([new_entry(number, "duty.offered", post, {"to": to}, at_us)])

    def leave(self, post: str, number: str, at_us: int) -> None:
        """Leave it empty."""
        with self._lock:
            self._book.leave(post, number, at_us)
            self._store([new_entry(number, "duty.left", post, {"why": "left"}, at_us)])

    def hear(self, post: str, number: str, at_us: int, *, is_heard: bool) -> None:
        """What came of the sound test. Not heard: the alarm about it is raised at once."""
        with self._lock:
            self._book.hear(post, number, at_us if is_heard else 0)
            action = "sound.heard" if is_heard else "sound.unheard"
            self._store([new_entry(number, action, post, {}, at_us)])

    def turn(self, now_us: int) -> None:
        """Time has passed: turns that are too long end."""
        with self._lock:
            ended = self._book.expire(now_us - self._settings.turn_s_max * _SECOND_US, now_us)
            if ended:
                self._store(
                    [
                        new_entry(turn.number, "duty.left", turn.post, {"why": "expired"}, now_us)
                        for turn in ended
                    ]
                )

    def unheard(self, now_us: int) -> dict[str, str | int] | None:
        """The turn whose sound test is overdue, as parameters of an alarm."""
        before_us = now_us - self._settings.sound_test_s * _SECOND_US
        with self._lock:
            found = self._book.unheard(before_us, self._must_be_held)
        return {"post": found[0].post, "officer": found[0].number} if found else None

    def _store(self, entries: list[Entry]) -> None:
        changed = self._book.take_changes()

        def rows(connection: Any) -> None:
            duty_rows.save(connection, [asdict(turn) for turn in changed])

        self._audit.write_with(entries, rows)
