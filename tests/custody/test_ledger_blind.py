"""The blind-time ledger: what could not be seen is a spell, what was seen after all is none, and where the engine holds, it is blind."""

from dataclasses import replace

import pytest

from custody.engine import Engine
from custody.ledger import blindness
from custody.ledger.blind import Blindness, blind_to, blindness_of, sums
from custody.ledger.reach import reach_of
from custody.ledger.sources import Spell, not_fitted, seen_by_log
from custody.view import Condition
from tests.custody.station_log import HASHES, StationLog
from tests.custody.support import OFFICERS, admitted, area, at, fact, rulebook
from tests.custody.tales import random_tale

MINUTE_US = 60_000_000
ALL = (0, 2**62)


def opened() -> StationLog:
    """Everything heard since 08:00."""
    station = StationLog()
    station.say("config.loaded", at("08:00"), **HASHES)
    for node in area().nodes:
        station.say("node.restored", at("08:00"), node=node)
    for recorder in area().recorders:
        station.say("recorder.started", at("08:00"), recorder=recorder)
    for door in area().doors:
        station.say("door.closed", at("08:00"), door=door)
    for name in area().inputs:
        station.say("input.cleared", at("08:00"), input=name)
    return station


def ledger(station: StationLog) -> Blindness:
    return blindness_of(station.leaves(), area(), rulebook())


def spells(station: StationLog, *why: str) -> list[tuple[str, str, str | None]]:
    """(source, from, to) of the spells for these reasons, as HH:MM:SS."""
    return [
        (s.source, clock(s.from_us) or "", clock(s.to_us)) for s in ledger(station).spells if s.why in why
    ]


def clock(at_us: int | None) -> str | None:
    if at_us is None:
        return None
    seconds = (at_us - at("00:00")) // 1_000_000
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def test_nothing_is_blind_while_everything_is_heard() -> None:
    station = opened()
    station.say("door.opened", at("09:00"), door="gate")
    assert [s for s in ledger(station).spells if s.why != "not_fitted"] == []


def test_a_lost_node_is_blind_until_it_is_back_if_anything_it_saw_is_missing() -> None:
    station = opened()
    station.say("node.lost", at("10:00"), at("10:00:03"), node="n3")
    station.say("node.booted", at("10:04"), node="n3")
    station.say("node.restored", at("10:05"), node="n3")
    assert spells(station, "node_lost")[-1] == ("node:n3", "10:00:00", "10:05:00")


def test_a_node_that_kept_what_it_saw_was_not_blind() -> None:
    station = opened()
    station.say("node.lost", at("10:00"), at("10:00:03"), node="n3")
    station.say("node.restored", at("10:05"), node="n3")
    assert spells(station, "node_lost") == []


def test_a_gap_told_within_a_minute_of_the_return_makes_it_blind_again() -> None:
    station = opened()
    station.say("node.lost", at("10:00"), at("10:00:03"), node="n3")
    station.say("node.restored", at("10:05"), node="n3")
    station.say("node.gap", at("10:05:30"), node="n3", node_boot=1, first_seq=4, last_seq=9)
    assert ("node:n3", "10:00:00", "10:05:00") in spells(station, "node_lost")


def test_lost_messages_are_a_spell_from_the_last_word_of_the_node() -> None:
    station = opened()
    heard = fact("door.opened", 0, at("09:10"), door="door-waiting-1")
    station.take(replace(heard, source_name="n3", by="node", id="n3|1|7"))
    station.say("node.gap", at("09:20"), node="n3", node_boot=1, first_seq=8, last_seq=9)
    assert spells(station, "messages_lost") == [("node:n3", "09:10:00", "09:20:00")]


@pytest.mark.parametrize(
    ("why", "begin", "end", "body", "source"),
    [
        (
            "recorder_unknown",
            "recorder.lost",
            "recorder.started",
            {"recorder": "rec-west"},
            "recorder:rec-west",
        ),
        (
            "recorder_unknown",
            "recorder.lost",
            "recorder.stopped",
            {"recorder": "rec-west"},
            "recorder:rec-west",
        ),
        ("door_unknown", "door.unknown", "door.closed", {"door": "gate"}, "door:gate"),
        ("door_unknown", "door.unknown", "door.opened", {"door": "gate"}, "door:gate"),
    ],
)
def test_a_source_that_says_unknown_is_blind_until_it_says_anything_else(
    why, begin, end, body, source
) -> None:
    station = opened()
    station.say(begin, at("11:00"), **body)
    assert spells(station, why)[-1] == (source, "11:00:00", None)
    station.say(end, at("11:00:07"), **body)
    assert spells(station, why)[-1] == (source, "11:00:00", "11:00:07")


