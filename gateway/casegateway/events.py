"""What goes into the core and what comes out of it: plain records, no behaviour."""

from dataclasses import dataclass

from casegateway.time_sources import Readings
from casekiosk.asking import Answer, Ask
from caselog.clock import Instant


@dataclass(frozen=True, slots=True)
class Moment:
    """Now. `instant`: the station's time; `real_us`: this machine's steady clock; `rate`: station
    seconds in one real second (1 but for the accelerated demonstration); `step_us`: how far the
    machine's wall clock has moved away from the steady one since the start. With `readings` the core
    makes time and step of them itself, and only the boot number of `instant` is taken."""

    instant: Instant
    real_us: int
    rate: float = 1.0
    step_us: int = 0
    readings: Readings | None = None

    @property
    def latest_us(self) -> int | None:
        """Latest time it can be now; None when the clock is in doubt."""
        return self.instant.latest_us


# --- in -----------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class BytesRead:
    """Bytes from the line of `port`, read at `real_us`."""

    port: str
    data: bytes
    real_us: int


@dataclass(frozen=True, slots=True)
class PortOpened:
    """A serial port works."""

    port: str


@dataclass(frozen=True, slots=True)
class PortClosed:
    """A serial port went away or cannot be opened; `reason` is the system's word for it."""

    port: str
    reason: str


@dataclass(frozen=True, slots=True)
class BrokerUp:
    """Connected and subscribed."""


@dataclass(frozen=True, slots=True)
class BrokerDown:
    """The connection to the broker ended."""


@dataclass(frozen=True, slots=True)
class ServerSaid:
    """A message on down/<topic>; nothing in it is believed yet."""

    topic: str  # ack | req | fact | count | mend | kiosk | enclosure
    payload: bytes


Event = BytesRead | PortOpened | PortClosed | BrokerUp | BrokerDown | ServerSaid | Ask


# --- out ----------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class SendBytes:
    """Write a frame to the line of `port`. `acks`: "node/boot/seq" when it is the ack of a message."""

    port: str
    data: bytes
    acks: str = ""


@dataclass(frozen=True, slots=True)
class DriveLine:
    """Set a GPIO line of the gateway; `active` is the output's meaning, not the level."""

    output: str
    line: int
    active: bool


@dataclass(frozen=True, slots=True)
class Publish:
    """Hand `payload` to the broker on up/<topic>. `size`: leaves the message vouches for."""

    topic: str  # log | hb | birth | enclosure
    payload: bytes
    size: int


@dataclass(frozen=True, slots=True)
class SaveCursor:
    """Remember that the server holds the first `size` leaves, and that the first `durable` are on the disk."""

    size: int
    durable: int


@dataclass(frozen=True, slots=True)
class Spare:
    """The disk is nearly full: write nothing that is not evidence, until told otherwise."""

    is_on: bool


@dataclass(frozen=True, slots=True)
class Stop:
    """The gateway cannot go on; the process ends with `code` and says why."""

    code: int
    reason: str


Action = SendBytes | DriveLine | Publish | SaveCursor | Spare | Answer | Stop
