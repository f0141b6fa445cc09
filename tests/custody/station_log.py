"""A gateway's log in small: the real engine over the real log, with deadlines, stops and a clock that may be in doubt."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from caselog.filedisk import FileDisk
from caselog.log import Log
from caselog.memorydisk import MemoryDisk
from custody.codec import fact_entry, output_entry
from custody.engine import Engine
from custody.facts import Fact
from custody.scenario import parse_scenario
from tests.custody.support import area, fact, json_line, rulebook

HASHES = {"config_hash": "c" * 64, "rulebook": "cn-2026", "rulebook_hash": "d" * 64}


class StationLog:
    """Facts in order of recording become leaves; what the rules say to them follows, as a gateway writes it."""

    def __init__(self, folder: Any = None, engine: Engine | None = None) -> None:
        self.log, _ = Log.open(MemoryDisk() if folder is None else FileDisk(folder))
        self.engine = engine or Engine(area(), rulebook())
        self.boot = 1
        self.now_us = 0
        self.is_doubted = False
        self.facts: list[Fact] = []

    def take(self, item: Fact, *, leaves_out: Sequence[str] = ()) -> None:
        """Append a fact and what follows. `leaves_out`: types of outputs that a bad gateway does not write."""
        self.now_us = max(self.now_us, item.recorded_us)
        placed = replace(
            item, index=self.log.size, boot=self.boot, boottime_us=self.now_us, recorded_us=self.now_us,
            recorded_latest_us=None if self.is_doubted else self.now_us,
        )  # fmt: skip
        if placed.type != "deadline.reached":
            placed = replace(placed, id=item.id or f"f{placed.index}")
        else:
            placed = replace(placed, id=f"d{placed.index}")
        self.log.append(fact_entry(placed))
        self.facts.append(placed)
        for effect in self.engine.step(placed):
            entry = output_entry(effect, placed)
            if entry["type"] not in leaves_out:
                self.log.append(entry)
        self.log.commit()

    def say(self, name: str, at_us: int, recorded_us: int | None = None, **body: object) -> None:
        """A fact that occurred at `at_us`, after every deadline before it is recorded."""
        self.wake((recorded_us or at_us) - 1)
        item = fact(name, self.log.size, at_us, recorded_us, **body)
        self.take(replace(item, by="node" if "source" in body else item.by, id=""))

    def wake(self, until_us: int, *, leaves_out: Sequence[str] = ()) -> None:
        """The gateway's timer."""
        while not self.is_doubted and (due := self.engine.next_deadline_us()) is not None and due <= until_us:
            self.take(fact("deadline.reached", 0, max(due, self.now_us)), leaves_out=leaves_out)

    def play(self, lines: Iterable[str], until_us: int | None = None) -> None:
        """Scenario lines as in `support`, without an environment."""
        for line in parse_scenario(list(map(json_line, lines))).lines:
            self.say(line.fact, line.at_us, line.arrives_us, **line.body)
        if until_us is not None:
            self.wake(until_us)

    def restart(self, at_us: int) -> None:
        """Off since the last fact; back at `at_us` with what its log says, and what is overdue first."""
        again = Engine(self.engine.area, self.engine.rulebook)
        for item in self.facts:
            again.step(item)
        self.engine, self.boot = again, self.boot + 1
        due = again.next_deadline_us()
        if due is not None and due <= at_us:
            self.take(fact("deadline.reached", 0, at_us))
        self.take(fact("gateway.booted", 0, at_us, reason="power"))

    def leaves(self) -> list[dict[str, Any]]:
        """All leaves, as objects."""
        return [json.loads(self.log.leaf(index)) for index in range(self.log.size)]


def told(facts: Iterable[Fact], *, hours: int = 20) -> list[dict[str, Any]]:
    """The leaves of a history, and of so many hours after it."""
    station = StationLog()
    for item in sorted(facts, key=lambda f: (f.recorded_us, f.index)):
        station.wake(item.recorded_us - 1)
        station.take(item)
    station.wake(station.now_us + hours * 3_600_000_000)
    return station.leaves()
