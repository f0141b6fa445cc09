"""The kiosk's place in the gateway: what its desks read of log and engine, and how what they state becomes a fact.

It stands beside releases and lockers: forms of the kiosk take the same way as an officer's form from the server, and open nothing.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from casegateway.book import Book
from casegateway.drafts import Draft
from casegateway.events import Action, Moment, Publish
from casegateway.signed import authentic
from casekiosk.asking import Ask, Stated
from casekiosk.asking import Moment as KioskMoment
from casekiosk.files import KioskFiles
from casekiosk.house import House, Notice
from casekiosk.kiosk import Kiosk
from casekiosk.pins import SALT_BYTES, WordError, provision_of
from casekiosk.screens import Note
from caselog.errors import CaselogError
from caselog.keys import Verifier
from casewire import UNKNOWN
from custody.effects import Effect, Refusal

KIOSK_PREFIX = b"caseward-kiosk-v1\n"
"""Before the canonical JSON of what a kiosk is provisioned with."""
ENCLOSURE_PREFIX = b"caseward-enclosure-v1\n"
"""Before that of what the server says of one enclosure."""


@dataclass(frozen=True, slots=True)
class KioskSetting:
    """What the screens of an area keep on the disk, and what they quote to a person beside the list."""

    files: KioskFiles
    notice: Notice | None = None


class KioskSide:
    """The kiosk of one gateway; without a setting it has no screens and does nothing.

    `counters`: words of the server, by what became of them.
    """

    def __init__(
        self,
        book: Book,
        setting: KioskSetting | None,
        server_public: bytes | None,
        missing: Callable[[str, Moment], tuple[str, ...]],
    ) -> None:
        """`book` is replayed; `missing`: who is still to be read for a compartment."""
        self.counters: Counter[str] = Counter()
        self.is_connected = False
        self.fault = ""  # what ended the screens of this run
        self._book = book
        self._verifier = None if server_public is None else Verifier("server", server_public)
        self._missing = missing
        self._now: Moment | None = None
        self._kiosk = (
            None
            if setting is None
            else Kiosk(self._house(setting), setting.files, self._state, book.memory.knows_id)
        )
        word = None if setting is None else setting.files.word()
        if word is not None:
            self.take_word(word)

    def _house(self, setting: KioskSetting) -> House:
        memory, area = self._book.memory, self._book.engine.area

        def is_lost(reader: str) -> bool:
            node = area.node_of("reader", reader)
            return memory.nodes.get(node or "") != "ok" or memory.readers.get(reader) == UNKNOWN

        return House(
            area, self._book.engine.world, lambda reader: memory.tags.get(reader, ()), is_lost,
            lambda: not self.is_connected or memory.is_server_lost, self._is_missing, setting.notice,
        )  # fmt: skip

    def _is_missing(self, compartment: str) -> tuple[str, ...]:
        return () if self._now is None else self._missing(compartment, self._now)

    def _state(self, stated: Stated) -> bool:
        """Into the log, by the word of whoever stands at the kiosk; False where there is no room for it."""
        assert self._now is not None
        instant = self._now.instant
        draft = Draft(
            type=stated.type, body=dict(stated.body), id=stated.id, occurred_us=instant.earliest_us,
            occurred_latest_us=instant.latest_us, by="kiosk",
        )  # fmt: skip
        return self._book.append(draft, self._now)

    def salt(self, officer: str) -> bytes:
        """What to hash a tried PIN with. The one method that the edge calls from its own thread: it reads a frozen record."""
        return bytes(SALT_BYTES) if self._kiosk is None else self._kiosk.pins.salt(officer)

    # --- the server's words -----------------------------------------------------------------

    def take_word(self, payload: bytes) -> None:
        """down/kiosk: PINs, and the key for which photos are sealed. Nothing is believed before its signature."""
        value = authentic(payload, "kiosk", KIOSK_PREFIX, self._verifier)
        if self._kiosk is None or isinstance(value, str):
            self.counters[value if isinstance(value, str) else "no_screens"] += 1
            return
        try:
            is_new = self._kiosk.provision(provision_of(value), payload)
        except WordError:
            self.counters["malformed"] += 1
        else:
            self.counters["taken" if is_new else "old"] += 1

    def take_held(self, payload: bytes) -> None:
        """down/enclosure: the server holds one, or must not."""
        value = authentic(payload, "enclosure", ENCLOSURE_PREFIX, self._verifier)
        if isinstance(value, str):
            self.counters[value] += 1
        elif self._kiosk is not None:
            self._kiosk.held(str(value.get("commitment")))

    # --- the turn ---------------------------------------------------------------------------

    def take(self, ask: Ask, now: Moment) -> None:
        """A request of a screen."""
        self._now = now
        self._call(lambda kiosk: kiosk.take(ask, _moment(now)))

    def turn(self, now: Moment) -> None:
        """Before the facts of this turn are made durable."""
        self._now = now
        self._call(lambda kiosk: kiosk.turn(_moment(now)))

    def follow(self, effects: Iterable[Effect], now: Moment) -> None:
        """After a step of the book: what it took, and what the engine refused."""
        self._now = now
        if self._kiosk is None:
            return
        refused = {
            effect.fact_id: Note(effect.reason, effect.rule, effect.expected, effect.found)
            for effect in effects
            if isinstance(effect, Refusal)
        }
        self._call(lambda kiosk: kiosk.follow(self._book.accepted, refused))

    def due(self, now: Moment, *, is_connected: bool) -> list[Action]:
        """After the commit: answers for the screens, and what waits for the server."""
        if self._kiosk is None:
            return []
        moment = _moment(now)
        if is_connected and not self.is_connected:
            self._kiosk.reconnected()
        self.is_connected = is_connected
        out: list[Action] = list(self._kiosk.answers(moment))
        if is_connected:
            size = self._book.log.durable_size
            out += [Publish("enclosure", message, size) for message in self._kiosk.due(moment)]
        return out

    def _call(self, do: Callable[[Kiosk], None]) -> None:
        """Whatever is wrong with a screen, the area goes on without it: only the log's own failure stops a gateway."""
        if self._kiosk is None:
            return
        try:
            do(self._kiosk)
        except CaselogError:
            raise
        except OSError:
            self.counters["disk"] += 1  # what was touched is not kept, and is touched again
        except Exception as error:  # noqa: BLE001 - a mistake of ours in a page must not leave the doors unguarded
            self.counters["fault"] += 1
            self.fault = repr(error)
            self._kiosk = None

    def wake_us(self) -> int | None:
        """Real time at which something may be due."""
        return None if self._kiosk is None else self._kiosk.wake_us()


def _moment(now: Moment) -> KioskMoment:
    return KioskMoment(now.instant.earliest_us, now.real_us, now.rate)
