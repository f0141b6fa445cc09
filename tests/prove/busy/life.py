"""A year of the area, day by day: who is brought in, and the way each of them goes."""

from collections.abc import Iterator

from custody.area import Area, load_area
from custody.bundled import area_text, rulebook_of_area
from custody.facts import Fact
from custody.rules import Rulebook
from custody.times import SECOND_US, parse_instant_us
from tests.prove.busy.course import Course
from tests.prove.busy.diary import DAY_US, HOUR_US, MINUTE_US, Diary
from tests.prove.busy.dice import Dice
from tests.prove.busy.house import House
from tests.prove.busy.person import Population
from tests.prove.busy.place import Place
from tests.prove.busy.property import SEIZED, Property, cabinets
from tests.prove.busy.staff import Staff
from tests.prove.busy.visit import LIMIT_US, LONGER, Visit

START_US = parse_instant_us("2025-12-31T00:00:00+08:00")
"""A day before the year: the first stays straddle the change of the law at midnight."""

DAYS = 366
ARRIVALS_BY_HOUR = (3, 2, 2, 1, 1, 1, 2, 3, 5, 7, 8, 7, 5, 6, 7, 8, 7, 6, 6, 7, 8, 8, 7, 5)
OVERRUN = 0.03
HOLIDAYS = (
    "2026-01-01, 2026-01-02, 2026-02-16, 2026-02-17, 2026-02-18, 2026-02-19, 2026-02-20, 2026-04-06, 2026-05-01, "
    "2026-05-04, 2026-05-05, 2026-06-19, 2026-09-25, 2026-10-01, 2026-10-02, 2026-10-05, 2026-10-06, 2026-10-07"
)


INPUTS = "".join(
    f'[[input]]\nid = "{kind}"\nkind = "{kind}"\n[[point]]\nnode = "n4"\npoint = {point}\nkind = "input"\nof = "{kind}"\n'
    for point, kind in ((200, "smoke"), (201, "mains"))
)
LOCK = """[[output]]
id = "lock-waiting-1"
kind = "lock"
door = "door-waiting-1"
[[point]]
node = "n4"
point = 202
kind = "output"
of = "lock-waiting-1"
"""


def busy_area() -> Area:
    """The standard area, fully fitted, under both rulebooks, with the public holidays of a year."""
    text = area_text("standard").replace(
        'rulebook = "cn-2026"', f'rulebook = ["cn-2012", "cn-2026"]\nholidays = [{HOLIDAYS}]'
    )
    return load_area(
        text.replace('guarded_from = ["guard"]', 'guarded_from = ["guard"]\nfitted = ["patrol_point"]')
        + INPUTS
        + LOCK
        + cabinets()
    )


