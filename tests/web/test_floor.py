"""The drawn plan: what a form makes of it, its versions, and that it moves what is shown and nothing that is judged."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import pytest
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st

from caseserver.floor.desk import DRAFTS_MAX
from caseserver.floor.drawing import AT_MAX, ROOM, Drawing, changes, elements, of_json, own_plan
from caseserver.floor.reading import fields_of, read_drawing
from caseserver.floor.toml import as_toml
from caseserver.web.gather import Gatherer
from caseserver.web.present.plan import area_plan
from caseserver.web.reader import Reader
from custody.area import load_area
from custody.bundled import area_text
from tests.web import day
from tests.web.conversation import client_of, entries, token
from tests.web.house import House
from tests.web.screenshots import accounts

AREA = load_area(area_text("standard"))
OWN = own_plan(AREA)
PATH = "/areas/a1/plan"
READER = Reader(day.NOW, "Asia/Shanghai", language="en")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One afternoon for all; each test draws on from what the one before left."""
    made = House(tmp_path_factory.mktemp("floor"), day.START)
    accounts(made)
    made.account("0902", "area_administrator")
    day.busy(made)
    yield made
    made.close()


@pytest.fixture
def drawer(house: House) -> TestClient:
    client = client_of(house, "0901")
    client.get(f"{PATH}?lang=en")
    return client


def shown(house: House) -> Drawing:
    drawing = house.station.drawings.shown("a1").drawing
    return OWN if drawing == Drawing() else drawing


def send(client: TestClient, house: House, base: int | None = None, **moved: Any) -> httpx.Response:
    """The present plan with some fields changed; `room__guard__x` stands for `room:guard:x`."""
    fields = fields_of(shown(house), AREA)
    for name, value in moved.items():
        fields[name.replace("__", ":").replace("_", "-")] = str(value)
    base = house.station.drawings.shown("a1").number if base is None else base
    return client.post(PATH, data={"csrf": token(client, "/account"), "base": str(base), **fields})


def number_of(answer: httpx.Response) -> int:
    assert answer.status_code == 303, re.findall(r'class="fault"[^>]*>([^<]+)', answer.text)
    return int(answer.headers["location"].rpartition("/")[2])


def move(client: TestClient, number: int, act: str) -> httpx.Response:
    return client.post(f"{PATH}/{number}/{act}", data={"csrf": token(client, "/account")})


# --- what a form says ---------------------------------------------------------------------------------


PLACES = st.sampled_from(
    ["", "0", "7", "16", "40", "58", str(AT_MAX), str(AT_MAX + 1), "-1", "1.5", "٣", "x" * 50, " 2 "]
)
NAMES = sorted(fields_of(Drawing(), AREA))


@settings(max_examples=120)
@given(
    base=st.sampled_from([OWN, Drawing()]),
    sent=st.dictionaries(st.sampled_from(NAMES) | st.text(min_size=1, max_size=12).map(lambda t: f"room:{t}"), PLACES | st.text(max_size=6), max_size=8),
)  # fmt: skip
def test_whatever_is_posted_is_a_drawing_or_is_refused_at_its_place(
    base: Drawing, sent: dict[str, str]
) -> None:
    fields = fields_of(base, AREA) | sent
    drawing, faults = read_drawing(fields, AREA)
    keys = {element.key for element in elements(AREA)}
    assert all(fault.element in keys or fault.reason == "strange" for fault in faults)
    for name in sent.keys() - set(NAMES):
        assert any(fault.reason == "strange" for fault in faults), name
    if not faults:  # nothing was lost, and nothing was put right in silence
        again = fields_of(drawing, AREA)
        typed = {name: fields[name].strip() for name in NAMES}
        assert {name: int(text or -1) for name, text in typed.items()} == {
            name: int(text or -1) for name, text in again.items()
        }
        assert of_json(drawing.as_json()) == drawing
        assert drawing.strangers(AREA) == []


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        ({"room:guard:x": "left"}, "number"),
        ({"room:guard:w": "0"}, "number"),
        ({"room:guard:h": ""}, "partly"),
        ({"room:guard:x": "39"}, "overlap"),
        ({"room:cellar:x": "1"}, "strange"),
        ({"door:door-search:x": "20", "door:door-search:y": "70"}, "no_wall"),
        ({"recorder:rec-interrogation-1:x": "80", "recorder:rec-interrogation-1:y": "5"}, "not_inside"),
    ],
)
def test_each_fault_has_its_reason(sent: dict[str, str], reason: str) -> None:
    _, faults = read_drawing(fields_of(OWN, AREA) | sent, AREA)
    assert {fault.reason for fault in faults} == {reason}


def test_a_thing_whose_room_is_not_drawn_is_not_drawn_either() -> None:
    _, faults = read_drawing({"reader:rd-guard:x": "1", "reader:rd-guard:y": "1"}, AREA)
    assert [(fault.element, fault.reason, fault.expected) for fault in faults] == [
        (("reader", "rd-guard"), "no_room", "guard")
    ]


