"""10^6 honest, damaged and invented chunks through the wire decoder: no exception, no invented message."""

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from tests.tools.tree import ROOT

COUNT = 1_000_000


def run(say: Callable[[str], None]) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.wire.fuzz", "--count", str(COUNT), "--seed", "1", "--json"]
    path = {"PYTHONPATH": f"{ROOT}:{ROOT / 'firmware'}"}
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=path)
    say(f"fuzz: exit code {done.returncode}")
    if done.returncode not in (0, 1) or not done.stdout.strip():
        return {"holds": False, "error": done.stderr[-2000:]}
    return {"holds": done.returncode == 0, "command": " ".join(command[1:]), **json.loads(done.stdout)}
