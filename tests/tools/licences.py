"""The licences of everything requirements.lock installs: `make licences` writes docs/licences.md.

pip-licenses reads them from the installed packages; this module splits the list into what the product
runs on and what only builds and tests it, and adds the GPIO packages, which install on a Raspberry Pi only.
"""

import json
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.tools.tree import ROOT

PAGE = Path("docs/licences.md")
PRODUCT_EXTRAS = ("gateway", "field", "server", "influx")

HEAD = """\
# Licences of the dependencies

Made by `make licences` from the packages that requirements.lock installs; `tests/architecture/test_licences.py`
fails when this page and the lock part ways, or when a licence of the GPL family reaches the product.
Caseward itself is under Apache-2.0 (LICENSE). Why each direct dependency is there stands beside it in pyproject.toml.
"""

PI = """\
## On a Raspberry Pi only

Not in the lock: the two give the same module `RPi.GPIO` and exclude each other.

| package | extra | licence |
|---|---|---|
| rpi-lgpio | pi | BSD-3-Clause |
| lgpio | pi (through rpi-lgpio) | Unlicense |
| RPi.GPIO | pi-legacy | MIT |
"""

NODES = """\
## On the nodes

| what | licence |
|---|---|
| MicroPython and the modules of micropython-lib that firmware/package.json names | MIT |
"""


def locked() -> dict[str, str]:
    """Canonical package name -> version, of each line of requirements.lock."""
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    return {
        canonicalize_name(name): version
        for name, version in re.findall(r"^([\w.-]+)==([\w.!+]+)", lines, re.M)
    }


def product_names() -> set[str]:
    """What the extras of the product pull in, followed through the installed packages."""
    names: set[str] = set()
    waiting = [
        Requirement(line)
        for line in metadata.requires("caseward") or []
        if any(f'extra == "{extra}"' in line.replace("'", '"') for extra in PRODUCT_EXTRAS)
    ]
    while waiting:
        wanted = waiting.pop()
        name = canonicalize_name(wanted.name)
        if name in names:
            continue
        names.add(name)
        for line in metadata.requires(name) or []:
            further = Requirement(line)
            extras = {"", *wanted.extras}
            if further.marker is None or any(further.marker.evaluate({"extra": extra}) for extra in extras):
                waiting.append(further)
    return names


def licences() -> dict[str, tuple[str, str]]:
    """Canonical name -> (version, licence), of the locked packages that are installed here."""
    names = [
        name for name in locked() if name not in {"pip", "setuptools"}
    ]  # of the virtual environment itself
    output = subprocess.run(
        [sys.executable, "-m", "piplicenses", "--format=json", "--from=mixed", "--with-system"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    found: dict[str, tuple[str, str]] = {
        canonicalize_name(row["Name"]): (row["Version"], row["License"]) for row in json.loads(output)
    }
    return {name: found[name] for name in names if name in found}


def table(names: list[str], rows: dict[str, tuple[str, str]]) -> str:
    lines = ["| package | version | licence |", "|---|---|---|"]
    lines += [f"| {name} | {rows[name][0]} | {' '.join(rows[name][1].split())} |" for name in names]
    return "\n".join(lines) + "\n"


def page() -> str:
    """The whole of docs/licences.md."""
    rows = licences()
    product = product_names()
    return "\n".join(
        [
            HEAD,
            "## The product\n",
            table(sorted(name for name in rows if name in product), rows),
            PI,
            NODES,
            "## Development and tests only\n",
            "Never installed with the product. `pymerkle` (GPL) is an outside check of our tree, imported by tests alone; `wireviz` (GPL) is a tool that draws hardware/.\n",
            table(sorted(name for name in rows if name not in product), rows),
        ]
    )


def main() -> int:
    (ROOT / PAGE).write_text(page(), encoding="utf-8")
    print(f"wrote {PAGE}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
