"""A copy of the tree with one planted bug in it."""

import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
PATCHES = Path(__file__).parent
PRODUCT = ("firmware", "gateway", "server")
COPIED = (*PRODUCT, "tests", "pyproject.toml")
_LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.pyc")


def patches() -> list[Path]:
    """Every planted bug, by name."""
    return sorted(PATCHES.glob("*.diff"))


def planted(patch: Path, into: Path) -> Path:
    """Copy product and tests into the new folder `into` and apply `patch` there; returns the folder.

    Run things in it with `environment(into)`. Raises `CalledProcessError` when the patch does not apply.
    """
    into.mkdir(parents=True)
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, into / name, ignore=_LEFT_OUT)
        else:
            shutil.copy(source, into / name)
    apply(patch, into)
    return into


def apply(patch: Path, folder: Path, *options: str) -> None:
    """`git apply` of `patch` at `folder`. Raises `CalledProcessError` with git's words when it does not fit."""
    # Inside a repository git passes over, without a word, what lies outside of it: a copy has none above it.
    environment = os.environ | {"GIT_CEILING_DIRECTORIES": str(folder.resolve().parent)}
    environment.pop("GIT_DIR", None)
    command = ["git", "apply", "--whitespace=nowarn", *options, str(patch.resolve())]
    subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True, text=True)


def environment(folder: Path) -> dict[str, str]:
    """For processes that are to run the product and the tests of the copy in `folder`, with that as their folder."""
    paths = [str(folder / name) for name in PRODUCT]
    return os.environ | {"PYTHONPATH": os.pathsep.join([*paths, str(folder)]), "PYTHONDONTWRITEBYTECODE": "1"}
