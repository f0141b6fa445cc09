"""A lock on a relay, with a contact that shows its bolt: a device of two points.

    {"kind": "relay_lock", "point": 10, "pin": "OUT1", "feedback_point": 11, "feedback_pin": "IN1"}

``point`` takes the orders and ``feedback_point`` is the contact; both show the bolt and neither the relay:
a coil under voltage has opened no door. UNKNOWN until the contact has been still, and while it chatters.
With ``"feedback": "supervised"`` the contact has end-of-line resistors on an analogue input: UNKNOWN while
its loop is cut or shorted, and told as what it is.
"""

import logging

from casewire import ACTIVE, INACTIVE, JAMMED
from node.bolt import Bolt
from node.config import known, whole, wrong
from node.inputs import Input
from node.output import Output
from node.supervised import Supervised

# default, least and most of each
LIMITS = {
    "active_level": (1, 0, 1),
    "feedback_active_level": (1, 0, 1),
    "debounce_ms": (20, 0, 1000),
    "move_ms_max": (1500, 100, 10000),
    "pulse_ms": (0, 0, 60000),
}
WORDS = {
    "on_lost": ("off", ("hold", "off", "on")),
    "at_start": ("off", ("off", "on")),
    "feedback": ("contact", ("contact", "supervised")),
}

log = logging.getLogger("node")


class RelayLockConfig:
    """Attributes: point, pin, feedback_point, feedback_pin, and those of LIMITS and WORDS."""

    def __init__(self, where, table) -> None:
        known(
            where,
            table,
            ["kind", "point", "pin", "feedback_point", "feedback_pin"] + list(LIMITS) + list(WORDS),
        )
        self.point = whole(where + ".point", table.get("point"), 0, 255)
        self.feedback_point = whole(where + ".feedback_point", table.get("feedback_point"), 0, 255)
        if self.point == self.feedback_point:
            raise wrong(where + ".feedback_point", "another number than point", self.feedback_point)
        self.pin = _pin(where + ".pin", table.get("pin"))
        self.feedback_pin = _pin(where + ".feedback_pin", table.get("feedback_pin"))
        for name, (default, least, most) in LIMITS.items():
            setattr(self, name, whole(where + "." + name, table.get(name, default), least, most))
        for name, (word, allowed) in WORDS.items():
            value = table.get(name, word)
            if value not in allowed:
                raise wrong(where + "." + name, "one of %s" % ", ".join(allowed), value)
            setattr(self, name, value)
        self.points = [self.point, self.feedback_point]
        self.pins = [self.pin, self.feedback_pin]


def _pin(where, pin):
    return pin if isinstance(pin, str) else whole(where, pin, 0, 255)


class _Contact:
    """What Input and Supervised ask of their configuration, for the contact of the bolt."""

    kind = tells = "feedback"

    def __init__(self, config) -> None:
        self.point = config.feedback_point
        self.active_level = config.feedback_active_level
        self.debounce_ms = config.debounce_ms


class _Shown:
    """The bolt as its contact shows it."""

    is_unsure = False  # the contact is debounced

    def __init__(self, point, state) -> None:
        self.point = point
        self.state = state


class RelayLock:
    """The device; see node.app.Node. pulse_ms 0: the relay stays on until an order to lock.

    contact_pin has value(), for a supervised contact read_u16()
    """

    def __init__(self, config, relay_pin, contact_pin, now_ms) -> None:
        self.points = tuple(sorted(config.points))
        self._config = config
        self._relay = Output(config, relay_pin)  # its at_start state before anything else
        contact = Supervised if config.feedback == "supervised" else Input
        self._contact = contact(_Contact(config), contact_pin, now_ms)
        self._shown = _Shown(config.point, self._contact.state)
        self._bolt = Bolt(self._shown, config.move_ms_max)
        self._off_ms = None  # when the pulse ends
        self._told: dict[int, int] = {}

    def poll(self, now_ms):
        """Return what changed; see node.app.Node."""
        changes = []
        if self._off_ms is not None and now_ms >= self._off_ms:
            self._off_ms = None
            self._relay.put(INACTIVE)
        before = self._contact.state
        self._contact.poll(now_ms)
        has_changed = self._contact.state != before
        self._shown.state = self._contact.state
        self._bolt.see(has_changed)
        if has_changed:
            now = (self._contact.state, self._contact.changed_ms)
            changes += [("feedback", point) + now for point in self.points]
        self._bolt.follow(now_ms)
        self._bolt.word(now_ms, changes)
        for point in self.points:
            bits = self._bits(point)
            if bits != self._told.get(point, 0):
                self._told[point] = bits
                changes.append(("trouble", point, bits, now_ms))
        return changes

    def states(self):
        return [(point, self._contact.state) for point in self.points]

    def tags(self):
        return []

    def troubles(self):
        return [(point, self._bits(point)) for point in self.points if self._bits(point)]

    def _bits(self, point):
        if point == self._config.point:
            return JAMMED if self._bolt.is_jammed else 0
        return self._contact.trouble

    def put(self, point, state, valid_ms, now_ms) -> None:
        """Carry an order out at once; one that comes again while its pulse runs makes the pulse no longer."""
        if point != self._config.point:
            log.error("expected an order to point %d, found %d, its contact", self._config.point, point)
        elif state == ACTIVE:
            self._bolt.release(valid_ms, now_ms)
            if self._bolt.start(now_ms):
                self._off_ms = now_ms + self._config.pulse_ms if self._config.pulse_ms else None
                self._relay.put(ACTIVE)
            elif not self._config.pulse_ms:
                self._relay.put(ACTIVE)  # a bolt that stands open already is kept from falling in
        else:
            self._off_ms = None
            self._relay.put(INACTIVE)
            self._bolt.secure(now_ms)

    def lose_link(self) -> None:
        """Take the declared state; with "hold" a pulse still comes to its end."""
        self._bolt.withdraw()
        if self._config.on_lost != "hold":
            self._off_ms = None
        self._relay.lose_link()
