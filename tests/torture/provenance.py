"""On what a score was made: commit of this suite, machine, load."""

import os
import platform
import subprocess
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=HERE, capture_output=True, text=True)
    return done.stdout if done.returncode == 0 else ""


def commit() -> str:
    """The commit, with `+changes` where the tree has any."""
    head = _git("rev-parse", "HEAD").strip() or "unknown"
    changed = [line for line in _git("status", "--porcelain").splitlines() if "docs/proof/" not in line]
    return head + ("+changes" if changed else "")


def describe() -> dict[str, Any]:
    """The machine, without its name or address."""
    model = platform.processor() or "unknown"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
    }


def now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
