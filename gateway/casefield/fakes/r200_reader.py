"""A UHF reader R200 or M100 that behaves, as far as its looking goes.

    python -m casefield.fakes.r200_reader --port PATH

Self-made, after the M100's protocol sheet and published captures (docs/devices/r200.md); shares no code with `node.r200`.
It looks only when told to, so many times, and tells of each look: the tags, or that there was none.

Lines on standard input: `lay EPC`, `lift EPC` (hexadecimal digits), `rssi EPC DBM`, `silent`, `back`, `power` (cut for a moment),
`rounds N` (left of its looks), `lie none|badsum|badcrc|foreign|error`.
"""

import argparse
import binascii
import sys

from casefield.fakes.serving import serve, tag_words

ROUND_MS = 20
RSSI = -55
LIES = ("none", "badsum", "badcrc", "foreign", "error")
NO_TAG = 0x15
FAILED = 0x20


class FakeR200:
    """One reader. `tags` are in its field, `rssi` tells how strong each is (dBm); `rounds` are left of its looks."""

    def __init__(self) -> None:
        self.tags: list[bytes] = []
        self.rssi: dict[bytes, int] = {}
        self.is_silent = False
        self.lie = "none"
        self.rounds = 0
        self._heard = b""
        self._next_ms = 0
        self._out = b""

    def feed(self, data: bytes, now_ms: int) -> None:
        """Take what came over the line."""
        if self.is_silent:
            return
        self._heard += data
        while b"\xbb" in self._heard:
            self._heard = self._heard[self._heard.index(b"\xbb") :]
            if len(self._heard) < 7:
                return
            size = int.from_bytes(self._heard[3:5], "big")
            frame, rest = self._heard[: 7 + size], self._heard[7 + size :]
            if size > 32 or (len(frame) == 7 + size and not self._obey(frame, now_ms)):
                self._heard = self._heard[1:]
            elif len(frame) < 7 + size:
                return
            else:
                self._heard = rest

    def due(self, now_ms: int) -> bytes:
        """What it puts on the line now."""
        if self.rounds and now_ms >= self._next_ms:
            self._next_ms = now_ms + ROUND_MS
            self.rounds -= 1
            self._out += self._round()
        out, self._out = self._out, b""
        return b"" if self.is_silent else out

    def news(self) -> list[str]:
        """Nothing that cannot be seen on its line."""
        return []

    def _obey(self, frame: bytes, now_ms: int) -> bool:
        if frame[1] != 0 or frame[-1] != 0x7E or frame[-2] != sum(frame[1:-2]) % 256:
            return False
        if frame[2] == 0x28:
            self.rounds = 0
            self._out += self._frame(1, 0x28, b"\x00")
        elif frame[2] == 0x27 and frame[5:6] == b"\x22" and not self.rounds:
            self.rounds = int.from_bytes(frame[6:8], "big")
            self._next_ms = now_ms + ROUND_MS
        return True

    def _round(self) -> bytes:
        if self.lie == "error":
            return self._frame(1, 0xFF, bytes((FAILED,)))
        if not self.tags:
            return self._frame(1, 0xFF, bytes((NO_TAG,)))
        return b"".join(self._notice(tag) for tag in self.tags)

    def _notice(self, tag: bytes) -> bytes:
        stored = bytes((len(tag) // 2 << 3, 0)) + tag
        # binascii's CRC has the polynomial of Gen2; preset and inversion are Gen2's own.
        check = binascii.crc_hqx(stored, 0xFFFF) ^ 0xFFFF ^ (self.lie == "badcrc")
        rssi = self.rssi.get(tag, RSSI) % 256
        return self._frame(2, 0x22, bytes((rssi,)) + stored + check.to_bytes(2, "big"))

    def _frame(self, kind: int, command: int, told: bytes) -> bytes:
        if self.lie == "foreign":
            kind = 0  # as if it gave the orders
        body = bytes((kind, command)) + len(told).to_bytes(2, "big") + told
        return b"\xbb" + body + bytes(((sum(body) + (self.lie == "badsum")) % 256, 0x7E))


def obey(fake: FakeR200, text: str) -> None:
    """Do what a line of standard input says."""
    try:
        match text.split():
            case ["power"] | ["rounds", "0"]:
                fake.rounds = 0
            case ["rounds", number]:
                fake.rounds = int(number)
            case ["rssi", epc, dbm]:
                fake.rssi[bytes.fromhex(epc)] = int(dbm)
            case _:
                tag_words(fake, LIES, text)
    except ValueError:
        sys.stderr.write(f"expected numbers, found {text!r}\n")


def main(arguments: list[str]) -> int:
    """Serve until standard input ends."""
    parser = argparse.ArgumentParser(prog="casefield.fakes.r200_reader")
    parser.add_argument("--port", required=True)
    options = parser.parse_args(arguments)
    fake = FakeR200()
    return serve(fake, options.port, lambda text: obey(fake, text))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
