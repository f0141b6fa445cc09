"""Many at once."""

import random

from tests.torture.cases.registry import case
from tests.torture.contract import DOOR_OPEN_S, DOORS, PERSON_S, PERSONS
from tests.torture.stage import Stage

STORM_PER_S = 500
STORM_S = 3


@case(
    "hundred-persons",
    "R5 and R2 of each of a hundred, each in time",
    "a fight in the street fills every room at once",
    persons=100,
)
def hundred_persons(stage: Stage) -> None:
    for name in PERSONS:
        stage.enter(name)
    stage.wait(PERSON_S + 4)
    for name in PERSONS:
        stage.leave(name)
    stage.wait(2)


@case(
    "storm",
    "R1 of the door that stays open, nothing of the forty that rattle",
    "500 reports a second for three seconds",
)
def storm(stage: Stage) -> None:
    chance = random.Random(1)
    stage.open("door-1")
    rattling = dict.fromkeys(DOORS[1:], False)
    begin_s = stage.now_s
    for number in range(STORM_PER_S * STORM_S):
        stage.until(begin_s + number / STORM_PER_S)
        name = chance.choice(list(rattling))
        rattling[name] = not rattling[name]
        (stage.open if rattling[name] else stage.close)(name)
    for name, is_open in rattling.items():
        if is_open:
            stage.close(name)
    stage.wait(DOOR_OPEN_S + 3)
    stage.close("door-1")
    stage.wait(2)
