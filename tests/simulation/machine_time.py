"""The gateway's sources of time, virtual, under the product's own reckoning of them."""

from typing import TYPE_CHECKING

from casegateway.events import Moment
from casegateway.time_sources import KernelReading, RtcReading, SourceReader
from caselog.clock import Instant

if TYPE_CHECKING:
    from tests.simulation.gateway import Gateway

SECOND_US = 1_000_000
NTP_ERROR_US = 490_000
NTP_TRULY_US = 480_000  # a time service that is right within what it says, and hardly better
RTC_STOPPED_US = -5 * 86_400 * SECOND_US  # a year that looks right
NTP_FOUND_US = (5 * SECOND_US, 70 * SECOND_US)
RTC_LIES_US = {"behind": -86_400 * SECOND_US, "ahead": 86_400 * SECOND_US}


class MachineTime:
    """`TimeSources` of this machine: crystal, wall clock, kernel's word, RTC. `lies`: a source broke its promise."""

    def __init__(self, gateway: "Gateway") -> None:
        self._gateway = gateway
        self._boot = 0
        self._reader: SourceReader
        self._rtc_error_us = 0
        self._rtc: str = gateway.world.settings.get("rtc", "right")
        self.next_rtc = self._rtc
        self._is_synced = False  # a time service was heard since power came
        self._is_server_false = False
        self._has_lied = False

    # --- the port -------------------------------------------------------------------------------

    def boottime_us(self) -> int:
        return self._gateway.crystal.us()

    def wall_us(self) -> int:
        return self._gateway.wall.us()

    def rtc(self) -> RtcReading | None:
        if self._rtc == "none":
            return None
        at_us = self._gateway.world.now_us + self._rtc_error_us
        return RtcReading(at_us // SECOND_US * SECOND_US, self._rtc != "dead")

    def kernel(self) -> KernelReading | None:
        return KernelReading(self._gateway.wall.is_synchronised, NTP_ERROR_US)

    # --- the machine ----------------------------------------------------------------------------

    def power_on(self) -> None:
        """The machine starts: its wall clock is the RTC's until a time service is heard."""
        gateway, rng = self._gateway, self._gateway.world.rng("time")
        self._rtc, self.next_rtc = self.next_rtc, "right" if self.next_rtc in RTC_LIES_US else self.next_rtc
        self._rtc_error_us = (
            RTC_STOPPED_US
            if self._rtc == "dead"
            else RTC_LIES_US.get(self._rtc, rng.randrange(-300_000, 300_000))
        )
        self._is_synced = False
        self._note()
        gateway.wall.lose_ntp()
        gateway.wall.error_us = (
            self._rtc_error_us if self._rtc not in ("dead", "none") else -rng.randrange(10**8)
        )
        gateway.world.kernel.after(
            rng.randrange(*gateway.world.settings.get("ntp_found_us", NTP_FOUND_US)), self.ntp
        )

    def ntp(self) -> None:
        """A time service sets the wall clock right, unless it is away."""
        if self._gateway.has_power and not self._gateway.world.faulty.is_without_ntp:
            world = self._gateway.world
            rng = world.rng("time")
            within_us = rng.randrange(-NTP_TRULY_US, NTP_TRULY_US)
            error_us = rng.choice((within_us, within_us, -NTP_TRULY_US, NTP_TRULY_US))
            self._gateway.wall.find_ntp(world.settings.get("ntp_error_us", error_us))
            self._is_synced = True

    def start(self, boot: int) -> None:
        """A process starts."""
        self._boot = boot
        self._is_synced = (
            self._gateway.wall.is_synchronised
        )  # the program before has taken what it heard with it
        self._note()
        self._reader = SourceReader(self)

    def moment(self) -> Moment:
        """The present reading, as the runtime makes it."""
        readings = self._reader.read()
        boottime_us = readings.boottime_us
        return Moment(Instant(self._boot, boottime_us, boottime_us, None), boottime_us, readings=readings)

    def has_battery(self) -> bool:
        """Whether a battery clock speaks that does not itself say that it stood."""
        return self._rtc not in ("dead", "none")

    def may_set_back(self) -> bool:
        """Whether the server and another source can agree that the log is ahead."""
        return self._has_lied and (self._is_synced or self._rtc in ("right", "behind"))

    def is_honest(self) -> bool:
        """Whether no false source has been alone so far, so that the interval has to hold the true time.

        Afterwards the log itself may be ahead, and no time goes behind it. A battery clock that is right is no help
        against a server that is wrong by less than its own bounds.
        """
        return not self._has_lied

    def server_lies(self) -> None:
        """The server's clock is wrong from now on."""
        self._is_server_false = True
        self._note()

    def _note(self) -> None:
        is_false = self._is_server_false or self._rtc == "behind"
        self._has_lied = self._has_lied or self._rtc == "ahead" or (is_false and not self._is_synced)
