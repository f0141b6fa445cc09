"""Programs a test cannot do without.

A test that needs one calls ``need("mosquitto")``. Where the program could have been had (root on a
Debian machine: `make test` installs it) its absence is a failure; elsewhere the test is skipped and
says which package would bring it. So a green run on a build machine has left nothing out.
"""

import os
import shutil
from pathlib import Path

import pytest

PACKAGES: dict[str, str] = {
    "mosquitto": "mosquitto",
    "chromium": "chromium",
    "node": "nodejs",
    "npm": "npm",
    "victoria-metrics": "victoria-metrics",
    "swtpm": "swtpm",
    "tpm2_unseal": "tpm2-tools",
    "faketime": "faketime",
    "dot": "graphviz",
    "openssl": "openssl",
}
"""Program name -> the Debian package that has it."""


def find(program: str) -> Path | None:
    """The program's path, or None. Debian keeps daemons in /usr/sbin, which a user's PATH lacks."""
    path = os.environ.get("PATH", os.defpath) + os.pathsep + "/usr/sbin"
    found = shutil.which(program, path=path)
    return Path(found) if found else None


def could_be_had() -> bool:
    """Whether `make test` was able to install what is missing."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def need(program: str) -> Path:
    """The program's path; otherwise the calling test fails (root) or is skipped (anyone else)."""
    found = find(program)
    if found is not None:
        return found
    message = f"expected the program {program!r}, found none: apt-get install {PACKAGES[program]}"
    if could_be_had():
        pytest.fail(message, pytrace=False)
    pytest.skip(message)