def test_a_silent_wristband_is_blind_in_the_room_it_was_read_in_last() -> None:
    station = opened()
    station.play([*OFFICERS, *admitted("public_order_questioning")])
    station.say("tag.gone", at("10:00"), tag="B07", room="reception", reader="rd-reception")
    station.say("tag.read", at("10:01"), tag="B07", room="search", reader="rd-search")
    [spell] = [s for s in ledger(station).spells if s.why == "band_silent"]
    assert (spell.source, spell.room, spell.stay) == ("band:B07", "reception", "s-1")
    assert (spell.from_us, spell.to_us) == (at("10:00"), at("10:01"))
    rules = {rule for rule, _ in ledger(station).reach.of(spell)}
    assert "WB/silent" not in rules
    assert any(rule.startswith("M3/") for rule in rules)
    assert len(rules) > 3


def test_a_doubted_clock_and_a_stopped_gateway_blind_every_rule_in_every_room() -> None:
    station = opened()
    station.say("clock.doubted", at("12:00"), reason="rtc dead")
    station.say("clock.trusted", at("12:30"), source="server")
    station.restart(at("13:00"))
    assert spells(station, "clock_doubted") == [("clock", "12:00:00", "12:30:00")]
    assert spells(station, "gateway_stopped") == [(f"gateway:{area().gateway}", "12:30:00", "13:00:00")]
    rows = [r for r in ledger(station).rows(ALL) if r["why"] in ("clock_doubted", "gateway_stopped")]
    assert {(row["rule"], row["room"]) for row in rows} == {(None, None)}


def test_what_the_log_says_of_its_own_disk_is_in_the_ledger() -> None:
    station = opened()
    leaves = station.leaves()
    last = leaves[-1]

    def own(name: str, at_us: int, **body: object) -> dict[str, object]:
        recorded = {**last["recorded"], "earliest_us": at_us}
        index = leaves[-1]["index"] + 1
        leaf = {**last, "class": "log", "type": name, "recorded": recorded, "index": index, "body": body}
        leaves.append(leaf)
        return leaf

    own("log.space/1", at("09:00"), state="full", free_bytes=0, left_out={})
    own("log.space/1", at("09:30"), state="ok", free_bytes=9, left_out={"recorder.measured": 3})
    own("log.space/1", at("09:40"), state="ok", free_bytes=9, left_out={})
    damaged = {"file": "f", "byte": 1, "expected": "e", "found": "f", "kept": "none", "from": "server"}
    own("log.damaged/1", at("10:00"), first=3, count=2, **damaged)
    own("log.damaged/1", at("11:00"), first=leaves[-1]["index"], count=0, **damaged)
    own("log.damaged/1", at("12:00"), first=leaves[-1]["index"] + 1, count=0, **{**damaged, "from": "none"})
    found = [(s.why, clock(s.from_us), clock(s.to_us)) for s in seen_by_log(leaves, area())]
    assert found == [("log_full", "09:00:00", "09:30:00"), ("log_damaged", "09:40:00", "11:00:00")]


def test_rooms_without_a_reader_are_not_fitted_and_blind_what_asks_who_is_there() -> None:
    readers = {name: r for name, r in area().readers.items() if r.room != "waiting-1"}
    bare = replace(
        area(),
        readers=readers,
        points=tuple(p for p in area().points if p.of in readers or p.kind != "reader"),
    )
    found = [s for s in not_fitted(bare, 7) if s.source == "room:waiting-1"]
    assert found == [Spell("room:waiting-1", "not_fitted", 7, None)]
    rules = {rule for rule, room in reach_of(bare, rulebook()).of(found[0]) if room == "waiting-1"}
    assert {"M3", "M4"} <= {rule.partition("/")[0] for rule in rules}
    assert [s for s in not_fitted(area(), 7) if s.source == "room:waiting-1"] == []


def test_what_a_rule_rests_on_and_a_room_lacks_blinds_that_rule_there() -> None:
    rooms = {name: replace(room, fitted=()) for name, room in area().rooms.items()}
    bare = replace(area(), rooms=rooms)
    reach = reach_of(bare, rulebook())
    resting = {rule.key for rule in rulebook().rules if rule.params.get("fitted") == "patrol_point"}
    spells_ = [s for s in not_fitted(bare, 0) if s.source.startswith("patrol_point:")]
    assert {rule for s in spells_ for rule, _ in reach.of(s)} == resting != set()


