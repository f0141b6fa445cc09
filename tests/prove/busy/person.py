"""Who is brought in, on what basis, and what is stated of the person."""

from collections import deque
from dataclasses import dataclass

from tests.prove.busy.dice import Dice

MEASURES = [
    (46, "public_order_questioning"),
    (20, "criminal_summons"),
    (14, "continued_questioning"),
    (5, "coercive_summons"),
    (5, "criminal_detention"),
    (2, "arrest"),
    (9, "voluntary"),
]
CRIMINAL = ("criminal_summons", "coercive_summons", "criminal_detention", "arrest")
RARE_FLAGS = (
    "blind", "deaf_mute", "foreign_language", "mentally_impaired", "acute_infectious", "at_risk", "dependants",
    "major_crime", "may_retract", "denies_guilt", "disputed", "public_attention", "fine_only", "surrendered",
    "detention_from_ten_days", "hearing_case", "caught_at_home_or_work",
)  # fmt: skip
PEOPLE_KEPT = 300


@dataclass(frozen=True, slots=True)
class Person:
    """The one a stay is of."""

    stay: str
    case: str
    ref: str
    band: str
    measure: str
    sex: str
    minor: bool
    flags: tuple[str, ...]

    @property
    def is_criminal(self) -> bool:
        return self.measure in CRIMINAL

    @property
    def is_special(self) -> bool:
        """Under 16, 70 or over, pregnant or nursing."""
        return bool({"under_16", "aged_70", "pregnant_or_nursing"} & set(self.flags))


class Population:
    """Everybody who may be brought in: some again, some together with others."""

    def __init__(self, dice: Dice) -> None:
        self._dice = dice
        self._known: deque[str] = deque(maxlen=PEOPLE_KEPT)
        self._case = "c0"
        self._count = 0

    def next(self) -> tuple[Person, bool]:
        """The next one, and whether the case is new with this person."""
        dice = self._dice
        self._count += 1
        is_new_case = not dice.chance(0.2)
        if is_new_case:
            self._case = f"c{self._count}"
        again = bool(self._known) and dice.chance(0.06)
        ref = dice.pick(list(self._known)) if again else f"p{self._count}"
        self._known.append(ref)
        sex, minor = ("F" if dice.chance(0.22) else "M"), dice.chance(0.07)
        measure = dice.weigh(MEASURES)
        band = f"B{self._count % 240:03}"  # worn again long after it was given back
        return Person(
            f"s{self._count}", self._case, ref, band, measure, sex, minor, self._flags(sex, minor, measure)
        ), is_new_case

    def _flags(self, sex: str, minor: bool, measure: str) -> tuple[str, ...]:
        dice = self._dice
        flags = [flag for flag in RARE_FLAGS if dice.chance(0.008)]
        if minor and dice.chance(0.3):
            flags.append("under_16")
        if not minor and dice.chance(0.02):
            flags.append("aged_70")
        if sex == "F" and dice.chance(0.04):
            flags.append("pregnant_or_nursing")
        if (
            measure in ("public_order_questioning", "continued_questioning")
            and not minor
            and dice.chance(0.1)
        ):
            flags.append("drunk")
        if dice.chance(0.05):
            flags.append(dice.pick(("injured", "ill")))
        if measure == "voluntary" and minor:
            flags.append("protected_witness")
        return tuple(flags)
