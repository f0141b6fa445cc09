"""The page of the walk test: each point as the log tells it, and what an installer says of it, by the real application."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from caseserver.web import render
from caseserver.web.gather import Gatherer
from caseserver.web.present.walk import NOTHING, SEEN_WITHIN_US, WALK_GAP_US, sight_of, walk_page
from caseserver.web.reader import Reader
from caseserver.web.views_walk import WalkPage, WalkPoint
from tests.custody.against_oracle import area as oracle_area
from tests.web import day
from tests.web.house import SECOND, House
from tests.web.scenes import at
from tests.web.screenshots import accounts
from tests.web.test_pages import client_of, last_leaf, token

NOW = at("9:30")
PATH = "/areas/a1/walk"
READER = Reader(NOW, "Asia/Shanghai", language="en")


def _walked(folder: Path) -> Iterator[House]:
    made = House(folder, day.START)
    accounts(made)
    day.walked(made)
    yield made
    made.close()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[House]:
    yield from _walked(tmp_path)


@pytest.fixture(scope="module")
def looked_at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The same site for tests that only look, or are refused."""
    yield from _walked(tmp_path_factory.mktemp("walked"))


@pytest.fixture
def onlooker(looked_at: House) -> TestClient:
    return client_of(looked_at, "0901")


@pytest.fixture
def installer(site: House) -> TestClient:
    return client_of(site, "0901")


def view_of(house: House, reader: Reader = READER) -> WalkPage:
    pictures = Gatherer(house.station).pictures(reader)
    return walk_page(pictures, pictures[0], reader)


def points_of(view: WalkPage) -> dict[str, WalkPoint]:
    return {point.ref: point for room in view.rooms for point in room.points}


def send(client: TestClient, ref: str, **fields: str):
    return client.post(f"{PATH}/{ref}", data={"csrf": token(client, PATH), **fields})


# --- how a point stands ------------------------------------------------------------------------------


def test_each_point_says_what_the_log_says_and_no_more(looked_at: House) -> None:
    points = points_of(view_of(looked_at))
    assert len(points) == len(looked_at.gateways["a1"].area.points) == 79
    shut, lamp, button = points["n1.4"].now, points["n2.10"].now, points["n1.6"].now
    assert (shut.state, shut.since_us, shut.is_blind) == ("Shut", day.START, False)
    assert (lamp.state, lamp.is_blind) == ("Unknown: not told yet", True)
    assert (button.state, button.since_us, button.is_blind) == ("Heard; tells presses only", None, False)
    cut = points["n1.7"].now
    assert (cut.state, cut.since_us, cut.is_blind) == ("Unknown: cannot be read", at("9:20"), True)
    assert cut.troubles == ("line cut",)


def test_all_points_of_a_silent_node_are_unknown_since_it_was_heard_and_stand_as_before_when_it_is_back(
    site: House,
) -> None:
    away = [p.now for ref, p in points_of(view_of(site)).items() if ref.startswith("n3.")]
    assert len(away) == 15
    assert {(now.state, now.since_us, now.is_blind) for now in away} == {
        ("Unknown: node n3 silent", at("9:25"), True)
    }
    site.gateways["a1"].say("node.restored", NOW, node="n3")
    site.deliver()
    back = points_of(view_of(site))["n3.5"].now
    assert (back.state, back.since_us, back.is_blind) == ("Shut", day.START, False)
    assert back.event == ""  # it stood still all the time


def test_a_reader_that_is_lost_is_unknown_though_its_node_is_heard(site: House) -> None:
    site.gateways["a1"].say("reader.lost", NOW, reader="rd-search", by="node", source="n1")
    site.deliver()
    now = points_of(view_of(site))["n1.2"].now
    assert (now.state, now.is_blind) == ("Unknown: reader not heard", True)


def test_doors_that_lead_out_are_tried_inside_and_what_serves_all_comes_first(looked_at: House) -> None:
    rooms = {room.id: [p.ref for p in room.points] for room in view_of(looked_at).rooms}
    assert "outside" not in rooms
    assert "n4.5" in rooms["handover"]


def test_an_input_is_called_by_its_kind_and_one_of_no_room_comes_first(looked_at: House) -> None:
    picture = replace(_pictures(looked_at)[0], area=oracle_area())
    view = walk_page([picture], picture, READER)
    assert view.rooms[0].name == "Whole area"
    assert "mains" in {p.kind for p in view.rooms[0].points}
    smoke = next(p for room in view.rooms for p in room.points if p.kind == "smoke")
    assert (smoke.name, smoke.todo, smoke.now.state) == (
        "Smoke",
        "Use its test button",
        "Unknown: not told yet",
    )


