"""Detectors and buttons of the house, troubles of points, readers that are lost: facts told to the whole cn-2026."""

from dataclasses import replace

import pytest

from custody.area import load_area
from custody.effects import AlarmCleared, AlarmRaised, Refusal
from custody.engine import Engine
from custody.explain import explain, why_silent
from custody.facts import check_body
from custody.ledger.blind import blindness_of
from custody.ledger.statements import coverage
from custody.view import Condition, Silence
from custody.vocabulary import TROUBLES
from tests.custody.against_oracle import area, book
from tests.custody.station_log import StationLog
from tests.custody.support import OFFICERS, admitted, at, fact
from tests.custody.telling import Told
from tests.gateway.bench import AREA_TEXT

GATE = {"node": "n1", "point": 1, "of": "rd-reception"}


def raised(told: Told, rule: str) -> list[tuple[str, str | None, str]]:
    """(subject, room, severity) of the alarms of a rule among the effects of the last fact."""
    return [
        (e.subject, e.room, e.severity)
        for e in told.effects
        if isinstance(e, AlarmRaised) and f"{e.rule}/{e.variant}" == rule
    ]


def ready() -> Told:
    """Every node heard and every input clear."""
    told = Told()
    for name in area().inputs:
        told.say("input.cleared", "08:00", input=name)
    return told


def guarded(told: Told) -> Told:
    """One person in waiting-1, guarded from the corridor."""
    told.say("officer.registered", "08:10", officer="o1", service="sworn", roles=["guard"])
    told.say("tag.read", "08:20", tag="o1", room="waiting-1").say("area.entered", "08:30", stay="s")
    return told.say("wristband.bound", "08:30", stay="s", band="B").say(
        "tag.read", "08:31", tag="B", room="waiting-1"
    )


# --- inputs ----------------------------------------------------------------------------------------


def test_smoke_alarms_at_once_where_it_is_and_ends_when_it_is_clear() -> None:
    told = ready().say("input.activated", "09:00", input="smoke-1")
    assert raised(told, "IN/smoke") == [("input:smoke-1", "corridor", "S1")]
    told.say("input.activated", "09:00:30", input="smoke-1")  # said again: nothing new
    assert told.effects == []
    told.say("input.cleared", "09:01", input="smoke-1")
    assert told.rows("IN/smoke") == [("input:smoke-1", at("09:00"), at("09:01"))]
    assert [e.rule for e in told.effects if isinstance(e, AlarmCleared)] == ["IN"]


def test_an_input_of_the_whole_area_names_no_room_and_is_of_its_own_kind_alone() -> None:
    told = ready().say("input.activated", "09:00", input="mains-1")
    assert raised(told, "IN/mains") == [("input:mains-1", None, "S3")]
    assert [rule for rule in told.engine.rulebook.versions if rule.startswith("IN/") and told.rows(rule)] == [
        "IN/mains"
    ]
    silence = told.why("IN/smoke", "input:mains-1", "09:01")
    assert silence == Silence("input", "smoke", "mains")


def test_what_can_no_longer_be_read_is_unknown_and_ends_no_alarm() -> None:
    told = (
        ready().say("input.activated", "09:00", input="smoke-1").say("input.lost", "09:01", input="smoke-1")
    )
    found = told.why("IN/smoke", "input:smoke-1", "09:02")
    assert isinstance(found, Condition)
    assert found.is_hold
    assert told.rows("IN/smoke") == [("input:smoke-1", at("09:00"), None)]
    told.say("input.activated", "09:05", input="smoke-1")  # all the time, for all that is known
    assert told.rows("IN/smoke") == [("input:smoke-1", at("09:00"), None)]
    told.say("input.lost", "09:06", input="smoke-1").say("input.cleared", "09:07", input="smoke-1")
    assert told.rows("IN/smoke") == [("input:smoke-1", at("09:00"), at("09:07"))]


