"""The suite is nobody's: it imports its adapters' products nowhere but in their adapters, and holds enough cases."""

import ast
import json
import sys
from pathlib import Path

import pytest

from tests.torture import targets
from tests.torture.cases import CASES
from tests.torture.report import with_tables

HERE = Path(__file__).parent
OURS = {"targets/caseward.py", "targets/caseward_node.py", "test_ourselves.py"}
ALLOWED = {"paho", "pytest"}
HELPER = "tests.tools.ports"  # which imports the standard library alone


def imports(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}: absolute imports only"
            names.add(node.module or "")
    return names


@pytest.mark.parametrize("path", sorted(HERE.rglob("*.py")), ids=lambda path: str(path.relative_to(HERE)))
def test_nothing_of_ours_outside_our_adapter(path: Path) -> None:
    if str(path.relative_to(HERE)) in OURS:
        return
    foreign = {
        name
        for name in imports(path)
        if name.split(".")[0] not in ALLOWED | set(sys.stdlib_module_names)
        and name.split(".")[:2] != ["tests", "torture"]
        and name != HELPER
    }
    assert foreign == set()
    assert not any("targets.caseward" in name for name in imports(path)), (
        "by its name alone, when it is asked for"
    )


def test_what_it_takes_from_our_tools_is_nobody_s_either() -> None:
    found = imports(HERE.parent / "tools" / f"{HELPER.rpartition('.')[2]}.py")
    assert {name.split(".")[0] for name in found} <= set(sys.stdlib_module_names)


def test_there_are_at_least_twenty_cases_with_names_of_their_own() -> None:
    assert len(CASES) >= 20
    assert len({case.name for case in CASES}) == len(CASES)


def test_the_tables_of_the_page_are_those_of_the_cases_and_of_the_last_report() -> None:
    root = HERE.parents[1]
    page = (root / "docs" / "torture.md").read_text(encoding="utf-8")
    report = json.loads((root / "docs" / "proof" / "torture.json").read_text(encoding="utf-8"))
    assert with_tables(page, report) == page
    played = [entry for target in report["targets"].values() for entry in target["cases"].values()]
    assert all("+changes" not in entry["commit"] for entry in played), "figures are of a commit"


def test_every_target_has_its_adapter() -> None:
    for module, cls in targets.NAMES.values():
        source = (HERE / "targets" / f"{module}.py").read_text(encoding="utf-8")
        assert f"class {cls}" in source
