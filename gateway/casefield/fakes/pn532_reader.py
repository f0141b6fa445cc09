"""A PN532 on its serial line that behaves, as far as its reading of cards goes.

    python -m casefield.fakes.pn532_reader --port PATH

Self-made, after NXP's user manual UM0701-02 and the exchanges that others published (docs/devices/pn532.md); shares no
code with `node.pn532`. At power-up it sleeps until it is woken, knows no command before SAMConfiguration, and waits for a
card for ever until its tries are limited. Of two cards the first is put to sleep, and stays so while the field is on.

Lines on standard input: `lay UID`, `lift UID` (8, 14 or 20 hexadecimal digits; one that begins with 08 and has 8 is another in
each look, as telephones do), `silent`, `back`, `power` (cut for a moment), `answer MS`, `lie none|badsum|foreign|short|error`.
It prints `asleep` when it lost what it was set to.
"""

import argparse
import secrets
import sys

from casefield.fakes.serving import serve, tag_words

ANSWER_MS = 15
"""From the receipt to the answer: some tries of a card."""
LIES = ("none", "badsum", "foreign", "short", "error")
RECEIPT = bytes.fromhex("0000ff00ff00")
ERROR = bytes.fromhex("0000ff01ff7f8100")
TARGETS_MAX = 2
_START = bytes.fromhex("00ff")


class FakePn532:
    """One chip. `tags` lie on it; times in milliseconds."""

    def __init__(self) -> None:
        self.tags: list[bytes] = []
        self.is_silent = False
        self.lie = "none"
        self.answer_ms = ANSWER_MS
        self.commands: list[bytes] = []
        self._heard = b""
        self._due: list[tuple[int, bytes]] = []
        self._news: list[str] = []
        self._halted: set[bytes] = set()
        self._waits_from_ms: int | None = None
        self.cut_power()

    def cut_power(self) -> None:
        """Its settings are gone; it sleeps."""
        self._is_awake = self._is_set = self._has_limit = False
        self._halted.clear()
        self._due.clear()
        self._waits_from_ms = None
        self._heard = b""
        self._news.append("asleep")

    def feed(self, data: bytes, now_ms: int) -> None:
        """Take what came over the line."""
        if self.is_silent:
            return
        self._heard += data
        if not self._is_awake:
            at = self._heard.find(b"\x55\x55\x00\x00")
            if at < 0:
                self._heard = self._heard[-3:]
                return
            self._is_awake = True
            self._heard = self._heard[at:]
        while self._heard:
            at = self._heard.find(_START)
            if at < 0:
                self._heard = self._heard[-1:]
                return
            size = self._heard[at + 2] if len(self._heard) > at + 2 else 0
            if len(self._heard) < at + 6 + size:
                self._heard = self._heard[at:]
                return
            frame = self._heard[at : at + 6 + size]
            if self._take(frame, size, now_ms):
                self._heard = self._heard[at + 6 + size :]
            else:
                self._heard = self._heard[at + 1 :]

    def due(self, now_ms: int) -> bytes:
        """What it puts on the line now."""
        if self.is_silent:
            self._due.clear()
            return b""
        if self._waits_from_ms is not None and self.tags:
            self._waits_from_ms = None
            self._due.append((now_ms + self.answer_ms, self._list()))
        out = b"".join(data for at_ms, data in self._due if at_ms <= now_ms)
        self._due = [(at_ms, data) for at_ms, data in self._due if at_ms > now_ms]
        return out

    def news(self) -> list[str]:
        """What happened since last asked."""
        news, self._news = self._news, []
        return news

    def _take(self, frame: bytes, size: int, now_ms: int) -> bool:
        """Whether it is a command whose sums are right; then it is obeyed."""
        told = frame[4 : 4 + size]
        if size < 2 or (size + frame[3]) % 256 or (sum(told) + frame[4 + size]) % 256 or told[0] != 0xD4:
            return False
        self.commands.append(told[1:])
        self._waits_from_ms = None  # a new command ends the one before
        self._due = [(now_ms + 1, RECEIPT)]
        answer = self._obey(told[1:], now_ms)
        if answer is not None:
            self._due.append((now_ms + self.answer_ms, answer))
        return True

    def _obey(self, command: bytes, now_ms: int) -> bytes | None:
        code, rest = command[0], command[1:]
        if code == 0x14 and rest[:1] == b"\x01":
            self._is_set = True
            return self._answer(code)
        if not self._is_set:
            return ERROR
        if code == 0x32 and rest[:1] == b"\x05" and len(rest) == 4:
            self._has_limit = rest[3] != 0xFF
            return self._answer(code)
        if code == 0x32 and rest[:1] == b"\x01" and len(rest) == 2:
            if not rest[1] & 1:
                self._halted.clear()
            return self._answer(code)
        if code == 0x4A and len(rest) == 2 and rest[1] == 0 and 1 <= rest[0] <= TARGETS_MAX:
            if not self.tags and not self._has_limit:
                self._waits_from_ms = now_ms
                return None
            return self._list()
        return ERROR

    def _list(self) -> bytes:
        awake = [tag for tag in self.tags if tag not in self._halted][:TARGETS_MAX]
        self._halted.update(awake[:-1])
        told = bytes((len(awake) + (self.lie == "short"),))
        for number, tag in enumerate(awake, 1):
            shown = b"\x08" + secrets.token_bytes(3) if len(tag) == 4 and tag[0] == 0x08 else tag
            is_smart = len(tag) == 7  # as DESFire: it answers to select too
            told += bytes(
                (number, 0x03 if is_smart else 0, 0x44 if is_smart else 0x04, 0x20 if is_smart else 0x08)
            )
            told += bytes((len(shown),)) + shown
            told += bytes.fromhex("067577810280") if is_smart else b""
        return self._answer(0x4A, told)

    def _answer(self, code: int, rest: bytes = b"") -> bytes:
        """An answer as it is, or as it lies."""
        if self.lie == "error":
            return ERROR
        told = bytes((0xD5, code + 1 + 2 * (self.lie == "foreign"))) + rest
        check = -sum(told) + (self.lie == "badsum")
        return bytes((0, 0, 0xFF, len(told), -len(told) % 256)) + told + bytes((check % 256, 0))


def obey(fake: FakePn532, text: str) -> None:
    """Do what a line of standard input says."""
    match text.split():
        case ["power"]:
            fake.cut_power()
        case ["answer", ms] if ms.isdecimal():
            fake.answer_ms = int(ms)
        case _:
            tag_words(fake, LIES, text)


def main(arguments: list[str]) -> int:
    """Serve until standard input ends."""
    parser = argparse.ArgumentParser(prog="casefield.fakes.pn532_reader")
    parser.add_argument("--port", required=True)
    options = parser.parse_args(arguments)
    fake = FakePn532()
    return serve(fake, options.port, lambda text: obey(fake, text))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
