"""Who has to be read at a cabinet before one of its compartments opens: by badge, by band.

Local values of the product, all of them stricter than a signature alone. docs/devices/locker-cabinet.md shows the table.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from custody.area import Area
from custody.compartments import CompartmentState
from custody.world import World

WITNESSED: Final = ("count", "inspect")
"""Purposes for which two officers are there: the one who keeps does not count alone what he keeps."""


@dataclass(frozen=True, slots=True)
class Attendance:
    """Who has to be there beside the officer who asked.

    stay     whose band; None: nobody's. Where the person cannot be there, a second officer stands for it
    second   another sworn officer, whatever else
    """

    officer: str
    stay: str | None
    second: bool

    def missing(self, world: World, tags: Iterable[str]) -> tuple[str, ...]:
        """Of `officer`, `second`, `band` those that none of the tags stands for."""
        bearers = {world.tags.get(tag) for tag in tags}
        left = [] if f"officer:{self.officer}" in bearers else ["officer"]
        others = [b.partition(":")[2] for b in bearers if b is not None and b.startswith("officer:")]
        has_second = any(other != self.officer and _is_sworn(world, other) for other in others)
        if self.second and not has_second:
            left.append("second")
        if self.stay is not None and not has_second and f"stay:{self.stay}" not in bearers:
            left.append("band")
        return tuple(left)


def _is_sworn(world: World, officer: str) -> bool:
    known = world.officers.get(officer)
    return known is not None and known.service == "sworn"


def attendance(world: World, area: Area, asked: CompartmentState) -> Attendance:
    """Who has to be there for the request that waits at a compartment."""
    is_personal = area.cabinet_of(asked.id).kind == "effects"
    is_witnessed = asked.purpose in WITNESSED
    known = [*(world.items.get(ref) for ref in asked.items), *world.items.lying_in(asked.id)]
    is_precious = any(item.valuable or item.cash or item.dangerous for item in known if item is not None)
    stay = asked.stay if is_personal and not is_witnessed else None
    return Attendance(asked.officer, stay, second=is_witnessed or (is_precious and not is_personal))
