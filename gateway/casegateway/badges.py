"""Badges and bands that were read at a cabinet a moment ago: each reading serves one request, whatever comes of it."""

from casegateway.events import Moment
from casegateway.limits import BADGE_VALID_MS, BADGES_MAX
from casegateway.releases import age_us
from custody.area import Area
from custody.facts import Fact


class Badges:
    """Readings at the readers of cabinets. A badge that goes on lying there was read once."""

    def __init__(self, area: Area) -> None:
        """Nobody was read: what earlier runs read counts no more."""
        self._read: dict[str, dict[str, int]] = {c.reader: {} for c in area.cabinets.values()}

    def take(self, fact: Fact, now: Moment) -> None:
        """A fact of this run. A reading of which it is not known how old it is counts for nothing."""
        if fact.type != "tag.read":
            return
        read = self._read.get(str(fact.body.get("reader")))
        gone_us = age_us(fact, now)
        if read is None or gone_us is None:
            return
        tag = str(fact.body["tag"])
        read.pop(tag, None)
        read[tag] = now.real_us - gone_us
        while len(read) > BADGES_MAX:
            del read[next(iter(read))]

    def fresh(self, reader: str, now: Moment) -> list[str]:
        """Tags read at a cabinet's reader at most BADGE_VALID_MS ago and not yet spent, oldest first."""
        read = self._read[reader]
        for tag, at_us in list(read.items()):
            if now.real_us - at_us >= BADGE_VALID_MS * 1_000:
                del read[tag]
        return list(read)

    def spend(self, reader: str, tags: list[str]) -> None:
        """A request that they were there for is over."""
        for tag in tags:
            self._read[reader].pop(tag, None)