def test_an_input_is_unknown_from_the_start_until_its_first_word() -> None:
    told = Told()
    assert ("input:smoke-1", at("08:00"), None) in told.rows("SYS/input")
    told.say("input.cleared", "08:00:30", input="smoke-1")
    told.say("deadline.reached", "08:00:31")
    assert {subject for subject, _, _ in raised(told, "SYS/input")} == {
        f"input:{name}" for name in area().inputs if name != "smoke-1"
    }


def test_a_lost_node_is_told_for_all_its_inputs_and_they_are_held() -> None:
    told = ready().say("input.lost", "09:00", input="smoke-1").say("node.lost", "09:00:10", node="n1")
    found = told.why("SYS/input", "input:smoke-1", "09:01")
    assert isinstance(found, Condition)
    assert found.is_hold


def test_an_input_that_the_area_does_not_have_is_refused() -> None:
    for name, body in (
        ("input.lost", {"input": "smoke-9"}), ("reader.lost", {"reader": "rd-9"}),
        ("point.troubled", {**GATE, "point": 99, "trouble": "tamper"}),
    ):  # fmt: skip
        told = ready().say(name, "09:00", **body)
        (refusal,) = [e for e in told.effects if isinstance(e, Refusal)]
        assert refusal.reason == "unknown_place"


# --- points ----------------------------------------------------------------------------------------


def test_every_trouble_of_the_wire_has_an_alarm() -> None:
    told = {t for rule in book("cn-2026").rules for t in rule.params.get("troubles", ())}
    assert told == set(TROUBLES)


def test_a_trouble_is_one_of_the_list() -> None:
    assert check_body("point.troubled", {**GATE, "trouble": "rust"})
    assert check_body("point.troubled", {**GATE, "point": 256, "trouble": "tamper"})


def test_several_troubles_of_one_point_are_one_alarm_since_the_first() -> None:
    told = ready().say("point.troubled", "09:00", **GATE, trouble="line_open")
    told.say("point.troubled", "09:00:05", **GATE, trouble="noisy").say("deadline.reached", "09:00:10")
    assert raised(told, "PT/line") == [("point:n1.1", "reception", "S2")]
    told.say("point.cleared", "09:01", **GATE, trouble="line_open")
    assert [closed for _, _, closed in told.rows("PT/line")] == [None]  # the other is there still
    told.say("point.cleared", "09:02", **GATE, trouble="noisy")
    assert [closed for _, _, closed in told.rows("PT/line")] == [at("09:02")]


def test_a_trouble_shorter_than_its_time_is_no_alarm_and_no_trouble_is_another_s() -> None:
    told = ready().say("point.troubled", "09:00", **GATE, trouble="silent")
    told.say("point.cleared", "09:00:09", **GATE, trouble="silent").say("deadline.reached", "09:01")
    assert raised(told, "PT/silent") == []
    told.say("point.cleared", "09:02", **GATE, trouble="jammed")
    assert told.effects == []


@pytest.mark.parametrize(("node", "point", "room"), [("n1", 1, "reception"), ("n1", 206, None)])
def test_the_room_of_a_point_is_that_of_what_it_belongs_to(node: str, point: int, room: str | None) -> None:
    known = area().points_by_ref[f"{node}.{point}"]
    assert area().room_of_point(known) == room


def test_a_bolt_is_a_point_of_its_door_and_its_state_is_no_release() -> None:
    text = AREA_TEXT.replace('kind = "lock_feedback"', 'kind = "lock_bolt"')
    known = load_area(text).points_by_ref["n1.2"]
    assert load_area(text).room_of_point(known) == "corridor"
    told = ready().say("bolt.withdrawn", "09:00", door="gate").say("door.opened", "09:00:01", door="gate")
    assert [subject for subject, _, _ in raised(told, "DR/forced-gate")] == ["door:gate"]


# --- wristbands ------------------------------------------------------------------------------------


