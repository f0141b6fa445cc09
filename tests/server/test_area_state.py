"""One area at the server: what is committed, what is evaluated, what a silent gateway sets off."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from caselog import canonical
from caselog import leaf as leaves
from caseserver.alarms import AHEAD, GATEWAY, SERVER
from caseserver.area_state import OWED_S
from caseserver.evaluator import OWED_LEAVES_MAX, Evaluator
from caseserver.settings import Limits
from caseserver.store import leaves as leaf_rows
from tests.server.station_kit import HOUR_US, MINUTE_US, START_US, GatewayLog, Kit, hashes_of, morning


def ids(kit: Kit, *, origin: str | None = None) -> list[str]:
    """Ids of open alarms that are no pre-warnings."""
    return [a.id for a in kit.state.book.open() if not a.is_prewarning and origin in (None, a.origin)]


def engine_ids(gateway: GatewayLog) -> set[str]:
    return {record.id for record in gateway.engine.alarms.values() if not record.is_prewarning}


def run_on(kit: Kit, until_us: int) -> None:
    """The gateway's clock goes on to `until_us`, deadline by deadline."""
    gateway = kit.gateway
    while (due_us := gateway.engine.next_deadline_us()) is not None and due_us <= until_us:
        gateway.deadline(due_us)


def test_the_servers_log_is_the_gateways_byte_for_byte(kit: Kit) -> None:
    morning(kit.gateway)
    assert kit.acked(kit.take(kit.gateway.batch())) == kit.gateway.log.size
    assert kit.station.log_bytes("gw-a1") == kit.gateway.bytes()
    assert kit.station.area("a1").root() == kit.gateway.log.root().hex()


def test_a_restarted_server_holds_the_same_log_alarms_and_duties(kit: Kit) -> None:
    end_us = morning(kit.gateway)
    run_on(kit, end_us + 2 * HOUR_US)
    kit.take(kit.gateway.batch(0, 9))
    kit.take(kit.gateway.batch(9))
    before = kit.state.snapshot()
    assert before.alarms
    events = [kit.station.area("a1").history(alarm.id) for alarm in before.alarms]
    kit.restart()
    after = kit.state.snapshot()
    assert after.size == before.size
    assert after.alarms == before.alarms
    assert after.duties == before.duties
    assert after.world.stays.values() == before.world.stays.values()
    assert [kit.station.area("a1").history(alarm.id) for alarm in after.alarms] == events
    assert kit.acked(kit.take(kit.gateway.batch(3, 7))) == kit.gateway.log.size


