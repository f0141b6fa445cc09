"""Facts, steps, times and codes in plain Chinese and English, for explanations.

Sentences come from the catalogue (`FactType.text`) and from the tables of `words.py`; nothing here
quotes or composes law.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from custody.area import Area
from custody.catalogue import FACT_TYPES
from custody.catalogue.parts import FactType
from custody.explain.sentences import SOURCES
from custody.explain.words import (
    FIELD_NAMES,
    FIELDS,
    NO,
    OR,
    PLACES,
    ROOM_KINDS,
    STAGES,
    STEPS,
    SUBJECTS,
    UNITS,
    UNSPOKEN,
    WORN_BY,
    YES,
)
from custody.facts import Fact
from custody.fields import BOOL, DURATION, INSTANT, Field
from custody.name import Name
from custody.times import DAY_US, Limit, TimeFormatError, parse_limit
from custody.vocabulary import GROUNDS, INPUTS, MEASURES, TROUBLES

LISTED_MAX: Final = 3  # kinds of a step named one by one; of more the field's name is said
_PLACEHOLDER: Final = re.compile(r"\{(\w+)\}")
_LIMIT_PART: Final = re.compile(r"(\d+)(mo|min|ms|wd|d|h|s)")
HOURS_UP_TO_US: Final = 3 * DAY_US  # 24 h and 72 h are said as hours
_LEFT_OVER: Final = "：:，,（( "
_UNIT_US: Final = (
    ("d", 86_400_000_000),
    ("h", 3_600_000_000),
    ("min", 60_000_000),
    ("s", 1_000_000),
    ("ms", 1_000),
)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def fill(template: Name, **values: Name | str | int) -> Name:
    """A template with its `{fields}` filled in both languages."""
    return Name(
        template.zh.format(**{k: v.zh if isinstance(v, Name) else v for k, v in values.items()}),
        template.en.format(**{k: v.en if isinstance(v, Name) else v for k, v in values.items()}),
    )


def joined(names: Iterable[Name | str], between: Name = Name("、", ", ")) -> Name:
    """Several names in a row."""
    known = [Name(name, name) if isinstance(name, str) else name for name in names]
    return Name(between.zh.join(n.zh for n in known), between.en.join(n.en for n in known))


def either(names: Iterable[Name | str]) -> Name:
    """Several names of which one is meant."""
    return joined(names, OR)


def span(duration_us: int) -> Name:
    """Microseconds in words: `1 小时 30 分钟`, `1 h 30 min`; whole days beyond three are said as days."""
    size = abs(duration_us)
    units = _UNIT_US if size > HOURS_UP_TO_US and size % DAY_US == 0 else _UNIT_US[1:]
    parts, rest = [], size
    for unit, unit_us in units:
        count, rest = divmod(rest, unit_us)
        if count:
            parts.append(_counted(count, unit))
    return joined(parts or [_counted(0, "s")], Name(" ", " "))


def limit_text(limit: Limit | str) -> Name:
    """A limit by the clock or by the calendar in words, as it is written; text that is none stands as it is."""
    text = limit if isinstance(limit, str) else limit.text
    try:
        parse_limit(text)
    except TimeFormatError:
        return Name(text, text)
    return joined((_counted(int(m[1]), m[2]) for m in _LIMIT_PART.finditer(text)), Name(" ", " "))


def _counted(count: int, unit: str) -> Name:
    return Name(f"{count} {UNITS[unit].zh}", f"{count} {UNITS[unit].en}")


def stage_name(stage: str) -> Name:
    """A step of a ladder in words: `1min`, `pre-30s`, `limit@8h`, `pre-1h@8h`, `due@7d`, `-30min`."""
    what, _, limit = stage.partition("@")
    is_prewarning = what.startswith("pre-")
    what = what.removeprefix("pre-")
    if limit and is_prewarning:
        return fill(STAGES["pre_tier"], limit=limit_text(limit), span=limit_text(what))
    if limit:
        return fill(STAGES[what], limit=limit_text(limit))
    which = "before" if what.startswith("-") else "at_once" if what == "0s" else "after"
    name = fill(STAGES[which], span=limit_text(what.removeprefix("-")))
    return fill(STAGES["pre"], stage=name) if is_prewarning else name


def field_name(key: str) -> Name:
    """What a field of a body is called, without its value."""
    if key in FIELD_NAMES:
        return FIELD_NAMES[key]
    known = FIELDS.get(key, Name(key, key))
    return Name(known.zh.format(value="").strip(_LEFT_OVER), known.en.format(value="").strip(_LEFT_OVER))


def source_said(params: Mapping[str, Any]) -> Name:
    """How a source is when it is as it must be, by the parameters of its rule."""
    kinds = [INPUTS[kind] for kind in params.get("kinds", INPUTS)]
    troubles = [TROUBLES[trouble] for trouble in params.get("troubles", ())]
    percent = params.get("percent_below", 0)
    return fill(SOURCES[params["source"]], percent=percent, kinds=joined(kinds), troubles=joined(troubles))


class Wording:
    """Words for one area; knows who wears which tag from the facts it is given."""

    def __init__(self, area: Area, facts: Iterable[Fact] = ()) -> None:
        """`facts`: in order of occurrence; of them only who wears which tag is read."""
        self._area = area
        self._bearers: dict[str, Name] = {}
        for fact in facts:
            if fact.type == "wristband.bound":
                self._bearers[str(fact.body.get("band"))] = fill(WORN_BY["stay"], ref=str(fact.stay))
            elif fact.type == "officer.registered":
                badge = str(fact.body.get("badge") or fact.body.get("officer"))
                self._bearers[badge] = fill(WORN_BY["officer"], ref=str(fact.body.get("officer")))

    # --- times -----------------------------------------------------------------------------

    def instant(self, at_us: int) -> str:
        """`2026-03-18 09:05:00` in the area's zone; fractions of a second when there are any."""
        try:
            value = (_EPOCH + timedelta(microseconds=at_us)).astimezone(self._area.zone)
        except OverflowError:
            return f"@{at_us}us"
        return value.isoformat(sep=" ", timespec="milliseconds" if value.microsecond else "seconds")[
            : 23 if value.microsecond else 19
        ]

    # --- places and subjects ---------------------------------------------------------------

    def room(self, room: str | None) -> Name:
        """A room by its name in area.toml; its id when the area does not know it."""
        return self._place("room", room) if room is not None else PLACES["nowhere"]

    def rooms(self, rooms: Iterable[str]) -> Name:
        """Rooms by name."""
        return joined(self.room(room) for room in rooms)

    def room_kinds(self, kinds: Iterable[str]) -> Name:
        """Kinds of room."""
        return either(ROOM_KINDS.get(kind, Name(kind, kind)) for kind in kinds)

    def subject(self, subject: str) -> Name:
        """What an alarm is about: `stay:s-1`, `room:waiting-1` …"""
        kind, _, ref = subject.partition(":")
        template = SUBJECTS.get(kind)
        return fill(template, ref=self._place(kind, ref)) if template is not None else Name(subject, subject)

    def _place(self, kind: str, ref: str) -> Name:
        tables: Mapping[str, Mapping[str, object]] = {
            "room": self._area.rooms, "door": self._area.doors, "recorder": self._area.recorders,
            "input": self._area.inputs,
        }  # fmt: skip
        known = tables.get(kind, {}).get(ref)
        name = getattr(known, "name", None)
        return name if isinstance(name, Name) else Name(ref, ref)

    # --- facts -----------------------------------------------------------------------------

    def fact(self, fact: Fact) -> Name:
        """One sentence: the catalogue's text filled with the body, and what the text leaves unsaid."""
        known = FACT_TYPES.get(fact.type)
        if known is None:
            return Name(fact.type, fact.type)
        spoken = set(_PLACEHOLDER.findall(known.text.zh)) & set(_PLACEHOLDER.findall(known.text.en))
        values = {
            key: self.value(known.fields[key], key, fact.body[key])
            for key in known.fields
            if fact.body.get(key) not in (None, [])
        }
        text = Name(
            _filled(known.text.zh, values, "zh").replace("） ", "）"), _filled(known.text.en, values, "en")
        )
        rest = [
            fill(FIELDS[key], value=value)
            for key, value in values.items()
            if key not in spoken and key not in UNSPOKEN and key in FIELDS
        ]
        if not rest:
            return text
        more = joined(rest, Name("，", ", "))
        return Name(f"{text.zh}（{more.zh}）", f"{text.en} ({more.en})")

    def value(self, spec: Field, key: str, value: object) -> Name:
        """One value of a body: codes of closed lists by name, instants in the area's zone."""
        if isinstance(value, list):
            return joined(self.value(spec, key, item) for item in value)
        if spec.kind == BOOL:
            return YES if value else NO
        if spec.kind == INSTANT and isinstance(value, int):
            return joined([self.instant(value)])
        if spec.kind == DURATION:
            return limit_text(str(value))
        text = str(value)
        if isinstance(spec.choices, Mapping) and text in spec.choices:
            found = spec.choices[text]
            return found if isinstance(found, Name) else Name(text, text)
        if key == "ground" and text in GROUNDS:
            return GROUNDS[text]
        bearer = self._bearers.get(text) if key == "tag" else None
        if bearer is not None:
            return (
                bearer
                if bearer.en.endswith(f" {text}")
                else Name(f"{text}（{bearer.zh}）", f"{text} ({bearer.en})")
            )
        return self._place(key, text)

    # --- steps -----------------------------------------------------------------------------

    def step(self, step: str) -> Name:
        """A step of a rulebook: `rights.told`, `family.notified:arrest`, `measure:arrest`, `exit.departed@return_by`."""
        name, _, field = step.partition("@")
        base, _, value = name.partition(":")
        if field:
            return fill(STEPS["@"], step=self.step(name), field=field_name(f"{field}_at_us"))
        if base == "measure":
            return fill(STEPS["measure"], measure=MEASURES.get(value, Name(value, value)))
        if base in ("in", "left"):
            return fill(STEPS[base], kind=ROOM_KINDS.get(value, Name(value, value)))
        known = FACT_TYPES.get(base)
        told_apart = known.step_field if known is not None else None
        spoken = None
        if known is not None and told_apart is not None and value:
            spoken = self.value(known.fields[told_apart], told_apart, value)
        if base in STEPS:
            return _with(STEPS[base], spoken)
        if known is None:
            return Name(step, step)
        text = Name(_shortened(known, "zh", spoken), _shortened(known, "en", spoken))
        return text if f"{{{told_apart}}}" in known.text.en else _with(text, spoken)

    def steps(self, steps: Iterable[str]) -> Name:
        """Steps of which one is meant."""
        return either(self.step(step) for step in steps)


