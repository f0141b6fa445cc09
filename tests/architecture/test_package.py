"""The wheel: every module and data file of the packages, nothing else, and the command's entry point."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.tools.tree import PACKAGES, ROOT, files


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """Built without a network: hatchling is in the lock."""
    target = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(target)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (built,) = target.glob("caseward-*.whl")
    return zipfile.ZipFile(built)


def test_the_wheel_holds_every_file_of_the_packages(wheel: zipfile.ZipFile) -> None:
    """Templates, catalogues, rulebooks and migrations are files that an import does not miss until it is late."""
    wanted = {
        str(Path(*path.parts[1:]))
        for path in files()
        if len(path.parts) > 2 and PACKAGES.get(path.parts[1]) == path.parts[0]
    }
    assert wanted - set(wheel.namelist()) == set()


def test_the_wheel_holds_nothing_else(wheel: zipfile.ZipFile) -> None:
    tops = {name.split("/")[0] for name in wheel.namelist()}
    assert {top for top in tops if not top.startswith("caseward-")} == set(PACKAGES)


def test_the_command_is_there(wheel: zipfile.ZipFile) -> None:
    (name,) = [name for name in wheel.namelist() if name.endswith("entry_points.txt")]
    assert "caseward = caseward.cli:main" in wheel.read(name).decode()
