"""The processes of the demo: started in groups of their own, watched, killed, never left behind."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from caseward.demo.reaper import signal_groups

STOP_S = 4.0  # asked to end; after that killed
TAIL_BYTES = 4_000  # of a program's output, shown when it ended by itself


class NotReady(RuntimeError):
    """The server did not come up; the text is the end of what it printed."""


@dataclass(slots=True)
class Program:
    """One program: how it is started, and its present process."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]
    output: Path
    process: "subprocess.Popen[bytes] | None" = None
    wanted: bool = True
    starts: int = 0
    started: float = 0.0  # monotonic seconds

    @property
    def pid(self) -> int:
        """Process id of the present process, 0 when there is none."""
        return self.process.pid if self.process is not None else 0

    @property
    def is_alive(self) -> bool:
        """Whether its process runs."""
        return self.process is not None and self.process.poll() is None

    def tail(self) -> str:
        """The last of what it printed."""
        if not self.output.exists():
            return ""
        return self.output.read_bytes()[-TAIL_BYTES:].decode(errors="replace")


@dataclass(slots=True)
class Programs:
    """All programs of one station. Every method may be called from any thread."""

    folder: Path
    all: dict[str, Program] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _reaper: "subprocess.Popen[bytes] | None" = None

    def open(self) -> None:
        """Start the reaper: from here on nothing outlives this process."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._reaper = subprocess.Popen(
            [sys.executable, "-m", "caseward.demo.reaper"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        )

    def _tell(self, text: str) -> None:
        assert self._reaper is not None
        assert self._reaper.stdin is not None
        with suppress(BrokenPipeError):
            self._reaper.stdin.write(text.encode())
            self._reaper.stdin.flush()

    def start(self, name: str, argv: Sequence[str], env: Mapping[str, str] | None = None) -> Program:
        """Start a program under this name; its output goes to `<name>.log`."""
        program = Program(name, argv, dict(env or {}), self.folder / f"{name}.log")
        with self._lock:
            self.all[name] = program
            self._launch(program)
        return program

    def _launch(self, program: Program) -> None:
        with program.output.open("ab") as output:
            program.process = subprocess.Popen(
                list(program.argv),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env=os.environ | dict(program.env),
            )
        program.wanted = True
        program.starts += 1
        program.started = time.monotonic()
        self._tell(f"+{program.pid}\n")

    def restart(self, name: str) -> Program:
        """Start a program again after it ended."""
        with self._lock:
            program = self.all[name]
            if not program.is_alive:
                self._forget(program)
                self._launch(program)
            return program

    def kill(self, name: str) -> int:
        """kill -9; the process id that was killed. It stays down until `restart`."""
        with self._lock:
            program = self.all[name]
            program.wanted = False
            pid = program.pid
            with suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
            if program.process is not None:
                program.process.wait()
            self._tell(f"-{pid}\n")
            return pid

    def ended(self) -> list[Program]:
        """Programs that should run and do not."""
        with self._lock:
            return [item for item in self.all.values() if item.wanted and not item.is_alive]

    def _forget(self, program: Program) -> None:
        if program.process is not None:
            # What it may have started itself ends with it.
            signal_groups({program.pid}, signal.SIGKILL)
            self._tell(f"-{program.pid}\n")

    def close(self) -> None:
        """End all, in reverse order of starting: asked first, killed after STOP_S."""
        with self._lock:
            programs = list(reversed(self.all.values()))
            for program in programs:
                program.wanted = False
                if program.is_alive:
                    with suppress(ProcessLookupError):
                        os.killpg(program.pid, signal.SIGTERM)
            end = time.monotonic() + STOP_S
            for program in programs:
                if program.process is None:
                    continue
                with suppress(subprocess.TimeoutExpired):
                    program.process.wait(timeout=max(0.0, end - time.monotonic()))
                if program.is_alive:
                    with suppress(ProcessLookupError):
                        os.killpg(program.pid, signal.SIGKILL)
                    program.process.wait()
                self._forget(program)
            if self._reaper is not None and self._reaper.stdin is not None:
                with suppress(BrokenPipeError):
                    self._reaper.stdin.close()
                self._reaper.wait(timeout=STOP_S + 5)
                self._reaper = None
