"""Relay and input boards that behave, on one Modbus RTU line.

    python -m casefield.fakes.modbus_board --port PATH [--units 1,2] [--relays 8] [--inputs 8]

What a board answers is another's implementation: the server half of pymodbus (its frames, its store, its
exceptions). Ours is the line, and what is screwed to it: a bolt on a relay that shows on an input.

Lines on standard input: `set U INPUT 0|1`, `bolt U COIL INPUT` (the input follows the coil), `jam U COIL`,
`free U COIL`, `silent U`, `back U`, `refuse CODE` (0: no more), `lie none|foreign|badsum|stale|frozen|babble`,
`echo 0|1`, `answer MS`, `move MS`, `missing 0|1` (answer for units that are not there, as servers of several do).
It prints `coil U COIL 0|1` when one is written.
"""

import argparse
import sys
from collections.abc import Coroutine
from typing import Any

from pymodbus.constants import ExcCodes
from pymodbus.exceptions import ModbusException
from pymodbus.framer.rtu import FramerRTU
from pymodbus.pdu import DecodePDU, ExceptionResponse, ModbusPDU
from pymodbus.simulator import DataType, SimData, SimDevice
from pymodbus.simulator.simcore import SimCore

from casefield.fakes.serving import serve

ANSWER_MS = 8
MOVE_MS = 80
FRAME_GAP_MS = 20
"""Silence that ends a frame: at 9600 baud the standard's 3.5 characters are 4 ms; a pty adds its own."""
LIES = ("none", "foreign", "badsum", "stale", "frozen", "babble")
_WRITE_COIL = 5


def _now(steps: Coroutine[Any, Any, Any]) -> Any:
    """The result of steps that never wait."""
    try:
        steps.send(None)
    except StopIteration as stop:
        return stop.value
    raise RuntimeError("expected a store that answers at once, found one that waits")


class FakeModbus:
    """The boards of one line.

    written  (unit, coil, on) of each coil written, in order
    """

    def __init__(self, units: list[int], relays: int = 8, inputs: int = 8) -> None:
        self.written: list[tuple[int, int, bool]] = []
        self.silent: set[int] = set()
        self.jammed: set[tuple[int, int]] = set()
        self.lie = "none"
        self.refuses = 0
        self.echoes = False
        self.answers_for_missing = False
        self.answer_ms = ANSWER_MS
        self.move_ms = MOVE_MS
        self._units = units
        self._store = SimCore([_board(unit, relays, inputs) for unit in units])
        self._framer = FramerRTU(DecodePDU(True))
        self._bolts: dict[tuple[int, int], int] = {}
        self._moves: list[tuple[int, int, int, bool]] = []  # when, unit, input, level
        self._heard, self._heard_ms = b"", 0
        self._due: list[tuple[int, bytes]] = []
        self._last: dict[tuple[int, int], bytes] = {}
        self._news: list[str] = []

    def set_input(self, unit: int, number: int, *, on: bool) -> None:
        """Drive one input."""
        _now(self._store.async_setValues(unit, 2, number, [on]))

    def fix_bolt(self, unit: int, coil: int, number: int) -> None:
        """From now on input `number` follows `coil` after `move_ms`."""
        self._bolts[unit, coil] = number

    def coil(self, unit: int, number: int) -> bool:
        """Whether the relay is on."""
        return bool(_now(self._store.async_getValues(unit, 1, number, 1))[0])

    def feed(self, data: bytes, now_ms: int) -> None:
        """Take what came over the line."""
        if self.echoes:
            self._due.append((now_ms, data))
        if self.lie == "babble":
            self._due.append((now_ms, b"\x01\x01\xff"))
        if now_ms - self._heard_ms > FRAME_GAP_MS:
            self._heard = b""
        self._heard, self._heard_ms = self._heard + data, now_ms
        try:
            used, asked = self._framer.handleFrame(self._heard, 0, 0)
        except ModbusException:
            self._heard = b""
            return
        self._heard = self._heard[used:]
        if asked is not None:
            self._answer(asked, now_ms)

    def due(self, now_ms: int) -> bytes:
        """What it puts on the line now."""
        for move in [move for move in self._moves if move[0] <= now_ms]:
            self._moves.remove(move)
            self.set_input(move[1], move[2], on=move[3])
        out = b"".join(data for at_ms, data in self._due if at_ms <= now_ms)
        self._due = [(at_ms, data) for at_ms, data in self._due if at_ms > now_ms]
        return out

    def news(self) -> list[str]:
        """What happened since last asked."""
        news, self._news = self._news, []
        return news

    def _answer(self, asked: ModbusPDU, now_ms: int) -> None:
        unit = asked.dev_id
        if unit in self.silent or (unit not in self._units and not self.answers_for_missing):
            return
        if unit not in self._units:
            answer: ModbusPDU = ExceptionResponse(asked.function_code, ExcCodes.DEVICE_FAILURE)
        elif self.refuses:
            answer = ExceptionResponse(asked.function_code, self.refuses)
        else:
            answer = _now(asked.datastore_update(self._store, unit))  # type: ignore[arg-type]
            if asked.function_code == _WRITE_COIL and not answer.isError():
                self._switched(unit, asked.address, bool(asked.bits[0]), now_ms)
        answer.dev_id = unit + 1 if self.lie == "foreign" else unit
        data = self._framer.buildFrame(answer)
        if self.lie == "badsum":
            data = data[:-1] + bytes((data[-1] ^ 1,))
        before = self._last.setdefault((unit, asked.function_code), data)
        if self.lie != "frozen":
            self._last[unit, asked.function_code] = data
        shown = before if self.lie in ("frozen", "stale") else data
        self._due.append((now_ms + self.answer_ms, shown))

    def _switched(self, unit: int, coil: int, on: bool, now_ms: int) -> None:
        self.written.append((unit, coil, on))
        self._news.append(f"coil {unit} {coil} {int(on)}")
        if (unit, coil) in self._bolts and (unit, coil) not in self.jammed:
            self._moves.append((now_ms + self.move_ms, unit, self._bolts[unit, coil], on))


