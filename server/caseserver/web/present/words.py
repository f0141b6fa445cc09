"""Names and sentences: rooms, doors, officers, measures, articles, and one sentence for each type of fact."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from string import Formatter

from caseserver.alarms import Alarm
from caseserver.web.catalogue import catalogue
from caseserver.web.reader import Reader
from caseserver.web.views import Family, Level, Mark, Seal
from custody.area import Area, Cabinet, Door, Input, Recorder, Room
from custody.catalogue import FACT_TYPES
from custody.explain.wording import Wording
from custody.explain.words import NO, YES
from custody.facts import Fact
from custody.fields import INSTANT, Field
from custody.name import Name
from custody.property_words import HOLDERS
from custody.times import Limit, TimeFormatError, parse_limit
from custody.vocabulary import MEASURES
from custody.world import World

HELD_SHOWN_MAX = 2
"""Persons named on the card of a room."""
STAY_CHARS_MAX = 6
"""Characters of a stay's number on the wall; the full reference stands on its own page and in the log."""
_LEVEL: dict[str, Level] = {"S1": "act", "S2": "act", "S3": "soon", "S4": "know"}
_FAMILY: dict[str, Family] = {"clock": "clock", "person": "figure", "equipment": "plug"}
_SOUND = {"clock": "law", "person": "person", "equipment": "equip"}
_THINGS = ("item", "compartment", "stocktaking", "case")
_BLIND_SUBJECTS = ("node", "gateway", "recorder", "reader", "input", "port", "clock")


def holder_words(held: str, area: Area, reader: Reader) -> str:
    """``keeper:0211`` as ``保管员 0211``; a compartment with the cabinet it is of."""
    kind, _, ref = held.partition(":")
    said = reader.code(HOLDERS, kind)
    if kind != "compartment" or ref not in area.compartments:
        return f"{said} {ref}".strip()
    place = area.compartments[ref]
    return f"{reader.name(area.cabinets[place.cabinet].name)} {reader.name(place.name)}"


