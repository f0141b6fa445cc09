"""Cabinets and their compartments in area.toml: what they are, and what is wrong with a file that declares them.

A compartment has one lock and one door contact, each a point of a node. A lock is ordered by its
compartment's name, so that a compartment and an output may not bear the same one.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from custody.config import Problems
from custody.name import Name
from custody.places import Point, Reader, Recorder

CABINET_KINDS: Final = (
    "property",  # 涉案财物
    "effects",  # 随身财物
    "dossier",  # 案卷
    "dangerous",  # 危险物品专用
)
LOCK, DOOR = "compartment_lock", "compartment_door"
COMPARTMENT_POINTS: Final = (LOCK, DOOR)
COMPARTMENTS_MAX: Final = 480  # ten boards of 48 locks: one page of the store map


@dataclass(frozen=True, slots=True)
class Cabinet:
    """Compartments side by side, with the reader at which whoever opens one presents badge or band.

    `recorder` covers it (P21); it keeps picture and sound of `room`.
    """

    id: str
    kind: str
    name: Name
    room: str
    reader: str
    recorder: str


@dataclass(frozen=True, slots=True)
class Compartment:
    """One door of a cabinet. `reader`: of the tags on what lies in it, where there is one."""

    id: str
    name: Name
    cabinet: str
    reader: str | None = None


def read_cabinet(t: Mapping[str, Any], where: str, p: Problems) -> Cabinet:
    """One [[cabinet]] table."""
    p.unknown_keys(t, where, ("id", "kind", "name", "room", "reader", "recorder"))
    cabinet = p.ref(t, where, "id")
    return Cabinet(
        id=cabinet,
        kind=p.choice(t, where, "kind", CABINET_KINDS),
        name=p.name(t, where, cabinet),
        room=p.ref(t, where, "room"),
        reader=p.ref(t, where, "reader"),
        recorder=p.ref(t, where, "recorder"),
    )


def read_compartment(t: Mapping[str, Any], where: str, p: Problems) -> Compartment:
    """One [[compartment]] table."""
    p.unknown_keys(t, where, ("id", "name", "cabinet", "reader"))
    compartment = p.ref(t, where, "id")
    return Compartment(
        id=compartment,
        name=p.name(t, where, compartment),
        cabinet=p.ref(t, where, "cabinet"),
        reader=p.ref(t, where, "reader", None) or None,
    )


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What cabinets and compartments name: all of one area, by id."""

    rooms: Collection[str]
    readers: Mapping[str, Reader]
    recorders: Mapping[str, Recorder]
    outputs: Collection[str]
    points: Iterable[Point]


def check_cabinets(
    cabinets: Mapping[str, Cabinet],
    compartments: Mapping[str, Compartment],
    around: Surroundings,
    p: Problems,
) -> None:
    """Every id that is named exists, and nothing serves two."""
    for cabinet in cabinets.values():
        _check_cabinet(cabinet, around, p)
    for reader, count in Counter(cabinet.reader for cabinet in cabinets.values()).items():
        if count > 1:  # whose door a badge there is to open would not be known
            p.add(f"reader {reader}", "a reader at one cabinet", count)
    if len(compartments) > COMPARTMENTS_MAX:
        p.add("compartment", f"at most {COMPARTMENTS_MAX} compartments", len(compartments))
    points = Counter((point.kind, point.of) for point in around.points)
    taken = Counter([cabinet.reader for cabinet in cabinets.values()])
    taken.update(compartment.reader for compartment in compartments.values() if compartment.reader)
    for compartment in compartments.values():
        where = f"compartment {compartment.id}"
        if compartment.cabinet not in cabinets:
            p.add(f"{where}.cabinet", "the id of a [[cabinet]]", compartment.cabinet)
        if compartment.id in around.outputs:
            p.add(f"{where}.id", "an id that no [[output]] has", compartment.id)
        for kind in COMPARTMENT_POINTS:
            if points[kind, compartment.id] != 1:
                p.add(where, f"one [[point]] of kind {kind} that is of it", points[kind, compartment.id])
        own = compartment.reader
        if own and (own not in around.readers or taken[own] > 1):
            p.add(f"{where}.reader", "the id of a [[reader]] that serves nothing else", own)


def _check_cabinet(cabinet: Cabinet, around: Surroundings, p: Problems) -> None:
    where = f"cabinet {cabinet.id}"
    if cabinet.room not in around.rooms:
        p.add(f"{where}.room", "the id of a [[room]]", cabinet.room)
    reader = around.readers.get(cabinet.reader)
    if reader is None or reader.room != cabinet.room:
        p.add(f"{where}.reader", f"a [[reader]] of room {cabinet.room}", cabinet.reader)
    recorder = around.recorders.get(cabinet.recorder)
    if recorder is None or cabinet.room not in recorder.rooms:
        p.add(f"{where}.recorder", f"a [[recorder]] of room {cabinet.room}", cabinet.recorder)
