"""The made-up year through the engine: what it says, how fast, with how much memory.

`python -m tests.prove.busy.replay --facts 20000` prints one JSON object. Uses nothing beyond `custody` and the
standard library, so that any CPython runs it; memory is left out where the system does not tell it.
"""

import argparse
import json
import platform
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

from custody.effects import AlarmCleared, AlarmRaised, Effect
from custody.engine import Engine
from custody.facts import Fact
from custody.times import SECOND_US
from tests.prove.busy.diary import DAY_US, MINUTE_US, Diary
from tests.prove.busy.dice import Dice
from tests.prove.busy.life import DAYS, START_US, Life, busy_area
from tests.prove.busy.staff import DUTY_OFFICERS

SAMPLE_EVERY = 50_000
LEFT_LYING = 0.04
"""Share of alarms that nobody sees for days."""


class DutyDesk:
    """Officers who handle the alarms that the engine raises: seen, taken, put right when over, checked by another."""

    def __init__(self, diary: Diary, dice: Dice) -> None:
        self._diary, self._dice = diary, dice
        self._taken_by: dict[str, str] = {}

    def take(self, effects: list[Effect], now_us: int) -> None:
        """What the duty officer does about it."""
        for effect in effects:
            if isinstance(effect, AlarmRaised) and effect.alarm not in self._taken_by:
                self._go(effect.alarm, now_us)
            elif isinstance(effect, AlarmCleared) and effect.alarm in self._taken_by:
                self._close(effect.alarm, now_us)

    def _go(self, alarm: str, now_us: int) -> None:
        officer = self._taken_by[alarm] = self._dice.pick(DUTY_OFFICERS)
        at_us = now_us + self._dice.between(15, 240) * SECOND_US
        if self._dice.chance(0.5):
            self._diary.form(at_us, "alarm.acknowledged", alarm=alarm, officer=officer)
        self._diary.form(at_us + 5 * SECOND_US, "alarm.taken", alarm=alarm, officer=officer)

    def _close(self, alarm: str, now_us: int) -> None:
        officer = self._taken_by.pop(alarm)
        other = self._dice.pick([one for one in DUTY_OFFICERS if one != officer])
        at_us = now_us + self._dice.between(10, 60) * MINUTE_US
        self._diary.form(
            at_us,
            "alarm.rectified",
            alarm=alarm,
            officer=officer,
            cause="found on the spot",
            action="put right",
        )
        at_us += self._dice.between(10, 600) * MINUTE_US
        self._diary.form(at_us, "alarm.verified", alarm=alarm, officer=other)


