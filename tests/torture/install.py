"""`python -m tests.torture.install TARGET…`: brings other systems into .cache/torture, each in a folder of its own.

Versions are fixed, so that a score can be made again. What is there is left as it is. Nothing for `caseward`.
"""

import shutil
import subprocess
import sys
from pathlib import Path

from tests.torture.targets import NAMES

CACHE = Path(".cache") / "torture"
NODE_RED = "node-red@4.1.15"
HOME_ASSISTANT = ("homeassistant==2025.4.4", "home-assistant-frontend==20250411.0", "paho-mqtt==2.1.0")
HOME_ASSISTANT_PYTHON = (3, 13)


def node_red() -> None:
    """Raises RuntimeError, CalledProcessError."""
    folder = CACHE / "node-red"
    if (folder / "node_modules" / "node-red").exists():
        return
    npm = shutil.which("npm")
    if npm is None:
        raise RuntimeError("expected npm on PATH, found none: apt-get install npm")
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run([npm, "install", "--no-audit", "--no-fund", "--prefix", str(folder), NODE_RED], check=True)


def home_assistant() -> None:
    """Raises RuntimeError, CalledProcessError."""
    folder = CACHE / "home-assistant"
    if (folder / "bin" / "hass").exists():
        return
    subprocess.run([_python(), "-m", "venv", str(folder)], check=True)
    subprocess.run([str(folder / "bin" / "pip"), "install", "-q", *HOME_ASSISTANT], check=True)


def _python() -> str:
    """A Python that this Home Assistant runs on: on PATH, or one that pyenv has."""
    major, minor = HOME_ASSISTANT_PYTHON
    name = f"python{major}.{minor}"
    candidates = [
        shutil.which(name),
        *sorted(Path.home().glob(f".pyenv/versions/{major}.{minor}.*/bin/{name}")),
    ]
    for candidate in filter(None, candidates):
        tried = subprocess.run([str(candidate), "--version"], capture_output=True, text=True)
        if tried.returncode == 0 and f" {major}.{minor}" in tried.stdout:
            return str(candidate)
    raise RuntimeError(f"expected {name} for Home Assistant, found none")


def main(names: list[str]) -> int:
    for name in names:
        if name not in NAMES:
            sys.stderr.write(f"expected one of {', '.join(NAMES)}, found {name!r}\n")
            return 2
        if name.startswith("node-red"):
            node_red()
        elif name.startswith("home-assistant"):
            home_assistant()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
