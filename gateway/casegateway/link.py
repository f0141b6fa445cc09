"""The gateway's end of the line to one node: order, acks, signs of life, supervision.

Works on this machine's steady clock; a node's silence is a matter of real seconds. What it sends
carries the gateway's boot number and a number rising within it, as the node demands.
"""

from casegateway.events import Moment, SendBytes
from casegateway.inbox import Delivery, Inbox
from casegateway.limits import (
    EARLIER_BOOTS_MAX,
    HELD_FRAMES_MAX,
    HOLE_MS,
    NODE_SIGN_MS,
    NODE_SILENT_MS,
    SNAPSHOT_DUE_MS,
    SNAPSHOT_RESEND_MS,
)
from casegateway.memory import Memory
from casegateway.node_clock import NodeClock
from casewire import (
    FROM_GATEWAY,
    Ack,
    Command,
    Frame,
    Heartbeat,
    Kept,
    Message,
    Panel,
    Signer,
    Snapshot,
    SnapshotRequest,
    encode,
)
from custody.area import Node

FAR_FUTURE_US = 2**62


class NodeLink:
    """One node. `heard_us`: station time (earliest) of its last authentic frame, or of the start."""

    def __init__(self, node: Node, key: bytes, boot: int, memory: Memory, now: Moment) -> None:
        """`boot`: the gateway's boot number; `memory`: what the log has, of this node too."""
        self.node = node
        self.heard_real_us = now.real_us
        self.heard_us = now.instant.earliest_us
        self.away_us = now.instant.earliest_us  # last heard before its present boot or silence
        self.is_heard = False  # since this gateway started
        self.is_complete = False  # a whole snapshot came since it was last away
        self.queue_depth = 0
        self.dropped = 0
        self.undated = 0  # kept messages of a time of which the log knows nothing
        self.stale = 0  # authentic frames of an older boot: replayed
        self._signer = Signer(key, FROM_GATEWAY)
        self._boot = boot
        self._start_real_us = now.real_us
        self._seq = 0
        seen = self._seen = memory.seen_of(node.id)
        self._complete_us = memory.complete_us(node.id)  # as the runs before left it
        self._clock = NodeClock()
        self._earlier: dict[int, tuple[NodeClock, int]] = {}  # boot heard by this run -> clock, last heard
        self._beat_ms = -1  # uptime in the newest heartbeat of this boot
        self._incomplete_us = now.real_us  # since when a whole snapshot is missing
        self._inbox = Inbox(seen.boot, None)
        self._timed_us: int | None = None  # when a heartbeat first gave the offset of the node's uptime
        self._is_synced = False  # what the node still has to tell from before our start is here
        self._parts: set[int] = set()
        self._request_us: int | None = None
        self._sign_us = now.real_us

    @property
    def held(self) -> int:
        """Frames waiting for their turn."""
        return len(self._inbox)

    @property
    def node_boot(self) -> int:
        """The node's boot number, 0 before it was heard."""
        return self._inbox.boot if self.is_heard else 0

    def receive(self, frame: Frame, received_us: int, now: Moment) -> bool:
        """Take an authentic frame read at `received_us`. False when it is an older boot's, or a heartbeat heard before."""
        if frame.boot < self._inbox.boot:
            self.stale += 1
            return False
        if frame.boot > self._inbox.boot:
            self._start_boot(frame.boot, now)
        if isinstance(frame.message, Heartbeat):
            if frame.uptime_ms <= self._beat_ms:
                self.stale += 1  # played back: no sign that anybody lives
                return False
            self._beat_ms = frame.uptime_ms
        elif self.is_double(frame):
            return True  # sent again, or played back: acked again, but no sign of life
        if received_us - self.heard_real_us > NODE_SILENT_MS * 1_000:
            self._request_us = None  # what it was asked while it was away it has not heard
        self.is_heard = True
        # While we stood still it waited in our own queue: it was heard when it was read.
        waited_us = round(max(0, now.real_us - received_us) * now.rate)
        self.heard_real_us, self.heard_us = received_us, now.instant.earliest_us - waited_us
        self._clock.note(frame.uptime_ms, received_us)
        if isinstance(frame.message, Heartbeat):
            if self._timed_us is None:
                self._timed_us = now.real_us
            self.queue_depth, self.dropped = frame.message.queue_depth, frame.message.dropped
            # All that waited when it spoke is here. Later a newer message could pass for one that is missing.
            self._is_synced |= len(self._inbox) >= min(self.queue_depth, HELD_FRAMES_MAX)
        return True

    def is_double(self, frame: Frame) -> bool:
        """Whether the log has this message already."""
        return self._seen.has(frame.boot, frame.seq)

    def hold(self, frame: Frame) -> None:
        """Keep a message until its turn."""
        self._inbox.hold(frame)

    def release(self, now: Moment) -> Delivery:
        """Messages whose turn it is.

        None before the first heartbeat: their age is not known yet. After our own start none
        before all are here that a heartbeat says are waiting: which is the first is not known.
        """
        if self._timed_us is None:
            return Delivery()
        if not self._is_synced:
            if now.real_us - self._timed_us < HOLE_MS * 1_000:
                return Delivery()
            self._is_synced = True
        boot = self._inbox.boot
        return self._inbox.release(now.real_us, lambda seq: self._seen.has(boot, seq))

    def taken(self, frame: Frame) -> None:
        """The message is in the log (or says nothing that belongs there)."""
        self._seen.add(frame.boot, frame.seq)

    def told(self, frame: Frame, now: Moment) -> tuple[Frame, tuple[int, int | None]] | None:
        """The frame and the station time (earliest, latest) of its matter; of one kept over a reset, as it was then.

        None for a kept one that is in the log already, is of no boot before this one, or cannot be dated.
        """
        kept = frame.message
        if not isinstance(kept, Kept):
            return frame, self._clock.occurred_us(frame.uptime_ms, now)
        if kept.boot >= frame.boot:
            self.stale += 1
            return None
        if self._seen.has_kept(kept.boot, kept.seq):
            return None
        then = Frame(kept.message.KIND, frame.node, kept.boot, kept.seq, kept.uptime_ms, kept.message)
        occurred = self._kept_us(then, now)
        if occurred is None:
            self.undated += 1
            return None
        return then, occurred

    def _kept_us(self, frame: Frame, now: Moment) -> tuple[int, int | None] | None:
        """Station time of a message of an earlier boot; None where the log knows nothing of that time.

        By that boot's clock where this run has heard it. Else after the boot before it was last heard, or all that
        the node told to earlier runs was in the log; and always before the present boot began.
        """
        _, latest_us = self._clock.occurred_us(0, now)
        if frame.boot in self._earlier:
            earliest_us, own_us = self._earlier[frame.boot][0].occurred_us(frame.uptime_ms, now)
            return earliest_us, own_us if latest_us is None or own_us is None else min(own_us, latest_us)
        before = [boot for boot in self._earlier if boot < frame.boot]
        heard_us = self._earlier[max(before)][1] if before else self._complete_us
        return None if not heard_us else (heard_us - HOLE_MS * 1_000, latest_us)

    def note_snapshot(self, message: Snapshot) -> bool:
        """Count a part; True when this one makes the snapshot whole after an absence."""
        self._parts.add(message.part)
        if self.is_complete or len(self._parts) < message.parts:
            return False
        self.is_complete, self._request_us = True, None
        return True

    def is_silent(self, now: Moment) -> bool:
        """Whether the node was heard too long ago, or does not tell its whole state when asked: then somebody may be
        playing back what it said before our start."""
        if not self.is_complete and now.real_us - self._incomplete_us > SNAPSHOT_DUE_MS * 1_000:
            return True
        return now.real_us - self.heard_real_us > NODE_SILENT_MS * 1_000

    def lose(self) -> None:
        """The node counts as away: a new snapshot must come before it counts as back."""
        self.away_us = self.heard_us
        if self.is_complete:
            self._incomplete_us = self.heard_real_us
        self.is_complete = False
        self._parts.clear()

    def due(self, now: Moment) -> list[SendBytes]:
        """Signs of life and snapshot requests whose time has come."""
        if not self.is_heard:
            return []
        out: list[SendBytes] = []
        if now.real_us >= self._sign_us:
            # Names the node's boot: a node that has just started believes nothing before.
            out.append(self._send(Ack(self._inbox.boot, 0), now))
            self._sign_us = now.real_us + NODE_SIGN_MS * 1_000
        if not self.is_complete and self._is_synced and self._asks_again(now):
            out.append(self._send(SnapshotRequest(), now))
            self._request_us = now.real_us
        return out

    def wake_us(self, *, is_lost: bool) -> int:
        """Real time at which `due`, `release` or `is_silent` may have something new.

        `is_lost`: its silence is known already.
        """
        times = [FAR_FUTURE_US] if is_lost else [self.heard_real_us + NODE_SILENT_MS * 1_000 + 1_000]
        if self.is_heard:
            times.append(self._sign_us)
            if not self.is_complete and self._request_us is not None:
                times.append(self._request_us + SNAPSHOT_RESEND_MS * 1_000)
        if self._timed_us is not None and not self._is_synced:
            times.append(self._timed_us + HOLE_MS * 1_000)
        hole_us = self._inbox.wake_us()
        return min([*times, hole_us]) if hole_us is not None else min(times)

    def ack(self, frame: Frame, now: Moment) -> SendBytes:
        """The ack of one message."""
        name = f"{self.node.id}/{frame.boot}/{frame.seq}"
        return self._send(Ack(frame.boot, frame.seq), now, name)

    def command(self, point: int, state: int, command_id: int, valid_ms: int, now: Moment) -> SendBytes:
        """An order to an output."""
        return self._send(Command(point, state, command_id, valid_ms), now)

    def show(self, picture: Panel, now: Moment) -> SendBytes:
        """The picture of a room for a panel; the next one takes the place of one that is lost."""
        return self._send(picture, now)

    def _asks_again(self, now: Moment) -> bool:
        request_us = self._request_us
        return request_us is None or now.real_us - request_us >= SNAPSHOT_RESEND_MS * 1_000

    def _start_boot(self, boot: int, now: Moment) -> None:
        # A boot we know nothing of begins with message 1; only the very first contact may not.
        is_first = self._inbox.boot == 0 and not self.is_heard
        if self.is_heard:
            self._earlier[self._inbox.boot] = self._clock, self.heard_us
            while len(self._earlier) > EARLIER_BOOTS_MAX:
                del self._earlier[min(self._earlier)]
        self._inbox = Inbox(boot, None if is_first else 1)
        self._clock = NodeClock()
        self._beat_ms = -1
        self._timed_us = None
        self._is_synced = not is_first
        self.lose()
        # A starting node tells all by itself; we ask only if that does not come.
        self._request_us = None if is_first else now.real_us
        self._sign_us = now.real_us

    def _send(self, message: Message, now: Moment, acks: str = "") -> SendBytes:
        self._seq += 1
        uptime_ms = (now.real_us - self._start_real_us) // 1_000
        frame = Frame(message.KIND, self.node.number, self._boot, self._seq, uptime_ms, message)
        return SendBytes(self.node.port, encode(frame, self._signer, FROM_GATEWAY), acks)
