"""Runs checks against mutants: one process imports everything once, each mutant gets a fork of it.

A mutant is installed in one of two ways.

*In place*, for what happens inside a function: the code object of each function that the change reaches
is put into the function that exists (`function.__code__`). Whoever holds that function (an import by name,
a table, a method, a closure, a property, an lru_cache) runs the mutant, since it is the same object.
*At import*, for the rest (tables, constants, defaults of arguments, and lines that ran while the modules or the tests
were imported): a fork of a process that has no module of the project yet imports everything anew, the
mutated module from its changed tree.

The way is proved each time: all modules are installed unchanged by both ways and every check must pass.
A cache cannot hide a mutant: no check runs in the process that forks, so whatever a cache holds there was made by
lines that ran at import, and these lines have the second way.

A check is tried on a mutant when it runs the line that is changed; which lines a check runs is recorded, each check
in its own fork.
"""

import gc
import importlib
import json
import signal
import sys
import time
import traceback
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from tests.prove.mutant_checks import (
    Check,
    CheckFailed,
    Tracer,
    import_all,
    is_ours,
    outcome_of,
    toml,
    try_checks,
    verdict,
    with_checks,
)
from tests.prove.mutant_forks import in_children
from tests.prove.mutant_install import AtImport, InPlace, NotInPlace
from tests.prove.mutators import Mutant, Target


@dataclass(frozen=True)
class Result:
    """What became of a mutant: killed | timeout | crashed | survived | uncovered."""

    mutant: int
    outcome: str
    by: str = ""
    cpu_s: float = 0.0

    @property
    def is_killed(self) -> bool:
        return self.outcome in ("killed", "timeout", "crashed")


@dataclass
class Job:
    """What is to be run: targets and their mutants (named by position), checks, and who hears of it."""

    targets: list[Target]
    mutants: list[Mutant]
    specs: list[str]
    folder: Path
    jobs: int
    scratch: Path


def serve_in_place(job: Job, tell: Callable[[dict[str, Any]], None]) -> None:
    """Import all, look at the checks, prove the way, and run what can be run in place.

    Tells `ready` (checks and what to import for the other way), `result`, and `late` for mutants of the
    other way, with the checks to try. Raises CheckFailed.
    """
    tracer = Tracer(job.targets)

    def serve(checks: list[Check]) -> None:
        for target in job.targets:
            importlib.import_module(target.module)
        tracer.stop()
        late, texts = _trace(job, checks)
        with tracer.noting():
            import_all(late)
        toml.warm(texts)
        usable = _time(job, checks)
        places = InPlace(job.targets)
        gc.freeze()
        _prove_in_place(job, usable, places)
        libraries = [
            n for n, m in list(sys.modules.items()) if not is_ours(getattr(m, "__file__", None) or "")
        ]
        tell(
            {
                "ready": [[c.name, round(c.cpu_s, 4)] for c in usable],
                "libraries": libraries,
                "texts": toml.texts(),
            }
        )
        chosen = _Chooser(job, usable, tracer)
        for number in chosen.late():
            tell({"late": number, "checks": chosen.names(number)})
        in_place = (number for number in range(len(job.mutants)) if chosen.is_in_place(number))

        def work(number: int, out: TextIO) -> None:
            try:
                places.install(job.mutants[number])
            except NotInPlace:
                out.write("late\n")
                return
            started = time.process_time()
            try_checks(chosen.order(number), out)
            out.write(f"cpu {time.process_time() - started:.3f}\n")

        def with_covered(numbers: Iterable[int]) -> Iterator[int]:
            for number in numbers:
                if chosen.covering(number):
                    yield number
                else:
                    tell({"result": [number, "uncovered", "", 0.0]})

        for number, told, ending in in_children(with_covered(in_place), work, job.jobs, job.scratch):
            if "late" in told:
                tell({"late": number, "checks": chosen.names(number)})
                continue
            outcome, by = verdict(told, ending)
            chosen.learn(number, by)
            cpu_s = next((float(line[4:]) for line in told if line.startswith("cpu ")), 0.0)
            tell({"result": [number, outcome, by, cpu_s]})

    with tracer.noting():
        with_checks(job.specs, job.folder, serve)


def _trace(job: Job, checks: list[Check]) -> tuple[list[str], list[str]]:
    """Which lines each check runs, each in its own fork, so that no cache hides any.

    Gives the modules that a check imports while it runs, and TOML that more than one reads.
    """
    before = set(sys.modules)

    def work(number: int, out: TextIO) -> None:
        tracer = Tracer(job.targets)
        with tracer.noting():
            outcome_of(checks[number])
        lines = {module: sorted(found) for module, found in tracer.lines.items() if found}
        imported = [name for name in sys.modules if name not in before]
        out.write(json.dumps({"lines": lines, "modules": imported, "texts": toml.texts()}) + "\n")

    late: dict[str, None] = {}
    readers: dict[str, int] = defaultdict(int)
    for number, told, ending in in_children(range(len(checks)), work, job.jobs, job.scratch):
        if ending != "ended":
            raise CheckFailed(f"{checks[number].name} {ending} without a mutant: {told}")
        found = json.loads(told[0])
        checks[number].lines = {module: set(lines) for module, lines in found["lines"].items()}
        late |= dict.fromkeys(found["modules"])
        for text in found["texts"]:
            readers[text] += 1
    return list(late), [text for text, count in readers.items() if count > 1]


