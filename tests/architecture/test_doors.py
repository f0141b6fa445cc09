"""The scripts that everything is started by: .ci/setup names what is missing, .ci/run says how the tests ended."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.tools.tree import ROOT


def run(script: str, *arguments: str, path: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/bash", str(ROOT / ".ci" / script), *arguments],
        env={"PATH": path},
        capture_output=True,
        text=True,
    )


def program(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    (folder / name).chmod(0o755)


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A PATH with next to nothing on it, for somebody who is not root."""
    (tmp_path / "dirname").symlink_to("/usr/bin/dirname")
    program(tmp_path, "id", "echo 1000")
    return tmp_path


@pytest.fixture
def ending(tmp_path: Path) -> str:
    """A PATH where `make` only says what the test wrote into `test.sh`."""
    program(tmp_path, "make", f'[ "$1" = check ] || exec /bin/sh {tmp_path}/test.sh')
    return f"{tmp_path}{os.pathsep}/usr/bin{os.pathsep}/bin"


def test_setup_without_root_names_the_packages_and_what_is_left_out(bare: Path) -> None:
    done = run("setup", "system", "node", path=str(bare))
    assert done.returncode == 0
    assert "apt-get install --no-install-recommends nodejs npm" in done.stdout
    assert "left out are the node under the WebAssembly build" in done.stdout


def test_setup_is_silent_when_nothing_is_missing(bare: Path) -> None:
    for name in ("node", "npm"):
        program(bare, name, "true")
    done = run("setup", "system", "node", path=str(bare))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("arguments", [[], ["everything"], ["system", "emacs"]])
def test_setup_says_what_it_expected_and_what_came(bare: Path, arguments: list[str]) -> None:
    done = run("setup", *arguments, path=str(bare))
    assert done.returncode == 1
    assert f"found '{arguments[-1] if arguments else ''}'" in done.stderr


def test_the_run_ends_with_the_closing_line_of_the_tests(ending: str, tmp_path: Path) -> None:
    (tmp_path / "test.sh").write_text("echo 12 passed in 3.21s; echo something after")
    done = run("run", path=ending)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "12 passed in 3.21s")


def test_the_run_fails_when_a_test_fails(ending: str, tmp_path: Path) -> None:
    (tmp_path / "test.sh").write_text("echo 1 failed, 11 passed in 3.21s; exit 2")
    done = run("run", path=ending)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (2, "1 failed, 11 passed in 3.21s")


def test_the_run_fails_when_no_test_ran(ending: str, tmp_path: Path) -> None:
    (tmp_path / "test.sh").write_text("true")
    assert run("run", path=ending).returncode == 1


def test_the_run_fails_when_the_checks_do(ending: str, tmp_path: Path) -> None:
    program(tmp_path, "make", "exit 3")
    done = run("run", path=ending)
    assert (done.returncode, done.stdout) == (1, "ci: make check failed\n")
