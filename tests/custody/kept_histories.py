"""Random histories of things that are kept, judged twice: by the engine, and by the oracle that imports nothing of ours.

A form that the ledger refuses is left out of the history: what it refuses is audited elsewhere (property_audit.py). What is
left is told in order, since the ledger decides of a form as it is entered (ADR 0036).

`python -m tests.custody.kept_histories --count 1000 --seed 1` searches, as against_oracle.py does.
"""

import random
import sys
from typing import Any

from custody.catalogue import FACT_TYPES
from custody.effects import Refusal
from custody.engine import Engine
from custody.facts import Fact
from custody.fields import BOOL, HASH, INSTANT, INT, REFS, Field
from custody.movements import MOVES, TOLD
from custody.times import DAY_US, local_date, parse_instant_us
from tests.custody.against_oracle import (
    BOOKS,
    HOUR_US,
    MINUTE_US,
    area,
    book,
    by_oracle,
    in_order,
    main,
    unlike,
)
from tests.oracle import Verdict

KEEPERS, TAKERS = ("k1", "k2"), ("t1", "t2")
ROLES = {officer: ["keeper"] for officer in KEEPERS} | {officer: ["case_officer"] for officer in TAKERS}
HEADS = {"h1": ["case_department_head", "station_head"], "h2": ["county_head"]}
ITEMS, STAYS, CASES = ("i1", "i2", "i3"), ("s1", "s2"), ("c1", "c2")
STEPS_US = (
    1, MINUTE_US, 10 * MINUTE_US, 10 * MINUTE_US + 1, HOUR_US, 2 * HOUR_US, 2 * HOUR_US + 1, 22 * HOUR_US, DAY_US, DAY_US + 1,
    2 * DAY_US, 3 * DAY_US, 7 * DAY_US, 30 * DAY_US, 31 * DAY_US,
)  # fmt: skip
STARTS = (
    "2026-03-18T09:00:00+08:00",
    "2026-12-30T23:00:00+08:00",
    "2026-06-29T12:00:00+08:00",
    "2028-01-31T08:00:00+08:00",
)
OTHERS = (
    "case.decided", "stay.released", "count.started", "count.ended", "clearup.held", "search.signed", "recorder.started",
    "recorder.stopped", "interview.started", "stay.registered", "person.arrived",
)  # fmt: skip


