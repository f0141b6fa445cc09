"""The order that is law, and what a start makes of the log."""

import errno
from dataclasses import replace
from typing import Any

import pytest

from casegateway.core import AGAIN, EXIT_STORAGE_FAILED
from casegateway.events import Action, PortClosed, PortOpened, SendBytes, ServerSaid
from caselog.disk import MemoryDisk
from caselog.errors import LogDamaged, PendingFull
from caselog.log import Leaf
from custody.effects import Effect
from custody.engine import Engine
from custody.facts import Fact, check_body
from tests.gateway.bench import AREA, RULEBOOK, START_US, Bench

HOUR_US = 3_600_000_000


def started(bench: Bench | None = None, **options: Any) -> Bench:
    bench = bench or Bench(**options)
    bench.open()
    bench.node.power_up()
    bench.run(3_000)
    return bench


def test_door_that_opens_at_the_node_is_a_fact_in_the_log_and_acked() -> None:
    bench = started()
    bench.node.level(1, 1)
    bench.run(200)
    opened = bench.facts("door.opened")
    assert [fact["body"] for fact in opened] == [{"door": "gate"}]
    assert opened[0]["source"]["name"] == "n1"
    assert opened[0]["occurred"]["by"] == "node"
    assert len(bench.node.node.link.queue) == 0


def test_every_fact_the_gateway_writes_has_a_body_of_the_catalogue() -> None:
    bench = started()
    for point in (1, 2, 3, 4, 5):
        bench.node.level(point, 1)
        bench.run(100)
        bench.node.level(point, 0)
        bench.run(100)
    bench.node.tags = ["0A1B2C3D4E"]
    bench.run(500)
    bench.node.tags = []
    bench.put(PortClosed("line1", "gone"), PortOpened("line1"))
    bench.run(5_000)
    bench.node.is_on = False
    bench.run(40_000)
    names = {leaf["type"].removesuffix("/1") for leaf in bench.leaves() if leaf["class"] == "fact"}
    assert names >= {
        "door.opened", "door.closed", "door.released", "door.exit_requested", "recorder.started", "tag.read",
        "tag.gone", "port.lost", "port.restored", "node.lost", "node.booted", "server.lost", "output.commanded",
    }  # fmt: skip
    for leaf in bench.leaves():
        if leaf["class"] == "fact":
            assert check_body(leaf["type"].removesuffix("/1"), leaf["body"]) == [], leaf


class OrderDisk(MemoryDisk):
    """Writes each change of the disk into `order`."""

    def __init__(self, order: list[str]) -> None:
        super().__init__()
        self.order = order

    def append(self, name: str, data: bytes) -> None:
        self.order.append("write")
        super().append(name, data)

    def sync(self, name: str) -> None:
        super().sync(name)
        self.order.append("synced")


class OrderBench(Bench):
    """Keeps the order of writes, syncs, engine steps and actions."""

    def __init__(self) -> None:
        self.order: list[str] = []
        super().__init__(disk=OrderDisk(self.order))

    def new_engine(self) -> Engine:
        order = self.order

        class OrderEngine(Engine):
            def step(self, fact: Fact) -> list[Effect]:
                order.append("step")
                return super().step(fact)

        return OrderEngine(AREA, RULEBOOK)

    def act(self, actions: list[Action]) -> None:
        for action in actions:
            is_ack = isinstance(action, SendBytes) and bool(action.acks)
            self.order.append("ack" if is_ack else type(action).__name__)
        super().act(actions)


def test_log_comes_first_engine_second_effects_third() -> None:
    bench = OrderBench()
    started(bench)
    bench.order.clear()
    bench.node.level(1, 1)  # a controlled door forced: alarm, sounder
    bench.run(100)
    order = [step for step in bench.order if step != "SendBytes"]
    # the door's fact, its alarm and the order to the sounder, then what is done about it; how far it is durable last
    assert order == ["write", "synced", "step", "write", "synced", "step", "ack", "DriveLine", "SaveCursor"]
    assert bench.lines["sounder"] is True


