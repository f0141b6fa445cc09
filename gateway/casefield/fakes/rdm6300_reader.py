"""A 125 kHz reader that behaves: RDM6300, or EM-18 with its bare digits.

    python -m casefield.fakes.rdm6300_reader --port PATH [--model rdm6300|em18]

Self-made, after the data sheet of the RDM6300 and published reads of others (docs/devices/rdm6300.md); shares no code
with `node.reader`. With several tags it tells them in turn, as readers with anticollision do.

Lines on standard input: `lay UID`, `lift UID` (ten hexadecimal digits), `silent`, `back`, `lie none|badsum|torn|letters`.
"""

import argparse
import functools
import operator
import sys

from casefield.fakes.serving import serve, tag_words

REPEAT_MS = 65
LIES = ("none", "badsum", "torn", "letters")


class FakeReader:
    """One reader. `tags` lie on it."""

    def __init__(self, model: str) -> None:
        self.tags: list[bytes] = []
        self.is_silent = False
        self.lie = "none"
        self._is_bare = model == "em18"
        self._next_ms = 0
        self._turn = 0

    def feed(self, data: bytes, now_ms: int) -> None:
        """It does not listen."""

    def due(self, now_ms: int) -> bytes:
        """The next tag's read, when it is time."""
        if self.is_silent or not self.tags or now_ms < self._next_ms:
            return b""
        self._next_ms = now_ms + REPEAT_MS
        self._turn += 1
        return self._read(self.tags[self._turn % len(self.tags)])

    def news(self) -> list[str]:
        """None: nobody tells it anything over its line."""
        return []

    def _read(self, tag: bytes) -> bytes:
        check = functools.reduce(operator.xor, tag) ^ (self.lie == "badsum")
        digits = f"{tag.hex().upper()}{check:02X}".encode()
        if self.lie == "torn":
            digits = digits[:7]
        elif self.lie == "letters":
            digits = digits[:4] + b"XY" + digits[6:]
        return digits if self._is_bare else b"\x02" + digits + b"\x03"


def main(arguments: list[str]) -> int:
    """Serve until standard input ends."""
    parser = argparse.ArgumentParser(prog="casefield.fakes.rdm6300_reader")
    parser.add_argument("--port", required=True)
    parser.add_argument("--model", choices=("rdm6300", "em18"), default="rdm6300")
    options = parser.parse_args(arguments)
    fake = FakeReader(options.model)
    return serve(fake, options.port, lambda text: tag_words(fake, LIES, text))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
