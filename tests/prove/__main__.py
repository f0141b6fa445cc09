"""`python -m tests.prove [--draft] [name…]`: runs proofs and writes docs/proof/<name>.json.

Without names: all. A figure belongs to a commit, so the tree must be clean; `--draft` runs on a changed
tree and prints the figures without writing them. Exit code 1 when a proof fails.
"""

import argparse
import importlib
import json
import sys
import time
from typing import Any

from tests.prove import machine
from tests.tools.tree import ROOT

PROOFS = (
    "fuzz",
    "disk",
    "latency",
    "broker_outage",
    "kills",
    "real_faults",
    "eight_hours",
    "oracle",
    "property",
    "verifiers",
    "node_day",
    "takeover",
    "openapi",
    "escalation",
    "wall",
    "year",
    "smallworlds",
    "simulation",
    "mutation",
)
"""In this order: short ones first. Each is a module of this package with `run(say) -> dict`, and `record(report)` when it
writes more than its report."""

BOUNDED = ("property", "wall", "simulation")
"""Proofs that `--minutes` bounds."""

FOLDER = ROOT / "docs" / "proof"


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.prove", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*PROOFS, []], help="proofs to run; all when left out")
    parser.add_argument("--draft", action="store_true", help="changed tree: print, do not write")
    parser.add_argument(
        "--minutes",
        type=float,
        help="property: at most, simulation: at least so many processor-minutes; wall: of the flood",
    )
    options = parser.parse_args(argv)
    try:
        commit = machine.commit(allow_changes=options.draft)
    except machine.UncleanTree as error:
        sys.stderr.write(f"tests.prove: {error}\n")
        return 2
    failed = []
    for name in options.names or PROOFS:
        more = {"minutes": options.minutes} if name in BOUNDED and options.minutes else {}
        if not prove(name, commit, more, is_draft=options.draft):
            failed.append(name)
    say(f"failed: {', '.join(failed)}" if failed else "all proofs hold")
    return 1 if failed else 0


def prove(name: str, commit: str, more: dict[str, Any], *, is_draft: bool) -> bool:
    """Run one proof and write what it found; whether it holds. `more`: what its `run` takes besides."""
    say(f"{name}: begins")
    started = time.time()
    proof = importlib.import_module(f"tests.prove.{name}")
    with machine.noise() as noise:
        figures: dict[str, Any] = proof.run(say, **more)
    report = {
        "proof": name,
        "holds": figures.pop("holds"),
        "commit": commit,
        "made": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(started)),
        "took_s": round(time.time() - started, 1),
        "machine": machine.describe(),
        "noise": noise,
        "figures": figures,
    }
    if not is_draft and hasattr(proof, "record"):
        proof.record(report)
    text = json.dumps(report, indent=1, ensure_ascii=False) + "\n"
    if is_draft:
        sys.stdout.write(text)
    else:
        FOLDER.mkdir(parents=True, exist_ok=True)
        (FOLDER / f"{name}.json").write_text(text, encoding="utf-8")
    say(f"{name}: {'holds' if report['holds'] else 'DOES NOT HOLD'} ({report['took_s']} s)")
    return bool(report["holds"])


def say(text: str) -> None:
    sys.stdout.write(f"prove {time.strftime('%H:%M:%S')} {text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
