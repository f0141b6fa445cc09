"""Power cut at every single disk operation of a short story: nothing acked is lost, alarms are the same set."""

import pytest

from casegateway.events import ServerSaid
from caselog import canonical
from caselog.disk import PowerCut
from tests.gateway.bench import Bench

STEP_MS = 20
TAG = "0A1B2C3D4E"


def story(bench: Bench) -> None:
    """A gate forced, a person brought in, a door, a tag, a recorder, an acknowledgement."""
    acts = [
        bench.node.power_up,
        lambda: bench.node.level(1, 1),
        lambda: bench.tell("officer.registered", officer="p1", service="sworn", roles=["duty_officer"]),
        lambda: bench.tell("person.arrived", stay="s1"),
        lambda: bench.node.level(1, 0),
        lambda: bench.node.tags.append(TAG),
        lambda: bench.tell("area.entered", stay="s1"),
        lambda: bench.tell("wristband.bound", stay="s1", band=TAG),
        lambda: bench.node.level(5, 1),
        lambda: bench.node.level(4, 1),
        lambda: bench.node.level(5, 0),
    ]
    for act in acts:
        act()
        bench.run(1_500, step_ms=STEP_MS)
    bench.run(8_000, step_ms=STEP_MS)


class CrashBench(Bench):
    """Starts again after a power cut, wherever it came, and goes on with the story; the node stays up."""

    keep = 0.0
    cuts = 0

    def __init__(self) -> None:
        super().__init__()
        self.untold: list[bytes] = []

    def tell(self, fact_type: str, **body: object) -> None:
        self.untold.append(self.officer(fact_type, **body))

    def run(self, duration_ms: int, *, step_ms: int = STEP_MS) -> None:
        for _ in range(0, duration_ms, step_ms):
            try:
                self.repeat()
                super().run(step_ms, step_ms=step_ms)
            except PowerCut:
                self.recover()

    def repeat(self) -> None:
        """The server says an officer's fact again until it is in the log."""
        self.untold = [
            p for p in self.untold if not self.core.memory.knows_id(canonical.loads(p)["fact"]["id"])
        ]
        for payload in self.untold:
            self.put(ServerSaid("fact", payload))

    def recover(self) -> None:
        self.cuts += 1
        self.real_us += 300_000
        self.crash(self.keep)

    def begin(self) -> None:
        try:
            self.open()
        except PowerCut:
            self.recover()


def alarms(bench: Bench) -> list[tuple[str, ...]]:
    """What was raised and cleared, without the indices that a restart shifts."""
    found = []
    for leaf in bench.leaves():
        if leaf["type"] in ("alarm.raised/1", "alarm.cleared/1"):
            body = leaf["body"]
            found.append((leaf["type"], body["rule"], body["variant"], body["subject"], body["stage"]))
    return sorted(found)


def messages(bench: Bench) -> list[tuple[str, ...]]:
    """Facts of node and officers, in the words of their bodies."""
    return sorted(
        (leaf["type"], str(sorted(leaf["body"].items())))
        for leaf in bench.leaves()
        if leaf["class"] == "fact" and leaf["occurred"]["by"] in ("node", "server")
    )


def play(cut_at: int | None, keep: float = 0.0) -> CrashBench:
    bench = CrashBench()
    bench.keep = keep
    bench.disk.cut_at = cut_at
    bench.begin()
    story(bench)
    return bench


@pytest.fixture(scope="module")
def unbroken() -> CrashBench:
    return play(None)


def test_story_itself_raises_alarms_of_several_rules(unbroken: CrashBench) -> None:
    assert unbroken.cuts == 0
    assert len({rule for _, rule, *_ in alarms(unbroken)}) >= 2
    assert unbroken.disk.operations > 40


@pytest.mark.parametrize("keep", [0.0, 0.5, 1.0])
def test_power_cut_at_every_disk_operation_loses_nothing_acked_and_no_alarm(
    unbroken: CrashBench, keep: float
) -> None:
    cuts = 0
    for cut_at in range(unbroken.disk.operations):
        bench = play(cut_at, keep)
        cuts += bench.cuts
        where = f"cut at operation {cut_at}, {keep} of the unsynced tail kept"
        ids = [leaf["id"] for leaf in bench.leaves()]
        assert len(ids) == len(set(ids)), where
        assert messages(bench) == messages(unbroken), where
        assert alarms(bench) == alarms(unbroken), where
        assert bench.lines == unbroken.lines, where
    assert cuts == unbroken.disk.operations


def test_two_power_cuts_one_of_them_in_the_recovery_lose_nothing(unbroken: CrashBench) -> None:
    for cut_at in range(0, unbroken.disk.operations, 7):
        bench = CrashBench()
        bench.keep = 0.5
        bench.disk.cut_at = cut_at
        again = iter([2, 5])

        def recover(bench: CrashBench = bench, again: object = again) -> None:
            bench.cuts += 1
            bench.disk.crash(bench.keep)
            distance = next(again, None)  # type: ignore[call-overload]
            if distance is not None:
                bench.disk.cut_at = bench.disk.operations + distance
            bench.events.clear()
            try:
                bench.open()
            except PowerCut:
                bench.recover()

        bench.recover = recover  # type: ignore[method-assign]
        bench.begin()
        story(bench)
        assert messages(bench) == messages(unbroken), cut_at
        assert alarms(bench) == alarms(unbroken), cut_at
