"""A process of a target under a wall clock that can be stepped (libfaketime), ended with all its children."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

STOP_S = 20.0
TAIL_BYTES = 2_000


def faketime_library() -> Path | None:
    """libfaketime for programs with threads, None where it is not installed."""
    folders = [Path("/usr/lib"), Path("/usr/local/lib")]
    found = [path for folder in folders for path in folder.glob("**/faketime/libfaketimeMT.so.1")]
    return found[0] if found else None


class WallClock:
    """A file that tells libfaketime which time it is; CLOCK_MONOTONIC and CLOCK_BOOTTIME stay true.

    For cases that step the clock alone: under libfaketime 0.9.10 Python's time.sleep fails, so nothing reconnects.
    """

    def __init__(self, folder: Path) -> None:
        """Raises RuntimeError where libfaketime is not installed."""
        self._file = folder / "wall-clock"
        self._file.write_text("+0\n")
        found = faketime_library()
        if found is None:
            raise RuntimeError("expected libfaketime, found none: apt-get install faketime")
        self._library = found

    def environment(self) -> dict[str, str]:
        """What a process has to be started with."""
        return {
            "LD_PRELOAD": str(self._library),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
        }

    def step(self, offset_s: int | None) -> None:
        """The wall clock is the true time + offset; None: it is 1 January 1970 now."""
        text = f"{-int(time.time()):+d}" if offset_s is None else f"{offset_s:+d}"
        new = self._file.with_suffix(".new")
        new.write_text(text + "\n")
        new.replace(self._file)


class Process:
    """One program, its output in a file."""

    def __init__(self, argv: Sequence[str], output: Path, environment: Mapping[str, str]) -> None:
        self._argv, self._output, self._environment = list(argv), output, dict(environment)
        self._process: subprocess.Popen[bytes] | None = None
        self._start_bytes = 0

    def start(self) -> None:
        self._start_bytes = self._output.stat().st_size if self._output.exists() else 0
        with self._output.open("ab") as output:
            self._process = subprocess.Popen(
                self._argv, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                start_new_session=True, env=os.environ | self._environment,
            )  # fmt: skip

    def said(self) -> str:
        """Its output since the last start."""
        with self._output.open("rb") as file:
            file.seek(self._start_bytes)
            return file.read().decode(errors="replace")

    def wait_for(self, what: str, is_so: Callable[[], bool], seconds: float) -> None:
        """Raises RuntimeError with the end of the output when it is not so in time."""
        end = time.monotonic() + seconds
        while not is_so():
            if time.monotonic() > end or (self._process is not None and self._process.poll() is not None):
                raise RuntimeError(
                    f"expected {what} within {seconds} s; output:\n{self.said()[-TAIL_BYTES:]}"
                )
            time.sleep(0.05)

    def stop(self, *, is_killed: bool) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL if is_killed else signal.SIGTERM)
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def need(program: str, how: str) -> str:
    """Path of a program. Raises RuntimeError saying how to get it."""
    found = shutil.which(program)
    if found is None:
        raise RuntimeError(f"expected {program} on PATH, found none: {how}")
    return found


PYTHON = sys.executable
