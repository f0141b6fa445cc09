"""The target's wall clock is stepped."""

from tests.torture.cases.registry import case
from tests.torture.contract import PERSON_S
from tests.torture.stage import Stage

HOUR_S = 3_600


def _clock(stage: Stage, *steps: int | None) -> None:
    stage.open("door-1")
    stage.enter("person-1")
    for step in steps:
        stage.wait(1)
        stage.step_clock(step)
    stage.wait(PERSON_S + 3 - len(steps))
    stage.close("door-1")
    stage.leave("person-1")


@case(
    "clock-forward",
    "R1, R5, R2 each at its limit",
    "an hour more on the wall is no hour in the room",
    persons=1,
    needs_clock=True,
)
def clock_forward(stage: Stage) -> None:
    _clock(stage, HOUR_S)


@case(
    "clock-there-and-back",
    "R1, R5, R2 each at its limit",
    "a wrong server sets the clock, the right one sets it back",
    persons=1,
    needs_clock=True,
)
def clock_there_and_back(stage: Stage) -> None:
    _clock(stage, HOUR_S, 0)


@case(
    "clock-backward",
    "R1, R5, R2 each at its limit",
    "an hour less on the wall must not give an hour more in the cell",
    persons=1,
    needs_clock=True,
)
def clock_backward(stage: Stage) -> None:
    _clock(stage, -HOUR_S)


@case(
    "clock-1970",
    "R1, R5, R2 each at its limit",
    "a board without a battery, told the time by nobody",
    persons=1,
    needs_clock=True,
)
def clock_1970(stage: Stage) -> None:
    _clock(stage, None)


@case(
    "boot-in-1970",
    "R1 and R2 in time or when it is back",
    "killed, and back with a dead clock",
    persons=1,
    needs_clock=True,
)
def boot_in_1970(stage: Stage) -> None:
    stage.open("door-1")
    stage.enter("person-1")
    stage.wait(1.5)
    stage.stop_target(is_killed=True)
    stage.step_clock(None)
    stage.start_target()
    stage.wait(PERSON_S + 3)
    stage.close("door-1")
    stage.leave("person-1")
