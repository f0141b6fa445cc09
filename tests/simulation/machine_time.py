"""The gateway's sources of time, virtual, under the product's own reckoning of them."""

from typing import TYPE_CHECKING

from casegateway.events import Moment
from caselog.clock import Instant

if TYPE_CHECKING:
    from tests.simulation.gateway import Gateway


class MachineTime:
    """As caseward.clock.SystemClock reads the machine."""

    def __init__(self, gateway: "Gateway") -> None:
        self._gateway = gateway
        self._boot = 0
        self.next_rtc = "right"
        self._anchor = (0, 0)

    def power_on(self) -> None:
        """The machine starts."""

    def start(self, boot: int) -> None:
        """A process starts."""
        self._boot = boot
        self._anchor = self._gateway.wall.us(), self._gateway.crystal.us()

    def moment(self) -> Moment:
        """The present reading."""
        boottime_us = self._gateway.crystal.us()
        steady_us = self._anchor[0] + boottime_us - self._anchor[1]
        step_us = self._gateway.wall.us() - steady_us
        latest_us = steady_us + step_us if step_us > 1_000_000 else steady_us
        return Moment(Instant(self._boot, boottime_us, steady_us, latest_us), boottime_us, 1.0, step_us)

    def is_honest(self) -> bool:
        """Whether every source keeps to what it promises, so that the interval has to hold the true time."""
        return False
