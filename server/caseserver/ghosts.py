"""The ghost: a stay that no person has, by which the whole chain is tried at night. What marks it, and what unmasks it.

The mark is the beginning of its reference, so that it stands in each of its leaves. No officer may use it. A stay under
this mark that was ever let in, registered, searched, given a band or read in a room is a person, and is shown as one.
"""

from __future__ import annotations

from typing import Final

from custody.world import Stay, World

PREFIX: Final = "ghost-"


def has_mark(ref: str | None) -> bool:
    """Whether a reference begins as a ghost's."""
    return ref is not None and ref.startswith(PREFIX)


def is_ghost(world: World, ref: str | None) -> bool:
    """Whether nobody is behind this stay: it has the mark and nothing else was ever stated of it but its arrival."""
    if ref is None or not has_mark(ref):
        return False
    stay = world.stays.get(ref)
    return stay is None or not _is_person(stay)


def _is_person(stay: Stay) -> bool:
    told = (
        stay.entered_us,
        stay.registered_us,
        stay.searched_us,
        stay.band,
        stay.room,
        stay.measure,
        stay.certificate_us,
    )
    return any(value is not None for value in told)


def forget(world: World) -> World:
    """A copy of a world without its ghosts."""
    for ref in [ref for ref in world.stays if is_ghost(world, ref)]:
        world.stays.drop(ref)
    return world
