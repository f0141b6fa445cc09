"""An officer's order to release a door: whose order counts, and of which door. What moves is the gateway's to order."""

from collections.abc import Mapping
from typing import Final

from custody.apply.base import Handler, Refused, text
from custody.area import Area
from custody.facts import Fact
from custody.world import World


def _release_ordered(world: World, area: Area, fact: Fact) -> Refused | None:
    """By a registered sworn officer, of a door that has a lock."""
    door, officer = text(fact, "door"), text(fact, "officer")
    if door not in area.locks:
        return Refused("DR", f"door:{door}", "no_lock", "a door with a lock", door)
    known = world.officers.get(officer)
    if known is None:
        return Refused("DR", f"door:{door}", "unknown_officer", "a registered officer", officer)
    if known.service != "sworn":
        return Refused("DR", f"door:{door}", "no_police", "a sworn officer", officer)
    return None


DOORS: Final[Mapping[str, Handler]] = {"door.release_ordered": _release_ordered}
