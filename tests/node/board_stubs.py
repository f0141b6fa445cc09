"""The boards' own API as types: the MicroPython stubs, and pyright to hold our sources against them.

The stubs replace time, select and others of CPython's, so they never go into the environment of the gateway: pip puts
them under .cache, one folder a board, and npm puts pyright beside them.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STUBS = ROOT / ".cache" / "board-stubs"
NPM = ROOT / ".cache" / "npm"
PYRIGHT = "pyright@1.1.414"
PACKAGES = {"rp2040": "micropython-rp2-stubs==1.29.0.post1", "esp32": "micropython-esp32-stubs==1.29.0.post1"}
INSTALL_SECONDS_MAX = 180
RUN_SECONDS_MAX = 120


class NotToBeHadError(RuntimeError):
    """No stubs or no pyright here; the text says what was tried."""


def stubs_of(board: str) -> Path:
    """The folder of a board's stubs, installed on first use. Raises NotToBeHadError."""
    folder = STUBS / board
    if not (folder / "machine.pyi").exists():
        _install(
            [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
             "--target", str(folder), PACKAGES[board]]
        )  # fmt: skip
    return folder


def pyright() -> list[str]:
    """The command of pyright, installed by npm on first use. Raises NotToBeHadError."""
    program = NPM / "node_modules" / ".bin" / "pyright"
    if not program.exists():
        if not (shutil.which("npm") and shutil.which("node")):
            raise NotToBeHadError("expected npm and node for pyright, found not both")
        NPM.mkdir(parents=True, exist_ok=True)
        _install(["npm", "install", "--no-audit", "--no-fund", "--no-save", "--prefix", str(NPM), PYRIGHT])
    return [str(program)]


def complaints(board: str, firmware: Path) -> list[str]:
    """What pyright says of the firmware in a folder (a copy: its configuration is written there) for this board."""
    stubs = stubs_of(board)
    parts = ["casewire", "node", "boards/slots.py", f"boards/{board}"]
    settings = {
        "typeshedPath": str(stubs),
        "stubPath": str(stubs),
        "extraPaths": [".", "boards", f"boards/{board}"],
        "include": parts,  # relative: pyright passes over absolute ones without a word
        "typeCheckingMode": "basic",
        "reportMissingModuleSource": "none",
    }
    (firmware / "pyrightconfig.json").write_text(json.dumps(settings))
    done = subprocess.run(
        [*pyright(), "--project", str(firmware), "--outputjson"],
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS_MAX,
    )
    found = json.loads(done.stdout)
    expected = sum(
        1 if part.endswith(".py") else len(list((firmware / part).rglob("*.py"))) for part in parts
    )
    if found["summary"]["filesAnalyzed"] < expected:
        raise RuntimeError(f"expected pyright to read {expected} files, found {found['summary']}")
    return [
        f"{Path(one['file']).name}: {one['message'].splitlines()[0]}"
        for one in found["generalDiagnostics"]
        if not one["file"].startswith(str(stubs))
    ]


def _install(command: list[str]) -> None:
    environment = dict(os.environ, npm_config_update_notifier="false")
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=INSTALL_SECONDS_MAX, env=environment)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        raise NotToBeHadError(f"expected {command[-1]}, found: {error}") from None
