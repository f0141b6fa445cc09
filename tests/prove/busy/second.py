"""Other Pythons to run the made-up year on: CPython's WebAssembly build from npm, and what this machine has.

`pyodide` carries CPython and its library whole, and runs under node.js. It sees nothing of this machine: the engine,
the year and the one time zone that the area names are written into it as files.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from zoneinfo import TZPATH

from tests.prove.busy.property import ZONE
from tests.tools.tree import ROOT

CACHE = ROOT / ".cache" / "npm-python"
PACKAGE, VERSION = "pyodide", "314.0.6"  # CPython 3.14
INTEGRITY = "sha512-BKDTJyIqFxC4BExLqeRS3f5xvXZIjOt8C3zGLN/Cc7tFxSwvKVhVkchQQ2AGLOtR4YrVOIFxbV8poyDOOmWwxQ=="
NPM_SECONDS_MAX = 180
NATIVE = ("python3.12", "python3.13", "python3.14", "python3.15")


def can_be_had() -> bool:
    """npm and node.js are there."""
    return bool(shutil.which("npm") and shutil.which("node"))


def module() -> Path:
    """The path of pyodide.mjs, installed on first use. Raises CalledProcessError, or ValueError for another content."""
    found = CACHE / "node_modules" / PACKAGE / "pyodide.mjs"
    if not found.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            [
                "npm",
                "install",
                "--no-audit",
                "--no-fund",
                "--ignore-scripts",
                "--prefix",
                str(CACHE),
                f"{PACKAGE}@{VERSION}",
            ],
            check=True,
            capture_output=True,
            timeout=NPM_SECONDS_MAX,
            env=dict(os.environ, npm_config_update_notifier="false"),
        )
    lock = json.loads((CACHE / "node_modules" / ".package-lock.json").read_text(encoding="utf-8"))
    integrity = lock["packages"][f"node_modules/{PACKAGE}"]["integrity"]
    if integrity != INTEGRITY:
        raise ValueError(f"expected {PACKAGE} {VERSION} with {INTEGRITY}, found {integrity}")
    return found


def _files() -> dict[str, str]:
    """The engine with its data and the year, under /lib."""
    found = {"/lib/tests/__init__.py": "", "/lib/tests/prove/__init__.py": ""}
    for base, folder in ((ROOT / "gateway", "custody"), (ROOT, "tests/prove/busy")):
        for path in sorted((base / folder).rglob("*")):
            if path.suffix in (".py", ".toml"):
                found[f"/lib/{path.relative_to(base)}"] = path.read_text(encoding="utf-8")
    return found


def _zone() -> bytes:
    """The time zone file that this Python itself uses."""
    for folder in TZPATH:
        path = Path(folder, ZONE)
        if path.exists():
            return path.read_bytes()
    import tzdata

    return (Path(tzdata.__file__).parent / "zoneinfo" / ZONE).read_bytes()


def in_webassembly(facts: int, seconds_max: float) -> dict[str, Any]:
    """The figures of so many facts under CPython's WebAssembly build. Raises when it fails or takes too long."""
    job = {
        "module": str(module()),
        "files": _files(),
        "zone": {"path": f"/zoneinfo/{ZONE}", "hex": _zone().hex()},
        "program": (
            "import sys, json, zoneinfo\n"
            'sys.path.insert(0, "/lib")\n'
            'zoneinfo.reset_tzpath(["/zoneinfo"])\n'
            "from tests.prove.busy.replay import Replay\n"
            f"print(json.dumps(Replay(1, facts_max={facts}).run()))\n"
        ),
    }
    done = subprocess.run(
        ["node", str(Path(__file__).with_suffix(".mjs"))],
        input=json.dumps(job),
        capture_output=True,
        text=True,
        timeout=seconds_max,
    )
    return _figures(done)


def here(
    facts: int | None, seconds_max: float, *, hash_seed: int = 0, python: str = sys.executable
) -> dict[str, Any]:
    """The figures of so many facts in a process of its own, under a Python of this machine."""
    command = [
        python,
        "-m",
        "tests.prove.busy.replay",
        *(["--facts", str(facts)] if facts is not None else []),
    ]
    path = f"{ROOT}{os.pathsep}{ROOT / 'gateway'}"
    env = dict(os.environ, PYTHONHASHSEED=str(hash_seed), PYTHONPATH=path, PYTHONDONTWRITEBYTECODE="1")
    return _figures(
        subprocess.run(
            command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=None, text=True, timeout=seconds_max
        )
    )


def _figures(done: "subprocess.CompletedProcess[str]") -> dict[str, Any]:
    if done.returncode != 0:
        raise RuntimeError(f"expected exit code 0, found {done.returncode}: {(done.stderr or '')[-2000:]}")
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


def others() -> list[str]:
    """Other CPythons of this machine that start: on the path, or under pyenv."""
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    found = [path for name in NATIVE if (path := shutil.which(name)) and "shims" not in path]
    for name in NATIVE:
        found += sorted(
            str(path) for path in root.glob(f"versions/{name.removeprefix('python')}*/bin/{name}")
        )
    return [path for path in found if _starts(path)]


def _starts(python: str) -> bool:
    return (
        subprocess.run([python, "-c", "import sys, zoneinfo, tomllib"], capture_output=True).returncode == 0
    )
