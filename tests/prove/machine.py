"""What a figure was measured on: machine, commit, load, and how much noise there was."""

import os
import platform
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.tools.tree import ROOT

WRITTEN = (
    "docs/proof/",
    "docs/img/eight-hours.svg",
    "docs/img/year.svg",
    "docs/simulation.md",
    "docs/accessibility.md",
    "docs/planted-bugs.csv",
)
"""What proofs write: an earlier one of the same commit leaves the tree clean for the next."""

SPIN_LOOPS = 200_000
SPIN_ROUNDS = 40


class UncleanTree(RuntimeError):
    """Figures name a commit; a tree with changes has none."""


def commit(*, allow_changes: bool = False) -> str:
    """The commit the figures are of. Raises UncleanTree when files in it are changed or untracked code is there."""
    head = _git("rev-parse", "HEAD").strip()
    changed = [
        line for line in _git("status", "--porcelain").splitlines() if not line[3:].startswith(WRITTEN)
    ]
    if changed and not allow_changes:
        raise UncleanTree("expected a tree without changes, found:\n" + "\n".join(changed))
    return head + ("+changes" if changed else "")


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, check=True, capture_output=True, text=True).stdout


def describe() -> dict[str, Any]:
    """The machine, without its name or address."""
    model = next(
        (line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")),
        platform.processor() or "unknown",
    )
    memory_kib = next(int(line.split()[1]) for line in _lines("/proc/meminfo") if line.startswith("MemTotal"))
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "memory_gib": round(memory_kib / 2**20, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
    }


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines()


def spin() -> dict[str, float]:
    """How even a fixed piece of work runs: ms of the fastest, the middle and the slowest of 40 rounds."""
    rounds = []
    for _ in range(SPIN_ROUNDS):
        start = time.perf_counter()
        total = 0
        for number in range(SPIN_LOOPS):
            total += number
        rounds.append((time.perf_counter() - start) * 1e3)
    rounds.sort()
    return {
        "fastest_ms": round(rounds[0], 2),
        "median_ms": round(rounds[len(rounds) // 2], 2),
        "slowest_ms": round(rounds[-1], 2),
    }


@contextmanager
def noise() -> Iterator[dict[str, Any]]:
    """Load average and spin loop before and after what is measured."""
    found: dict[str, Any] = {"load_before": os.getloadavg(), "spin_before": spin()}
    yield found
    found |= {"load_after": os.getloadavg(), "spin_after": spin()}


def percentile(values: list[float], percent: float) -> float:
    """Nearest-rank percentile of a list that is not empty."""
    ordered = sorted(values)
    rank = max(1, -(-len(ordered) * percent // 100))
    return ordered[int(rank) - 1]
