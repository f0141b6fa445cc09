"""The officers of the station: who they are, who is free, who guards, what is stated of them in a year."""

from dataclasses import dataclass, field

from custody.times import SECOND_US
from tests.prove.busy.diary import DAY_US, HOUR_US, MINUTE_US, Diary
from tests.prove.busy.dice import Dice
from tests.prove.busy.place import Place

SHIFT_US = 8 * HOUR_US
GAP, LATE_PATROL, GUARD_LEAVES = 0.02, 0.03, 0.01
LEADERS: dict[str, tuple[str, str]] = {
    "L01": ("sworn", "case_department_head"),
    "L02": ("sworn", "station_head"),
    "L03": ("sworn", "county_duty_head"),
    "L04": ("sworn", "county_head"),
    "L05": ("sworn", "legal_reviewer"),
    "L06": ("sworn", "supervisor"),
    "L07": ("sworn", "station_leader"),
    "L08": ("sworn", "keeper"),
    "L09": ("sworn", "duty_officer"),
    "L10": ("sworn", "duty_officer"),
    "L11": ("sworn", "area_administrator"),
    "L12": ("sworn", "keeper"),
    "X01": ("external", "procuratorate"),
}
DUTY_OFFICERS = ("L09", "L10", "L07")
PAIRS = 14


@dataclass(slots=True)
class Pair:
    """Two case officers who work together; the badges are the numbers."""

    first: str
    second: str
    has_woman: bool
    free_us: int = 0

    @property
    def badges(self) -> tuple[str, str]:
        """Both, the leading one first."""
        return self.first, self.second


