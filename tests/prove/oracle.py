"""10^5 random histories, and 2*10^4 of things that are kept, judged by the engine and by the naive oracle: every alarm, closing and refusal the same."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from tests.tools.tree import ROOT

COUNT = 100_000
COUNT_KEPT = 20_000  # histories of things that are kept
FIRST_SEED = 1_000_000


def run(say: Callable[[str], None]) -> dict[str, Any]:
    """Both searches, one after the other."""
    found = _search("tests.custody.against_oracle", COUNT, say)
    kept = _search("tests.custody.kept_histories", COUNT_KEPT, say)
    holds = bool(found["holds"] and kept["holds"])
    return {**found, "holds": holds, "command": "python -m tests.prove oracle", "things_that_are_kept": kept}


def _search(module: str, whole: int, say: Callable[[str], None]) -> dict[str, Any]:
    workers = os.cpu_count() or 1
    share = -(-whole // workers)
    path = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'gateway'}"}
    running = []
    for worker in range(workers):
        seed, count = FIRST_SEED + worker * share, min(share, whole - worker * share)
        command = [
            sys.executable, "-m", module, "--count", str(count), "--seed", str(seed), "--json",
        ]  # fmt: skip
        running.append(subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=path))
    told: list[dict[str, Any]] = []
    for process in running:
        out, _ = process.communicate()
        if process.returncode not in (0, 1) or not out.strip():
            return {"holds": False, "error": f"exit code {process.returncode}"}
        told.append(json.loads(out.strip().splitlines()[-1]))
        say(f"oracle: {told[-1]['histories']} histories, {told[-1]['differing']} with a difference")
    kinds: dict[str, int] = {}
    rules: dict[str, int] = {}
    for part in told:
        for key, count in part["differences"].items():
            kinds[key] = kinds.get(key, 0) + count
        for key, count in part["alarms_by_rule"].items():
            rules[key] = rules.get(key, 0) + count
    sums = {
        key: sum(part[key] for part in told)
        for key in ("histories", "facts", "differing", "alarms", "closings", "refusals")
    }
    return {
        "holds": sums["differing"] == 0 and sums["histories"] == whole,
        "first_seed": FIRST_SEED,
        **sums,
        "differences": kinds,
        "differing_seeds": [seed for part in told for seed in part["seeds"]],
        "rules_that_alarmed": len(rules),
        "alarms_by_rule": dict(sorted(rules.items())),
    }