def test_nothing_is_acked_driven_or_published_when_the_fsync_fails() -> None:
    bench = started()
    bench.connect()
    bench.run(500)
    acks, published = len(bench.node_acks), len([p for p in bench.published if p.topic == "log"])
    bench.disk.fail("sync")
    bench.node.level(1, 1)
    bench.run(100)
    assert bench.stop is not None
    assert bench.stop.code == EXIT_STORAGE_FAILED
    assert bench.lines["sounder"] is True  # whoever hears it must come
    assert len(bench.node_acks) == acks
    assert len([p for p in bench.published if p.topic == "log"]) == published


def test_full_disk_acks_nothing_sounds_and_goes_on_where_it_stopped() -> None:
    bench = started()
    bench.disk.capacity_bytes = 0
    acks = len(bench.node_acks)
    bench.node.level(4, 1)
    bench.run(3_000)
    assert bench.facts("door.opened") == []
    assert len(bench.node_acks) == acks
    assert bench.lines["sounder"] is True
    assert bench.core.health(bench.moment())["disk"] == "full"
    bench.disk.capacity_bytes = None
    bench.run(1_000)
    assert [fact["body"]["door"] for fact in bench.facts("door.opened")] == ["door-waiting-1"]
    assert len(bench.node.node.link.queue) == 0
    assert bench.core.health(bench.moment())["disk"] == "ok"


def test_full_disk_keeps_the_acks_owed_bounded() -> None:
    bench = started()
    bench.disk.capacity_bytes = 0
    bench.node.level(4, 1)
    bench.run(30_000)  # the node resends the same message sixty times
    assert bench.core.health(bench.moment())["queues"]["unacked"] <= 3


def test_message_sent_again_is_acked_again_and_logged_once() -> None:
    bench = started()
    bench.is_line_cut = False
    lost: list[bytes] = []

    def drop_acks(data: bytes) -> bytes:
        lost.append(data)
        return data

    bench.to_gateway = drop_acks
    bench.node.level(1, 1)
    bench.run(100)
    before = len(bench.node_acks)
    said = b"".join(lost)
    bench.to_gateway = lambda data: said + data
    bench.run(50)
    bench.to_gateway = lambda data: data
    bench.run(100)
    assert len(bench.facts("door.opened")) == 1
    assert len(bench.node_acks) > before


def test_double_after_a_restart_is_known_from_the_log() -> None:
    bench = started()
    said: list[bytes] = []
    bench.to_gateway = lambda data: said.append(data) or data  # type: ignore[func-returns-value]
    bench.node.level(1, 1)
    bench.run(100)
    bench.crash()
    bench.to_gateway = lambda data: b"".join(said) + data
    bench.run(2_000)
    assert len(bench.facts("door.opened")) == 1


def test_deadline_passed_while_down_is_alarmed_before_the_first_new_fact_and_marked_late() -> None:
    bench = started()
    bench.say("officer.registered", officer="p1", service="sworn", roles=["duty_officer"])
    bench.say("person.arrived", stay="s1")
    bench.run(100)
    due_us = bench.core.book.engine.next_deadline_us()
    assert due_us is not None
    size = bench.log.durable_size
    bench.real_us += 26 * HOUR_US
    bench.node.is_on = False
    bench.crash()
    new = bench.leaves()[size:]
    facts = [leaf["type"] for leaf in new if leaf["class"] == "fact"]
    assert facts[:3] == ["deadline.reached/1", "gateway.booted/1", "config.loaded/1"]
    booted = next(i for i, leaf in enumerate(new) if leaf["type"] == "gateway.booted/1")
    raised = [leaf for leaf in new if leaf["type"] == "alarm.raised/1" and leaf["stay"] == "s1"]
    assert raised
    assert all(leaf["body"]["late_us"] > HOUR_US for leaf in raised)
    # told by the deadline, recorded before anything else of this start
    assert new[0]["type"] == "deadline.reached/1"
    assert all(leaf["recorded"] == new[0]["recorded"] for leaf in raised)
    assert booted > 0


