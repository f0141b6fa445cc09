"""What is known of one OSDP reader: its contacts, relays, lamps, the cards in front of it, its troubles.

No library, no wire: told what was heard and missed, it says what changed.
"""

import logging
from typing import Any

from casefield.osdp_config import ReaderConfig
from casewire import (
    ACTIVE,
    DEFAULT_KEY,
    INACTIVE,
    KEY_REFUSED,
    MAINS_LOST,
    NOISY,
    SILENT,
    TAMPER,
    UNKNOWN,
)

UID_BYTES_MAX = 16
WIEGAND_BITS = (26, 34)
CARDS_MAX = 16
"""In front of one reader; then the oldest counts as gone."""

# A damaged answer weighs as much as twenty good ones, as on other lines: more than one in twenty is noisy.
DAMAGE, NOISY_FROM, NOISE_MAX = 20, 60, 120

INPUTS, OUTPUTS, LOCAL = 0, 1, 2  # the kinds of a status report, as libosdp numbers them
_SHOWN = {0: INACTIVE, 1: ACTIVE}

log = logging.getLogger("node")


def card_number(card: str, bits: int, data: bytes) -> bytes | None:
    """The uid of a card of `bits` bits, left-justified in `data`, or None for one that cannot be right.

    "raw": the bytes as they come. "wiegand": the number between the two parity bits, both right: even over the
    first half, odd over the second.
    """
    size = -(-bits // 8)
    if not 1 <= size <= UID_BYTES_MAX or len(data) < size:
        return None
    if card == "raw":
        return data[:size]
    if bits not in WIEGAND_BITS:
        return None
    whole = int.from_bytes(data[:size], "big") >> 8 * size - bits
    half = bits // 2
    first, second = whole >> half, whole & (1 << half) - 1
    if first.bit_count() % 2 or not second.bit_count() % 2:
        return None
    return (whole >> 1 & (1 << bits - 2) - 1).to_bytes((bits - 2) // 8, "big")


class Reader:
    """One reader.

    is_silent        the last question had no answer
    is_refused       it does not speak with our key
    has_default_key  it speaks with the one that everybody knows
    is_unhurt        nothing was missed or damaged since its session began
    wants            kinds of status report that are to be asked for
    cards            uid -> when it was read last
    """

    def __init__(self, config: ReaderConfig, hold_ms: int) -> None:
        self.config = config
        self.is_silent = False
        self.is_refused = False
        self.has_default_key = False
        self.is_unhurt = True
        self.wants = {INPUTS, OUTPUTS, LOCAL}
        self.cards: dict[bytes, int] = {}
        self._is_up = False
        self._is_in_doubt = False
        self._hold_ms = hold_ms
        self._local = 0
        self._noise = 0
        self._is_noisy = False
        self._kinds = dict.fromkeys(config.points[1:], "feedback")
        self._kinds.update({each.point: "contact" for each in config.inputs})
        self._states = dict.fromkeys(self._kinds, UNKNOWN)
        self._told: dict[int, int] = {}
        self._was_known = False
        self._changes: list[tuple[Any, ...]] = []

    @property
    def is_known(self) -> bool:
        """Whether it is heard over its secure channel."""
        return self._is_up and not self.is_silent

    @property
    def has_relay_on(self) -> bool:
        """Whether one of its relays is on, as it said last."""
        return any(self._states[each.point] == ACTIVE for each in self.config.outputs)

    def state(self, point: int) -> int:
        """The state of one of its points; of its cards, ACTIVE while one is there."""
        if point == self.config.point:
            return (ACTIVE if self.cards else INACTIVE) if self.is_known else UNKNOWN
        return self._states[point]

    def bits(self, point: int) -> int:
        """The troubles of one of its points; what the case tells stands at the point of its cards."""
        bits = SILENT if self.is_silent else 0
        bits |= KEY_REFUSED if self.is_refused else 0
        bits |= DEFAULT_KEY if self.has_default_key else 0
        bits |= NOISY if self._is_noisy else 0
        return bits | (self._local if point == self.config.point else 0)

    def begin(self) -> None:
        """Its secure channel is up."""
        self._is_up = self.is_unhurt = True
        self.is_refused = self.has_default_key = False
        self.wants = {INPUTS, OUTPUTS, LOCAL}

    def end(self, now_ms: int) -> None:
        """It is down."""
        self._is_up = self.has_default_key = False
        self._forget(now_ms)

    def heard(self) -> None:
        """A good answer came; told after what was in it."""
        self.is_silent = self._is_in_doubt = False
        self._noise = max(0, self._noise - 1)
        self._is_noisy = self._is_noisy and self._noise > 0

    def missed(self, now_ms: int) -> None:
        """None came."""
        self.is_silent = True
        self.is_unhurt = False
        # The answer to the question that is put again is the one it gave then: too old to show a state.
        self._is_in_doubt = True
        self._forget(now_ms)

    def damaged(self) -> None:
        """One came that is no answer."""
        self.is_unhurt = False
        self._noise = min(NOISE_MAX, self._noise + DAMAGE)
        self._is_noisy = self._is_noisy or self._noise >= NOISY_FROM

    def report(self, kind: int, report: bytes, now_ms: int) -> None:
        """Take a status report."""
        if self._is_in_doubt:
            return
        self.wants.discard(kind)
        if kind == LOCAL:
            tamper, power = (bool(each) for each in (*report, 0, 0)[:2])
            self._local = (TAMPER if tamper else 0) | (MAINS_LOST if power else 0)
        elif kind == INPUTS:
            for each in self.config.inputs:
                shown = _SHOWN.get(report[each.number], UNKNOWN) if each.number < len(report) else UNKNOWN
                if shown != UNKNOWN and not each.active_level:
                    shown = INACTIVE if shown == ACTIVE else ACTIVE
                self._become(each.point, shown, now_ms)
        elif kind == OUTPUTS:
            for output in self.config.outputs:
                shown = report[output.number] if output.number < len(report) else UNKNOWN
                self._become(output.point, _SHOWN.get(shown, UNKNOWN), now_ms)

    def lit(self, point: int, state: int, now_ms: int) -> None:
        """It took an order to a lamp: all that a reader says of its lamps."""
        self._become(point, state, now_ms)

    def card(self, bits: int, data: bytes, now_ms: int) -> None:
        """A card was read."""
        uid = card_number(self.config.card, bits, data)
        if uid is None:
            log.warning(
                "reader %d: expected a card as set (%s), found one of %d bits that is none",
                self.config.address,
                self.config.card,
                bits,
            )
            return
        if uid not in self.cards:
            if len(self.cards) == CARDS_MAX:
                self._gone(min(self.cards, key=lambda each: self.cards[each]))
            self._changes.append(("tag", self.config.point, 1, uid, now_ms))
        self.cards[uid] = now_ms

    def changes(self, now_ms: int) -> list[tuple[Any, ...]]:
        """What changed since last asked."""
        if self.is_known != self._was_known:
            self._was_known = self.is_known
            self._changes[:0] = self._sight(now_ms)
        for uid, read_ms in list(self.cards.items()):
            if self.is_known and now_ms - read_ms >= self._hold_ms:  # else nobody can see that it has gone
                self._gone(uid)
        for point in self.config.points:
            bits = self.bits(point)
            if bits != self._told.get(point, 0):
                self._told[point] = bits
                self._changes.append(("trouble", point, bits, now_ms))
        changes, self._changes = self._changes, []
        return changes

    def _sight(self, now_ms: int) -> list[tuple[Any, ...]]:
        """A reader that is not heard is no empty one; heard again, it tells anew what lies there."""
        point = self.config.point
        told: list[tuple[Any, ...]] = [("contact", point, self.state(point), now_ms)]
        if self.is_known:
            told += [("tag", point, 1, uid, read_ms) for uid, read_ms in self.cards.items()]
        return told

    def _gone(self, uid: bytes) -> None:
        self._changes.append(("tag", self.config.point, 0, uid, self.cards.pop(uid)))

    def _forget(self, now_ms: int) -> None:
        self.wants = {INPUTS, OUTPUTS, LOCAL}
        for point in self._states:
            self._become(point, UNKNOWN, now_ms)

    def _become(self, point: int, state: int, now_ms: int) -> None:
        if self._states[point] != state:
            self._states[point] = state
            self._changes.append((self._kinds[point], point, state, now_ms))
