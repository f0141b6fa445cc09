"""Values that a bundle lays open: what commitments in the leaves of the stay stand for, out of the side store."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence

from caselog import canonical
from caselog.bundle import Disclosure
from caselog.leaf import LeafRecord
from caseserver.people.people import People

Disclose = Callable[[Sequence[LeafRecord]], Iterable[Disclosure]]


def nothing(own: Sequence[LeafRecord]) -> Iterable[Disclosure]:
    """No value is laid open."""
    return ()


def disclosing(people: People | None, area: str, stay: str, fields: Collection[str]) -> Disclose:
    """Lays the newest value of each of `fields` open, as far as it is kept. May raise `SealError`."""
    if people is None or not fields:
        return nothing

    def disclose(own: Sequence[LeafRecord]) -> Iterable[Disclosure]:
        leaves = [canonical.loads(record.data) for record in own]
        return people.disclosures(area, stay, leaves, fields)

    return disclose
