"""Views of the property pages to HTML, with the parts that go on changing."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from markupsafe import Markup

from caseserver.web import render
from caseserver.web.property import drawing
from caseserver.web.property.views import (
    CabinetMap,
    CasePage,
    ClearupPage,
    CountsPage,
    ItemPage,
    ItemsPage,
    MapPage,
    OverduePage,
    PapersPage,
)
from caseserver.web.reader import Reader

_Page = MapPage | ItemsPage | OverduePage | CountsPage | ClearupPage | CasePage | ItemPage | PapersPage
_TEMPLATES: dict[type[_Page], str] = {
    MapPage: "property_map.html",
    ItemsPage: "property_items.html",
    OverduePage: "property_overdue.html",
    CountsPage: "property_counts.html",
    ClearupPage: "property_clearup.html",
    CasePage: "property_case.html",
    ItemPage: "property_item.html",
    PapersPage: "property_papers.html",
}


def html(view: _Page, reader: Reader, events: str = "") -> str:
    """The page of a view; ``events``: where its changes come from."""
    return render.part(
        _TEMPLATES[type(view)], reader, view=view, events=events, cabinet=partial(_drawn, reader)
    )


def _drawn(reader: Reader, cabinet: CabinetMap) -> Markup:
    return drawing.cabinet(cabinet, reader)


def map_regions(view: MapPage, reader: Reader) -> dict[str, tuple[object, Callable[[], str]]]:
    """The parts of the store map that go on changing."""
    found: dict[str, tuple[object, Callable[[], str]]] = {
        "store-head": (
            (view.frame.silent_us, view.frame.is_reading, view.elsewhere),
            partial(render.part, "property_map_head.html", reader, view=view),
        )
    }
    for one in view.cabinets:
        found[one.region] = (
            one,
            partial(render.part, "property_cabinet.html", reader, one=one, cabinet=partial(_drawn, reader)),
        )
    return found