def _time(job: Job, checks: list[Check]) -> list[Check]:
    """CPU time of each check; gives those that pass, fastest first. Raises CheckFailed."""

    def work(number: int, out: TextIO) -> None:
        started = time.process_time()
        outcome = outcome_of(checks[number])
        out.write(f"{outcome} {time.process_time() - started:.6f}\n")

    usable, failed = [], []
    for number, told, ending in in_children(range(len(checks)), work, job.jobs, job.scratch):
        outcome, seconds = told[0].split() if ending == "ended" else (ending, "0")
        checks[number].cpu_s = float(seconds)
        if outcome == "passed":
            usable.append(checks[number])
        elif outcome != "skipped":
            failed.append(f"{checks[number].name} {outcome}")
    if failed:
        raise CheckFailed(f"expected checks that pass without a mutant, found {failed}")
    if not usable:
        raise CheckFailed("expected at least one check, found none")
    return sorted(usable, key=lambda check: check.cpu_s)


def _prove_in_place(job: Job, checks: list[Check], places: InPlace) -> None:
    """Every module installed unchanged, all checks one after the other: all must pass."""

    def work(modules: list[str], out: TextIO) -> None:
        for module in modules:
            places.install_unchanged(module)
        try_checks(checks, out)

    names = [target.module for target in job.targets]
    for _, told, ending in in_children([names], work, 1, job.scratch):
        outcome, by = verdict(told, ending)
        if outcome == "survived":
            return
    culprits = []
    for modules, told, ending in in_children([[name] for name in names], work, job.jobs, job.scratch):
        outcome, by = verdict(told, ending)
        if outcome != "survived":
            culprits.append(f"{modules[0]}: {by} {outcome}")
    raise CheckFailed(f"expected unchanged modules to pass when installed in place, found {culprits or by}")


class _Chooser:
    """Which checks a mutant is shown to, and in which order: what kills most a second goes first."""

    def __init__(self, job: Job, checks: list[Check], at_import: Tracer) -> None:
        self._mutants, self._checks, self._at_import = job.mutants, checks, at_import
        self._by_name = {check.name: number for number, check in enumerate(checks)}
        self._kills: dict[tuple[str, ...], dict[int, float]] = defaultdict(lambda: defaultdict(float))
        self._running: dict[str, dict[int, set[int]]] = defaultdict(lambda: defaultdict(set))
        for number, check in enumerate(checks):
            for module, lines in check.lines.items():
                for line in lines:
                    self._running[module][line].add(number)

    def is_in_place(self, number: int) -> bool:
        mutant = self._mutants[number]
        early = self._at_import.lines[mutant.module]
        return not mutant.is_at_import and early.isdisjoint(range(mutant.first, mutant.last + 1))

    def late(self) -> list[int]:
        return [number for number in range(len(self._mutants)) if not self.is_in_place(number)]

    def covering(self, number: int) -> set[int]:
        mutant = self._mutants[number]
        lines = self._running[mutant.module]
        return set().union(*(lines.get(line, ()) for line in range(mutant.first, mutant.last + 1)))

    def order(self, number: int) -> list[Check]:
        mutant = self._mutants[number]
        here = self._kills[mutant.module, mutant.function]
        around = self._kills[mutant.module,]

        def rate(check: int) -> float:
            chance = 0.05 + here.get(check, 0.0) + 0.05 * around.get(check, 0.0)
            return -chance / (self._checks[check].cpu_s + 0.002)

        return [self._checks[check] for check in sorted(self.covering(number), key=rate)]

    def names(self, number: int) -> list[str]:
        """For a mutant of the other way: checks that run it, then those of its module, then all others."""
        module = self._running[self._mutants[number].module]
        near = set().union(*module.values())
        first = self.covering(number) if not self._mutants[number].is_at_import else set()
        ranked = sorted(range(len(self._checks)), key=lambda n: (n not in first, n not in near, n))
        return [self._checks[check].name for check in ranked]

    def learn(self, number: int, by: str) -> None:
        mutant = self._mutants[number]
        if by in self._by_name:
            self._kills[mutant.module, mutant.function][self._by_name[by]] += 1
            self._kills[mutant.module,][self._by_name[by]] += 1


def serve_at_import(
    job: Job, late: dict[int, list[str]], seconds: dict[str, float], tell: Callable[[dict[str, Any]], None]
) -> None:
    """Run mutants of modules as they are imported. This process must not have imported the targets."""
    trees = AtImport(job.targets)

    def work(number: int, out: TextIO) -> None:
        trees.install(job.mutants[number] if number >= 0 else None)
        wanted = late[number] if number >= 0 else list(seconds)
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_PROF, 20.0)

        def run(checks: list[Check]) -> None:
            by_name = {check.name: check for check in checks}
            for check in checks:
                check.cpu_s = seconds.get(check.name, 0.1)
            known = [by_name[name] for name in wanted if name in by_name]
            try_checks(known, out)

        started = time.process_time()
        try:
            with_checks(job.specs, job.folder, run)
        except Exception:  # a module that cannot be imported is noticed by every check
            traceback.print_exc()
            if number < 0:
                raise
            out.write("at import\nkilled\n")
        out.write(f"cpu {time.process_time() - started:.3f}\n")

    for number, told, ending in in_children([-1, *late], work, job.jobs, job.scratch):
        outcome, by = verdict(told, ending)
        if number < 0:
            if outcome != "survived":
                text = (
                    f"expected unchanged modules to pass when imported from their trees, found {by} {outcome}"
                )
                raise CheckFailed(f"{text}: {told[-1:]}")
            continue
        cpu_s = next((float(line[4:]) for line in told if line.startswith("cpu ")), 0.0)
        tell({"result": [number, outcome, by, cpu_s]})
