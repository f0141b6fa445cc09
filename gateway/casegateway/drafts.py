"""A fact before it has its place in the log: what and when it happened, and who says so."""

from dataclasses import dataclass

from caselog.clock import Instant
from casewire import Frame
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


def from_node(
    node: str,
    frame: Frame,
    occurred: tuple[int, int | None],
    suffix: str,
    fact_type: str,
    body: dict[str, BodyValue],
) -> Draft:
    """What a node's frame says; `suffix` tells the facts of one frame apart."""
    return Draft(
        type=fact_type,
        body=body,
        id=f"{node}|{frame.boot}|{frame.seq}{suffix}",
        occurred_us=occurred[0],
        occurred_latest_us=occurred[1],
        by="node",
        source_name=node,
        source_boot=frame.boot,
        source_seq=frame.seq,
    )


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
