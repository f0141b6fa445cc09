"""Each drawing is made from the source that stands beside it."""

import html
import re

import pytest

from tests.hardware.draw import DRAWINGS, draw, stamp_of
from tests.hardware.wiring import NAMES, WIRING, load
from tests.tools.need import need


def svg_of(name: str) -> str:
    return (DRAWINGS / f"{name}.svg").read_text(encoding="utf-8")


def words_of(svg: str) -> list[str]:
    """Everything a reader sees written in a drawing, sorted."""
    found = re.findall(r"<text[^>]*>(.*?)</text>", svg, re.S)
    return sorted(html.unescape(word).replace("\xa0", " ").strip() for word in found)


def test_every_source_has_its_drawing_and_no_drawing_is_left_over() -> None:
    assert sorted(path.stem for path in DRAWINGS.glob("*")) == list(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_drawing_was_made_from_the_source_that_stands_there(name: str) -> None:
    source = (WIRING / f"{name}.yml").read_text(encoding="utf-8")
    assert stamp_of(source) in svg_of(name), "run: make drawings"


@pytest.mark.parametrize("name", NAMES)
def test_a_drawing_shows_every_part_pin_and_joint(name: str) -> None:
    drawing = load(name)
    words = words_of(svg_of(name))
    for part, data in drawing.parts.items():
        assert part in words
        assert str(data["type"]) in words
        assert [pin for pin in drawing.pins(part) if pin not in words] == []
    # Each end of each wire is written at the wire, as part:pin or part:pin:label.
    for one, other in drawing.joints:
        for part, pin in (one, other):
            label = drawing.labels(part).get(pin)
            assert f"{part}:{pin}" + (f":{label}" if label else "") in words


@pytest.mark.real
@pytest.mark.parametrize("name", NAMES)
def test_a_drawing_made_again_says_the_same(name: str) -> None:
    """Words and lines; places differ between releases of Graphviz and fonts."""
    need("dot")
    again, stands = draw(name), svg_of(name)
    assert words_of(again) == words_of(stands)
    assert again.count('class="edge"') == stands.count('class="edge"')


def test_each_drawing_was_looked_at_and_has_its_row() -> None:
    """By a person or whoever draws: as a picture, by the questions at the head of hardware/drawings.md."""
    page = (DRAWINGS.parent / "drawings.md").read_text(encoding="utf-8")
    looked_at = [
        name.strip() for row in re.findall(r"^\| ([a-z0-9, -]+) \|", page, re.M) for name in row.split(",")
    ]
    assert sorted(set(looked_at) - {"drawing"}) == list(NAMES)
