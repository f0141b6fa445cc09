"""Mutation of `custody`: small wrong versions of the domain, and how many of them the tests notice.

    python -m tests.prove.mutation [--only MODULE…] [--sample N] [--seed N] [--recheck FILE] [--list-survivors]

Operators: mutators.py. How they are run: mutant_server.py. The figure is killed / all; a mutant that makes a
check loop counts as killed, one that no check runs as a survivor. survivors.toml holds those that may live, with a
reason; they stay in the figure. The proof holds when the figure is at least KILLED_PERCENT_MIN and that list
is true: every entry lives.
"""

import argparse
import difflib
import fnmatch
import importlib.util
import json
import os
import random
import subprocess
import sys
import tempfile
import time
import tomllib
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.prove import machine
from tests.prove import mutant_server as server
from tests.prove.mutant_checks import CheckFailed, import_all, toml
from tests.prove.mutant_forks import silence
from tests.prove.mutators import Mutant, PragmaWithoutReason, Target, defaults_of, mutants_of
from tests.tools.tree import ROOT

MODULES = (
    "custody.kinds", "custody.kinds.*", "custody.engine", "custody.timeline", "custody.obligation", "custody.affected",
    "custody.aspects", "custody.approve", "custody.view",
)  # fmt: skip
"""Rule kinds and engine. Names or patterns; each has to fit a module."""

NOT_MODULES: tuple[str, ...] = ()
"""Left out of these."""

CHECKS = (
    "tests.custody.mutant_histories:CHECKS",
    "tests/custody/test_rules_by_hand.py",
    "tests/custody/test_straddle.py",
    "tests/custody/test_mutants.py",
    "tests/custody/test_kinds.py",
    "tests/custody/test_small_books.py",
    "tests/custody/test_engine_small.py",
    "tests/custody/test_affected.py",
    "tests/custody/test_approvals.py",
    "tests/custody/test_forgetting.py",
)
"""Paths for pytest, or `module:function`, or `module:list_of_functions`."""

SEARCH = ("firmware", "gateway", "server", ".")
SURVIVORS = Path(__file__).with_name("survivors.toml")
KILLED_PERCENT_MIN = 95.0
JOBS = os.cpu_count() or 2
NEWS_EVERY_S = 30.0

Say = Callable[[str], None]


class Mistaken(ValueError):
    """What was asked for cannot be done: an unknown module, a survivor without reason."""


@dataclass(frozen=True)
class Plan:
    """What to mutate and by which checks to judge it."""

    modules: tuple[str, ...]
    not_modules: tuple[str, ...]
    checks: tuple[str, ...]
    folder: Path
    survivors: Path | None
    sample: int | None = None
    seed: int = 0
    recheck: Path | None = None
    jobs: int = JOBS


