"""The visitor's hands at the cabinets of the demo: a page that holds cards out at readers and moves doors.

It is a part of the demo and none of the product: at a real cabinet there are a reader and doors. It drives the same stand-ins
as the story does. `hands_server` serves it.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from caseward.demo.director import Director
from caseward.demo.hardware import Hardware
from caseward.demo.locks import LET_GO, OPEN
from caseward.demo.people import BY_NUMBER, PINS
from custody.area import Area
from custody.messages import LANGUAGES, Catalogue, Language, read_messages

BANDS_MAX: Final = 8  # shown at once; the newest
ACTS: Final = {LET_GO: "pull", OPEN: "push"}
TAGS: Final = {"zh": "zh-CN", "en": "en"}


@lru_cache(maxsize=1)
def catalogue() -> Catalogue:
    """The words of the page."""
    return read_messages(
        resources.files("caseward.demo").joinpath("messages.toml").read_text(encoding="utf-8")
    )


@lru_cache(maxsize=1)
def environment() -> Environment:
    """Its templates."""
    return Environment(
        loader=PackageLoader("caseward.demo", "templates"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip


class NotSo(ValueError):
    """Nothing was done; the text says what was expected and what came."""


@dataclass(slots=True)
class Present:
    """Who wears a band in the area now, and who searched them: read from the log as it grows."""

    area: str
    _bands: dict[str, str] = field(default_factory=dict)  # band -> stay, oldest first
    _searched: dict[str, tuple[str, ...]] = field(default_factory=dict)  # stay -> officers
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def leaf(self, area: str, leaf: Mapping[str, Any]) -> None:
        """Look at a leaf."""
        body = leaf["body"]
        if area != self.area:
            return
        with self._lock:
            match leaf["type"]:
                case "wristband.bound/1":
                    self._bands[body["band"]] = str(leaf["stay"])
                case "wristband.returned/1":
                    self._searched.pop(self._bands.pop(body["band"], ""), None)
                case "search.signed/1":
                    self._searched[str(leaf["stay"])] = tuple(body["officers"])

    def bands(self) -> list[tuple[str, str, tuple[str, ...]]]:
        """(band, stay, who searched), the newest BANDS_MAX."""
        with self._lock:
            newest = list(self._bands.items())[-BANDS_MAX:]
            return [(band, stay, self._searched.get(stay, ())) for band, stay in newest]


@dataclass(frozen=True, slots=True)
class Card:
    """Something that can be held out."""

    tag: str
    words: str
    more: str = ""


@dataclass(slots=True)
class Hands:
    """What the page shows and does. `kiosk`, `wall`: addresses."""

    area: Area
    hardware: Mapping[str, Hardware]  # area -> its boards; those of `area` once the station is prepared
    director: Director
    present: Present
    kiosk: str
    wall: str

    def cards(self, language: Language) -> list[Card]:
        """The keeper's badge, the bands of who is there, the badges of who searched them."""
        t = catalogue().text
        bands = self.present.bands()
        officers = dict.fromkeys(officer for _, _, searched in bands for officer in searched)
        keepers = [
            Card(BY_NUMBER[number].badge, t(language, "card.keeper", officer=number, pin=pin))
            for number, pin in PINS.items()
        ]
        worn = [
            Card(
                band,
                t(language, "card.band", stay=stay),
                t(language, "card.searched", officers=" ".join(searched)) if searched else "",
            )
            for band, stay, searched in bands
        ]
        searchers = [
            Card(BY_NUMBER[number].badge, t(language, "card.officer", officer=number))
            for number in sorted(officers)
            if number in BY_NUMBER
        ]
        return [*keepers, *worn, *searchers]

    def state(self, language: Language) -> str:
        """The part of the page that changes."""
        return environment().get_template("hands_state.html").render(self._values(language))

    def page(self, language: Language) -> str:
        """The whole page."""
        other = next(one for one in LANGUAGES if one != language)
        return environment().get_template("hands.html").render(
            self._values(language), tag=TAGS[language], other=other, wall=self.wall,
            speed=self.director.timetable.speed,
        )  # fmt: skip

    def _values(self, language: Language) -> dict[str, Any]:
        words = catalogue()
        cabinets = [
            {
                "id": cabinet.id,
                "name": getattr(cabinet.name, language) or cabinet.name.zh,
                "doors": [
                    {
                        "id": c.id,
                        "name": getattr(c.name, language) or c.id,
                        "state": (state := self.hardware[self.area.id].compartment(c.id)),
                        "act": ACTS.get(state, ""),
                    }
                    for c in self.area.compartments.values()
                    if c.cabinet == cabinet.id
                ],
            }
            for cabinet in self.area.cabinets.values()
        ]
        cards = self.cards(language)
        return {
            "cabinets": cabinets, "cards": cards, "has_bands": bool(self.present.bands()), "kiosk": self.kiosk,
            "lang": language, "t": lambda id, **values: words.text(language, id, **values),
        }  # fmt: skip

    def do(self, fields: Mapping[str, str], language: Language) -> str:
        """Do what a form says; what was done, in words. Raises NotSo."""
        act, t = fields.get("act", ""), catalogue().text
        if act == "hold":
            cabinet = self.area.cabinets.get(fields.get("cabinet", ""))
            card = next((c for c in self.cards(language) if c.tag == fields.get("tag")), None)
            if cabinet is None or card is None:
                raise NotSo(f"expected a cabinet and a card of the page, found {dict(fields)}")
            self.director.hold(self.area.id, card.tag, cabinet.id)
            name = getattr(cabinet.name, language) or cabinet.name.zh
            return t(language, "said.hold", cabinet=name, tag=card.words)
        compartment = fields.get("compartment", "")
        if act not in ACTS.values() or compartment not in self.area.compartments:
            raise NotSo(f"expected hold, pull or push and what, found {dict(fields)}")
        state = self.hardware[self.area.id].compartment(compartment)
        if ACTS.get(state) != act:
            raise NotSo(f"expected {compartment} as the page showed it, found {state}")
        self.hardware[self.area.id].hand(compartment, is_pulling=act == "pull")
        return t(language, f"said.{act}", compartment=compartment)
