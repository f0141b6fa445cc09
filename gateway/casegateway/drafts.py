"""A fact before it has its place in the log: what and when it happened, and who says so."""

from dataclasses import dataclass

from caselog.clock import Instant
from custody.facts import BodyValue, Fact


@dataclass(frozen=True, slots=True)
class Draft:
    """`occurred_*` in microseconds UTC; None as latest means unbounded."""

    type: str
    body: dict[str, BodyValue]
    id: str
    occurred_us: int
    occurred_latest_us: int | None
    by: str = "gateway"
    source_name: str = ""
    source_boot: int = 0
    source_seq: int = 0


def stamp(draft: Draft, recorded: Instant, index: int) -> Fact:
    """The fact, recorded now at `index`.

    An upper bound below the lower one is raised to it, so that the interval is never empty.
    """
    latest = draft.occurred_latest_us
    if latest is not None:
        latest = max(latest, draft.occurred_us)
    return Fact(
        type=draft.type,
        body=draft.body,
        index=index,
        id=draft.id,
        occurred_us=max(0, draft.occurred_us),
        occurred_latest_us=latest,
        by=draft.by,
        recorded_us=recorded.earliest_us,
        recorded_latest_us=recorded.latest_us,
        boot=recorded.boot,
        boottime_us=recorded.boottime_us,
        source_name=draft.source_name,
        source_boot=draft.source_boot,
        source_seq=draft.source_seq,
    )
