"""Which rules are judged again after a change: the aspects that each rule reads, and those that each change touches."""

import json

import pytest

from custody.affected import Affected, RuleIndex
from custody.apply import apply_fact
from custody.bundled import rulebook_names
from custody.facts import Fact
from custody.kinds import KINDS
from custody.world import World
from tests.custody.against_oracle import area, book
from tests.custody.books import book as book_of
from tests.custody.books import rule_text
from tests.tools.tree import ROOT

FILE = ROOT / "tests" / "vectors" / "custody" / "reads-v1.json"


def reads() -> dict[str, list[str]]:
    """Of each rule of each bundled book, the aspects after whose change it is judged again."""
    return {
        f"{name} {rule.key}": sorted(KINDS[rule.kind].reads(rule))
        for name in rulebook_names()
        for rule in book(name).rules
    }


def test_each_rule_reads_what_it_read_when_it_was_written() -> None:
    """A rule that is new or reads otherwise has its line changed on purpose: `python -m tests.custody.test_affected`."""
    assert reads() == json.loads(FILE.read_text(encoding="utf-8"))


class Told:
    """A world told facts; gives what each changed."""

    def __init__(self) -> None:
        self.world = World()
        self.affected = Affected(self.world, area())
        self.count = 0

    def say(self, name: str, **body: object) -> dict[str, set[str]]:
        self.count += 1
        at_us = self.count * 1_000_000
        fact = Fact(name, body, self.count, at_us, at_us, at_us, at_us, id=str(self.count))  # type: ignore[arg-type]
        self.world.changes.clear()
        assert apply_fact(self.world, area(), book("cn-2026"), fact) is None
        return self.affected.by(fact)


@pytest.fixture
def told() -> Told:
    """Two persons in one waiting room, an officer, all nodes heard."""
    made = Told()
    made.say("config.loaded", config_hash="x", rulebook="y", rulebook_hash="z")
    for node in area().nodes:
        made.say("node.restored", node=node)
    made.say("officer.registered", officer="o1", service="sworn", roles=["guard"])
    for stay, band in (("a", "A"), ("b", "B")):
        made.say("area.entered", stay=stay)
        made.say("wristband.bound", stay=stay, band=band)
        made.say("tag.read", tag=band, room="waiting-1")
    return made


def test_a_word_about_one_stay_is_about_that_stay_alone(told: Told) -> None:
    assert told.say("meal.offered", stay="a") == {"stay:a": {"meal.offered"}}
    assert told.say("search.signed", stay="a", officers=["o1"])["stay:a"] >= {"searched", "search.signed"}


def test_a_person_s_move_is_felt_in_both_rooms(told: Told) -> None:
    found = told.say("tag.read", tag="A", room="waiting-2")
    assert found.pop("stay:a") == {"place", "neighbours"}
    assert found == {
        "room:waiting-1": {"occupants"}, "room:waiting-2": {"occupants"}, "stay:b": {"neighbours"},
    }  # fmt: skip


def test_what_concerns_the_stay_alone_is_not_felt_by_its_neighbours(told: Told) -> None:
    found = told.say("wristband.battery", band="A", percent=10)
    assert found == {"stay:a": {"band"}}
    found = told.say("person.flagged", stay="a", flag="drunk", value=True)
    assert found["stay:b"] == {"neighbours"}
    assert "room:waiting-1" in found


def test_a_node_that_is_lost_is_felt_where_its_points_are(told: Told) -> None:
    for node in area().nodes:
        found = told.say("node.lost", node=node)
        points = [point for point in area().points if point.node == node]
        doors = {f"door:{p.of}" for p in points if p.kind == "door_contact"}
        recorders = {f"recorder:{p.of}" for p in points if p.kind == "recorder_contact"}
        others = {f"{p.kind}:{p.of}" for p in points if p.kind in ("reader", "input")}
        assert {subject for subject in found if subject.startswith(("reader:", "input:"))} == others
        assert {subject for subject in found if subject.startswith("door:")} == doors
        assert {subject for subject in found if subject.startswith("recorder:")} == recorders
        rooms = {
            room
            for room, seen in area().rooms.items()
            if {room, *seen.guarded_from} & set(area().rooms_of_node(node))
        }
        assert {subject for subject in found if subject.startswith("room:")} == {
            f"room:{room}" for room in rooms
        }
        assert found[f"node:{node}"] == {"node"}
        told.say("node.restored", node=node)


def test_while_a_node_is_lost_who_comes_and_goes_concerns_it(told: Told) -> None:
    node = next(iter(area().nodes))
    told.say("node.lost", node=node)
    found = told.say("tag.read", tag="A", room="waiting-2")
    assert found[f"node:{node}"] == {"occupants"}
    assert [subject for subject in found if subject.startswith("node:")] == [f"node:{node}"]


