"""Relay and input boards on Modbus RTU: coils that release locks or light lamps, discrete inputs that are contacts.

Requests, answers and sums are pymodbus's; the turns on the line are `node.polled`, because pymodbus's own client
sends a request again by itself when no answer comes, and an order to a lock must not be.

Sources: Modbus Application Protocol V1.1b3 (functions 1, 2, 5; exceptions) and Modbus over Serial Line V1.02.
"""

import logging
from typing import Any

from pymodbus.framer.rtu import FramerRTU
from pymodbus.pdu import DecodePDU, ModbusPDU
from pymodbus.pdu.bit_message import ReadCoilsRequest, ReadDiscreteInputsRequest, WriteSingleCoilRequest

from casewire import ACTIVE, INACTIVE, JAMMED
from node.bolt import Bolt
from node.config import ConfigError, known, whole, wrong
from node.polled import GOOD, NOTHING, REFUSED, Board, PolledLine, Sighting

UNIT_MAX = 247  # V1.02, 2.2
NUMBER_MAX = 255  # of a coil or input; one question reads from the lowest to the highest that is used
GAP_MS = 5  # 3.5 characters at 9600 baud are 4 ms
QUIET_MS = 20
OWN_RETRY_MS = 1_000  # a coil that does not show what it should by itself is written again after this

LINE_LIMITS = {"baud": (9600, 1200, 115200), "reply_ms": (100, 20, 1000), "poll_ms": (100, 20, 1000)}
OUTPUT_LIMITS = {
    "active_level": (1, 0, 1),
    "feedback_active_level": (1, 0, 1),
    "move_ms_max": (1500, 100, 10000),
    "pulse_ms": (0, 0, 60000),
}
OUTPUT_WORDS = {
    "on_lost": ("off", ("hold", "off", "on")),
    "at_start": ("off", ("hold", "off", "on")),
}
_LEVELS = {"off": INACTIVE, "on": ACTIVE}
_READ_COILS, _READ_INPUTS, _WRITE_COIL = 1, 2, 5

log = logging.getLogger("node")

Changes = list[tuple[Any, ...]]


class OutputConfig:
    """One output. `feedback_input` None: the relay itself is all that can be seen."""

    def __init__(self, where: str, table: Any) -> None:
        """Raises ConfigError."""
        names = ["point", "coil", "feedback_input", *OUTPUT_LIMITS, *OUTPUT_WORDS]
        known(where, table, names)
        self.point: int = whole(where + ".point", table.get("point"), 0, 255)
        self.coil: int = whole(where + ".coil", table.get("coil"), 0, NUMBER_MAX)
        self.feedback_input: int | None = table.get("feedback_input")
        if self.feedback_input is not None:
            whole(where + ".feedback_input", self.feedback_input, 0, NUMBER_MAX)
        limits = {
            name: whole(f"{where}.{name}", table.get(name, default), least, most)
            for name, (default, least, most) in OUTPUT_LIMITS.items()
        }
        self.active_level: int = limits["active_level"]
        self.feedback_active_level: int = limits["feedback_active_level"]
        self.move_ms_max: int = limits["move_ms_max"]
        self.pulse_ms: int = limits["pulse_ms"]
        for name, (default, allowed) in OUTPUT_WORDS.items():
            if table.get(name, default) not in allowed:
                raise wrong(f"{where}.{name}", "one of " + ", ".join(allowed), table[name])
        self.on_lost: str = table.get("on_lost", "off")
        self.at_start: str = table.get("at_start", "off")


class InputConfig:
    """One contact on a discrete input."""

    def __init__(self, where: str, table: Any) -> None:
        """Raises ConfigError."""
        known(where, table, ["point", "input", "active_level"])
        self.point: int = whole(where + ".point", table.get("point"), 0, 255)
        self.input: int = whole(where + ".input", table.get("input"), 0, NUMBER_MAX)
        self.active_level: int = whole(where + ".active_level", table.get("active_level", 1), 0, 1)


class UnitConfig:
    """One board."""

    def __init__(self, where: str, table: Any) -> None:
        """Raises ConfigError."""
        known(where, table, ["unit", "outputs", "inputs"])
        self.unit: int = whole(where + ".unit", table.get("unit"), 1, UNIT_MAX)
        outputs, inputs = table.get("outputs", []), table.get("inputs", [])
        if not isinstance(outputs, list) or not isinstance(inputs, list) or not outputs + inputs:
            raise wrong(where, "outputs or inputs, each a list", table)
        self.outputs = [OutputConfig(f"{where}.outputs[{at}]", each) for at, each in enumerate(outputs)]
        self.inputs = [InputConfig(f"{where}.inputs[{at}]", each) for at, each in enumerate(inputs)]
        _differ(where + " coils", [output.coil for output in self.outputs])

    @property
    def points(self) -> list[int]:
        """Its points."""
        return [output.point for output in self.outputs] + [each.point for each in self.inputs]


