"""A board on a USB port, through mpremote: held while its flash is written, and started anew afterwards.

A node's watchdog cannot be stopped, and interrupting its program does not feed it: within 8 s the board would reset in
the middle of the writing. So it is told to start once without a node (`hold`, firmware/boards/slots.py) and reset.
"""

import contextlib
import time
from collections.abc import Iterator
from typing import Any, Protocol

REOPEN_S_MAX = 15.0
"""A board that resets is gone from USB for two to three seconds."""
REOPEN_PAUSE_S = 0.5
RESET = "import machine\nmachine.reset()"
HOLD = """import os
if 'slots.py' in os.listdir():
    with open('hold', 'w') as file:
        file.write('1')
elif 'main.py' in os.listdir():
    os.rename('main.py', 'main.old')
"""


class BoardError(RuntimeError):
    """The board did not do what was expected; says what, and what it said."""


class Board(Protocol):
    """What is used of mpremote's transport. Paths are those of the board's flash."""

    def exec(self, command: str) -> bytes: ...
    def eval(self, expression: str) -> Any: ...
    def fs_writefile(self, dest: str, data: bytes) -> None: ...


@contextlib.contextmanager
def held(port: str) -> Iterator[Any]:
    """mpremote's transport to the board on `port`, which runs no node meanwhile and is started anew afterwards.

    Raises `BoardError`, also for what the board says to a command.
    """
    try:
        from mpremote.transport import TransportError
        from mpremote.transport_serial import SerialTransport
    except ImportError:
        raise BoardError("expected mpremote (pip install caseward[field]), found none") from None
    try:
        board = _opened(SerialTransport, port)
        board.exec(HOLD)
        _restart(board)
        board = _reopened(SerialTransport, port, (TransportError, OSError))
    except (TransportError, OSError) as error:
        raise BoardError(f"{port}: expected a board with MicroPython, found: {error}") from None
    try:
        yield board
    except TransportError as error:
        raise BoardError(f"{port}: the board answered: {error}") from None
    finally:
        _restart(board)


def _opened(transport: Any, port: str) -> Any:
    board = transport(port)
    try:
        board.enter_raw_repl(soft_reset=False)
    except BaseException:
        board.close()
        raise
    return board


def _reopened(transport: Any, port: str, gone: tuple[type[Exception], ...]) -> Any:
    until_s = time.monotonic() + REOPEN_S_MAX
    while True:
        time.sleep(REOPEN_PAUSE_S)
        try:
            return _opened(transport, port)
        except gone:
            if time.monotonic() > until_s:
                raise


def _restart(board: Any) -> None:
    # It goes while it is being asked, so whatever the port says then is no news.
    with contextlib.suppress(Exception):
        board.exec_raw_no_follow(RESET)
        time.sleep(REOPEN_PAUSE_S)
    with contextlib.suppress(Exception):
        board.close()