def test_an_officer_s_move_is_felt_where_he_guards(told: Told) -> None:
    found = told.say("tag.read", tag="o1", room="guard")
    watched = {
        f"room:{room.id}" for room in area().rooms.values() if "guard" in (room.id, *room.guarded_from)
    }
    assert {subject for subject in found if subject.startswith("room:")} == watched
    assert found["officer:o1"] == {"officer"}
    assert all(found[room] == {"badges"} for room in watched)


def test_a_recorder_is_felt_in_the_rooms_it_covers(told: Told) -> None:
    for recorder in area().recorders.values():
        found = told.say("recorder.started", recorder=recorder.id)
        assert {s for s in found if s.startswith("room:")} == {f"room:{room}" for room in recorder.rooms}
        assert found[f"recorder:{recorder.id}"] == {"recorder"}


def test_a_reader_is_felt_in_its_room_and_in_those_guarded_from_there(told: Told) -> None:
    found = told.say("reader.lost", reader="rd-guard")
    watched = {
        f"room:{room.id}" for room in area().rooms.values() if "guard" in (room.id, *room.guarded_from)
    }
    assert {subject for subject in found if subject.startswith("room:")} == watched
    assert found["reader:rd-guard"] == {"reader"}
    assert found["stay:a"] == {"nodes"}


def test_an_input_and_a_point_concern_themselves_alone(told: Told) -> None:
    assert told.say("input.activated", input="smoke-1") == {"input:smoke-1": {"input"}}
    trouble = {"node": "n1", "point": 1, "of": "rd-reception", "trouble": "tamper"}
    assert told.say("point.troubled", **trouble) == {"point:n1.1": {"point"}}
    assert told.say("point.troubled", **trouble) == {}
    assert told.say("point.cleared", **trouble) == {"point:n1.1": {"point"}}
    assert told.say("bolt.withdrawn", door="gate") == {}


def test_a_source_without_a_name_is_the_gateway_s(told: Told) -> None:
    assert told.say("server.lost") == {f"server:{area().gateway}": {"source"}}
    assert told.say("port.lost", port="tty0") == {"port:tty0": {"source"}}


def test_a_word_about_a_room_is_told_to_those_in_it(told: Told) -> None:
    found = told.say("room.inspected", room="waiting-1", result="not_accepted")
    assert set(found) == {"room:waiting-1", "stay:a", "stay:b"}
    assert len({frozenset(aspects) for aspects in found.values()}) == 1
    assert set(told.say("room.inspected", room="corridor", result="accepted")) == {"room:corridor"}


def test_the_index_finds_each_rule_once_in_the_order_of_the_book() -> None:
    for name in rulebook_names():
        law = book(name)
        index = RuleIndex(law)
        order = list(law.versions)
        for kind in {rule.unit for rule in law.rules}:
            aspects = {
                aspect for rule in law.rules if rule.unit == kind for aspect in KINDS[rule.kind].reads(rule)
            }
            wanted = [
                k
                for k in order
                if law.versions[k][0].unit == kind
                and KINDS[law.versions[k][0].kind].reads(law.versions[k][0])
            ]
            assert index.keys(kind, aspects) == wanted
            assert index.keys(kind, aspects) is index.keys(kind, list(aspects))
        assert index.keys("stay", ()) == []
        assert all(index.dated(kind) == [] for kind in ("stay", "case"))


def test_a_rule_that_refuses_is_asked_at_its_acts_or_where_a_room_is_named() -> None:
    text = 'refuse = true\nlevel = [{ after = "0s", severity = "S3", number = "local" }]'
    by_act = rule_text(
        "forbidden_act", 'act = ["act.started:seizure", "exit.departed"]', top=text, rule_id="A"
    )
    by_form = rule_text("head_count", 'form = ["search.signed"], fewer_than = 2', top=text, rule_id="B")
    by_place = rule_text("separation", 'apart = "anyone"', top=text, rule_id="C")
    by_room = rule_text("forbidden_act", 'act = "in_room"', top=text, rule_id="D")
    index = RuleIndex(book_of(by_act, by_form, by_place, by_room))
    assert {name: list(keys) for name, keys in index.refusing.items()} == {
        "act.started": ["A/one"], "exit.departed": ["A/one"], "search.signed": ["B/one"],
        "room.assigned": ["C/one", "D/one"], "entry.requested": ["C/one", "D/one"],
    }  # fmt: skip


def main() -> None:
    """Write the vector anew."""
    FILE.write_text(json.dumps(reads(), indent=0, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
