"""The broker is restarted, forgets, is away."""

from tests.torture.cases.registry import case
from tests.torture.contract import DOOR_OPEN_S, PERSON_S
from tests.torture.stage import Stage


@case(
    "broker-restart",
    "R1 in time, or soon after the broker is back; over when it shuts",
    "a broker with a memory, ended politely",
)
def broker_restart(stage: Stage) -> None:
    _over_the_broker(stage, is_killed=False)


@case(
    "broker-amnesia",
    "R1 in time, or soon after the broker is back; over when it shuts",
    "kill -9 of a broker that keeps nothing: sessions and retained states are gone",
    is_persistent=False,
)
def broker_amnesia(stage: Stage) -> None:
    _over_the_broker(stage, is_killed=True)


def _over_the_broker(stage: Stage, *, is_killed: bool) -> None:
    stage.open("door-1")
    stage.wait(DOOR_OPEN_S / 2)
    stage.stop_broker(is_killed=is_killed)
    stage.wait(1)
    stage.start_broker()
    stage.wait(17)
    stage.close("door-1")


@case(
    "broker-away",
    "R1 and R2 soon after the broker is back, once each",
    "what could not be sent is sent, not forgotten",
    persons=1,
)
def broker_away(stage: Stage) -> None:
    stage.open("door-1")
    stage.enter("person-1")
    stage.wait(1.5)
    stage.stop_broker()
    stage.wait(PERSON_S + 1)
    stage.start_broker()
    stage.wait(17)
    stage.close("door-1")
    stage.leave("person-1")


@case(
    "events-while-away", "R1 soon after the broker is back", "the unit keeps its report until there is a way"
)
def events_while_away(stage: Stage) -> None:
    stage.stop_broker()
    stage.wait(1)
    stage.open("door-1")
    stage.wait(2)
    stage.start_broker()
    stage.wait(17)
    stage.close("door-1")