def test_start_without_a_passed_deadline_begins_with_the_boot() -> None:
    bench = Bench()
    bench.open("first start")
    assert bench.types() == ["gateway.booted", "config.loaded"]
    assert bench.facts("gateway.booted")[0]["body"] == {"reason": "first start"}


def test_outputs_that_a_power_cut_swallowed_are_appended_once_with_the_same_ids() -> None:
    whole, cut = started(), started()
    for bench in (whole, cut):
        bench.node.level(1, 1)
    whole.run(200)
    cut.disk.cut_at = cut.disk.operations + 2  # after the sync of the fact, in the write of its answers
    with pytest.raises(BaseException, match="power cut"):
        cut.run(200)
    cut.crash()
    cut.run(200)
    ids = cut.output_ids()
    assert len(ids) == len(set(ids))
    assert [i for i in ids if i.startswith("alarm.raised")] == [
        i for i in whole.output_ids() if i.startswith("alarm.raised")
    ]
    assert cut.lines["sounder"] is True


def test_deadlines_come_at_their_time_without_any_event() -> None:
    bench = started()
    bench.node.is_on = False
    bench.run(12_000)  # node.lost after 3.5 s, its alarm 5 s after it was last heard
    raised = [
        leaf for leaf in bench.leaves() if leaf["type"] == "alarm.raised/1" and leaf["body"]["rule"] == "SYS"
    ]
    assert raised
    assert raised[0]["body"]["late_us"] == 0
    assert 0 <= raised[0]["recorded"]["earliest_us"] - raised[0]["body"]["at_us"] <= 20_000


def test_deadline_that_the_engine_keeps_is_told_once() -> None:
    bench = started()

    class Stubborn(Engine):
        def next_deadline_us(self) -> int | None:
            return START_US  # in the past, for ever

    bench.core.book.engine.__class__ = Stubborn
    before = len(bench.facts("deadline.reached"))
    bench.run(1_000)
    assert len(bench.facts("deadline.reached")) - before == 1


