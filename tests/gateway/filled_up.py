"""The story of a real gateway, its node, broker and server, whose disk of four MiB fills up and is emptied again."""

import os
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from caselog import canonical
from tests.e2e.wire_record import Key, always_makes_a_fact
from tests.gateway.bench import HERE
from tests.gateway.program import CABLE, NODE_NUMBER, WAIT_S, Program, wait_for
from tests.gateway.small_disk import MIB, SmallDisk

LOW_MIB, RESERVE_MIB = 2, 1
DOOR, SOUNDER = 4, 23
CHANGE_S = 0.08  # a door, slower than its debounce
PULSES = {(NODE_NUMBER, 2), (NODE_NUMBER, 3)}
OPTIONS = (
    "--gpio", "rpi", "--disk-low-mib", str(LOW_MIB), "--disk-reserve-mib", str(RESERVE_MIB),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Found:
    """What was seen. `told`: states of the log's `log.space/1`; `left_out`: lines of the trace, by the last of them."""

    told: list[str]
    left_out: int
    facts_with_reserve: int
    acks_with_reserve: int
    changes_while_full: int
    acks_while_full: int
    leaves_while_full: int
    sounder_while_full: int
    seconds_full: float
    messages_acked: int
    lost: list[Key]
    doubled_ids: list[str]
    is_same_at_server: bool


def fill_up(folder: Path, *, is_low_awaited: bool) -> Found:
    """Play it. `is_low_awaited`: stay at little room for a while (the gateway looks each ten seconds) before there is none."""
    with SmallDisk(folder / "disk") as disk, Program(folder, disk.path / "gateway") as program:
        story = Story(folder, disk, program)
        story.begin()
        if is_low_awaited:
            disk.fill(MIB)
            wait_for("little room to be told", lambda: story.told() == ["low"])
        with_reserve = story.until_the_reserve_is_given_up()
        story.until_nothing_is_left()
        begun = time.monotonic()
        while_full = story.while_nothing_is_left()
        disk.other.unlink()
        wait_for("room to be told", lambda: story.told()[-1:] == ["ok"])
        seconds = round(time.monotonic() - begun, 1)
        story.end()
        spaces = program.facts("log.space")
        return Found(
            story.told(), spaces[-1]["body"]["left_out"].get("trace", 0), *with_reserve, *while_full, seconds,
            len(program.frames().acked), story.lost(), story.doubled_ids(), story.is_same_at_server(),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Story:
    """The steps of it."""

    folder: Path
    disk: SmallDisk
    program: Program

    def begin(self) -> None:
        self.program.environment = {
            "PYTHONPATH": os.pathsep.join([*(path for path in sys.path if path), str(HERE / "board")]),
            "CASEWARD_TEST_LINES": str(self.folder / "lines"),
        }
        self.program.start(*OPTIONS, "--trace", str(self.disk.path / "trace"))
        wait_for("the node to be known", lambda: self.program.facts("node.restored"))
        reserve = self.program.data / "log" / "reserve"
        wait_for("the reserve", lambda: reserve.exists() and reserve.stat().st_size == RESERVE_MIB * MIB)

    def until_the_reserve_is_given_up(self) -> tuple[int, int]:
        """Doors opened and shut with no room but the reserve: facts and acks of that time."""
        facts, acks = self.doors(), self.acks()
        self.disk.fill(0)
        for number in range(10):
            self.program.turn(DOOR, number % 2 ^ 1)
        wait_for("no room to be told", lambda: self.told()[-1:] == ["full"])
        wait_for("the doors", lambda: self.doors() == facts + 10)
        return self.doors() - facts, self.acks() - acks

    def until_nothing_is_left(self) -> None:
        """The other program takes what the reserve gave, until the gateway says that it cannot write."""
        end = time.monotonic() + WAIT_S
        while not self.is_full():
            assert time.monotonic() < end, f"expected the gateway to find no room within {WAIT_S} s"
            self.disk.fill(0)
            self.change(2)

    def while_nothing_is_left(self) -> tuple[int, int, int, int]:
        """Changes, acks, leaves of that time; and the sounder's level."""
        time.sleep(0.5)  # what was under way
        size, acks = len(self.program.leaves()), self.acks()
        self.change(20)
        wait_for("the sounder", lambda: self.sounder() == 1)
        return 20, self.acks() - acks, len(self.program.leaves()) - size, self.sounder()

    def end(self) -> None:
        """Wait until the node has told everything and the server has it."""
        self.change(4)
        wait_for("what the node kept", lambda: set(self.told_by_node()) <= set(self.logged()))
        wait_for("the server to hold all", self.is_same_at_server)
        assert self.program.end() == 0

    # --- looking ----------------------------------------------------------------------------

    def change(self, count: int) -> None:
        for number in range(count):
            self.program.hardware(f"PIN {DOOR} {number % 2 ^ 1}")
            time.sleep(CHANGE_S)

    def told(self) -> list[str]:
        return [leaf["body"]["state"] for leaf in self.program.facts("log.space")]

    def doors(self) -> int:
        return len(self.program.facts("door.opened")) + len(self.program.facts("door.closed"))

    def acks(self) -> int:
        """Messages of the node that were acked."""
        return len(self.program.frames().acked)

    def is_full(self) -> bool:
        beat = self.program.server.newest("hb")
        return bool(beat) and beat["health"]["disk"] == "full"

    def sounder(self) -> int:
        lines = [line.split() for line in (self.folder / "lines").read_text().splitlines()]
        return next((int(level) for line, level in reversed(lines) if int(line) == SOUNDER), 0)

    def told_by_node(self) -> list[Key]:
        """Messages that must leave a leaf."""
        sent = self.program.frames().sent
        return [key for key, one in sent.items() if always_makes_a_fact(one.frame, PULSES)]

    def logged(self) -> list[Key]:
        sources = [canonical.loads(leaf)["source"] for leaf in self.program.leaves()]
        return [(CABLE, source["boot"], source["seq"]) for source in sources if source["name"]]

    def lost(self) -> list[Key]:
        acked, logged = self.program.frames().acked, set(self.logged())
        return [key for key in self.told_by_node() if key in acked and key not in logged]

    def doubled_ids(self) -> list[str]:
        ids = Counter(canonical.loads(leaf)["id"] for leaf in self.program.leaves())
        return [name for name, count in ids.items() if count > 1]

    def is_same_at_server(self) -> bool:
        return self.program.server.leaves == self.program.leaves()
