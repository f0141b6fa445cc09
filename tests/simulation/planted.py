"""`python -m tests.simulation.planted`: does the simulator find every bug of tests/planted? Writes docs/planted-bugs.csv.

Each patch is applied to a copy of the tree, and the hunt is let loose in it, in a process of its own. With names, only
those are tried and only their rows are written anew. `commit`: the tree that found it.
"""

import argparse
import csv
import json
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.planted.tree import environment, patches, planted
from tests.prove import machine
from tests.simulation.world import SHM
from tests.tools.tree import ROOT

FILE = ROOT / "docs" / "planted-bugs.csv"
SECONDS_MAX = 600.0
"""Of processor, for one bug."""
FIELDS = ("bug", "file", "what", "written", "caught_by", "seed", "seconds", "commit")


def words(patch: Path) -> dict[str, str]:
    """What a patch says of itself, and the file it changes."""
    found = {"bug": patch.stem}
    for line in patch.read_text(encoding="utf-8").splitlines():
        if line.startswith("# what:"):
            found["what"] = line.removeprefix("# what:").strip()
        elif line.startswith("# by:"):
            found["written"] = line.removeprefix("# by:").strip()
        elif line.startswith("+++ b/"):
            found["file"] = line.removeprefix("+++ b/").strip()
    return found


def tried(patch: Path, seconds: float) -> dict[str, Any]:
    """One row: by what, where and how soon the bug was found; `caught_by` empty when it was not."""
    folder = Path(tempfile.mkdtemp(prefix="caseward-planted-", dir=SHM if SHM.is_dir() else None))
    try:
        tree = planted(patch, folder / "tree")
        command = [sys.executable, "-m", "tests.simulation.hunt", "--seconds", str(seconds)]
        ended = subprocess.run(
            command,
            cwd=tree,
            env=environment(tree),
            capture_output=True,
            text=True,
            timeout=seconds * 30,
            check=False,
        )
        lines = ended.stdout.strip().splitlines()
        found = (
            json.loads(lines[-1])
            if lines
            else {"caught_by": "start", "seed": "", "seconds": 0, "text": ended.stderr[-300:]}
        )
    except subprocess.TimeoutExpired:
        found = {"caught_by": "I16", "seed": "", "seconds": seconds, "text": "it never ended"}
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return words(patch) | found


def main(argv: list[str]) -> int:
    """0 when every bug was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.planted", description=__doc__)
    parser.add_argument("only", nargs="*", help="names of bugs; all when left out")
    parser.add_argument("--seconds", type=float, default=SECONDS_MAX)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args(argv)
    chosen = [
        p for p in patches() if not options.only or any(p.stem.startswith(name) for name in options.only)
    ]
    rows = {row["bug"]: row for row in read()}
    commit = machine.commit()[:12]
    done = []
    with ThreadPoolExecutor(options.jobs) as pool:
        for row in pool.map(lambda patch: tried(patch, options.seconds), chosen):
            done.append(row)
            rows[row["bug"]] = {**row, "caught_by": row["caught_by"] or "", "commit": commit}
            write(rows)
            print(
                f"{row['bug']}: {row['caught_by'] or 'ALIVE'} after {row['seconds']} s, {row['seed']} {row.get('text', '')[:160]}",
                flush=True,
            )
    alive = [row["bug"] for row in done if not row["caught_by"]]
    print(f"{len(done) - len(alive)} of {len(done)} found; alive: {', '.join(alive) or 'none'}")
    return 1 if alive else 0


def read() -> list[dict[str, Any]]:
    """The rows that are there."""
    if not FILE.exists():
        return []
    with FILE.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def write(rows: dict[str, dict[str, Any]]) -> None:
    """docs/planted-bugs.csv, one row a bug, of those that are planted."""
    with FILE.open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, FIELDS, extrasaction="ignore", lineterminator="\n")
        table.writeheader()
        table.writerows(rows[patch.stem] for patch in patches() if patch.stem in rows)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
