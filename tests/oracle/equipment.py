"""IN: detectors, buttons and contacts of the house. PT: what a node tells of its points. WB/button. All of them local."""

from typing import Any

from tests.oracle.duty import (
    BLIND,
    S1,
    S2,
    S3,
    Answer,
    Instant,
    Ladder,
    Rule,
    Tables,
    at_once,
    counted,
    ladder,
)
from tests.oracle.state import Unit, World

TEN_SECONDS: Ladder = ladder((10, "s", S2))
INPUTS = {
    "smoke": ("smoke", S1),
    "duress": ("duress", S1),
    "release": ("emergency_release", S1),
    "water": ("water", S2),
    "temperature": ("temperature", S2),
    "tamper": ("tamper", S2),
    "mains": ("mains", S3),
    "ups": ("ups", S3),
}
POINTS = {
    "tamper": (("tamper",), at_once(S2)),
    "jammed": (("jammed",), at_once(S2)),
    "key": (("key_refused", "default_key"), at_once(S2)),
    "line": (("line_short", "line_open", "line_fault", "contradiction", "noisy"), TEN_SECONDS),
    "silent": (("silent",), TEN_SECONDS),
    "mains": (("mains_lost",), at_once(S3)),
    "battery": (("battery_low",), at_once(S3)),
}


def _active(kind: str, severity: str) -> Any:
    """Since it went active; while it cannot be read, what stood stands."""

    def asks(world: World, about: Unit) -> Answer:
        since = world.active_since.get(about.ref)
        if since is None or world.area["inputs"][about.ref]["kind"] != kind:
            return None
        return BLIND if about.ref in world.unread else counted(since, at_once(severity))

    return asks


def _troubled(troubles: tuple[str, ...], stages: Ladder) -> Any:
    """Since the first of these that the point has now: one alarm, however many there are."""

    def asks(world: World, about: Unit) -> Answer:
        known = world.troubles.get(about.ref, {})
        since = [known[trouble] for trouble in troubles if trouble in known]
        return counted(min(since), stages, run=-1) if since else None

    return asks


def tables(_book: str) -> Tables:
    """The rules of this family in the book."""
    rules = [Rule("IN", name, "input", _active(kind, severity)) for name, (kind, severity) in INPUTS.items()]
    rules += [
        Rule("PT", name, "point", _troubled(troubles, stages)) for name, (troubles, stages) in POINTS.items()
    ]
    button = Instant("WB", "button", "wristband.pressed", "stay", S1, lambda _w, stay, _b: bool(stay.open))
    return Tables(rules, [button])