def test_the_exported_tables_are_the_rooms_of_the_area_file_with_the_drawn_plan() -> None:
    drawing = Drawing({**OWN.rooms, "guard": (40, 2, 18, 14)}, {("door", "door-search"): (40, 70)})
    written = as_toml(drawing, AREA, ["head"])
    first, _, rest = area_text("standard").partition("[[room]]")
    others = rest[re.search(r"^\[\[(?!room)", rest, re.M).start() :]  # type: ignore[union-attr]
    pasted = load_area(f"{first}{written}\n{others}")
    assert pasted.rooms["guard"].plan == (40, 2, 18, 14)
    rooms = {**pasted.rooms, "guard": AREA.rooms["guard"]}
    assert replace(pasted, rooms=rooms) == AREA
    assert "# door door-search: [40, 70]" in written
    assert tomllib.loads(written)["room"]


# --- versions -----------------------------------------------------------------------------------------


def test_a_plan_is_shown_when_it_was_confirmed_and_each_step_is_written_down(
    house: House, drawer: TestClient
) -> None:
    before, log_size = house.program.own_log.size, house.gateways["a1"].log.size
    nearness = {(a, b) for a in AREA.rooms for b in AREA.rooms if AREA.are_near(a, b)}
    was = shown(house)
    number = number_of(send(drawer, house, room__guard__h=14, door__gate__x=29, door__gate__y=100))
    assert shown(house) == was, "a draft shows nothing yet"
    beside = drawer.get(f"{PATH}/{number}").text
    assert "Guard room" in beside
    assert "40, 0, 18, 14" in beside
    assert beside.count('class="floor"') == 2
    assert move(drawer, number, "confirm").status_code == 303
    assert shown(house).rooms["guard"] == (40, 0, 18, 14)
    told = [(e["type"], e["body"]["subject"], e["body"]["officer"]) for e in entries(house, before)]
    drawn = [entry for entry in told if entry[0].startswith("drawing.")]
    assert drawn == [
        ("drawing.saved/1", f"a1/{number}", "0901"),
        ("drawing.confirmed/1", f"a1/{number}", "0901"),
    ]
    area = house.station.area("a1").area
    assert {(a, b) for a in area.rooms for b in area.rooms if area.are_near(a, b)} == nearness
    assert area.rooms["guard"].plan == AREA.rooms["guard"].plan
    assert house.gateways["a1"].log.size == log_size, "no fact, and so nothing that a rule could read"


def test_an_earlier_version_is_taken_back_by_the_same_two_steps(house: House, drawer: TestClient) -> None:
    first = number_of(send(drawer, house, room__search__h=15))
    move(drawer, first, "confirm")
    second = number_of(send(drawer, house, room__search__h=14))
    move(drawer, second, "confirm")
    answer = move(drawer, first, "take-back")
    draft = number_of(answer)
    assert shown(house).rooms["search"][3] == 14
    move(drawer, draft, "confirm")
    assert shown(house).rooms["search"][3] == 15
    own = number_of(move(drawer, 0, "take-back"))
    move(drawer, own, "confirm")
    assert house.station.drawings.shown("a1").drawing == Drawing()
    assert area_plan(picture(house), READER) == area_plan(replace(picture(house), drawing=Drawing()), READER)
    numbers = [version.number for version in house.station.drawings.listed("a1")]
    assert {first, second, draft, own} <= set(numbers), "every version stays"


def picture(house: House) -> Any:
    return Gatherer(house.station).pictures(READER)[0]


def test_two_who_draw_at_once_lose_nothing_and_the_second_is_told(house: House, drawer: TestClient) -> None:
    other = client_of(house, "0902")
    other.get(f"{PATH}?lang=en")
    base = house.station.drawings.shown("a1").number
    mine, theirs = (
        number_of(send(client, house, base, room__booking__h=height))
        for client, height in ((drawer, 15), (other, 13))
    )
    assert move(drawer, mine, "confirm").status_code == 303
    refused = move(other, theirs, "confirm")
    assert refused.status_code == 409
    assert f"Version {mine} was confirmed since this was begun" in refused.text
    again = other.get(f"{PATH}?origin={theirs}").text
    assert re.search(r'name="room:booking:h" value="13"', again)
    assert f'name="base" value="{mine}"' in again
    assert move(other, theirs, "drop").status_code == 303
    assert move(other, theirs, "confirm").status_code == 409
    assert house.station.drawings.version("a1", theirs).state == "dropped"


def test_what_is_refused_is_shown_again_as_it_was_typed(house: House, drawer: TestClient) -> None:
    before = house.station.drawings.listed("a1")
    answer = send(drawer, house, room__guard__x="left <b>", room__search__w="")
    assert answer.status_code == 422
    assert "Places to put right: 2" in answer.text
    assert 'name="room:guard:x" value="left &lt;b&gt;"' in answer.text
    assert "Expected a whole number 1-10000" not in answer.text
    assert "Expected a whole number 0-10000, found “left &lt;b&gt;”" in answer.text
    strange = drawer.post(PATH, data={"csrf": token(drawer, "/account"), "base": "0", "room:cellar:x": "1"})
    assert "Expected something of this area, found “cellar:x”" in strange.text
    assert house.station.drawings.listed("a1") == before


