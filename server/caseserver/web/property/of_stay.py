"""What the ledger has of a person in the area: effects, and the things of the case; and the persons of a case. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from caseserver.web.present.state import AreaPicture
from caseserver.web.present.words import Words, holder_words
from caseserver.web.property.things import limits_of, path
from caseserver.web.property.views import ThingsOf
from caseserver.web.reader import Reader
from custody.items import Item
from custody.world import Stay

PLACES_MAX: Final = 8
"""Places told of one pile of things; the list that is linked has them all."""
LIMITS_MAX: Final = 5
"""Alarms and limits told, the most urgent; the pages of things have them all."""


def things_of_stay(ref: str, stay: Stay | None, state: AreaPicture, reader: Reader) -> tuple[ThingsOf, ...]:
    """The person's own things first, then those of the case. ``stay``: None where the engine has forgotten it."""
    items = state.world.items
    own = items.of_stay(ref)
    case = stay.case if stay is not None else next((item.case for item in own if item.case), None)
    of_case = [item for item in items.of_case(case) if item.stay != ref] if case else []
    area = state.area.id
    piles = (
        (own, reader.t("property.of_person"), path(area, f"items?show=all&q={ref}")),
        (of_case, reader.t("property.of_case", case=case or ""), path(area, f"cases/{case}")),
    )
    return tuple(_pile(title, href, found, state, reader) for found, title, href in piles if found)


def _pile(title: str, href: str, items: Sequence[Item], state: AreaPicture, reader: Reader) -> ThingsOf:
    """How many, where they are, what is over its limit."""
    places = Counter(holder_words(item.holder, state.area, reader) for item in items)
    limits = limits_of(state, [f"item:{item.ref}" for item in items], reader)
    return ThingsOf(
        title, href, len(items), sum(item.pieces for item in items), tuple(places.most_common(PLACES_MAX)),
        max(0, len(places) - PLACES_MAX), limits[:LIMITS_MAX], sum(row.flag == "act" for row in limits),
    )  # fmt: skip


def persons_of_case(case: str, state: AreaPicture, reader: Reader) -> tuple[tuple[str, str], ...]:
    """(number, address) of each stay of a case that the area still knows, in the order of arrival."""
    words = Words(state.area, state.world, reader)
    stays = sorted(
        (s for s in state.world.stays.values() if s.case == case), key=lambda s: (s.opened_us, s.ref)
    )
    return tuple((words.stay(s.ref), f"/stays/{state.area.id}/{s.ref}") for s in stays)
