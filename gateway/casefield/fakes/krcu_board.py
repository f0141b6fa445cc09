"""KERONG boards that behave: CU12, CU16 or CU48 on one RS-485 line.

    python -m casefield.fakes.krcu_board --port PATH [--profile cu16] [--boards 0,1]

Self-made: no board was at hand. Frames as in the published programs that `node.krcu` names, read anew and
sharing no code with it. It obeys every command that such a board is said to obey, the dangerous ones too:
33 opens every lock of a board, so that a driver that sends it is caught.

Lines on standard input: `shut B L`, `open B L` (by hand), `sense B L 0|1`, `jam B L`, `free B L`, `silent B`,
`back B`, `lie none|foreign|badsum|stale|frozen|babble`, `echo 0|1`, `answer MS`, `move MS`.
It prints `pulse B L` when a coil is driven, `opened B L` when a hook gives way.
"""

import argparse
import sys

from casefield.fakes.serving import serve

ANSWER_MS = 8  # a board thinks a moment and turns the line round
MOVE_MS = 80  # from the coil to the hook
LIES = ("none", "foreign", "badsum", "stale", "frozen", "babble")


class FakeBoards:
    """The boards of one line. Locks count from 1, boards from 0; times in milliseconds.

    pulses   (board, lock) of each coil driven, in order
    """

    def __init__(self, profile: str, boards: list[int], hook_shut_bit: int = 1) -> None:
        self.locks = {"cu12": 12, "cu16": 16, "cu48": 48}[profile]
        self.boards = boards
        self.pulses: list[tuple[int, int]] = []
        self.silent: set[int] = set()
        self.jammed: set[tuple[int, int]] = set()
        self.lie = "none"
        self.echoes = False
        self.answer_ms = ANSWER_MS
        self.move_ms = MOVE_MS
        self._hook_shut_bit = hook_shut_bit
        self._is_cu48 = profile == "cu48"
        self._size = 6 if self._is_cu48 else 5
        self._shut = {(board, lock): True for board in boards for lock in range(1, self.locks + 1)}
        self._sensed = dict.fromkeys(self._shut, False)
        self._opens_ms: dict[tuple[int, int], int] = {}
        self._heard = b""
        self._due: list[tuple[int, bytes]] = []
        self._last_answers: dict[int, bytes] = {}
        self._news: list[str] = []

    def is_shut(self, board: int, lock: int) -> bool:
        """Whether the hook holds."""
        return self._shut[board, lock]

    def set_hook(self, board: int, lock: int, *, shut: bool) -> None:
        """A hand shuts the door, or forces the hook."""
        self._shut[board, lock] = shut
        self._opens_ms.pop((board, lock), None)

    def set_sense(self, board: int, lock: int, *, on: bool) -> None:
        """The sensor beside the lock."""
        self._sensed[board, lock] = on

    def feed(self, data: bytes, now_ms: int) -> None:
        """Take what came over the line."""
        if self.echoes:
            self._due.append((now_ms, data))
        if self.lie == "babble":
            self._due.append((now_ms, bytes((0x02, 0x00, 0x35, 0xFF))))
        self._heard += data
        while len(self._heard) >= self._size:
            frame = self._heard[: self._size]
            if frame[0] == 0x02 and frame[-2] == 0x03 and frame[-1] == sum(frame[:-1]) & 0xFF:
                self._heard = self._heard[self._size :]
                self._obey(frame, now_ms)
            else:
                self._heard = self._heard[1:]

    def due(self, now_ms: int) -> bytes:
        """What it puts on the line now."""
        for place, at_ms in list(self._opens_ms.items()):
            if now_ms >= at_ms:
                del self._opens_ms[place]
                self._shut[place] = False
                self._news.append(f"opened {place[0]} {place[1]}")
        out = b"".join(data for at_ms, data in self._due if at_ms <= now_ms)
        self._due = [(at_ms, data) for at_ms, data in self._due if at_ms > now_ms]
        return out

    def news(self) -> list[str]:
        """What happened since last asked."""
        news, self._news = self._news, []
        return news

    def _obey(self, frame: bytes, now_ms: int) -> None:
        if self._is_cu48:
            board, lock, command = frame[1], frame[2] + 1, frame[3]
            asks, releases, releases_all = command == 0x60, command == 0x61, False
        else:
            board, lock, command = frame[1] >> 4, (frame[1] & 0x0F) + 1, frame[2]
            asks, releases, releases_all = command == 0x30, command == 0x31, command == 0x33
        if board not in self.boards or board in self.silent:
            return
        if releases:
            self._pulse(board, lock, now_ms)
        elif releases_all:
            for each in range(1, self.locks + 1):
                self._pulse(board, each, now_ms)
        elif asks:
            answer = self._answer(board)
            if answer:
                self._due.append((now_ms + self.answer_ms, answer))

    def _pulse(self, board: int, lock: int, now_ms: int) -> None:
        if lock > self.locks:
            return
        self.pulses.append((board, lock))
        self._news.append(f"pulse {board} {lock}")
        if (board, lock) not in self.jammed:
            self._opens_ms[board, lock] = now_ms + self.move_ms

    def _answer(self, board: int) -> bytes:
        """The board's state as it tells it, or as it lies."""
        shown = board + 1 if self.lie == "foreign" else board
        bits = senses = 0
        for lock in range(1, self.locks + 1):
            bits |= (self._shut[board, lock] == bool(self._hook_shut_bit)) << lock - 1
            senses |= self._sensed[board, lock] << lock - 1
        if self._is_cu48:
            body = bytes((0x02, shown, 0x00, 0x75, 0x06)) + bits.to_bytes(6, "little")
        else:
            body = bytes((0x02, shown << 4, 0x35)) + bits.to_bytes(2, "little") + senses.to_bytes(2, "little")
            body += b"\x03"
        answer = body + bytes(((sum(body) + (self.lie == "badsum")) & 0xFF,))
        before = self._last_answers.setdefault(board, answer)
        if self.lie == "frozen":
            return before
        self._last_answers[board] = answer
        return before if self.lie == "stale" else answer


