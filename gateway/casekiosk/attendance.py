"""Who stands at one cabinet's screen, and whose session it is. Sans-IO.

A session begins with an officer's badge on the cabinet's reader (and the PIN of an officer who has one), or with number and PIN; it
ends when nobody has touched anything for a while, when the badge has gone and nothing was touched since, or by hand.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from casekiosk.limits import BADGE_GONE_MS, IDLE_MS, PIN_WAIT_MS, READ_AGE_MS
from casekiosk.screens import Note
from casekiosk.steps.base import NotNow
from casekiosk.tasks import tasks_of

if TYPE_CHECKING:
    from casekiosk.asking import Ask, Moment
    from casekiosk.house import House, Present
    from casekiosk.pins import PinDesk
    from custody.area import Cabinet
    from custody.facts import Fact
    from custody.world import Officer

TYPED = "?"


@dataclass(slots=True)
class Session:
    """Who works at the screen. `touched_us`, `seen_us`: steady clock, of the last touch and of the badge."""

    officer: str
    touched_us: int
    seen_us: int
    by_badge: bool


class Change(Enum):
    """What became of the session with the time that went on."""

    BEGUN = "begun"
    OVER = "over"


class Attendance:
    """Of one cabinet. `asked`: officer whose PIN is asked for, TYPED when the number is typed too, else empty.

    `tried`: wrong PINs since somebody last came in or left, of whomever.
    """

    def __init__(self, cabinet: Cabinet, house: House, pins: PinDesk, keep_tries: Callable[[], None]) -> None:
        """Nobody is there. `keep_tries`: the count of wrong PINs is on the disk when it returns."""
        self.session: Session | None = None
        self.asked = ""
        self.tried = 0
        self.pins = pins
        self._cabinet, self._house, self._keep_tries = cabinet, house, keep_tries
        self._asked_us = 0
        self._read: set[str] = set()  # since the last turn
        self._spent: frozenset[str] = frozenset()  # tags that have had their session: to be lifted first

    # --- what happens -----------------------------------------------------------------------

    def hear(self, fact: Fact, now: Moment) -> None:
        """A tag was read at the cabinet; what a node kept while it was away says nothing of now."""
        if now.at_us - fact.occurred_us < READ_AGE_MS * 1_000 * now.rate:
            self._read.add(str(fact.body["tag"]))

    def touch(self, now: Moment) -> None:
        """Somebody works: a touch, or a door of the compartment in hand."""
        if self.session is not None:
            self.session.touched_us = now.real_us

    def ask_number(self, now: Moment) -> None:
        """Number and PIN are to be typed."""
        self.asked, self._asked_us = TYPED, now.real_us

    def turn(self, now: Moment, *, has_list: bool) -> tuple[Present, Change | Note | None]:
        """Who is there now, and what that changes. `has_list`: with one in hand a badge may be gone for longer."""
        present = self._house.present(self._cabinet, self._read)
        self._read.clear()
        tags = frozenset(officer.badge for officer in present.officers)
        self._spent &= tags
        fresh = [officer for officer in present.officers if officer.badge not in self._spent]
        if self.session is None:
            return present, self._greet(fresh, now)
        return present, self._watch(self.session, fresh, now, has_list=has_list)

    def _greet(self, fresh: list[Officer], now: Moment) -> Change | Note | None:
        """Nobody works here: the first badge begins, where its officer may do anything here."""
        if self.asked and now.real_us - self._asked_us >= PIN_WAIT_MS * 1_000:
            self.asked = ""
        for officer in fresh:
            if not tasks_of(self._cabinet.kind, officer):
                return Note("no_task_here", found=officer.ref)
            if self.pins.has(officer.ref):
                self.asked, self._asked_us = officer.ref, now.real_us
                return None
            return self._begin(officer.ref, now, by_badge=True)
        return None

    def _watch(self, session: Session, fresh: list[Officer], now: Moment, *, has_list: bool) -> Change | None:
        if any(officer.ref == session.officer for officer in fresh):
            session.seen_us = now.real_us
        idle_ms = (now.real_us - max(session.touched_us, session.seen_us)) // 1_000
        is_gone = session.by_badge and session.seen_us < now.real_us
        limit_ms = BADGE_GONE_MS if is_gone and not has_list else IDLE_MS
        return Change.OVER if idle_ms >= limit_ms else None

    def wake_us(self) -> int | None:
        """Steady clock at which a session may be over."""
        if self.session is None:
            return self._asked_us + PIN_WAIT_MS * 1_000 if self.asked else None
        return max(self.session.touched_us, self.session.seen_us) + BADGE_GONE_MS * 1_000

    # --- PINs -------------------------------------------------------------------------------

    def judge(self, officer: str, digest: bytes, now: Moment) -> Officer:
        """The officer whose PIN it is. Raises `NotNow`: wrong, or locked; the count is kept before the answer is given."""
        is_right = self.pins.judge(officer, digest, now.at_us)
        self._keep_tries()
        known = self._house.officer(officer)
        if not is_right or known is None:
            self.tried += 1
            raise NotNow("pin_locked" if self.is_locked(officer, now) else "pin_wrong")
        return known

    def is_locked(self, officer: str, now: Moment) -> bool:
        """After too many wrong ones."""
        return self.pins.is_locked(officer, now.at_us)

    def take_pin(self, ask: Ask, now: Moment) -> Change | None:
        """A PIN that was tried: begins the session. Raises `NotNow`."""
        officer = ask.fields.get("officer", "")
        if self.session is not None or ask.digest is None or self.asked not in (TYPED, officer):
            return None
        known = self.judge(officer, ask.digest, now)
        if not tasks_of(self._cabinet.kind, known):
            raise NotNow("no_task_here", found=officer)
        return self._begin(officer, now, by_badge=self.asked != TYPED)

    def _begin(self, officer: str, now: Moment, *, by_badge: bool) -> Change:
        self.session, self.asked, self.tried = Session(officer, now.real_us, now.real_us, by_badge), "", 0
        return Change.BEGUN

    def leave(self) -> None:
        """The session ends. A badge that lies on the reader has to be lifted to begin another."""
        self._spent = frozenset(officer.badge for officer in self._house.present(self._cabinet).officers)
        self.session, self.asked, self.tried = None, "", 0
