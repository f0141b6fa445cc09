"""kill -9 of a real process at the worst moments of taking a batch."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.server.station_kit import Kit, morning

ROOT = Path(__file__).resolve().parents[2]


def die_at(point: str, path: Path) -> None:
    """Run the child until it kills itself."""
    paths = os.pathsep.join(str(ROOT / name) for name in ("", "firmware", "gateway", "server"))
    child = subprocess.run(
        [sys.executable, "-m", "tests.server.crash_child", str(path), point],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": paths}, timeout=60, capture_output=True, text=True,
    )  # fmt: skip
    assert child.returncode == -signal.SIGKILL, child.stderr


@pytest.mark.parametrize(
    ("point", "is_whole"), [("before-commit", False), ("before-ack", True), ("before-alarms", True)]
)
def test_a_server_killed_while_taking_a_batch_holds_it_whole_or_not_at_all(
    tmp_path: Path, point: str, is_whole: bool
) -> None:
    die_at(point, tmp_path)
    kit = Kit(tmp_path)
    morning(kit.gateway)
    size = kit.gateway.log.size
    held = size if is_whole else size // 2
    assert kit.state.ingest.size == held
    assert kit.station.log_bytes("gw-a1") == b"".join(kit.gateway.bytes().splitlines(keepends=True)[:held])
    # the gateway had no answer and sends the batch again
    assert kit.acked(kit.take(kit.gateway.batch(size // 2))) == size
    assert kit.state.ingest.root == kit.gateway.log.root()
    assert kit.state.evaluator.owed() == 0
    assert kit.state.counters["differences"] == 0
    open_ids = {a.id for a in kit.state.book.open()}
    assert open_ids == set(kit.gateway.engine.alarms)
    kit.close()
