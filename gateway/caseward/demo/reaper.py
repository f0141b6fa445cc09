"""Ends what the demo started when the demo itself can no longer do it.

The demo tells this program the process groups it starts and ends, one a line (`+1234`, `-1234`), through a
pipe. When the pipe closes - the demo ended, crashed or was killed - every group still listed is
asked to end and, a moment later, killed. So no orphan is left, whatever happened.
"""

import os
import signal
import sys
import time
from collections.abc import Iterable
from contextlib import suppress

GRACE_S = 2.0  # between asking and killing


def listed(lines: Iterable[str]) -> set[int]:
    """Process groups that were started and not reported as ended."""
    groups: set[int] = set()
    for line in lines:
        sign, number = line[:1], line[1:].strip()
        if not number.isdigit():
            continue
        if sign == "+":
            groups.add(int(number))
        elif sign == "-":
            groups.discard(int(number))
    return groups


PROBE = 0  # kill(2): no signal is sent, only whether the group exists is told; no member of `Signals`


def signal_groups(groups: set[int], number: int) -> set[int]:
    """Send a signal to each group; the groups that still existed."""
    found = set()
    for group in groups:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(group, number)
            found.add(group)
    return found


def main() -> int:
    """Read until the pipe closes, then end what is left."""
    # A Ctrl-C at the terminal is the demo's business; this program lives until the pipe closes.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    left = signal_groups(listed(sys.stdin), signal.SIGTERM)
    end = time.monotonic() + GRACE_S
    while left and time.monotonic() < end:
        time.sleep(0.05)
        left = signal_groups(left, PROBE)
    signal_groups(left, signal.SIGKILL)
    return 0


if __name__ == "__main__":
    sys.exit(main())
