"""A cabinet on the bench: real core, engine, node and lock driver; the lock boards, hands and badges are the test's."""

from collections.abc import Mapping

from casefield.fakes.krcu_board import FakeBoards
from casegateway.events import Action, SendBytes, ServerSaid
from casegateway.limits import LOCKER_VALID_MS
from casewire import ACTIVE, FROM_GATEWAY, Command, Decoder
from custody.area import load_area
from node import krcu
from node.app import Node
from node.config import NodeConfig
from tests.gateway.bench import AREA_TEXT, KEY, Bench, NodeBench, Pin, Uart, node_table, tag_bytes
from tests.node.bus_bench import Wire

CABINETS = {"e": "effects", "p": "property"}
LOCKS = {"e1": 41, "e2": 42, "p1": 43}  # compartment -> point of its lock; its door has the next ten
READERS = {"e": 61, "p": 62}
RELEASE = 70  # the emergency release of the house


def _cabinet(name: str, kind: str) -> str:
    reader = READERS[name]
    return (
        f'\n[[cabinet]]\nid = "{name}"\nkind = "{kind}"\nroom = "corridor"\nreader = "rd-{name}"\nrecorder = "rec-c"\n'
        f'\n[[reader]]\nid = "rd-{name}"\nroom = "corridor"\n'
        f'\n[[point]]\nnode = "n1"\npoint = {reader}\nkind = "reader"\nof = "rd-{name}"\n'
    )


def _compartment(name: str, point: int) -> str:
    points = (("compartment_lock", point), ("compartment_door", point + 10))
    return f'\n[[compartment]]\nid = "{name}"\ncabinet = "{name[0]}"\n' + "".join(
        f'\n[[point]]\nnode = "n1"\npoint = {number}\nkind = "{kind}"\nof = "{name}"\n'
        for kind, number in points
    )


LOCKER_AREA = load_area(
    AREA_TEXT
    + '\n[[recorder]]\nid = "rec-c"\nrooms = ["corridor"]\n'
    + '\n[[input]]\nid = "release"\nkind = "emergency_release"\n'
    + f'\n[[point]]\nnode = "n1"\npoint = {RELEASE}\nkind = "input"\nof = "release"\n'
    + "".join(_cabinet(name, kind) for name, kind in CABINETS.items())
    + "".join(_compartment(name, point) for name, point in LOCKS.items())
)
PLAIN = node_table()
TABLE = {
    "kind": "krcu", "bus": "RD1",
    "boards": [{
        "board": 0, "profile": "cu16", "senses": "door", "move_ms_max": 600,
        "locks": [{"lock": n + 1, "point": p, "sense_point": p + 10} for n, p in enumerate(LOCKS.values())],
    }],
}  # fmt: skip
BADGES = {"k1": "0B000000C1", "k2": "0B000000C2", "c1": "0B000000A1", "c2": "0B000000A3", "a1": "0B000000A2"}
BAND = "0A000000B1"
ITEMS: dict[str, dict[str, object]] = {
    "i1": {"in": "p1", "by": "c2"}, "i2": {}, "gold": {"valuable": True}, "bag": {"stay": "s1"}, "phone": {"stay": "s1", "in": "e2"},
}  # fmt: skip


class CabinetNode(NodeBench):
    """The node with a lock board. Power and hands are the test's; the board has power of its own (`is_powered`)."""

    def __init__(self, real_us) -> None:
        super().__init__(real_us)
        self.boards = FakeBoards("cu16", [0])
        self.wire = Wire(self.boards)

    def power_up(self, **changes: object) -> None:
        self.boot += 1
        readers = [
            {"point": point, "kind": "reader", "pin": point, "no_read_ms": 300} for point in READERS.values()
        ]
        release = {"point": RELEASE, "kind": "contact", "pin": RELEASE}
        table = {**PLAIN, "points": [*PLAIN["points"], *readers, release], **changes}  # type: ignore[misc]
        config = NodeConfig(table)
        self.port = Uart()
        self.pins = {
            p.point: Uart() if p.kind == "reader" else Pin(self.levels.get(p.point, 0)) for p in config.points
        }
        devices = [krcu.device(krcu.KrCuConfig("", TABLE), self.wire)]
        self.node = Node(
            config, self.port, self.pins, lambda: self._real_us() // 1_000, boot=self.boot, reason=0,
            feed=lambda: None, mem_free=lambda: 1_000, devices=devices,
        )  # fmt: skip
        self.is_on = True

    def step(self) -> None:
        self.wire.now_ms = self._real_us() // 1_000
        super().step()

    def tap(self, cabinet: str, tag: str) -> None:
        self.pins[READERS[cabinet]].to_node += tag_bytes(tag)


