"""Who reads a page, in which language and time zone, and what station time it is: the last argument of every rendering."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from caseserver.web import wording
from caseserver.web.catalogue import catalogue
from caseserver.web.wording import Language
from custody.name import Name
from custody.vocabulary import Codes


@dataclass(frozen=True)
class Reader:
    """``on_duty``: (post, number) of those that must be held; ``unmanned``: such posts without anybody, said in red.

    ``rate`` is station seconds to one real second: 1 in a station, 60 in the demo; the page counts with it."""

    now_us: int
    zone: str
    language: Language = "zh"
    theme: Literal["day", "night"] = "day"
    rate: int = 1
    badge: str = ""
    csrf: str = ""
    may_act: bool = True
    roles: frozenset[str] = frozenset()
    on_duty: tuple[tuple[str, str], ...] = ()
    unmanned: tuple[str, ...] = ()

    def t(self, id: str, **values: object) -> str:
        return catalogue().text(self.language, id, **values)

    def of(self, family: str, value: str, **values: object) -> str:
        return catalogue().of(self.language, family, value, **values)

    def name(self, name: Name) -> str:
        """A name that comes from area.toml, a rulebook or the catalogue of facts."""
        return name.zh if self.language == "zh" else name.en

    def code(self, codes: Codes, value: str) -> str:
        """The name of a code of a closed list; one that this version does not know stands as it is."""
        return self.name(codes[value]) if value in codes else value

    def clock(self, at_us: int) -> str:
        return wording.clock_from(at_us, self.now_us, self.zone, self.language)

    def stamp(self, at_us: int) -> str:
        return wording.stamp(at_us, self.zone)

    def day(self, at_us: int) -> str:
        return wording.day(at_us, self.zone, self.language)

    def date(self, at_us: int) -> str:
        """A day with its year: of law, not of the shift."""
        return wording.local(at_us, self.zone).date().isoformat()

    def day_and_clock(self, at_us: int) -> str:
        return wording.day_and_clock(at_us, self.zone, self.language)

    def duration(self, seconds: int, exact: bool = False) -> str:
        return wording.duration(seconds, self.language, exact=exact)

    @property
    def offset_s(self) -> int:
        """Seconds the area's zone is ahead of UTC now; the page's own clock needs it."""
        offset = wording.local(self.now_us, self.zone).utcoffset()
        return int(offset.total_seconds()) if offset else 0

    @property
    def lang_tag(self) -> str:
        return {"zh": "zh-CN", "en": "en"}[self.language]
