"""What every reader of tags does over a line, whoever made it: one set of checks, an adapter for each kind.

The rig is that of the locks: the fake a process at the far end of a cable of ptys, the device at the near end. Where a reader
says nothing when nothing lies on it (RDM6300, EM-18), silence and a cut cable cannot be told from an empty reader: there
the checks demand that its tag goes, and that nothing else is said.
"""

from dataclasses import dataclass
from typing import Any

from casefield.ports import SerialBus
from casewire import ACTIVE, INACTIVE, SILENT, UNKNOWN
from node import devices
from node.config import NodeConfig
from node.reader import Reader
from tests.field.cable import steady_ms
from tests.field.conformance import Adapter, Rig, Times

NO_READ_MS = 400
POINT = 1


@dataclass(frozen=True)
class ReaderAdapter(Adapter):
    """One kind of reader. tells_silence: it answers whether a tag is there or not."""

    tells_silence: bool = True
    tags: tuple[str, str] = ("0a1b2c3d", "0e0f1011")
    lies: tuple[str, ...] = ()


class PlainReader:
    """A reader that is a point of its own, told as node.app.Node tells it."""

    def __init__(self, model: str, port: SerialBus) -> None:
        point = {
            "point": POINT,
            "kind": "reader",
            "pin": "bus",
            "model": model,
            "no_read_ms": NO_READ_MS,
            "reads": 2,
        }
        config = NodeConfig({"node": 1, "key": "00" * 32, "points": [point]})
        self._reader = Reader(config.points[0], port)

    def poll(self, now_ms: int) -> list[tuple[Any, ...]]:
        """What changed."""
        before = self._reader.state
        found = self._reader.poll(now_ms)
        changes: list[tuple[Any, ...]] = []
        if (before == UNKNOWN) != (self._reader.state == UNKNOWN):
            changes.append(("contact", POINT, self._reader.state, now_ms))
        return changes + [("tag", POINT, present, uid, at_ms) for present, uid, at_ms in found]

    def states(self) -> list[tuple[int, int]]:
        """Its one point."""
        return [(POINT, self._reader.state)]

    def troubles(self) -> list[tuple[int, int]]:
        """None: it tells no fault of its own."""
        return []


class _Place:
    """A place whose only port is the cable's end."""

    def __init__(self, port: SerialBus) -> None:
        self._port = port

    def uart(self, _name: str, baud: int) -> SerialBus:
        """The port, if it is asked for at the rate it has."""
        assert baud == 115200
        return self._port


def _device(kind: str) -> Any:
    def made(port: SerialBus) -> Any:
        table = {"kind": kind, "bus": "bus", "point": POINT, "no_read_ms": NO_READ_MS}
        config = devices.KINDS[kind]("devices[0]", table)
        config.kind = kind
        return devices.build(config, _Place(port), 0)

    return made


def _plain(model: str) -> ReaderAdapter:
    return ReaderAdapter(
        name=model,
        fake=("casefield.fakes.rdm6300_reader", "--model", model),
        device=lambda port: PlainReader(model, port),
        baud=9600,
        pulse="",
        tells_silence=False,
        tags=("0a1b2c3d4e", "1122334455"),
        lies=("badsum", "torn", "letters"),
    )


READERS = [
    _plain("rdm6300"),
    _plain("em18"),
    ReaderAdapter(
        name="pn532",
        fake=("casefield.fakes.pn532_reader",),
        device=_device("pn532"),
        baud=115200,
        pulse="",
        tags=("078cfc4f", "04a1b2c3d4e580"),
        lies=("badsum", "foreign", "short", "error"),
    ),
    ReaderAdapter(
        name="r200",
        fake=("casefield.fakes.r200_reader",),
        device=_device("r200"),
        baud=115200,
        pulse="",
        tags=("30751feb705c5904e3d50d70", "e28011704000021d35ae4008"),
        lies=("badsum", "badcrc", "foreign", "error"),
    ),
]


class ReaderRig(Rig):
    """A reader at work; `a` and `b` are two tags."""

    adapter: ReaderAdapter

    @property
    def a(self) -> bytes:
        """A tag."""
        return bytes.fromhex(self.adapter.tags[0])

    @property
    def b(self) -> bytes:
        """Another."""
        return bytes.fromhex(self.adapter.tags[1])

    def lay(self, uid: bytes) -> None:
        """Put a tag on the reader."""
        self.say(f"lay {uid.hex()}")

    def lift(self, uid: bytes) -> None:
        """Take it away."""
        self.say(f"lift {uid.hex()}")

    def told(self) -> list[tuple[int, bytes]]:
        """(present, uid) of each change of a tag since `changes` was cleared."""
        return [(change[2], change[3]) for change in self.changes if change[0] == "tag"]

    def until_told(self, present: int, uid: bytes) -> int:
        """Scan until this is the newest word of that tag; return the milliseconds it took."""
        return self.until(
            f"tag {uid.hex()} {'there' if present else 'gone'}", lambda: self._newest(uid) == present
        )

    def until_read(self, uid: bytes) -> int:
        """Scan until the tag is told by a read of after this call."""
        self.changes.clear()
        return self.until_told(1, uid)

    def begin(self) -> None:
        """Known, and empty."""
        self.until_state(POINT, INACTIVE)

    def gone_at(self, uid: bytes) -> int:
        """When this tag went, as it was told last."""
        gone = ("tag", POINT, 0, uid)
        return next(change[-1] for change in reversed(self.changes) if change[:4] == gone)

    def _newest(self, uid: bytes) -> int | None:
        return next((present for present, each in reversed(self.told()) if each == uid), None)


