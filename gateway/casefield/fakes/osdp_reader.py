"""A door reader on OSDP that behaves: another's implementation, the peripheral device of libosdp.

    python -m casefield.fakes.osdp_reader --port PATH --address N (--key HEX | --install)

`--key` is the key it was given; `--install` is a reader fresh from its box: it takes the key that everybody
knows, and the key that the panel then sets. Only its line, its contacts and its lies are ours.

On the line it does what the standard asks and libosdp 3.2.9 does not (later libosdp does): a question with a wrong
sum is as none, and one that is put again gets the same answer again. `forgetful 1` takes that away.

Lines on standard input: `card HEX [BITS]` (BITS: Wiegand), `input N 0|1`, `tamper 0|1`, `power 0|1`, `silent`,
`back`, `refuse 0|1` (orders), `forgetful 0|1`, `lie none|badsum|babble|replay`, `answer MS`, `echo 0|1`, `die`.
It prints `output N CODE TIMER`, `led N COLOR`, `keyset`, `read HEX` when the card's reply is out, `secure 0|1`.
"""

import argparse
import binascii
import sys
from typing import Any

import osdp_sys
from osdp import (
    Capability,
    CardFormat,
    Channel,
    Command,
    Event,
    LibFlag,
    LogLevel,
    PDCapabilities,
    PDInfo,
    StatusReportType,
)

from casefield.fakes.serving import serve

LIES = ("none", "badsum", "babble", "replay")
OUTPUT_ON_CODES = (2, 4, 5)  # on for good, on after the timer, on for the time of the timer
TIMER_MS = 100
TEMPORARY_ON = 5


class _Line(Channel):  # type: ignore[misc]
    """Between libosdp and `serve`: what came in, what goes out."""

    def __init__(self) -> None:
        super().__init__()
        self.heard = b""
        self.said: list[bytes] = []

    def read(self, max_bytes: int) -> bytes:
        data, self.heard = self.heard[:max_bytes], self.heard[max_bytes:]
        return data

    def write(self, buf: bytes) -> int:
        self.said.append(bytes(buf))
        return len(buf)

    def flush(self) -> None:
        """What came stays: the panel speaks one at a time."""


class FakeReader:
    """One reader. `key` None: fresh from its box."""

    def __init__(self, address: int, key: bytes | None, inputs: int = 2, outputs: int = 2) -> None:
        self.is_silent = False
        self.refuses = False
        self.is_forgetful = False
        self.lie = "none"
        self.echoes = False
        self.answer_ms = 3
        self._line = _Line()
        self._inputs = bytearray(inputs)
        self._outputs = bytearray(outputs)
        self._off_ms: dict[int, int] = {}
        self._local = bytearray(2)  # tamper, power lost
        self._now_ms = 0
        self._last = b""
        self._asked = b""
        self._answered = b""
        self._answers: dict[bytes, dict[str, Any]] = {}
        self._due: list[tuple[int, bytes]] = []
        self._news: list[str] = []
        self._is_secure = False
        flags = [LibFlag.EnforceSecure] if key else [LibFlag.InstallMode]
        abilities = PDCapabilities(
            [
                (Capability.ContactStatusMonitoring, 1, inputs),
                (Capability.OutputControl, 1, outputs),
                (Capability.LEDControl, 1, 1),
                (Capability.CommunicationSecurity, 1, 1),
                (Capability.CheckCharacter, 1, 0),
                (Capability.Readers, 0, 1),
            ]
        )
        osdp_sys.set_loglevel(LogLevel.Emergency)
        info = PDInfo(address, self._line, scbk=key, flags=flags)
        self._device = osdp_sys.PeripheralDevice(info.get(), capabilities=abilities.get())
        self._device.set_command_callback(self._obey)
        self._device.set_event_completion_callback(self._told)

    def feed(self, data: bytes, now_ms: int) -> None:
        """Take what came over the line."""
        if self.echoes:
            self._due.append((now_ms, data))
        if self.lie == "babble":
            self._due.append((now_ms, b"\xff\x53\x81\x09\x00\x05\x40"))
        if self.is_silent:
            return
        if self.is_forgetful:
            self._line.heard += data
        elif data == self._asked and self._answered:
            self._due.append((now_ms + self.answer_ms, self._shown(self._answered)))
        elif _is_good(data):
            # A question that begins anew (number 0) is never one that is put again.
            self._asked = data if data[5] & 3 else b""
            self._answered = b""
            self._line.heard += data

    def due(self, now_ms: int) -> bytes:
        """What it puts on the line now."""
        self._now_ms = now_ms
        for number, at_ms in list(self._off_ms.items()):
            if now_ms >= at_ms:
                del self._off_ms[number]
                self._outputs[number] = 0
        self._device.refresh()
        for data in self._line.said:
            self._answered = data
            self._due.append((now_ms + self.answer_ms, self._shown(data)))
        self._line.said.clear()
        if self._device.is_sc_active() != self._is_secure:
            self._is_secure = not self._is_secure
            self._news.append(f"secure {int(self._is_secure)}")
        out = b"".join(data for at_ms, data in self._due if at_ms <= now_ms)
        self._due = [(at_ms, data) for at_ms, data in self._due if at_ms > now_ms]
        return out

    def news(self) -> list[str]:
        """What happened since last asked."""
        news, self._news = self._news, []
        return news

    def show_card(self, data: bytes, bits: int = 0) -> None:
        """A card in front of it; `bits` of Wiegand, or 0 for its raw number."""
        kind = CardFormat.Wiegand if bits else CardFormat.Unspecified
        self._tell(
            {
                "event": Event.CardRead,
                "reader_no": 0,
                "direction": 0,
                "format": kind,
                "length": bits or len(data) * 8,
                "data": data,
            }
        )

    def set_input(self, number: int, *, on: bool) -> None:
        """A contact moves."""
        self._inputs[number] = on
        self._report(StatusReportType.Input, self._inputs)

    def set_local(self, number: int, *, on: bool) -> None:
        """0 tamper, 1 power."""
        self._local[number] = on
        self._report(StatusReportType.Local, self._local)

    def _shown(self, data: bytes) -> bytes:
        shown = data
        if self.lie == "badsum":
            shown = data[:-1] + bytes((data[-1] ^ 1,))
        elif self.lie == "replay" and self._last:
            shown = self._last
        if self.lie != "replay":
            self._last = data
        return shown

    def _report(self, kind: int, report: bytearray) -> None:
        self._tell({"event": Event.Status, "type": kind, "report": bytes(report)})

    def _tell(self, event: dict[str, Any]) -> None:
        if not self._device.submit_event(event):
            sys.stderr.write(f"libosdp did not take the event {event}\n")

    def _told(self, event: dict[str, Any], status: int) -> None:
        if event["event"] == Event.CardRead:
            self._news.append(f"read {event['data'].hex()}")

    def _obey(self, command: dict[str, Any]) -> tuple[int, dict[str, Any] | None]:
        kind = command["command"]
        if kind == Command.Status:
            reports = {StatusReportType.Input: self._inputs, StatusReportType.Output: self._outputs}
            report = reports.get(command["type"], self._local)
            # libosdp 3.2.9 gives back one reference too many of what it is answered, so all answers are kept.
            return 0, self._answers.setdefault(bytes(report), _answer(report))
        if kind == Command.Keyset:
            self._news.append("keyset")
            return 0, None
        if self.refuses:
            return -1, None
        if kind == Command.Output:
            number, code, timer = command["output_no"], command["control_code"], command["timer_count"]
            self._outputs[number] = code in OUTPUT_ON_CODES
            self._off_ms.pop(number, None)
            if code == TEMPORARY_ON:
                self._off_ms[number] = self._now_ms + timer * TIMER_MS
            self._news.append(f"output {number} {code} {timer}")
        elif kind == Command.LED:
            self._news.append(f"led {command['led_number']} {command['on_color']}")
        return 0, None


