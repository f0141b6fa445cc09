"""The same seeds in fresh processes: with other hash seeds, and on another version of Python."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.prove.busy.second import others
from tests.tools.tree import ROOT

PLAYED = ("--seed", "3", "--count", "3", "--minutes", "6")
SECONDS_MAX = 900
INSTALL_SECONDS_MAX = 600
CACHE = ROOT / ".cache" / "simulation-python"
PACKAGES = ("firmware", "gateway", "server", "")


def digests(python: str, played: tuple[str, ...] = PLAYED, hash_seed: str = "0") -> list[str]:
    """What `python -m tests.simulation` says of each seed, without the seconds. Raises RuntimeError when it fails."""
    path = os.pathsep.join(str(ROOT / name) for name in PACKAGES)
    env = dict(os.environ, PYTHONHASHSEED=hash_seed, PYTHONPATH=path, PYTHONDONTWRITEBYTECODE="1")
    done = subprocess.run(
        [python, "-m", "tests.simulation", *played],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
    )
    lines = [line.split(", ") for line in done.stdout.splitlines() if line.startswith("seed ")]
    if done.returncode not in (0, 1) or not lines:
        raise RuntimeError(
            f"expected a line for each seed, found exit code {done.returncode}: {done.stderr[-2000:]}"
        )
    return [", ".join([*words[:4], words[-1]]) for words in lines]


def installed() -> str | None:
    """Another Python with what the server needs, when `made` has made it before."""
    return next((str(path) for path in sorted(CACHE.glob("*/bin/python")) if _can_play(str(path))), None)


def made() -> str | None:
    """The same, made when there is none: a virtual environment of another CPython of this machine, from the lock."""
    found = installed()
    if found is not None:
        return found
    for python in others():
        folder = CACHE / Path(python).name
        subprocess.run([python, "-m", "venv", "--clear", str(folder)], check=True, capture_output=True)
        done = subprocess.run(
            [str(folder / "bin" / "python"), "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-input",
             "--require-hashes", "--no-deps", "-r", str(ROOT / "requirements.lock")],
            capture_output=True, text=True, timeout=INSTALL_SECONDS_MAX,
        )  # fmt: skip
        if done.returncode == 0 and _can_play(str(folder / "bin" / "python")):
            return str(folder / "bin" / "python")
        shutil.rmtree(folder, ignore_errors=True)
    return None


def _can_play(python: str) -> bool:
    code = "import sqlalchemy, alembic, cryptography, pydantic_settings, structlog"
    try:
        return subprocess.run([python, "-c", code], capture_output=True).returncode == 0
    except OSError:
        return False


def compared(say: Callable[[str], None]) -> dict[str, Any]:
    """The seeds of `PLAYED` here twice and on another Python; `is_same` when every run says the same of each."""
    here = digests(sys.executable, hash_seed="1")
    again = digests(sys.executable, hash_seed="2")
    other = made()
    there = None if other is None else digests(other, hash_seed="3")
    say(
        f"simulation: another hash seed {again == here}, another Python {'missing' if other is None else there == here}"
    )
    version = (
        None
        if other is None
        else subprocess.run([other, "-V"], capture_output=True, text=True).stdout.split()[-1]
    )
    return {
        "played": " ".join(PLAYED), "runs": here, "same_with_another_hash_seed": again == here,
        "other_python": version, "same_on_other_python": there == here,
        "is_same": again == here and there == here,
    }  # fmt: skip
