"""The day that the demo plays: who comes, what is done right, and what is done wrong when.

Times are minutes of the station's clock; the seed shifts each stay by less than a minute and gives
references. docs/demo.md has the same day as a table for the reader. Every breach leaves more room than
real-time jitter takes at 60 times: at least two minutes, two seconds of the machine.
"""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from caseward.demo import cabinet
from caseward.demo.beats import CABLE, DAY_US, DOOR, FORM, INPUT, MINUTE_US, PASS, SECOND_US, Beat, clock
from caseward.demo.people import BY_NUMBER, OFFICERS, SYSTEM_ADMINISTRATOR, bands
from caseward.demo.script import Script, Stay
from custody.area import Area

DAY_STARTS: Final = "08:00"
START_US: Final = clock(DAY_STARTS)
ADMIN: Final = {"a1": "000101", "a2": "000201"}
GUARDS: Final = {"a1": "000111 000112", "a2": "000211"}
# The area administrator sits at the desk of the reception: who is brought in is never alone there.


POCKETS: Final = cabinet.Thing("随身物品一袋", "手机、钥匙、皮带、钱包", 4)
HANDBAG: Final = cabinet.Thing("手提包一袋", "手提包、手机、围巾", 3)


@dataclass(slots=True)
class Drawer:
    """Makes stays: references from the seed, the next band of the drawer."""

    rng: random.Random
    bands: Iterator[str]

    def stay(self, area: str, arrived: str, measure: str, sex: str = "M") -> Stay:
        """A person who arrives at about this time."""
        digits = f"{self.rng.getrandbits(40):010x}"
        return Stay(
            ref=f"{area}-{digits[:6]}",
            case=f"c-{digits[6:]}{self.rng.getrandbits(16):04x}",
            area=area,
            band=next(self.bands),
            measure=measure,
            sex=sex,
            arrived_us=clock(arrived) + self.rng.randrange(MINUTE_US // 2),
        )


def opening(areas: Mapping[str, Area]) -> list[Beat]:
    """Before the first day: officers are made known, recorders of the common rooms run, guards sit down."""
    script = Script(areas)
    at_us = START_US
    for area in areas.values():
        for person in OFFICERS:
            script.form(
                at_us, area.id, SYSTEM_ADMINISTRATOR, "officer.registered",
                officer=person.number, service=person.service, roles=list(person.roles),
                sex=person.sex, badge=person.badge,
            )  # fmt: skip
        for recorder in area.recorders.values():
            kinds = {area.rooms[room].kind for room in recorder.rooms}
            is_of_hearing = kinds & {"interrogation", "interview"}
            script.add(at_us, area.id, "recorder", recorder.id, "off" if is_of_hearing else "on")
        script.badges(at_us, area.id, GUARDS[area.id], "guard")
        script.badge(at_us, area.id, ADMIN[area.id], "reception")
        if area.cabinets:
            script.badge(at_us, area.id, cabinet.KEEPER, cabinet.ROOM)
    return script.finish()


def day(areas: Mapping[str, Area], seed: int, number: int) -> list[Beat]:
    """Day `number` (0 = first) of the seed: from 08:00 to 08:00, times from 00:00 of that day."""
    rng = random.Random(f"{seed}/{number}")  # noqa: S311 - a script, no secret
    script = Script(areas)
    for area in areas:
        script.rooms.update({BY_NUMBER[guard].badge: "guard" for guard in GUARDS[area].split()})
        script.rooms[BY_NUMBER[ADMIN[area]].badge] = "reception"
        if areas[area].cabinets:
            script.rooms[BY_NUMBER[cabinet.KEEPER].badge] = cabinet.ROOM
    drawer = Drawer(rng, bands())
    if "a1" in areas:
        _area_1(script, drawer)
    if "a2" in areas:
        _area_2(script, drawer)
    return script.finish()


def _area_1(script: Script, drawer: Drawer) -> None:
    _summoned_in_the_morning(script, drawer)
    _not_searched(script, drawer)
    _eight_hours_unnoticed(script, drawer)
    _released_in_time(script, drawer)
    _one_officer_alone(script, drawer)
    _registered_late(script, drawer)
    _at_night(script, drawer)
    # The guards both leave their room while two people wait: M3.
    script.say(clock("08:22"), "a1", "both guards leave the guard room [breach: M3]")
    script.badges(clock("08:22"), "a1", GUARDS["a1"], "")
    script.badges(clock("08:34"), "a1", GUARDS["a1"], "guard")


def _summoned_in_the_morning(script: Script, drawer: Drawer) -> None:
    """Criminal summons; the recorder stops in the middle of the interrogation: M4 and R3."""
    stay = drawer.stay("a1", "08:02", "criminal_summons")
    script.arrive(stay, ADMIN["a1"])
    script.search(clock("08:05"), stay, "000121 000122", "booking")
    cabinet.effects_in(script, clock("08:11"), stay, "000121", POCKETS, cabinet.EFFECTS_1)
    script.badge(clock("08:11"), "a1", "000123", "booking")
    script.go(clock("08:19"), "a1", stay.band, "waiting-1")
    script.badge(clock("08:20"), "a1", "000123", "")
    script.interview(clock("09:10"), clock("11:20"), stay, "interrogation-1", "000121 000122", "waiting-1")
    script.say(clock("09:40"), "a1", "the recorder of interrogation 1 stops [breach: M4, R3]")
    script.recorder(clock("09:40"), "a1", "interrogation-1", "off")
    script.recorder(clock("10:05"), "a1", "interrogation-1", "on")
    script.interview(clock("14:40"), clock("16:00"), stay, "interrogation-1", "000121 000122", "waiting-1")
    cabinet.effects_out(script, clock("18:30"), stay, "000121", cabinet.EFFECTS_1, "family")
    script.leave(clock("18:45"), stay, ADMIN["a1"], "detention_centre", "exit")


def _not_searched(script: Script, drawer: Drawer) -> None:
    """Led to the waiting room without a safety check: M2a. Later an extension given in time."""
    stay = drawer.stay("a1", "08:06", "public_order_questioning")
    script.arrive(stay, ADMIN["a1"])
    script.say(
        clock("08:13"), "a1", f"{stay.ref}: into the waiting room without a safety check [breach: M2a]"
    )
    script.go(clock("08:13"), "a1", stay.band, "waiting-2")
    script.search(clock("08:34"), stay, "000123 000126", "waiting-2")
    script.interview(clock("10:10"), clock("11:40"), stay, "interview-1", "000123 000126", "waiting-2")
    script.say(clock("15:20"), "a1", f"{stay.ref}: extension to 24 h approved in time")
    script.form(
        clock("15:20"), "a1", "000004", "extension.approved",
        stay=stay.ref, rule="T5", limit="24h", approver="000004", ground=GROUNDS["T5"],
    )  # fmt: skip
    script.leave(clock("19:40"), stay, ADMIN["a1"], "fine_or_warning", "exit")


GROUNDS: Final = {"T1": "grave_or_complex_custody_needed", "T5": "complex_and_detention_possible"}


def _eight_hours_unnoticed(script: Script, drawer: Drawer) -> None:
    """Public-order questioning; nobody asks for more time, nobody lets him go: T5 at 16:50."""
    stay = drawer.stay("a1", "08:50", "public_order_questioning")
    script.arrive(stay, ADMIN["a1"])
    script.search(clock("08:53"), stay, "000127 000128", "waiting-1")
    script.interview(clock("12:00"), clock("13:00"), stay, "interview-1", "000127 000128", "waiting-1")
    script.say(clock("16:50"), "a1", f"{stay.ref}: eight hours without approval [breach: T5]")
    script.leave(clock("17:25"), stay, ADMIN["a1"], "released", "exit")


def _released_in_time(script: Script, drawer: Drawer) -> None:
    """A woman, heard and released in time; for four minutes no reader sees her wristband: WB."""
    stay = drawer.stay("a1", "10:20", "public_order_questioning", "F")
    script.arrive(stay, ADMIN["a1"])
    script.search(clock("10:23"), stay, "000124 000125", "waiting-f")
    cabinet.effects_in(script, clock("10:29"), stay, "000124", HANDBAG, cabinet.EFFECTS_2)
    script.interview(clock("13:15"), clock("14:20"), stay, "interview-1", "000124 000125", "waiting-f")
    script.say(clock("15:05"), "a1", f"{stay.ref}: the wristband falls silent [breach: WB]")
    script.go(clock("15:05"), "a1", stay.band, "")
    script.go(clock("15:12"), "a1", stay.band, "waiting-f")
    cabinet.effects_out(script, clock("15:52"), stay, "000124", cabinet.EFFECTS_2, "person")
    script.leave(clock("16:05"), stay, ADMIN["a1"], "released", "exit")


def _one_officer_alone(script: Script, drawer: Drawer) -> None:
    """Criminal summons; one of two officers leaves the interrogation: I1."""
    stay = drawer.stay("a1", "11:25", "criminal_summons")
    script.arrive(stay, ADMIN["a1"])
    script.search(clock("11:28"), stay, "000127 000128", "waiting-1")
    cabinet.exhibit(script, stay, ("000127", "000128"))
    script.interview(clock("13:40"), clock("15:10"), stay, "interrogation-2", "000127 000128", "waiting-1")
    script.say(clock("14:05"), "a1", "one officer leaves interrogation 2 [breach: I1]")
    script.badge(clock("14:05"), "a1", "000128", "")
    script.badge(clock("14:20"), "a1", "000128", "interrogation-2")
    script.leave(clock("18:20"), stay, ADMIN["a1"], "bail", "exit")


def _registered_late(script: Script, drawer: Drawer) -> None:
    """Criminal summons, row of the register after 22 minutes: M5. Extension given in time: T1."""
    stay = drawer.stay("a1", "13:00", "criminal_summons")
    script.say(clock("13:16"), "a1", f"{stay.ref}: still no row in the register [breach: M5]")
    script.arrive(stay, ADMIN["a1"], register_after_min=22)
    script.search(clock("13:03"), stay, "000123 000126", "waiting-2")
    script.interview(clock("16:20"), clock("18:00"), stay, "interrogation-1", "000123 000126", "waiting-2")
    script.say(clock("23:20"), "a1", f"{stay.ref}: extension to 24 h approved in time")
    script.form(
        clock("23:20"), "a1", "000004", "extension.approved",
        stay=stay.ref, rule="T1", limit="24h", approver="000004", ground=GROUNDS["T1"],
    )  # fmt: skip
    script.leave(clock("28:40"), stay, ADMIN["a1"], "detention_centre", "exit")


def _at_night(script: Script, drawer: Drawer) -> None:
    """A drunk man sobers up; a late summons; somebody forces the exit: DR."""
    drunk = drawer.stay("a1", "20:30", "public_order_questioning")
    script.arrive(drunk, ADMIN["a1"])
    script.search(clock("20:33"), drunk, "000127 000128", "sobering")
    script.form(clock("20:35"), "a1", "000127", "person.flagged", stay=drunk.ref, flag="drunk", value=True)
    script.form(clock("20:36"), "a1", ADMIN["a1"], "guard.named", stay=drunk.ref, officers=["000112"])
    script.badge(clock("20:38"), "a1", "000112", "sobering")  # who is drunk is never left alone
    script.leave(clock("27:50"), drunk, ADMIN["a1"], "fine_or_warning", "exit")
    script.badge(clock("27:56"), "a1", "000112", "guard")
    late = drawer.stay("a1", "22:15", "criminal_summons", "F")
    script.arrive(late, ADMIN["a1"])
    script.search(clock("22:18"), late, "000124 000125", "waiting-f")
    script.interview(clock("23:00"), clock("24:30"), late, "interrogation-2", "000124 000125", "waiting-f")
    script.leave(clock("29:30"), late, ADMIN["a1"], "bail", "exit")
    script.say(clock("26:10"), "a1", "the exit opens without a release [breach: DR forced]")
    script.add(clock("26:10"), "a1", DOOR, "exit", "open")
    script.add(clock("26:14"), "a1", DOOR, "exit", "shut")


def _area_2(script: Script, drawer: Drawer) -> None:
    """Gate held open: DR. A node's cable pulled: SYS. A call point pressed: IN. One officer without recording: I2, M4."""
    stay = drawer.stay("a2", "08:20", "criminal_summons")
    script.arrive(stay, ADMIN["a2"])
    script.search(clock("08:23"), stay, "000221 000222", "waiting-1")
    script.interview(clock("09:40"), clock("11:30"), stay, "interrogation-1", "000221 000222", "waiting-1")
    script.leave(clock("15:30"), stay, ADMIN["a2"], "bail", "gate")

    script.say(clock("08:44"), "a2", "the gate is held open [breach: DR held]")
    script.add(clock("08:44") - 5 * SECOND_US, "a2", "lock", "gate", "released")
    script.add(clock("08:44"), "a2", DOOR, "gate", "open")
    script.add(clock("08:50"), "a2", DOOR, "gate", "shut")
    script.add(clock("08:50"), "a2", "lock", "gate", "locked")
    script.say(clock("10:30"), "a2", "the cable of node m2 is pulled [breach: SYS node]")
    script.add(clock("10:30"), "a2", CABLE, "m2", "cut")
    script.add(clock("10:45"), "a2", CABLE, "m2", "whole")

    script.say(
        clock("11:40"), "a2", "a call point is pressed: the locks lose their current [breach: IN release]"
    )
    script.add(clock("11:40"), "a2", INPUT, "emergency-release", "active")
    script.add(clock("11:46"), "a2", INPUT, "emergency-release", "clear")

    woman = drawer.stay("a2", "12:10", "public_order_questioning", "F")
    script.arrive(woman, ADMIN["a2"])
    script.search(clock("12:13"), woman, "000222 000223", "waiting-2")
    script.interview(clock("13:30"), clock("14:30"), woman, "interview-1", "000223", "waiting-2")
    script.say(clock("14:05"), "a2", "one officer alone, and the recorder stops [breach: I2, M4]")
    script.recorder(clock("14:05"), "a2", "interview-1", "off")
    script.recorder(clock("14:12"), "a2", "interview-1", "on")
    script.leave(clock("18:10"), woman, ADMIN["a2"], "released", "gate")

    evening = drawer.stay("a2", "19:00", "public_order_questioning")
    script.arrive(evening, ADMIN["a2"])
    script.search(clock("19:03"), evening, "000221 000224", "waiting-1")
    script.interview(clock("21:00"), clock("22:00"), evening, "interview-1", "000221 000224", "waiting-1")
    script.form(
        clock("26:00"), "a2", "000004", "extension.approved",
        stay=evening.ref, rule="T5", limit="24h", approver="000004", ground=GROUNDS["T5"],
    )  # fmt: skip
    script.leave(clock("30:50"), evening, ADMIN["a2"], "fine_or_warning", "gate")


__all__ = ["ADMIN", "DAY_STARTS", "DAY_US", "FORM", "GUARDS", "PASS", "START_US", "day", "opening"]