def _board(unit: int, relays: int, inputs: int) -> SimDevice:
    def bits(count: int) -> list[SimData]:
        return [SimData(0, values=[False] * (16 * -(-count // 16)), datatype=DataType.BITS)]

    def no_registers() -> list[SimData]:
        return [SimData(0, values=0, datatype=DataType.REGISTERS)]

    return SimDevice(unit, (bits(relays), bits(inputs), no_registers(), no_registers()))


def obey(fake: FakeModbus, text: str) -> None:
    """Do what a line of standard input says; one that says nothing known is answered on standard error."""
    word, *rest = text.split() or [""]
    try:
        match word, [int(number) for number in rest if word != "lie"]:
            case "set", [unit, number, on]:
                fake.set_input(unit, number, on=bool(on))
            case "bolt", [unit, coil, number]:
                fake.fix_bolt(unit, coil, number)
            case "jam", [unit, coil]:
                fake.jammed.add((unit, coil))
            case "free", [unit, coil]:
                fake.jammed.discard((unit, coil))
            case "silent", [unit]:
                fake.silent.add(unit)
            case "back", [unit]:
                fake.silent.discard(unit)
            case "refuse", [code]:
                fake.refuses = code
            case "echo", [on]:
                fake.echoes = bool(on)
            case "answer", [ms]:
                fake.answer_ms = ms
            case "move", [ms]:
                fake.move_ms = ms
            case "missing", [on]:
                fake.answers_for_missing = bool(on)
            case "lie", _ if rest and rest[0] in LIES:
                fake.lie = rest[0]
            case _:
                sys.stderr.write(f"expected a line of the list above, found {text!r}\n")
    except (ValueError, KeyError):
        sys.stderr.write(f"expected numbers, found {text!r}\n")


def main(arguments: list[str]) -> int:
    """Serve until standard input ends."""
    parser = argparse.ArgumentParser(prog="casefield.fakes.modbus_board")
    parser.add_argument("--port", required=True)
    parser.add_argument("--units", default="1")
    parser.add_argument("--relays", type=int, default=8)
    parser.add_argument("--inputs", type=int, default=8)
    options = parser.parse_args(arguments)
    fake = FakeModbus([int(unit) for unit in options.units.split(",")], options.relays, options.inputs)
    return serve(fake, options.port, lambda text: obey(fake, text))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
