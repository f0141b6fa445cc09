"""From an officer's form to a bolt, and only so: real core, engine and node, two locks played; each order held against the log."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casegateway.events import Action, SendBytes, ServerSaid
from casegateway.limits import COMMAND_VALID_MS, RELEASE_VALID_MS
from caselog.disk import PowerCut
from caselog.errors import PendingFull
from caselog.log import Leaf
from casewire import ACTIVE, FROM_GATEWAY, Command, Decoder
from custody.area import load_area
from node.app import Node
from node.config import NodeConfig
from node.relay_lock import RelayLock, RelayLockConfig
from tests.gateway import bench as gateway_bench
from tests.gateway.bench import AREA_TEXT, KEY, Bench, NodeBench, Pin, Uart, node_table

CELL, GATE = 30, 32  # points of the locks; their bolts have the next number
LOCKED = {"lock-waiting-1": (CELL, "door-waiting-1"), "lock-gate": (GATE, "gate")}
LOCKS = "".join(
    f'\n[[output]]\nid = "{name}"\nkind = "lock"\ndoor = "{door}"\n\n'
    f'[[point]]\nnode = "n1"\npoint = {point}\nkind = "output"\nof = "{name}"\n\n'
    f'[[point]]\nnode = "n1"\npoint = {point + 1}\nkind = "lock_bolt"\nof = "{door}"\n'
    for name, (point, door) in LOCKED.items()
)
AREA = load_area(
    AREA_TEXT.replace(
        'between = ["corridor", "waiting-1"]\n', 'between = ["corridor", "waiting-1"]\ncontrolled = true\n'
    )
    + LOCKS
)
PLAIN = node_table()
MOVE_US = 60_000
SECOND_MS = 1_000


class Bolt:
    """A bolt that follows its relay, unless it is jammed."""

    def __init__(self) -> None:
        self.relay, self.contact = Pin(), Pin()
        self.is_jammed = False
        self._asked = (0, 0)

    def step(self, now_us: int) -> None:
        if self._asked[0] != self.relay.level:
            self._asked = self.relay.level, now_us
        if not self.is_jammed and now_us - self._asked[1] >= MOVE_US:
            self.contact.level = self.relay.level


class LockNode(NodeBench):
    """The node with two locks on relays. `pulse_ms` 0: they stay released until they are ordered back."""

    def __init__(self, real_us) -> None:
        super().__init__(real_us)
        self.bolts = {CELL: Bolt(), GATE: Bolt()}
        self.pulse_ms = 0

    def power_up(self, **changes: object) -> None:
        self.boot += 1
        config = NodeConfig({**PLAIN, **changes})
        self.port = Uart()
        self.pins = {
            p.point: Uart() if p.kind == "reader" else Pin(self.levels[p.point]) for p in config.points
        }
        locks = []
        for point, bolt in self.bolts.items():
            table = {
                "kind": "relay_lock", "point": point, "pin": point, "feedback_point": point + 1,
                "feedback_pin": point + 1, "pulse_ms": self.pulse_ms,
            }  # fmt: skip
            locks.append(
                RelayLock(RelayLockConfig("", table), bolt.relay, bolt.contact, self._real_us() // 1_000)
            )
        self.node = Node(
            config, self.port, self.pins, lambda: self._real_us() // 1_000, boot=self.boot, reason=0,
            feed=lambda: None, mem_free=lambda: 1_000, devices=locks,
        )  # fmt: skip
        self.is_on = True

    def step(self) -> None:
        for bolt in self.bolts.values():
            bolt.step(self._real_us())
        super().step()


class Station(Bench):
    """`ordered`: the commands that left for locks, each held against the log as it leaves."""

    def __init__(self, pulse_ms: int = 0) -> None:
        super().__init__()
        self.node = LockNode(lambda: self.real_us)
        self.node.pulse_ms = pulse_ms
        self.decoder = Decoder({7: KEY}, FROM_GATEWAY)
        self.ordered: list[tuple[int, bool]] = []

    def begin(self) -> None:
        self.open()
        self.node.power_up()
        self.run(4_000)
        for officer, service in (("p1", "sworn"), ("a1", "auxiliary")):
            known_us = self.station_us - 3_600_000_000
            payload = self.officer(
                "officer.registered", at_us=known_us, officer=officer, service=service, roles=["guard"]
            )
            self.put(ServerSaid("fact", payload))
        self.run(200)

    def act(self, actions: list[Action]) -> None:
        for action in actions:
            if isinstance(action, SendBytes):
                for frame in self.decoder.feed(action.data):
                    if isinstance(frame.message, Command) and frame.message.point in (CELL, GATE):
                        self._hold_against_the_log(frame.message)
                        self.ordered.append((frame.message.point, frame.message.state == ACTIVE))
        super().act(actions)

    def _hold_against_the_log(self, command: Command) -> None:
        """Ordered in the durable log, and released by a form before it that was not refused and is not over."""
        leaves = self.leaves()
        written = [
            leaf
            for leaf in leaves
            if leaf["type"] == "output.commanded/1"
            and leaf["recorded"]["boot"] == self.boot
            and leaf["body"]["command_id"] == command.command_id
        ]
        assert [(LOCKED[leaf["body"]["output"]][0], leaf["body"]["active"]) for leaf in written] == [
            (command.point, command.state == ACTIVE)
        ]
        if command.state != ACTIVE:
            return
        refused = {leaf["body"]["fact_id"] for leaf in leaves if leaf["type"] == "fact.refused/1"}
        (form,) = [leaf for leaf in leaves if leaf["id"] == written[0]["body"]["cause"]]
        assert form["type"] in ("door.release_ordered/1", "entry.requested/1")
        assert form["id"] not in refused
        assert form["index"] < written[0]["index"]
        assert form["recorded"]["boot"] == self.boot
        assert self.station_us - form["occurred"]["earliest_us"] <= RELEASE_VALID_MS * 1_000
        assert command.valid_ms <= RELEASE_VALID_MS

    def order(self, door: str = "door-waiting-1", officer: str = "p1", **more: int) -> None:
        self.say("door.release_ordered", door=door, officer=officer, reason="entry", **more)

    def say_late(self, late_us: int) -> None:
        at_us = self.station_us - late_us
        payload = self.officer("door.release_ordered", at_us=at_us, door="gate", officer="p1", reason="exit")
        self.put(ServerSaid("fact", payload))

    def is_withdrawn(self, point: int) -> bool:
        return self.node.bolts[point].contact.level == 1

    def failed(self) -> list[tuple[str, str]]:
        return [(fact["body"]["door"], fact["body"]["why"]) for fact in self.facts("door.release_failed")]

    def refusals(self) -> list[str]:
        return [leaf["body"]["reason"] for leaf in self.leaves() if leaf["type"] == "fact.refused/1"]


@pytest.fixture
def plain_area(monkeypatch) -> None:
    monkeypatch.setattr(gateway_bench, "AREA", AREA)


@pytest.fixture
def station(plain_area) -> Station:
    station = Station()
    station.begin()
    return station


def searched(station: Station) -> None:
    station.say("person.arrived", stay="s1")
    station.say("area.entered", stay="s1")
    station.say("search.signed", stay="s1", officers=["p1"])


def test_nothing_moves_by_itself_and_power_up_opens_nothing(station) -> None:
    station.crash()
    station.node.power_up()
    station.run(15_000)
    assert station.ordered == []
    assert not any(station.is_withdrawn(point) for point in (CELL, GATE))


def test_an_accepted_order_releases_that_door_and_no_other_and_ends(station) -> None:
    station.order()
    station.run(500)
    assert station.is_withdrawn(CELL)
    assert not station.is_withdrawn(GATE)
    (order,) = station.facts("door.release_ordered")
    (commanded,) = [f for f in station.facts("output.commanded") if f["body"]["output"] == "lock-waiting-1"]
    assert commanded["body"]["active"] is True
    assert commanded["body"]["cause"] == order["id"]
    assert set(station.ordered) == {(CELL, True)}
    station.run(RELEASE_VALID_MS)
    assert not station.is_withdrawn(CELL)
    assert station.ordered[-1] == (CELL, False)
    station.run(60_000)
    assert len(station.facts("output.commanded")) == 2
    assert station.failed() == []


def test_it_is_sent_again_until_the_bolt_is_seen_and_then_no_more(station) -> None:
    station.is_line_cut = True
    station.order()
    station.run(2_100)
    sent = len(station.ordered)
    assert sent in (4, 5)  # at once, and each half second
    station.is_line_cut = False
    station.run(1_500)
    assert station.is_withdrawn(CELL)
    sent = len(station.ordered)
    station.run(3_000)
    assert len(station.ordered) == sent


def test_opening_the_door_after_an_order_is_not_forcing_it_and_without_one_it_is(station) -> None:
    station.order("gate")
    station.run(500)
    station.node.level(1, 1)
    station.run(500)
    assert "alarm.raised" not in station.types(leaf_class="output")
    station.node.level(1, 0)
    station.run(RELEASE_VALID_MS + 1_000)
    station.node.level(1, 1)
    station.run(500)
    raised = [leaf["body"]["rule"] for leaf in station.leaves() if leaf["type"] == "alarm.raised/1"]
    assert raised == ["DR"]


@pytest.mark.parametrize(
    ("officer", "reason"), [("nobody", "unknown_officer"), ("a1", "no_police")]
)  # fmt: skip
def test_a_refused_order_releases_nothing(station, officer: str, reason: str) -> None:
    station.order(officer=officer)
    station.run(2_000)
    assert station.refusals() == [reason]
    assert station.ordered == []


def test_a_door_without_a_lock_cannot_be_ordered(monkeypatch) -> None:
    monkeypatch.setattr(gateway_bench, "AREA", load_area(AREA_TEXT))
    station = Station()
    station.begin()
    station.order()
    station.run(2_000)
    assert station.refusals() == ["no_lock"]


def test_an_unsigned_order_is_none(station) -> None:
    forged = station.officer(
        "door.release_ordered", key=gateway_bench.GATEWAY_KEY, door="gate", officer="p1", reason="exit"
    )
    station.put(ServerSaid("fact", forged))
    station.run(2_000)
    assert station.facts("door.release_ordered") == station.ordered == []


def test_who_may_enter_a_room_has_its_door_released_and_who_was_not_searched_has_not(station) -> None:
    station.say("person.arrived", stay="s1")
    station.say("area.entered", stay="s1")
    station.say("entry.requested", stay="s1", room="waiting-1")
    station.run(1_000)
    assert station.refusals() == ["out_of_order"]
    assert station.ordered == []
    station.say("search.signed", stay="s1", officers=["p1"])
    station.say("entry.requested", stay="s1", room="waiting-1")
    station.run(1_000)
    assert station.is_withdrawn(CELL)
    assert not station.is_withdrawn(GATE)


def test_to_enter_the_corridor_opens_neither_the_cells_on_it_nor_the_gate(station) -> None:
    searched(station)
    station.say("entry.requested", stay="s1", room="corridor")
    station.run(1_000)
    assert len(station.facts("entry.requested")) == 1
    assert station.refusals() == station.ordered == []


@pytest.mark.parametrize(("late_ms", "moves"), [(9_000, True), (10_000, False), (600_000, False)])
def test_an_order_that_comes_late_is_not_carried_out_and_that_is_said(station, late_ms, moves) -> None:
    station.say_late(late_ms * 1_000)
    station.run(900)
    assert station.is_withdrawn(GATE) is moves
    assert station.failed() == ([] if moves else [("gate", "late")])


def test_while_it_is_unknown_how_old_an_order_is_none_is_carried_out(station) -> None:
    station.is_clock_lost = True
    station.order("gate")
    station.run(2_000)
    assert station.ordered == []
    assert station.failed() == [("gate", "clock")]


def test_a_log_that_is_read_again_moves_nothing(station) -> None:
    station.node.is_on = False
    station.is_line_cut = True
    station.order()
    station.run(100)
    sent = len(station.ordered)
    station.crash()
    station.run(20_000)
    assert len(station.ordered) == sent


class DyingStation(Station):
    """Power goes as soon as an order to a lock is durable, before anybody acts upon it."""

    is_armed = False

    def trace(self, step: str, index: int) -> None:
        if self.is_armed and step == "durable" and self.facts("output.commanded"):
            self.is_armed = False
            raise PowerCut


def test_death_between_the_log_and_the_command_leaves_the_door_shut_for_good(plain_area) -> None:
    station = DyingStation()
    station.begin()
    station.is_armed = True
    with pytest.raises(PowerCut):
        station.order()
    station.crash()
    station.run(30_000)
    assert len(station.facts("output.commanded")) == 1
    assert station.ordered == []
    assert not station.is_withdrawn(CELL)


def test_a_release_that_was_running_when_the_gateway_died_is_ended_by_the_next(station) -> None:
    station.order()
    station.run(1_000)
    assert station.is_withdrawn(CELL)
    station.crash()  # the node hears the next one within its five seconds and keeps the relay as it is
    station.run(4_000)
    assert not station.is_withdrawn(CELL)
    assert station.ordered[-1] == (CELL, False)


def test_a_lock_that_locks_itself_is_not_ordered_back(plain_area) -> None:
    station = Station(pulse_ms=400)
    station.begin()
    station.order()
    station.run(RELEASE_VALID_MS + 5_000)
    assert set(station.ordered) == {(CELL, True)}
    assert station.failed() == []
    station.node.bolts[CELL].is_jammed = True
    station.node.bolts[CELL].contact.level = 1  # a key, a minute later
    station.run(60_000)
    assert set(station.ordered) == {(CELL, True)}


def test_a_lock_whose_word_and_end_come_in_one_batch_has_obeyed(plain_area) -> None:
    station = Station(pulse_ms=400)
    station.begin()
    station.order()
    station.is_line_cut = True
    station.node.port.from_node = b""
    lines = station.node.port
    for _ in range(400):  # the node works on, what it says waits
        station.real_us += 5_000
        station.node.step()
    station.is_line_cut = False
    assert lines.from_node
    station.run(RELEASE_VALID_MS + 2_000)
    assert station.failed() == []
    assert station.core.outputs.unconfirmed == 0


def test_a_jammed_bolt_is_told_by_the_node_in_seconds_and_by_the_gateway_at_the_end(station) -> None:
    station.node.bolts[CELL].is_jammed = True
    station.order()
    station.run(3_000)
    assert [f["body"]["trouble"] for f in station.facts("point.troubled")] == ["jammed"]
    assert station.failed() == []
    station.run(RELEASE_VALID_MS)
    assert station.failed() == [("door-waiting-1", "unmoved")]
    assert station.core.outputs.unconfirmed == 1
    sent = len(station.ordered)
    station.run(120_000)
    assert len(station.ordered) == sent  # given once, not ever more slowly


def test_a_node_that_is_away_gets_no_order_late(station) -> None:
    station.node.is_on = False
    station.run(5_000)
    station.order()
    station.run(RELEASE_VALID_MS + 1_000)
    assert station.failed() == [("door-waiting-1", "silent")]
    station.node.power_up()
    station.run(10_000)
    assert not station.is_withdrawn(CELL)


def test_what_the_node_finds_old_it_does_not_do(station) -> None:
    held: list[Action] = []
    act = station.act
    station.act = lambda actions: held.extend(actions) if station.is_line_cut else act(actions)
    station.is_line_cut = True
    station.order()
    station.run(RELEASE_VALID_MS + 500)
    station.is_line_cut = False
    frames = b"".join(a.data for a in held if isinstance(a, SendBytes))
    station.node.port.to_node += frames  # all that waited in a line that was slow
    for _ in range(100):
        station.real_us += 5_000
        station.node.step()
    assert not station.is_withdrawn(CELL)


def test_a_second_order_goes_on_from_the_first(station) -> None:
    station.order()
    station.run(8_000)
    station.order()
    station.run(8_000)
    assert station.is_withdrawn(CELL)
    station.run(3_000)
    assert not station.is_withdrawn(CELL)
    assert [f["body"]["active"] for f in station.facts("output.commanded")] == [True, True, False]


def test_a_lock_that_cannot_be_read_when_its_time_is_over_is_ordered_back_once_it_can(station) -> None:
    station.order()
    station.run(1_000)
    station.is_line_cut = True
    station.run(RELEASE_VALID_MS)
    assert station.facts("node.lost")
    station.node.bolts[CELL].relay.level = 1  # a node that keeps its relays while nobody hears
    station.is_line_cut = False
    station.run(5_000)
    assert not station.is_withdrawn(CELL)


def test_an_order_for_which_the_log_has_no_room_is_not_sent(station, monkeypatch) -> None:
    append = station.log.append

    def full(entry: dict[str, object]) -> Leaf:
        if str(entry["type"]).startswith("output.commanded"):
            raise PendingFull(0, 0)
        return append(entry)

    monkeypatch.setattr(station.log, "append", full)
    station.order()
    station.run(12_000)
    assert station.ordered == []
    assert station.core.book.counters["pending_full"] == 1


ACTS = st.one_of(
    st.tuples(st.just("order"), st.sampled_from(["door-waiting-1", "gate"])),
    st.tuples(st.just("forbidden"), st.sampled_from(["a1", "nobody"])),
    st.tuples(st.just("late"), st.sampled_from([5_000, 9_990, 10_001, 50_000])),
    st.tuples(st.just("enter"), st.sampled_from(["waiting-1", "corridor", "interrogation-1"])),
    st.tuples(st.just("search"), st.none()),
    st.tuples(st.just("clock"), st.booleans()),
    st.tuples(st.just("line"), st.booleans()),
    st.tuples(st.just("jam"), st.booleans()),
    st.tuples(st.just("crash"), st.sampled_from([0.0, 0.5, 1.0])),
    st.tuples(st.just("node"), st.none()),
    st.tuples(st.just("wait"), st.sampled_from([50, 700, 4_000, 11_000])),
)


@settings(max_examples=25)
@given(st.lists(ACTS, max_size=14))
def test_no_lock_is_ordered_but_by_an_accepted_form_that_is_in_the_log_and_not_over(acts) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gateway_bench, "AREA", AREA)
        station = Station()
        station.begin()
        for act, value in acts:
            match act:
                case "order":
                    station.order(value)
                case "forbidden":
                    station.order(officer=value)
                case "late":
                    station.say_late(value * 1_000)
                case "enter":
                    station.say("entry.requested", stay="s1", room=value)
                case "search":
                    searched(station)
                case "clock":
                    station.is_clock_lost = value
                case "line":
                    station.is_line_cut = value
                case "jam":
                    station.node.bolts[CELL].is_jammed = value
                case "crash":
                    station.crash(value)
                case "node":
                    station.node.power_up()
                case "wait":
                    station.run(value, step_ms=20)
            station.run(60, step_ms=20)
        station.is_line_cut = station.is_clock_lost = False
        station.node.bolts[CELL].is_jammed = False
        station.run(RELEASE_VALID_MS + COMMAND_VALID_MS + 20 * SECOND_MS, step_ms=20)
        assert not station.is_withdrawn(CELL)
        assert not station.is_withdrawn(GATE)
