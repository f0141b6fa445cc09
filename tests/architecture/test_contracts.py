"""Each import contract is seen to break on an import it forbids. A contract that cannot break holds nothing."""

import re
import shutil
import subprocess
import sys
import tomllib

import pytest

from tests.tools.tree import PACKAGES, ROOT, product_modules

PLANTED: dict[str, str] = {
    "caselog/planted.py": "import custody, threading",
    "custody/planted.py": "import socket",
    "custody/kinds/planted.py": "import custody.kinds.clock",
    "custody/explain/planted.py": "import custody.facts",
    "custody/ledger/planted.py": "import custody.facts",
    "custody/bookcheck/planted.py": "import custody.facts",
    "casewire/planted.py": "import typing",
    "node/planted.py": "import custody",
    "casefield/planted.py": "import custody",
    "casekiosk/planted.py": "import casegateway",
    "casegateway/planted.py": "import caseserver, node",
    "caseserver/planted.py": "import casewire, casegateway, casekiosk",
    "caseserver/notify/planted.py": "import caseserver.notify.ladder",
}
"""Module to plant -> what it imports. Being unplaced, each also breaks its package's exhaustive layers."""


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Contract name -> KEPT or BROKEN, over a copy of the packages with the planted modules."""
    copy = tmp_path_factory.mktemp("planted")
    for path in product_modules():
        if path.parts[1] in PACKAGES:
            target = copy.joinpath(*path.parts[1:])
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / path, target)
    for name, line in PLANTED.items():
        (copy / name).write_text(f'"""Planted."""\n{line}\n', encoding="utf-8")
    shutil.copyfile(ROOT / "pyproject.toml", copy / "pyproject.toml")
    command = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    run = subprocess.run(
        [sys.executable, "-c", command, "--no-cache"],
        cwd=copy,
        env={"PYTHONPATH": str(copy), "PATH": "/usr/bin:/bin", "COLUMNS": "400"},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 1, run.stdout + run.stderr
    # The name is wrapped at the terminal's width; what follows it is the verdict.
    summary = " ".join(run.stdout.split("Broken contracts")[0].split())
    return {
        name: found.group(1)
        for name in names()
        if (found := re.search(re.escape(name) + r" ?(KEPT|BROKEN)", summary))
    }


def names() -> list[str]:
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return [contract["name"] for contract in config["tool"]["importlinter"]["contracts"]]


@pytest.mark.parametrize("name", names())
def test_a_contract_breaks_on_what_it_forbids(name: str, verdicts: dict[str, str]) -> None:
    assert verdicts[name] == "BROKEN"
