"""The node's end of the line: sends until acked, and says each second that it lives."""

from casewire import FROM_GATEWAY, FROM_NODE, Ack, Decoder, Frame, Gap, Heartbeat, Signer, encode
from node.gateway_watch import GatewayWatch
from node.send_queue import OWNER_GAP, SendQueue

READ_BYTES_MAX = 256  # per scan: at 115200 baud 5 ms bring 58
BURST_FRAMES_MAX = 8  # per scan, so that a long queue cannot hold up the inputs


class Link:
    """Frames in both directions over ``port``.

    port     UART-like: read(n) -> bytes or None at once, write(bytes) -> count or None
    is_lost  no gateway frame for link_lost_ms; True until the first one
    """

    def __init__(self, config, port, boot, now_ms) -> None:
        self._port = port
        self._node = config.node
        self._boot = boot
        self._heartbeat_ms = config.heartbeat_ms
        self._resend_ms = config.resend_ms
        self._link_lost_ms = config.link_lost_ms
        self._signer = Signer(config.key, FROM_NODE)
        self._decoder = Decoder({config.node: config.key}, FROM_GATEWAY)
        self._watch = GatewayWatch(boot)
        self.queue = SendQueue(config.queue_max)
        self.is_lost = True
        self._is_loss_told = False
        self._heard_ms = now_ms
        self._heartbeat_due_ms = now_ms
        self._seq = 0
        # A zero byte first: it ends whatever the line has picked up before us.
        self._unsent = b"\x00"

    @property
    def counters(self):
        """The decoder's counters of what came from the gateway."""
        return self._decoder.counters

    @property
    def refused(self):
        """Authentic gateway frames refused as replayed or from before this boot."""
        return self._watch.refused

    def send(self, message, owner, at_ms):
        """Queue ``message``, which happened at uptime ``at_ms``; owner as in send_queue. Return its number."""
        self._seq += 1
        self.queue.add(self._seq, owner, self._encode(message, self._seq, at_ms))
        return self._seq

    def receive(self, now_ms):
        """Return the gateway's frames to obey; acks are dealt with here."""
        data = self._port.read(READ_BYTES_MAX)
        if not data:
            return ()
        orders = []
        for frame in self._decoder.feed(data):
            if not self._watch.admit(frame, now_ms):
                continue
            self._heard_ms = now_ms
            self.is_lost = self._is_loss_told = False
            if frame.kind != Ack.KIND:
                orders.append(frame)
            elif frame.message.boot == self._boot:
                self.queue.ack(frame.message.seq)
        return orders

    def age_ms(self, frame, now_ms):
        return self._watch.age_ms(frame, now_ms)

    def silence_ms(self, now_ms):
        """Return for how long no gateway frame could be believed."""
        return now_ms - self._heard_ms

    def check(self, now_ms):
        """Return True once when no gateway was heard for link_lost_ms, after start or after a frame."""
        if self._is_loss_told or self.silence_ms(now_ms) < self._link_lost_ms:
            return False
        self.is_lost = self._is_loss_told = True
        return True

    def transmit(self, now_ms, mem_free) -> None:
        """Write what is due, as far as the port takes it; mem_free() -> bytes free, for the heartbeat."""
        if not self._flush():
            return
        if now_ms >= self._heartbeat_due_ms:
            self._beat(now_ms, mem_free)
        gap = self.queue.next_gap()
        if gap is not None:
            self.send(Gap(gap[0], gap[1]), OWNER_GAP, now_ms)
        for _ in range(BURST_FRAMES_MAX):
            if not self._flush():
                return
            entry = self._next(now_ms)
            if entry is None:
                return
            entry.sent_ms = now_ms
            self._unsent = entry.wire

    def _next(self, now_ms):
        """Return the entry to send now, or None."""
        if not self.is_lost:
            return self.queue.due(now_ms, self._resend_ms)
        # Nobody answers: one message asks whether anybody is there, the rest waits.
        # Otherwise a full queue would fill a dead line again and again.
        entry = self.queue.oldest()
        if entry is None or entry.sent_ms is None or now_ms - entry.sent_ms >= self._resend_ms:
            return entry
        return None

    def _beat(self, now_ms, mem_free) -> None:
        queue = self.queue
        message = Heartbeat(min(len(queue), 0xFFFF), min(queue.dropped, 0xFFFFFFFF), mem_free())
        self._unsent = self._encode(message, 0, now_ms)
        # From now, not from when it was due: after a stall one beat, not a salvo.
        self._heartbeat_due_ms = now_ms + self._heartbeat_ms

    def _encode(self, message, seq, at_ms):
        frame = Frame(message.KIND, self._node, self._boot, seq, at_ms, message)
        return encode(frame, self._signer, FROM_NODE)

    def _flush(self):
        """Write the rest of the frame in hand; return whether the port took all of it."""
        if self._unsent:
            count = self._port.write(self._unsent)
            if count:
                self._unsent = self._unsent[count:]
        return not self._unsent
