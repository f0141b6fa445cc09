"""A machine whose clocks are known to be as wrong as they are: the port of time sources over a true time."""

from dataclasses import dataclass

from casegateway.clock_watch import ClockWatch
from casegateway.drafts import Draft
from casegateway.time_sources import Estimate, KernelReading, RtcReading, ServerWord, SourceReader
from casegateway.timekeeping import Timekeeper
from caselog.clock import Instant

SECOND = 1_000_000
DAY = 86_400 * SECOND
TRUE_US = 1_790_000_000 * SECOND


@dataclass
class Machine:
    """`drift_ppm` of boot time; `rtc_error_us`, None without a battery clock. Wall time goes by boot time but for steps."""

    drift_ppm: int = 0
    rtc_error_us: int | None = None
    is_rtc_believed: bool = True
    true_us: int = TRUE_US
    max_error_us: int = 0
    is_synchronised: bool = False
    ntp_error_us: int = 0
    server_error_us: int = 0
    offset_us: int = TRUE_US
    _begin_us: int = TRUE_US

    def go(self, us: int) -> None:
        self.true_us += us
        if self.is_synchronised:
            self.keep()

    def keep(self) -> None:
        """The time service sets the wall clock."""
        self.offset_us = self.true_us + self.ntp_error_us - self.boottime_us()

    def step(self, us: int) -> None:
        """Somebody sets the wall clock; the kernel then knows that nobody keeps it."""
        self.offset_us += us
        self.is_synchronised = False

    def power_cut(self, us: int) -> None:
        """The machine is away for so long, and comes back with its wall clock where it was."""
        wall_us = self.wall_us()
        self.true_us += us
        self._begin_us, self.offset_us, self.is_synchronised = self.true_us, wall_us, False

    # --- the port ---------------------------------------------------------------------------

    def boottime_us(self) -> int:
        gone_us = self.true_us - self._begin_us
        return gone_us + gone_us * self.drift_ppm // 1_000_000

    def wall_us(self) -> int:
        return self.offset_us + self.boottime_us()

    def rtc(self) -> RtcReading | None:
        if self.rtc_error_us is None:
            return None
        return RtcReading((self.true_us + self.rtc_error_us) // SECOND * SECOND, self.is_rtc_believed)

    def kernel(self) -> KernelReading:
        return KernelReading(self.is_synchronised, self.max_error_us)


class Start:
    """One start of the program on a machine: the real objects, from the port to the facts."""

    def __init__(
        self, machine: Machine, log_us: int = 0, wall_error_us: int | None = None, boot: int = 1
    ) -> None:
        self.machine = machine
        self.boot = boot
        self.reader = SourceReader(machine, wall_error_us)
        self.keeper = Timekeeper()
        self.watch = ClockWatch(log_us, is_doubted=False)
        self.told: list[Draft] = []
        self.seen: list[Instant] = []
        self.estimate: Estimate

    def look(self) -> Instant:
        """One turn of the loop."""
        self.estimate = self.keeper.read(self.reader.read(), self.boot)
        now = self.watch.judge(self.estimate)
        self.told += self.watch.drafts(self.estimate, now, "gw")
        self.seen.append(now)
        return now

    def ack(self, there_us: int, back_us: int) -> None:
        """A leaf goes to the server, which signs it; the gateway hears of that."""
        machine = self.machine
        sent_us = machine.boottime_us()
        machine.go(there_us)
        second = (machine.true_us + machine.server_error_us) // SECOND
        machine.go(back_us)
        self.keeper.hear(ServerWord(second, sent_us, machine.boottime_us()))

    def types(self) -> list[str]:
        return [draft.type for draft in self.told]
