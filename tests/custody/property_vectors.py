"""What the ledger told of random property at its release: tests/vectors/custody/property-v1.jsonl.

A line is {"seed", "facts", "refused", "items"}: leaves of facts, the reason for each that was refused, and what was left.
`python -m tests.custody.property_vectors` adds the seeds that have no line yet; a line that is there is never changed.
"""

import json
from random import Random
from typing import Any

from custody.codec import fact_entry, fact_of
from custody.effects import Refusal
from custody.engine import Engine
from tests.custody.property_chance import random_fact
from tests.custody.property_store import MINUTE_US, Store, plain_book, store_area
from tests.tools.tree import ROOT

FILE = ROOT / "tests" / "vectors" / "custody" / "property-v1.jsonl"
SEEDS, FACTS, LATE = 4, 120, 0.08


def told(lines: list[dict[str, Any]]) -> dict[str, Any]:
    """What an engine makes of the facts of a line."""
    engine = Engine(store_area(), plain_book())
    refused: dict[str, str] = {}
    for line in lines:
        fact = fact_of(line)
        assert fact is not None, f"expected a fact, found {line['type']}"
        refused |= {str(e.fact): e.reason for e in engine.step(fact) if isinstance(e, Refusal)}
    items = {
        i.ref: [i.kind, i.state, i.holder, i.pieces, i.stay, i.case, i.keeper, i.disposal]
        for i in engine.world.items.values()
    }
    return {"refused": refused, "items": items}


def made(seed: int) -> dict[str, Any]:
    """A new line."""
    rng, store = Random(seed), Store()
    refs = [f"i{n}" for n in range(8)]
    for _ in range(FACTS):
        name, body = random_fact(rng, store.engine.world, store.now_us, refs)
        late_us = rng.randrange(1, 20) * MINUTE_US if rng.random() < LATE else 0
        store.say(name, store.now_us - late_us if late_us else None, **body)
    facts = [{**fact_entry(fact), "index": fact.index} for fact in store.facts]
    return {"seed": seed, "facts": facts, **told(facts)}


def rows() -> list[dict[str, Any]]:
    """The lines there are."""
    return (
        [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()] if FILE.exists() else []
    )


def main() -> None:
    """Add what is missing."""
    known = rows()
    known += [made(seed) for seed in range(len(known), SEEDS)]
    FILE.write_text("".join(json.dumps(row, separators=(",", ":")) + "\n" for row in known), encoding="utf-8")


if __name__ == "__main__":
    main()
