"""The time of each turn of the loop: the sources weighed, then held against the log."""

from dataclasses import replace

from casegateway.clock_watch import ClockWatch, given
from casegateway.drafts import Draft
from casegateway.events import Moment
from casegateway.limits import STALL_MS
from casegateway.memory import Memory
from casegateway.time_sources import Estimate, ServerWord
from casegateway.timekeeping import Timekeeper


class StationTime:
    """Makes of a raw moment one whose interval can be vouched for. `turn` is the newest of them, `stall_us` how long it
    was away from the one before, where that is too long."""

    def __init__(self, memory: Memory, doubt: str, raw: Moment) -> None:
        """`memory`: of the log; `doubt`: why whoever started us doubts the clock; `raw`: the start."""
        self._keeper = Timekeeper()
        self._watch = ClockWatch(memory.recorded_us, memory.is_clock_doubted, doubt)
        self._estimate: Estimate
        self.turn = raw
        self.stall_us: int | None = None
        self.judge(raw, None)

    @property
    def is_doubted(self) -> bool:
        """The clock cannot be believed."""
        return self._watch.is_doubted

    @property
    def states(self) -> dict[str, str]:
        """Source -> agrees, false, disputed, unbelieved, unsynchronised."""
        return dict(self._estimate.states)

    def judge(self, raw: Moment, word: ServerWord | None) -> Moment:
        """The moment with bounds. `word`: when the server signed, where it has since the last turn."""
        if raw.readings is None:
            self._estimate = given(raw, word)
        else:
            if word is not None:
                self._keeper.hear(word)
            self._estimate = self._keeper.read(raw.readings, raw.instant.boot)
        gone_us = raw.real_us - self.turn.real_us
        self.stall_us = gone_us if gone_us > STALL_MS * 1_000 else None
        self.turn = replace(raw, instant=self._watch.judge(self._estimate), step_us=self._estimate.step_us)
        return self.turn

    def drafts(self, gateway: str) -> list[Draft]:
        """Facts about the clock since the last call."""
        return self._watch.drafts(self._estimate, self.turn.instant, gateway)
