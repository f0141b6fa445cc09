"""/metrics for Prometheus: read from the parts when asked, so nothing counts twice."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from caseserver.program import Program


class _Collector:
    def __init__(self, program: Program) -> None:
        self._program = program

    def collect(self) -> Iterator[Metric]:
        program = self._program
        yield GaugeMetricFamily(
            "caseward_inbox_batches", "Batches waiting for the worker", program.inbox.depth
        )
        yield CounterMetricFamily(
            "caseward_inbox_dropped", "Batches dropped by a full inbox", program.inbox.dropped
        )
        yield GaugeMetricFamily(
            "caseward_broker_connected", "1 when connected", int(program.inbox.is_connected)
        )
        yield CounterMetricFamily(
            "caseward_strangers", "Messages of gateways not configured", program.link.strangers
        )
        yield GaugeMetricFamily(
            "caseward_event_streams", "Open event streams", program.station.hub.subscribers
        )
        yield GaugeMetricFamily(
            "caseward_turn_seconds_max", "Longest turn of the worker", program.worker.turn_s_max
        )
        yield from self._areas()
        yield from self._calls()
        yield from self._influx()

    def _calls(self) -> Iterator[Metric]:
        notifier, beat = self._program.notifier, self._program.beat
        yield GaugeMetricFamily(
            "caseward_calls_open", "Alarms that people are called about", notifier.calls_open
        )
        waiting = notifier.messages_waiting
        yield GaugeMetricFamily("caseward_messages_waiting", "Messages no receiver has accepted", waiting)
        unmanned = len(self._program.station.duty.unmanned())
        yield GaugeMetricFamily("caseward_posts_unmanned", "Posts that must be held and are not", unmanned)
        if beat is not None:
            is_taken = int(not beat.problem)
            yield GaugeMetricFamily("caseward_watchdog_taken", "1 when it took the last beat", is_taken)

    def _areas(self) -> Iterator[Metric]:
        size = GaugeMetricFamily("caseward_log_leaves", "Leaves held", labels=["area"])
        behind = GaugeMetricFamily(
            "caseward_log_behind", "Leaves the gateway has and we do not", labels=["area"]
        )
        stale = GaugeMetricFamily(
            "caseward_area_stale", "1 when no heartbeat for three seconds", labels=["area"]
        )
        alarms = GaugeMetricFamily("caseward_open_alarms", "Alarms not closed", labels=["area", "severity"])
        waiting = GaugeMetricFamily(
            "caseward_waiting_facts", "Officers' facts not in the log yet", labels=["area"]
        )
        events = CounterMetricFamily("caseward_ingest", "Events of taking in a log", labels=["area", "event"])
        for view in self._program.station.areas():
            health, area = view.health(), view.area.id
            size.add_metric([area], health.log_size)
            behind.add_metric([area], health.behind)
            stale.add_metric([area], int(health.is_stale))
            waiting.add_metric([area], health.waiting_facts)
            for severity in ("S1", "S2", "S3", "S4"):
                alarms.add_metric([area, severity], sum(a.severity == severity for a in view.alarms))
            for event, count in sorted(health.counters.items()):
                events.add_metric([area, event], count)
        yield from (size, behind, stale, alarms, waiting, events)

    def _influx(self) -> Iterator[Metric]:
        queue, writer = self._program.influx_queue, self._program.influx_writer
        if queue is None or writer is None:
            return
        yield GaugeMetricFamily("caseward_influx_waiting", "Points waiting for InfluxDB", len(queue))
        points = CounterMetricFamily(
            "caseward_influx_points", "Points by what became of them", labels=["fate"]
        )
        for fate, count in (("written", writer.written), ("refused", writer.refused), ("lost", queue.lost)):
            points.add_metric([fate], count)
        yield points


def text(program: Program) -> bytes:
    """The exposition in Prometheus' text format."""
    registry = CollectorRegistry()
    registry.register(_Collector(program))  # type: ignore[arg-type]
    return generate_latest(registry)
