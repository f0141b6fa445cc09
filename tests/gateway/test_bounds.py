"""A shift of eight station hours, busy, at sixty times speed: nothing of the gateway's own grows."""

import gc
import sys
import types

import pytest

from casegateway.book import Book
from caselog.disk import MemoryDisk
from caselog.log import Log
from custody.engine import Engine
from tests.gateway.bench import Bench

# Log, engine and disk have bounds of their own; classes, functions and modules are code.
_OTHERS = (
    Log,
    MemoryDisk,
    Engine,
    type,
    types.ModuleType,
    types.FunctionType,
    types.MethodType,
    types.BuiltinFunctionType,
)


def own_bytes(root: object) -> int:
    """Bytes of everything that `root` holds, log and engine left out."""
    seen: dict[int, object] = {}
    waiting = [root]
    while waiting:
        item = waiting.pop()
        if id(item) in seen or isinstance(item, (*_OTHERS, Bench)):
            continue
        seen[id(item)] = item
        waiting += gc.get_referents(item)
    return sum(sys.getsizeof(item) for item in seen.values())


@pytest.mark.slow
def test_what_the_gateway_holds_stays_flat_over_a_shift(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("casegateway.memory.SEEN_SEQS_MAX", 256)  # full after the first hour already
    monkeypatch.setattr("casegateway.memory.OFFICER_IDS_MAX", 64)
    bench = Bench(rate=60.0)
    bench.open()
    bench.node.power_up()
    bench.connect()
    sizes = []
    for hour in range(8):
        for number in range(240):
            bench.node.level(4, number % 2)
            bench.node.tags = [f"{hour:02X}{number % 200:02X}000000"]  # another tag each time
            bench.say("officer.registered", officer="p1", service="sworn", roles=["guard"])
            bench.run(250, step_ms=25)
        assert isinstance(bench.core.book, Book)
        sizes.append(own_bytes(bench.core))
        queues = bench.core.health(bench.moment())["queues"]
        assert queues["held"] == queues["unacked"] == 0
        assert queues["outbox"] < 64
    print("bytes held after each hour", sizes, "leaves", bench.log.size)
    assert max(sizes[1:]) < 1.1 * min(sizes[1:])
