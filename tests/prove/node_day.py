"""A day of a node under MicroPython with 192 kB of heap, at the scan of a board: is its memory flat, and in pieces of use?

Flat means: what is free after a collection when all is acked is the same, to 512 bytes, in every hour after the first;
and so is the largest piece.
"""

import re
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.node import micropython

HOURS = 24
SCAN_MS = 5
SLACK_BYTES = 512
SECONDS_MAX = 3_600
PROGRAM = Path(micropython.__file__).with_name("day_on_device.py")
HOUR = re.compile(r"HOUR (\d+) FREE (\d+) BLOCK (\d+) WAITING (\d+)")
END = re.compile(r"FRAMES (\d+) DROPPED (\d+) SAVES (\d+) LEAST (\d+)")


def day(hours: int, scan_ms: int, *, seconds_max: int = SECONDS_MAX) -> dict[str, Any]:
    """Run the hours; what was free at the end of each, and what happened."""
    interpreter = micropython.find_interpreter()
    path = [micropython.FIRMWARE, micropython.STANDIN, micropython.logging_folder(interpreter)]
    path.append(micropython.DRIVERS_STANDIN)
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [
                *interpreter,
                "-X",
                "heapsize=" + micropython.HEAP,
                str(PROGRAM),
                str(hours),
                str(scan_ms),
                folder,
            ],
            env=micropython.environment("", None, path=path),
            capture_output=True,
            text=True,
            timeout=seconds_max,
        )
    if done.returncode:
        raise RuntimeError(f"expected {hours} hours, found: {done.stderr[-500:]}")
    ends = [[int(number) for number in found] for found in HOUR.findall(done.stdout)]
    last = END.search(done.stdout)
    assert last is not None
    frames, dropped, saves, least = (int(number) for number in last.groups())
    return {
        "hours": len(ends),
        "scan_ms": scan_ms,
        "free_b": [end[1] for end in ends],
        "largest_piece_b": [end[2] for end in ends],
        "waiting": [end[3] for end in ends],
        "least_free_b": least,
        "frames": frames,
        "dropped": dropped,
        "flash_writes": saves,
    }


def is_flat(values: list[int]) -> bool:
    """Whether it stays what it was after the first hour."""
    return max(values[1:]) - min(values[1:]) <= SLACK_BYTES


def run(say: Callable[[str], None]) -> dict[str, Any]:
    """The proof; see the head of this file."""
    figures = day(HOURS, SCAN_MS)
    say(f"node_day: {figures['frames']} frames, free at least {figures['least_free_b']} bytes")
    holds = (
        figures["hours"] == HOURS
        and is_flat(figures["free_b"])
        and is_flat(figures["largest_piece_b"])
        and not any(figures["waiting"])
        and figures["dropped"] > 0  # the absences were long enough to fill the queue
    )
    return {"holds": holds, **figures}
