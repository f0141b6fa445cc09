"""Work in forks of this process, some at a time, each with a limit of memory and its own folder."""

import contextlib
import gc
import json
import os
import resource
import select
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

SILENCE_S_MAX = 90.0
"""Of wall time without a word from a child before it is ended; the limits of CPU time come first."""

MEMORY_MAX = 3 * 2**30
"""Of address space of a child: a mutant that collects without end fails instead of filling the machine."""

_TELLING_WORDS = 4_000  # of a failure's text in an error


@dataclass
class _Child:
    task: Any
    pid: int
    folder: Path
    told: bytearray = field(default_factory=bytearray)
    heard: float = field(default_factory=time.monotonic)
    is_ended: bool = False


def in_children(
    tasks: Iterable[Any], work: Callable[[Any, TextIO], None], jobs: int, scratch: Path
) -> Iterator[tuple[Any, list[str], str]]:
    """Run `work(task, out)` for each task in a fork, `jobs` at a time.

    Gives the task, the lines it wrote, and how the child ended: ended | timeout | crashed.
    """
    waiting = iter(tasks)
    running: dict[int, _Child] = {}
    has_more = True
    while has_more or running:
        while has_more and len(running) < jobs:
            task = next(waiting, None)
            if task is None:
                has_more = False
            else:
                end, child = _fork(task, work, scratch)
                running[end] = child
        for end in select.select(list(running), [], [], 1.0)[0]:
            child = running[end]
            data = os.read(end, 1 << 20)
            child.heard = time.monotonic()
            child.told += data
            if not data:
                os.close(end)
                del running[end]
                yield child.task, child.told.decode().splitlines(), _reap(child)
        for child in running.values():
            if time.monotonic() - child.heard > SILENCE_S_MAX and not child.is_ended:
                child.is_ended = True
                os.killpg(child.pid, signal.SIGKILL)


def _fork(task: Any, work: Callable[[Any, TextIO], None], scratch: Path) -> tuple[int, _Child]:
    read_end, write_end = os.pipe()
    folder = Path(tempfile.mkdtemp(dir=scratch))
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            os.setpgid(0, 0)
            os.close(read_end)
            os.environ["PYTEST_DEBUG_TEMPROOT"] = str(folder)
            limit = resource.getrlimit(resource.RLIMIT_AS)[1]
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MAX, limit))
            gc.disable()  # it lives for seconds
            with os.fdopen(write_end, "w", buffering=1) as out:
                silence(folder / "output")
                work(task, out)
            code = 0
        except BaseException:  # noqa: BLE001 - a fork must never go on as its parent
            traceback.print_exc()
        finally:
            with contextlib.suppress(OSError, ValueError):
                sys.stderr.flush()
            os._exit(code)
    os.close(write_end)
    with contextlib.suppress(OSError):  # done by the child as well: whoever is first
        os.setpgid(pid, pid)
    return read_end, _Child(task, pid, folder)


def silence(file: Path) -> None:
    null = os.open(os.devnull, os.O_RDONLY)
    output = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for stream, target in ((0, null), (1, output), (2, output)):
        os.dup2(target, stream)


def _reap(child: _Child) -> str:
    _, status = os.waitpid(child.pid, 0)
    output = child.folder / "output"
    if os.waitstatus_to_exitcode(status) != 0 and output.exists():
        child.told += b"\noutput " + json.dumps(output.read_text(errors="replace")[-_TELLING_WORDS:]).encode()
    shutil.rmtree(child.folder, ignore_errors=True)
    code = os.waitstatus_to_exitcode(status)
    if child.is_ended or code == -signal.SIGPROF:
        return "timeout"
    return "ended" if code == 0 else "crashed"
