"""What pages and API see of the whole station: areas, officers' acts, news, samples.

Every method may be called from any thread. Views are frozen: what a page reads does not change under it.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import structlog

from caselog import canonical
from caselog.clock import Instant
from caselog.keys import Signer
from caseserver import mending
from caseserver.accounts import Officer
from caseserver.alarms import SERVER
from caseserver.area_state import AreaState
from caseserver.area_view import AreaView
from caseserver.audit import Audit
from caseserver.floor.desk import DrawingDesk
from caseserver.ghosts import PREFIX, has_mark
from caseserver.hub import Hub
from caseserver.notify.duty_desk import DutyDesk
from caseserver.notify.watchers import Watchers
from caseserver.notify_settings import Notify
from caseserver.own_log import OwnLog
from caseserver.people.enclosures import EnclosureError, header_of
from caseserver.people.erasure import is_erased
from caseserver.people.people import People
from caseserver.people.telltale import has_identity_number
from caseserver.permissions import ACTOR_FIELDS, ENTERERS, roles_for
from caseserver.pins import PinError, PinFile
from caseserver.samples import Series
from caseserver.settings import Limits, Witness
from caseserver.signed import fact_id, signed_count, signed_enclosure, signed_fact, signed_kiosk
from caseserver.snapshot import Message
from caseserver.store import facts as fact_rows
from caseserver.store import samples as sample_rows
from caseserver.store.alarms import AlarmReader
from caseserver.store.calls import CallReader
from caseserver.store.database import Database
from caseserver.store.facts import PendingFact
from caseserver.store.leaves import LeafReader
from caseserver.witness import Witnesses
from custody.catalogue import FACT_TYPES
from custody.facts import check_body
from custody.fields import Problem

SENT: Final = "sent"
REFUSED: Final = "refused"
RECORDED: Final = "recorded"
UNKNOWN: Final = "unknown"
_KEYS: Final = frozenset(key for known in FACT_TYPES.values() for key in known.fields) | {
    "area", "type", "role", "occurred",
}  # fmt: skip
DRILL: Final = Officer(f"{PREFIX}1", frozenset({"duty_officer"}))


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of an officer's act. `status`: SENT, RECORDED or REFUSED (then `problems` says why).

    `is_area_away`: sent, but the gateway is not heard; it is sent again until it has it. `is_passed`: it is heard, and
    does not answer this one; it is still sent again, but what was given later does not wait for it.
    """

    id: str
    status: str
    problems: list[Problem] = field(default_factory=list)
    is_area_away: bool = False
    is_passed: bool = False

    @property
    def text(self) -> str:
        """One line."""
        if self.status == REFUSED:
            return "refused: " + "; ".join(
                f"{p.key}: expected {p.expected}, found {p.found}" for p in self.problems
            )
        if self.status == SENT and self.is_area_away:
            return f"{SENT}, waiting for the area"
        if self.status == SENT and self.is_passed:
            return f"{SENT}, not answered by the area: later ones go ahead of it"
        return self.status


