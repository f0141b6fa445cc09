"""Thirty-five minutes of the annex, dense with breaches: what the tests of the whole chain play."""

import random

from caseward.demo.beats import DOOR, LOCK, SECOND_US, Beat, clock
from caseward.demo.people import BY_NUMBER, bands
from caseward.demo.script import Script
from caseward.demo.story import ADMIN, GUARDS, Drawer
from custody.area import Area

AREA = "a2"
UNTIL_US = clock("08:36")


def hour(areas: dict[str, Area]) -> list[Beat]:
    """Two people; M2a, M3, I1, M4, WB and DR are broken, each for minutes."""
    script = Script(areas)
    script.rooms.update({BY_NUMBER[guard].badge: "guard" for guard in GUARDS[AREA].split()})
    script.rooms[BY_NUMBER[ADMIN[AREA]].badge] = "reception"
    drawer = Drawer(random.Random("hour"), bands())
    _summoned(script, drawer)
    _not_searched(script, drawer)
    script.badges(clock("08:13"), AREA, GUARDS[AREA], "")  # M3
    script.badges(clock("08:18"), AREA, GUARDS[AREA], "guard")
    script.add(clock("08:27") - 5 * SECOND_US, AREA, LOCK, "gate", "released")  # DR
    script.add(clock("08:27"), AREA, DOOR, "gate", "open")
    script.add(clock("08:30"), AREA, DOOR, "gate", "shut")
    script.add(clock("08:30"), AREA, LOCK, "gate", "locked")
    return script.finish()


def _summoned(script: Script, drawer: Drawer) -> None:
    stay = drawer.stay(AREA, "08:01", "criminal_summons")
    script.arrive(stay, ADMIN[AREA])
    script.search(clock("08:03"), stay, "000221 000222", "waiting-1")
    script.interview(clock("08:20"), clock("08:33"), stay, "interrogation-1", "000221 000222", "waiting-1")
    script.badge(clock("08:22"), AREA, "000222", "")  # I1
    script.badge(clock("08:26"), AREA, "000222", "interrogation-1")
    script.recorder(clock("08:28"), AREA, "interrogation-1", "off")  # M4
    script.recorder(clock("08:31"), AREA, "interrogation-1", "on")


def _not_searched(script: Script, drawer: Drawer) -> None:
    stay = drawer.stay(AREA, "08:05", "public_order_questioning")
    script.arrive(stay, ADMIN[AREA])
    script.go(clock("08:08"), AREA, stay.band, "waiting-2")  # M2a
    script.search(clock("08:14"), stay, "000223 000224", "waiting-2")
    script.go(clock("08:24"), AREA, stay.band, "")  # WB
    script.go(clock("08:29"), AREA, stay.band, "waiting-2")
