"""Time as an interval through the whole core: limits possible and certain, no source, a loop that stood still."""

from typing import Any

from casegateway.events import Moment
from casegateway.time_sources import SourceReader
from caselog.clock import Instant
from tests.gateway.bench import START_US, Bench
from tests.gateway.clock_machine import Machine

HOUR_US = 3_600_000_000


class SourcesBench(Bench):
    """The bench with a machine's sources in place of a clock that is always right; true time is `station_us`."""

    machine: Machine

    def open(self, reason: str = "test", clock_doubt: str = "") -> None:
        self.reader = SourceReader(self.machine)
        super().open(reason, clock_doubt)

    def moment(self) -> Moment:
        self.machine.go(self.station_us - self.machine.true_us)
        readings = self.reader.read()
        instant = Instant(self.boot, readings.boottime_us, 0, None)
        return Moment(instant, readings.boottime_us, readings=readings)


def weighed(**clocks: Any) -> SourcesBench:
    bench = SourcesBench()
    at = bench.station_us
    bench.machine = Machine(true_us=at, offset_us=at, _begin_us=at - bench.real_us, **clocks)
    bench.node.power_up()
    bench.open()
    return bench


def overdue(bench: Bench, stay: str) -> list[dict[str, Any]]:
    return [leaf for leaf in bench.leaves() if leaf["type"] == "alarm.raised/1" and leaf["stay"] == stay]


def arrive(bench: Bench, stay: str) -> None:
    bench.say("officer.registered", officer="p1", service="sworn", roles=["duty_officer"])
    bench.say("person.arrived", stay=stay)
    bench.say("area.entered", stay=stay)


def test_limit_inside_the_interval_is_alarmed_as_possible_and_never_late() -> None:
    bench = weighed(rtc_error_us=-70_000_000)
    arrive(bench, "s1")
    bench.node.is_on = False
    due_us = bench.core.book.engine.next_deadline_us()
    while not overdue(bench, "s1"):
        bench.run(1_000, step_ms=1_000)
        assert bench.station_us < START_US + 4 * HOUR_US
    first = overdue(bench, "s1")[0]
    recorded = first["recorded"]
    assert recorded["earliest_us"] < first["occurred"]["earliest_us"] <= recorded["latest_us"]
    assert first["body"]["certain"] is False
    assert bench.station_us <= first["occurred"]["earliest_us"] + 1_000_000
    assert due_us is not None


def test_no_source_of_time_leaves_no_bound_and_alarms_what_runs_until_the_server_signs() -> None:
    bench = weighed()
    assert [f["body"]["reason"] for f in bench.facts("clock.doubted")] == ["no source of time"]
    arrive(bench, "s1")
    bench.run(1_000)
    assert {leaf["body"]["certain"] for leaf in overdue(bench, "s1")} == {False}
    assert bench.leaves()[-1]["recorded"]["latest_us"] is None
    bench.connect()
    bench.run(2_000)
    assert [f["body"] for f in bench.facts("clock.trusted")] == [{"source": "server"}]
    bench.node.level(4, 1)
    bench.run(200)
    recorded = bench.facts("door.opened")[-1]["recorded"]
    assert recorded["earliest_us"] <= bench.station_us <= recorded["latest_us"]
    assert recorded["latest_us"] - recorded["earliest_us"] < 3_000_000
    assert bench.core.health(bench.moment())["clock_sources"] == {"ntp": "unsynchronised", "server": "agrees"}


def test_loop_that_stood_still_is_told_with_its_length_after_what_fell_due() -> None:
    bench = Bench()
    bench.open()
    bench.node.power_up()
    bench.run(1_000)
    assert bench.facts("gateway.stalled") == []
    arrive(bench, "s1")
    before, due_us = len(bench.leaves()), bench.core.book.engine.next_deadline_us()
    assert due_us is not None
    gone_us = due_us - bench.station_us + 5_000_000
    bench.real_us += gone_us
    bench.put()
    told = [leaf["type"] for leaf in bench.leaves()[before:] if leaf["class"] == "fact"]
    (stalled,) = bench.facts("gateway.stalled")
    assert gone_us // 1_000 <= stalled["body"]["by_ms"] < gone_us // 1_000 + 1_500
    assert stalled["recorded"]["earliest_us"] - stalled["occurred"]["earliest_us"] >= gone_us
    assert told[0] == "deadline.reached/1"
