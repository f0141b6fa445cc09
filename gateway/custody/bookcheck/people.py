"""Persons that rules speak about: whether two rules can speak of the same one, and what is stated of one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from custody.rules import When

# What a flag says of the age class: nobody is under 16 and not a minor, or 70 and a minor.
_AGE: Final[Mapping[str, bool]] = {"under_16": True, "aged_70": False}


@dataclass(frozen=True, slots=True)
class Particulars:
    """What is stated of a person: as little as the rules ask for."""

    sex: str | None = None
    minor: bool | None = None
    flags: tuple[str, ...] = ()


NOTHING: Final = Particulars()  # nothing is stated


def person_of(*whens: When) -> Particulars | str:
    """Somebody of whom all of these hold, or what speaks against it, as text."""
    sexes = {when.sex for when in whens if when.sex is not None}
    ages = {when.minor for when in whens if when.minor is not None}
    if len(sexes) > 1:
        return "sex F, sex M"
    barred = {flag for when in whens for flag in when.flags_none}
    flags = list(dict.fromkeys(flag for when in whens for flag in when.flags_all))
    both = [flag for flag in flags if flag in barred]
    if both:
        return f"{both[0]}, not {both[0]}"
    for when in whens:
        if when.flags_any and not set(flags) & set(when.flags_any):
            free = [f for f in when.flags_any if f not in barred and len(ages | _ages([*flags, f])) <= 1]
            if not free:
                return f"{' | '.join(when.flags_any)}, against {_said(ages, [*flags, *sorted(barred)])}"
            flags.append(free[0])
    if len(ages | _ages(flags)) > 1:
        return _said(ages, flags)
    return Particulars(next(iter(sexes), None), next(iter(ages), None), tuple(flags))


def _ages(flags: Iterable[str]) -> set[bool]:
    return {_AGE[flag] for flag in flags if flag in _AGE}


def _said(ages: set[bool], flags: Iterable[str]) -> str:
    stated = [f"minor = {str(age).lower()}" for age in sorted(ages)]
    return ", ".join([*stated, *dict.fromkeys(flags)]) or "nothing"


def shared(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...] | None:
    """The measures that both rules hold for; empty: any; None: there is none."""
    if not one or not other:
        return one or other
    return tuple(item for item in one if item in other) or None
