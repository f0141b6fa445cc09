"""Long work for one page, which leaves the interpreter to what takes in, judges and calls."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Final, TypeVar

REST_SHARE: Final = 3.0
"""It rests this many times as long as a core worked: it takes a quarter of one."""
FREE_S: Final = 0.05
"""So long it may work at first: what is short is not made longer."""
PIECE_S: Final = 0.005
"""Between two rests."""

Item = TypeVar("Item")


class Sparing:
    """The work of one thread, piece by piece."""

    def __init__(
        self, worked_s: Callable[[], float] = time.thread_time, rest: Callable[[float], None] = time.sleep
    ) -> None:
        """Make it in the thread that works. `worked_s`: seconds of a core so far in this thread; `rest`: for so many seconds."""
        self._worked_s, self._rest = worked_s, rest
        self._rested_at_s = worked_s() + FREE_S

    def __call__(self, items: Iterable[Item]) -> Iterator[Item]:
        """The items as they are, with rests by what making and using them costs."""
        for item in items:
            yield item
            piece_s = self._worked_s() - self._rested_at_s
            if piece_s >= PIECE_S:
                self._rest(REST_SHARE * piece_s)
                self._rested_at_s = self._worked_s()
