"""Samples to an InfluxDB, by influxdb-client in synchronous mode from our own queue on disk.

The client's batching mode drops points without a word when the server is away; so we keep them in a file of
our own until a write call has returned. A point is written again after a crash between the two: the same
series and time, so InfluxDB keeps one. Lost first: the oldest points, beyond `queue_points_max`, counted.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

import structlog

from caseserver.samples import Sample
from caseserver.settings import Influx

MEASUREMENT: Final = "caseward_source"
RETRY_S_MIN: Final = 1.0
IDLE_S: Final = 1.0
_REFUSED: Final = frozenset({400, 413, 422})
"""Answers that say the points themselves are bad: trying again cannot help."""

Write = Callable[[list[str]], None]
"""Writes lines of line protocol (microseconds) or raises."""


class InfluxQueue:
    """Points that wait, in an SQLite file of their own (WAL, synchronous=NORMAL: a power cut may cost the last)."""

    def __init__(self, path: Path, points_max: int) -> None:
        """Open or make the file."""
        self.lost = 0
        self._max = points_max
        self._lock = threading.Lock()
        self._file = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._file.execute("PRAGMA journal_mode=WAL")
        self._file.execute("PRAGMA synchronous=NORMAL")
        self._file.execute(
            "CREATE TABLE IF NOT EXISTS point (id INTEGER PRIMARY KEY AUTOINCREMENT, line TEXT NOT NULL)"
        )
        self._count: int = self._file.execute("SELECT count(*) FROM point").fetchone()[0]

    def __len__(self) -> int:
        """Points waiting."""
        return self._count

    def put(self, area: str, samples: Iterable[Sample]) -> None:
        """Add samples; over the bound the oldest go."""
        lines = [(line_of(area, sample),) for sample in samples]
        if not lines:
            return
        with self._lock:
            self._file.execute("BEGIN")
            self._file.executemany("INSERT INTO point (line) VALUES (?)", lines)
            excess = self._count + len(lines) - self._max
            if excess > 0:
                self._file.execute(
                    "DELETE FROM point WHERE id IN (SELECT id FROM point ORDER BY id LIMIT ?)", (excess,)
                )
                self.lost += excess
            self._file.execute("COMMIT")
            self._count += len(lines) - max(0, excess)

    def head(self, count: int) -> list[tuple[int, str]]:
        """The oldest points: (id, line)."""
        with self._lock:
            return self._file.execute("SELECT id, line FROM point ORDER BY id LIMIT ?", (count,)).fetchall()

    def drop(self, ids: Iterable[int]) -> None:
        """These are written, or can never be."""
        with self._lock:
            self._file.execute("BEGIN")
            done = self._file.executemany("DELETE FROM point WHERE id = ?", [(i,) for i in ids]).rowcount
            self._file.execute("COMMIT")
            self._count -= done

    def close(self) -> None:
        """No use after that."""
        with self._lock:
            self._file.close()


class InfluxWriter:
    """A thread that empties the queue into a server, for as long as it takes."""

    def __init__(self, queue: InfluxQueue, write: Write, batch_points: int, retry_s_max: float) -> None:
        """Nothing runs before `start`."""
        self.written = 0
        self.refused = 0
        self.failures = 0
        self._queue = queue
        self._write = write
        self._batch = batch_points
        self._retry_s_max = retry_s_max
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="caseward-influx", daemon=True)
        self._log = structlog.get_logger()

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End; what waits stays in the file."""
        self._stopping.set()
        self._thread.join(10)

    def turn(self) -> bool:
        """Write one batch. False when the server could not take it (now)."""
        points = self._queue.head(self._batch)
        if not points:
            return True
        try:
            self._put(points)
        except Exception as error:  # noqa: BLE001 - the client raises of urllib3's, the system's and its own kinds
            self.failures += 1
            self._log.warning("influx write failed", error=type(error).__name__, waiting=len(self._queue))
            return False
        return True

    def _put(self, points: list[tuple[int, str]]) -> None:
        try:
            self._write([line for _, line in points])
        except Exception as error:
            if getattr(error, "status", None) not in _REFUSED:
                raise
            if len(points) == 1:
                self.refused += 1
                self._queue.drop([points[0][0]])
                return
            half = len(points) // 2  # somewhere in here is what the server cannot take
            self._put(points[:half])
            self._put(points[half:])
            return
        self.written += len(points)
        self._queue.drop([i for i, _ in points])

    def _run(self) -> None:
        wait_s = RETRY_S_MIN
        while not self._stopping.is_set():
            if self.turn():
                wait_s = RETRY_S_MIN
                if not len(self._queue):
                    self._stopping.wait(IDLE_S)
            else:
                self._stopping.wait(wait_s)
                wait_s = min(wait_s * 2, self._retry_s_max)


def line_of(area: str, sample: Sample) -> str:
    """Line protocol with microseconds: tags area, gateway, source; fields seen (0 or 1), age_ms, queue."""
    tags = f"area={_tag(area)},gateway={_tag(sample.gateway)},source={_tag(sample.source)}"
    reading = sample.reading
    values = f"seen={int(reading.is_seen)}i,age_ms={reading.age_ms}i,queue={reading.queue}i"
    return f"{MEASUREMENT},{tags} {values} {sample.at_us}"


def client_write(settings: Influx) -> Write:
    """The write call of an influxdb-client in synchronous mode. Needs the extra [influx]."""
    from influxdb_client import InfluxDBClient, WritePrecision
    from influxdb_client.client.write_api import SYNCHRONOUS

    token = settings.token_file.read_text(encoding="utf-8").strip() if settings.token_file else ""
    client: Any = InfluxDBClient(settings.url, token=token, org=settings.org, timeout=settings.timeout_ms)
    api = client.write_api(write_options=SYNCHRONOUS)

    def write(lines: list[str]) -> None:
        api.write(bucket=settings.bucket, record="\n".join(lines), write_precision=WritePrecision.US)

    return write


def _tag(value: str) -> str:
    return "".join("\\" + c if c in ",= \\" else c for c in value)