@dataclass(slots=True)
class Replay:
    """One run, with what was found on the way."""

    seed: int
    days: int = DAYS
    facts_max: int | None = None
    facts: int = 0
    deadlines: int = 0
    effects: int = 0
    engine_s: float = 0.0
    engine_cpu_s: float = 0.0
    alarms: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    samples: list[dict[str, Any]] = field(default_factory=list)
    _told: Any = field(default_factory=sha256)
    _taken: Any = field(default_factory=sha256)

    def run(self, say: Callable[[str], None] = lambda text: None) -> dict[str, Any]:
        """Play it; give the figures and the digest of everything that the engine told."""
        area = busy_area()
        life = Life(self.seed, area, days=self.days)
        engine, desk = Engine(area, life.rulebook), DutyDesk(life.diary, Dice(self.seed + 9))
        last: Fact | None = None
        begun_s, sampled_s = time.perf_counter(), (0.0, 0.0)
        for fact in life.facts():
            for step in self._steps(engine, last, fact):
                desk.take(step, fact.recorded_us)
            last = fact
            self.facts += 1
            if self.facts % SAMPLE_EVERY == 0:
                self.samples.append(
                    self._sample(fact, engine, self.engine_s - sampled_s[0], self.engine_cpu_s - sampled_s[1])
                )
                sampled_s = self.engine_s, self.engine_cpu_s
                say(
                    f"year: {self.facts} facts, day {self.samples[-1]['day']:g}, {self.samples[-1]['facts_per_s']:g} facts/s"
                )
            if self.facts == self.facts_max:
                break
        return self._figures(time.perf_counter() - begun_s, engine)

    def _steps(self, engine: Engine, last: Fact | None, fact: Fact) -> Iterator[list[Effect]]:
        """The deadlines before a fact (while the gateway ran), then the fact, as `player.replay_log` does."""
        while last is not None and last.boot == fact.boot:
            began, began_cpu = time.perf_counter(), time.process_time()
            due_us = engine.next_deadline_us()
            told = None
            if due_us is not None and due_us < fact.recorded_us:
                now_us = max(due_us, last.recorded_us)
                told = engine.step(_deadline(last, now_us))
            self._clock(began, began_cpu)
            if told is None:
                break
            self.deadlines += 1
            yield self._note(told)
        began, began_cpu = time.perf_counter(), time.process_time()
        told = engine.step(fact)
        self._clock(began, began_cpu)
        yield self._note(told, fact)

    def _clock(self, began: float, began_cpu: float) -> None:
        self.engine_s += time.perf_counter() - began
        self.engine_cpu_s += time.process_time() - began_cpu

    def _note(self, effects: list[Effect], fact: Fact | None = None) -> list[Effect]:
        if fact is not None:
            entry = (
                fact.type,
                fact.index,
                fact.id,
                fact.occurred_us,
                fact.recorded_us,
                fact.recorded_latest_us,
                fact.boot,
            )
            self._taken.update(_canonical([*entry, fact.body]))
        for effect in effects:
            self.effects += 1
            self._told.update(_canonical(effect.to_output()))
            if isinstance(effect, AlarmRaised):
                self.alarms[f"{effect.rule}/{effect.variant}"] += 1
            elif effect.TYPE == "fact.refused":
                self.refusals[f"{effect.rule} {effect.reason}"] += 1  # type: ignore[attr-defined]
        return effects

    def _sample(self, fact: Fact, engine: Engine, spent_s: float, spent_cpu_s: float) -> dict[str, Any]:
        return {
            "facts": self.facts,
            "day": round((fact.recorded_us - START_US) / DAY_US, 1),
            "facts_per_s": round(SAMPLE_EVERY / spent_s),
            "facts_per_cpu_s": round(SAMPLE_EVERY / spent_cpu_s) if spent_cpu_s else None,
            "resident_mib": resident_mib(),
            "digest": self._told.hexdigest(),
            "kept": kept(engine),
        }

    def _figures(self, took_s: float, engine: Engine) -> dict[str, Any]:
        return {
            "python": f"{platform.python_implementation()} {platform.python_version()}",
            "system": sys.platform,
            "seed": self.seed,
            "facts": self.facts,
            "deadlines": self.deadlines,
            "effects": self.effects,
            "seconds": round(took_s, 1),
            "engine_seconds": round(self.engine_s, 1),
            "engine_cpu_seconds": round(self.engine_cpu_s, 1),
            "facts_per_s": round(self.facts / self.engine_s),
            "facts_per_cpu_s": round(self.facts / self.engine_cpu_s) if self.engine_cpu_s else None,
            "peak_resident_mib": peak_resident_mib(),
            "digest": self._told.hexdigest(),
            "facts_digest": self._taken.hexdigest(),
            "alarms": dict(sorted(self.alarms.items())),
            "refusals": dict(sorted(self.refusals.items())),
            "kept": kept(engine),
            "samples": self.samples,
        }


def _deadline(last: Fact, now_us: int) -> Fact:
    return replace(
        last, type="deadline.reached", body={}, id="", by="gateway", occurred_us=now_us, occurred_latest_us=now_us,
        recorded_us=now_us, recorded_latest_us=now_us,
    )  # fmt: skip


def _canonical(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def kept(engine: Engine) -> dict[str, int]:
    """How much of each kind the engine holds: what must stay within bounds over a year."""
    world = engine.world
    tables = ("stays", "officers", "steps", "approvals", "people", "tags", "strays", "sources", "ended")
    found = {name: len(getattr(world, name)) for name in tables}
    return found | {"obligations": len(engine.obligations()), "alarms": len(engine.alarms)}


def resident_mib() -> float | None:
    """Memory of this process now; None where the system does not tell."""
    return _status("VmRSS:")


def peak_resident_mib() -> float | None:
    """The most memory it has had."""
    return _status("VmHWM:")


def _status(key: str) -> float | None:
    try:
        with open("/proc/self/status", encoding="utf-8") as file:
            line = next((line for line in file if line.startswith(key)), None)
    except OSError:
        return None
    return round(int(line.split()[1]) / 1024, 1) if line is not None else None


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.prove.busy.replay", description=__doc__)
    parser.add_argument(
        "--facts", type=int, default=None, help="stop after so many; the whole year when left out"
    )
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(argv)
    figures = Replay(options.seed, facts_max=options.facts).run(
        lambda text: print(text, file=sys.stderr, flush=True)
    )
    print(json.dumps(figures, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
