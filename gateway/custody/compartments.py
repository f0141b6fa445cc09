"""A compartment as the facts tell it: door, bolt, the request that runs, by what right it was last opened.

"" ──requested──► waiting ──ordered──► ordered ──completed──► ""
                    │ expired, failed     │ interrupted ──► interrupted ──completed──► ""
                    └──────► ""           └ failed ──► ""
"""

from dataclasses import dataclass, replace
from typing import Final

WAITING, ORDERED, INTERRUPTED = "waiting", "ordered", "interrupted"
UNORDERED, WRONG_DOOR, BY_ORDER, BY_KEY = "unordered", "wrong_door", "ordered", "overridden"
ACCESSES: Final = (UNORDERED, WRONG_DOOR, BY_ORDER, BY_KEY)
OVERRIDE_US: Final = 10 * 60 * 1_000_000
"""A local value: so long after it was entered, opening by the mechanical key is what was entered."""


@dataclass(frozen=True, slots=True)
class CompartmentState:
    """One compartment. None: unknown. Times microseconds UTC; facts are log indices.

    `opened_us`: since when it is not shut (door open or bolt withdrawn), kept while it cannot be read; `access`: by
    what right. `request`, `stage`: the request that runs, by its id; `missing`: tags that went while it was shut.
    """

    id: str
    is_open: bool | None = None
    is_locked: bool | None = None
    since_us: int = 0
    fact: int = -1
    opened_us: int | None = None
    opened_fact: int = -1
    access: str = ""
    was_open: bool = False  # the door opened since the order that runs
    request: str = ""
    stage: str = ""
    stage_us: int = 0
    stage_fact: int = -1
    purpose: str = ""
    officer: str = ""
    stay: str | None = None
    items: tuple[str, ...] = ()
    overridden_us: int | None = None
    overridden_fact: int = -1
    failed_us: int = 0
    failed_fact: int = -1  # the newest order that moved nothing, until one did
    why: str = ""  # of that failure, or of the interruption
    missing: tuple[tuple[str, int, int], ...] = ()  # tag, moment, fact

    @property
    def is_shut(self) -> bool:
        """Door and bolt both say so."""
        return self.is_open is False and self.is_locked is True

    @property
    def is_ajar(self) -> bool:
        """Door or bolt says that it is not shut."""
        return self.is_open is True or self.is_locked is False

    @property
    def is_running(self) -> bool:
        """Somebody is on the way to it, or at it, by a request."""
        return self.stage in (WAITING, ORDERED)

    def at_rest(self, at_us: int, fact: int) -> "CompartmentState":
        """The request is over."""
        return replace(
            self,
            request="",
            stage="",
            stage_us=at_us,
            stage_fact=fact,
            purpose="",
            officer="",
            stay=None,
            items=(),
        )
