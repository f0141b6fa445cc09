"""What the server says on down/…: to whom each word goes, and what is done about those that are refused."""

from collections import Counter

from casegateway.book import Book, output_of
from casegateway.counting import CountOrders
from casegateway.drafts import Draft
from casegateway.events import Moment
from casegateway.kiosks import KioskSide
from casegateway.limits import REFUSALS_PER_MINUTE_MAX
from casegateway.orders import OfficerFacts, Refused, refusal_of
from casegateway.outbox import Outbox
from casegateway.storage import Storage


class ServerWords:
    """Takes every message of the server; nothing in one is believed before its own judge has looked at it."""

    def __init__(
        self, book: Book, outbox: Outbox, storage: Storage, server_public: bytes | None, area: str,
        kiosk: KioskSide,
    ) -> None:  # fmt: skip
        """`server_public`: 32 bytes, None if not provisioned; `area`: its id."""
        self.count_orders = CountOrders(server_public, book.memory, book.log.stay_size)
        self.officer_facts = OfficerFacts(server_public, book.memory)
        self.counters: Counter[str] = Counter()
        self._book = book
        self._outbox = outbox
        self._storage = storage
        self._area = area
        self._kiosk = kiosk
        self._refusals: list[int] = []

    def take(self, topic: str, payload: bytes, now: Moment) -> None:
        """A message on down/<topic>. Raises `LogStopped`."""
        if topic == "ack":
            self._outbox.take_ack(payload, now.real_us)
        elif topic == "req":
            self._outbox.take_request(payload, now.real_us)
        elif topic == "fact":
            verdict = self.officer_facts.judge(payload, now)
            if isinstance(verdict, Draft):
                self._book.append(verdict, now)
            elif verdict is not None:
                self._refuse(verdict, now)
        elif topic == "count":
            order = self.count_orders.judge(payload, now)
            if order is not None:
                self._book.count_stay(order.stay, now.instant, order.id)
        elif topic == "mend":
            self._storage.take(payload)
        elif topic == "kiosk":
            self._kiosk.take_word(payload)
        elif topic == "enclosure":
            self._kiosk.take_held(payload)
        else:
            self.counters["unknown_topic"] += 1

    def _refuse(self, refused: Refused, now: Moment) -> None:
        """Record a refusal, unless a flood of them would fill the log."""
        minute_ago = now.real_us - 60_000_000
        self._refusals = [at for at in self._refusals if at > minute_ago]
        if len(self._refusals) >= REFUSALS_PER_MINUTE_MAX:
            self.counters["refusals_not_recorded"] += 1
            return
        self._refusals.append(now.real_us)
        effect, cause = refusal_of(refused, now.instant, self._book.log.size, self._area)
        self._book.refuse(output_of(effect, cause))
