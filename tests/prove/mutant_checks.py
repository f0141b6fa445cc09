"""The checks that judge a mutant: tests of pytest, collected once and run one by one, or plain functions."""

import contextlib
import functools
import importlib
import importlib.util
import pickle
import signal
import sys
import sysconfig
import threading
import tomllib
import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

import pytest
from _pytest.runner import runtestprotocol

from tests.prove.mutators import Target

EXAMPLES_MAX = 8
"""Of a hypothesis test, whatever it asks for itself; nothing is made smaller."""

_LIBRARIES = tuple(
    sorted({sysconfig.get_paths()[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")})
)


class CheckFailed(RuntimeError):
    """A check does not pass without a mutant, or cannot be loaded."""


@dataclass
class Check:
    """Something that passes when the code is right: a test of pytest or a function without arguments."""

    name: str
    run: Callable[[], str]
    """passed | skipped | failed; an exception is a failure as well."""

    cpu_s: float = 0.0
    lines: dict[str, set[int]] = field(default_factory=dict)

    @property
    def limit_s(self) -> float:
        """CPU seconds after which a mutant is taken to loop."""
        return 1.0 + 6.0 * self.cpu_s


def with_checks(specs: list[str], folder: Path, then: Callable[[list[Check]], None]) -> None:
    """Load the checks and call `then` with them, inside the session of pytest where there is one.

    `package.module:name` is a function or a list of functions; anything else is a path for pytest.
    Raises CheckFailed.
    """
    functions = [spec for spec in specs if _is_dotted(spec)]
    paths = [spec for spec in specs if not _is_dotted(spec)]
    checks = [check for spec in functions for check in _functions(spec)]
    if not paths:
        then(checks)
        return
    session = _Session(checks, then)
    options = [f"--rootdir={folder}", "-s", "-q", "--tb=native", "--assert=plain"]  # plain: half the import
    for plugin in ("randomly", "cacheprovider", "unraisableexception", "threadexception", "warnings"):
        options += ["-p", f"no:{plugin}"]
    if importlib.util.find_spec("pytest_timeout") is not None:
        options += ["-o", "timeout=0"]
    code = pytest.main([*options, *paths], plugins=[session])
    if session.error is not None:
        raise session.error
    if not session.has_run:
        raise CheckFailed(f"expected tests in {' '.join(paths)}, pytest ended with {code!r}")


def _is_dotted(spec: str) -> bool:
    head, colon, name = spec.partition(":")
    return bool(colon) and name.isidentifier() and not head.endswith(".py")


def _functions(spec: str) -> list[Check]:
    module, _, name = spec.partition(":")
    found = getattr(importlib.import_module(module), name)
    if callable(found):
        return [Check(spec, functools.partial(_run_function, found))]
    return [Check(f"{spec}[{f.__name__}]", functools.partial(_run_function, f)) for f in found]


def _run_function(function: Callable[[], object]) -> str:
    function()
    return "passed"


class _Session:
    """Plugin of pytest that hands out the collected tests instead of running them."""

    def __init__(self, checks: list[Check], then: Callable[[list[Check]], None]) -> None:
        self.checks, self.then = checks, then
        self.has_run = False
        self.error: BaseException | None = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self.has_run = True
        try:
            if session.testsfailed:
                raise CheckFailed(f"{session.testsfailed} test files could not be imported")
            for item in session.items:
                _calm(item)
                self.checks.append(Check(item.nodeid, functools.partial(_run_item, item)))
            self.then(self.checks)
        except Exception as error:  # noqa: BLE001 - pytest would print it and go on
            self.error = error
        return True


def _run_item(item: pytest.Item) -> str:
    reports = runtestprotocol(item, log=False, nextitem=None)
    for outcome in ("failed", "skipped"):
        for report in reports:
            if report.outcome == outcome:
                if outcome == "failed":
                    sys.stderr.write(f"{item.nodeid}\n{report.longrepr}\n")
                return outcome
    return "passed"


def _calm(item: pytest.Item) -> None:
    """A hypothesis test runs few examples, always the same, and stops at the first that fails."""
    function = getattr(item, "function", None)
    asked = getattr(function, "_hypothesis_internal_use_settings", None)
    if function is None or not hasattr(function, "hypothesis"):
        return
    from hypothesis import HealthCheck, Phase, settings

    asked = asked or settings()
    function._hypothesis_internal_use_settings = settings(
        asked,
        max_examples=min(asked.max_examples, EXAMPLES_MAX),
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


def try_checks(checks: Iterable[Check], out: TextIO) -> None:
    """Run checks until one does not pass; writes `at`, and `killed` or `survived`.

    A loop without end is ended by the CPU clock: SIGPROF, which nothing catches.
    """
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    for check in checks:
        out.write(f"at {check.name}\n")
        signal.setitimer(signal.ITIMER_PROF, check.limit_s)
        has_passed = outcome_of(check) == "passed"
        signal.setitimer(signal.ITIMER_PROF, 0.0)
        if not has_passed:
            out.write("killed\n")
            return
    out.write("survived\n")


def outcome_of(check: Check) -> str:
    try:
        return check.run()
    except BaseException:  # noqa: BLE001 - SystemExit of a mutant is a failure like another
        traceback.print_exc()
        return "failed"


def verdict(told: list[str], ending: str) -> tuple[str, str]:
    """Outcome of a mutant and the check that it is by, from what its child wrote. Raises CheckFailed."""
    at = next((line[3:] for line in reversed(told) if line.startswith("at ")), "")
    if ending != "ended" and not {"killed", "survived"}.isdisjoint(told):
        raise CheckFailed(f"expected a child to end after its verdict, it {ending}: {told[-1]}")
    if "killed" in told:
        return "killed", at
    if "survived" in told:
        return "survived", ""
    return ("timeout", at) if ending == "timeout" else ("crashed", at or "import")


class Tracer:
    """Notes which lines of the targets run."""

    def __init__(self, targets: Iterable[Target]) -> None:
        self._modules = {str(target.file): target.module for target in targets}
        self.lines: dict[str, set[int]] = {target.module: set() for target in targets}

    @contextlib.contextmanager
    def noting(self) -> Iterator[None]:
        threading.settrace(self._enter)
        sys.settrace(self._enter)
        try:
            yield
        finally:
            self.stop()

    def stop(self) -> None:
        sys.settrace(None)
        threading.settrace(None)

    def _enter(self, frame: Any, event: str, arg: object) -> Any:
        module = self._modules.get(frame.f_code.co_filename)
        if module is None:
            return None
        add = self.lines[module].add

        def note(frame: Any, event: str, arg: object) -> Any:
            add(frame.f_lineno)
            return note

        add(frame.f_lineno)
        return note


def is_ours(file: str) -> bool:
    """A file of the project or of its tests: in no library."""
    return bool(file) and not file.startswith(("<", *_LIBRARIES)) and "site-packages" not in file


def import_all(names: Iterable[str]) -> None:
    """What every fork would import anyway, once."""
    for name in names:
        if name not in sys.modules and not name.startswith("__"):
            with contextlib.suppress(Exception):
                importlib.import_module(name)


class RememberedToml:
    """`tomllib.loads` with a memory: half the time of a check goes into reading the same two files.

    What it gives is made new for each caller, so nobody sees another's changes.
    """

    def __init__(self) -> None:
        self._known: dict[str, bytes] = {}
        self._loads = tomllib.loads

    def install(self) -> None:
        tomllib.loads = self.loads

    def loads(self, text: str, /, **options: Any) -> dict[str, Any]:
        if options or not isinstance(text, str):
            return self._loads(text, **options)
        known = self._known.get(text)
        if known is None:
            known = self._known[text] = pickle.dumps(self._loads(text))
        made: dict[str, Any] = pickle.loads(known)
        return made

    def texts(self) -> list[str]:
        return list(self._known)

    def warm(self, texts: Iterable[str]) -> None:
        for text in texts:
            self.loads(text)


toml = RememberedToml()
