"""Lives of a gateway's log and engine through random property, with the power cut at any operation of the disk.

Real `Book` (what is durable is stepped, what follows is logged), real log, a disk in memory that forgets what was not synced. Each
log is read by the auditor at its end. `python -m tests.custody.property_lives --seed N --operations N [--seconds S] --json`.
"""

import argparse
import json
import sys
import time
from collections import Counter
from random import Random
from typing import Any

from casegateway.book import Book
from casegateway.drafts import Draft
from casegateway.events import Moment
from casegateway.memory import Memory
from caselog.clock import Instant
from caselog.log import Log
from caselog.memorydisk import MemoryDisk, PowerCut
from custody.engine import Engine
from custody.ledger.property import balance, entries, holders
from tests.custody.property_chance import random_fact
from tests.custody.property_store import MINUTE_US, OFFICERS, START_US, plain_book, store_area
from tests.verify.auditor import auditor

PER_LOG = 200
"""Operations of one log: a few power cuts, and the whole is audited at its end."""
CUT_EACH = 400
"""Operations of the disk from one start to the power cut, at most."""
LATE = 0.02
ITEMS = 12


class Life:
    """One log from its first leaf to its audit."""

    def __init__(self, seed: int) -> None:
        self.rng = Random(seed)
        self.disk = MemoryDisk()
        self.now_us, self.boot, self.number = START_US, 0, 0
        self.sums: Counter[str] = Counter()
        self.known: set[str] = set()  # ids of facts whose step was seen: durable, so never lost
        self.start()
        for ref, (service, roles) in OFFICERS.items():
            self.state("officer.registered", {"officer": ref, "service": service, "roles": roles})
        for stay in ("s1", "s2"):
            self.state("person.arrived", {"stay": stay})

    def start(self) -> None:
        """Power on: read the log, show the engine all of it, append what a cut kept from being said."""
        while True:
            self.boot += 1
            self.disk.cut_at = self.disk.operations + self.rng.randrange(1, CUT_EACH)
            try:
                log, _ = Log.open(self.disk)
                self.book = Book(log, Engine(store_area(), plain_book()), Memory())
                found = self.book.replay()
                self.book.complete(found, is_same_law=True)
                self.book.commit()
            except PowerCut:
                self.crash()
                continue
            lost = self.known - self.ids()
            assert not lost, f"expected every fact that was acted on in the log, found {sorted(lost)} lost"
            return

    def crash(self) -> None:
        """Of what was not synced, any part is still there, and any part of that reads as zeros."""
        self.sums["power_cuts"] += 1
        self.disk.crash(self.rng.random(), self.rng.choice((0.0, 0.0, self.rng.random())))

    def ids(self) -> set[str]:
        leaves = self.book.log.leaves(0, self.book.log.size, 1 << 30)
        return {leaf["id"] for leaf in map(json.loads, leaves) if leaf["class"] == "fact"}

    def state(self, name: str, body: dict[str, Any], late_us: int = 0) -> None:
        """State a fact until it is durable, as its source does that is not acked; the id stays the same."""
        self.number += 1
        self.now_us += MINUTE_US
        draft = Draft(name, body, f"f{self.number}", self.now_us - late_us, self.now_us - late_us)
        while True:
            try:
                if draft.id not in self.known:
                    self.book.append(
                        draft, Moment(Instant(self.boot, self.now_us, self.now_us, self.now_us), self.now_us)
                    )
                    self.book.step()
                    self.known.add(draft.id)
                self.book.commit()
            except PowerCut:
                self.crash()
                self.start()
                self.known |= {
                    draft.id
                } & self.ids()  # durable before the cut: its source asks again and is told so
                continue
            return

    def live(self, operations: int) -> None:
        refs = [f"i{n}" for n in range(ITEMS)]
        for _ in range(operations):
            name, body = random_fact(self.rng, self.book.engine.world, self.now_us, refs)
            late_us = self.rng.randrange(1, 20) * MINUTE_US if self.rng.random() < LATE else 0
            self.state(name, body, late_us)
        self.sums["operations"] += operations
        self.audit()

    def audit(self) -> None:
        """The auditor reads the leaves; ledger and engine hold the same; every account adds up to nothing."""
        leaves = [json.loads(data) for data in self.book.log.leaves(0, self.book.log.size, 1 << 30)]
        report = auditor.audit(leaves)
        told = entries(leaves, store_area(), plain_book())
        assert [(e.fact, e.at_us, e.item, e.holder, e.pieces) for e in told] == report.books.entries
        assert report.total == sum(balance(told).values()) == 0
        world = self.book.engine.world.items
        assert holders(told) == {
            item.ref: item.holder for item in sorted(world.values(), key=lambda item: item.ref)
        }
        again = Engine(store_area(), plain_book())
        fresh = Book(self.book.log, again, Memory())
        missing = fresh.replay().missing
        assert not missing, f"expected every answer in the log, found {len(missing)} missing"
        assert again.world.items.items() == world.items()
        self.sums.update(
            logs=1,
            leaves=len(leaves),
            stood=report.facts,
            entries=len(told),
            items=report.items,
            refused=report.refused,
        )


def run(seed: int, operations: int, seconds: float | None = None) -> dict[str, Any]:
    """Lives until so many operations, or so many processor-seconds, are over; figures, and the seeds that failed."""
    sums: Counter[str] = Counter()
    failed: list[str] = []
    began = time.process_time()
    number = 0
    while sums["operations"] < operations and (seconds is None or time.process_time() - began < seconds):
        try:
            life = Life(seed + number)
            life.live(min(PER_LOG, operations - sums["operations"]))
            sums.update(life.sums)
        except (AssertionError, LookupError, TypeError, ValueError, auditor.Wrong) as error:
            failed.append(f"{seed + number}: {type(error).__name__} {error}"[:300])
            sums["operations"] += PER_LOG
        number += 1
    return {**sums, "seeds": number, "failed": failed, "processor_s": round(time.process_time() - began, 1)}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.custody.property_lives", description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--operations", type=int, default=3_000)
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = run(options.seed, options.operations, options.seconds)
    sys.stdout.write(json.dumps(found) + "\n")
    return 1 if found["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
