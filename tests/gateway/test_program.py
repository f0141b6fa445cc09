"""The gateway as its users run it: a process, ptys, a real node process, a real mosquitto, the real ingest."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from caselog import canonical
from caselog.disk import FileDisk
from caselog.log import Log
from caselog.segment import encode_line
from tests.gateway.bench import HERE, KEY, Bench
from tests.gateway.program import WAIT_S, Program, wait_for

pytestmark = pytest.mark.real


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    with Program(tmp_path) as program:
        yield program


def ready(program: Program, *more: str) -> None:
    program.start(*more)
    wait_for("the node to be known", lambda: program.facts("node.restored"))


def sounder(program: Program) -> list[int]:
    """Levels of line 23 in their order."""
    lines = (program.folder / "gpio").read_text().splitlines()
    return [int(line.split()[2]) for line in lines if line.split()[1] == "23"]


def knowing(program: Program) -> dict[str, Any] | None:
    """The newest heartbeat, once it is one of after the node was heard."""
    beat = program.server.newest("hb")
    return beat if beat and beat["health"]["sources"]["node:n1"]["state"] == "ok" else None


def same_log(program: Program) -> bool:
    return program.server.leaves == program.leaves()


def test_contact_on_a_pty_reaches_log_sounder_and_server_and_sigterm_ends_cleanly(program: Program) -> None:
    ready(program)
    program.hardware("PIN 1 1")
    wait_for("the door to open", lambda: program.facts("door.opened"))
    wait_for("the sounder to sound", lambda: sounder(program)[-1:] == [1])
    wait_for("the server to hold all", lambda: same_log(program))
    beat = wait_for("a heartbeat that knows the node", lambda: knowing(program))
    assert beat["health"]["gpio"] == {"kind": "fake"}
    birth = program.server.newest("birth")
    assert len(birth["config_hash"]) == 64
    assert program.end() == 0
    Log.open(FileDisk(program.data / "log"))  # sound to the last byte
    entries = [json.loads(line) for line in (program.folder / "gateway.log").read_text().splitlines()]
    assert [entry["event"] for entry in entries] == ["starting", "ended"]


@pytest.mark.slow
def test_broker_away_for_ten_seconds_leaves_the_house_at_work_and_costs_no_leaf(program: Program) -> None:
    ready(program)
    wait_for("the server to hold all", lambda: same_log(program))
    program.broker.stop()
    gone = time.monotonic()
    program.hardware("PIN 1 1")
    wait_for("the door to open", lambda: program.facts("door.opened"))
    wait_for("the sounder to sound", lambda: sounder(program)[-1:] == [1])
    for number in range(40):
        program.turn(4, number % 2 ^ 1)
    time.sleep(max(0.0, 10 - (time.monotonic() - gone)))
    assert not same_log(program)
    program.broker.start()
    wait_for("the server to hold all", lambda: same_log(program))
    assert len(program.facts("door.opened")) == 21
    assert program.end() == 0


@pytest.mark.slow
def test_kill_9_again_and_again_loses_no_acked_fact_and_raises_no_alarm_twice(program: Program) -> None:
    ready(program)
    opened = 0
    for number in range(6):
        told = program.told_of(4)
        program.hardware("PIN 4 1")
        time.sleep(0.03 + 0.02 * number)
        assert program.gateway is not None
        program.gateway.send_signal(signal.SIGKILL)
        program.gateway.wait()
        wait_for("the node to tell of it", lambda told=told: program.told_of(4) > told)
        program.hardware("PIN 4 0")
        program.start()
        opened += 1
        wait_for("the door", lambda opened=opened: len(program.facts("door.closed")) == 2 + opened)
    assert len(program.facts("door.opened")) == opened
    ids = [canonical.loads(leaf)["id"] for leaf in program.leaves()]
    assert len(ids) == len(set(ids))
    wait_for("the server to hold all", lambda: same_log(program))
    booted = program.facts("gateway.booted")
    assert [fact["recorded"]["boot"] for fact in booted] == list(range(1, opened + 2))
    assert program.end() == 0


def test_unplugged_port_is_a_fact_and_comes_back_by_itself(program: Program) -> None:
    ready(program)
    program.unplug()
    wait_for("the loss", lambda: program.facts("port.lost"))
    program.hardware("PIN 4 1")
    program.plug()
    wait_for("the return", lambda: program.facts("port.restored"))
    wait_for("what happened meanwhile", lambda: program.facts("door.opened"))
    assert program.facts("node.gap") == []
    assert program.end() == 0


def test_forged_words_on_the_broker_change_nothing(program: Program) -> None:
    program.server.is_answering = False
    ready(program)
    size = len(program.leaves())
    forged = {"v": 1, "size": size, "root": "00" * 32, "cosigned": ""}
    program.server.say("ack", canonical.dumps(forged))
    program.server.say("ack", b"\xff" * 100, "gw-other")
    program.server.say("fact", Bench().officer("person.arrived", stay="s1"), "gw-other")
    program.server.say("fact", b"{}")
    program.server.say("req", canonical.dumps({"v": 1, "first": 10**9, "count": 1}))
    beat = wait_for(
        "the gateway to have looked at them",
        lambda: (
            (b := program.server.newest("hb")) and b["health"]["server_ahead"] and b
        ),  # by the last of them
    )
    assert beat["health"]["counters"]["fact_malformed"] == 1
    assert beat["health"]["counters"]["outbox_bad_acks"] == 1
    assert beat["health"]["log"]["acked"] == 0
    assert program.facts("person.arrived") == []
    assert program.end() == 0


def test_officers_fact_comes_in_over_the_broker_once(program: Program) -> None:
    ready(program)
    payload = Bench().officer("officer.registered", officer="p1", service="sworn", roles=["duty_officer"])
    value = canonical.loads(payload)
    assert value["fact"]["occurred"]["earliest_us"] < time.time() * 1e6
    for _ in range(3):
        program.server.say("fact", payload)
    wait_for("the fact", lambda: program.facts("officer.registered"))
    wait_for("the server to hold all", lambda: same_log(program))
    assert len(program.facts("officer.registered")) == 1
    assert program.end() == 0


def test_second_gateway_on_the_same_log_is_refused(program: Program) -> None:
    ready(program)
    first = program.gateway
    program.start()
    assert program.gateway is not None
    assert program.gateway.wait(WAIT_S) == 5
    program.gateway = first
    assert program.end() == 0


def test_trace_shows_commit_before_durable_before_ack(program: Program) -> None:
    ready(program)
    program.hardware("PIN 4 1")
    wait_for("the door to open", lambda: program.facts("door.opened"))
    index = program.facts("door.opened")[0]["index"]
    assert program.end() == 0
    lines = [line.split() for line in (program.folder / "trace").read_text().splitlines()]
    steps = [(step, int(number)) for _, step, number, *_ in lines]
    appended = steps.index(("append", index))
    after = [step for step, _ in steps[appended:]]
    assert after.index("commit") < after.index("durable") < after.index("ack")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "caseward.cli", "gateway", *arguments],
        capture_output=True,
        text=True,
        timeout=WAIT_S,
    )


def test_wrong_start_says_what_was_expected_and_ends_with_2(tmp_path: Path) -> None:
    area, data = str(HERE / "area.toml"), tmp_path / "data"
    wrong = [
        (["--config", str(tmp_path / "none.toml"), "--data", str(data)], "readable UTF-8 file"),
        (["--config", area, "--data", str(data)], "n1 = "),
        (["--config", area, "--data", str(data), "--gpio", "none", "--port", "tty9=/dev/x"], "line1"),
        (["--config", area, "--data", str(data), "--gpio", "none", "--broker", "here"], "HOST:PORT"),
        (["--config", area, "--data", str(data)], "RPi.GPIO"),
    ]
    for number, (arguments, expected) in enumerate(wrong):
        if number == 2:  # from here on the keys are there
            (data / "keys").mkdir(parents=True)
            (data / "keys" / "nodes.toml").write_text(f'n1 = "{KEY.hex()}"\n')
        result = run(*arguments)
        assert result.returncode == 2, result.stderr
        assert expected in result.stderr
        assert "Traceback" not in result.stderr
    assert run("--nonsense").returncode == 2


def rot(program: Program, at: int) -> tuple[Path, bytes]:
    """Flip a bit of the first segment at byte `at`; the segment and what stands there now."""
    segment = next((program.data / "log").glob("*.seg"))
    data = bytearray(segment.read_bytes())
    data[at] ^= 1
    segment.write_bytes(data)
    return segment, bytes(data)


def test_damaged_log_is_gone_on_from_what_is_sound_and_mended_from_the_server(program: Program) -> None:
    ready(program)
    program.hardware("PIN 4 1")
    wait_for("the door to open", lambda: program.facts("door.opened"))
    program.hardware("PIN 4 0")
    wait_for("the door to shut", lambda: program.facts("door.closed"))
    wait_for("the server to hold all", lambda: same_log(program))
    assert program.end() == 0
    wait_for("the server to hold all", lambda: len(program.server.leaves) > 0)
    whole = program.leaves()
    segment, bad = rot(program, 200)
    program.server.is_answering = False
    (program.folder / "gpio").write_text("")
    program.start()
    wait_for("the sounder", lambda: sounder(program)[:1] == [1])
    wait_for("the node to be known again", lambda: program.facts("gateway.booted", "interim/log")[1:])
    assert program.facts("storage.lost", "interim/log")
    program.hardware("PIN 1 1")  # the house is at work: the door is a fact, the rules sound
    wait_for("the door", lambda: len(program.facts("door.opened", "interim/log")) == 2)
    assert segment.read_bytes() == bad
    asked = wait_for("the question", lambda: program.server.newest("mend"))
    assert (asked["first"], asked["count"]) == (0, 1)
    program.server.is_answering = True
    damaged = wait_for("the log to be mended", lambda: program.facts("log.damaged"))
    assert (damaged[0]["body"]["first"], damaged[0]["body"]["count"]) == (0, 1)
    assert (segment.parent / damaged[0]["body"]["kept"]).read_bytes() == bad
    wait_for("the alarm to be taken back", lambda: program.facts("storage.restored"))
    assert program.leaves()[: len(whole)] == whole
    assert len(program.facts("door.opened")) == 2
    ids = [canonical.loads(leaf)["id"] for leaf in program.leaves()]
    assert len(ids) == len(set(ids))
    wait_for("the server to hold all", lambda: same_log(program))
    assert program.server.ingest.fork is None
    assert [path.name for path in program.data.glob("interim*")] == ["interim.merged-0"]
    assert program.end() == 0
    Log.open(FileDisk(program.data / "log"), held_size=len(whole))


def test_rot_that_a_running_gateway_meets_is_gone_on_from_and_mended_at_once(program: Program) -> None:
    ready(program)
    wait_for("the server to hold all", lambda: same_log(program))
    _, bad = rot(program, 200)
    program.server.say("req", canonical.dumps({"v": 1, "first": 0, "count": 64}))
    damaged = wait_for("the log to be mended", lambda: program.facts("log.damaged"))
    assert (program.data / "log" / damaged[0]["body"]["kept"]).read_bytes()[: len(bad)] == bad
    wait_for("the alarm to be taken back", lambda: program.facts("storage.restored"))
    program.hardware("PIN 4 1")
    wait_for("the door to open", lambda: program.facts("door.opened"))
    wait_for("the server to hold all", lambda: same_log(program))
    assert program.server.ingest.fork is None
    assert program.end() == 0


def test_damage_that_no_copy_mends_leaves_the_house_guarded_and_the_files_as_they_are(
    program: Program,
) -> None:
    program.server.is_answering = False
    ready(program)
    assert program.end() == 0
    segment, bad = rot(program, 200)
    for _ in range(2):
        boots = len(program.facts("gateway.booted", "interim/log"))
        program.start()
        wait_for("a start", lambda boots=boots: len(program.facts("gateway.booted", "interim/log")) > boots)
        program.server.say("mend", b"\x00" * 300_000)
        program.server.say("mend", canonical.dumps({"v": 1, "first": 0, "count": 0}) + b"\n\nno note\n")
        wait_for("the question", lambda: program.server.newest("mend"))
        assert program.end() == 0
        assert segment.read_bytes() == bad


def test_a_log_that_denies_itself_stops_the_start_with_3(program: Program) -> None:
    program.server.is_answering = False
    ready(program)
    assert program.end() == 0
    segment = next((program.data / "log").glob("*.seg"))
    leaves = program.leaves()
    value = canonical.loads(leaves[0]) | {"stay": "s-1", "stay_n": 7}  # whole, chained, and false
    segment.write_bytes(encode_line(canonical.dumps(value)))
    program.start()
    assert program.gateway is not None
    assert program.gateway.wait(WAIT_S) == 3
    assert sounder(program)[-1:] == [1]


def test_torn_tail_is_cut_and_told_in_the_boot_fact(program: Program) -> None:
    ready(program)
    assert program.end(signal.SIGKILL) == -signal.SIGKILL
    segment = next((program.data / "log").glob("*.seg"))
    with segment.open("ab") as file:
        file.write(b'0123abcd {"half of a li')
    program.start()
    wait_for("the second start", lambda: len(program.facts("gateway.booted")) == 2)
    assert "torn tail of 23 bytes cut" in program.facts("gateway.booted")[1]["body"]["reason"]
    assert program.end() == 0
