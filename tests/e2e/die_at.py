"""A program of ours that is killed at a named point: `python -m tests.e2e.die_at POINT PASSES FILE -- caseward…`.

It is the real program in a process of its own: nothing in it is replaced, and the product knows nothing of this. An
onlooker (`sys.setprofile`) sees each call and return, counts how often the point is passed, and at the PASSES-th time
writes one line to FILE and sends the process SIGKILL, in the very thread and before the next instruction.

Why not from outside: a trace that is read by another process is a race, also over a FIFO, because a pipe takes 4 kB
before a writer has to wait; a debugger or strace stops at system calls only, which do not tell the ack of a node from
another write, nor the projection of a leaf from another transaction.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

from tests.e2e.points import POINTS, Moment


class Onlooker:
    """Counts the passes of one point, which may be a chain of moments in their order."""

    def __init__(self, moments: tuple[Moment, ...], passes: int, at_last: Callable[[], None]) -> None:
        self._moments = moments
        self._left = passes
        self._at_last = at_last
        self._stage = 0
        self._lock = threading.Lock()  # the chain may go through several threads

    def __call__(self, frame: FrameType, event: str, argument: Any) -> None:
        moment = self._moments[self._stage]
        if event != moment.event or not moment.is_it(frame, argument):
            return
        with self._lock:
            self._stage = (self._stage + 1) % len(self._moments)
            if self._stage:
                return
            self._left -= 1
            if not self._left:
                self._at_last()


def main(argv: list[str]) -> int:
    name, passes, file, _, *arguments = argv
    target = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def die() -> None:
        os.write(target, f"{os.getpid()} {name}\n".encode())
        os.kill(os.getpid(), signal.SIGKILL)

    onlooker = Onlooker(POINTS[name].moments(), int(passes), die)
    from caseward import cli

    threading.setprofile(onlooker)
    sys.setprofile(onlooker)
    return cli.main(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
