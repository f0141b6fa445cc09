"""What the log tells of each point, and what an officer says who tried it at the sensor."""

import pytest

from custody.effects import Refusal
from custody.facts import check_body
from custody.world import PointState, Walked
from tests.custody.against_oracle import area
from tests.custody.support import at, fact
from tests.custody.telling import Told

WALKED = {"node": "n1", "point": 4, "of": "gate", "result": "passed", "seen": "open", "officer": "0901"}


def told_of(told: Told, key: str) -> PointState:
    found = told.engine.world.told.get(key)
    assert found is not None, key
    return found


def moved(told: Told, key: str) -> tuple[str | None, int]:
    found = told_of(told, key)
    return found.moved, found.moved_us


@pytest.mark.parametrize(
    ("kind", "owner", "first", "second", "field"),
    [
        ("door_contact", "gate", ("door.closed", "shut"), ("door.opened", "open"), "door"),
        ("lock_bolt", "gate", ("bolt.thrown", "thrown"), ("bolt.withdrawn", "withdrawn"), "door"),
        ("input", "smoke-1", ("input.cleared", "clear"), ("input.activated", "active"), "input"),
        (
            "recorder_contact", "rec-interview-1", ("recorder.started", "recording"),
            ("recorder.stopped", "stopped"), "recorder",
        ),
    ],
)  # fmt: skip
def test_a_change_from_one_known_state_to_another_is_seen_and_the_first_word_is_not(
    kind: str, owner: str, first: tuple[str, str], second: tuple[str, str], field: str
) -> None:
    key = f"{kind}:{owner}"
    told = Told().say(first[0], "09:00", **{field: owner})
    assert (told_of(told, key).state, moved(told, key)) == (first[1], (None, 0))
    told.say(second[0], "09:01", **{field: owner})
    assert (told_of(told, key).state, moved(told, key)) == (second[1], (second[1], at("09:01")))
    told.say(second[0], "09:02", **{field: owner})  # said again: the change stays where it was
    assert told_of(told, key).since_us == at("09:01")


def test_a_state_that_comes_back_out_of_the_unknown_was_moved_by_no_hand() -> None:
    told = Told().say("door.closed", "09:00", door="gate").say("door.opened", "09:01", door="gate")
    told.say("door.unknown", "09:02", door="gate").say("door.closed", "09:03", door="gate")
    assert told_of(told, "door_contact:gate").state == "shut"
    assert moved(told, "door_contact:gate") == ("open", at("09:01"))


def test_an_output_is_on_or_off_as_it_confirmed() -> None:
    told = Told().say("output.confirmed", "09:00", output="lamp-interview-1", active=False)
    assert told_of(told, "output:lamp-interview-1").state == "off"
    told.say("output.confirmed", "09:01", output="lamp-interview-1", active=True)
    assert moved(told, "output:lamp-interview-1") == ("on", at("09:01"))
    told.say("output.unknown", "09:02", output="lamp-interview-1")
    assert told_of(told, "output:lamp-interview-1").state == "unknown"
    assert moved(told, "output:lamp-interview-1") == ("on", at("09:01"))  # no hand has moved it


def test_of_buttons_releases_and_readers_every_event_is_seen() -> None:
    told = (
        Told()
        .say("door.exit_requested", "09:00", door="gate")
        .say("door.exit_requested", "09:01", door="gate")
    )
    assert moved(told, "exit_request:gate") == ("pressed", at("09:01"))
    told.say("door.released", "09:02", door="gate")
    assert moved(told, "lock_feedback:gate") == ("released", at("09:02"))
    told.say("tag.read", "09:03", tag="T", room="reception", reader="rd-reception")
    assert moved(told, "reader:rd-reception") == ("read", at("09:03"))
    told.say("tag.gone", "09:04", tag="T", room="reception")  # the only reader of its room
    assert moved(told, "reader:rd-reception") == ("gone", at("09:04"))


@pytest.mark.parametrize(
    ("lost", "restored"),
    [(("node.lost", {"node": "n1"}), ("node.restored", {"node": "n1"})),
     (("reader.lost", {"reader": "rd-reception"}), ("reader.restored", {"reader": "rd-reception"}))],
)  # fmt: skip
def test_what_lies_on_a_reader_that_is_heard_again_was_laid_there_by_no_hand_but_a_later_tag_was(
    lost: tuple[str, dict[str, str]], restored: tuple[str, dict[str, str]]
) -> None:
    tag = {"room": "reception", "reader": "rd-reception"}
    told = Told().say("tag.read", "09:00", tag="T", **tag).say(lost[0], "09:01", **lost[1])
    assert told_of(told, "reader:rd-reception").state == "unknown"
    told.say(restored[0], "09:02", **restored[1]).say("tag.read", "09:02:02", tag="T", **tag)
    assert moved(told, "reader:rd-reception") == ("read", at("09:00"))
    told.say("tag.read", "09:05", tag="U", **tag)
    assert moved(told, "reader:rd-reception") == ("read", at("09:05"))


def test_a_walk_test_is_kept_with_what_was_seen_and_the_newest_counts() -> None:
    told = Told().say("point.walked", "09:00", **WALKED, seen_at_us=at("08:59"))
    point = area().points_by_ref["n1.4"]
    assert (point.kind, point.of) == ("door_contact", "gate")
    walked = told.engine.world.walks.get(point.ref)
    assert walked == Walked("gate", "passed", "open", at("08:59"), "", "0901", at("09:00"), told.count)
    again = WALKED | {"result": "failed", "seen": "nothing"}
    told.say("point.walked", "10:00", **again, note="contact loose")
    found = told.engine.world.walks.get(point.ref)
    assert found is not None
    assert (found.result, found.seen, found.seen_us, found.note) == (
        "failed",
        "nothing",
        None,
        "contact loose",
    )
    assert told.effects == []  # no rule looks at it


@pytest.mark.parametrize("wrong", [{"point": 99}, {"of": "exit"}, {"node": "n9"}])
def test_a_point_that_the_area_does_not_have_is_refused(wrong: dict[str, object]) -> None:
    told = Told().say("point.walked", "09:00", **(WALKED | wrong))
    refusals = [effect for effect in told.effects if isinstance(effect, Refusal)]
    assert [(r.rule, r.reason) for r in refusals] == [("SYS", "unknown_place")]
    assert told.engine.world.walks.values() == []


@pytest.mark.parametrize(
    "wrong", [{"result": "fine"}, {"seen": "unknown"}, {"note": "x" * 201}, {"seen_at_us": "09:00"}]
)
def test_a_result_or_a_sight_that_is_not_in_the_list_is_no_walk_test(wrong: dict[str, object]) -> None:
    assert check_body("point.walked", WALKED) == []
    assert [problem.key for problem in check_body("point.walked", WALKED | wrong)] == list(wrong)


def test_a_change_told_late_takes_its_place_before_what_came_after_it() -> None:
    in_order = Told().say("door.closed", "09:00", door="gate").say("door.opened", "09:01", door="gate")
    in_order.say("door.closed", "09:02", door="gate")
    late = Told().say("door.closed", "09:00", door="gate").say("door.closed", "09:02", door="gate")
    late.engine.step(fact("door.opened", 99, at("09:01"), at("09:03"), door="gate"))
    assert moved(late, "door_contact:gate") == moved(in_order, "door_contact:gate") == ("shut", at("09:02"))
