"""Points at which `die_at` kills a program, by the names of the program's own functions.

A point is a chain of moments: calls and returns of a function, told apart by what stands in its frame. There is no
point in a snapshot of the engine: there are no snapshots, a restart replays the log, and dies in that too.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from types import BuiltinFunctionType, FrameType, FunctionType
from typing import Any

GATEWAY, SERVER = "gateway", "server"
RUNNING, STARTING, DAMAGED = "running", "starting", "damaged"
"""When a point is passed: by and by; at each start; only at a start on a damaged log, or after it."""

When = Callable[[FrameType], Any]
CALL, RETURN = "call", "return"


def always(_frame: FrameType) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Moment:
    """One function called or about to return. `when`: looks at the function's frame, for a builtin at its caller's."""

    event: str
    is_it: Callable[[FrameType, Any], bool]


def moment(event: str, function: Any, when: When = always) -> Moment:
    if isinstance(function, BuiltinFunctionType):
        return Moment(f"c_{event}", lambda frame, called: called is function and bool(when(frame)))
    assert isinstance(function, FunctionType), f"expected a function, found {function!r}"
    code = function.__code__
    return Moment(event, lambda frame, _: frame.f_code is code and bool(when(frame)))


def local(name: str, wanted: Callable[[Any], Any]) -> When:
    """Whether the frame has such a local."""
    return lambda frame: wanted(frame.f_locals.get(name))


def under(function: Any, when: When = always) -> When:
    """Whether the frame was called, through whatever, by this function; and `when`."""
    code = function.__code__

    def check(frame: FrameType) -> bool:
        caller: FrameType | None = frame
        while caller is not None and caller.f_code is not code:
            caller = caller.f_back
        return caller is not None and bool(when(frame))

    return check


@dataclass(frozen=True, slots=True)
class Point:
    """`moments` is called in the program itself, so that each imports its own half only. `passes_max`: the kill comes at one of the first so many."""

    program: str
    passes_max: int
    moments: Callable[[], tuple[Moment, ...]]
    kind: str = RUNNING


# --- the gateway ---------------------------------------------------------------------------------


def _append() -> tuple[Moment, ...]:
    from caselog.log import Log

    return (moment(CALL, Log.append),)


def _sync(event: str) -> Callable[[], tuple[Moment, ...]]:
    def moments() -> tuple[Moment, ...]:
        from caselog.filedisk import FileDisk

        is_segment = local("name", lambda name: name.endswith(".seg"))
        is_sync = lambda frame: frame.f_code is FileDisk.sync.__code__ and is_segment(frame)  # noqa: E731
        return (moment(event, os.fdatasync, is_sync),)

    return moments


def _publish(event: str) -> Callable[[], tuple[Moment, ...]]:
    def moments() -> tuple[Moment, ...]:
        from casegateway.adapters.mqtt import MqttLink

        return (moment(event, MqttLink.publish, local("topic", lambda topic: topic == "log")),)

    return moments


def _traced_ack() -> Moment:
    from casegateway.runtime import Tracer

    return moment(CALL, Tracer.__call__, local("step", lambda step: step == "ack"))


def _before_ack() -> tuple[Moment, ...]:
    return (_traced_ack(),)


def _after_ack() -> tuple[Moment, ...]:
    from casegateway.adapters.serial_port import SerialPort

    is_flush = lambda frame: frame.f_code is SerialPort._flush.__code__  # noqa: E731
    return _traced_ack(), moment(RETURN, os.write, is_flush)


def _ack_taken() -> tuple[Moment, ...]:
    from casegateway.outbox import Outbox

    return (moment(RETURN, Outbox.take_ack, lambda frame: frame.f_locals.get("size")),)


def _cursor_save() -> tuple[Moment, ...]:
    from casegateway.state import save_cursor

    return (moment(CALL, os.replace, under(save_cursor)),)


def _boot_rename(event: str) -> Callable[[], tuple[Moment, ...]]:
    def moments() -> tuple[Moment, ...]:
        from casegateway.state import next_boot

        return (moment(event, os.rename, under(next_boot)),)

    return moments


def _replay() -> tuple[Moment, ...]:
    from casegateway.book import Book

    return (moment(CALL, Book._replay_leaf),)


def _in_boot(event: str) -> Callable[[], tuple[Moment, ...]]:
    def moments() -> tuple[Moment, ...]:
        from casegateway.core import GatewayCore

        return (moment(event, os.fdatasync, under(GatewayCore.boot)),)

    return moments


def _seeding() -> tuple[Moment, ...]:
    from casegateway.interim import _seed
    from caselog.log import Log

    return (moment(CALL, Log.append, under(_seed)),)


def _seeded() -> tuple[Moment, ...]:
    from casegateway.interim import open_interim

    return (moment(CALL, os.rename, under(open_interim)),)


def _exchange() -> tuple[Moment, ...]:
    from caselog.filedisk import FileDisk

    return (moment(CALL, os.rename, under(FileDisk.exchange)),)


def _exchanged() -> tuple[Moment, ...]:
    from casegateway.evidence import say_mended
    from caselog.log import Log

    return (moment(CALL, Log.append, under(say_mended)),)


def _merging() -> tuple[Moment, ...]:
    from casegateway.interim import merge
    from caselog.log import Log

    return (moment(RETURN, Log.append, under(merge)),)


def _merged() -> tuple[Moment, ...]:
    from casegateway.interim import merge

    return (moment(CALL, os.rename, under(merge)),)


# --- the server ----------------------------------------------------------------------------------


def _leaves_written() -> tuple[Moment, ...]:
    from caseserver.intake import Intake
    from caseserver.store import leaves

    return (moment(RETURN, leaves.set_state, under(Intake._commit)),)


def _leaves_committed() -> tuple[Moment, ...]:
    from caseserver.intake import Intake

    return (moment(RETURN, Intake._commit),)


def _server_ack(event: str) -> Callable[[], tuple[Moment, ...]]:
    def moments() -> tuple[Moment, ...]:
        from caseserver.link import Link

        return (moment(event, Link.publish, local("message", lambda message: message.topic == "ack")),)

    return moments


def _follow() -> tuple[Moment, ...]:
    from caseserver.area_state import AreaState

    return (moment(CALL, AreaState.follow, local("records", bool)),)


def _projecting() -> tuple[Moment, ...]:
    from caseserver.area_state import AreaState
    from caseserver.store import alarms

    return (moment(RETURN, alarms.save, under(AreaState.follow)),)


def _projected() -> tuple[Moment, ...]:
    from caseserver.area_state import AreaState

    return (moment(RETURN, AreaState.follow, local("records", bool)),)


def _restore() -> tuple[Moment, ...]:
    from caseserver.area_state import AreaState
    from caseserver.evaluator import Evaluator

    return (moment(CALL, Evaluator.step, under(AreaState._restore)),)


def _act_written() -> tuple[Moment, ...]:
    from caseserver.store import facts

    return (moment(RETURN, facts.put),)


def _act_sent() -> tuple[Moment, ...]:
    from caseserver.link import Link

    return (moment(CALL, Link.publish, local("message", lambda message: message.topic == "fact")),)


POINTS: dict[str, Point] = {
    "before append": Point(GATEWAY, 30, _append),
    "before fsync": Point(GATEWAY, 16, _sync(CALL)),
    "after fsync": Point(GATEWAY, 16, _sync(RETURN)),
    "before publish": Point(GATEWAY, 6, _publish(CALL)),
    "after publish": Point(GATEWAY, 6, _publish(RETURN)),
    "before ack to a node": Point(GATEWAY, 8, _before_ack),
    "after ack to a node": Point(GATEWAY, 8, _after_ack),
    "after the server's ack": Point(GATEWAY, 6, _ack_taken),
    "in the cursor's save": Point(GATEWAY, 2, _cursor_save),
    "before the boot counter's rename": Point(GATEWAY, 1, _boot_rename(CALL), STARTING),
    "after the boot counter's rename": Point(GATEWAY, 1, _boot_rename(RETURN), STARTING),
    "in the replay": Point(GATEWAY, 20, _replay, STARTING),
    "before the recovery's first fsync": Point(GATEWAY, 1, _in_boot(CALL), STARTING),
    "after the recovery's first fsync": Point(GATEWAY, 1, _in_boot(RETURN), STARTING),
    "while the interim log is made": Point(GATEWAY, 20, _seeding, DAMAGED),
    "before the interim log is marked whole": Point(GATEWAY, 1, _seeded, DAMAGED),
    "before the mended segment takes its place": Point(GATEWAY, 1, _exchange, DAMAGED),
    "after the mended segment took its place": Point(GATEWAY, 1, _exchanged, DAMAGED),
    "in the merge of the interim log": Point(GATEWAY, 2, _merging, DAMAGED),
    "after the merge of the interim log": Point(GATEWAY, 1, _merged, DAMAGED),
    "leaves written, not committed": Point(SERVER, 4, _leaves_written),
    "leaves committed": Point(SERVER, 4, _leaves_committed),
    "before the ack's publish": Point(SERVER, 4, _server_ack(CALL)),
    "after the ack's publish": Point(SERVER, 4, _server_ack(RETURN)),
    "between commit and projection": Point(SERVER, 4, _follow),
    "in the projection": Point(SERVER, 2, _projecting),
    "after the projection": Point(SERVER, 4, _projected),
    "in the server's replay": Point(SERVER, 40, _restore, STARTING),
    "an officer's act written, not committed": Point(SERVER, 1, _act_written),
    "before an officer's act is sent": Point(SERVER, 2, _act_sent),
}
