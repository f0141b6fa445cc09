"""Resolve requirements.lock: `make lock`.

The file names versions and hashes, never where they came from: whoever installs uses the index
configured on his machine, and the hashes make the source of no account.
"""

import subprocess
import sys
from pathlib import Path

from tests.tools.tree import ROOT

EXTRAS = ("gateway", "field", "server", "influx", "notify", "dev")
"""[pi] and [pi-legacy] stay out: they exclude each other and are of use on a Raspberry Pi only."""

HEADER = """\
# Exact versions and hashes of everything in the extras gateway, field, server, influx, notify and dev.
# Made by `make lock`; install with `make setup` (pip install --require-hashes).
"""


def main() -> int:
    target: Path = ROOT / "requirements.lock"
    command = [
        sys.executable, "-m", "piptools", "compile", "--quiet", "--upgrade", "--generate-hashes",
        "--strip-extras", "--allow-unsafe", "--no-header", "--no-emit-index-url",
        "--no-emit-trusted-host", "--no-emit-find-links", "--output-file", target.name,
    ]  # fmt: skip
    for extra in EXTRAS:
        command += ["--extra", extra]
    subprocess.run([*command, "pyproject.toml"], cwd=ROOT, check=True)
    target.write_text(HEADER + target.read_text(encoding="utf-8"), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
