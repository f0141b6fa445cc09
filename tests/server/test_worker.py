"""The worker thread: it says so when it cannot go on; the inbox before it is bounded."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from caselog import canonical
from caseserver.inbox import Inbox
from caseserver.influx import InfluxQueue
from caseserver.store import leaves as leaf_rows
from caseserver.worker import Worker
from tests.server.station_kit import Kit, morning


def test_a_store_that_fails_ends_the_worker_and_calls_for_the_end_of_the_process(
    kit: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    called = threading.Event()
    worker = Worker(kit.station, kit.inbox, kit.database, kit.limits, kit.sent.append, None, called.set)
    worker.start()
    assert worker.is_well

    def failing(*_arguments: object, **_values: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(leaf_rows, "append", failing)
    morning(kit.gateway)
    kit.inbox.put_log("gw-a1", kit.gateway.batch())
    assert called.wait(30)
    assert isinstance(worker.failure, OSError)
    assert not worker.is_well
    assert [m.topic for m in kit.sent if m.topic == "ack"] == []


def test_a_full_inbox_drops_the_newest_batch_and_the_gateway_is_asked_for_it(kit: Kit) -> None:
    inbox = Inbox(8)
    for number in range(10):
        inbox.put_log("gw-a1", b"%d" % number)
    assert inbox.dropped == 2
    assert [payload for _, payload in inbox.take(0, 100).logs] == [b"%d" % n for n in range(8)]


def test_of_heartbeats_only_the_newest_waits(kit: Kit) -> None:
    inbox = Inbox(8)
    for number in range(1_000):
        inbox.put_beat("gw-a1", b"%d" % number)
    assert inbox.take(0, 1).beats == {"gw-a1": b"999"}
    assert inbox.take(0, 1).beats == {}


def test_at_each_connection_the_server_tells_how_much_it_holds_and_sends_what_waits(kit: Kit) -> None:
    morning(kit.gateway)
    kit.take(kit.gateway.batch())
    kit.inbox.set_connected(is_connected=True)
    kit.worker.turn()
    assert [canonical.loads(m.payload) for m in kit.sent] == [
        {"v": 1, "first": kit.gateway.log.size, "count": 0}
    ]


def test_an_acknowledgement_leaves_before_the_evaluation(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    morning(kit.gateway)
    sizes: list[int] = []
    real = kit.state.follow

    def follow(*arguments: object) -> None:
        sizes.append(kit.acked(kit.sent))
        real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(kit.state, "follow", follow)
    kit.inbox.put_log("gw-a1", kit.gateway.batch())
    kit.worker.turn()
    assert sizes == [kit.gateway.log.size]


def test_each_heartbeat_becomes_points_for_the_time_series_server(kit: Kit, tmp_path: Path) -> None:
    queue = InfluxQueue(tmp_path / "q.db", 100)
    worker = Worker(kit.station, kit.inbox, kit.database, kit.limits, kit.sent.append, queue)
    kit.inbox.put_beat("gw-a1", kit.gateway.heartbeat(kit.clock.at_us))
    worker.turn()
    lines = [line for _, line in queue.head(10)]
    assert [line.split(" ")[0].rpartition("source=")[2] for line in lines] == ["gateway", "node:n1"]
    queue.close()


def test_a_waiting_worker_wakes_for_a_batch_at_once() -> None:
    inbox = Inbox(8)
    threading.Timer(0.05, inbox.put_log, ("gw-a1", b"x")).start()
    begun = time.monotonic()
    assert inbox.take(60.0, 8).logs == [("gw-a1", b"x")]
    assert time.monotonic() - begun < 30
