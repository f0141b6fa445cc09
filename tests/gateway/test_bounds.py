"""Eight hours of a busy node: nothing in the gateway grows but the log."""

import gc
import tracemalloc
from pathlib import Path

import pytest
from caselog.disk import FileDisk

from tests.gateway.bench import Bench


@pytest.mark.slow
def test_memory_stays_flat_over_a_shift_of_eight_hours(tmp_path: Path) -> None:
    bench = Bench(disk=FileDisk(tmp_path / "log"))  # type: ignore[arg-type]
    bench.open()
    bench.node.power_up()
    bench.connect()
    tracemalloc.start()
    sizes = []
    number = 0
    for _hour in range(8):
        for _ in range(240):  # a change every 15 s of the station, at sixty times speed
            number += 1
            bench.node.level(4, number % 2)
            bench.run(15_000, step_ms=50)
            bench.published.clear()
            bench.driven.clear()
            bench.node_acks.clear()
        gc.collect()
        sizes.append(tracemalloc.get_traced_memory()[0])
        queues = bench.core.health(bench.moment())["queues"]
        assert queues["held"] == queues["unacked"] == queues["outbox"] == 0
    tracemalloc.stop()
    print("bytes after each hour", sizes, "leaves", bench.log.size)
    grown = (sizes[-1] - sizes[3]) / (number / 2)
    assert grown < 1_000  # a leaf: 44 bytes of the log's index here, the same in the ingest of this test
