"""Messages come twice, in the wrong order, late, stale, or are none."""

from tests.torture.cases.registry import case
from tests.torture.contract import DOOR_OPEN_S, LATE_DOOR, ROOT, SILENT_S
from tests.torture.stage import Stage

HOUR_S = 3_600


@case(
    "duplicates",
    "R1 once, at the limit of the first report",
    "at least once means sometimes twice (MQTT 3.1.1, 4.3.2)",
)
def duplicates(stage: Stage) -> None:
    event = stage.open("door-1")
    for _ in range(4):
        stage.wait(DOOR_OPEN_S / 5)
        stage.units.say(event)
    stage.wait(DOOR_OPEN_S)
    stage.units.say(event)
    stage.wait(1)
    stage.close("door-1")
    stage.wait(1)
    stage.units.say(event, is_retained=False)
    stage.wait(DOOR_OPEN_S)


@case("reordered", "nothing: the door is shut", "the later number is the later word, whichever comes first")
def reordered(stage: Stage) -> None:
    opened = stage.event("door", "door-1", "open", stage.now_s - 0.4)
    shut = stage.event("door", "door-1", "closed", stage.now_s - 0.2)
    stage.units.say(shut)
    stage.wait(0.1)
    stage.units.say(opened, is_retained=False)
    stage.wait(DOOR_OPEN_S)


@case(
    "replayed",
    "nothing: that door was shut before",
    "a buffer somewhere sends an old report again after the restart",
)
def replayed(stage: Stage) -> None:
    event = stage.open("door-1")
    stage.wait(1)
    stage.close("door-1")
    stage.wait(1)
    stage.restart_target()
    stage.units.say(event, is_retained=False)
    stage.wait(DOOR_OPEN_S)


@case(
    "stale-retained",
    "no alarm left standing",
    "the broker gives an hour-old word; the unit tells the true one a second later",
    has_start=False,
)
def stale_retained(stage: Stage) -> None:
    stage.units.say(stage.event("door", "door-1", "open", stage.now_s - HOUR_S))
    # Until the unit speaks, the old word is all there is: an alarm by it is not wrong.
    stage.truth.door("door-1", "open", stage.now_s - HOUR_S, stage.now_s)
    stage.start_target()
    stage.wait(1)
    stage.close("door-1")
    stage.truth.allow("door-1")
    stage.announce()


@case(
    "late-report",
    "R1 four seconds after the door opened, not after the report; at once where that is past",
    "a limit counts from what happened, not from when we heard",
)
def late_report(stage: Stage) -> None:
    stage.open("door-1", ago_s=2.5)
    stage.open("door-2", ago_s=60)
    stage.wait(DOOR_OPEN_S + 2)
    stage.close("door-1")
    stage.close("door-2")


@case(
    "silent-with-alarm",
    "R1 goes on standing while its unit is silent, R3 besides",
    "no report is not a good report",
)
def silent_with_alarm(stage: Stage) -> None:
    stage.open(LATE_DOOR)
    stage.wait(DOOR_OPEN_S + 1.5)
    stage.silence("unit-2")
    stage.wait(SILENT_S + 3)
    stage.wake("unit-2")
    stage.wait(2)
    stage.close(LATE_DOOR)


@case(
    "back-with-other",
    "R3, then R1 at once: it opened meanwhile",
    "a unit that comes back tells what it kept",
)
def back_with_other(stage: Stage) -> None:
    stage.silence("unit-2")
    stage.wait(SILENT_S + 3)
    stage.wake("unit-2")
    stage.open(LATE_DOOR, ago_s=SILENT_S)
    stage.wait(4)
    stage.close(LATE_DOOR)


@case("garbage", "R1 in time; the rest changes nothing", "bytes of somebody else on our topics")
def garbage(stage: Stage) -> None:
    stage.open("door-1")
    rubbish = [
        b"", b"\x00\xff\xfe", b"{", b"null", b"[]", b'"open"', b"{}", b'{"v":1,"state":7}', b"9" * 400,
        b'{"v":1,"seq":"a","at_ms":null,"state":"open"}', b'{"v":2,"seq":1e99,"at_ms":-1,"state":"ajar"}',
        b"[" * 5_000, '{"v":1,"state":"öffen"}'.encode("latin-1"), bytes(range(256)) * 40,
    ]  # fmt: skip
    for payload in rubbish:
        for topic in (
            "unit-1/door/door-2",
            "unit-1/person/person-1",
            "unit-1/heartbeat",
            "unit-9/door/door-99",
        ):
            stage.units.say_bytes(f"{ROOT}/{topic}", payload)
    stage.wait(DOOR_OPEN_S + 2)
    stage.close("door-1")
