"""Who works in the demo station, and what their badges and the wristbands are."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Person:
    """An officer of the demo. `badge`: the five bytes of the tag, hex, as the readers give it."""

    number: str
    service: str
    roles: tuple[str, ...]
    sex: str
    badge: str


def _tag(kind: str, number: int) -> str:
    """Five bytes of a 125 kHz tag: a family byte, then the number."""
    return f"{kind}{number:08X}"


def _officer(number: int, roles: str, service: str = "sworn", sex: str = "M") -> Person:
    return Person(f"{number:06d}", service, tuple(roles.split()), sex, _tag("0B", number))


# Numbers 01…: area 1; 02…: area 2; 00…: the whole station.
OFFICERS: Final[tuple[Person, ...]] = (
    _officer(1, "county_head station_leader"),
    _officer(2, "county_duty_head"),
    _officer(3, "station_head"),
    _officer(4, "case_department_head"),
    _officer(5, "legal_reviewer", sex="F"),
    _officer(6, "supervisor"),
    _officer(10, "duty_officer"),
    _officer(11, "duty_officer", sex="F"),
    _officer(101, "area_administrator"),
    _officer(111, "guard"),
    _officer(112, "guard", sex="F"),
    _officer(121, "case_officer"),
    _officer(122, "case_officer"),
    _officer(123, "case_officer"),
    _officer(124, "case_officer", sex="F"),
    _officer(125, "case_officer", sex="F"),
    _officer(126, "case_officer"),
    _officer(127, "case_officer"),
    _officer(128, "case_officer"),
    _officer(131, "keeper", sex="F"),
    _officer(201, "area_administrator"),
    _officer(211, "guard"),
    _officer(221, "case_officer"),
    _officer(222, "case_officer"),
    _officer(223, "case_officer", sex="F"),
    _officer(224, "case_officer"),
)

PINS: Final = {"000131": "271828"}
"""For the kiosk, in the demo only."""
SYSTEM_ADMINISTRATOR: Final = "000000"  # has an account, but no badge: makes the others known
BY_NUMBER: Final = {person.number: person for person in OFFICERS}
BANDS_MAX: Final = 60  # in the drawer; a band goes back into it when its bearer leaves


def is_band(tag: str) -> bool:
    """Whether a tag is a wristband of the drawer."""
    return tag.startswith("0C")


def bands() -> Iterator[str]:
    """The wristbands, in the order in which they lie in the drawer."""
    return (_tag("0C", number) for number in range(1, BANDS_MAX + 1))
