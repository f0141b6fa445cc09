"""The part of `logging` the node uses, for interpreters that come without it (tests only).

Debian's MicroPython freezes in no logging, and micropython-lib is in no Debian, PyPI or
npm archive as source. Boards get the genuine one (firmware/manifest.py, package.json);
the WebAssembly build carries the genuine one; so does the unix port here where
tests/node/micropython.py was able to install it with mip. This file is the rest.
"""

import sys

INFO = 20
WARNING = 30
ERROR = 40
_NAMES = {INFO: "INFO", WARNING: "WARNING", ERROR: "ERROR"}
_least = WARNING


class Logger:
    def __init__(self, name) -> None:
        self._name = name

    def log(self, level, text, *values) -> None:
        if level >= _least:
            sys.stderr.write(f"{_NAMES[level]}:{self._name}:{text % values if values else text}\n")

    def info(self, text, *values) -> None:
        self.log(INFO, text, *values)

    def warning(self, text, *values) -> None:
        self.log(WARNING, text, *values)

    def error(self, text, *values) -> None:
        self.log(ERROR, text, *values)

    def exception(self, text, *values, exc_info) -> None:
        self.log(ERROR, text, *values)
        sys.print_exception(exc_info, sys.stderr)


def getLogger(name):  # noqa: N802 - the name is the standard library's
    return Logger(name)


def basicConfig(level=WARNING) -> None:  # noqa: N802
    global _least  # noqa: PLW0603
    _least = level