class Station:
    """The station: all areas, and the way of officers' acts to them."""

    def __init__(
        self, clock: Any, database: Database, signer: Signer, areas: Iterable[AreaState], limits: Limits,
        own_log: OwnLog, witnesses: Mapping[str, Witness] | None = None, notify: Notify | None = None,
    ) -> None:  # fmt: skip
        """`clock`: caselog.clock.Clock with `rate`; `signer`: the server's key; `witnesses`: the second ones."""
        self.audit = Audit(database, own_log, clock.now)
        self.hub = Hub(limits.subscribers_max)
        self.limits = limits
        self.refused_enclosures = 0  # that no gateway of ours can have made
        self.started_us: int = clock.now().earliest_us
        self.watchers = Watchers()
        self.notify = notify or Notify()
        self.duty = DutyDesk(database, self.audit, self.notify)
        self.drawings = DrawingDesk(database, self.audit)
        self.levels: Mapping[tuple[str, str], int] = {}
        self._clock = clock
        self._database = database
        self._signer = signer
        self._areas = {state.area.id: state for state in areas}
        for state in self._areas.values():
            state.on_fork = lambda file: self.audit.write(None, "fork.proved", file)
        self._leaves = LeafReader(database)
        self._alarms = AlarmReader(database)
        self.calls = CallReader(database)
        self.witnesses = Witnesses(
            database,
            self._areas.values(),
            own_log,
            self.audit,
            witnesses or {},
            clock.now(),
            float(clock.rate),
        )
        self._publish: Callable[[Message], None] = lambda _message: None
        self._submit_lock = threading.Lock()

    # --- reading ----------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """The server's own name, as it cosigns with it."""
        return self._signer.name

    @property
    def rate(self) -> float:
        """Station seconds in one real second: 1.0 but in the demo."""
        return float(self._clock.rate)

    def now(self) -> Instant:
        """Station time."""
        instant: Instant = self._clock.now()
        return instant

    def areas(self) -> list[AreaView]:
        """Every area, as it is now."""
        return [self._view(state) for state in self._areas.values()]

    def area(self, area_id: str) -> AreaView:
        """One area. Raises KeyError."""
        if area_id not in self._areas:
            raise KeyError(f"expected one of the areas {', '.join(self._areas)}, found {area_id}")
        return self._view(self._areas[area_id])

    def states(self) -> list[AreaState]:
        """The areas' own states; for the worker."""
        return list(self._areas.values())

    def samples(self, area_id: str, from_us: int, to_us: int) -> list[Series]:
        """Coverage of each source: cells of a minute (up to six hours asked) or an hour, seconds seen and unseen."""
        return sample_rows.coverage(self._database, self._areas[area_id].gateway, from_us, to_us)

    def log_run(self, gateway: str, first: int, count: int) -> list[bytes]:
        """Raw leaves, without newlines."""
        return self._leaves.run(gateway, first, count)

    def mend(self, gateway: str, payload: bytes) -> list[Message]:
        """The answer to a gateway that asks for leaves it has lost."""
        ingest = next(state.ingest for state in self._areas.values() if state.gateway == gateway)
        reply = mending.answer(
            payload, lambda first, count: self.log_run(gateway, first, count), ingest.note, ingest.word
        )
        return [] if reply is None else [Message(gateway, "mend", reply)]

    def enclose(self, gateway: str, payload: bytes, people: People | None) -> list[Message]:
        """Keep what a kiosk sent, and say so; nothing is said of what cannot be kept, so that it stays where it is."""
        state = next(state for state in self._areas.values() if state.gateway == gateway)
        if people is None:
            return []
        try:
            header, box = header_of(payload)
            is_gone = header.stay != "" and is_erased(self._view(state).stay_leaves(header.stay)) is not None
            if not is_gone:
                people.enclosures.keep(state.area.id, header, box, self.now().earliest_us)
        except EnclosureError:
            self.refused_enclosures += 1
            return []
        word = signed_enclosure(self._signer, header.commitment, is_held=not is_gone)
        return [Message(gateway, "enclosure", word)]

    def provision(self, pins: PinFile, people: People | None) -> list[Message]:
        """What the kiosks of every area need of this server."""
        try:
            set_us, known = pins.read()
        except PinError:
            return []  # a gateway keeps what it was told last
        at_us = max(set_us, self.started_us)  # a server that starts may have another box key
        word = signed_kiosk(self._signer, at_us, None if people is None else people.enclosures.public, known)
        return [Message(state.gateway, "kiosk", word) for state in self._areas.values()]

    def officer_leaves(self, area_id: str) -> list[Mapping[str, Any]]:
        """What an area's log says of qualifications and training, oldest first."""
        gateway = self._areas[area_id].gateway
        return [canonical.loads(data) for data in self._leaves.of_officers(gateway)]

    def log_bytes(self, gateway: str) -> bytes:
        """The whole log of a gateway, a line each."""
        return self._leaves.log_bytes(gateway)

    def subscribe(self) -> AsyncIterator[int]:
        """Ticks (rising numbers) whenever anything changed; many changes are one tick, at most ten a second.

        Raises caseserver.hub.TooManySubscribers.
        """
        return self.hub.subscribe(asyncio.get_running_loop())

    # --- acting -----------------------------------------------------------------------------

    def submit(
        self,
        area_id: str,
        fact_type: str,
        body: Mapping[str, Any],
        officer: Officer,
        occurred_us: int | None = None,
    ) -> Receipt:
        """State a fact in an officer's name: signed, kept, sent to the gateway until it is in its log.

        The field that names the actor is always the signed-in officer; what another organ decided is entered in its
        name, and by whom stands in `officer`. `occurred_us`: when it happened, now
        when left out. Refused (nothing is sent) when the role, the body or the area does not allow it.
        """
        now = self.now()
        wanted = dict(body)
        actor = ACTOR_FIELDS.get(fact_type)
        if self._is_of_another_organ(area_id, fact_type, wanted, officer):
            actor = "officer"
        if actor is not None:
            wanted[actor] = officer.number
        new_id = fact_id()
        problems = self._problems(area_id, fact_type, wanted, officer)
        if occurred_us is not None and now.latest_us is not None and occurred_us > now.latest_us:
            problems.append(Problem("occurred", "a moment that is not in the future", str(occurred_us)))
        if problems:
            # what was typed may be a name: only words of ours are written down
            subject = fact_type if fact_type in FACT_TYPES else UNKNOWN
            key = problems[0].key if problems[0].key in _KEYS else UNKNOWN
            detail = {"area": area_id if area_id in self._areas else UNKNOWN, "field": key}
            self.audit.write(officer.number, "fact.refused", subject, detail)
            return Receipt(new_id, REFUSED, problems)
        state = self._areas[area_id]
        own = state.book.get(str(wanted.get("alarm", ""))) if fact_type.startswith("alarm.") else None
        if own is not None and own.origin == SERVER:
            return self._act_own(state, fact_type, wanted, officer, now)
        is_known = occurred_us is not None
        occurred = {
            "earliest_us": occurred_us if is_known else now.earliest_us,
            "latest_us": occurred_us if is_known else now.latest_us,
            "by": "server",
        }
        fact = {
            "type": fact_type,
            "id": new_id,
            "occurred": occurred,
            "stay": wanted.get("stay"),
            "body": wanted,
        }
        pending = PendingFact(
            new_id, state.gateway, fact_type, officer.number, signed_fact(self._signer, fact), now.earliest_us
        )
        subject = str(wanted.get("stay") or wanted.get("alarm") or area_id)
        refusal = self._hand_on(state, pending, subject)
        if refusal is not None:
            return Receipt(new_id, REFUSED, [refusal])
        return Receipt(new_id, SENT, is_area_away=state.snapshot().is_stale)

    def _hand_on(self, state: AreaState, pending: PendingFact, subject: str) -> Problem | None:
        """Keep a signed fact and publish it; `subject`: what the own log names. A problem when too many wait already."""
        with self._submit_lock:  # up to the publishing: two that act at once go out in one order
            with self._database.writing() as connection:
                waiting = fact_rows.waiting(connection, state.gateway)
                if len(waiting) >= self.limits.pending_facts_max:
                    expected = f"fewer than {self.limits.pending_facts_max} acts waiting for the area"
                    return Problem("area", expected, str(len(waiting)))
                fact_rows.put(connection, pending)
            message = state.expect(pending, waiting)
            detail = {"id": pending.id, "type": pending.type, "area": state.area.id}
            self.audit.write(pending.officer, "fact.stated", subject, detail)
            self._publish(message)
        self.hub.tick()
        return None

    def state_drill(self, area_id: str, fact_type: str, body: Mapping[str, Any], occurred_us: int) -> None:
        """A fact about the ghost, in the program's own name."""
        receipt = self.submit(area_id, fact_type, body, DRILL, occurred_us)
        if receipt.status == REFUSED:
            structlog.get_logger().error("the drill was refused", fact=fact_type, reason=receipt.text)

    def receipt(self, fact_id: str) -> str:
        """`sent` (perhaps with why it waits), `recorded`, or `refused: …` (by the engine, with its reason)."""
        with self._database.reading() as connection:
            fact = fact_rows.get(connection, fact_id)
        if fact is None:
            return "refused: expected an id that was given out, found another"
        if fact.state == fact_rows.REFUSED:
            return f"refused: {fact.reason}"
        state = next((s for s in self._areas.values() if s.gateway == fact.gateway), None)
        return Receipt(
            fact_id, fact.state,
            is_area_away=state is not None and state.snapshot().is_stale,
            is_passed=state is not None and fact_id in state.under_way.order.passed,
        ).text  # fmt: skip

    def refusal(self, fact_id: str) -> tuple[str, Mapping[str, Any]] | None:
        """(area id, body of the leaf that refuses this fact): rule, article, reason, expected, found. None: it says nothing."""
        with self._database.reading() as connection:
            fact = fact_rows.get(connection, fact_id)
        if fact is None or fact.leaf is None or fact.state != fact_rows.REFUSED:
            return None
        data = self._leaves.data(fact.gateway, fact.leaf)
        area = next((s.area.id for s in self._areas.values() if s.gateway == fact.gateway), "")
        return (area, canonical.loads(data)["body"]) if data is not None else None

    def set_levels(self, levels: Mapping[tuple[str, str], int]) -> None:
        """How many steps were called for each (area, alarm) that nobody has answered, or a message's fate has changed."""
        self.levels = levels
        self.hub.tick()

    def record_read(
        self, number: str, what: str, subject: str, detail: Mapping[str, Any] | None = None
    ) -> None:
        """Write down that an officer reads personal data or a stay's record, before it is shown."""
        self.audit.write(number, "record.read", subject, {"what": what, **(detail or {})})

    def ask_count(self, area_id: str, stay: str) -> str:
        """Ask the gateway to say in the log how many leaves a stay has; gives the id that the leaf will have."""
        state = self._areas[area_id]
        leaf_id = fact_id("count")
        payload = signed_count(self._signer, stay, leaf_id, self.now().earliest_us)
        self._publish(Message(state.gateway, "count", payload))
        return leaf_id

    def is_recorded(self, area_id: str, leaf_id: str) -> bool:
        """Whether a leaf with this id is held."""
        return self._leaves.by_id(self._areas[area_id].gateway, leaf_id) is not None

    def connect(self, publish: Callable[[Message], None]) -> None:
        """Give the way out: called with every message for a gateway."""
        self._publish = publish

    # --- inside -----------------------------------------------------------------------------

    def _view(self, state: AreaState) -> AreaView:
        return AreaView(state, state.snapshot(), self._leaves, self._alarms)

    def _problems(
        self, area_id: str, fact_type: str, body: Mapping[str, Any], officer: Officer
    ) -> list[Problem]:
        known = FACT_TYPES.get(fact_type)
        if area_id not in self._areas:
            return [Problem("area", f"one of {', '.join(self._areas)}", area_id[:64])]
        if known is None or known.origin != "officer":
            return [Problem("type", "a fact type that an officer may state", fact_type[:64])]
        allowed = roles_for(self._areas[area_id].rulebook, fact_type)
        if not officer.roles & allowed and not self._is_of_another_organ(area_id, fact_type, body, officer):
            found = ", ".join(sorted(officer.roles)) or "none"
            return [Problem("role", f"one of {', '.join(sorted(allowed))}", found)]
        if officer is not DRILL and has_mark(str(body.get("stay", ""))):
            return [Problem("stay", f"a reference that does not begin with {PREFIX}", str(body["stay"])[:64])]
        told = [key for key, value in body.items() if has_identity_number(value)]
        kept = [Problem(key, "no identity number: the log keeps it for ever", "one") for key in told]
        return kept or check_body(fact_type, body)

    def _is_of_another_organ(
        self, area_id: str, fact_type: str, body: Mapping[str, Any], officer: Officer
    ) -> bool:
        """The approver named is another organ, which has no account, and this officer may enter its decisions."""
        state = self._areas.get(area_id)
        if state is None or ACTOR_FIELDS.get(fact_type) != "approver" or not officer.roles & ENTERERS:
            return False
        approver = state.snapshot().world.officers.get(str(body.get("approver")))
        return approver is not None and approver.service == "external"

    def _act_own(
        self, state: AreaState, fact_type: str, body: Mapping[str, Any], officer: Officer, now: Instant
    ) -> Receipt:
        alarm_id, action = str(body["alarm"]), fact_type.removeprefix("alarm.")
        key = fact_id("own")
        problem = state.act_own(
            alarm_id,
            action,
            officer.number,
            now.earliest_us,
            str(body.get("cause", "")),
            str(body.get("action", "")),
        )
        if problem:
            return Receipt(key, REFUSED, [Problem("alarm", *_split(problem))])
        pending = PendingFact(
            key, state.gateway, fact_type, officer.number, b"", now.earliest_us, fact_rows.RECORDED
        )
        with self._database.writing() as connection:
            fact_rows.put(connection, pending)
        self.audit.write(officer.number, "alarm.handled", alarm_id, {"type": fact_type})
        self.hub.tick()
        return Receipt(key, RECORDED)


def _split(problem: str) -> tuple[str, str]:
    """Both halves of `expected X, found Y`."""
    expected, _, found = problem.removeprefix("expected ").partition(", found ")
    return expected, found