def run(say: Say) -> dict[str, Any]:
    """The proof: everything, in a process that has imported nothing of the project."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [sys.executable, "-m", "tests.prove.mutation", "--json", str(report)]
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(str(ROOT / path) for path in SEARCH)}
        with subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process:
            assert process.stdout is not None, "asked for a pipe"
            for line in process.stdout:
                say(f"mutation: {line.rstrip()}")
        if not report.exists():
            return {"holds": False, "error": f"ended with {process.returncode} and no report"}
        figures: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
    for key in ("commit", "machine", "made"):
        figures.pop(key)
    return figures


# --- the run -------------------------------------------------------------------------------


def targets_of(plan: Plan) -> list[Target]:
    """The modules, found by their files: nothing is imported. Raises Mistaken."""
    found: dict[str, Path] = {}
    for top in dict.fromkeys(pattern.split(".")[0] for pattern in plan.modules):
        spec = importlib.util.find_spec(top)
        if spec is None or spec.origin is None:
            raise Mistaken(f"expected a module that can be imported, found {top}")
        found |= _modules_below(top, Path(spec.origin))
    for pattern in plan.modules:
        if not any(fnmatch.fnmatchcase(name, pattern) for name in found):
            raise Mistaken(f"expected a module of that name, found none for {pattern}")
    chosen = {
        name: file
        for name, file in sorted(found.items())
        if any(fnmatch.fnmatchcase(name, pattern) for pattern in plan.modules)
        and not any(fnmatch.fnmatchcase(name, pattern) for pattern in plan.not_modules)
    }
    return [Target.load(name, file) for name, file in chosen.items()]


def _modules_below(top: str, origin: Path) -> dict[str, Path]:
    if origin.name != "__init__.py":
        return {top: origin}
    found = {}
    for file in origin.parent.rglob("*.py"):
        parts = [top, *file.relative_to(origin.parent).with_suffix("").parts]
        found[".".join(parts).removesuffix(".__init__")] = file
    return found


def mutate(plan: Plan, say: Say) -> tuple[dict[str, Any], list[Target], list[tuple[Mutant, server.Result]]]:
    """Make the mutants, run them, and give the figures with `holds`, the targets and every result.

    Raises Mistaken, PragmaWithoutReason, CheckFailed.
    """
    started = time.monotonic()
    targets = targets_of(plan)
    defaults = defaults_of(targets)
    every = [mutant for target in targets for mutant in mutants_of(target, defaults)]
    accepted = _accepted(plan.survivors, {target.module for target in targets})
    mutants = every if plan.recheck is None else survivors_of(plan.recheck, every)
    if plan.sample is not None:
        mutants = drawn(mutants, plan.sample, plan.seed)
    say(f"{len(mutants)} mutants of {len(targets)} modules, made in {time.monotonic() - started:.1f} s")
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="mutants-", dir=memory) as scratch:
        job = server.Job(targets, mutants, list(plan.checks), plan.folder, plan.jobs, Path(scratch))
        news = _News(say, len(mutants))
        checks = _run_both_ways(job, news)
    results = [(mutant, news.results[number]) for number, mutant in enumerate(mutants)]
    figures = _figures(results, accepted, {mutant.key for mutant in every})
    took_s = time.monotonic() - started
    figures |= {
        "checks": len(checks),
        "at_import": news.late,
        "seconds": round(took_s, 1),
        "mutants_per_s": round(len(mutants) / took_s, 2),
    }
    if plan.sample is not None:
        figures["sample"] = {"of": len(every), "seed": plan.seed}
    if plan.recheck is not None:
        figures["recheck"] = {"of": len(every)}
    return figures, targets, results


def drawn(every: list[Mutant], count: int, seed: int) -> list[Mutant]:
    """A sample in the order of the whole; the same for the same seed."""
    chosen = random.Random(seed).sample(range(len(every)), min(count, len(every)))
    return [every[number] for number in sorted(chosen)]


def survivors_of(report: Path, every: list[Mutant]) -> list[Mutant]:
    """Those of the mutants that lived in an earlier report. Raises Mistaken."""
    try:
        rows = json.loads(report.read_text(encoding="utf-8"))["survivors"]
        lived = {(row["module"], row["function"], row["mutant"]) for row in rows}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Mistaken(f"expected a report written with --json, found {report}: {error!r}") from None
    return [mutant for mutant in every if mutant.key in lived]


def _run_both_ways(job: server.Job, news: "_News") -> dict[str, float]:
    toml.install()
    late: dict[int, list[str]] = {}
    ready: dict[str, Any] = {}
    for told in _in_fork(job):
        if "error" in told:
            raise CheckFailed(told["error"])
        if "ready" in told:
            ready = told
            news.say(f"{len(told['ready'])} checks; unchanged modules pass when installed in place")
        elif "late" in told:
            late[told["late"]] = told["checks"]
        else:
            news.tell(told)
    if not ready:
        raise CheckFailed("expected the server of mutants to end with a word, found none")
    seconds: dict[str, float] = dict(ready["ready"])
    news.late = len(late)
    if late:
        news.say(f"{len(late)} of them at import")
        import_all(ready["libraries"])
        toml.warm(ready["texts"])
        server.serve_at_import(job, dict(sorted(late.items())), seconds, news.tell)
        news.say("unchanged modules pass when imported from their trees")
    return seconds


def _in_fork(job: server.Job) -> Iterator[dict[str, Any]]:
    """The server in place, in a fork: this process stays without the modules, for the other way."""
    read_end, write_end = os.pipe()
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        os.close(read_end)
        with os.fdopen(write_end, "w", buffering=1) as out:

            def tell(message: dict[str, Any]) -> None:
                out.write(json.dumps(message) + "\n")

            log = job.scratch / "server"
            silence(log)
            try:
                server.serve_in_place(job, tell)
            except BaseException as error:  # noqa: BLE001 - a fork must never go on as its parent
                traceback.print_exc()
                sys.stderr.flush()
                told = log.read_text(errors="replace")[-4000:]
                tell({"error": str(error) if isinstance(error, CheckFailed) else told})
        os._exit(0)
    os.close(write_end)
    with os.fdopen(read_end) as lines:
        for line in lines:
            yield json.loads(line)
    os.waitpid(pid, 0)


class _News:
    """Collects results and says from time to time how far it is."""

    def __init__(self, say: Say, count: int) -> None:
        self.say, self.count = say, count
        self.late = 0
        self.results: dict[int, server.Result] = {}
        self._said = time.monotonic()

    def tell(self, told: dict[str, Any]) -> None:
        number, outcome, by, cpu_s = told["result"]
        self.results[number] = server.Result(number, outcome, by, cpu_s)
        if time.monotonic() - self._said > NEWS_EVERY_S:
            self._said = time.monotonic()
            killed = sum(result.is_killed for result in self.results.values())
            self.say(f"{len(self.results)} of {self.count}, {killed} killed")


# --- the report ----------------------------------------------------------------------------


def _accepted(file: Path | None, modules: set[str]) -> dict[tuple[str, str, str], str]:
    """Survivors that may live, of these modules, with reasons. Raises Mistaken."""
    if file is None or not file.exists():
        return {}
    found = {}
    for row in tomllib.loads(file.read_text(encoding="utf-8")).get("survivor", []):
        if set(row) != {"module", "function", "mutant", "reason"} or not str(row["reason"]).strip():
            raise Mistaken(f"{file.name}: expected module, function, mutant and a reason, found {row}")
        key = (row["module"], row["function"], row["mutant"])
        if key in found:
            raise Mistaken(f"{file.name}: expected each survivor once, found {key} twice")
        found[key] = row["reason"]
    return {key: reason for key, reason in found.items() if key[0] in modules}


def _figures(
    results: list[tuple[Mutant, server.Result]],
    accepted: dict[tuple[str, str, str], str],
    known: set[tuple[str, str, str]],
) -> dict[str, Any]:
    outcomes = Counter(result.outcome for _, result in results)
    killed = sum(result.is_killed for _, result in results)
    percent = round(100 * killed / len(results), 2) if results else 100.0
    alive = {mutant.key for mutant, result in results if not result.is_killed}
    dead = {mutant.key for mutant, result in results if result.is_killed}
    stale = [list(key) for key in accepted if key in dead or key not in known]
    return {
        "holds": percent >= KILLED_PERCENT_MIN and not stale,
        "killed_percent": percent,
        "killed_percent_min": KILLED_PERCENT_MIN,
        "mutants": len(results),
        "killed": killed,
        "of_these_by_timeout": outcomes["timeout"],
        "of_these_by_crash": outcomes["crashed"],
        "survived": len(results) - killed,
        "of_these_run_by_no_check": outcomes["uncovered"],
        "of_these_accepted": len(alive & set(accepted)),
        "accepted_but_gone": stale,
        "modules": _by_module(results),
        "killed_by": dict(Counter(_part_of(result.by) for _, result in results if result.by).most_common()),
        "survivors": [
            {
                "module": mutant.module,
                "function": mutant.function,
                "mutant": mutant.what,
                "line": mutant.first,
                "outcome": result.outcome,
                **({"accepted": accepted[mutant.key]} if mutant.key in accepted else {}),
            }
            for mutant, result in results
            if not result.is_killed
        ],
    }


def _part_of(check: str) -> str:
    """The file of a check; of the histories their kind is not told apart."""
    return check.partition("[")[0].partition("::")[0]


def _by_module(results: list[tuple[Mutant, server.Result]]) -> dict[str, dict[str, float]]:
    modules: dict[str, dict[str, float]] = {}
    for mutant, result in results:
        row = modules.setdefault(
            mutant.module, {"mutants": 0, "killed": 0, "timeouts": 0, "survived": 0, "cpu_s": 0.0}
        )
        row["mutants"] += 1
        row["killed" if result.is_killed else "survived"] += 1
        row["timeouts"] += result.outcome == "timeout"
        row["cpu_s"] = round(row["cpu_s"] + result.cpu_s, 1)
    return modules


def difference(target: Target, mutant: Mutant) -> str:
    """Unified diff of the function that a mutant changes."""
    before = target.text(mutant)
    mutant.edit.apply()
    after = target.text(mutant)
    mutant.edit.undo()
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=2)
    return "\n".join(list(lines)[2:])


# --- the command ---------------------------------------------------------------------------


def main(argv: list[str]) -> int:
    """Exit code 0: holds; 1: does not; 2: what was asked for is wrong."""
    options = _options(argv)
    folder = Path(options.folder).resolve()
    recheck = Path(options.recheck).resolve() if options.recheck else None
    sys.path[:0] = [str(folder / path) for path in options.search]
    os.chdir(folder)
    plan = Plan(
        modules=tuple(options.only or options.modules),
        not_modules=() if options.only else tuple(options.leave_out),
        checks=tuple(options.checks),
        folder=folder,
        survivors=Path(options.survivors) if options.survivors else None,
        sample=options.sample,
        seed=options.seed,
        recheck=recheck,
        jobs=options.jobs,
    )
    try:
        figures, targets, results = mutate(plan, _print)
    except (Mistaken, PragmaWithoutReason, CheckFailed) as error:
        sys.stderr.write(f"tests.prove.mutation: {error}\n")
        return 2
    if options.list_survivors:
        by_name = {target.module: target for target in targets}
        for mutant, result in results:
            if not result.is_killed:
                print(f"\n# {mutant} [{result.outcome}] line {mutant.first}")
                print(difference(by_name[mutant.module], mutant))
    for module, row in figures["modules"].items():
        print(f"{module:40} {row['killed']:4.0f} of {row['mutants']:4.0f}  {row['cpu_s']:7.1f} s")
    if options.json:
        figures |= {"commit": machine.commit(allow_changes=True), "machine": machine.describe()}
        figures["made"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        text = json.dumps(figures, indent=1, ensure_ascii=False) + "\n"
        Path(options.json).write_text(text, encoding="utf-8")
    for key in figures["accepted_but_gone"]:
        print(f"accepted but gone: {key}")
    counts = f"{figures['killed']} of {figures['mutants']} killed ({figures['killed_percent']} %)"
    print(f"{counts}, {figures['seconds']} s, {figures['mutants_per_s']} a second")
    return 0 if figures["holds"] else 1


def _options(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.prove.mutation", description=__doc__.split("\n")[0]
    )
    parser.add_argument("--only", nargs="+", metavar="MODULE", help="these modules (patterns) instead of all")
    parser.add_argument("--sample", type=int, metavar="N", help="N mutants drawn from all")
    parser.add_argument("--seed", type=int, default=0, help="of the drawing")
    parser.add_argument("--recheck", metavar="FILE", help="only what lived in this report of an earlier run")
    parser.add_argument("--list-survivors", action="store_true", help="print a diff for each")
    parser.add_argument("--json", metavar="FILE", help="write the report")
    parser.add_argument("--jobs", type=int, default=JOBS)
    parser.add_argument("--modules", nargs="+", default=list(MODULES))
    parser.add_argument("--leave-out", nargs="*", default=list(NOT_MODULES))
    parser.add_argument("--checks", nargs="+", default=list(CHECKS))
    parser.add_argument("--search", nargs="+", default=list(SEARCH), help="folders of the packages")
    parser.add_argument("--folder", default=str(ROOT), help="where paths begin")
    parser.add_argument("--survivors", default=str(SURVIVORS), help="accepted survivors; '' for none")
    return parser.parse_args(argv)


def _print(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