def test_a_batch_whose_commit_fails_is_not_acknowledged_and_is_taken_when_it_comes_again(
    kit: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    morning(kit.gateway)
    real = leaf_rows.set_state

    def failing(*_arguments: object, **_values: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(leaf_rows, "set_state", failing)
    with pytest.raises(OSError, match="disk full"):
        kit.take(kit.gateway.batch())
    monkeypatch.setattr(leaf_rows, "set_state", real)
    assert kit.state.ingest.size == 0
    assert kit.station.log_bytes("gw-a1") == b""
    assert kit.acked(kit.take(kit.gateway.batch())) == kit.gateway.log.size


def test_leaves_cannot_be_changed_or_deleted_by_sql(kit: Kit) -> None:
    morning(kit.gateway)
    kit.take(kit.gateway.batch())
    for statement in ("UPDATE leaf SET data = x'00'", "DELETE FROM leaf"):
        with pytest.raises(DBAPIError, match="append-only"), kit.database.writing() as connection:
            connection.execute(text(statement))


def test_the_second_evaluator_finds_the_same_alarms_and_no_difference(kit: Kit) -> None:
    end_us = morning(kit.gateway)
    run_on(kit, end_us + 25 * HOUR_US)
    kit.gateway.fact("tag.read", end_us + 26 * HOUR_US, tag="band-07", room="interrogation-1", reader="rd-1")
    kit.gateway.fact("recorder.stopped", end_us + 26 * HOUR_US, recorder="rec-interrogation-1")
    run_on(kit, end_us + 27 * HOUR_US)
    kit.take(kit.gateway.batch())
    assert len(engine_ids(kit.gateway)) >= 3
    assert set(ids(kit)) == engine_ids(kit.gateway)
    assert kit.state.evaluator.owed() == 0
    assert kit.state.counters["differences"] == 0


def test_a_gateway_that_logs_no_outputs_is_found_out(tmp_path: Path) -> None:
    kit = Kit(tmp_path)
    kit.gateway.writes_outputs = False
    end_us = morning(kit.gateway)
    run_on(kit, end_us + 2 * HOUR_US)
    kit.clock.at_us = end_us + 2 * HOUR_US
    kit.take(kit.gateway.batch())
    kit.beat(10.0)
    kit.state.tick(kit.clock.now(), 10.1)
    assert kit.state.counters["differences"] == 0  # it may have been killed before it wrote them
    kit.beat(11.0 + OWED_S)
    kit.state.tick(kit.clock.now(), 11.1 + OWED_S)
    assert kit.state.counters["differences"] > 0
    assert [i for i in ids(kit, origin=SERVER) if "/difference/" in i]
    assert "missing" in kit.station.area("a1").health().differences[0]
    kit.close()


def take_all(kit: Kit) -> None:
    """The gateway's log in batches of a size that is taken."""
    for first in range(0, kit.gateway.log.size, 100):
        kit.take(kit.gateway.batch(first, min(first + 100, kit.gateway.log.size)))
    assert kit.state.ingest.size == kit.gateway.log.size


def test_a_gateway_that_answers_many_facts_together_when_its_disk_has_room_again_is_none(kit: Kit) -> None:
    """While the disk is full facts wait in memory; then they are written, and after all of them what follows."""
    end_us = morning(kit.gateway)
    kit.gateway.writes_outputs = False
    for number in range(2 * OWED_LEAVES_MAX):
        name = ("door.opened", "door.closed")[number % 2]
        kit.gateway.fact(name, end_us + number * 100_000, door="gate")
    assert kit.gateway.unwritten
    kit.gateway.answer()
    take_all(kit)
    assert kit.state.counters["differences"] == 0


def test_outputs_left_out_are_found_when_others_come(kit: Kit) -> None:
    end_us = morning(kit.gateway)
    kit.gateway.writes_outputs = False
    kit.gateway.fact("door.opened", end_us, door="gate")
    left_out = len(kit.gateway.unwritten)
    assert left_out
    kit.gateway.unwritten.clear()
    kit.gateway.writes_outputs = True
    for number in range(1, OWED_LEAVES_MAX):
        name = ("door.opened", "door.closed")[number % 2]
        kit.gateway.fact(name, end_us + number * 100_000, door="gate")
    take_all(kit)
    assert kit.state.counters["differences"] == left_out


def invent_an_output(kit: Kit) -> None:
    """The gateway logs an alarm that no fact leads to."""
    morning(kit.gateway)
    body = {
        "alarm": "a1/M1/x/stay:S-1/0",
        "rule": "M1",
        "variant": "x",
        "subject": "stay:S-1",
        "severity": "S1",
        "stage": "s",
    }
    instant = {"boot": 1, "boottime_us": 0, "earliest_us": START_US, "latest_us": START_US}
    kit.gateway.log.append(
        {
            "class": "output", "type": "alarm.raised/1", "id": "alarm.raised|invented", "recorded": instant, "stay": "S-1",
            "occurred": {"earliest_us": START_US, "latest_us": START_US, "by": "gateway"},
            "source": {"name": "", "boot": 0, "seq": 0}, "body": body,
        }
    )  # fmt: skip
    kit.gateway.log.commit()


def test_an_output_that_no_fact_bears_out_is_found_out_and_shown(kit: Kit) -> None:
    invent_an_output(kit)
    kit.take(kit.gateway.batch())
    assert kit.state.counters["differences"] == 1
    assert "a1/M1/x/stay:S-1/0" in ids(kit)


def test_a_hole_in_the_numbers_of_a_stay_is_told_as_a_difference(kit: Kit) -> None:
    morning(kit.gateway)
    evaluator = Evaluator(kit.area, kit.rulebook)
    for data in kit.gateway.log.leaves(0, kit.gateway.log.size, 10**6):
        record = leaves.parse(data)
        is_last = record.type == "wristband.bound/1"
        evaluator.step(replace(record, stay_n=(record.stay_n or 0) + 1) if is_last else record)
    first = evaluator.take_differences()[0]
    assert first.expected.startswith("stay_n ")
    assert int(first.found.split()[1]) == int(first.expected.split()[1]) + 1


def test_a_difference_in_leaves_that_were_committed_and_not_evaluated_is_alarmed_at_the_next_start(
    kit: Kit,
) -> None:
    invent_an_output(kit)
    kit.state.on_logs([kit.gateway.batch()], kit.clock.now())  # and here the process dies
    assert ids(kit, origin=SERVER) == []
    kit.restart()
    assert [i for i in ids(kit, origin=SERVER) if "/difference/" in i]
    (told,) = [a for a in kit.state.book.open() if a.variant == "difference"]
    assert kit.state.act_own(told.id, "taken", "1001", START_US, "", "") == ""
    kit.restart()
    again = kit.state.book.get(told.id)
    assert again is not None
    assert again.taken_by == "1001"  # a further start does not begin it anew


def test_a_gateway_that_runs_another_configuration_is_told_as_a_difference(kit: Kit) -> None:
    ours = hashes_of(kit.area)
    evaluator = Evaluator(kit.area, kit.rulebook, ours | {"config_hash": "1" * 64})
    morning(kit.gateway)
    for data in kit.gateway.log.leaves(0, kit.gateway.log.size, 10**6):
        evaluator.step(leaves.parse(data))
    (difference,) = evaluator.take_differences()
    assert (difference.kind, difference.output) == ("configuration", "config_hash")
    assert (difference.expected, difference.found) == ("1" * 64, ours["config_hash"])


def test_a_silent_gateway_is_alarmed_once_and_cleared_when_it_is_heard(kit: Kit) -> None:
    morning(kit.gateway)
    kit.take(kit.gateway.batch())
    kit.beat(100.0)
    kit.state.tick(kit.clock.now(), 129.0)
    assert ids(kit, origin=SERVER) == []
    for real_s in (130.1, 130.5, 140.0, 500.0):
        kit.state.tick(kit.clock.now(), real_s)
    (silent,) = [a for a in kit.state.book.open() if a.origin == SERVER]
    assert (silent.rule, silent.variant, silent.subject) == ("SYS", "gateway", "gateway:gw-a1")
    assert silent.text["zh"]["what"]
    assert kit.station.area("a1").health().is_silent
    kit.beat(501.0)
    kit.state.tick(kit.clock.now(), 501.2)
    heard = kit.state.book.get(silent.id)
    assert heard is not None
    assert heard.cleared_us is not None
    assert heard.is_open  # an officer still has to say what was done
    assert [line["what"] for line in kit.station.area("a1").history(silent.id)] == ["raised", "cleared"]


def test_a_gateway_never_heard_since_the_start_is_alarmed_too(kit: Kit) -> None:
    kit.state.tick(kit.clock.now(), 29.0)
    assert ids(kit) == []
    kit.state.tick(kit.clock.now(), 31.0)
    assert len(ids(kit, origin=SERVER)) == 1


def test_a_stay_known_before_the_silence_is_alarmed_by_the_servers_own_clock(kit: Kit) -> None:
    end_us = morning(kit.gateway)
    kit.take(kit.gateway.batch())
    kit.beat(100.0)
    kit.clock.at_us = end_us + 13 * HOUR_US
    kit.state.tick(kit.clock.now(), 140.0)
    ahead = ids(kit, origin=AHEAD)
    assert [i for i in ahead if i.startswith("a1/T1/")]
    assert kit.state.evaluator.size == kit.gateway.log.size  # the log's own engine has not moved


def test_the_gateways_own_account_falls_together_with_the_servers_and_nothing_doubles(kit: Kit) -> None:
    end_us = morning(kit.gateway)
    kit.take(kit.gateway.batch())
    kit.beat(100.0)
    kit.clock.at_us = end_us + 13 * HOUR_US
    for real_s in (140.0, 141.0, 142.0):
        kit.state.tick(kit.clock.now(), real_s)
    found_ahead = set(ids(kit, origin=AHEAD))
    assert found_ahead
    run_on(kit, kit.clock.at_us)
    kit.take(kit.gateway.batch())
    kit.beat(143.0)
    kit.state.tick(kit.clock.now(), 143.1)
    assert ids(kit, origin=AHEAD) == []
    assert set(ids(kit, origin=GATEWAY)) == engine_ids(kit.gateway)
    assert found_ahead == engine_ids(kit.gateway)
    for alarm_id in found_ahead:
        raised = [line for line in kit.station.area("a1").history(alarm_id) if line["what"] == "raised"]
        assert len(raised) == len({(line["at_us"], line["detail"]["stage"]) for line in raised})
    assert kit.state.counters["differences"] == 0


def test_what_the_server_raised_ahead_is_withdrawn_when_the_gateways_facts_deny_it(kit: Kit) -> None:
    end_us = morning(kit.gateway)
    kit.take(kit.gateway.batch())
    kit.beat(100.0)
    kit.gateway.fact("stay.released", end_us + HOUR_US, stay="S-1", reason="released", officer="1001")
    kit.clock.at_us = end_us + 13 * HOUR_US
    kit.state.tick(kit.clock.now(), 140.0)
    clocks = [i for i in ids(kit, origin=AHEAD) if i.startswith("a1/T1/")]
    assert clocks
    kit.take(kit.gateway.batch())
    kit.beat(141.0)
    kit.state.tick(kit.clock.now(), 141.1)
    for alarm_id in clocks:
        alarm = kit.state.book.get(alarm_id)
        assert alarm is not None
        assert alarm.clear_reason == "late_evidence"
        assert not alarm.is_open


def test_a_gateway_whose_disk_takes_nothing_has_not_said_that_an_alarm_never_was(kit: Kit) -> None:
    """Its heartbeat is past the limit and its log is all here, but what it decided is in its memory alone."""
    end_us = morning(kit.gateway)
    kit.take(kit.gateway.batch())
    kit.beat(100.0)
    kit.clock.at_us = end_us + 13 * HOUR_US
    kit.state.tick(kit.clock.now(), 140.0)
    ahead = [i for i in ids(kit, origin=AHEAD) if i.startswith("a1/T1/")]
    assert ahead
    full = kit.gateway.heartbeat(kit.clock.at_us + 2 * HOUR_US, pending=2)
    kit.state.on_heartbeat(full, kit.clock.now(), 141.0)
    kit.state.tick(kit.clock.now(), 141.1)
    assert [i for i in ids(kit, origin=AHEAD) if i.startswith("a1/T1/")] == ahead
    kit.state.on_heartbeat(kit.gateway.heartbeat(kit.clock.at_us + 2 * HOUR_US), kit.clock.now(), 142.0)
    kit.state.tick(kit.clock.now(), 142.1)
    assert [i for i in ids(kit, origin=AHEAD) if i.startswith("a1/T1/")] == []


def test_what_the_servers_wrong_clock_raised_ahead_goes_when_the_log_has_ended_the_duty(kit: Kit) -> None:
    end_us = morning(kit.gateway)
    kit.take(kit.gateway.batch())
    kit.beat(100.0)
    kit.clock.at_us = end_us + 13 * HOUR_US  # somebody set the server's clock
    kit.state.tick(kit.clock.now(), 140.0)
    assert [i for i in ids(kit, origin=AHEAD) if i.startswith("a1/T1/")]
    kit.clock.at_us = end_us + HOUR_US
    kit.gateway.fact("stay.released", kit.clock.at_us, stay="S-1", reason="released", officer="1001")
    kit.take(kit.gateway.batch())
    kit.beat(141.0)
    kit.state.tick(kit.clock.now(), 141.1)
    assert [i for i in ids(kit, origin=AHEAD) if "stay:S-1" in i] == []


def test_what_the_servers_wrong_clock_raised_ahead_goes_when_it_is_to_come_by_both_clocks(kit: Kit) -> None:
    end_us = morning(kit.gateway)
    kit.take(kit.gateway.batch())
    kit.beat(100.0)
    kit.clock.at_us = end_us + 13 * HOUR_US  # somebody set the server's clock
    kit.state.tick(kit.clock.now(), 140.0)
    assert [i for i in ids(kit, origin=AHEAD) if i.startswith("a1/T1/")]
    right = kit.gateway.heartbeat(end_us + 60_000_000)
    kit.state.on_heartbeat(right, kit.clock.now(), 141.0)
    kit.state.tick(kit.clock.now(), 141.1)  # by one of the two it is due
    assert [i for i in ids(kit, origin=AHEAD) if i.startswith("a1/T1/")]
    kit.clock.at_us = end_us + 60_000_000
    kit.state.on_heartbeat(right, kit.clock.now(), 142.0)
    kit.state.tick(kit.clock.now(), 142.1)
    assert [i for i in ids(kit, origin=AHEAD) if i.startswith("a1/T1/")] == []


def test_what_the_servers_wrong_clock_added_to_an_alarm_of_the_log_goes_again(kit: Kit) -> None:
    end_us = morning(kit.gateway)
    run_on(kit, end_us + 13 * HOUR_US // 2)
    kit.clock.at_us = end_us + 13 * HOUR_US // 2
    kit.take(kit.gateway.batch())
    kit.beat(100.0)
    by_log = {alarm.id: alarm.stages for alarm in kit.state.book.open() if alarm.origin == GATEWAY}
    kit.clock.at_us += 2 * HOUR_US  # somebody set the server's clock
    kit.state.tick(kit.clock.now(), 140.0)
    longer = [a.id for a in kit.state.book.open() if a.id in by_log and a.stages != by_log[a.id]]
    assert longer
    kit.clock.at_us = end_us + 13 * HOUR_US // 2 + MINUTE_US
    kit.beat(141.0)
    kit.state.tick(kit.clock.now(), 141.1)
    assert {a.id: a.stages for a in kit.state.book.open() if a.origin == GATEWAY} == by_log
    told = [line["detail"].get("reason") for line in kit.station.area("a1").history(longer[0])]
    assert "late_evidence" in told


def test_a_stage_that_is_due_by_one_of_the_clocks_does_not_go_with_another(kit: Kit) -> None:
    end_us = morning(kit.gateway)
    run_on(kit, end_us + 10 * HOUR_US)
    kit.clock.at_us = end_us + 10 * HOUR_US
    kit.take(kit.gateway.batch())
    kit.beat(100.0)
    kit.clock.at_us = end_us + 23 * HOUR_US // 2  # both the next warnings of T1 are due by it
    kit.state.tick(kit.clock.now(), 140.0)

    def warnings() -> tuple[str, ...]:
        return next(a.stages for a in kit.state.book.open() if a.id.startswith("a1/T1/"))

    longer = warnings()
    assert longer == ("pre-2h@12h", "pre-1h@12h", "pre-30min@12h")
    theirs = kit.gateway.heartbeat(end_us + 10 * HOUR_US + MINUTE_US)
    kit.clock.at_us = end_us + 56 * HOUR_US // 5  # by it the first of them is due, the second is not
    kit.state.on_heartbeat(theirs, kit.clock.now(), 141.0)
    kit.state.tick(kit.clock.now(), 141.1)
    assert warnings() == longer
    kit.clock.at_us = end_us + 10 * HOUR_US + MINUTE_US
    kit.state.on_heartbeat(theirs, kit.clock.now(), 142.0)
    kit.state.tick(kit.clock.now(), 142.1)
    assert warnings() == ("pre-2h@12h",)


def test_a_limit_that_was_earlier_by_paper_is_not_taken_back_with_its_warning(kit: Kit) -> None:
    start_us = morning(kit.gateway)
    at_us = start_us + HOUR_US
    kit.gateway.fact("area.entered", at_us, stay="S-2")
    run_on(kit, at_us + 11 * MINUTE_US)
    late_us = at_us + 11 * MINUTE_US
    kit.gateway.fact(
        "stay.registered", at_us + 4 * MINUTE_US, told_us=late_us, stay="S-2", measure="criminal_summons", case="C-2",
        sex="F", officer="1001", entered_at_us=start_us + 5 * MINUTE_US,
    )  # fmt: skip
    kit.clock.at_us = late_us + MINUTE_US
    kit.take(kit.gateway.batch())
    kit.beat(100.0)
    kit.state.tick(kit.clock.now(), 101.0)
    (alarm,) = [
        a for a in kit.state.book.open() if a.rule == "T4" and a.stay == "S-2" and not a.is_prewarning
    ]
    told = kit.station.area("a1").history(alarm.id)
    assert alarm.is_active
    assert [line["what"] for line in told] == ["prewarned", "raised"]


def test_a_fork_is_alarmed_and_both_accounts_are_kept(kit: Kit) -> None:
    morning(kit.gateway)
    kit.take(kit.gateway.batch())
    other = GatewayLog(kit.area, kit.rulebook)
    morning(other, START_US + 1)
    for _ in range(3):
        assert kit.take(other.batch(0, 5)) == []
    forks = [a for a in kit.state.book.open() if a.variant == "fork"]
    assert len(forks) == 1
    assert kit.station.area("a1").health().is_forked
    assert kit.station.log_bytes("gw-a1") == kit.gateway.bytes()
    with kit.database.reading() as connection:
        kept = (
            connection.execute(text("SELECT payload FROM quarantine WHERE reason = 'fork'")).scalars().all()
        )
    assert kept[0] == other.batch(0, 5)
    kit.gateway.fact("door.opened", kit.clock.at_us, door="gate")
    kit.take(kit.gateway.batch(10))
    assert kit.station.area("a1").health().is_forked, "proved: it stays until officers have handled it"


def test_refused_bytes_are_kept_up_to_a_bound_and_forks_go_last(tmp_path: Path) -> None:
    kit = Kit(tmp_path, limits=Limits(quarantine_rows_max=10))
    morning(kit.gateway)
    kit.take(kit.gateway.batch())
    other = GatewayLog(kit.area, kit.rulebook)
    morning(other, START_US + 1)
    kit.take(other.batch(0, 2))
    for number in range(30):
        kit.take(b"junk %d" % number)
    with kit.database.reading() as connection:
        rows = connection.execute(text("SELECT reason, payload FROM quarantine ORDER BY id")).all()
    assert len(rows) == 10
    assert rows[0].reason == "fork"
    assert rows[-1].payload == b"junk 29"
    assert kit.state.ingest.counters["refused_malformed"] == 30
    kit.close()


def test_leaves_that_a_heartbeat_tells_of_and_that_do_not_come_are_asked_for(kit: Kit) -> None:
    morning(kit.gateway)
    kit.beat(10.0)
    assert kit.state.tick(kit.clock.now(), 10.1) == []
    assert kit.state.tick(kit.clock.now(), 11.0) == []
    (asked,) = kit.state.tick(kit.clock.now(), 12.2)
    assert asked.topic == "req"
    assert canonical.loads(asked.payload) == {"v": 1, "first": 0, "count": kit.gateway.log.size}


def test_a_page_turns_grey_three_seconds_after_the_last_heartbeat(kit: Kit) -> None:
    morning(kit.gateway)
    kit.take(kit.gateway.batch())
    kit.beat(10.0)
    kit.state.tick(kit.clock.now(), 12.9)
    health = kit.station.area("a1").health()
    assert not health.is_stale
    assert ("node:n1", "ok") in [(name, state) for name, state, _ in health.sources]
    kit.state.tick(kit.clock.now(), 13.1)
    health = kit.station.area("a1").health()
    assert health.is_stale
    assert {state for _, state, _ in health.sources} == {"unknown"}


@pytest.mark.parametrize(
    "payload", [b"", b"{}", b"[1]", b'{"boot":1}', b"\xff", b'{"boot":true,"size":1}', b"9" * 70_000]
)
def test_a_bad_heartbeat_is_counted(kit: Kit, payload: bytes) -> None:
    kit.state.on_heartbeat(payload, kit.clock.now(), 1.0)
    assert kit.state.counters["bad_heartbeats"] == 1
    assert kit.state.snapshot().is_stale


@pytest.mark.parametrize(
    ("early_s", "late_s", "offset_s"),
    [(-70, 80, 0), (-3_600, None, 0), (-90, -8, -8), (9, 11, 9), (9, None, 9), (-4, -4, -4)],
)
def test_clocks_differ_by_what_lies_between_their_intervals(
    kit: Kit, early_s: int, late_s: int | None, offset_s: int
) -> None:
    now_us = kit.clock.at_us
    beat = canonical.loads(kit.gateway.heartbeat(now_us))
    beat["earliest_us"] = now_us + early_s * 1_000_000
    beat["latest_us"] = None if late_s is None else now_us + late_s * 1_000_000
    for second in range(3):
        kit.state.on_heartbeat(canonical.dumps(beat), kit.clock.now(), float(second))
    health = kit.station.area("a1").health()
    assert health.offset_us == offset_s * 1_000_000
    assert health.instant is not None
    assert health.instant.latest_us == beat["latest_us"]
    assert any("SYS/offset" in alarm.id for alarm in kit.station.area("a1").alarms) == (abs(offset_s) > 5)


def test_a_snapshot_does_not_change_when_the_log_goes_on(kit: Kit) -> None:
    end_us = morning(kit.gateway)
    kit.take(kit.gateway.batch())
    before = kit.state.snapshot()
    stays, alarms = before.world.stays.values(), before.alarms
    kit.gateway.fact("stay.released", end_us + MINUTE_US, stay="S-1", reason="released", officer="1001")
    kit.take(kit.gateway.batch())
    assert before.world.stays.values() == stays
    assert before.alarms == alarms
    assert kit.state.snapshot().world.stays.values() != stays


def test_batches_that_came_together_are_one_commit_and_one_answer(
    kit: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    morning(kit.gateway)
    size = kit.gateway.log.size
    ends = [3, 7, size]
    batches = [kit.gateway.batch(first, end) for first, end in zip([0, *ends], ends, strict=False)]
    commits: list[int] = []
    real = leaf_rows.set_state

    def counted(connection: Any, gateway: str, **values: Any) -> None:
        commits.append(values.get("size", -1))
        real(connection, gateway, **values)

    monkeypatch.setattr(leaf_rows, "set_state", counted)
    messages, records = kit.state.on_logs(batches, kit.clock.now())
    assert commits == [size]
    assert [m.topic for m in messages] == ["ack"]
    assert kit.acked(messages) == size
    assert [record.index for record in records] == list(range(size))
    assert kit.station.log_bytes("gw-a1").count(b"\n") == size


def test_a_bad_batch_among_good_ones_is_refused_alone_and_what_came_before_it_is_held(kit: Kit) -> None:
    morning(kit.gateway)
    size = kit.gateway.log.size
    good, bad, last = kit.gateway.batch(0, 3), b"{}", kit.gateway.batch(3, size)
    messages, records = kit.state.on_logs([good, bad, last], kit.clock.now())
    assert kit.acked(messages) == size
    assert len(records) == size
    assert kit.state.ingest.counters["refused_malformed"] == 1
    assert kit.station.log_bytes("gw-a1").count(b"\n") == size


def test_of_batches_that_came_together_nothing_is_held_when_their_commit_fails(
    kit: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    morning(kit.gateway)
    batches = [kit.gateway.batch(0, 3), kit.gateway.batch(3, 7)]
    real = leaf_rows.append

    def failing(*_arguments: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(leaf_rows, "append", failing)
    with pytest.raises(OSError, match="disk full"):
        kit.state.on_logs(batches, kit.clock.now())
    monkeypatch.setattr(leaf_rows, "append", real)
    assert kit.state.ingest.size == 0
    messages, records = kit.state.on_logs(batches, kit.clock.now())
    assert (kit.acked(messages), len(records)) == (7, 7)
