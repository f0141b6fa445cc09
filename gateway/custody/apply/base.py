"""What the handlers of facts share: refusals, reading a body, finding the stay."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from custody.area import Area
from custody.facts import Fact
from custody.world import Stay, World


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a fact changed nothing: the rule that stands against it, expected and found."""

    rule: str
    subject: str
    reason: str
    expected: str
    found: str


Handler = Callable[[World, Area, Fact], Refused | None]


def text(fact: Fact, key: str) -> str:
    """A field that must be there."""
    return str(fact.body[key])


def optional(fact: Fact, key: str) -> str | None:
    """A field that may be left out."""
    value = fact.body.get(key)
    return value if isinstance(value, str) else None


def nothing(world: World, area: Area, fact: Fact) -> Refused | None:
    """A fact that is a step and no more."""
    return None


def open_stay(world: World, fact: Fact, rule: str) -> Stay | Refused:
    """The open stay a fact names; a new one when the reference was never seen."""
    ref = text(fact, "stay")
    stay = world.stays.get(ref)
    if stay is None and ref not in world.ended:
        return Stay(ref=ref, opened_us=fact.occurred_us, opened_fact=fact.index)
    if stay is None or not stay.is_open:
        return Refused(rule, f"stay:{ref}", "stay_ended", "a stay that has not ended", ref)
    return stay


def known_stay(world: World, fact: Fact, rule: str) -> Stay | Refused:
    """The open stay a fact names, which must have been opened before."""
    ref = text(fact, "stay")
    if world.stays.get(ref) is None and ref not in world.ended:
        return Refused(rule, f"stay:{ref}", "unknown_stay", "a stay opened before", ref)
    return open_stay(world, fact, rule)


def entered(stay: Stay, at_us: int, fact: int) -> Stay:
    """The stay with its entry into the area, by the first word of it."""
    if stay.entered_us is not None:
        return stay
    return replace(stay, entered_us=at_us, entered_fact=fact, phase="inside")
