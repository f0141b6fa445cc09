"""One node and its line: order, signs of life, snapshots, silence."""

import itertools
import random

import pytest

from casegateway.events import BytesRead
from caselog.disk import MemoryDisk
from casewire import FROM_GATEWAY, UNKNOWN, Ack, Command, Contact, Decoder, Feedback, Frame, SnapshotRequest
from tests.gateway.bench import KEY, Bench


def started(bench: Bench | None = None) -> Bench:
    bench = bench or Bench()
    bench.open()
    bench.node.power_up()
    bench.run(3_000)
    return bench


class Tap(Bench):
    """Keeps what the gateway says to the node."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[Frame] = []
        self.decoder = Decoder({7: KEY}, FROM_GATEWAY)

    def act(self, actions: list) -> None:  # type: ignore[type-arg]
        for action in actions:
            if type(action).__name__ == "SendBytes":
                self.said += self.decoder.feed(action.data)
        super().act(actions)


def test_gateways_frames_carry_its_boot_and_a_rising_number() -> None:
    bench = started(Tap())
    bench.node.level(1, 1)
    bench.run(2_000)
    assert {frame.boot for frame in bench.said} == {1}
    assert [frame.seq for frame in bench.said] == list(range(1, len(bench.said) + 1))
    bench.crash()
    bench.said.clear()
    bench.run(2_000)
    assert {frame.boot for frame in bench.said} == {2}
    assert bench.node.node.link.refused == 0


def test_node_hears_a_sign_of_life_each_second_that_names_its_boot() -> None:
    bench = started(Tap())
    bench.said.clear()
    bench.run(10_000)
    signs = [frame.message for frame in bench.said if frame.kind == Ack.KIND and frame.message.seq == 0]
    assert 9 <= len(signs) <= 11
    assert {sign.boot for sign in signs} == {1}
    assert not bench.node.node.link.is_lost


def test_silent_node_is_lost_since_it_was_last_heard_and_restored_with_its_snapshot() -> None:
    bench = started()
    silent_us = bench.station_us
    bench.is_line_cut = True
    bench.run(6_000)
    lost = bench.facts("node.lost")
    assert len(lost) == 1
    assert abs(lost[0]["occurred"]["earliest_us"] - silent_us) < 1_100_000  # its last heartbeat
    assert 3_400_000 < lost[0]["recorded"]["earliest_us"] - lost[0]["occurred"]["earliest_us"] < 3_700_000
    bench.node.level(4, 1)
    bench.run(2_000)
    bench.is_line_cut = False
    bench.run(4_000)
    types = bench.types()
    assert types.count("node.restored") == 2  # at the very start and now
    assert types.index("door.opened") < len(types) - 1 - types[::-1].index("node.restored")


@pytest.mark.parametrize("away_ms", [6_000, 6_500, 7_000, 7_500])
def test_a_node_that_comes_back_is_asked_at_once_for_its_state(away_ms: int) -> None:
    bench = started()
    bench.is_line_cut = True
    bench.run(away_ms)
    assert bench.types().count("node.lost") == 1
    bench.is_line_cut = False
    back_us = bench.station_us
    bench.run(1_300)  # it beats within a second
    restored = bench.facts("node.restored")[-1]
    assert 0 < restored["recorded"]["earliest_us"] - back_us < 1_300_000


def test_node_that_was_never_heard_is_lost_too() -> None:
    bench = Bench()
    bench.open()
    bench.run(5_000)
    assert [fact["body"] for fact in bench.facts("node.lost")] == [{"node": "n1"}]
    assert bench.core.health(bench.moment())["sources"]["node:n1"] == {"age_ms": None, "state": "lost"}


def test_node_that_stays_away_over_a_restart_is_lost_since_it_told_something() -> None:
    bench = started()
    alive_us = bench.facts("output.confirmed")[-1]["recorded"]["earliest_us"]
    bench.node.is_on = False
    bench.real_us += 600_000_000
    bench.crash()
    bench.run(5_000)
    lost = bench.facts("node.lost")[-1]
    assert lost["occurred"]["earliest_us"] == alive_us


def test_node_that_told_nothing_is_lost_since_a_run_that_would_have_missed_it() -> None:
    bench = started()
    bench.run(20_000)
    bench.say("person.arrived", stay="s1")
    bench.node.is_on = False
    alive_us = bench.leaves()[-1]["recorded"]["earliest_us"]
    for _ in range(2):  # runs that end before they could hear of anybody vouch for nobody
        bench.real_us += 60_000_000
        bench.crash()
        bench.run(1_000)
    bench.run(5_000)
    (lost,) = bench.facts("node.lost")
    assert lost["occurred"]["earliest_us"] == alive_us - 3_500_000


def test_node_that_went_while_the_gateway_stood_still_is_lost_since_its_last_word_was_read() -> None:
    """Its frames waited in our queue: that they are taken now does not mean that it lived until now."""
    bench = started()
    waiting = []
    for _ in range(400):
        bench.real_us += 5_000
        bench.node.step()
        data, bench.node.port.from_node = bench.node.port.from_node, b""
        if data:
            waiting.append(BytesRead("line1", data, bench.real_us))
    gone_us = bench.station_us
    bench.node.is_on = False
    bench.real_us += 30_000_000
    bench.put(*waiting)
    bench.run(1_000)
    [lost] = bench.facts("node.lost")
    assert gone_us - 1_100_000 < lost["occurred"]["earliest_us"] <= gone_us


def test_restarted_node_is_told_and_its_restart_is_no_loss_of_order() -> None:
    bench = started()
    bench.node.level(4, 1)
    bench.run(300)
    bench.node.power_up()
    bench.run(3_000)
    booted = bench.facts("node.booted")
    assert [fact["source"]["boot"] for fact in booted] == [1, 2]
    assert len(bench.facts("door.opened")) == 1  # the snapshot tells what the log has already
    assert bench.facts("node.gap") == []


def test_frames_of_an_older_boot_are_a_replay_and_not_acked() -> None:
    bench = started()
    recorded: list[bytes] = []
    bench.to_gateway = lambda data: recorded.append(data) or data  # type: ignore[func-returns-value]
    bench.node.level(1, 1)
    bench.run(200)
    bench.node.power_up()
    bench.to_gateway = lambda data: data
    bench.run(2_000)
    acks, size = len(bench.node_acks), bench.log.size
    bench.to_gateway = lambda data: b"".join(recorded) + data
    bench.run(5)
    assert len(bench.node_acks) == acks
    assert bench.log.size == size
    assert bench.core.health(bench.moment())["counters"]["wire_stale_boot"] > 0


def test_noisy_line_loses_nothing_invents_nothing_and_is_named() -> None:
    draw = random.Random(11)
    quiet, noisy = started(), started()

    def spoil(data: bytes) -> bytes:
        out = bytearray(data)
        for at in range(len(out)):
            if draw.random() < 0.004:
                out[at] ^= 1 << draw.randrange(8)
        return bytes(out)

    noisy.to_gateway = spoil
    for bench in (quiet, noisy):
        for number in range(40):
            bench.node.level(4, number % 2 ^ 1)
            bench.run(400)
        bench.run(70_000, step_ms=20)
    noisy.to_gateway = lambda data: data
    noisy.run(5_000)

    def story(bench: Bench) -> list[tuple[str, str]]:
        return [
            (f["type"], str(f["body"])) for f in bench.leaves() if f["source"]["name"] and "door" in f["type"]
        ]

    assert story(noisy) == story(quiet)
    health = noisy.core.health(noisy.moment())
    assert health["counters"]["wire_bad_crc"] > 10
    assert health["noisy_ports"] == ["line1"]
    assert quiet.core.health(quiet.moment())["noisy_ports"] == []


def test_messages_overtaken_on_a_bad_line_enter_the_log_in_the_nodes_order() -> None:
    bench = started()
    draw = random.Random(5)
    bench.to_gateway = lambda data: b"" if draw.random() < 0.4 else data
    for number in range(60):
        bench.node.level(4, number % 2 ^ 1)
        bench.run(60)
    bench.to_gateway = lambda data: data
    bench.run(5_000)
    seqs = [fact["source"]["seq"] for fact in bench.leaves() if fact["source"]["name"] == "n1"]
    assert seqs == sorted(seqs)
    assert len([t for t in bench.types() if t in ("door.opened", "door.closed")]) == 2 + 60


def test_overflow_of_the_nodes_queue_is_a_gap_in_the_log() -> None:
    bench = started()
    bench.is_line_cut = True
    for number in range(400):
        bench.node.level(4, number % 2 ^ 1)
        bench.run(50)
    bench.is_line_cut = False
    bench.run(10_000)
    gaps = bench.facts("node.gap")
    assert gaps
    lost = sum(fact["body"]["last_seq"] - fact["body"]["first_seq"] + 1 for fact in gaps)
    got = len([t for t in bench.types() if t in ("door.opened", "door.closed")]) - 2
    assert lost + got >= 400
    assert len(bench.node.node.link.queue) == 0


def test_after_our_start_the_node_is_asked_for_a_snapshot() -> None:
    bench = started(Tap())
    bench.said.clear()
    bench.crash()
    bench.run(3_000)
    assert [f for f in bench.said if f.kind == SnapshotRequest.KIND]
    assert bench.core.links["n1"].is_complete


def test_node_that_was_never_away_is_not_called_restored_after_our_start() -> None:
    bench = started()
    bench.crash()
    bench.run(3_000)
    assert bench.core.links["n1"].is_complete
    assert len(bench.facts("node.restored")) == 1


def test_gateway_with_a_new_disk_that_meets_a_running_node_on_a_bad_line_keeps_its_order() -> None:
    for seed in range(8):
        bench = started()
        draw = random.Random(seed)
        bench.is_line_cut = True
        for number in range(20):
            bench.node.level(4, number % 2 ^ 1)
            bench.run(100)
        bench.disk = MemoryDisk()
        bench.open()
        bench.is_line_cut = False
        bench.to_gateway = lambda data, draw=draw: b"" if draw.random() < 0.3 else data
        bench.run(6_000)
        bench.to_gateway = lambda data: data
        bench.run(3_000)
        seqs = [fact["source"]["seq"] for fact in bench.leaves() if fact["source"]["name"] == "n1"]
        assert seqs == sorted(seqs), seed
        assert len(seqs) >= 20


def test_new_message_does_not_pass_for_one_that_waited_before_our_start() -> None:
    for down_ms in range(5_600, 7_200, 200):  # wherever the node stands in saying its oldest message again
        bench = started()
        bench.is_line_cut = True
        bench.node.level(4, 1)
        bench.run(300)
        bench.node.level(4, 0)
        bench.run(down_ms)
        bench.is_line_cut = False
        bench.crash()
        for number in range(12):
            bench.node.level(5, number % 2 ^ 1)
            bench.run(100)
        bench.run(3_000)
        seqs = [fact["source"]["seq"] for fact in bench.leaves() if fact["source"]["name"] == "n1"]
        assert seqs == sorted(seqs), down_ms
        doors = [t for t in bench.types() if t.startswith("door.") and t != "door.unknown"]
        assert doors[-2:] == ["door.opened", "door.closed"], down_ms


def test_lamp_of_a_node_is_ordered_in_the_log_first_and_confirmed_by_the_node() -> None:
    bench = started(Tap())
    bench.said.clear()
    desired = {"lamp-waiting-1": True, "sounder": False}
    bench.core.book.engine.outputs = lambda: desired  # type: ignore[method-assign]
    bench.run(300)
    commanded = bench.facts("output.commanded")
    assert commanded[-1]["body"]["output"] == "lamp-waiting-1"
    orders = [frame.message for frame in bench.said if frame.kind == Command.KIND]
    assert len(orders) == 1
    assert orders[0].command_id == commanded[-1]["body"]["command_id"]
    assert bench.node.pins[7].level == 1
    assert bench.facts("output.confirmed")[-1]["body"] == {"output": "lamp-waiting-1", "active": True}


def test_lamp_that_never_confirms_is_ordered_again_ever_more_slowly() -> None:
    bench = started(Tap())
    bench.core.book.engine.outputs = lambda: {"lamp-waiting-1": True}  # type: ignore[method-assign]
    bench.node.pins[7].value = lambda level=None: 0 if level is None else None  # a dead relay
    bench.run(200_000, step_ms=20)
    commanded = [f for f in bench.facts("output.commanded") if f["body"]["output"] == "lamp-waiting-1"]
    assert 4 <= len(commanded) <= 8
    times = [fact["recorded"]["earliest_us"] for fact in commanded]
    waits = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert waits == sorted(waits)
    assert bench.core.outputs.unconfirmed >= 4


def test_lamp_that_can_no_longer_be_read_is_ordered_anew_until_it_is_confirmed() -> None:
    bench = started()
    bench.core.book.engine.outputs = lambda: {"lamp-waiting-1": True}  # type: ignore[method-assign]
    bench.run(300)
    before = len(bench.facts("output.commanded"))
    node = bench.node.node
    node.link.send(Feedback(7, UNKNOWN), 7, node.uptime_ms())
    bench.run(300)
    assert bench.facts("output.unknown")[-1]["body"] == {"output": "lamp-waiting-1"}
    assert len(bench.facts("output.commanded")) == before + 1
    assert bench.types()[-1] == "output.confirmed"
    bench.run(5_000)
    assert len(bench.facts("output.commanded")) == before + 1


def test_lamp_is_ordered_anew_when_its_node_comes_back_in_another_state() -> None:
    bench = started()
    bench.core.book.engine.outputs = lambda: {"lamp-waiting-1": False}  # type: ignore[method-assign]
    bench.is_line_cut = True
    bench.run(8_000)
    assert bench.node.pins[7].level == 1  # on_lost = "on"
    bench.is_line_cut = False
    bench.run(4_000)
    assert bench.node.pins[7].level == 0


def test_old_order_is_not_obeyed_after_a_restart_of_the_gateway() -> None:
    bench = started(Tap())
    bench.crash()
    bench.run(3_000)
    assert [f for f in bench.said if f.kind == Command.KIND] == []


def test_a_reader_is_a_source_of_its_own() -> None:
    bench = started()
    assert bench.core.health(bench.moment())["sources"]["reader:rd-waiting-1"]["state"] == "ok"
    node = bench.node.node
    for state, said in ((UNKNOWN, "unknown"), (0, "ok")):
        node.link.send(Contact(6, state), 6, node.uptime_ms())
        bench.run(300)
        sources = bench.core.health(bench.moment())["sources"]
        assert (sources["reader:rd-waiting-1"]["state"], sources["node:n1"]["state"]) == (said, "ok")
    bench.is_line_cut = True
    bench.run(6_000)
    assert bench.core.health(bench.moment())["sources"]["reader:rd-waiting-1"]["state"] == "unknown"


def test_health_ages_grow_while_a_node_is_silent() -> None:
    bench = started()
    bench.is_line_cut = True
    bench.run(2_500)
    sources = bench.core.health(bench.moment())["sources"]
    assert sources["node:n1"]["age_ms"] >= 1_400
    assert sources["recorder:rec-1"]["state"] == "ok"
    bench.run(2_500)
    sources = bench.core.health(bench.moment())["sources"]
    assert sources["node:n1"]["state"] == "lost"
    assert sources["recorder:rec-1"] == {
        "age_ms": sources["node:n1"]["age_ms"],
        "state": "unknown",
        "recording": None,
    }


def played_back(bench: Bench, recorded: list[bytes], seconds: int) -> None:
    """Somebody has cut the node off and plays what it said, over and over."""
    bench.node.is_on = False
    for second in range(seconds):
        bench.run(1_000)
        for data in (recorded[second % len(recorded)], recorded[-1]):
            bench.put(BytesRead("line1", data, bench.real_us))


def recording(bench: Bench) -> list[bytes]:
    recorded: list[bytes] = []
    bench.to_gateway = lambda data: recorded.append(data) or data  # type: ignore[func-returns-value]
    bench.run(30_000)
    bench.node.level(4, 1)
    bench.run(1_000)
    bench.to_gateway = lambda data: data
    return [data for data in recorded if data]


def test_what_a_node_said_before_is_no_sign_that_it_lives() -> None:
    bench = started()
    played_back(bench, recording(bench), 6)
    assert len(bench.facts("node.lost")) == 1


def test_what_a_node_said_before_our_start_keeps_it_no_longer_than_its_state_is_due() -> None:
    bench = started()
    recorded = recording(bench)
    bench.node.is_on = False
    bench.crash()
    played_back(bench, recorded, 14)
    assert len(bench.facts("node.lost")) == 1
    bench.node.is_on = True
    bench.run(4_000)
    assert len(bench.facts("node.restored")) == 2