def test_each_press_of_a_button_is_an_alarm_of_its_bearer_and_of_nobody_else() -> None:
    told = guarded(ready())
    for when in ("09:00", "09:00:05"):
        told.say("wristband.pressed", when, band="B")
        assert raised(told, "WB/button") == [("stay:s", "waiting-1", "S1")]
    told.say("wristband.pressed", "09:01", band="C")
    assert told.effects == []
    told.say("stay.released", "09:02", stay="s", reason="released").say(
        "wristband.pressed", "09:03", band="B"
    )
    assert raised(told, "WB/button") == []
    assert len(told.rows("WB/button")) == 2


def test_a_low_battery_without_a_number_stands_until_another_band_is_bound() -> None:
    told = guarded(ready()).say("wristband.weakened", "09:00", band="B")
    assert raised(told, "WB/battery") == [("stay:s", "waiting-1", "S3")]
    told.say("wristband.bound", "09:10", stay="s", band="C")
    assert told.rows("WB/battery") == [("stay:s", at("09:00"), at("09:10"))]


# --- readers ---------------------------------------------------------------------------------------


def test_a_lost_reader_is_told_after_half_a_minute_and_what_stood_in_its_room_stands() -> None:
    told = guarded(ready()).say("reader.lost", "09:00", reader="rd-waiting-1")
    told.say("tag.gone", "09:00:10", tag="o1", room="waiting-1", reader="rd-waiting-1")
    told.say("deadline.reached", "09:00:30")
    assert raised(told, "SYS/reader") == [("reader:rd-waiting-1", "waiting-1", "S2")]
    told.say("deadline.reached", "09:30")
    assert told.rows("M3/guard") == []  # nobody can see whether a guard is there
    told.say("reader.restored", "09:31", reader="rd-waiting-1")
    assert [(subject, since) for subject, since, _ in told.rows("M3/guard")] == [("stay:s", at("09:31"))]
    assert told.rows("SYS/reader") == [("reader:rd-waiting-1", at("09:00"), at("09:31"))]


def test_a_lost_reader_blinds_its_own_room_and_no_other() -> None:
    told = guarded(ready()).say("reader.lost", "09:00", reader="rd-waiting-2")
    view = told.engine._timeline.view
    assert view.is_unseen("waiting-2")
    assert not view.is_unseen("waiting-1")


def test_a_lost_node_is_told_for_its_readers() -> None:
    told = ready().say("reader.lost", "09:00", reader="rd-waiting-1")
    node = area().node_of("reader", "rd-waiting-1")
    told.say("node.lost", "09:00:10", node=node)
    found = told.why("SYS/reader", "reader:rd-waiting-1", "09:01")
    assert isinstance(found, Condition)
    assert found.is_hold


# --- afterwards ------------------------------------------------------------------------------------


def opened() -> StationLog:
    station = StationLog(engine=Engine(area(), book("cn-2026")))
    station.say(
        "config.loaded", at("08:00"), config_hash="0" * 64, rulebook="cn-2026", rulebook_hash="0" * 64
    )
    for node in area().nodes:
        station.say("node.restored", at("08:00"), node=node)
    for name in area().inputs:
        station.say("input.cleared", at("08:00"), input=name)
    return station


def test_the_ledger_names_a_lost_reader_and_an_input_that_cannot_be_read() -> None:
    station = opened()
    station.say("reader.lost", at("09:00"), reader="rd-waiting-1")
    station.say("input.lost", at("09:05"), input="smoke-1")
    station.say("input.lost", at("09:06"), input="mains-1")
    station.say("reader.restored", at("09:10"), reader="rd-waiting-1")
    station.say("input.cleared", at("09:15"), input="smoke-1")
    rows = blindness_of(station.leaves(), area(), book("cn-2026")).rows((at("08:30"), at("10:00")))
    of_reader = [row for row in rows if row["source"] == "reader:rd-waiting-1"]
    assert {(row["why"], row["room"]) for row in of_reader} == {("reader_lost", "waiting-1")}
    assert {(row["from_us"], row["to_us"]) for row in of_reader} == {(at("09:00"), at("09:10"))}
    assert "M3/guard" in {row["rule"] for row in of_reader}
    assert "SYS/reader" not in {row["rule"] for row in of_reader}  # the one that tells of it
    of_inputs = [
        (row["rule"], row["room"], row["why"], row["to_us"])
        for row in rows
        if row["source"].startswith("input:")
    ]
    assert of_inputs == [
        ("IN/mains", None, "input_unknown", None), ("IN/smoke", "corridor", "input_unknown", at("09:15")),
    ]  # fmt: skip


