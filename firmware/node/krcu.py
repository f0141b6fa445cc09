"""KERONG boards of locks on RS-485: CU12, CU16 and CU48.

19200 baud 8N1. CU12 and CU16, as published programs of others speak it (kerong-lib,
lkaas-kerong, keymaker):

    02 ADDR CMD 03 SUM                           ADDR: board in the high nibble, lock in the low one
    30 state, 31 release one lock                SUM: low byte of the sum of all before it
    02 ADDR 35 HOOKS HOOKS SENSES SENSES 03 SUM  the answer to 30: a bit a lock, lowest first

They do not agree on what a set hook bit means, so it is configured and tried on the bought board. Some
firmware answers 31 too, some does not: nothing is made of that answer. CU48, from one source alone:

    02 ADDR LOCK CMD 03 SUM                      60 state, 61 release one lock
    02 ADDR 00 75 06 <6 bytes> SUM               the answer to 60

There are commands that open every lock of a board or a bus (33, and address F0). No function here makes
them: docs/devices/krcu.md.
"""

import logging

from casewire import ACTIVE, CONTRADICTION, INACTIVE, JAMMED
from node.bolt import Bolt, Pair
from node.config import ConfigError, known, whole, wrong
from node.polled import GOOD, NOTHING, Board, PolledLine, Sighting

BOARDS_MAX = 15  # 0..14: the address F0 speaks to every board
GAP_MS = 5  # the line turns round
QUIET_MS = 20  # after an answer that did not come
CONTRADICTION_MS = 1000

_STX = 0x02
_ETX = 0x03

# default, least and most of each
LINE_LIMITS = {"baud": (19200, 9600, 115200), "reply_ms": (60, 20, 1000), "poll_ms": (100, 20, 1000)}
BOARD_LIMITS = {
    "hook_shut_bit": (1, 0, 1),
    "sense_active_bit": (1, 0, 1),
    "move_ms_max": (1500, 100, 10000),
}
SENSES = ("none", "item", "door")

log = logging.getLogger("node")


def _summed(body):
    return body + bytes((sum(body) & 0xFF,))


def _find(data, head, tail, size):
    """Return the frame of ``size`` bytes in ``data``: ``head``, body, ``tail``, sum; or None."""
    # All that can be known before is compared: the sum alone is weak.
    for at in range(len(data) - size + 1):
        frame = bytes(data[at : at + size])
        if frame[: len(head)] == head and frame[-1 - len(tail) : -1] == tail and frame == _summed(frame[:-1]):
            return frame
    return None


class Profile:
    """A kind of board. It gives, beside what stands here:

    locks_max, has_senses       its answer tells of a sensor a lock too
    state_question(board)       the bytes that ask ``board`` 0..14 for its state
    release(board, lock)        the order to release ``lock`` 1.., that one alone
    read(data, board)           (hook bits, sense bits) of an answer of ``board`` in ``data``, or None
    """

    locks_max = 0
    has_senses = False

    def check(self, board, lock) -> None:
        if not 0 <= board < BOARDS_MAX or not 1 <= lock <= self.locks_max:
            raise ValueError("expected board 0..14, lock 1..%d, found %d, %d" % (self.locks_max, board, lock))


class Cu16(Profile):
    """CU12 and CU16."""

    has_senses = True

    def __init__(self, locks_max) -> None:
        self.locks_max = locks_max

    def state_question(self, board):
        return _summed(bytes((_STX, board << 4, 0x30, _ETX)))

    def release(self, board, lock):
        self.check(board, lock)
        return _summed(bytes((_STX, board << 4 | lock - 1, 0x31, _ETX)))

    def read(self, data, board):
        frame = _find(data, bytes((_STX, board << 4, 0x35)), bytes((_ETX,)), 9)
        if frame is None:
            return None
        return frame[3] | frame[4] << 8, frame[5] | frame[6] << 8


class Cu48(Profile):
    """CU48: hooks only."""

    locks_max = 48

    def state_question(self, board):
        return _summed(bytes((_STX, board, 0, 0x60, _ETX)))

    def release(self, board, lock):
        self.check(board, lock)
        return _summed(bytes((_STX, board, lock - 1, 0x61, _ETX)))

    def read(self, data, board):
        frame = _find(data, bytes((_STX, board, 0, 0x75, 6)), b"", 12)
        if frame is None:
            return None
        hooks = 0
        for index in range(6):
            hooks |= frame[5 + index] << 8 * index
        return hooks, 0


PROFILES: "dict[str, Profile]" = {"cu12": Cu16(12), "cu16": Cu16(16), "cu48": Cu48()}


class LockConfig:
    """One lock. Attributes: lock (1..), point, sense_point (None: its sensor is not used)."""

    def __init__(self, where, table, profile, senses) -> None:
        known(where, table, ["lock", "point", "sense_point"])
        self.lock = whole(where + ".lock", table.get("lock"), 1, profile.locks_max)
        self.point = whole(where + ".point", table.get("point"), 0, 255)
        self.sense_point = table.get("sense_point")
        if self.sense_point is not None:
            if senses == "none":
                raise wrong(where + ".sense_point", "a board with senses", self.sense_point)
            whole(where + ".sense_point", self.sense_point, 0, 255)