def test_a_step_that_is_none_is_refused(house: House, drawer: TestClient) -> None:
    present = house.station.drawings.shown("a1").number
    same = send(drawer, house)
    assert (same.status_code, "same as the present plan" in same.text) == (409, True)
    assert send(drawer, house, base=777, room__guard__h=9).status_code == 409
    assert move(drawer, present, "confirm").status_code == 409
    for number in (777, 10**30):
        assert drawer.get(f"{PATH}/{number}").status_code == 404
        assert move(drawer, number, "confirm").status_code == 404
    assert client_of(house, "0312").get(PATH).status_code == 403
    desk = house.station.drawings
    waiting = [
        desk.save("a1", Drawing({"guard": (n, 0, 1, 1)}), present, "0901", day.NOW) for n in range(DRAFTS_MAX)
    ]
    full = send(drawer, house, room__guard__h=2)
    assert (full.status_code, "drafts wait already" in full.text) == (409, True)
    for number in waiting:
        desk.drop("a1", number, "0901", day.NOW)


def test_the_exports_are_files_of_their_own(house: House, drawer: TestClient) -> None:
    svg = drawer.get(f"{PATH}/0/svg")
    assert svg.headers["content-disposition"] == 'attachment; filename="a1-plan-0.svg"'
    root = ET.fromstring(svg.text)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert "style=" not in svg.text
    assert "候问室 1" in svg.text or "Waiting room 1" in svg.text
    assert tomllib.loads(drawer.get(f"{PATH}/0/toml").text)["room"][1]["plan"] == [0, 80, 58, 20]


# --- what the wall makes of it ------------------------------------------------------------------------


def drawn(house: House, drawing: Drawing) -> Any:
    return area_plan(replace(picture(house), drawing=drawing), READER)


def test_a_room_that_is_not_drawn_stands_below_and_one_that_the_area_lacks_is_said(house: House) -> None:
    rooms = {room: box for room, box in OWN.rooms.items() if room != "waiting-1"} | {
        "annexe": (58, 0, 42, 16)
    }
    plan = drawn(house, Drawing(rooms, {("reader", "gone"): (1, 1)}))
    tiles = {tile.name: tile for tile in plan.rooms}
    assert tiles["Waiting room 1"].odd == "undrawn"
    assert tiles["Waiting room 1"].y == 100
    assert [pill.stay for pill in tiles["Waiting room 1"].people] == ["0403"], "nobody is hidden by a drawing"
    assert (tiles["annexe"].odd, tiles["annexe"].people) == ("strange", ())
    assert [(spot.name, spot.look) for spot in plan.spots] == [("gone", "strange")]


def test_doors_stand_where_they_were_drawn_while_there_is_a_wall(house: House) -> None:
    door = ("door", "door-search")
    plan = drawn(house, Drawing(dict(OWN.rooms), {door: (40, 66)}))
    assert {d.name: d.at for d in plan.doors}["Search room door"] == (40, 66)
    moved = Drawing({**OWN.rooms, "search": (0, 64, 30, 16), "corridor": (42, 16, 16, 64)}, {door: (40, 66)})
    assert {d.name: d.at for d in drawn(house, moved).doors}["Search room door"] is None


def test_a_device_that_is_not_seen_is_blind_on_the_plan(house: House) -> None:
    at = {("reader", "rd-search"): (9, 70), ("recorder", "rec-west"): (5, 90), ("input", "siren-x"): (9, 9)}
    at |= {
        ("input", "smoke-waiting-1"): (60, 5),
        ("output", "lamp-duty"): (50, 5),
        ("cabinet", "effects-1"): (70, 70),
    }
    state = replace(picture(house), drawing=Drawing(dict(OWN.rooms), at))
    looks = {(spot.kind, spot.look) for spot in area_plan(state, READER).spots}
    assert looks == {(kind, "seen") for kind in ("reader", "recorder", "input", "output", "cabinet")} | {
        ("input", "strange")
    }
    stale = replace(state, health=replace(state.health, is_stale=True))
    assert {spot.look for spot in area_plan(stale, READER).spots} == {"blind", "strange"}


def test_the_changes_of_two_drawings_name_what_moved_came_and_went() -> None:
    before = Drawing(dict(OWN.rooms), {("reader", "rd-guard"): (50, 5)})
    after = Drawing(
        {room: box for room, box in OWN.rooms.items() if room != "guard"}, {("door", "gate"): (29, 100)}
    )
    found = {change.key: (change.before, change.after) for change in changes(before, after)}
    assert found == {
        (ROOM, "guard"): ((40, 0, 18, 16), None), ("door", "gate"): (None, (29, 100)), ("reader", "rd-guard"): ((50, 5), None),
    }  # fmt: skip