def check_come_and_go(rig: ReaderRig) -> Times:
    """Unknown first; a tag comes, lies there and does not flap, and goes with its last read."""
    assert rig.state(POINT) == UNKNOWN
    times = {"first state": rig.until_state(POINT, INACTIVE)}
    rig.lay(rig.a)
    times["tag laid to told"] = rig.until_told(1, rig.a)
    rig.run(3 * NO_READ_MS)
    assert (rig.told(), rig.state(POINT)) == ([(1, rig.a)], ACTIVE)
    lifted_ms = steady_ms()
    rig.lift(rig.a)
    times[f"tag lifted to told (no_read_ms {NO_READ_MS})"] = rig.until_told(0, rig.a)
    assert abs(rig.gone_at(rig.a) - lifted_ms) < NO_READ_MS // 2
    assert rig.state(POINT) == INACTIVE
    return times


def check_two(rig: ReaderRig) -> Times:
    """Two tags are both there; one that goes takes the other with it nowhere."""
    rig.begin()
    rig.lay(rig.a)
    rig.lay(rig.b)
    rig.until_told(1, rig.a)
    rig.until_told(1, rig.b)
    rig.run(2 * NO_READ_MS)
    assert len(rig.told()) == 2
    rig.lift(rig.a)
    rig.until_told(0, rig.a)
    rig.run(NO_READ_MS)
    assert (len(rig.told()), rig.state(POINT)) == (3, ACTIVE)
    return {}


def _lost(rig: ReaderRig) -> int:
    """Nothing is heard any more, by fault: how long until that, or the tag's going, is told."""
    if not rig.adapter.tells_silence:
        return rig.until_told(0, rig.a)
    waited_ms = rig.until_state(POINT, UNKNOWN)
    rig.run(2 * NO_READ_MS)
    assert rig.trouble(POINT) == SILENT
    assert (0, rig.a) not in rig.told()  # nobody saw it go
    return waited_ms


def check_cut(rig: ReaderRig) -> Times:
    """A cut cable. Joined again, what lies there is told anew, and what went meanwhile goes at its last read."""
    rig.begin()
    rig.lay(rig.a)
    rig.until_told(1, rig.a)
    cut_ms = steady_ms()
    rig.cable.cut()
    what = "unknown" if rig.adapter.tells_silence else "gone"
    times = {f"cut to {what}": _lost(rig)}
    rig.lift(rig.a)
    rig.lay(rig.b)
    rig.run(NO_READ_MS)  # or the reader, a process of its own, may read the old one once more
    rig.cable.join()
    times["joined to read"] = rig.until_told(1, rig.b)
    if rig.adapter.tells_silence:
        rig.until_told(0, rig.a)
        assert abs(rig.gone_at(rig.a) - cut_ms) < NO_READ_MS
    assert rig.trouble(POINT) == 0
    return times


def check_silence(rig: ReaderRig) -> Times:
    """A reader that says nothing, on a cable that is whole."""
    rig.begin()
    rig.lay(rig.a)
    rig.until_told(1, rig.a)
    rig.say("silent")
    what = "unknown" if rig.adapter.tells_silence else "gone"
    times = {f"silent to {what}": _lost(rig)}
    rig.say("back")
    times["back to read"] = rig.until_read(rig.a)
    return times


def check_lies(rig: ReaderRig) -> Times:
    """What cannot be right is nothing: no tag comes of it, and a reader that has to answer is unknown."""
    rig.begin()
    for lie in rig.adapter.lies:
        rig.changes.clear()
        rig.say(f"lie {lie}")
        rig.lay(rig.a)
        if rig.adapter.tells_silence:
            rig.until_state(POINT, UNKNOWN)
        rig.run(NO_READ_MS)
        assert rig.told() == [], lie
        rig.say("lie none")
        rig.until_told(1, rig.a)
        rig.lift(rig.a)
        rig.until_told(0, rig.a)
    return {}


def check_noise(rig: ReaderRig) -> Times:
    """A byte in a thousand damaged, then one in thirty: no tag is invented, and the line mends."""
    rig.begin()
    rig.lay(rig.a)
    for rate in (1e-3, 3e-2):
        rig.cable.noise(rate, seed=7)
        rig.run(2000)
    assert rig.cable.damaged >= 5
    rig.cable.noise(0)
    assert {uid for _, uid in rig.told()} == {rig.a}
    rig.lay(rig.b)
    rig.until_told(1, rig.b)
    return {}


def check_unplug(rig: ReaderRig) -> Times:
    """The adapter out of its socket and in again: this each kind of reader can tell."""
    rig.begin()
    rig.lay(rig.a)
    rig.until_told(1, rig.a)
    rig.changes.clear()
    rig.cable.unplug()
    times = {"unplugged to unknown": rig.until_state(POINT, UNKNOWN)}
    rig.run(2 * NO_READ_MS)
    assert rig.told() == []
    rig.cable.plug()
    times["plugged in to read"] = rig.until_read(rig.a)
    assert (rig.state(POINT), rig.trouble(POINT)) == (ACTIVE, 0)
    return times


CHECKS = [check_come_and_go, check_two, check_cut, check_silence, check_lies, check_noise, check_unplug]
