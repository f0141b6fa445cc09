"""Points for an InfluxDB: kept until written, against a real server that takes the v2 write call."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest

from caseserver.influx import InfluxQueue, InfluxWriter, client_write, line_of
from caseserver.samples import Reading, Sample
from caseserver.settings import Influx
from tests.tools.need import need
from tests.tools.ports import free_port


def samples(first: int, count: int) -> list[Sample]:
    """One a second up to now: a server keeps points of its own retention only."""
    start_s = int(time.time()) - 3_600
    return [
        Sample("gw-a1", "node:n1", (start_s + n) * 1_000_000, Reading(True, n, 1))
        for n in range(first, first + count)
    ]


class Refusal(Exception):
    """What a server answers; `status` as influxdb-client gives it."""

    def __init__(self, status: int | None) -> None:
        super().__init__(str(status))
        self.status = status


def test_a_point_is_a_line_with_escaped_tags() -> None:
    sample = Sample("gw-a1", "port: a,b=c", 1_700_000_000_000_001, Reading(False, 12, 3))
    assert line_of("一号", sample) == (
        "caseward_source,area=一号,gateway=gw-a1,source=port:\\ a\\,b\\=c seen=0i,age_ms=12i,queue=3i 1700000000000001"
    )


def test_points_wait_in_the_file_over_a_restart(tmp_path: Path) -> None:
    queue = InfluxQueue(tmp_path / "q.db", 1_000)
    queue.put("a1", samples(0, 5))
    queue.close()
    again = InfluxQueue(tmp_path / "q.db", 1_000)
    assert len(again) == 5
    assert [line.split()[1].split(",")[1] for _, line in again.head(10)] == [f"age_ms={n}i" for n in range(5)]
    again.close()


def test_beyond_its_bound_the_oldest_points_go_and_are_counted(tmp_path: Path) -> None:
    queue = InfluxQueue(tmp_path / "q.db", 10)
    for n in range(5):
        queue.put("a1", samples(n * 3, 3))
    assert (len(queue), queue.lost) == (10, 5)
    assert "age_ms=5i" in queue.head(1)[0][1]
    queue.close()


def test_a_server_that_is_away_costs_nothing(tmp_path: Path) -> None:
    queue = InfluxQueue(tmp_path / "q.db", 1_000)
    queue.put("a1", samples(0, 20))
    taken: list[str] = []
    answers: list[Exception | None] = [OSError("refused"), Refusal(503), Refusal(401), None]

    def write(lines: list[str]) -> None:
        answer = answers.pop(0) if answers else None
        if answer is not None:
            raise answer
        taken.extend(lines)

    writer = InfluxWriter(queue, write, 7, 1.0)
    assert [writer.turn() for _ in range(7)] == [False, False, False, True, True, True, True]
    assert len(taken) == 20
    assert (len(queue), writer.written, writer.failures, writer.refused) == (0, 20, 3, 0)
    queue.close()


def test_one_point_the_server_cannot_take_does_not_hold_up_the_others(tmp_path: Path) -> None:
    queue = InfluxQueue(tmp_path / "q.db", 1_000)
    queue.put("a1", samples(0, 20))
    taken: list[str] = []

    def write(lines: list[str]) -> None:
        if any("age_ms=13i" in line for line in lines):
            raise Refusal(400)
        taken.extend(lines)

    writer = InfluxWriter(queue, write, 20, 1.0)
    assert writer.turn()
    assert (len(taken), writer.refused, len(queue)) == (19, 1, 0)
    queue.close()


def wait_for(what: Callable[[], bool], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "expected it within its time"
        time.sleep(0.05)


class Metrics:
    """A victoria-metrics of our own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self.process = subprocess.Popen(
            [need("victoria-metrics"), f"-storageDataPath={self.path}", f"-httpListenAddr=127.0.0.1:{self.port}",
             "-retentionPeriod=12"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        wait_for(self.answers)

    def stop(self, sign: int = signal.SIGTERM) -> None:
        if self.process is not None:
            self.process.send_signal(sign)
            self.process.wait(60)
            self.process = None

    def answers(self) -> bool:
        with contextlib.suppress(OSError), urlopen(f"{self.url}/health", timeout=1) as answer:
            return bool(answer.status == 200)
        return False

    def ages(self) -> set[int]:
        """Values of age_ms that the server has."""
        with urlopen(f"{self.url}/internal/force_flush", timeout=30):
            pass
        query = urlencode({"match[]": "caseward_source_age_ms", "start": int(time.time()) - 7_200})
        with urlopen(f"{self.url}/api/v1/export?{query}", timeout=30) as answer:
            lines = [json.loads(line) for line in answer.read().splitlines()]
        return {int(value) for line in lines for value in line["values"]}


@pytest.fixture
def metrics(tmp_path: Path) -> Iterator[Metrics]:
    server = Metrics(tmp_path / "vm")
    yield server
    server.stop()


@pytest.mark.real
def test_a_real_server_gets_every_point_though_it_is_away_in_between(
    metrics: Metrics, tmp_path: Path
) -> None:
    queue = InfluxQueue(tmp_path / "q.db", 10_000)
    settings = Influx(url=metrics.url, timeout_ms=1_000)
    writer = InfluxWriter(queue, client_write(settings), 100, 1.0)
    writer.start()
    queue.put("a1", samples(0, 300))  # before the server is there
    time.sleep(0.5)
    assert len(queue) == 300
    metrics.start()
    wait_for(lambda: len(queue) == 0)
    metrics.stop()
    queue.put("a1", samples(300, 500))
    wait_for(lambda: writer.failures > 0)
    queue.put("a1", samples(800, 200))
    metrics.start()
    wait_for(lambda: len(queue) == 0)
    writer.stop()
    assert writer.written == 1_000
    assert (writer.refused, queue.lost) == (0, 0)
    assert metrics.ages() == set(range(1_000))
    queue.close()


@pytest.mark.real
def test_a_real_outage_longer_than_the_queue_loses_the_oldest_and_says_how_many(
    metrics: Metrics, tmp_path: Path
) -> None:
    queue = InfluxQueue(tmp_path / "q.db", 400)
    for n in range(10):
        queue.put("a1", samples(n * 100, 100))
    metrics.start()
    writer = InfluxWriter(queue, client_write(Influx(url=metrics.url)), 100, 1.0)
    while len(queue):
        assert writer.turn()
    assert queue.lost == 600
    assert metrics.ages() == set(range(600, 1_000))
    queue.close()
