"""The planted bugs themselves: each one fits the present tree, is small, and is a program that still starts."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.planted.tree import PRODUCT, ROOT, apply, environment, patches, planted

AREAS = (
    "log", "outbox", "dedupe", "timers", "clocks", "alarms", "locks", "identity", "rules", "node", "wire",
    "storage", "evaluator", "lockers",
)  # fmt: skip
LINES_MAX = 2
BLIND_MIN = 40
HEAD = re.compile(
    r"# what: (?P<what>[^\n]{20,400}\.)\n# area: (?P<area>[a-z]+)\n# by: (?P<by>blind|seen)\n--- a/(?P<file>\S+)\n"
)

each = pytest.mark.parametrize("patch", patches(), ids=lambda patch: patch.stem)


def head(patch: Path) -> re.Match[str]:
    """The patch's own words: what, area, by, file."""
    found = HEAD.match(patch.read_text(encoding="utf-8"))
    assert found is not None, f"{patch.name}: expected # what:, # area: and # by: before the diff"
    return found


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tree without a bug, to try them in."""
    first = patches()[0]
    folder = planted(first, tmp_path_factory.mktemp("planted") / "tree")
    apply(first, folder, "--reverse")
    return folder


@each
def test_it_says_what_it_is(patch: Path) -> None:
    found = head(patch)
    assert found["area"] in AREAS
    assert patch.stem.startswith(f"{found['area']}-")
    assert found["file"].startswith(tuple(f"{name}/" for name in PRODUCT))


def test_each_changes_one_file_by_two_lines_at_most() -> None:
    numbers = subprocess.run(
        ["git", "apply", "--numstat", *map(str, patches())],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    assert len(numbers) == len(patches()), "one file each"
    for patch, line in zip(patches(), numbers, strict=True):
        added, removed, file = line.split("\t")
        assert file == head(patch)["file"], patch.name
        assert 1 <= max(int(added), int(removed)) <= LINES_MAX, patch.name


@each
def test_it_fits_the_present_tree_and_compiles(copy: Path, patch: Path) -> None:
    file = copy / head(patch)["file"]
    before = file.read_bytes()
    apply(patch, copy)
    try:
        assert file.read_bytes() != before
        compile(file.read_bytes(), str(file), "exec")
    finally:
        apply(patch, copy, "--reverse")
    assert file.read_bytes() == before


def test_every_patched_module_imports_from_the_copy(copy: Path) -> None:
    """In rounds, one bug of each file at a time: an interpreter for each would take minutes."""
    by_file: dict[str, list[Path]] = {}
    for patch in patches():
        by_file.setdefault(head(patch)["file"], []).append(patch)
    while by_file:
        now = [waiting.pop() for waiting in by_file.values()]
        by_file = {file: waiting for file, waiting in by_file.items() if waiting}
        for patch in now:
            apply(patch, copy)
        imported(copy, [module_of(patch) for patch in now])
        for patch in now:
            apply(patch, copy, "--reverse")


def test_what_runs_in_a_planted_tree_is_the_copy_with_the_bug(tmp_path: Path) -> None:
    patch = patches()[0]
    folder = planted(patch, tmp_path / "tree")
    imported(folder, [module_of(patch), "caseward", "tests.planted.tree"])
    assert (folder / head(patch)["file"]).read_bytes() != (ROOT / head(patch)["file"]).read_bytes()


def test_there_are_enough_that_were_written_blind() -> None:
    blind = [patch for patch in patches() if head(patch)["by"] == "blind"]
    assert len(blind) >= BLIND_MIN
    assert {head(patch)["area"] for patch in blind} == set(AREAS)


def module_of(patch: Path) -> str:
    """Its name as Python imports it."""
    parts = Path(head(patch)["file"]).with_suffix("").parts[1:]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(folder: Path, modules: list[str]) -> None:
    """A fresh interpreter in the folder imports them, and each from there."""
    script = (
        "import importlib, sys\n"
        "for name in sys.argv[1:]: print(importlib.import_module(name).__file__)\n"
    )  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", script, *modules], cwd=folder, env=environment(folder), check=False,
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = [Path(line) for line in done.stdout.splitlines()]
    assert len(found) == len(modules)
    assert [path for path in found if not path.is_relative_to(folder)] == []
