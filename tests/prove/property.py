"""10^7 random operations on property with power cuts at any operation of the disk: every log audited, none with an item too many or too few.

The work is `tests.custody.property_lives`, one process a core. `--minutes` bounds the processor time of all of them together;
what was reached then stands in the figures.
"""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from typing import Any

from tests.tools.tree import ROOT

OPERATIONS = 10_000_000
FIRST_SEED = 7_000_000
APART = 10_000_000
"""Seeds from one worker's first to the next worker's."""


def run(say: Callable[[str], None], minutes: float | None = None) -> dict[str, Any]:
    workers = os.cpu_count() or 1
    path = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(str(ROOT / part) for part in ("", "gateway", "firmware", "server")),
    }
    bound = [] if minutes is None else ["--seconds", str(minutes * 60 / workers)]
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.custody.property_lives", "--json", "--seed", str(FIRST_SEED + worker * APART),
             "--operations", str(-(-OPERATIONS // workers)), *bound],
            cwd=ROOT, stdout=subprocess.PIPE, text=True, env=path,
        )
        for worker in range(workers)
    ]  # fmt: skip
    sums: Counter[str] = Counter()
    failed: list[str] = []
    processor_s = 0.0
    for process in running:
        out, _ = process.communicate()
        if process.returncode not in (0, 1) or not out.strip():
            return {"holds": False, "error": f"exit code {process.returncode}"}
        told = json.loads(out.strip().splitlines()[-1])
        failed += told.pop("failed")
        processor_s += told.pop("processor_s")
        sums.update(told)
        say(f"property: {told['operations']} operations, {told['power_cuts']} power cuts")
    return {
        "holds": not failed and (minutes is not None or sums["operations"] >= OPERATIONS),
        "command": "python -m tests.prove property" + ("" if minutes is None else f" --minutes {minutes:g}"),
        "first_seed": FIRST_SEED,
        "workers": workers,
        "processor_s": round(processor_s, 1),
        **sums,
        "failed": failed[:20],
    }
