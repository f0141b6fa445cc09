"""IN: detectors, buttons and contacts of the house. PT: what a node tells of its points. WB: where a band is that should
not be there, and where one is not that should. All of them local."""

from typing import Any

from tests.oracle.calendar import SECOND
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
from tests.oracle.state import Stay, Unit, World

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


FREE_OF_TAGS = ("waiting", "interview", "interrogation", "identification", "sobering", "handover", "corridor")


def _twice(world: World, stay: Stay) -> Answer:
    """Two readers see the band at once in rooms that are not near each other; since the later of the two."""
    readers = list(stay.seen_by)
    found = [
        (stay.seen_by[later][1], earlier, later)
        for number, later in enumerate(readers)
        for earlier in readers[:number]
        if not world.near(stay.seen_by[earlier][0], stay.seen_by[later][0])
    ]
    if not stay.open or not found:
        return None
    since, *pair = min(found, key=lambda row: row[0])
    unseen = any(not world.heard(reader) or reader in world.readers_lost for reader in pair)
    return BLIND if unseen else counted(since, ladder((15, "s", S2)), run=-1)


def _leap(world: World, stay: Stay, body: dict[str, Any]) -> bool:
    """Read in a room that is not near the one where it was lost less than three seconds before."""
    if not stay.open or stay.left is None or body["room"] == stay.room or world.latest is None:
        return False
    room, lost = stay.left
    return not world.near(room, body["room"]) and world.latest - lost < 3 * SECOND


def _not_returned(world: World, band: Unit) -> Answer:
    """Half an hour after it was taken off, or after its person left."""
    life = world.band_lives.get(band.ref)
    if life is None or life.state != "out":
        return None
    return counted(life.since, ladder((30, "min", S3)), run=life.position)


def _unknown_tag(world: World, tag: Unit) -> Answer:
    """A minute in a room where none but bands and badges belong."""
    room, since = world.strays.get(tag.ref, ("", 0))
    return counted(since, ladder((60, "s", S3))) if world.kind(room) in FREE_OF_TAGS else None


def tables(_book: str) -> Tables:
    """The rules of this family in the book."""
    rules = [Rule("IN", name, "input", _active(kind, severity)) for name, (kind, severity) in INPUTS.items()]
    rules += [
        Rule("PT", name, "point", _troubled(troubles, stages)) for name, (troubles, stages) in POINTS.items()
    ]
    button = Instant("WB", "button", "wristband.pressed", "stay", S1, lambda _w, stay, _b: bool(stay.open))
    leap = Instant("WB", "leap", "tag.read", "stay", S2, _leap)
    rules += [
        Rule("WB", "twice", "stay", _twice, place=True),
        Rule("WB", "return", "band", _not_returned),
        Rule("WB", "unknown", "tag", _unknown_tag),
    ]
    return Tables(rules, [button, leap])
