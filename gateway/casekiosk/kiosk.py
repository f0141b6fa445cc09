"""All cabinets of an area: asks in, facts followed, answers out. Sans-IO; the gateway's main loop alone calls it.

An ask is answered when what followed from it is in the log: the gateway takes the answers after its commit.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from casekiosk.asking import Answer, Ask, Moment, Stated
from casekiosk.desk import Desk, Tools
from casekiosk.enclosures import enclose, stay_of
from casekiosk.files import KioskFiles
from casekiosk.house import House
from casekiosk.labels import compartment_code
from casekiosk.limits import ENCLOSURE_RESEND_MS, ENCLOSURES_IN_FLIGHT_MAX, WAIT_S
from casekiosk.pins import PinDesk, Provision
from casekiosk.screens import Labels, Note, Screen
from casekiosk.steps.listing import labels_of
from custody.area import Cabinet
from custody.facts import Fact

REF_BYTES: Final = 8
ERASED: Final = "person.erased"


@dataclass(slots=True)
class _Waiting:
    """A screen that asks for news. `until_us`: steady clock at which it is answered without any."""

    ask: Ask
    until_us: int


class Kiosk:
    """Desks by cabinet, the PINs they judge by, and what waits for the server."""

    def __init__(
        self, house: House, files: KioskFiles, state: Callable[[Stated], bool], knows: Callable[[str], bool]
    ) -> None:
        """`state`: a fact into the log; `knows`: whether a fact of this id is in it."""
        self.pins = PinDesk(files.tries())
        self.house = house
        self._files = files
        self._desks = {
            cabinet.id: Desk(cabinet, house, self.pins, self._tools(cabinet, state, knows))
            for cabinet in house.area.cabinets.values()
        }
        self._shown: dict[str, tuple[Screen, int]] = {}
        self._asked: list[Ask] = []
        self._waiting: list[_Waiting] = []
        self._sent_us: dict[str, int] = {}

    def _tools(
        self, cabinet: Cabinet, state: Callable[[Stated], bool], knows: Callable[[str], bool]
    ) -> Tools:
        return Tools(
            state=state,
            knows=knows,
            can_photograph=self._can_photograph,
            enclose=self._enclose,
            keep_draft=partial(self._files.keep_draft, cabinet.id),
            draft=partial(self._files.draft, cabinet.id),
            shelf=self._files.shelf,
            keep_shelf=self._files.keep_shelf,
            keep_tries=lambda: self._files.keep_tries(self.pins.tries),
            new_ref=lambda prefix: f"{prefix}-{secrets.token_hex(REF_BYTES)}",
        )

    # --- the server's word ------------------------------------------------------------------

    def provision(self, told: Provision, payload: bytes) -> bool:
        """A word that the server signed: PINs, and for which key photos are sealed. False: an older one."""
        if not self.pins.take(told):
            return False
        self._files.keep_word(payload)
        return True

    def _can_photograph(self) -> bool:
        return self.pins.provision.box is not None and self._files.has_room(photo=True)

    def _enclose(self, field: str, value: bytes, stay: str, case: str, item: str) -> str | None:
        public = self.pins.provision.box
        if public is None or not self._files.has_room(photo=field == "photo"):
            return None
        found = enclose(public, field, value, stay=stay, case=case, item=item)
        self._files.put_box(found.commitment, found.message)
        return found.commitment

    def due(self, now: Moment) -> list[bytes]:
        """Enclosures to be sent now: the oldest, a few at a time, again until the server says that it holds them."""
        out = []
        for commitment in list(self._files.spooled)[:ENCLOSURES_IN_FLIGHT_MAX]:
            if (
                now.real_us - self._sent_us.get(commitment, -ENCLOSURE_RESEND_MS * 1_000)
                < ENCLOSURE_RESEND_MS * 1_000
            ):
                continue
            message = self._files.box(commitment)
            if message is None:
                self._files.drop_box(commitment)
                continue
            self._sent_us[commitment] = now.real_us
            out.append(message)
        return out

    def held(self, commitment: str) -> None:
        """The server has signed that it holds an enclosure, or that it must not."""
        self._files.drop_box(commitment)
        self._sent_us.pop(commitment, None)

    def reconnected(self) -> None:
        """The broker is there again: what was sent before may be lost."""
        self._sent_us.clear()

    @property
    def spooled(self) -> int:
        """Enclosures that wait for the server."""
        return len(self._files.spooled)

    # --- events -----------------------------------------------------------------------------

    def take(self, ask: Ask, now: Moment) -> None:
        """One request of a screen. It is answered by `answers`, when what follows from it is durable."""
        desk = self._desks[ask.cabinet]
        if ask.action == "wait":
            self._waiting.append(_Waiting(ask, now.real_us + int(WAIT_S * 1_000_000)))
            return
        desk.take(ask, now)
        self._asked.append(ask)

    def turn(self, now: Moment) -> None:
        """Time has gone on."""
        for desk in self._desks.values():
            desk.turn(now)

    def follow(self, accepted: Iterable[Fact], refused: Mapping[str, Note]) -> None:
        """What the engine has taken and refused in this step."""
        facts = list(accepted)
        for fact in facts:
            if fact.type == ERASED and fact.stay is not None:
                self._erase(fact.stay)
        for desk in self._desks.values():
            desk.follow(facts, refused)

    def _erase(self, stay: str) -> None:
        """The person's key is destroyed at the server; nothing of them stays here either."""
        self._files.keep_shelf(stay, None)
        for commitment in list(self._files.spooled):
            message = self._files.box(commitment)
            if message is not None and stay_of(message) == stay:
                self._files.drop_box(commitment)

    def wake_us(self) -> int | None:
        """Steady clock at which something may be due by time alone."""
        times = [w.until_us for w in self._waiting]
        times += [wake for desk in self._desks.values() if (wake := desk.wake_us()) is not None]
        return min(times, default=None)

    # --- answers ----------------------------------------------------------------------------

    def answers(self, now: Moment) -> list[Answer]:
        """To be given now, after the commit: to every touch, and to each screen for which there is news."""
        asked, self._asked = self._asked, []
        out = [self._labels(ask, now) if ask.action == "labels" else self._answer(ask, now) for ask in asked]
        waiting, self._waiting = self._waiting, []
        for one in waiting:
            _, version = self._screen(one.ask.cabinet)
            if version != one.ask.version or now.real_us >= one.until_us or not self._is_seated(one.ask):
                out.append(self._answer(one.ask, now))
            else:
                self._waiting.append(one)
        return out

    def _screen(self, cabinet: str) -> tuple[Screen, int]:
        screen = self._desks[cabinet].screen()
        shown, version = self._shown.get(cabinet, (None, 0))
        if screen != shown:
            version += 1
            self._shown[cabinet] = screen, version
        return screen, version

    def _is_seated(self, ask: Ask) -> bool:
        return self._desks[ask.cabinet].seat == ask.seat

    def _answer(self, ask: Ask, now: Moment) -> Answer:
        screen, version = self._screen(ask.cabinet)
        if not self._is_seated(ask):
            away = replace(screen.frame, note=Note("other_screen"), officer="")
            return Answer(ask.id, 409, 0, Screen(self._desks[ask.cabinet].door(), away), now.at_us, now.rate)
        return Answer(ask.id, 200, version, screen, now.at_us, now.rate)

    def _labels(self, ask: Ask, now: Moment) -> Answer:
        desk = self._desks[ask.cabinet]
        if desk.session is None or not self._is_seated(ask):
            return Answer(ask.id, 403, 0, None, now.at_us)
        if ask.fields.get("of") == "compartments":
            area = self.house.area.id
            cells = desk.house.of_cabinet(ask.cabinet)
            view = Labels(tuple((compartment_code(area, c), desk.house.label(c), c) for c in cells))
        else:
            view = Labels(()) if desk.draft is None else labels_of(desk.draft)
        return Answer(ask.id, 200, 0, Screen(view), now.at_us)