class Life:
    """The area in that year. `facts()` streams it; what lies ahead is held, what is over is not."""

    def __init__(
        self, seed: int, area: Area, *, days: int = DAYS, stays_a_day: tuple[int, int] = (14, 20)
    ) -> None:
        self.area = area
        self.rulebook: Rulebook
        self.rulebook, digest = rulebook_of_area(area)
        self._days, self._stays_a_day = days, stays_a_day
        self.diary = Diary(seed, START_US)
        self._dice = Dice(seed + 1)
        self._people = Population(Dice(seed + 2))
        self._place = Place(area, self.diary, Dice(seed + 3))
        self._staff = Staff(self.diary, Dice(seed + 4), self._place)
        self._course = Course(self.diary, Dice(seed + 5))
        self._dice_of_things = Dice(seed + 7)
        self._property = Property(self.diary, Dice(seed + 8))
        hashes = {
            "config_hash": "0" * 64,
            "rulebook": area.rulebook.replace("+", "."),
            "rulebook_hash": digest,
        }
        self._house = House(self.diary, Dice(seed + 6), self._place, hashes)

    def facts(self) -> Iterator[Fact]:
        """All facts in order of recording. More may be said to `diary` while they come."""
        self._house.begin(START_US, self._days)
        self._staff.begin(START_US + SECOND_US)
        self._property.begin(START_US + SECOND_US)
        for day in range(self._days):
            day_us = START_US + day * DAY_US
            self._plan(day_us, day)
            yield from self.diary.until(day_us + DAY_US)

    def _plan(self, day_us: int, day: int) -> None:
        self._place.forget_before(day_us)
        arrivals = sorted(
            day_us + self._hour() * HOUR_US + self._dice.between(6 * 60, 3_599) * SECOND_US
            for _ in range(self._dice.between(*self._stays_a_day))
        )
        for at_us in arrivals:
            self._stay(at_us)
        self._staff.day(day_us, day)
        self._house.day(day_us, day)
        self._property.day(day_us, day)

    def _hour(self) -> int:
        return self._dice.weigh([(weight, hour) for hour, weight in enumerate(ARRIVALS_BY_HOUR)])

    # --- one stay --------------------------------------------------------------------------

    def _stay(self, at_us: int) -> None:
        who, is_new_case = self._people.next()
        visit = Visit(self.diary, self._dice, self._place, self._staff, who, at_us)
        if is_new_case:
            kind = (
                "criminal"
                if who.is_criminal
                else "administrative"
                if self._dice.chance(0.1)
                else "public_order"
            )
            self._course.case(who.case, at_us - self._dice.between(0, 5) * MINUTE_US, kind)
        visit.arrive()
        if "drunk" in who.flags:
            visit.admit()
            visit.sober_up()
        else:
            visit.admit()
        visit.book_in()
        visit.interview()
        if self._dice.chance(0.03):
            visit.restrain()
        if self._dice.chance(0.05):
            visit.go_out()
        self._go_on(visit)
        self._end(visit)
        self._property.effects(visit)
        if self._dice_of_things.chance(SEIZED):
            self._property.exhibit(visit)
        visit.care()
        self._course.now_and_then(visit)
        if self._dice.chance(0.1):
            visit.at_us = visit.released_us
            visit.recording(f"b{who.stay[1:]}", self._dice.pick(("body_camera", "area")))

    def _go_on(self, visit: Visit) -> None:
        """More interviews, and a longer limit where the time is not enough; some go over it."""
        dice, measure = self._dice, visit.who.measure
        limit_us = LIMIT_US[measure]
        longer = LONGER.get(measure) if dice.chance(0.15) else None
        if longer is not None:
            rule, limit, approver, ground = longer
            given_us = visit.arrived_us + limit_us - dice.between(20, 90) * MINUTE_US
            if given_us > visit.at_us:
                body = {"rule": rule, "limit": limit, "approver": approver, "ground": ground}
                visit.say("extension.approved", given_us, **body)
                limit_us = 22 * HOUR_US
                if rule == "T8":
                    visit.say("supervision.informed", given_us + 5 * MINUTE_US, of="approval")
        while dice.chance(0.3) and visit.at_us < visit.arrived_us + limit_us - 4 * HOUR_US:
            visit.interview()
        until_us = visit.at_us + dice.between(10, 120) * MINUTE_US
        if longer is not None:
            until_us = max(until_us, visit.arrived_us + limit_us - dice.between(60, 400) * MINUTE_US)
        until_us = min(until_us, visit.arrived_us + limit_us - dice.between(25, 60) * MINUTE_US)
        if dice.chance(OVERRUN):
            until_us = visit.arrived_us + limit_us + dice.between(1, 90) * MINUTE_US
        visit.wait(until_us)

    def _end(self, visit: Visit) -> None:
        dice, measure = self._dice, visit.who.measure
        if measure == "arrest":
            self._to_the_centre(visit)
            self._course.after_arrest(visit)
        elif measure == "criminal_detention" or (visit.who.is_criminal and dice.chance(0.35)):
            self._detained(visit)
        elif measure in ("public_order_questioning", "continued_questioning") and dice.chance(0.25):
            self._to_the_lock_up(visit)
        elif visit.who.is_criminal:
            self._let_go(visit, dice.pick(("bail", "residential_surveillance", "release")))
        elif measure == "voluntary":
            visit.leave("released")
        else:
            self._let_go(visit, dice.pick(("fine", "warning", "release")))

    def _let_go(self, visit: Visit, outcome: str) -> None:
        if outcome in ("fine", "warning"):
            if self._dice.chance(0.2):
                visit.say("expedited.chosen")
            self._course.penalty(visit, visit.at_us)
        visit.say("outcome.decided", outcome=outcome)
        reason = {"fine": "fine_or_warning", "warning": "fine_or_warning", "release": "released"}.get(
            outcome, outcome
        )
        if self._dice.chance(0.01):
            reason = self._dice.pick(("other", "hospital", "transferred"))
        visit.leave(reason)

    def _detained(self, visit: Visit) -> None:
        decided_us = visit.at_us if visit.who.measure != "criminal_detention" else visit.arrived_us
        if visit.who.measure != "criminal_detention":
            visit.say("measure.changed", measure="criminal_detention")
            visit.later(60, 300)
            visit.interview()
        self._to_the_centre(visit)
        self._course.after_detention(visit, decided_us)

    def _to_the_centre(self, visit: Visit) -> None:
        visit.later(60, 600)
        visit.say("delivery.health_checked")
        visit.later(60, 300)
        visit.leave("detention_centre")

    def _to_the_lock_up(self, visit: Visit) -> None:
        visit.say("measure.changed", measure="administrative_detention")
        self._course.penalty(visit, visit.at_us)
        self._course.say(
            visit.at_us + 20 * MINUTE_US,
            "family.notified",
            stay=visit.who.stay,
            of="administrative_detention",
        )
        visit.later(300, 1_200)
        visit.leave("lock_up")
        self._course.say(visit.released_us + 2 * HOUR_US, "lock_up.received", stay=visit.who.stay)