class ModbusConfig:
    """One line of boards."""

    def __init__(self, where: str, table: Any) -> None:
        """Raises ConfigError."""
        known(where, table, ["kind", "bus", "boards", *LINE_LIMITS])
        self.bus = table.get("bus")
        if not isinstance(self.bus, str) or not self.bus:
            raise wrong(where + ".bus", "the terminal or path of a serial port", self.bus)
        self.pins = [self.bus]
        limits = {
            name: whole(f"{where}.{name}", table.get(name, default), least, most)
            for name, (default, least, most) in LINE_LIMITS.items()
        }
        self.baud: int = limits["baud"]
        self.reply_ms: int = limits["reply_ms"]
        self.poll_ms: int = limits["poll_ms"]
        boards = table.get("boards")
        if not isinstance(boards, list) or not boards:
            raise wrong(where + ".boards", "a list of at least one", boards)
        self.boards = [UnitConfig(f"{where}.boards[{at}]", each) for at, each in enumerate(boards)]
        self.points = [point for board in self.boards for point in board.points]
        _differ(where + " units", [board.unit for board in self.boards])
        _differ(where + " points", self.points)


def _differ(where: str, numbers: list[int]) -> None:
    for number in numbers:
        if numbers.count(number) > 1:
            raise ConfigError(f"{where}: expected each number once, found {number} twice")


class _Output:
    """One output of a board, between its coil and what shows that it worked."""

    def __init__(self, config: OutputConfig) -> None:
        self.config = config
        self.sighting = Sighting("feedback", config.point)
        self.bolt = Bolt(self.sighting, config.move_ms_max)
        self.locks_until_ms: int | None = None  # an order to lock that waits
        self.off_ms: int | None = None  # when the pulse ends
        self.own = _LEVELS.get(config.at_start)  # what the coil should show with no order needed
        self._own_ms = 0  # not written before this

    def write_due(self, now_ms: int) -> int | None:
        """The state to write to the coil now, or None; then it counts as written."""
        config = self.config
        if self.off_ms is not None and now_ms >= self.off_ms:
            self.off_ms, self.own, self._own_ms = None, INACTIVE, now_ms
        if self.locks_until_ms is not None:
            until_ms, self.locks_until_ms = self.locks_until_ms, None
            if now_ms <= until_ms:
                self.off_ms = self.own = None
                return INACTIVE
            self.bolt.owes_word = True
        if self.bolt.has_order and self.bolt.start(now_ms):
            self.own = None
            self.off_ms = now_ms + config.pulse_ms if config.pulse_ms else None
            return ACTIVE
        if self.own is not None and now_ms >= self._own_ms:
            self._own_ms = now_ms + OWN_RETRY_MS
            return self.own
        return None

    def is_urgent(self, now_ms: int) -> bool:
        """Whether something is to be written, or is moving."""
        return (
            self.bolt.has_order
            or self.bolt.is_moving
            or self.locks_until_ms is not None
            or (self.off_ms is not None and now_ms >= self.off_ms)
            or (self.own is not None and now_ms >= self._own_ms)
        )

    def see_coil(self, level: bool) -> None:
        """What the coil shows: its own affairs are done when it shows them."""
        if self.own is not None and self.own == _state(level, self.config.active_level):
            self.own = None

    def put(self, state: int, valid_ms: int, now_ms: int) -> None:
        """Take an order."""
        if state == ACTIVE:
            self.locks_until_ms = None
            if self.sighting.state == ACTIVE and not self.config.pulse_ms:
                self.own = ACTIVE  # open already: it is kept from falling in
            self.bolt.release(valid_ms, now_ms)
        else:
            self.bolt.secure(now_ms)
            self.locks_until_ms = now_ms + valid_ms

    def lose_link(self) -> None:
        """Nothing waits any more; the coil takes its declared state."""
        self.bolt.withdraw()
        self.locks_until_ms = None
        if self.config.on_lost != "hold":
            self.off_ms, self.own, self._own_ms = None, _LEVELS[self.config.on_lost], 0


def _state(level: bool, active_level: int) -> int:
    return ACTIVE if level == bool(active_level) else INACTIVE