class Kept:
    """Facts one after another; each was let in by an engine under the book."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.name = BOOKS[seed % len(BOOKS)]
        self.engine = Engine(area(), book(self.name))
        self.now_us = parse_instant_us(self.rng.choice(STARTS))
        self.facts: list[Fact] = []
        self.count = 0  # also of what was refused: a number stands for one form
        self.try_to("config.loaded", {"config_hash": "x", "rulebook": "cn", "rulebook_hash": "y"})
        for officer, roles in (ROLES | HEADS).items():
            self.try_to("officer.registered", {"officer": officer, "service": "sworn", "roles": roles})
        for node in area().nodes:
            self.try_to("node.restored", {"node": node})
        for stay, case in zip(STAYS, CASES, strict=True):
            self.try_to("person.arrived", {"stay": stay})
            self.try_to("stay.registered", {"stay": stay, "measure": "voluntary", "case": case})
        for _ in range(self.rng.randint(8, 30)):
            self.now_us += self.rng.choice(STEPS_US)
            self.something()
        self.until_us = self.now_us + self.rng.choice((0, DAY_US, 40 * DAY_US, 200 * DAY_US))

    def try_to(self, name: str, body: dict[str, Any]) -> None:
        self.count += 1
        index, at = self.count, self.now_us
        fact = Fact(name, body, index, at, at, at, at, id=f"f{index}-{at}-{name}")
        if not any(isinstance(effect, Refusal) for effect in self.engine.step(fact)):
            self.facts.append(fact)

    def something(self) -> None:
        """A form that the table allows of one of the things, or something else."""
        rng = self.rng
        if rng.random() < 0.2:
            name = rng.choice(OTHERS)
            self.try_to(name, self.body(name, None))
            return
        ref = rng.choice(ITEMS)
        item = self.engine.world.items.get(ref)
        state, kind = (item.state, item.kind) if item is not None else ("", "")
        moves = [
            m.fact
            for m in MOVES
            if m.state == state and (not kind or kind in m.kinds) and "dossier" not in m.fact
        ]
        told = [name for name, (kinds, states) in TOLD.items() if kind in kinds and state in states]
        likely = {
            "kept": "item.stored" if rng.random() < 0.5 else "item.lent",
            "stored": "item.corrected",
        }.get(state)
        names = [
            *moves,
            *moves,
            *told,
            *([likely] * 6 if likely else []),
            *(["item.borrow_approved"] * 4 if state == "kept" else []),
        ]
        if names:
            name = rng.choice(names)
            self.try_to(name, self.body(name, ref))

    # --- bodies ----------------------------------------------------------------------------

    def body(self, name: str, ref: str | None) -> dict[str, Any]:
        item = self.engine.world.items.get(str(ref))
        found = {}
        for key, spec in FACT_TYPES[name].fields.items():
            if key == "stay" and ref is not None and name != "item.found":
                value = item.stay if item is not None else self.rng.choice((None, *STAYS))
            elif spec.required or self.rng.random() < 0.5:
                value = self.value(name, key, spec, item)
            else:
                value = None
            if value is not None:
                found[key] = value
        if "item" in found:
            found["item"] = ref
        if name == "item.photographed":
            found.pop("no_photo" if "photo" in found else "photo", None)
            found = found if "photo" in found else found | {"no_photo": "sealed"}
        return found

    def value(self, name: str, key: str, spec: Field, item: Any) -> Any:
        rng = self.rng
        holder = item.holder.partition(":")[2] if item is not None else ""
        day = local_date(self.now_us, area().zone)
        known: dict[str, Any] = {
            "item": "i1", "stay": rng.choice(STAYS), "case": (item.case if item is not None else None) or rng.choice(CASES),
            "taken_by": rng.choice(TAKERS), "officers": rng.sample(TAKERS, rng.randint(1, 2)), "giver": holder,
            "keeper": holder if holder in KEEPERS and name != "item.handed_over" else rng.choice(KEEPERS),
            "borrower": (item.loan.borrower if item is not None and item.loan else "t2"), "carrier": holder or "t1",
            "inspector": rng.choice(KEEPERS), "counter": rng.choice(KEEPERS), "approver": rng.choice(tuple(HEADS)),
            "compartment": holder if item is not None and item.state == "stored" else self.place(item),
            "cabinet": rng.choice(tuple(area().cabinets)), "stocktaking": rng.choice(("n1", "n2")),
            "part": f"{item.ref if item is not None else 'i1'}-p", "officer": rng.choice(TAKERS), "room": "property",
            "recorder": "rec-south", "return_by_at_us": self.due(name, item), "tag": "t-9",
            "missing": rng.choice((0, 0, 1)), "copies": rng.choice((1, 2, 3)), "found": rng.random() < 0.8, "reason": "t",
            "destination": (item.destination if item is not None and item.destination else rng.choice(tuple(spec.choices or ("x",)))),
            "measure": "voluntary", "year": day.year, "quarter": (day.month + 2) // 3,
        }  # fmt: skip
        if key == "reason" and spec.choices:
            return rng.choice(tuple(spec.choices))
        if key in known:
            return known[key]
        if spec.choices:
            return rng.choice(tuple(spec.choices))
        plain = {
            BOOL: rng.random() < 0.5,
            INT: spec.span[0] + 1 if spec.span else 1,
            INSTANT: self.now_us,
            REFS: [],
        }
        if spec.kind == HASH:
            return ("1" if key.startswith("giver") else "2") * 64
        return plain.get(spec.kind, "r1")

    def due(self, name: str, item: Any) -> int:
        """As it was approved, when the loan begins."""
        is_lent = name == "item.lent" and item.loan is not None
        return item.loan.due_us if is_lent else self.now_us + self.rng.choice((HOUR_US, DAY_US, 10 * DAY_US))

    def place(self, item: Any) -> str:
        """Mostly of a cabinet in which it may lie."""
        kind = (
            "dangerous"
            if item is not None and item.dangerous
            else "effects"
            if item is not None and item.kind == "effects"
            else "property"
        )
        places = [c for c in area().compartments if area().cabinet_of(c).kind == kind]
        return self.rng.choice(places if self.rng.random() < 0.9 else tuple(area().compartments))


def compare_kept(seed: int) -> tuple[list[Fact], str, int, Verdict, list[str]]:
    """As `compare`, for a history of things."""
    kept = Kept(seed)
    ours, _ = in_order(kept.facts, kept.name, kept.until_us)
    found = unlike(ours, by_oracle(kept.facts, kept.name, kept.until_us))
    return kept.facts, kept.name, kept.until_us, ours, found


if __name__ == "__main__":
    sys.exit(main(compare_kept))
