"""The wire and the node as processes: MicroPython's unix port with 192 kB of heap, and CPython."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from casewire import (
    ACTIVE,
    BOOT_WATCHDOG,
    INACTIVE,
    UNKNOWN,
    Boot,
    Command,
    Contact,
    Feedback,
    Heartbeat,
    Kept,
    Snapshot,
    SnapshotRequest,
    Tag,
)
from tests.node import micropython
from tests.node.bench import DOOR, LAMP, LOCK, TAG, of_kind
from tests.node.station import Station

TESTS = Path(__file__).resolve().parents[1]
REST = ((1, 0), (2, 0), (3, 0), (4, 0), (5, 0), (6, 0))
RESET_EXIT_CODE = 17
pytestmark = pytest.mark.real


def run_program(unix_port: list[str], *arguments: str) -> subprocess.CompletedProcess[str]:
    path = [micropython.FIRMWARE, micropython.logging_folder(unix_port)]
    return subprocess.run(
        [*unix_port, "-X", "heapsize=192k", *arguments],
        env=micropython.environment("", None, path=path),
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_the_heap_is_limited_to_192_kb(unix_port) -> None:
    done = run_program(unix_port, "-c", "bytearray(200000)")
    assert done.returncode == 1
    assert "MemoryError" in done.stderr


def test_the_vectors_are_read_and_written_there_as_here(unix_port) -> None:
    done = run_program(
        unix_port, str(TESTS / "wire" / "vectors_on_device.py"), str(TESTS / "vectors" / "wire" / "v1.json")
    )
    assert (done.stdout.splitlines(), done.stderr) == (["SPOILED 1833 WRONG 0", "VECTORS 81 WRONG 0"], "")


def test_a_node_lives_there_as_under_the_other_interpreters(unix_port) -> None:
    here = run_program(unix_port, str(TESTS / "node" / "smoke_on_device.py"))
    assert here.returncode == 0, here.stderr
    assert here.stdout.splitlines()[:2] == [
        "HEARD Boot(reason=0, firmware=1)",
        "HEARD Snapshot(part=0, parts=1, points=((1, 0), (2, 0), (3, 0)))",
    ]
    assert "PIN 3 0" in here.stdout


def test_a_node_tells_boot_snapshot_contacts_tags_and_what_its_outputs_do(tmp_path, interpreter) -> None:
    with Station(tmp_path, interpreter) as station:
        assert station.said(Boot(0, 1)).boot == 1
        station.said(Snapshot(0, 1, REST))
        station.hardware("PIN 1 1")
        first = station.said(Contact(1, ACTIVE))
        station.hardware("PIN 2 1")
        station.said(Feedback(2, ACTIVE))
        station.hardware("UID 3 0A1B2C3D4E")
        station.said(Tag(3, 1, TAG))
        station.hardware("SILENT 3")
        station.said(Tag(3, 0, TAG))
        station.order(Command(4, ACTIVE, 1, 2000))
        station.said(Feedback(4, ACTIVE))
        station.order(SnapshotRequest())
        station.said(Snapshot(0, 1, ((1, 1), (2, 1), (3, 0), (4, 1), (5, 0), (6, 0))))
        assert station.heard.count(first) == 1  # the ack stopped it
    assert station.outputs.read_text().splitlines() == ["PIN 4 0", "PIN 5 0", "PIN 6 0", "PIN 4 1"]


def test_without_an_ack_a_message_is_sent_again_bit_for_bit(tmp_path, interpreter) -> None:
    with Station(tmp_path, interpreter, resend_ms=200) as station:
        station.said(Snapshot(0, 1, REST))
        station.acking = False
        station.hardware("PIN 1 1")
        heard = [station.until(lambda frame: frame.kind == Contact.KIND) for _ in range(4)]
        assert len(set(heard)) == 1
        station.acking = True
        station.said(Contact(1, ACTIVE))
        station.listen_until("no more of it", lambda: of_kind(station.listen(1.0), Contact) == [])


def test_on_a_lost_link_the_outputs_take_their_declared_state(tmp_path, interpreter) -> None:
    with Station(tmp_path, interpreter, link_lost_ms=2000) as station:
        station.said(Snapshot(0, 1, REST))
        for point in (4, 6):  # a lock that is to lock, a sounder that is to hold
            station.order(Command(point, ACTIVE, point, 2000))
            station.said(Feedback(point, ACTIVE))
        station.acking = False
        station.until(lambda frame: frame.kind == Heartbeat.KIND)
        station.listen_until("the door's output", lambda: station.outputs.read_text().endswith("PIN 5 1\n"))
        assert station.outputs.read_text().splitlines()[3:] == ["PIN 4 1", "PIN 6 1", "PIN 4 0", "PIN 5 1"]
        station.acking = True
        station.said(Feedback(4, INACTIVE))
        station.said(Feedback(5, ACTIVE))


def test_garbage_on_the_line_and_on_the_reader_does_not_stop_a_node(tmp_path, interpreter) -> None:
    with Station(tmp_path, interpreter) as station:
        station.said(Snapshot(0, 1, REST))
        for seed in range(20):
            station.raw(bytes((seed * 7 + n * n) & 0xFF for n in range(150)))
            station.hardware("NOISE 3 0202FF30" + "41" * 20 + "03")
            station.listen(0.02)
        station.raw(b"\x00")
        station.order(Command(4, ACTIVE, 1, 5000))
        station.said(Feedback(4, ACTIVE))
        station.hardware("UID 3 0A1B2C3D4E")
        station.said(Tag(3, 1, TAG))


def test_a_broken_wire_reads_as_an_open_contact(tmp_path, interpreter) -> None:
    station = Station(tmp_path, interpreter)
    station.wired = (2,)
    with station:
        station.said(Snapshot(0, 1, ((1, ACTIVE), *REST[1:])))


def test_an_output_has_its_declared_state_from_the_first_moment(tmp_path, interpreter) -> None:
    points = [dict(LOCK, at_start="on"), dict(LAMP, active_level=0, at_start="off")]
    with Station(tmp_path, interpreter, points=points) as station:
        station.said(Snapshot(0, 1, ((4, ACTIVE), (5, INACTIVE))))
    assert station.outputs.read_text().splitlines() == ["PIN 4 1", "PIN 5 1"]


def test_every_start_has_a_boot_number_of_its_own(tmp_path, interpreter) -> None:
    with Station(tmp_path, interpreter, first_boot=40) as station:
        assert station.said(Boot(0, 1)).boot == 41
        station.cut_power()
        station.start()
        assert station.said(Boot(0, 1)).boot == 42


def test_what_was_not_acked_outlives_a_loss_of_power(tmp_path, interpreter) -> None:
    kept = tmp_path / "config.json.boot.kept"
    with Station(tmp_path, interpreter) as station:
        station.said(Snapshot(0, 1, REST))
        station.acking = False
        station.hardware("PIN 1 1")
        told = station.said(Contact(1, ACTIVE))
        station.listen_until("it to be kept", kept.exists)
        station.listen(0.2)  # it may be under way
        station.cut_power()
        station.acking = True
        station.start()
        station.said(Kept(1, told.seq, told.uptime_ms, Contact(1, ACTIVE)))
        station.listen_until("it to be forgotten", lambda: not kept.exists())


def test_a_node_that_fails_keeps_what_it_has_told_a_moment_ago(tmp_path, interpreter) -> None:
    with Station(tmp_path, interpreter) as station:
        station.said(Snapshot(0, 1, REST))
        station.acking = False
        station.hardware("PIN 1 1")
        told = station.said(Contact(1, ACTIVE))
        station.hardware("FAIL")
        station.ended()
        station.start(reset_cause=2)
        station.acking = True
        station.said(Kept(1, told.seq, told.uptime_ms, Contact(1, ACTIVE)))


def test_a_scan_that_hangs_is_ended_by_the_watchdog(tmp_path, interpreter) -> None:
    with Station(tmp_path, interpreter, watchdog_ms=2000) as station:
        station.said(Snapshot(0, 1, REST))
        station.hardware("HANG")
        assert station.ended() == -signal.SIGALRM
        station.start(reset_cause=3)
        station.said(Boot(BOOT_WATCHDOG, 1))


def test_a_scan_that_fails_is_logged_and_starts_the_node_afresh(tmp_path, interpreter) -> None:
    with Station(tmp_path, interpreter) as station:
        station.said(Snapshot(0, 1, REST))
        station.hardware("FAIL")
        assert station.ended() == RESET_EXIT_CODE
    log = (tmp_path / "log").read_text()
    assert "ERROR:node:node stopped, it starts afresh" in log
    assert "OSError" in log


def test_a_wrong_configuration_is_told_and_nothing_is_started(tmp_path, interpreter) -> None:
    with Station(tmp_path, interpreter, points=[dict(DOOR, kind="door")]) as station:
        assert station.ended() == RESET_EXIT_CODE
    log = (tmp_path / "log").read_text()
    assert (
        "points[0].kind: expected one of contact, feedback, output, reader, supervised, found 'door'" in log
    )
    assert not (tmp_path / "config.json.boot").exists()


@pytest.mark.slow
def test_memory_of_a_busy_node_is_flat(tmp_path, unix_port) -> None:
    """Fifty-five beats, some six seconds, of contacts, tags, commands, noise and lost acks. The free heap is reported after a
    collection, so it swings by what waits in the queue; the least free of the two halves is compared."""
    with Station(tmp_path, unix_port, heartbeat_ms=100, resend_ms=100) as station:
        station.said(Snapshot(0, 1, REST))
        turn = 0
        while len(of_kind(station.heard, Heartbeat)) < 55:
            turn += 1
            assert turn < 2_000
            station.hardware(f"PIN 1 {turn % 2}")
            station.hardware("UID 3 0A1B2C3D4E" if turn % 4 < 2 else "UID 3 1122334455")
            station.order(Command(4, turn % 2, turn, 2000))
            station.raw(os.urandom(20) + b"\x00")
            station.acking = turn % 5 != 0
            station.listen(0.04)
        free = [message.mem_free for message in of_kind(station.heard, Heartbeat)]
        half = len(free) // 2
        # Some 94 kB: MicroPython makes room for names in powers of two, and the program has just outgrown one (7 kB).
        assert min(free) > 90_000
        assert min(free[half:]) > min(free[:half]) - 2_000
        assert UNKNOWN not in {message.state for message in of_kind(station.heard, Contact)}
        print(f"frames {len(station.heard)}, free heap least {min(free)} B, most {max(free)} B")