def test_a_lost_node_blinds_the_rules_on_its_points_where_these_are() -> None:
    station = opened()
    station.say("node.lost", at("09:00"), node="n1")
    rows = blindness_of(station.leaves(), area(), book("cn-2026")).rows((at("08:30"), at("10:00")))
    found = {(row["rule"], row["room"]) for row in rows if row["source"] == "node:n1"}
    assert {
        ("PT/silent", "reception"),
        ("IN/smoke", "corridor"),
        ("IN/mains", None),
        ("SYS/reader", "reception"),
    } <= found


def test_who_is_where_is_not_known_while_the_reader_of_the_room_is_lost() -> None:
    station = opened()
    station.play([*OFFICERS, *admitted("public_order_questioning"), "09:10 tag.read tag=B07 room=waiting-1"])
    station.say("reader.lost", at("10:00"), reader="rd-waiting-1")
    station.say("reader.restored", at("10:10"), reader="rd-waiting-1")
    station.say("stay.released", at("10:30"), stay="s-1", reason="released")
    said = coverage(station.leaves(), area(), book("cn-2026"), "s-1")
    assert said is not None
    for must in (row for row in said["musts"] if row["must"] in ("guarded", "recorded")):
        unknown = [s for s in must["spells"] if s["why"] == "reader_lost"]
        assert [(s["state"], s["from_us"], s["to_us"]) for s in unknown] == [
            ("unknown", at("10:00"), at("10:10"))
        ]


def test_a_lost_reader_is_named_in_what_could_not_be_seen() -> None:
    told = [
        fact("config.loaded", 1, at("08:00"), config_hash="x", rulebook="y", rulebook_hash="z"),
        *(fact("node.restored", 2 + n, at("08:00"), node=node) for n, node in enumerate(area().nodes)),
        fact("area.entered", 20, at("08:30"), stay="s"),
        fact("wristband.bound", 21, at("08:30"), stay="s", band="B"),
        fact("tag.read", 22, at("08:31"), tag="B", room="waiting-1", reader="rd-waiting-1"),
        fact("reader.lost", 23, at("08:40"), reader="rd-waiting-1"),
        fact("point.troubled", 24, at("08:40"), **GATE, trouble="tamper"),
    ]
    why = why_silent(area(), book("cn-2026"), told, "M3/guard", "stay:s", at("09:00"))
    assert why.verdict == "sounding"  # it stood before
    assert "reader rd-waiting-1" in "\n".join(sentence.en for sentence in why.sentences)
    point = why_silent(area(), book("cn-2026"), told, "PT/tamper", "point:n1.1", at("09:00"))
    assert point.verdict == "sounding"
    other = why_silent(area(), book("cn-2026"), told, "PT/tamper", "point:n1.2", at("09:00"))
    assert other.verdict == "silent"
    assert "no trouble of these: housing open" in "\n".join(sentence.en for sentence in other.sentences)


def test_an_alarm_of_a_point_is_explained_by_its_own_word() -> None:
    told = ready().say("point.troubled", "09:00", **GATE, trouble="jammed")
    facts = [fact("point.troubled", 7, at("09:00"), **GATE, trouble="jammed")]
    (alarm,) = [e.alarm for e in told.effects if isinstance(e, AlarmRaised) and e.rule == "PT"]
    found = explain(area(), book("cn-2026"), [replace(facts[0], index=told.count)], alarm)
    assert [item.text.en for item in found.facts] == ["Node n1, point 1 (rd-reception): bolt jammed"]
    assert found.facts[0].text.zh == "节点 n1 点位 1（rd-reception）：锁舌未动"
