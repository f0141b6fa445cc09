"""The drawing of a proof: well-formed, every line named, nothing outside its panel."""

import xml.etree.ElementTree as ET

from tests.prove import plot

SVG = "{http://www.w3.org/2000/svg}"


def drawn() -> ET.Element:
    panels = {
        "memory, MiB": {"server": [(0.0, 80.0), (8.0, 93.5)], "gateway <a1>": [(0.0, 45.0), (8.0, 46.0)]},
        "queue depth": {"outbox": [(0.0, 0.0), (4.0, 7.0), (8.0, 0.0)]},
    }
    return ET.fromstring(plot.lines("Eight hours", "hours", panels))


def test_every_line_is_drawn_and_named() -> None:
    texts = {element.text for element in drawn().iter(f"{SVG}text")}
    assert {"Eight hours", "hours", "memory, MiB", "queue depth", "server", "gateway <a1>", "outbox"} <= texts
    assert len(list(drawn().iter(f"{SVG}polyline"))) == 3


def test_no_point_lies_outside_the_picture() -> None:
    root = drawn()
    _, _, width, height = map(float, root.attrib["viewBox"].split())
    for line in root.iter(f"{SVG}polyline"):
        for point in line.attrib["points"].split():
            x, y = map(float, point.split(","))
            assert 0 <= x <= width
            assert 0 <= y <= height


def test_a_larger_value_is_drawn_higher() -> None:
    line = next(iter(drawn().iter(f"{SVG}polyline")))
    first, last = (float(point.split(",")[1]) for point in line.attrib["points"].split())
    assert last < first