class ModbusBoard(Board):
    """One unit on the line."""

    def __init__(self, config: UnitConfig) -> None:
        """Nothing is asked before `ask`."""
        self._unit = config.unit
        self._outputs = {output.point: _Output(output) for output in config.outputs}
        self._inputs = [(each, Sighting("contact", each.point)) for each in config.inputs]
        self._decoder = DecodePDU(False)
        coils = [output.coil for output in config.outputs]
        used = [each.input for each in config.inputs]
        used += [each.feedback_input for each in config.outputs if each.feedback_input is not None]
        self._ranges = {  # function -> first, count
            function: (min(numbers), max(numbers) - min(numbers) + 1)
            for function, numbers in ((_READ_COILS, coils), (_READ_INPUTS, used))
            if numbers
        }
        self._next_reads: list[int] = []  # functions still to be read in this turn
        self._function = 0  # of the last question
        self._refusal = 0  # the exception code told last
        sightings = [output.sighting for output in self._outputs.values()]
        super().__init__(sightings + [sighting for _, sighting in self._inputs])

    def is_urgent(self, now_ms: int) -> bool:
        """An order, a movement, the second half of a turn, or something seen but once."""
        if self._next_reads or any(output.is_urgent(now_ms) for output in self._outputs.values()):
            return True
        return bool(self.is_unsure())

    def ask(self, now_ms: int) -> bytes:
        """The next frame."""
        for output in self._outputs.values():
            state = output.write_due(now_ms)
            if state is not None:
                self.is_order, self._function = True, _WRITE_COIL
                level = state == ACTIVE if output.config.active_level else state != ACTIVE
                return self._frame(WriteSingleCoilRequest(address=output.config.coil, bits=[level]))
        self.is_order = False
        if not self._next_reads:
            self._next_reads = list(self._ranges)
        self._function = self._next_reads.pop(0)
        first, count = self._ranges[self._function]
        kind = ReadCoilsRequest if self._function == _READ_COILS else ReadDiscreteInputsRequest
        return self._frame(kind(address=first, count=count))

    def take(self, data: bytes, now_ms: int, changes: Changes) -> int:
        """Look for the answer; see node.polled.Board."""
        answer = self._find(bytes(data))
        if answer is None:
            return NOTHING
        if answer.isError():
            if answer.exception_code != self._refusal:
                self._refusal = answer.exception_code
                log.warning("unit %d: expected an answer, found exception %d", self._unit, self._refusal)
            return REFUSED
        if self.is_order:
            # The echo of an adapter looks the same: the line is left to the board until reply_ms have passed.
            return NOTHING
        self._refusal = 0
        if self._function == _READ_COILS:
            self._see_coils(answer.bits, now_ms, changes)
        else:
            self._see_inputs(answer.bits, now_ms, changes)
        return GOOD

    def miss(self, now_ms: int, changes: Changes) -> None:
        """No answer; see node.polled.Board."""
        self._next_reads = []
        super().miss(now_ms, changes)

    def follow(self, now_ms: int, changes: Changes) -> None:
        """Orders expire, bolts follow or do not."""
        for output in self._outputs.values():
            output.bolt.follow(now_ms)
            output.bolt.word(now_ms, changes)

    def bits(self, point: int) -> int:
        """Troubles that are not the whole board's."""
        output = self._outputs.get(point)
        return JAMMED if output is not None and output.bolt.is_jammed else 0

    def put(self, point: int, state: int, valid_ms: int, now_ms: int) -> None:
        """Take an order to an output."""
        if point not in self._outputs:
            log.error("expected an order to an output, found point %d, an input", point)
            return
        self._outputs[point].put(state, valid_ms, now_ms)

    def lose_link(self) -> None:
        """The gateway is gone."""
        for output in self._outputs.values():
            output.lose_link()

    def _frame(self, request: ModbusPDU) -> bytes:
        body = bytes((self._unit, request.function_code)) + request.encode()
        return body + FramerRTU.compute_CRC(body).to_bytes(2, "big")

    def _find(self, data: bytes) -> ModbusPDU | None:
        """The answer of our unit to the last question in `data`, wherever it begins."""
        # Head and size are known before, so noise and others' frames around the answer do not matter.
        head, size = bytes((self._unit, self._function)), 8
        if not self.is_order:
            count = -(-self._ranges[self._function][1] // 8)
            head, size = head + bytes((count,)), 5 + count
        refusal = bytes((self._unit, self._function | 0x80))
        for at in range(len(data) - 4):
            if data.startswith(head, at):
                frame = data[at : at + size]
            elif data.startswith(refusal, at):
                frame = data[at : at + 5]
            else:
                continue
            if len(frame) >= 5 and FramerRTU.compute_CRC(frame[:-2]).to_bytes(2, "big") == frame[-2:]:
                return self._decoder.decode(frame[1:-2])
        return None

    def _see_coils(self, levels: Any, now_ms: int, changes: Changes) -> None:
        first = self._ranges[_READ_COILS][0]
        for output in self._outputs.values():
            level = bool(levels[output.config.coil - first])
            output.see_coil(level)
            if output.config.feedback_input is None:
                self._see_output(output, _state(level, output.config.active_level), now_ms, changes)

    def _see_inputs(self, levels: Any, now_ms: int, changes: Changes) -> None:
        first = self._ranges[_READ_INPUTS][0]
        for output in self._outputs.values():
            number = output.config.feedback_input
            if number is not None:
                shown = _state(bool(levels[number - first]), output.config.feedback_active_level)
                self._see_output(output, shown, now_ms, changes)
        for each, sighting in self._inputs:
            if sighting.see(_state(bool(levels[each.input - first]), each.active_level), now_ms):
                changes.append(sighting.change())

    def _see_output(self, output: _Output, state: int, now_ms: int, changes: Changes) -> None:
        has_changed = output.sighting.see(state, now_ms)
        output.bolt.see(has_changed)
        if has_changed:
            changes.append(output.sighting.change())


def device(config: ModbusConfig, port: Any) -> PolledLine:
    """The device of a line; see node.app.Node."""
    return PolledLine(
        port,
        [ModbusBoard(board) for board in config.boards],
        reply_ms=config.reply_ms,
        gap_ms=GAP_MS,
        poll_ms=config.poll_ms,
        quiet_ms=QUIET_MS,
    )
