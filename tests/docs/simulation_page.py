"""The part of docs/simulation.md that says what no run has reached, from docs/proof/simulation-coverage.json."""

import json
from pathlib import Path
from typing import Any

from tests.simulation.coverage import WHY, everything, never

REACHED = Path(__file__).resolve().parents[2] / "docs" / "proof" / "simulation-coverage.json"
TITLES = {
    "facts": "Facts that stand in no log", "rules": "Rules that raised no alarm", "refused": "Rules that refused no form",
    "faults": "Faults that never struck", "pairs": "Pairs of faults that were never in force together",
    "acts": "Acts that nobody did", "branches": "Turns of the product that were never taken",
}  # fmt: skip


def never_done() -> str:
    """Lists, with a reason where there is one."""
    if not REACHED.exists():
        return "No run is recorded yet.\n"
    kept: dict[str, Any] = json.loads(REACHED.read_text(encoding="utf-8"))
    first, last = kept["seeds"]
    out = [f"{kept['runs']} stations, seeds {first} to {last}.\n"]
    every, missing = everything(), never(kept["reached"])
    for kind, title in TITLES.items():
        count = f"{len(missing[kind])} of {len(every[kind])}"
        out.append(f"**{title}** ({count}): {_list(missing[kind])}\n")
    return "\n".join(out)


def _list(names: list[str]) -> str:
    if not names:
        return "none."
    plain = ", ".join(_word(name) for name in names if name not in WHY)
    reasons = [f"\n- {_word(name)}: {WHY[name]}" for name in names if name in WHY]
    return (f"{plain}." if plain else "") + ("\n" + "".join(reasons) if reasons else "")


def _word(name: str) -> str:
    return name if " " in name else f"`{name}`"
