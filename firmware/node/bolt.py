"""A bolt that is ordered and watched: what an order is, when it is void, and when the bolt has jammed.

An order is carried out once. It is void when its time is over, when the link is lost before its turn, or
when another order takes its place; a gateway that resends it does not make it a new one. Every order
ends in one word about the bolt: it followed, it did not, or nobody knows.
"""

from casewire import ACTIVE, INACTIVE, UNKNOWN

RESENT_MS_MAX = 250  # how much later an order that is resent may seem to expire than it did at first


class Bolt:
    """The life of the orders of one bolt.

    sighting      has ``point``, ``state`` (ACTIVE released, INACTIVE locked) and ``is_unsure``
    is_jammed     released by order, and still locked after move_ms_max; until it is seen to move
    owes_word     an order has ended in nothing to see: the state has to be told all the same
    """

    def __init__(self, sighting, move_ms_max) -> None:
        self.sighting = sighting
        self.is_jammed = False
        self.owes_word = False
        self._move_ms_max = move_ms_max
        self._waits_until_ms: int | None = None  # end of validity of a release that waits for its turn
        self._sent_until_ms: int | None = (
            None  # the same, of a release carried out that the bolt has not followed
        )
        self._moves_until_ms: int | None = None
        self._word_ms: int | None = None  # when a word is owed after an order to lock
        self._is_seen_since = False  # looked at after the release

    @property
    def has_order(self):
        return self._waits_until_ms is not None

    @property
    def is_moving(self):
        return self._moves_until_ms is not None

    def release(self, valid_ms, now_ms) -> None:
        """Take an order to release."""
        until_ms = now_ms + valid_ms
        if self.sighting.state == ACTIVE:
            self.owes_word = True
        elif self.is_moving:
            pass  # the same again: its word comes when the bolt has moved or not
        elif self._sent_until_ms is not None and until_ms <= self._sent_until_ms + RESENT_MS_MAX:
            self.owes_word = True  # the same again, resent after its time to move
        else:
            self._waits_until_ms = until_ms

    def withdraw(self) -> None:
        """A release that waits is void."""
        self._waits_until_ms = None

    def secure(self, now_ms) -> None:
        """Take an order to lock: a release is over, waiting or under way."""
        self._waits_until_ms = self._sent_until_ms = self._moves_until_ms = None
        if self.sighting.state == INACTIVE:
            self.owes_word = True
        else:
            self._word_ms = now_ms + self._move_ms_max

    def start(self, now_ms):
        """The order's turn has come: return True if it is still to be carried out; then it counts as sent."""
        until_ms = self._waits_until_ms
        self._waits_until_ms = None
        if until_ms is None:
            return False
        if now_ms > until_ms:
            self.owes_word = True
            return False
        self._sent_until_ms = until_ms
        self._moves_until_ms = now_ms + self._move_ms_max
        self._is_seen_since = False
        return True

    def see(self, has_changed) -> None:
        """The bolt was looked at; a change of its state is told and is the word that was owed."""
        self._is_seen_since = True
        if has_changed:
            self.owes_word = False
            self._word_ms = None

    def follow(self, now_ms) -> None:
        """At the end of an exchange: what has expired, and whether the bolt moved in its time."""
        if self.has_order and now_ms > self._waits_until_ms:
            self.withdraw()
            self.owes_word = True
        if self._word_ms is not None and now_ms >= self._word_ms:
            self._word_ms = None
            self.owes_word = True
        state = self.sighting.state
        if state == ACTIVE:
            self.is_jammed = False
            self._moves_until_ms = None
            self._sent_until_ms = None
        elif self.is_moving and now_ms >= self._moves_until_ms and not self.sighting.is_unsure:
            self._moves_until_ms = None
            self.owes_word = True
            # Unknown, or locked by an answer from before: no verdict.
            if state == INACTIVE and self._is_seen_since:
                self.is_jammed = True

    def word(self, now_ms, changes) -> None:
        """Tell the state that is owed."""
        if self.owes_word:
            self.owes_word = False
            changes.append(("feedback", self.sighting.point, self.sighting.state, now_ms))


class Pair:
    """A bolt that is shut on a door that stands open: one of the two contacts lies."""

    def __init__(self, bolt, door, settle_ms) -> None:
        self._bolt = bolt
        self._door = door
        self._settle_ms = settle_ms  # a door that falls shut may show this for a moment
        self._since_ms: int | None = None
        self.is_contradiction = False

    def follow(self, now_ms) -> None:
        if self._bolt.state != INACTIVE or self._door.state != ACTIVE:
            # Unknown takes no contradiction back: it is not known to be over.
            if UNKNOWN not in (self._bolt.state, self._door.state):
                self.is_contradiction = False
            self._since_ms = None
        elif self._since_ms is None:
            self._since_ms = now_ms
        elif now_ms - self._since_ms >= self._settle_ms:
            self.is_contradiction = True