def test_seconds_of_one_source_count_once_whatever_the_reasons() -> None:
    rows = [
        {"rule": "M3", "room": "r", "source": "node:n1", "why": why, "from_us": a, "to_us": b}
        for why, a, b in (("node_lost", 10, 50), ("messages_lost", 40, 60), ("node_lost", 90, None))
    ]
    assert sums(rows, (0, 100)) == [{"rule": "M3", "room": "r", "source": "node:n1", "blind_us": 60}]
    assert sums(rows, (45, 55)) == [{"rule": "M3", "room": "r", "source": "node:n1", "blind_us": 10}]
    assert sums(rows, (61, 89)) == []


def test_an_empty_log_is_blind_of_nothing() -> None:
    found = blindness_of([], area(), rulebook())
    assert found.spells == ()
    assert found.rows(ALL) == []


@pytest.mark.parametrize("seed", range(8))
def test_where_a_rule_is_held_because_it_cannot_see_the_ledger_says_so(seed: int) -> None:
    station = StationLog(engine=Engine(area(), rulebook()))
    station.say("config.loaded", at("08:00"), **HASHES)
    held: list[tuple[str, str, int]] = []
    tale = [f for f in random_tale(seed, 50) if f.recorded_us == f.occurred_us]
    for item in tale:
        station.take(item)
        for key in rulebook().versions:
            rule = rulebook().versions[key][0]
            for subject in _subjects(station, rule.unit):
                said = station.engine.why(key, subject, station.now_us)
                if isinstance(said, Condition) and said.is_hold and said.room is not None:
                    held.append((key, said.room, station.now_us))
    assert len(held) > 20
    # What is known at the end may know better of a node (ADR 0012): a loss that was bridged is none.
    found = blindness_of(station.leaves(), area(), rulebook())
    bridged = _bridged(station)
    for key, room, at_us in held:
        seen = blind_to(found.rows(ALL), key, room, ALL)
        if any(start <= at_us <= end for start, end in bridged):
            continue
        assert any(start <= at_us < end for start, end in seen), (key, room, clock(at_us))


def _subjects(station: StationLog, unit: str) -> list[str]:
    world = station.engine.world
    if unit == "stay":
        return [f"stay:{stay.ref}" for stay in world.open_stays()]
    known = {"room": area().rooms, "door": area().doors, "recorder": area().recorders}.get(unit, ())
    return [f"{unit}:{ref}" for ref in known]


def _bridged(station: StationLog) -> list[tuple[int, int]]:
    """Stretches in which a loss stood live that the end of the log knows as seen."""
    lost: dict[object, int] = {}
    found = []
    for item in station.facts:
        if item.type == "node.lost":
            lost.setdefault(item.body["node"], item.occurred_us)
        elif item.type == "node.restored" and item.body["node"] in lost:
            found.append((lost.pop(item.body["node"]), item.occurred_us))
    return found


def test_the_statement_of_a_stay_is_about_its_rooms_and_time_and_names_no_other() -> None:
    station = opened()
    station.play([*OFFICERS, *admitted("public_order_questioning")])
    others = admitted("public_order_questioning", stay="s-2", band="B08")
    station.play([line.replace("09:", "10:") for line in others])
    station.say("tag.gone", at("10:30"), tag="B08", room="reception", reader="rd-reception")
    station.say("recorder.lost", at("11:00"), recorder="rec-west")
    node = area().node_of("reader", next(iter(area().readers_by_room["reception"])))
    station.say("node.lost", at("12:00"), node=node)
    station.say("stay.released", at("12:30"), stay="s-1", reason="released")
    said = blindness(station.leaves(), area(), rulebook(), "s-1")
    assert said is not None
    assert (said["from_us"], said["to_us"]) == (at("09:00"), at("12:30"))
    assert "s-2" not in repr(said)
    assert "B08" not in repr(said)
    rooms = {row["room"] for row in said["spells"]}
    assert rooms == {"reception"}
    lost = [r for r in said["sums"] if r["source"] == f"node:{node}"]
    assert lost
    assert {row["blind_us"] for row in lost} == {30 * MINUTE_US}
    assert blindness(station.leaves(), area(), rulebook(), "nobody") is None
