"""A line on which only the one that is asked speaks: RS-485 with boards of locks, relays or inputs.

One question at a time, an answer within reply_ms, then the next. Who is asked next: a board that is
urgent (an order waits, a bolt moves, a change is seen but once) and a board of the round take turns,
so an order waits for one exchange and never starves the round. Of the boards that are silent one is
asked in each round: they cannot make it long. With n boards that answer, a round is at most 2 (n + 1)
exchanges, whatever is ordered and however many others are dead.

What an answer shows counts when two answers in succession show it: the sums on such lines are weak,
and a contact bounces. An unanswered question makes all points of its board unknown, at once.
"""

from casewire import NOISY, SILENT, UNKNOWN

READ_BYTES_MAX = 256  # of one scan
BUFFER_BYTES_MAX = 256  # of one answer with what noise may put around it
CHATTER_MS = 1000  # a contact that shows another state in each answer this long is unknown

NOTHING = 0
GOOD = 1
REFUSED = 2  # the board answers that it cannot: as good as no answer

# A damaged answer weighs as much as twenty good ones: more than one in twenty is noisy.
_DAMAGE = 20
_NOISY_FROM = 60
_NOISE_MAX = 120


class Sighting:
    """One point of a polled board.

    state       what two answers in succession showed, else UNKNOWN
    changed_ms  when the first of them came; for UNKNOWN, when that began
    is_unsure   the last answer showed something else than ``state``: ask again at once
    """

    def __init__(self, kind, point) -> None:
        self.kind = kind  # "contact" or "feedback"
        self.point = point
        self.state = UNKNOWN
        self.changed_ms = 0
        self.is_unsure = False
        self._seen = UNKNOWN
        self._seen_ms = 0
        self._still_ms = 0

    def see(self, state, now_ms):
        """Take what an answer shows; return True if ``state`` has changed."""
        if state == self._seen:
            self._still_ms = now_ms
            self.is_unsure = False
            return self._become(state, self._seen_ms)
        if self._seen == UNKNOWN:
            self._still_ms = now_ms  # the first after a silence
        self._seen = state
        self._seen_ms = now_ms
        self.is_unsure = state != self.state
        if now_ms - self._still_ms >= CHATTER_MS:
            return self._become(UNKNOWN, self._still_ms)
        return False

    def miss(self, now_ms):
        """No answer; return True if ``state`` has changed."""
        self._seen = UNKNOWN
        self.is_unsure = False
        return self._become(UNKNOWN, now_ms)

    def change(self):
        return (self.kind, self.point, self.state, self.changed_ms)

    def _become(self, state, since_ms):
        if state == self.state:
            return False
        self.state = state
        self.changed_ms = since_ms
        return True


class Board:
    """What all polled boards share. A kind of board adds:

    sightings         a Sighting of each of its points
    is_urgent(now_ms)            it should be asked before its turn
    ask(now_ms)                  the bytes of its next question; sets ``is_order``
    take(data, now_ms, changes)  GOOD or REFUSED when ``data`` holds an answer to it, else NOTHING
    follow(now_ms, changes)      at the end of each exchange: orders expire, bolts follow or do not
    bits(point)                  troubles of one point that are not the whole board's
    put, lose_link               as in a device
    """

    def __init__(self, sightings) -> None:
        self.sightings = sightings
        self.is_silent = False
        self.is_order = False  # the last question was one: never asked twice, its answer proves nothing
        self._noise = 0
        self._is_noisy = False
        self._told: dict[int, int] = {}

    def is_unsure(self):
        return any(sighting.is_unsure for sighting in self.sightings)

    def heard(self) -> None:
        self.is_silent = False
        self._noise = max(0, self._noise - 1)
        if not self._noise:
            self._is_noisy = False

    def damaged(self) -> None:
        self._noise = min(_NOISE_MAX, self._noise + _DAMAGE)
        if self._noise >= _NOISY_FROM:
            self._is_noisy = True

    def miss(self, now_ms, changes) -> None:
        self.is_silent = True
        for sighting in self.sightings:
            if sighting.miss(now_ms):
                changes.append(sighting.change())

    def trouble(self, sighting):
        bits = SILENT if self.is_silent else 0
        if self._is_noisy:
            bits |= NOISY
        return bits | self.bits(sighting.point)

    def tell_troubles(self, now_ms, changes) -> None:
        for sighting in self.sightings:
            bits = self.trouble(sighting)
            if bits != self._told.get(sighting.point, 0):
                self._told[sighting.point] = bits
                changes.append(("trouble", sighting.point, bits, now_ms))