def _in(lang: str, name: Name) -> str:
    return name.zh if lang == "zh" else name.en


def _filled(template: str, values: Mapping[str, Name], lang: str) -> str:
    return _PLACEHOLDER.sub(lambda m: _in(lang, values[m[1]]) if m[1] in values else "–", template)


def _with(name: Name, value: Name | None) -> Name:
    return Name(f"{name.zh}（{value.zh}）", f"{name.en} ({value.en})") if value is not None else name


def _shortened(known: FactType, lang: str, spoken: Name | None) -> str:
    """A fact's text as the name of a step: of its fields only the one that tells steps apart is said.

    Where it is not said either, the text ends before it, or its kinds are listed when it stands in front.
    """
    template = _in(lang, known.text)
    text, place = "", 0
    for match in _PLACEHOLDER.finditer(template):
        text += template[place : match.start()]
        place = match.end()
        if match[1] == known.step_field and spoken is not None:
            text += _in(lang, spoken)
        elif not text.strip(_LEFT_OVER):
            text += _kinds(known.fields[match[1]], match[1], lang)
        elif known.step_field is None or spoken is None or f"{{{known.step_field}}}" not in template[place:]:
            return text.rstrip(_LEFT_OVER)
        else:
            place += len(template[place:]) - len(template[place:].lstrip("，, "))
    return text + template[place:]


def _kinds(spec: Field, key: str, lang: str) -> str:
    if isinstance(spec.choices, Mapping) and len(spec.choices) <= LISTED_MAX:
        return _in(lang, either(name for name in spec.choices.values() if isinstance(name, Name)))
    return _in(lang, field_name(key))
