"""Run inside a user and mount namespace of its own: a gateway on a real file system of four MiB that fills up.

Prints one JSON line: what was found at each step.
"""

import json
import subprocess
import sys
from pathlib import Path

from casegateway.limits import SPACE_CHECK_MS
from caselog.disk import FileDisk
from caselog.errors import LogDamaged
from caselog.log import Log
from tests.gateway.bench import Bench

MIB = 1 << 20


def fill(path: Path, leave_bytes: int) -> None:
    """What another program writes, until only so much room is left."""
    disk = FileDisk(path.parent / "log")
    with path.open("ab", buffering=0) as file:
        while (room := disk.free_bytes() - leave_bytes) > 0:
            file.write(bytes(min(room, 65_536)))


def changes(bench: Bench, count: int) -> None:
    for number in range(count):
        bench.node.level(4, number % 2 ^ 1)
        bench.run(150)


def main(folder: Path) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "none", str(folder)], check=True)
    bench = Bench(disk=FileDisk(folder / "log"))
    bench.low_bytes, bench.reserve_bytes = MIB, MIB // 2
    bench.node.power_up()
    bench.open()
    bench.run(2_000)
    found = {"at first": bench.core.storage.space, "reserve": (folder / "log" / "reserve").stat().st_size}
    fill(folder / "telemetry", MIB // 2)
    bench.run(SPACE_CHECK_MS + 1_000)
    found["low"] = [bench.core.storage.space, bench.is_sparing]
    acks = len(bench.node_acks)
    fill(folder / "telemetry", 0)
    changes(bench, 20)
    found["full"] = [bench.core.storage.space, len(bench.node_acks) > acks, len(bench.facts("door.opened"))]
    fill(folder / "telemetry", 0)
    while not bench.core.book.is_full:
        changes(bench, 4)
    size, acks = bench.log.durable_size, len(bench.node_acks)
    changes(bench, 6)
    found["nothing left"] = [
        bench.log.durable_size == size, len(bench.node_acks) == acks, bench.lines["sounder"]
    ]  # fmt: skip
    (folder / "telemetry").unlink()
    bench.run(SPACE_CHECK_MS + 3_000)
    found["room again"] = [bench.core.storage.space, bench.is_sparing, len(bench.node_acks) > acks]
    found["told"] = [leaf["body"]["state"] for leaf in bench.leaves() if leaf["type"] == "log.space/1"]
    found["stop"] = bench.stop is not None
    bench.disk.close()
    try:
        again, recovery = Log.open(FileDisk(folder / "log"))
        found["again"] = [
            again.size == bench.log.durable_size,
            again.root() == bench.log.root(),
            recovery.cut_bytes,
        ]
    except LogDamaged as error:
        found["again"] = str(error)
    print(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
