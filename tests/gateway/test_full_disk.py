"""A real file system that fills up, four MiB in a mount namespace of its own."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tools.tree import ROOT

pytestmark = pytest.mark.real

NAMESPACE = ["unshare", "-Urm"]


@pytest.fixture
def namespace() -> list[str]:
    """The command that runs another one where it may mount."""
    if shutil.which("unshare") is None or subprocess.run([*NAMESPACE, "true"], check=False).returncode:
        pytest.skip("FULL DISK NOT RUN: this machine gives no user namespace (unshare -Urm)")
    return NAMESPACE


def test_a_disk_that_fills_up_loses_telemetry_before_facts_and_says_so(
    namespace: list[str], tmp_path: Path
) -> None:
    paths = os.pathsep.join(path for path in sys.path if path)
    result = subprocess.run(
        [*namespace, sys.executable, "-m", "tests.gateway.full_disk_child", str(tmp_path)],
        cwd=ROOT, env=os.environ | {"PYTHONPATH": paths}, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    found = json.loads(result.stdout)
    assert found == {
        "at first": "ok",
        "reserve": 512 * 1024,
        "low": ["low", True],
        "full": ["full", True, 10],
        "nothing left": [True, True, True],
        "room again": ["ok", False, True],
        "told": ["low", "full", "ok"],
        "stop": False,
        "again": [True, True, 0],
    }
