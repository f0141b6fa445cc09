"""Nothing goes wrong: each rule by itself."""

from tests.torture.cases.registry import case
from tests.torture.contract import DOOR_OPEN_S, PERSON_S, RECORDED_ROOM, SILENT_S, UNRECORDED_S
from tests.torture.stage import Stage


@case("door", "R1 at the limit, over when it shuts", "the rule itself")
def door(stage: Stage) -> None:
    stage.open("door-1")
    stage.wait(DOOR_OPEN_S + 3)
    stage.close("door-1")


@case(
    "person",
    "R5 before, R2 at the limit, over when the person is out",
    "the pre-warning is what lets somebody act in time",
    persons=1,
)
def person(stage: Stage) -> None:
    stage.enter("person-1")
    stage.wait(PERSON_S + 3)
    stage.leave("person-1")


@case(
    "unrecorded",
    "R4 two seconds after the recorder stops, over when it runs",
    "a condition of two inputs",
    persons=1,
)
def unrecorded(stage: Stage) -> None:
    stage.enter("person-1", RECORDED_ROOM)
    stage.wait(UNRECORDED_S + 2)
    stage.recorder("stopped")
    stage.wait(UNRECORDED_S + 3)
    stage.recorder("running")


@case(
    "silence",
    "R3 six seconds after the last beat, over with the next",
    "silence is not normal (ISA-18.2: a bad signal is shown as bad)",
)
def silence(stage: Stage) -> None:
    stage.silence("unit-2")
    stage.wait(SILENT_S + 3)
    stage.wake("unit-2")


@case(
    "at-the-limit",
    "shut before: nothing; shut after: R1, then over; at the limit itself either",
    "a limit is inclusive, and no alarm may stand after its cause",
)
def at_the_limit(stage: Stage) -> None:
    begin_s = stage.now_s
    for number in (1, 2, 3):
        stage.open(f"door-{number}")
    stage.until(begin_s + DOOR_OPEN_S - 0.8)
    stage.close("door-1")
    stage.until(begin_s + DOOR_OPEN_S)
    stage.close("door-2")
    stage.until(begin_s + DOOR_OPEN_S + 0.8)
    stage.close("door-3")