@dataclass(frozen=True)
class Words:
    """The names of one area in the reader's language. An id that area.toml does not know is shown as it is."""

    area: Area
    world: World
    reader: Reader

    def name(self, name: Name) -> str:
        return self.reader.name(name)

    def stay(self, ref: str) -> str:
        """The number shown for a stay: without the area's own prefix, and not longer than a row has room for."""
        bare = ref.removeprefix(f"{self.area.id}-")
        return bare if len(bare) <= STAY_CHARS_MAX else "…" + bare[-(STAY_CHARS_MAX - 1) :]

    def room(self, room: str | None) -> str:
        known = self.area.rooms.get(room) if room is not None else None
        return self.name(known.name) if known is not None else room or self.reader.t("wall.unknown_room")

    def door(self, door: str) -> str:
        known = self.area.doors.get(door)
        return self.name(known.name) if known is not None else door

    def recorder(self, recorder: str) -> str:
        known = self.area.recorders.get(recorder)
        return self.name(known.name) if known is not None else recorder

    def input(self, ref: str) -> str:
        known = self.area.inputs.get(ref)
        return self.name(known.name) if known is not None else ref

    def device(self, kind: str, ref: str) -> str:
        """Anything that can stand on the plan, by its kind there and its id; what has no name of its own with the word of its kind."""
        of_kinds: dict[str, Mapping[str, Room | Door | Recorder | Input | Cabinet]] = {
            "room": self.area.rooms, "door": self.area.doors, "recorder": self.area.recorders, "input": self.area.inputs,
            "cabinet": self.area.cabinets,
        }  # fmt: skip
        named = of_kinds.get(kind)
        if named is None:
            return self.reader.of("floor_device", kind, name=ref)
        known = named.get(ref)
        return self.name(known.name) if known is not None else ref

    def tag(self, tag: str) -> str:
        """Whose tag it is: a stay's or an officer's number; the tag's own number when nobody wears it."""
        holder = self.world.tags.get(tag)
        if holder is None:
            return tag
        kind, _, ref = holder.partition(":")
        return self.stay(ref) if kind == "stay" else ref

    def measure(self, measure: str | None) -> str:
        if measure is None:
            return self.reader.t("wall.no_measure")
        return self.reader.code(MEASURES, measure)

    def measure_short(self, measure: str | None) -> str:
        """The same in the room a row has."""
        return self.reader.t("wall.no_measure") if measure is None else self._or_raw("measure_short", measure)

    def coded(self, family: str, code: str) -> str:
        """A word of a family of the catalogue; text that officers typed, or a code we lack, stands as it is."""
        return self._or_raw(family, code)

    def _or_raw(self, family: str, value: str) -> str:
        return self.reader.of(family, value) if catalogue().has(family, value) else value

    def limit(self, text: str) -> str:
        """``12h`` as ``12 小时``, ``3d`` as ``3 日``."""
        try:
            return self.span(parse_limit(text))
        except TimeFormatError:
            return text

    def span(self, limit: Limit, *, is_calendar: bool = False) -> str:
        """A limit in words: hours where hours count, days and months where ``is_calendar``, or where they say more."""
        if limit.months:
            return self.reader.t("span.months", count=limit.months)
        if limit.working_days:
            return self.reader.t("span.working_days", count=limit.working_days)
        if limit.days and (is_calendar or limit.days > 1):
            return self.reader.t("span.days", count=limit.days)
        said = self.reader.duration(limit.us // 1_000_000, exact=True)
        return said.replace(" 00 分", "").replace(" 00 m", "")

    def text(self, alarm: Alarm, part: str) -> str:
        """``what``, ``do`` or ``soon`` of a rule, in the reader's language, else in Chinese, else the rule's id."""
        own = alarm.text.get(self.reader.language) or alarm.text.get("zh") or {}
        return own.get(part) or own.get("what") or f"{alarm.rule}/{alarm.variant}"

    def step(self, step: str) -> str:
        """A step of a rulebook by its name, with a capital in English."""
        said = self.name(Wording(self.area).step("searched" if step == "search.signed" else step))
        return said[:1].upper() + said[1:]

    def clauses(self, alarm_do: str) -> tuple[str, ...]:
        """The steps of a rule's ``do``: its clauses, each with a capital in English."""
        parts = [part.strip() for part in re.split("[，；,;:：]", alarm_do)]
        return tuple(part[:1].upper() + part[1:] for part in parts if part)

    def article(self, article: Mapping[str, str]) -> str:
        return article.get(self.reader.language) or article.get("zh") or ""

    def subject(self, subject: str, room: str | None) -> tuple[str, str]:
        """Where and who of an alarm, from its subject such as ``stay:0412``, ``door:gate``, ``node:n3``."""
        kind, _, ref = subject.partition(":")
        where = self.room(room) if room is not None else ""
        if kind == "stay":
            return where or self.reader.t("wall.unknown_room"), self.stay(ref)
        if kind == "room":
            held = [self.stay(stay.ref) for stay in self.world.stays_in(ref)]
            return self.room(ref), " ".join(held[:HELD_SHOWN_MAX]) + (
                " …" if len(held) > HELD_SHOWN_MAX else ""
            )
        if kind == "door":
            return self.door(ref), ""
        if kind == "recorder":
            return self.recorder(ref), ""
        if kind == "input":
            return where or self.input(ref), self.input(ref) if where else ""
        if kind in ("reader", "point"):
            return where or self.reader.of("by", "node", name=ref.rpartition(".")[0]), ref
        if kind == "tag":
            return where or self.reader.t("bands.of_tag", name=ref), ref if where else ""
        if kind == "band":
            return self.reader.t("blind.band", name=ref), ""
        if kind == "node":
            return self.reader.of("by", "node", name=ref), ""
        if kind in ("gateway", "clock", "server", "storage", "port"):
            return self.reader.of("health", "gateway", name=self.area.gateway), ref if kind == "port" else ""
        return self._thing(kind, ref, where) if kind in _THINGS else (where or ref, "")

    def _thing(self, kind: str, ref: str, where: str) -> tuple[str, str]:
        """Of what is kept: who has it or where it lies, and which it is."""
        if kind == "item":
            item = self.world.items.get(ref)
            return (holder_words(item.holder, self.area, self.reader) if item is not None else where), ref
        if kind == "compartment":
            return holder_words(f"compartment:{ref}", self.area, self.reader), ""
        count = self.world.counts.get(ref) if kind == "stocktaking" else None
        if count is not None and count.cabinet in self.area.cabinets:
            return self.name(self.area.cabinets[count.cabinet].name), ref
        return self.reader.t("property.case" if kind == "case" else "property.counts"), ref

    def fact(self, type_name: str, body: Mapping[str, object]) -> str:
        """One sentence for a fact; the bare type for one that this version does not know."""
        known = FACT_TYPES.get(type_name)
        if known is None:
            return type_name
        parts: list[str] = []
        for literal, key, _, _ in Formatter().parse(self.name(known.text)):
            parts.append(literal)
            if key is not None:
                said = self.value(key, known.fields.get(key), body.get(key))
                is_within = bool(parts[-1]) and not parts[-1].endswith((": ", "："))
                parts.append(self._within(said) if is_within else said)
        return "".join(parts)

    def _within(self, said: str) -> str:
        """A name inside an English sentence: small, unless it is an abbreviation or a number."""
        if self.reader.language != "en" or not said[1:2].islower():
            return said
        return said[:1].lower() + said[1:]

    def value(self, key: str, spec: Field | None, value: object) -> str:
        """One value of a fact's body as it is read: rooms and doors by name, codes by their names, moments as clock times."""
        if value is None:
            return "—"
        if isinstance(value, list):
            return " · ".join(self.value(key, spec, item) for item in value)
        named = {
            "room": self.room, "door": self.door, "recorder": self.recorder, "tag": self.tag, "input": self.input, "limit": self.limit,
        }  # fmt: skip
        if isinstance(value, str) and key in named:
            return named[key](value)
        if isinstance(value, str) and spec is not None and isinstance(spec.choices, Mapping):
            return self.reader.code(spec.choices, value)
        if isinstance(value, str) and key in ("cause", "action"):
            return self.coded(key, value)
        if isinstance(value, bool):
            return self.name(YES if value else NO)
        if isinstance(value, int) and spec is not None and spec.kind == INSTANT:
            return self.reader.clock(value)
        return str(value)

    def by(self, fact: Fact) -> str:
        """By whose word: the officer's number where the fact names one, else node, gateway, server, kiosk, paper."""
        for key in ("officer", "approver"):
            if isinstance(fact.body.get(key), str):
                return str(fact.body[key])
        if fact.by == "node":
            return self.reader.of("by", "node", name=fact.source_name)
        return self.coded("by", fact.by)


def mark_of(alarm: Alarm) -> Mark:
    """Shape from severity, glyph from family; what cannot be seen is hatched, whatever its severity."""
    level = urgency_of(alarm)
    return Mark(level, "query" if level == "blind" else _FAMILY.get(alarm.family, "plug"))


def urgency_of(alarm: Alarm) -> Level:
    """The level of its mark."""
    if alarm.rule == "SYS" and alarm.subject.partition(":")[0] in _BLIND_SUBJECTS:
        return "blind"
    return "soon" if alarm.is_prewarning else level_of(alarm.severity)


def level_of(severity: str) -> Level:
    """How urgent a severity is shown."""
    return _LEVEL.get(severity, "act")


def sound_of(alarm: Alarm) -> str:
    """Which sound an alarm makes while it stands and nobody has it; none for a pre-warning that is only to be known."""
    if not alarm.is_active or alarm.severity == "S4":
        return ""
    urgency = "act" if not alarm.is_prewarning and _LEVEL.get(alarm.severity) == "act" else "soon"
    return f"{_SOUND.get(alarm.family, 'equip')}-{urgency}"


def seal_of(basis: str) -> Seal:
    return "law" if basis == "law" else "site"