def obey(fake: FakeBoards, text: str) -> None:
    """Do what a line of standard input says; one that says nothing known is answered on standard error."""
    word, *rest = text.split() or [""]
    try:
        match word, [int(number) for number in rest if word != "lie"]:
            case "shut" | "open", [board, lock]:
                fake.set_hook(board, lock, shut=word == "shut")
            case "sense", [board, lock, on]:
                fake.set_sense(board, lock, on=bool(on))
            case "jam", [board, lock]:
                fake.jammed.add((board, lock))
            case "free", [board, lock]:
                fake.jammed.discard((board, lock))
            case "silent", [board]:
                fake.silent.add(board)
            case "back", [board]:
                fake.silent.discard(board)
            case "echo", [on]:
                fake.echoes = bool(on)
            case "answer", [ms]:
                fake.answer_ms = ms
            case "move", [ms]:
                fake.move_ms = ms
            case "lie", _ if rest and rest[0] in LIES:
                fake.lie = rest[0]
            case _:
                sys.stderr.write(f"expected a line of the list above, found {text!r}\n")
    except (ValueError, KeyError):
        sys.stderr.write(f"expected numbers of a board and a lock, found {text!r}\n")


def main(arguments: list[str]) -> int:
    """Serve until standard input ends."""
    parser = argparse.ArgumentParser(prog="casefield.fakes.krcu_board")
    parser.add_argument("--port", required=True)
    parser.add_argument("--profile", choices=("cu12", "cu16", "cu48"), default="cu16")
    parser.add_argument("--boards", default="0")
    parser.add_argument("--hook-shut-bit", type=int, choices=(0, 1), default=1)
    options = parser.parse_args(arguments)
    boards = [int(number) for number in options.boards.split(",")]
    fake = FakeBoards(options.profile, boards, options.hook_shut_bit)
    return serve(fake, options.port, lambda text: obey(fake, text))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
