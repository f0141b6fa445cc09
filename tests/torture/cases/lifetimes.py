"""The target is restarted, killed, off, deployed anew."""

from tests.torture.cases.registry import case
from tests.torture.contract import DOOR_OPEN_S, PERSON_S, PERSON_SOON_S
from tests.torture.stage import Stage

BOOT_S = 2.0  # a machine that was off is not back sooner


@case(
    "restart-before",
    "R2 at its own limit, not a new one from the restart",
    "a restart must neither lose nor restart a limit",
    persons=1,
)
def restart_before(stage: Stage) -> None:
    stage.enter("person-1")
    stage.wait(1)
    stage.restart_target()
    stage.wait(PERSON_S + 3)
    stage.leave("person-1")


@case("restart-at", "R1 when it is back, once", "the limit passes while it starts")
def restart_at(stage: Stage) -> None:
    begin_s = stage.now_s
    stage.open("door-1")
    stage.until(begin_s + DOOR_OPEN_S - 0.3)
    stage.restart_target()
    stage.wait(DOOR_OPEN_S + 3)
    stage.close("door-1")


@case(
    "restart-after",
    "nothing new: the alarm stands; over when the door shuts",
    "an alarm told twice is two alarms to who is called out",
)
def restart_after(stage: Stage) -> None:
    stage.open("door-1")
    stage.wait(DOOR_OPEN_S + 2)
    stage.restart_target()
    stage.wait(4)
    stage.close("door-1")


@case(
    "kill-before",
    "R1 when it is back",
    "kill -9 half a second before the limit: what was known is on disk or lost",
)
def kill_before(stage: Stage) -> None:
    begin_s = stage.now_s
    stage.open("door-1")
    stage.until(begin_s + DOOR_OPEN_S - 0.5)
    stage.restart_target(is_killed=True)
    stage.wait(DOOR_OPEN_S + 3)
    stage.close("door-1")


@case(
    "down-across",
    "R1 and R2 at once after the start, once each",
    "what fell due in the dark is told first",
    persons=1,
)
def down_across(stage: Stage) -> None:
    stage.open("door-1")
    stage.enter("person-1")
    stage.wait(1.5)
    stage.stop_target(is_killed=True)
    stage.wait(PERSON_S)
    stage.start_target()
    stage.wait(PERSON_S + 3)
    stage.close("door-1")
    stage.leave("person-1")


@case(
    "two-restarts",
    "R2 at its own limit, once",
    "a limit kept through one restart may still be lost by the second",
    persons=1,
)
def two_restarts(stage: Stage) -> None:
    stage.enter("person-1")
    stage.wait(1)
    stage.restart_target(is_killed=True)
    stage.restart_target(is_killed=True)
    stage.wait(PERSON_S + 3)
    stage.leave("person-1")


@case("over-while-down", "no alarm left standing", "the door shuts while nobody listens")
def over_while_down(stage: Stage) -> None:
    stage.open("door-1")
    stage.wait(DOOR_OPEN_S + 2)
    stage.stop_target(is_killed=True)
    stage.wait(BOOT_S)
    stage.close("door-1")
    stage.wait(1)
    stage.start_target()
    stage.wait(4)


@case(
    "begun-while-down",
    "R1 at the limit, counted from when the door opened",
    "what happened meanwhile is caught up with",
)
def begun_while_down(stage: Stage) -> None:
    stage.stop_target(is_killed=True)
    stage.wait(1)
    stage.open("door-1")
    stage.wait(DOOR_OPEN_S + 1)
    stage.start_target()
    stage.wait(DOOR_OPEN_S + 3)
    stage.close("door-1")


@case("redeploy", "R2 at its own limit, once", "rules are changed while people are held", persons=1)
def redeploy(stage: Stage) -> None:
    stage.enter("person-1")
    stage.wait(PERSON_SOON_S / 2)
    stage.redeploy()
    stage.wait(PERSON_S + 3)
    stage.leave("person-1")
