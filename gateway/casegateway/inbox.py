"""Messages of one node, put back in the order in which the node numbered them.

Nodes send several messages before the first is acked, so a lost frame lets later ones overtake
it. A frame waits here, unacked, until those before it are in, told lost by a GAP, or given up.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from casegateway.limits import HELD_FRAMES_MAX, HOLE_MS
from casewire import Frame, Gap


@dataclass(slots=True)
class Delivery:
    """Frames ready in order, and the holes (first_seq, last_seq) given up before each."""

    frames: list[Frame] = field(default_factory=list)
    holes: list[tuple[int, int]] = field(default_factory=list)


class Inbox:
    """The order of one boot of a node.

    `next_seq`: the number expected next, or None when any may be the first (the gateway has just
    started and does not know which messages without a fact were acked before).
    """

    def __init__(self, boot: int, next_seq: int | None) -> None:
        """Nothing held."""
        self.boot = boot
        self.dropped = 0
        self._next = next_seq
        self._held: dict[int, Frame] = {}
        self._stuck_since_us: int | None = None

    def __len__(self) -> int:
        """Frames held back."""
        return len(self._held)

    def hold(self, frame: Frame) -> None:
        """Keep a frame; over the bound the newest is dropped, the node sends it again."""
        if frame.seq in self._held:
            return
        if len(self._held) >= HELD_FRAMES_MAX:
            newest = max(self._held)
            self.dropped += 1
            if newest < frame.seq:
                return
            del self._held[newest]
        self._held[frame.seq] = frame

    def release(self, now_us: int, is_known: Callable[[int], bool]) -> Delivery:
        """What may be taken now. `is_known(seq)`: the log already has this message."""
        out = Delivery()
        gaps = [f.message for f in self._held.values() if isinstance(f.message, Gap)]
        while self._held:
            first = min(self._held)
            if self._next is None:
                self._next = first
            if first > self._next and not self._bridged(first, gaps, is_known):
                if self._stuck_since_us is None:
                    self._stuck_since_us = now_us
                if now_us - self._stuck_since_us < HOLE_MS * 1_000:
                    return out
                out.holes.append((self._next, first - 1))
            out.frames.append(self._held.pop(first))
            self._next = max(self._next, first + 1)
            self._stuck_since_us = None
        return out

    def wake_us(self) -> int | None:
        """When a hole will be given up."""
        if self._stuck_since_us is None:
            return None
        return self._stuck_since_us + HOLE_MS * 1_000

    def _bridged(self, first: int, gaps: list[Gap], is_known: Callable[[int], bool]) -> bool:
        """Whether every number from the expected one up to `first` is told lost or in the log."""
        assert self._next is not None
        return (
            all(
                is_known(seq) or any(gap.first_seq <= seq <= gap.last_seq for gap in gaps)
                for seq in range(self._next, min(first, self._next + HELD_FRAMES_MAX * 16))
            )
            and first - self._next <= HELD_FRAMES_MAX * 16
        )
