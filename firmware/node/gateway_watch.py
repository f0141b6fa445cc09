"""Which gateway frames a node may believe: none twice, none from an earlier life, none too old.

The MAC proves who made a frame, not when. Three checks add the when:
  floor   (boot, seq) of the gateway must rise with every frame taken;
  birth   a node that has just started has no floor. It takes nothing until an ACK
          names its present boot number, which no recorded frame can do; that ACK
          is the floor;
  age     the gateway's uptime in the header against ours: a frame later than the
          quickest of the last two minutes by more than its valid_ms has lain in
          some buffer. (Whoever delays every frame alike stays unseen by this.)
"""

from casewire import Ack

# The quickest frame is sought anew in each window, because two crystals drift
# apart by up to 0.1 ms a second and an old quickest frame would become a lie.
WINDOW_MS = 60000
DRIFT_DIVISOR = 10000  # 100 ppm: two crystals of 50 ppm, one fast, one slow


class GatewayWatch:
    """Judges authentic frames of the gateway for node boot ``boot``."""

    def __init__(self, boot) -> None:
        self._boot = boot
        self._floor: tuple[int, int] | None = None  # (boot, seq) last taken
        self._quickest: int | None = None  # least (our uptime - gateway uptime) of this window
        self._quickest_before: int | None = None  # of the window before
        self._window_ms = 0  # when this window began
        self._before_ms = 0  # when the window before began
        self.refused = 0  # frames refused since start

    def admit(self, frame, now_ms):
        """Return whether ``frame`` may be believed, and if so move the floor up to it."""
        if self._floor is None:
            admitted = frame.kind == Ack.KIND and frame.message.boot == self._boot
        else:
            admitted = (frame.boot, frame.seq) > self._floor
        if not admitted:
            self.refused += 1
            return False
        if self._floor is None or frame.boot != self._floor[0]:
            self._quickest = self._quickest_before = None  # another uptime began
        self._floor = (frame.boot, frame.seq)
        self._measure(now_ms - frame.uptime_ms, now_ms)
        return True

    def age_ms(self, frame, now_ms):
        """Return how much later than the quickest frame the admitted ``frame`` came."""
        offset_ms = now_ms - frame.uptime_ms
        age_ms = offset_ms - self._quickest
        if self._quickest_before is not None:
            drift_ms = (now_ms - self._before_ms) // DRIFT_DIVISOR
            age_ms = max(age_ms, offset_ms - self._quickest_before - drift_ms)
        return age_ms

    def _measure(self, offset_ms, now_ms) -> None:
        if self._quickest is None:
            self._quickest = offset_ms
            self._window_ms = now_ms
        elif now_ms - self._window_ms >= WINDOW_MS:
            self._quickest_before = self._quickest
            self._before_ms = self._window_ms
            self._quickest = offset_ms
            self._window_ms = now_ms
        elif offset_ms < self._quickest:
            self._quickest = offset_ms
