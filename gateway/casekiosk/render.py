"""Screens to HTML, in one language. Nothing here reads a clock, a request or the engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from casekiosk import labels as code
from casekiosk import words
from casekiosk.asking import Answer
from casekiosk.screens import Labels, Note, Screen
from casekiosk.tasks import TASKS
from custody.locker_words import OVERRIDES
from custody.messages import Language
from custody.name import Name
from custody.property_words import DESTINATIONS, ITEM_CONDITIONS, KEEPING_GROUNDS, NO_PHOTO
from custody.refusal_words import said

TAGS: Final = {"zh": "zh-CN", "en": "en"}
LETTERS_MAX: Final = 6
"""Of a compartment's name in giant letters; a longer one is smaller, and broken where it has to be."""
COLOURS: Final = ("black", "white", "grey", "silver", "gold", "brown", "red", "blue")
_CODED: Final = {
    "condition": ITEM_CONDITIONS, "destination": DESTINATIONS, "no_photo": NO_PHOTO, "override": OVERRIDES,
    "ground": KEEPING_GROUNDS,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Words:
    """What a template asks for words with."""

    language: Language
    zone: str = "UTC"

    def in_language(self, language: Language) -> Words:
        """The same in another language: the person's, beside the officer's."""
        return Words(language, self.zone)

    def t(self, id: str, **values: object) -> str:
        """The words of a literal id."""
        return words.text(self.language, id, **values)

    def of(self, family: str, value: str) -> str:
        """Words chosen by data: of the catalogue of facts where that has them, else of the kiosk."""
        codes = _CODED.get(family)
        if codes is not None and value in codes:
            return getattr(codes[value], self.language) or codes[value].zh
        return words.of(self.language, family, value)

    def refused(self, note: Note) -> str | None:
        """Words of the engine for a refusal of its own; None: the screen has its own, or there are none."""
        if words.catalogue().has("note", note.reason):
            return None
        sides = (said(side, self.language, ZoneInfo(self.zone)) for side in (note.expected, note.found))
        return words.refused(self.language, note.reason, *sides)

    def holder(self, held: str) -> str:
        """``officer:0312`` as ``民警 0312``."""
        return said(held, self.language, ZoneInfo(self.zone))

    def name(self, name: Name) -> str:
        """A name out of area.toml."""
        return name.zh if self.language == "zh" else name.en

    def size(self, name: Name) -> str:
        """How large a name fits: the class of its letters."""
        count = sum(
            1 if letter < "\u2e80" else 2 for letter in self.name(name)
        )  # Chinese ones are twice as wide
        return f"n{count}" if count <= LETTERS_MAX else "long"

    def clock(self, at_us: int) -> str:
        """``14:22:08``"""
        epoch = datetime.fromtimestamp(0, ZoneInfo(self.zone))
        return (epoch + timedelta(microseconds=at_us)).strftime("%H:%M:%S")

    def day(self, at_us: int) -> str:
        """``2026-11-27``"""
        epoch = datetime.fromtimestamp(0, ZoneInfo(self.zone))
        return (epoch + timedelta(microseconds=at_us)).strftime("%Y-%m-%d")

    def lasted(self, seconds: int) -> str:
        """``1 分 12 秒``"""
        minutes, rest = divmod(max(0, seconds), 60)
        if minutes:
            return self.t("unit.minutes", m=minutes, s=f"{rest:02d}")
        return self.t("unit.seconds", s=rest)

    def grouped(self, number: int) -> str:
        """``1 284 498``"""
        return f"{number:,}".replace(",", " ")


@lru_cache(maxsize=1)
def environment() -> Environment:
    """The templates of the package."""
    env = Environment(
        loader=PackageLoader("casekiosk", "templates"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    env.globals.update({
        "colours": COLOURS,
        "steps_of": lambda task: TASKS[task].steps if task else (),
        "qr": lambda text: Markup(code.drawing(text)),  # noqa: S704 - a drawing of ours, of a code of ours
        "kind_of": lambda view: type(view).__name__.lower(),
    })  # fmt: skip
    return env


def _render(template: str, language: Language, zone: str = "UTC", **values: Any) -> str:
    return environment().get_template(template).render(w=Words(language, zone), lang=TAGS[language], **values)


def screen(shown: Screen, language: Language, zone: str) -> str:
    """The fragment that takes the place of the screen before."""
    name = type(shown.view).__name__.lower()
    return _render(f"{name}.html", language, zone, v=shown.view, f=shown.frame)


def page(answer: Answer, cabinet: str, name: Name, token: str, language: Language, zone: str) -> str:
    """The whole page, with the screen in it."""
    html = "" if answer.screen is None else screen(answer.screen, language, zone)
    return _render(
        "page.html", language, zone, html=Markup(html),  # noqa: S704 - rendered with autoescape just now
        cabinet=cabinet, name=name, token=token, answer=answer,
    )  # fmt: skip


def choice(cabinets: Mapping[str, Name], language: Language) -> str:
    """Which cabinet this screen stands at."""
    return _render("choice.html", language, cabinets=cabinets)


def labels(view: Labels, cabinet: str, language: Language) -> str:
    """A page of labels to be printed, with the way back to the cabinet's screen."""
    return _render("labels.html", language, v=view, cabinet=cabinet)
