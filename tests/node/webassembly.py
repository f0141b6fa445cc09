"""The second interpreter: MicroPython's WebAssembly build on node.js, from npm.

It carries micropython-lib's genuine logging, frozen in. It has no files, ports or processes of this
machine, so the node runs there with a line and pins made of Python objects.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache" / "npm"
PACKAGE = "@micropython/micropython-webassembly-pyscript"
VERSION = "1.27.0"
NPM_SECONDS_MAX = 180
RUN_SECONDS_MAX = 60


def can_be_had() -> bool:
    return bool(shutil.which("npm") and shutil.which("node"))


def module() -> Path:
    """The path of micropython.mjs, installed by npm on first use; CalledProcessError if npm fails."""
    found = CACHE / "node_modules" / PACKAGE / "micropython.mjs"
    if not found.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            ["npm", "install", "--no-audit", "--no-fund", "--prefix", str(CACHE), f"{PACKAGE}@{VERSION}"],
            check=True,
            capture_output=True,
            timeout=NPM_SECONDS_MAX,
            env=dict(os.environ, npm_config_update_notifier="false"),
        )
    return found


def firmware_files() -> dict[str, str]:
    """casewire and node as files of the interpreter, under /lib."""
    firmware = ROOT / "firmware"
    return {
        f"/lib/{path.relative_to(firmware)}": path.read_text()
        for package in ("casewire", "node")
        for path in sorted((firmware / package).glob("*.py"))
    }


def run(program: str, files: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run `program` with `files` (absolute path -> text) present and /lib on the path."""
    job = {
        "module": str(module()),
        "files": files,
        "program": f'import sys; sys.path.append("/lib")\n{program}',
    }
    return subprocess.run(
        ["node", str(Path(__file__).with_suffix(".mjs"))],
        input=json.dumps(job),
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS_MAX,
    )