def _pictures(house: House):
    return Gatherer(house.station).pictures(READER)


def test_two_points_that_the_log_does_not_tell_apart_say_so(looked_at: House) -> None:
    picture = _pictures(looked_at)[0]
    twin = replace(picture.area.points_by_ref["n1.4"], point=40)
    both = replace(picture, area=replace(picture.area, points=(*picture.area.points, twin)))
    points = points_of(walk_page([both], both, READER))
    assert "n1.40" in points["n1.4"].shared
    assert "n1.4" in points["n1.40"].shared
    assert points["n1.5"].shared == ""


def test_a_change_counts_as_seen_for_five_minutes(looked_at: House) -> None:
    view = looked_at.station.area("a1")
    door = view.area.points_by_ref["n1.8"]
    moved_us = at("9:29:50")
    for now_us, seen in (
        (moved_us, ("open", moved_us)),
        (moved_us + SEEN_WITHIN_US, ("open", moved_us)),
        (moved_us + SEEN_WITHIN_US + 1, (NOTHING, None)),
    ):
        assert sight_of(view.engine_world, door, now_us) == seen
    assert sight_of(view.engine_world, view.area.points_by_ref["n1.4"], NOW) == (NOTHING, None)


# --- how far the walk is -----------------------------------------------------------------------------


def test_progress_counts_what_was_tried_in_this_walk(looked_at: House) -> None:
    head = view_of(looked_at).head
    assert (head.done, head.total, head.failed, head.absent, head.unseen) == (4, 79, 1, 1, 1)
    assert (head.from_us, head.to_us, head.is_over) == (at("9:02:30"), at("9:07"), False)
    assert head.next_ref == "n4.20"  # of the whole area: those come first
    assert {room.id: room.count for room in view_of(looked_at).rooms}["reception"] == (4, 5)


def test_a_week_later_the_walk_is_over_and_the_next_test_begins_another(site: House) -> None:
    later_us = at("9:07") + WALK_GAP_US + SECOND
    after = view_of(site, replace(READER, now_us=later_us)).head
    assert (after.done, after.is_over) == (4, True)
    body = {
        "node": "n1",
        "point": 9,
        "of": "rec-west",
        "result": "passed",
        "seen": NOTHING,
        "officer": "0901",
    }
    site.gateways["a1"].say("point.walked", later_us, by="server", **body)
    site.clock.tell(later_us)
    site.deliver()
    view = view_of(site, replace(READER, now_us=later_us))
    assert (view.head.done, view.head.failed, view.head.is_over) == (1, 0, False)
    old = points_of(view)["n1.5"].now.tick
    assert old is not None
    assert (old.result, old.is_old, old.note) == ("failed", True, "no wire at terminal 5")


# --- acting ------------------------------------------------------------------------------------------


def test_a_test_is_a_fact_by_who_is_signed_in_with_what_the_system_saw(
    site: House, installer: TestClient
) -> None:
    answer = send(installer, "n1.8", result="passed", seen="released", officer="0312")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{PATH}#p-n1.8")
    assert last_leaf(site, "point.walked")["body"] == {
        "node": "n1", "point": 8, "of": "door-booking", "result": "passed", "seen": "open",
        "seen_at_us": at("9:29:50"), "officer": "0901",
    }  # fmt: skip
    tick = points_of(view_of(site))["n1.8"].now.tick
    assert tick is not None
    assert (tick.word, tick.officer, tick.sight) == ("Passed", "0901", "Open")


def test_a_test_without_a_change_is_marked_as_not_seen(site: House, installer: TestClient) -> None:
    assert send(installer, "n2.7", result="passed").status_code == 303
    body = last_leaf(site, "point.walked")["body"]
    assert body["seen"] == NOTHING
    assert "seen_at_us" not in body
    shown = installer.get(f"{PATH}?lang=zh").text
    card = shown[shown.index('id="p-n2.7"') : shown.index('id="p-n2.10"')]
    assert "系统未看到" in card


def test_what_was_seen_cannot_be_stated_over_the_api(looked_at: House, onlooker: TestClient) -> None:
    size = looked_at.gateways["a1"].log.size
    body = {"node": "n1", "point": 9, "of": "rec-west", "result": "passed", "seen": "stopped"}
    answer = onlooker.post(
        "/api/areas/a1/facts",
        json={"type": "point.walked", "body": body},
        headers={"x-csrf-token": token(onlooker, PATH)},
    )
    assert answer.status_code == 422
    assert "another than point.walked" in answer.text
    assert looked_at.gateways["a1"].log.size == size


