"""A real file system that fills up, four MiB in a mount namespace of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.gateway.filled_up import fill_up
from tests.gateway.small_disk import need_namespace
from tests.tools.tree import ROOT

pytestmark = pytest.mark.real


@pytest.fixture
def namespace() -> list[str]:
    return need_namespace()


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


@pytest.mark.slow
def test_a_gateway_whose_disk_fills_up_stops_acking_sounds_and_goes_on_with_nothing_lost(
    namespace: list[str], tmp_path: Path
) -> None:
    found = fill_up(tmp_path, is_low_awaited=False)
    assert found.told == ["full", "ok"]
    assert found.left_out > 0
    assert (found.facts_with_reserve, found.acks_with_reserve > 0) == (10, True)
    assert found.changes_while_full > 0
    assert (found.acks_while_full, found.leaves_while_full, found.sounder_while_full) == (0, 0, 1)
    assert found.messages_acked > 30
    assert (found.lost, found.doubled_ids, found.is_same_at_server) == ([], [], True)