def test_limit_told_while_the_clock_was_unknown_is_told_again_when_it_comes() -> None:
    bench = started()
    bench.say("officer.registered", officer="p1", service="sworn", roles=["duty_officer"])
    bench.say("person.arrived", stay="s1")
    bench.say("area.entered", stay="s1")
    due_us = bench.core.book.engine.next_deadline_us()
    assert due_us is not None
    bench.is_clock_lost = True
    bench.run(100)
    early = len(
        [leaf for leaf in bench.leaves() if leaf["type"] == "alarm.raised/1" and leaf["stay"] == "s1"]
    )
    assert early > 0  # what may be overdue is alarmed
    bench.is_clock_lost = False
    bench.run(100)
    bench.run((due_us - bench.station_us) // 1_000 + 2_000_000, step_ms=1_000)
    open_alarms = [alarm.stay for alarm in bench.core.book.engine.alarms.values()]
    assert "s1" in open_alarms


def test_limit_told_for_want_of_an_upper_bound_is_told_once_more_with_one() -> None:
    bench = started()

    class Stubborn(Engine):
        def next_deadline_us(self) -> int | None:
            return START_US

    bench.core.book.engine.__class__ = Stubborn
    before = len(bench.facts("deadline.reached"))
    bench.is_clock_lost = True
    bench.run(1_000)
    assert len(bench.facts("deadline.reached")) - before == 1
    bench.is_clock_lost = False
    bench.run(1_000)
    assert len(bench.facts("deadline.reached")) - before == 2


def test_deadline_for_which_there_is_no_room_is_told_when_there_is() -> None:
    bench = started()
    log = bench.log
    whole, bench.node.is_on = log.append, False

    def refuse(entry: dict[str, Any]) -> Leaf:
        if entry["type"] == "deadline.reached/1":
            raise PendingFull("no room")
        return whole(entry)

    log.append = refuse  # type: ignore[method-assign]
    bench.run(10_000)
    assert bench.facts("deadline.reached") == []
    log.append = whole  # type: ignore[method-assign]
    bench.run(2_000)
    assert len(bench.facts("deadline.reached")) == 1


def test_unknown_clock_at_start_is_doubted_and_takes_no_upper_bound() -> None:
    bench = started()
    bench.wall_shift_us = -10 * HOUR_US  # the clock came back behind the log
    bench.crash()
    doubted = bench.facts("clock.doubted")
    assert len(doubted) == 1
    assert "behind the log" in doubted[0]["body"]["reason"]
    booted = bench.facts("gateway.booted")[-1]
    assert booted["recorded"]["latest_us"] is None
    assert booted["recorded"]["earliest_us"] >= bench.facts("node.booted")[0]["recorded"]["earliest_us"]


def test_clock_is_trusted_again_when_the_server_signs_the_same_time() -> None:
    bench = started()
    bench.wall_shift_us = -10 * HOUR_US
    bench.crash()
    bench.wall_shift_us = 0  # set right by hand
    bench.connect()
    bench.run(1_000)
    assert bench.facts("clock.trusted")[-1]["body"] == {"source": "server"}
    bench.node.level(4, 1)
    bench.run(200)
    assert bench.facts("door.opened")[-1]["recorded"]["latest_us"] is not None


def test_step_of_the_wall_clock_is_a_fact_with_its_size() -> None:
    bench = started()
    bench.step_us = -7_000_000
    bench.run(1_000)
    assert [fact["body"] for fact in bench.facts("clock.stepped")] == [{"by_ms": -7_000}]
    bench.run(5_000)
    assert len(bench.facts("clock.stepped")) == 1


def test_port_that_goes_and_comes_is_two_facts_and_not_more() -> None:
    bench = started()
    bench.put(PortClosed("line1", "No such device"))
    bench.put(PortClosed("line1", "No such device"))
    bench.put(PortOpened("line1"))
    bench.put(PortOpened("line1"))
    assert [f["body"] for f in bench.facts("port.lost")] == [{"port": "line1", "reason": "No such device"}]
    assert len(bench.facts("port.restored")) == 1


def test_silent_server_is_a_fact_after_half_a_minute_and_its_next_ack_another() -> None:
    bench = started()
    bench.is_server_up = False
    bench.connect()
    bench.run(26_000)
    assert bench.facts("server.lost") == []
    bench.run(5_000)
    assert len(bench.facts("server.lost")) == 1
    bench.is_server_up = True
    bench.run(5_000)
    assert len(bench.facts("server.restored")) == 1


def test_quiet_server_is_asked_and_not_called_lost() -> None:
    bench = started()
    bench.connect()
    bench.run(120_000, step_ms=20)
    assert bench.facts("server.lost") == []


def test_officers_fact_enters_the_log_once_however_often_it_comes() -> None:
    bench = started()
    payload = bench.say("officer.registered", officer="p1", service="sworn", roles=["duty_officer"])
    bench.put(ServerSaid("fact", payload), ServerSaid("fact", payload))
    bench.crash()
    bench.put(ServerSaid("fact", payload))
    found = bench.facts("officer.registered")
    assert len(found) == 1
    assert found[0]["occurred"]["by"] == "server"
    assert found[0]["id"] == "o-1"


def test_officers_fact_that_is_none_is_refused_with_a_record_once() -> None:
    bench = started()
    payload = bench.say("person.arrived", stay="no spaces allowed")
    bench.put(ServerSaid("fact", payload))
    bench.crash()
    bench.put(ServerSaid("fact", payload))
    refused = bench.facts("fact.refused")
    assert [leaf["body"]["fact_id"] for leaf in refused] == ["o-1"]
    assert refused[0]["class"] == "output"
    assert "reference" in refused[0]["body"]["expected"]


def test_flood_of_refusals_is_recorded_twenty_times_a_minute() -> None:
    bench = started()
    for _ in range(100):
        bench.say("person.arrived", stay="no spaces allowed")
    assert len(bench.facts("fact.refused")) == 20
    assert bench.core.health(bench.moment())["counters"]["refusals_not_recorded"] == 80


def test_write_errors_stop_the_gateway_without_an_exception() -> None:
    bench = started()
    bench.disk.fail("append", errno.EIO)
    bench.node.level(1, 1)
    bench.run(100)
    assert bench.stop is not None
    assert bench.stop.code == EXIT_STORAGE_FAILED


def test_leaf_that_can_no_longer_be_read_stops_the_gateway_with_the_sounder_on() -> None:
    for error, code in (
        (OSError(errno.EIO, "bad sector"), AGAIN),
        (OSError(errno.EMFILE, "too many files"), 4),
        (LogDamaged("a.seg", 7, "x", "y"), AGAIN),
    ):
        bench = started()

        def fail(*_: object, error: Exception = error) -> list[bytes]:
            raise error

        bench.log.leaves = fail  # type: ignore[method-assign]
        bench.connect()
        assert bench.stop is not None
        assert bench.stop.code == code
        assert bench.lines["sounder"] is True


def test_late_message_of_a_node_keeps_the_time_at_which_it_happened() -> None:
    bench = started()
    bench.is_line_cut = True
    bench.run(1_000)
    at_us = bench.station_us
    bench.node.level(4, 1)
    bench.run(60_000, step_ms=20)
    bench.is_line_cut = False
    bench.run(3_000)
    opened = bench.facts("door.opened")[-1]
    assert opened["occurred"]["earliest_us"] - 1_000 <= at_us <= opened["occurred"]["latest_us"] + 1_000
    assert opened["recorded"]["earliest_us"] > at_us + 59_000_000


def test_accelerated_station_dates_a_late_message_in_station_time() -> None:
    bench = started(rate=60.0)
    bench.is_line_cut = True
    at_us = bench.station_us
    bench.node.level(4, 1)
    bench.run(2_000)
    bench.is_line_cut = False
    bench.run(1_500)
    opened = bench.facts("door.opened")[-1]
    assert abs(opened["occurred"]["latest_us"] - at_us) < 60 * 30_000  # 30 ms of real time
    assert opened["occurred"]["earliest_us"] <= at_us


def few_rules(*ids: str) -> Any:
    """The bundled book as it was when it held a few rules."""
    return replace(RULEBOOK, rules=tuple(rule for rule in RULEBOOK.rules if rule.id in ids))


def test_a_new_rulebook_asks_nothing_of_the_past_but_tells_what_still_stands() -> None:
    bench = Bench()
    bench.rulebook = few_rules("M1", "WB", "SYS", "DR")
    started(bench)
    for stay in ("s-gone", "s-here"):
        bench.say("person.arrived", stay=stay)
        bench.say("area.entered", stay=stay)
        bench.say("stay.registered", stay=stay, measure="voluntary", case="c-1")
    bench.run(1_000)
    bench.say("health.checked", stay="s-gone", result="injured")
    bench.say("stay.released", stay="s-gone", reason="released")
    bench.run(500)
    before = len(bench.output_ids())
    bench.rulebook, bench.rulebook_hash = RULEBOOK, "e" * 64
    bench.crash()
    bench.run(500)
    told = bench.output_ids()[before:]
    assert not [output for output in told if "stay:s-gone" in output], "the past was judged by a later law"
    assert [
        output for output in told if output.startswith("obligation.armed|t1/M5/register/stay:s-here")
    ] == []
    assert [output for output in told if "M5/particulars/stay:s-here" in output], "what stands was not told"


def test_the_same_rulebook_completes_whatever_is_missing() -> None:
    bench = started()
    bench.say("person.arrived", stay="s-1")
    bench.run(500)
    before = bench.output_ids()
    bench.crash()
    assert bench.output_ids()[: len(before)] == before
    assert len(set(bench.output_ids())) == len(bench.output_ids())