def test_failed_asks_for_a_note_and_keeps_it(site: House, installer: TestClient) -> None:
    size = site.gateways["a1"].log.size
    assert send(installer, "n1.9", result="failed").status_code == 422
    assert send(installer, "n1.9", result="failed", note="x" * 201).status_code == 422
    assert send(installer, "n1.9", result="splendid").status_code == 422
    assert site.gateways["a1"].log.size == size
    assert send(installer, "n1.9", result="failed", note="relay sticks").status_code == 303
    assert last_leaf(site, "point.walked")["body"]["note"] == "relay sticks"


def test_an_identity_number_in_the_note_is_refused(looked_at: House, onlooker: TestClient) -> None:
    answer = send(onlooker, "n1.9", result="failed", note="11010519491231002X")
    assert answer.status_code == 409
    assert "11010519491231002X" not in answer.text


def test_while_the_gateway_is_silent_nothing_is_known_and_nothing_can_be_walked(
    site: House, installer: TestClient
) -> None:
    site.gateways["a1"].state.tick(site.clock.now(), 1e12)
    size = site.gateways["a1"].log.size
    view = view_of(site)
    assert view.head.silent_us == NOW
    assert {p.now.state for p in points_of(view).values()} == {"Unknown: gateway silent"}
    answer = send(installer, "n1.8", result="passed")
    assert answer.status_code == 422
    assert "网关没有消息" in answer.text
    assert site.gateways["a1"].log.size == size


def test_a_point_that_is_none_is_not_found(onlooker: TestClient) -> None:
    assert send(onlooker, "n1.99", result="passed").status_code == 404
    assert onlooker.get("/areas/a9/walk").status_code == 404
    assert onlooker.get("/events/areas/a9/walk").status_code == 404


@pytest.mark.parametrize("badge", ["0312", "0100", "0200"])
def test_only_administrators_walk(looked_at: House, badge: str) -> None:
    client = client_of(looked_at, badge)
    assert client.get(PATH).status_code == 403
    assert client.get(f"/events{PATH}").status_code == 403
    refused = client.post(f"{PATH}/n1.8", data={"csrf": token(client), "result": "passed"})
    assert refused.status_code == 403
    assert 'href="/walk"' not in client.get("/alarms").text


def test_a_system_administrator_walks_too_and_the_bar_leads_there(site: House) -> None:
    site.account("0902", "system_administrator")
    client = client_of(site, "0902")
    assert 'href="/walk"' in client.get("/alarms").text
    assert client.get("/walk").headers["location"] == PATH
    assert send(client, "n1.8", result="absent").status_code == 303


def test_who_is_not_signed_in_or_sends_no_token_is_turned_away(
    looked_at: House, onlooker: TestClient
) -> None:
    assert client_of(looked_at).get(PATH).status_code == 303
    assert onlooker.post(f"{PATH}/n1.8", data={"result": "passed"}).status_code == 403


# --- the page ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("language", "words"), [
    ("zh", ("步行测试", "已测 4 / 79", "未通过 1", "门磁", "状态不明：节点 n3 失联", "线路断开", "no wire at terminal 5")),
    ("en", ("Walk test", "4 of 79 tried", "1 failed", "Door contact", "Unknown: node n3 silent", "line cut")),
])  # fmt: skip
def test_the_page_says_it_in_both_languages(
    onlooker: TestClient, language: str, words: tuple[str, ...]
) -> None:
    text = onlooker.get(PATH, params={"lang": language}).text
    for said in words:
        assert said in text, said
    assert len(re.findall(r'<li class="point"', text)) == 79


def test_no_number_of_a_tag_stands_on_the_page(onlooker: TestClient) -> None:
    assert "T1" not in onlooker.get(PATH).text


def test_an_area_without_points_says_so(looked_at: House) -> None:
    picture = _pictures(looked_at)[0]
    empty = replace(picture, area=replace(picture.area, points=()))
    view = walk_page([empty], empty, READER)
    assert (view.head.total, view.rooms) == (0, ())
    assert "area.toml lists no point" in render.walk(view, READER, "/events", None, "")


def test_only_what_changed_is_sent_again(site: House) -> None:
    before = render.walk_regions(view_of(site), READER)
    site.gateways["a1"].say("door.closed", NOW + SECOND, door="door-booking", by="node", source="n1")
    site.clock.tell(NOW + SECOND)
    site.deliver(lost=("n3",))
    after = render.walk_regions(view_of(site, replace(READER, now_us=NOW + SECOND)), READER)
    assert [name for name in after if after[name][0] != before[name][0]] == ["point-n1.8"]
    assert "Shut" in after["point-n1.8"][1]()
