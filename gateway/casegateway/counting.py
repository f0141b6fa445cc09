"""The server's request that the log count the leaves of a stay: for a bundle of a stay that still goes on.

A count is a leaf, so a stranger, or a broker that says a message again, must not be able to ask for many.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from casegateway.events import Moment
from casegateway.limits import COUNT_AGE_US_MAX, COUNTS_PER_MINUTE_MAX, FACT_ID_CHARS_MAX
from casegateway.memory import Memory
from casegateway.signed import MALFORMED, authentic
from caselog.keys import Verifier
from caselog.leaf import NAME_CHARS_MAX

SIGNED_PREFIX = b"caseward-count-v1\n"


@dataclass(frozen=True, slots=True)
class CountOrder:
    """Count the leaves of `stay`; `id` becomes that of the leaf, by which the server knows its answer."""

    id: str
    stay: str


class CountOrders:
    """Judges down/count messages. `counters`: taken, doubles, unsigned, malformed, stale, unknown, too_many."""

    def __init__(self, server_public: bytes | None, memory: Memory, stay_size: Callable[[str], int]) -> None:
        """`stay_size`: leaves that the log has of a stay."""
        self.counters: Counter[str] = Counter()
        self._verifier = None if server_public is None else Verifier("server", server_public)
        self._memory = memory
        self._stay_size = stay_size
        self._taken_us: list[int] = []  # real time of those of the last minute

    def judge(self, payload: bytes, now: Moment) -> CountOrder | None:
        """The order, None when there is nothing to do; the counters say why."""
        value = authentic(payload, "count", SIGNED_PREFIX, self._verifier)
        reason = value if isinstance(value, str) else self._fault(value, now)
        self.counters[reason or "taken"] += 1
        if reason or isinstance(value, str):
            return None
        self._taken_us.append(now.real_us)
        self._memory.keep_id(value["id"])
        return CountOrder(value["id"], value["stay"])

    def _fault(self, value: dict[str, object], now: Moment) -> str:
        """Why the order is not carried out, empty when it is."""
        order_id, stay, at_us = value.get("id"), value.get("stay"), value.get("at_us")
        if not isinstance(order_id, str) or not 0 < len(order_id) <= FACT_ID_CHARS_MAX:
            return MALFORMED
        if not isinstance(stay, str) or not 0 < len(stay) <= NAME_CHARS_MAX or type(at_us) is not int:
            return MALFORMED
        if self._memory.knows_id(order_id):
            return "doubles"
        if now.latest_us is not None and abs(now.latest_us - at_us) > COUNT_AGE_US_MAX:
            return "stale"
        if not self._stay_size(stay):
            return "unknown"
        self._taken_us = [at for at in self._taken_us if at > now.real_us - 60_000_000]
        return "too_many" if len(self._taken_us) >= COUNTS_PER_MINUTE_MAX else ""