class PolledLine:
    """The device (see node.app.Node) that asks the ``boards`` of one line in turn.

    port      read(n), write(bytes), neither ever waiting; is_open False while it is unplugged
    reply_ms  an answer later than this is none
    gap_ms    between an answer and the next question: the time in which the line turns round
    poll_ms   a round begins at most this often
    quiet_ms  after a question without a good answer; what comes in it is thrown away
    """

    def __init__(self, port, boards, *, reply_ms, gap_ms, poll_ms, quiet_ms) -> None:
        self.boards = boards
        self.asked = 0  # questions since start
        self.missed = 0  # of them without a good answer
        self._port = port
        self._reply_ms = reply_ms
        self._gap_ms = gap_ms
        self._poll_ms = poll_ms
        self._quiet_ms = quiet_ms
        self._owners = {}
        for board in boards:
            for sighting in board.sightings:
                self._owners[sighting.point] = board
        self.points = tuple(sorted(self._owners))
        self._round: list[Board] = []  # boards still to be asked in this round
        self._round_ms: int | None = None  # when it began
        self._silent_turn = 0
        self._was_urgent = False
        self._urgent_turn = 0
        self._board: Board | None = None  # whose answer is awaited
        self._question = b""
        self._asked_ms = 0
        self._free_ms = 0
        self._is_second = False
        self._answer = bytearray()

    def poll(self, now_ms):
        """Return what changed; see node.app.Node."""
        changes = []
        if not self._is_open():
            self._lose_line(now_ms, changes)
        elif self._board is None:
            self._port.read(READ_BYTES_MAX)  # too late or not asked for
        else:
            self._listen(self._board, now_ms, changes)
        if self._board is None and now_ms >= self._free_ms:
            self._ask(now_ms)
        return changes

    def states(self):
        return [(point, self._sighting(point).state) for point in self.points]

    def tags(self):
        return []

    def troubles(self):
        found = []
        for point in self.points:
            bits = self._owners[point].trouble(self._sighting(point))
            if bits:
                found.append((point, bits))
        return found

    def put(self, point, state, valid_ms, now_ms) -> None:
        self._owners[point].put(point, state, valid_ms, now_ms)

    def lose_link(self) -> None:
        for board in self.boards:
            board.lose_link()

    def _sighting(self, point):
        for sighting in self._owners[point].sightings:
            if sighting.point == point:
                return sighting
        return None

    def _is_open(self):
        if not getattr(self._port, "is_open", True):
            self._port.read(READ_BYTES_MAX)  # a port opens itself when it is asked for something
        return getattr(self._port, "is_open", True)

    def _lose_line(self, now_ms, changes) -> None:
        self._board = None
        self._free_ms = now_ms + self._quiet_ms
        for board in self.boards:
            board.miss(now_ms, changes)
            board.follow(now_ms, changes)
            board.tell_troubles(now_ms, changes)

    def _listen(self, board, now_ms, changes) -> None:
        data = self._port.read(READ_BYTES_MAX)
        if data:
            self._answer += data
            if len(self._answer) > BUFFER_BYTES_MAX:
                self._answer = self._answer[-BUFFER_BYTES_MAX:]
            outcome = board.take(self._answer, now_ms, changes)
            if outcome != NOTHING:
                if outcome == GOOD and not board.is_order:
                    board.heard()
                elif outcome == REFUSED and not board.is_order:
                    self._miss(board, now_ms, changes)
                self._end(board, now_ms, self._gap_ms, changes)
                return
        if now_ms - self._asked_ms < self._reply_ms:
            return
        if board.is_order:
            self._end(board, now_ms, 0, changes)
        elif self._is_damaged() and not self._is_second:
            # It speaks, but the line is bad: asked once more before its points are unknown.
            board.damaged()
            self._is_second = True
            self._send(self._question, now_ms)
        else:
            if self._is_damaged():
                board.damaged()
            self._miss(board, now_ms, changes)
            self._end(board, now_ms, self._quiet_ms, changes)

    def _miss(self, board, now_ms, changes) -> None:
        self.missed += 1
        board.miss(now_ms, changes)

    def _is_damaged(self):
        """Return True if something came that is more than the echo of our own question."""
        size = len(self._question)
        if bytes(self._answer[:size]) == self._question:
            return len(self._answer) > size
        return len(self._answer) > 0

    def _end(self, board, now_ms, pause_ms, changes) -> None:
        board.follow(now_ms, changes)
        board.tell_troubles(now_ms, changes)
        self._board = None
        self._free_ms = now_ms + pause_ms

    def _ask(self, now_ms) -> None:
        board = self._next(now_ms)
        if board is not None:
            self._board = board
            self._is_second = False
            self._question = board.ask(now_ms)
            self._send(self._question, now_ms)

    def _send(self, question, now_ms) -> None:
        self._port.read(READ_BYTES_MAX)
        self._answer = bytearray()
        self._asked_ms = now_ms
        self.asked += 1
        self._port.write(question)

    def _next(self, now_ms):
        if not self._was_urgent:
            for step in range(len(self.boards)):
                turn = (self._urgent_turn + step) % len(self.boards)
                if self.boards[turn].is_urgent(now_ms):
                    self._urgent_turn = turn + 1
                    self._was_urgent = True
                    return self.boards[turn]
        self._was_urgent = False
        if not self._round:
            if self._round_ms is not None and now_ms - self._round_ms < self._poll_ms:
                return None
            self._round_ms = now_ms
            self._round = [board for board in self.boards if not board.is_silent]
            silent = [board for board in self.boards if board.is_silent]
            if silent:
                self._silent_turn += 1
                self._round.append(silent[self._silent_turn % len(silent)])
        return self._round.pop(0)
