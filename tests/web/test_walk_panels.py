"""A panel on the page of the walk test: what to do at it, and that the log tells nothing of it but its silence."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from caseserver.web.gather import Gatherer
from caseserver.web.present.walk import walk_page
from caseserver.web.reader import Reader
from custody.area import Panel, Point
from tests.web import day
from tests.web.house import House
from tests.web.scenes import at

READERS = {
    "en": ("Room panel", "Heard; a panel only shows"),
    "zh": ("房间面板", "节点在线，面板只显示"),
}


@pytest.fixture
def site(tmp_path) -> Iterator[House]:
    made = House(tmp_path, day.START)
    day.walked(made)
    yield made
    made.close()


@pytest.mark.parametrize("language", sorted(READERS))
def test_a_panel_is_named_and_tried_by_looking_in_its_room(site: House, language: str) -> None:
    reader = Reader(at("9:30"), "Asia/Shanghai", language=language)
    picture = Gatherer(site.station).pictures(reader)[0]
    node = picture.area.points[0].node
    room = next(iter(picture.area.readers.values())).room
    area = replace(
        picture.area,
        panels={"p1": Panel("p1", room)},
        points=(*picture.area.points, Point(node, 90, "panel", "p1")),
    )
    shown = replace(picture, area=area)
    rooms = walk_page([shown], shown, reader).rooms
    (place, point) = next((r.id, p) for r in rooms for p in r.points if p.ref == f"{node}.90")
    assert place == room
    assert (point.name, point.now.state) == READERS[language]
    assert (point.of, point.now.is_blind, point.now.troubles) == ("p1", False, ())