class BoardConfig:
    """One board. Attributes: board, profile, senses, locks, and those of BOARD_LIMITS."""

    def __init__(self, where, table) -> None:
        known(where, table, ["board", "profile", "senses", "locks"] + list(BOARD_LIMITS))
        self.board = whole(where + ".board", table.get("board"), 0, BOARDS_MAX - 1)
        name = table.get("profile")
        if name not in PROFILES:
            raise wrong(where + ".profile", "one of %s" % ", ".join(sorted(PROFILES)), name)
        self.profile = PROFILES[name]
        self.senses = table.get("senses", "none")
        if self.senses not in SENSES or (self.senses != "none" and not self.profile.has_senses):
            allowed = SENSES if self.profile.has_senses else SENSES[:1]
            raise wrong(where + ".senses", "one of %s" % ", ".join(allowed), self.senses)
        for key, (default, least, most) in BOARD_LIMITS.items():
            setattr(self, key, whole(where + "." + key, table.get(key, default), least, most))
        self.locks = []
        for index, lock in enumerate(_some(where + ".locks", table.get("locks"))):
            self.locks.append(LockConfig("%s.locks[%d]" % (where, index), lock, self.profile, self.senses))
        _differ(where + ".locks", [lock.lock for lock in self.locks])


class KrCuConfig:
    """One line of boards. Attributes: bus, boards, points, and those of LINE_LIMITS."""

    def __init__(self, where, table) -> None:
        known(where, table, ["kind", "bus", "boards"] + list(LINE_LIMITS))
        self.bus = table.get("bus")
        if not isinstance(self.bus, str) or not self.bus:
            raise wrong(where + ".bus", "the terminal or path of a serial port", self.bus)
        self.pins = [self.bus]
        for key, (default, least, most) in LINE_LIMITS.items():
            setattr(self, key, whole(where + "." + key, table.get(key, default), least, most))
        self.boards = []
        for index, board in enumerate(_some(where + ".boards", table.get("boards"))):
            self.boards.append(BoardConfig("%s.boards[%d]" % (where, index), board))
        _differ(where + ".boards", [board.board for board in self.boards])
        self.points = []
        for board in self.boards:
            for lock in board.locks:
                self.points.append(lock.point)
                if lock.sense_point is not None:
                    self.points.append(lock.sense_point)
        _differ(where + " points", self.points)


def _some(where, tables):
    if not isinstance(tables, list) or not tables:
        raise wrong(where, "a list of at least one", tables)
    return tables


def _differ(where, numbers) -> None:
    for number in numbers:
        if numbers.count(number) > 1:
            raise ConfigError("%s: expected each number once, found %d twice" % (where, number))


class CuBoard(Board):
    """One board: a bolt a lock, and its sensor where that is used."""

    def __init__(self, config) -> None:
        self._config = config
        self._locks = []  # (number of the lock, Bolt, Sighting of its sensor or None, Pair or None)
        self._by_point = {}
        sightings = []
        for lock in config.locks:
            hook = Sighting("feedback", lock.point)
            bolt = Bolt(hook, config.move_ms_max)
            sense = pair = None
            sightings.append(hook)
            if lock.sense_point is not None:
                sense = Sighting("contact", lock.sense_point)
                sightings.append(sense)
                if config.senses == "door":
                    pair = Pair(hook, sense, CONTRADICTION_MS)
            self._locks.append((lock.lock, bolt, sense, pair))
            self._by_point[lock.point] = (bolt, pair)
        Board.__init__(self, sightings)

    def is_urgent(self, now_ms):
        for _, bolt, _, _ in self._locks:
            if bolt.has_order or bolt.is_moving:
                return True
        return self.is_unsure()

    def ask(self, now_ms):
        self.is_order = False
        for number, bolt, _, _ in self._locks:
            if bolt.has_order and bolt.start(now_ms):
                self.is_order = True
                return self._config.profile.release(self._config.board, number)
        return self._config.profile.state_question(self._config.board)

    def take(self, data, now_ms, changes):
        if self.is_order:
            return NOTHING
        found = self._config.profile.read(data, self._config.board)
        if found is None:
            return NOTHING
        hooks, senses = found
        for number, bolt, sense, _ in self._locks:
            is_shut = (hooks >> number - 1 & 1) == self._config.hook_shut_bit
            has_changed = bolt.sighting.see(INACTIVE if is_shut else ACTIVE, now_ms)
            bolt.see(has_changed)
            if has_changed:
                changes.append(bolt.sighting.change())
            if sense is not None:
                is_active = (senses >> number - 1 & 1) == self._config.sense_active_bit
                if sense.see(ACTIVE if is_active else INACTIVE, now_ms):
                    changes.append(sense.change())
        return GOOD

    def follow(self, now_ms, changes) -> None:
        for _, bolt, _, pair in self._locks:
            bolt.follow(now_ms)
            bolt.word(now_ms, changes)
            if pair is not None:
                pair.follow(now_ms)

    def bits(self, point):
        if point not in self._by_point:
            return 0
        bolt, pair = self._by_point[point]
        bits = JAMMED if bolt.is_jammed else 0
        if pair is not None and pair.is_contradiction:
            bits |= CONTRADICTION
        return bits

    def put(self, point, state, valid_ms, now_ms) -> None:
        if point not in self._by_point:
            log.error("expected an order to a lock, found point %d, a sensor", point)
            return
        bolt = self._by_point[point][0]
        if state == ACTIVE:
            bolt.release(valid_ms, now_ms)
        else:
            # Such a lock is locked by the hand that shuts its door; all an order can do is to take a release back.
            bolt.withdraw()
            bolt.owes_word = True

    def lose_link(self) -> None:
        """No release is carried out that waits while nobody hears; what is locked stays locked."""
        for _, bolt, _, _ in self._locks:
            bolt.withdraw()


def device(config, port):
    """Return the device of a KrCuConfig on ``port``; see node.app.Node."""
    return PolledLine(
        port,
        [CuBoard(board) for board in config.boards],
        reply_ms=config.reply_ms,
        gap_ms=GAP_MS,
        poll_ms=config.poll_ms,
        quiet_ms=QUIET_MS,
    )
