"""A server that dies by SIGKILL at a named point of taking a batch. Run by test_crash; arguments: DIR POINT."""

import os
import signal
import sys
from pathlib import Path

from caseserver import area_state
from caseserver.snapshot import Message
from tests.server.station_kit import Kit, morning


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main(path: Path, point: str) -> None:
    """Take the morning's log in two batches; die at `point` of the second."""
    kit = Kit(path)
    morning(kit.gateway)
    half = kit.gateway.log.size // 2
    kit.take(kit.gateway.batch(0, half))
    real_set_state = area_state.leaf_rows.set_state
    if point == "before-commit":

        def set_state(*arguments: object, **values: object) -> None:
            real_set_state(*arguments, **values)  # type: ignore[arg-type]
            die()  # the leaves are written, the transaction is not

        area_state.leaf_rows.set_state = set_state  # type: ignore[assignment]

    def publish(message: Message) -> None:
        if message.topic == "ack" and point == "before-ack":
            die()

    kit.worker._publish = publish
    kit.inbox.put_log("gw-a1", kit.gateway.batch(half))
    if point == "before-alarms":
        kit.worker._states["gw-a1"].follow = lambda *_: die()  # type: ignore[method-assign]
    kit.worker.turn()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