class Cabinets(Bench):
    """`ordered`: the commands that left for compartments, each held against the log as it leaves; `kept`: what is there."""

    kept: Mapping[str, dict[str, object]] = ITEMS

    def __init__(self) -> None:
        super().__init__()
        self.node: CabinetNode = CabinetNode(lambda: self.real_us)
        self.decoder = Decoder({7: KEY}, FROM_GATEWAY)
        self.ordered: list[tuple[str, int]] = []  # compartment, number of the order

    def begin(self) -> None:
        self.open()
        self.node.power_up()
        self.run(4_000)
        known_us = self.station_us - 3_600_000_000
        for officer, service, role in (
            ("k1", "sworn", "keeper"), ("k2", "sworn", "keeper"), ("c1", "sworn", "case_officer"), ("c2", "sworn", "keeper"),
            ("a1", "auxiliary", "guard"),
        ):  # fmt: skip
            body = {"officer": officer, "service": service, "roles": [role], "badge": BADGES[officer]}
            self.put(ServerSaid("fact", self.officer("officer.registered", at_us=known_us, **body)))
        self.say("person.arrived", stay="s1")
        self.say("area.entered", stay="s1")
        self.say("wristband.bound", stay="s1", band=BAND)
        for ref, more in self.kept.items():
            self._keep(ref, more)
        self.run(200)

    def _keep(self, ref: str, more: dict[str, object]) -> None:
        """A thing comes in by the hand of a case officer and is in the hand of keeper `k1`, or lies where `in` says."""
        taker = str(more.get("by", "c1"))
        stay = {"stay": more["stay"]} if "stay" in more else {}
        what = {"item": ref, "taken_by": taker, "pieces": 1, "valuable": bool(more.get("valuable")), **stay}
        if stay:
            self.say("item.found", **what)
        else:
            how = {
                "case": "case-1",
                "procedure": "criminal",
                "seized_from": "place",
                "officers": [taker],
                "copies": 3,
            }
            self.say("item.seized", **what, **how)
        signed = {"giver_signature": "1" * 64, "taker_signature": "2" * 64}
        self.say("item.handed_over", item=ref, giver=taker, keeper="k1", **signed, **stay)
        if "in" in more:
            self.say("item.stored", item=ref, keeper="k1", compartment=more["in"], **stay)

    def act(self, actions: list[Action]) -> None:
        for action in actions:
            if isinstance(action, SendBytes):
                for frame in self.decoder.feed(action.data):
                    if isinstance(frame.message, Command) and frame.message.point in LOCKS.values():
                        self._hold_against_the_log(frame.message)
        super().act(actions)

    def _hold_against_the_log(self, command: Command) -> None:
        """Ordered in the durable log of this run, after a request that stands, with the badge of who asked before it."""
        leaves = self.leaves()
        (order,) = [
            leaf
            for leaf in leaves
            if leaf["type"] == "compartment.ordered/1"
            and leaf["recorded"]["boot"] == self.boot
            and leaf["body"]["command_id"] == command.command_id
        ]
        name = order["body"]["compartment"]
        assert (LOCKS[name], ACTIVE) == (command.point, command.state)
        assert command.valid_ms <= LOCKER_VALID_MS
        (request,) = [leaf for leaf in leaves if leaf["id"] == order["body"]["request"]]
        assert request["type"] == "compartment.requested/1"
        assert request["body"]["compartment"] == name
        assert request["recorded"]["boot"] == self.boot
        assert request["index"] < order["index"]
        assert request["id"] not in {
            leaf["body"]["fact_id"] for leaf in leaves if leaf["type"] == "fact.refused/1"
        }
        read = [leaf for leaf in leaves[: order["index"]] if leaf["type"] == "tag.read/1"]
        badge = BADGES[request["body"]["officer"]]
        assert badge in [r["body"]["tag"] for r in read if r["body"]["reader"] == f"rd-{name[0]}"]
        self.ordered.append((name, command.command_id))

    def request(self, name: str = "p1", officer: str = "k1", purpose: str = "count", **more: object) -> bytes:
        return self.say("compartment.requested", compartment=name, officer=officer, purpose=purpose, **more)

    def tap(self, *who: str, cabinet: str = "p") -> None:
        """Badges are held to the cabinet's reader, one after the other."""
        for one in who:
            self.node.tap(cabinet, BADGES.get(one, one))
            self.run(100)

    def pulses(self) -> int:
        return len(self.node.boards.pulses)

    def hand(self, name: str, *, is_open: bool) -> None:
        """A hand pulls a door whose hook has let go, or pushes it shut."""
        lock = list(LOCKS).index(name) + 1
        self.node.boards.set_sense(0, lock, on=is_open)
        if not is_open:
            self.node.boards.set_hook(0, lock, shut=True)
        self.run(400)

    def told(self, what: str) -> list[dict[str, object]]:
        """Bodies of the facts `compartment.<what>`."""
        return [fact["body"] for fact in self.facts(f"compartment.{what}")]

    def why(self, what: str) -> list[str]:
        return [str(body["why"]) for body in self.told(what)]

    def refusals(self) -> list[str]:
        return [leaf["body"]["reason"] for leaf in self.leaves() if leaf["type"] == "fact.refused/1"]

    def state(self, name: str):
        return self.core.book.engine.world.compartments.get(name)