def _is_good(question: bytes) -> bool:
    """Whether it is one question of the panel, whole and with the right CRC."""
    return (
        question[:2] == b"\xff\x53"
        and len(question) > 8
        and binascii.crc_hqx(question[1:-2], 0x1D0F) == int.from_bytes(question[-2:], "little")
    )


def _answer(report: bytearray) -> dict[str, Any]:
    """A status report as the answer of a callback.

    The Python binding of libosdp 3.2.9 does not take one (it copies the type and leaves the report empty, so the
    device refuses the question). A key has room where C has the report: struct osdp_status_report is a type,
    the number of entries (int at 4) and the entries (at 8); struct osdp_cmd_keyset two bytes and 32 of data.
    """
    laid = bytes(2) + len(report).to_bytes(4, sys.byteorder) + bytes(report)
    return {"command": Command.Keyset, "type": 0, "data": laid}


def obey(fake: FakeReader, text: str) -> None:
    """Do what a line of standard input says; one that says nothing known is answered on standard error."""
    try:
        match text.split():
            case ["card", data]:
                fake.show_card(bytes.fromhex(data))
            case ["card", data, bits]:
                fake.show_card(bytes.fromhex(data), int(bits))
            case ["input", number, on]:
                fake.set_input(int(number), on=on == "1")
            case ["tamper", on]:
                fake.set_local(0, on=on == "1")
            case ["power", on]:
                fake.set_local(1, on=on == "1")
            case ["silent"]:
                fake.is_silent = True
            case ["back"]:
                fake.is_silent = False
            case ["refuse", on]:
                fake.refuses = on == "1"
            case ["forgetful", on]:
                fake.is_forgetful = on == "1"
            case ["echo", on]:
                fake.echoes = on == "1"
            case ["answer", ms]:
                fake.answer_ms = int(ms)
            case ["lie", lie] if lie in LIES:
                fake.lie = lie
            case ["die"]:
                sys.exit(3)
            case _:
                sys.stderr.write(f"expected a line of the list above, found {text!r}\n")
    except (ValueError, IndexError) as error:
        sys.stderr.write(f"{text!r}: {error}\n")


def main(arguments: list[str]) -> int:
    """Serve until standard input ends."""
    parser = argparse.ArgumentParser(prog="casefield.fakes.osdp_reader")
    parser.add_argument("--port", required=True)
    parser.add_argument("--address", type=int, required=True)
    key = parser.add_mutually_exclusive_group(required=True)
    key.add_argument("--key", type=bytes.fromhex)
    key.add_argument("--install", action="store_true")
    options = parser.parse_args(arguments)
    fake = FakeReader(options.address, options.key)
    return serve(fake, options.port, lambda text: obey(fake, text))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