@dataclass(slots=True)
class Staff:
    """Who works in the area."""

    diary: Diary
    dice: Dice
    place: Place
    pairs: list[Pair] = field(default_factory=list)
    guards: tuple[str, ...] = tuple(f"G{n:02}" for n in range(1, 13))
    auxiliaries: tuple[str, ...] = ("A01", "A02", "A03", "A04")
    _guard_turn: int = 0

    def begin(self, at_us: int) -> None:
        """Everybody is registered, with what they are qualified for."""
        for number in range(1, PAIRS + 1):
            has_woman = number % 3 == 0
            self.pairs.append(Pair(f"P{2 * number - 1:02}", f"P{2 * number:02}", has_woman))
        for badge, (service, role) in LEADERS.items():
            self._register(at_us, badge, service, role, "M")
        for pair in self.pairs:
            self._register(at_us, pair.first, "sworn", "case_officer", "M")
            self._register(at_us, pair.second, "sworn", "case_officer", "F" if pair.has_woman else "M")
        for number, badge in enumerate(self.guards):
            self._register(at_us, badge, "sworn", "guard", "F" if number % 4 == 0 else "M")
        for badge in self.auxiliaries:
            self._register(at_us, badge, "auxiliary", "guard", "M")

    def _register(self, at_us: int, officer: str, service: str, role: str, sex: str) -> None:
        self.diary.gateway(
            at_us,
            "officer.registered",
            None,
            "server",
            officer=officer,
            service=service,
            roles=[role],
            sex=sex,
        )
        if service == "sworn":
            until_us = at_us + self.dice.between(20, 900) * DAY_US
            self.diary.gateway(
                at_us,
                "officer.qualified",
                None,
                "server",
                officer=officer,
                kind="basic",
                until_at_us=until_us,
            )

    def pair(self, from_us: int, to_us: int, *, woman: bool = False) -> Pair:
        """Two who are free, a woman among them where one is needed; the first to be free when nobody is."""
        fitting = (
            [pair for pair in self.pairs if pair.has_woman]
            if woman and not self.dice.chance(0.02)
            else self.pairs
        )
        found = min(fitting, key=lambda pair: (max(pair.free_us, from_us), pair.first))
        found.free_us = to_us + 2 * MINUTE_US
        return found

    def come(self, at_us: int, badges: tuple[str, ...], room: str) -> None:
        """Officers come into a room from elsewhere in the station."""
        for number, badge in enumerate(badges):
            self.place.read(at_us + number * 700_000, badge, room)

    def leave(self, at_us: int, badges: tuple[str, ...], room: str) -> None:
        """Officers leave the area."""
        for number, badge in enumerate(badges):
            self.place.gone(at_us + number * 900_000, badge, room)

    # --- guards ----------------------------------------------------------------------------

    def day(self, day_us: int, day_of_year: int) -> None:
        """Three shifts of guards, and what is stated of officers now and then."""
        for number in range(3):
            self._shift(day_us + number * SHIFT_US)
        if day_of_year == 12:
            for pair in self.pairs:
                for badge in pair.badges:
                    hours = (
                        self.dice.between(24, 60) if not self.dice.chance(0.05) else self.dice.between(4, 23)
                    )
                    self.diary.form(
                        day_us + 10 * HOUR_US, "training.recorded", officer=badge, year=2025, hours=hours
                    )
        if self.dice.chance(0.12):
            self._requalified(day_us + self.dice.between(8, 17) * HOUR_US)
        if self.dice.chance(0.04):
            self._replaced(day_us + 9 * HOUR_US)

    def _requalified(self, at_us: int) -> None:
        officer = self.dice.pick(self.dice.pick(self.pairs).badges)
        kind = self.dice.weigh([(8, "basic"), (1, "juvenile"), (1, "legal_exam")])
        until_us = at_us + 900 * DAY_US
        self.diary.form(at_us, "officer.qualified", officer=officer, kind=kind, until_at_us=until_us)

    def _replaced(self, at_us: int) -> None:
        """A leader's badge is withdrawn and given out again."""
        officer = self.dice.pick(("L11", "L08", "L06"))
        service, role = LEADERS[officer]
        self.diary.form(at_us, "officer.withdrawn", officer=officer)
        self._register(at_us + 20 * MINUTE_US, officer, service, role, "M")

    def _shift(self, at_us: int) -> None:
        """Two guards in the guard room, one of them on patrol now and then, until the next two are there."""
        turn, self._guard_turn = self._guard_turn, self._guard_turn + 2
        one, other = (self.guards[(turn + n) % len(self.guards)] for n in range(2))
        begin_us = at_us + self.dice.between(0, 3) * MINUTE_US
        over_us = self.dice.between(1, 4) * MINUTE_US
        if self.dice.chance(GAP):  # those of before went too early
            over_us = -self.dice.between(1, 5) * MINUTE_US
        end_us = at_us + SHIFT_US + 3 * MINUTE_US + over_us
        for number, badge in enumerate((one, other)):
            self.place.read(begin_us + number * 3 * SECOND_US, badge, "guard")
            self.place.gone(end_us + number * 2 * SECOND_US, badge, "guard")
        self.place.linger(one, "guard", begin_us, end_us, 120)
        self._patrols(other, begin_us, end_us)
        if self.dice.chance(GUARD_LEAVES):
            out_us = begin_us + self.dice.between(1, 6) * HOUR_US
            self.place.gone(out_us, one, "guard")
            self.place.read(out_us + self.dice.between(20, 400) * SECOND_US, one, "guard")

    def _patrols(self, badge: str, from_us: int, to_us: int) -> None:
        place, at_us = self.place, from_us + 8 * MINUTE_US
        while at_us < to_us - 6 * MINUTE_US:
            place.read(at_us, badge, "corridor")
            place.gone(at_us + 400_000, badge, "guard")
            for number, room in enumerate(("waiting-1", "waiting-2", "waiting-f"), 1):
                if place.is_occupied(room, at_us) or number == 1:
                    self.diary.sensor(
                        at_us + number * 9 * SECOND_US, "patrol.tapped", "n3", room=room, officer=badge
                    )
            back_us = at_us + self.dice.between(35, 50) * SECOND_US
            place.read(back_us, badge, "guard")
            place.gone(back_us + 400_000, badge, "corridor")
            if place.is_occupied("waiting-1", at_us):
                self.diary.sensor(back_us + 4 * MINUTE_US, "guard.moved", "n3", room="waiting-1")
            at_us += (
                self.dice.between(24, 40) if self.dice.chance(LATE_PATROL) else self.dice.between(10, 13)
            ) * MINUTE_US
