"""A part of a log that can be played by itself: what lies in it, and of what is older only what still stands.

Any thread may ask. Bounded by the caller; what is lost first is what is oldest and over.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any, Final

from caseserver.area_view import AreaView
from caseserver.station import Station

OPENING_LEAVES: Final = 500
"""The configuration and the officers that a log begins with."""
RUN_LEAVES: Final = 2_000

Leaf = dict[str, Any]
Paced = Callable[[Iterable[bytes]], Iterable[bytes]]


def facts_between(
    station: Station, view: AreaView, first: int, end: int, also: Iterable[int] = (), paced: Paced = iter
) -> list[Leaf]:
    """Leaves of facts, in log order: from ``first`` up to ``end``, those in ``also``, and what stood at ``first``.
    ``paced``: given the leaves before they are read."""
    gateway = view.area.gateway
    found: dict[int, Leaf] = {}
    if first > 0:
        for index in sorted(_standing(view, first) | {i for i in also if i < first}):
            _take(found, station.log_run(gateway, index, 1))
        _take(found, station.log_run(gateway, 0, min(first, OPENING_LEAVES)))
        for stay in view.engine_world.open_stays():
            if stay.opened_fact < first:
                _keep(found, view.stay_leaves(stay.ref))
    for start in range(first, end, RUN_LEAVES):
        run = station.log_run(gateway, start, min(RUN_LEAVES, end - start))
        _take(found, paced(run))
        if len(run) < min(RUN_LEAVES, end - start):
            break
    return [found[index] for index in sorted(found)]


def _standing(view: AreaView, first: int) -> set[int]:
    """Facts older than ``first`` that still tell how things are: officers, doors and all sources."""
    world: Any = view.engine_world
    tables = (
        world.officers, world.doors, world.recorders, world.readers, world.inputs, world.troubles, world.nodes, world.sources,
    )  # fmt: skip
    facts = {record.fact for table in tables for record in table.values()}
    facts |= {officer.room_fact for officer in world.officers.values()}
    return {index for index in facts if 0 <= index < first}


def _take(found: dict[int, Leaf], leaves: Iterable[bytes]) -> None:
    """The facts among leaves; outputs are passed over unread."""
    _keep(found, (json.loads(data) for data in leaves if b'"class":"output"' not in data))


def _keep(found: dict[int, Leaf], leaves: Iterable[Leaf]) -> None:
    for leaf in leaves:
        if leaf["class"] == "fact":
            found[int(leaf["index"])] = leaf
