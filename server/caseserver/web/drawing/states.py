"""The sign of an alarm's state: a small shape beside the word, so that a list is read without colour and without reading.

Full: it waits for somebody. Half: somebody has it. Hollow: it is over. Two bars: put aside. A hook: under another.
"""

from __future__ import annotations

from markupsafe import Markup

from caseserver.web.drawing.svg import path, tag
from caseserver.web.reader import Reader

_RING = tag("circle", class_="o", cx=10, cy=10, r=7.5)
_SIGNS: dict[str, Markup] = {
    "normal": path("M3 10h14", class_="o"),
    "unacknowledged": tag("circle", class_="f", cx=10, cy=10, r=8.5),
    "taken": _RING + path("M10 2.5a7.5 7.5 0 0 1 0 15z", class_="f"),
    "acknowledged": _RING + path("M6.4 10.2l2.6 2.6 4.8-5.4", class_="o"),
    "returned_unacknowledged": _RING,
    "latched": _RING + path("M10 5.6V10l3 2", class_="o"),
    "fixed_awaiting_check": tag("rect", class_="o", x=3, y=3, width=14, height=14, rx=2)
    + path("M6.4 10.2l2.6 2.6 4.8-5.4", class_="o"),
    "shelved": path("M6 3.5v13M14 3.5v13", class_="w"),
    "suppressed_by_design": path("M4 3v8.5h11.5M11.5 7.5l4 4-4 4", class_="o"),
    "out_of_service": _RING + path("M4.8 15.2 15.2 4.8", class_="o"),
    "closed": path("M3.6 10.4l4.4 4.4L16.8 5", class_="o"),
}


def state(word: str, reader: Reader, *, named: bool = True) -> Markup:
    """Sign and word of a state of custody.alarm_states; the sign alone where words beside it say the same."""
    said = reader.of("alarm_word", word)
    sign = tag("svg", _SIGNS[word], viewBox="0 0 20 20", aria_hidden="true")
    return tag("span", sign, said if named else "", class_=f"st st-{word}", title=None if named else said)
