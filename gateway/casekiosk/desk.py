"""One cabinet's screen: who is at it, what they do, where they are in it. Sans-IO; called by the gateway's main loop alone.

Whose session it is stands in `attendance`. The list in hand outlives session, screen and gateway.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from casekiosk import stating
from casekiosk.asking import Ask, Moment, Stated
from casekiosk.attendance import TYPED, Attendance, Change, Session
from casekiosk.drafts import Draft, DraftError, Item, draft_of
from casekiosk.house import House
from casekiosk.limits import ANOTHERS_LIST_MS
from casekiosk.pins import PinDesk
from casekiosk.screens import Dropping, Frame, Menu, Note, Pin, Screen, Start, View
from casekiosk.steps import STEPS
from casekiosk.steps.base import NotNow
from casekiosk.tasks import TASKS, Task, tasks_of
from custody.area import Cabinet
from custody.facts import Fact
from custody.world import Stay


@dataclass(frozen=True, slots=True)
class Tools:
    """What a desk does to the world, through the gateway: each call is done, or durable, when it returns.

    `state`: a fact into the log, False where there is no room yet; `knows`: whether a fact of this id is in the log;
    `enclose`: (field, value, stay, case, item) kept for the server, its commitment, or None where nothing can be kept.
    """

    state: Callable[[Stated], bool]
    knows: Callable[[str], bool]
    can_photograph: Callable[[], bool]
    enclose: Callable[[str, bytes, str, str, str], str | None]
    keep_draft: Callable[[bytes | None], None]
    draft: Callable[[], bytes | None]
    shelf: Callable[[str], dict[str, dict[str, Any]]]
    keep_shelf: Callable[[str, Mapping[str, Mapping[str, Any]]], None]
    keep_tries: Callable[[], None]
    new_ref: Callable[[str], str]


class Desk:
    """The screen of one cabinet."""

    def __init__(self, cabinet: Cabinet, house: House, pins: PinDesk, tools: Tools) -> None:
        """Takes up the list that an earlier run has kept."""
        self.cabinet, self.house, self.tools = cabinet, house, tools
        self.people = Attendance(cabinet, house, pins, tools.keep_tries)
        self.seat = ""
        self.page = ""  # a screen beside the step's own: edit, no_photo, theirs, compartment
        self.chosen_line = -1
        self.note: Note | None = None
        self.now = Moment(0, 0)
        self.why = ""  # what became of the request for a compartment: code.reason
        self._pending: dict[str, tuple[str, str]] = {}  # id of a stated fact -> moment, key
        self._unstated: list[Stated] = []
        self.draft = self._kept()

    def _kept(self) -> Draft | None:
        data = self.tools.draft()
        try:
            return None if data is None else draft_of(data)
        except DraftError:
            return None

    # --- what the steps use -----------------------------------------------------------------

    @property
    def session(self) -> Session | None:
        """Who works here now."""
        return self.people.session

    @property
    def task(self) -> Task:
        """The task in hand."""
        assert self.draft is not None
        return TASKS[self.draft.task]

    @property
    def step(self) -> str:
        """The name of the step in hand."""
        assert self.draft is not None
        return self.task.steps[self.draft.step]

    def keep(self) -> None:
        """The list as it is now, onto the disk."""
        self.tools.keep_draft(None if self.draft is None else self.draft.as_bytes())

    def advance(self) -> None:
        """To the next step; one that has nothing to do passes on by itself."""
        assert self.draft is not None
        self.draft.step += 1
        self.page, self.note = "", None
        self._enter()

    def again(self, name: str) -> None:
        """To another step of the task, anew."""
        assert self.draft is not None
        self.draft.step = self.task.steps.index(name)
        self.page, self.note = "", None
        self._enter()

    def _enter(self) -> None:
        self.keep()
        try:
            STEPS[self.step].enter(self)
        except NotNow as error:
            self.note = error.note

    def back(self) -> None:
        """To the step before; what was entered stays."""
        assert self.draft is not None
        self.draft.step = max(0, self.draft.step - 1)
        self.page, self.note = "", None
        self.keep()

    def say(self, moment: str) -> bool:
        """State the facts of a moment, once. True when they are all in the log and accepted; else `follow` goes on."""
        assert self.draft is not None
        if moment in self.draft.stated:
            return True
        if self._is_pending(moment) or self._unstated:
            return False
        for key, stated in stating.facts_of(self.draft, moment):
            self._state(stated, moment, key)
        return self._is_said(moment)

    def _is_pending(self, moment: str) -> bool:
        return any(of == moment for of, _ in self._pending.values())

    def _is_said(self, moment: str) -> bool:
        assert self.draft is not None
        if self._is_pending(moment):
            return False
        self.draft.stated.append(moment)
        self.draft.accepted.clear()
        self.keep()
        return True

    def request(self) -> None:
        """Ask for the compartment of the list."""
        assert self.draft is not None
        self.draft.requests += 1
        self.draft.is_opened = self.draft.is_shut = self.draft.is_by_key = False
        self.keep()
        self._state(stating.request_of(self.draft), "request", "")

    def override(self, reason: str) -> None:
        """Say that the mechanical key is used, and why: before it is, for what was open already stays unordered."""
        assert self.draft is not None
        self.draft.is_by_key = True
        self.keep()
        self._state(stating.override_of(self.draft, reason, self.now.at_us), "key", "")

    def _state(self, stated: Stated, moment: str, key: str) -> None:
        """Into the log; one that an earlier run has stated is there, and one without room waits."""
        if self.tools.knows(stated.id):
            return
        self._pending[stated.id] = moment, key
        if self._unstated or not self.tools.state(stated):
            self._unstated.append(stated)

    # --- events -----------------------------------------------------------------------------

    def take(self, ask: Ask, now: Moment) -> None:
        """What was touched. A touch that does not fit the screen changes nothing: two fingers, or a screen of before."""
        self.now = now
        if ask.action == "open":
            self._sit(ask.seat)
            return
        if ask.seat != self.seat or ask.action == "wait":
            return
        self.people.touch(now)
        self.note = None
        try:
            self._act(ask)
        except NotNow as error:
            self.note = error.note

    def _sit(self, seat: str) -> None:
        """Another screen at this cabinet begins anew: nobody goes on in another's session."""
        if seat != self.seat:
            self.seat = seat
            self._leave()

    def _act(self, ask: Ask) -> None:
        match ask.action:
            case "pin":
                self._change(self.people.take_pin(ask, self.now))
            case "number":
                self.people.ask_number(self.now)
            case "leave":
                self._leave()
            case "start" if self.session is not None and self.draft is None:
                self._start(ask.fields.get("task", ""))
            case "resume" if self.session is not None and self.draft is not None:
                self._resume()
            case "drop" if self.session is not None and self.draft is not None:
                self.page = "drop"
            case "dropped" if self.page == "drop" and self.draft is not None:
                self._drop()
            case "back" if self.page:
                self.page = ""
            case action if self._is_at_work:
                STEPS[self.step].act(self, action, ask)

    @property
    def _is_at_work(self) -> bool:
        return (
            self.session is not None and self.draft is not None and self.draft.officer == self.session.officer
        )

    def turn(self, now: Moment) -> None:
        """Time has gone on, or something was read: who is there, who has left, what waits for room."""
        self.now = now
        while self._unstated and self.tools.state(self._unstated[0]):
            self._unstated.pop(0)
        present, change = self.people.turn(now, has_list=self.draft is not None)
        self._change(change)
        if self._is_at_work:
            STEPS[self.step].turn(self, present)

    def follow(self, accepted: Iterable[Fact], refused: Mapping[str, Note]) -> None:
        """What became of facts: ours, and those of the compartment."""
        moments: dict[str, Note | None] = {}
        for fact in accepted:
            self._take_accepted(fact, moments)
        for fact_id, note in refused.items():
            moment, _ = self._pending.pop(fact_id, ("", ""))
            if moment:
                moments[moment] = moments.get(moment) or note
        for moment, first in moments.items():
            self._settle(moment, first)

    def _take_accepted(self, fact: Fact, moments: dict[str, Note | None]) -> None:
        if fact.type == "tag.read" and fact.body.get("reader") == self.cabinet.reader:
            self.people.hear(fact, self.now)
            return
        if self.draft is None:
            return
        moment, key = self._pending.pop(fact.id, ("", ""))
        if moment:
            moments.setdefault(moment, None)
            self.draft.accepted.append(key)
            self.draft.leaf = max(self.draft.leaf, fact.index)
        if fact.type.startswith("compartment.") and fact.body.get("compartment") == self.draft.compartment:
            self.people.touch(self.now)
            STEPS["open"].hear(self, fact)

    def _settle(self, moment: str, note: Note | None) -> None:
        if self.draft is None or self._is_pending(moment):
            return
        self.note = note
        if note is not None:
            self.draft.attempt += 1  # stated again they are other facts
            self.why = "refused." if moment == "request" else self.why
            self.draft.is_by_key = self.draft.is_by_key and moment != "key"
        self.keep()
        if moment not in ("request", "key"):
            if note is None:
                self._is_said(moment)
            STEPS[self.step].settled(self, moment, is_refused=note is not None)

    # --- who is there -----------------------------------------------------------------------

    def _change(self, change: Change | Note | None) -> None:
        """A session has begun, or is over, or somebody is there who has nothing to do here."""
        if isinstance(change, Note):
            self.note = change
        elif change is Change.OVER:
            self._leave()
        elif change is Change.BEGUN:
            assert self.session is not None
            self.note = None
            if self.draft is not None and self.draft.officer == self.session.officer:
                self._resume()

    def wake_us(self) -> int | None:
        """Steady clock at which a session may be over."""
        return self.people.wake_us()

    def _leave(self) -> None:
        """The session ends; the list stays."""
        self.people.leave()
        self.page, self.note = "", None
        if self.draft is not None and STEPS[self.step].is_end:
            self.finish()

    # --- the list in hand -------------------------------------------------------------------

    def _start(self, name: str) -> None:
        assert self.session is not None
        officer = self.house.officer(self.session.officer)
        if officer is None or name not in tasks_of(self.cabinet.kind, officer):
            return
        ref = self.tools.new_ref("k")
        self.draft = Draft(ref, name, self.cabinet.id, officer.ref, self.now.at_us)
        self._enter()

    def _resume(self) -> None:
        """Go on with the list that was left: by another officer only where nothing of it was signed yet."""
        assert self.session is not None
        assert self.draft is not None
        if self.draft.officer != self.session.officer:
            if self.draft.signatures or self.draft.stated or self.draft.requests:
                raise NotNow("anothers_list", found=self.draft.officer)
            self.draft.officer = self.session.officer
            self.keep()
        self.page = ""
        STEPS[self.step].resume(self)

    def _drop(self) -> None:
        """Put the list aside; what the log has of it stays there, and goes on by the ledger."""
        assert self.draft is not None
        assert self.session is not None
        state = self.house.world.compartments.get(self.draft.compartment)
        if state is not None and state.stage and state.request == self.draft.request:
            raise NotNow("compartment_runs", found=self.draft.compartment)
        is_old = self.now.at_us - self.draft.begun_us >= ANOTHERS_LIST_MS * 1_000
        is_signed = bool(self.draft.signatures or self.draft.stated)
        if self.draft.officer != self.session.officer and is_signed and not is_old:
            raise NotNow("anothers_list", found=self.draft.officer)
        self.finish()

    def finish(self) -> None:
        """The task is over: the list goes, the log has it all."""
        self.draft = None
        self.page, self.note = "", None
        self._pending.clear()
        self.keep()

    def remember(self, owner: str, items: Iterable[Item]) -> None:
        """What the items of a stay or case are, in words, for later screens at this cabinet."""
        known = self.tools.shelf(owner)
        for item in items:
            known[item.ref] = {"title": item.title, "features": item.features}
        self.tools.keep_shelf(owner, known)

    # --- what is shown ----------------------------------------------------------------------

    def screen(self) -> Screen:
        """What the screen shows now."""
        is_lost = self.house.is_lost(self.cabinet.reader)
        frame = Frame(
            cabinet=self.cabinet.id,
            officer="" if self.session is None else self.session.officer,
            is_server_away=self.house.is_server_away(), is_reader_lost=is_lost,
            note=Note("disk") if self._unstated else self.note,
        )  # fmt: skip
        if self.session is None:
            return Screen(self.door(), frame)
        if self.page == "drop" and self.draft is not None:
            return Screen(Dropping(len(self.draft.chosen), bool(self.draft.leaf >= 0)), frame)
        if not self._is_at_work:
            return Screen(self._menu(), frame)
        assert self.draft is not None
        frame = replace(frame, task=self.draft.task, step=self.draft.step + 1)
        return Screen(STEPS[self.step].show(self), frame)

    def door(self) -> View:
        """Where nobody works: the start, or the PIN that is asked for."""
        if self.people.asked:
            officer = "" if self.people.asked == TYPED else self.people.asked
            is_locked = bool(officer) and self.people.is_locked(officer, self.now)
            return Pin(officer, is_locked, self.people.tried)
        left = "" if self.draft is None else self.draft.officer
        return Start(self.cabinet.id, self.cabinet.kind, left, has_pins=bool(self.people.pins.provision.pins))

    def _menu(self) -> Menu:
        assert self.session is not None
        officer = self.house.officer(self.session.officer)
        tasks = () if officer is None else tasks_of(self.cabinet.kind, officer)
        stays: tuple[Stay, ...] = self.house.present(self.cabinet).stays
        left = "" if self.draft is None else self.draft.officer
        stay = stays[0].ref if stays else ""
        return Menu(tasks, stay, len(self.house.effects_of(stay)) if stay else 0, left)
