"""What goes wrong. Each fault of a plan draws from a stream of its own; after `heal` nothing is wrong any more."""

import errno
import random
from typing import TYPE_CHECKING, Any

from caselog import canonical, checkpoint, records, segment, witness
from caselog.checkpoint import Checkpoint
from caselog.keys import Signer as LogSigner
from caselog.keys import SigningKey, SoftKey, Verifier
from caselog.tree import Tree, leaf_hash
from caseserver.payload import build
from casewire import FROM_NODE, Contact, Frame, Signer, encode
from tests.simulation.line import TO_GATEWAY, TO_NODE, Line
from tests.simulation.plain_server import PlainServer
from tests.simulation.plan import Fault

if TYPE_CHECKING:
    from tests.simulation.world import World

FORGED_MAX = 30
STRANGE_FRAMES = 300  # enough that one of them would pass a MAC of which a byte is looked at


class Faults:
    """Each method is a kind of fault: it begins something, and `_end` of the same kind ends it."""

    def __init__(self, world: "World") -> None:
        self.world = world
        self.is_healed = False
        self.is_without_ntp = world.settings.get("ntp") == "never"

    def strike(self, _number: int, fault: Fault) -> None:
        """Let a fault of the plan begin, and end in its time. Its draws are the same whatever else is in the plan."""
        if self.is_healed:
            return
        world = self.world
        rng = random.Random(
            f"{world.plan.seed}/fault/{fault.at_us}/{fault.kind}/{sorted(fault.args.items())}"
        )
        world.truth.faults[fault.kind] += 1
        world.truth.trace(world.now_us, "fault", fault.kind)
        getattr(self, fault.kind)(rng, fault, **fault.args)

    def heal(self) -> None:
        """Everything works again: what is off is switched on, what is cut is joined, clocks are right."""
        self.is_healed = True
        world = self.world
        for line in world.lines.values():
            line.faults.clear()
            line.cut_since.clear()
        world.broker.faults.clear()
        for port in world.area.ports:
            world.gateway.set_port(port, is_open=True)
        for disk in (world.gateway.disk, world.gateway.second):
            if disk is not None:
                disk.heal()
                disk.cut_at = None
        world.gateway.is_frozen = False
        world.server.is_slow = False
        if not world.broker.is_up:
            self._broker_back()
        if not world.server.is_on:
            world.server.start()
        for board in world.boards.values():
            if not board.is_on:
                board.power(is_on=True)
        self.is_without_ntp = False
        world.gateway.time.ntp()
        world.server.wall.find_ntp(0)
        world.gateway.power_on()
        world.gateway.start_now()

    # --- power and processes ------------------------------------------------------------------

    def gateway_power(self, _rng: random.Random, fault: Fault) -> None:
        """Mains of the gateway off."""
        self.world.gateway.power_cycle(max(fault.for_us, 1_000_000))

    def gateway_kill(self, _rng: random.Random, fault: Fault) -> None:
        """kill -9 of the gateway's program."""
        self.world.gateway.kill(fault.for_us or None)

    def gateway_cut_at_disk(self, _rng: random.Random, _fault: Fault, operations: int) -> None:
        """Power goes in the disk operation that comes so many after now."""
        if self.world.gateway.core is not None:
            self.world.gateway.disk.cut_at = self.world.gateway.disk.operations + operations

    def gateway_cut_at_action(self, _rng: random.Random, _fault: Fault, actions: int) -> None:
        """Power goes after so many acts of one turn."""
        self.world.gateway.cut_after_actions = actions

    def gateway_freeze(self, _rng: random.Random, fault: Fault) -> None:
        """The gateway gets no processor for a while."""
        self.world.gateway.freeze(fault.for_us)

    def node_power(self, _rng: random.Random, fault: Fault, node: str) -> None:
        """A board loses power."""
        board = self.world.boards[node]
        board.power(is_on=False)
        self.world.observer.node_gone(node)
        self.world.kernel.after(fault.for_us, self._node_back, node)

    def _node_back(self, node: str) -> None:
        if not self.world.boards[node].is_on:
            self.world.boards[node].power(is_on=True)

    def node_reset(self, _rng: random.Random, _fault: Fault, node: str) -> None:
        """A board's watchdog bites."""
        self.world.boards[node].reset()

    def server_kill(self, _rng: random.Random, fault: Fault) -> None:
        """kill -9 of the server."""
        self.world.server.kill(fault.for_us)

    def server_cut_at_commit(self, _rng: random.Random, _fault: Fault, transactions: int, when: str) -> None:
        """The server dies in a transaction, just before or just after its commit."""
        if self.world.server.is_on:
            self.world.server.database.aim = transactions, when

    def server_slow(self, _rng: random.Random, fault: Fault) -> None:
        """The server stalls now and then for half a minute."""
        self.world.server.is_slow = True
        self.world.kernel.after(fault.for_us, setattr, self.world.server, "is_slow", False)

    # --- lines ----------------------------------------------------------------------------------

    def line(self, rng: random.Random, fault: Fault, port: str, name: str, settings: dict[str, Any]) -> None:
        """Something is wrong with a line; `name` as in line.Line."""
        line = self.world.lines[port]
        line.faults[name] = settings, rng
        if name == "late":
            self.world.truth.late_us = max(self.world.truth.late_us, settings["ms"] * 1_000)
        if name == "slow":
            now_us, by_us = self.world.now_us, settings["ms"] * 1_000
            self.world.truth.slow.append((now_us, now_us + fault.for_us + by_us, by_us))
        if name in ("cut", "cut_to_node"):
            line.cut_since.setdefault(name, self.world.now_us)
            self.world.watch.line_cut(port)
        self.world.truth.faults[f"line {name}"] += 1
        if name == "cut":
            for board in self.world.boards.values():
                if board.place.port == port:
                    self.world.observer.node_gone(board.place.id)
        self.world.kernel.after(fault.for_us, self._line_whole, port, name)

    def _line_whole(self, port: str, name: str) -> None:
        self.world.lines[port].faults.pop(name, None)
        self.world.lines[port].cut_since.pop(name, None)

    def port_gone(self, _rng: random.Random, fault: Fault, port: str) -> None:
        """The adapter of a line is pulled out of the gateway."""
        self.world.gateway.set_port(port, is_open=False)
        for board in self.world.boards.values():
            if board.place.port == port:
                self.world.observer.node_gone(board.place.id)
        self.world.kernel.after(fault.for_us, self._port_back, port)

    def _port_back(self, port: str) -> None:
        self.world.gateway.set_port(port, is_open=True)

    def replay(self, rng: random.Random, fault: Fault, port: str) -> None:
        """Somebody plays back what went over a line before, in either direction, again and again."""
        for delay_us in range(0, min(fault.for_us, 60_000_000), 900_000):
            self.world.kernel.after(delay_us, self._replay, rng, port)

    def _replay(self, rng: random.Random, port: str) -> None:
        if self.is_healed:
            return
        line = self.world.lines[port]
        for way in (TO_GATEWAY, TO_NODE):
            heard = [data for _, data in line.heard[way]]
            for _ in range(min(len(heard), rng.randrange(1, 12))):
                line.inject(way, rng.choice(heard))

    def playback(self, rng: random.Random, _fault: Fault, port: str) -> None:
        """Somebody plays to the boards what the gateway said from some moment on, in its order and at its pace."""
        line = self.world.lines[port]
        heard = list(line.heard[TO_NODE])
        heard = heard[rng.randrange(len(heard) // 2 + 1) :]
        for at_us, data in heard:
            self.world.kernel.after(at_us - heard[0][0] + 1_000, self._play, line, data)

    def _play(self, line: Line, data: bytes) -> None:
        if not self.is_healed:
            line.inject(TO_NODE, data)

    def stranger(self, rng: random.Random, _fault: Fault, node: str) -> None:
        """Somebody speaks as a node without having its key."""
        place = self.world.area.nodes[node]
        signer = Signer(rng.randbytes(32), FROM_NODE)
        board = self.world.boards[node]
        for _ in range(STRANGE_FRAMES):
            message = Contact(rng.randrange(1, 12), rng.randrange(2))
            boot, seq = board.boot + rng.randrange(2), rng.randrange(1, 10_000)
            frame = Frame(message.KIND, place.number, boot, seq, rng.randrange(10**6), message)
            self.world.lines[place.port].inject(TO_GATEWAY, encode(frame, signer, FROM_NODE))

    # --- disks ----------------------------------------------------------------------------------

    def disk_error(self, _rng: random.Random, _fault: Fault, operation: str, number: str, after: int) -> None:
        """The disk refuses an operation once."""
        self.world.gateway.disk.fail(operation, getattr(errno, number), after)

    def disk_read_only(self, _rng: random.Random, fault: Fault) -> None:
        """The system made the disk read-only."""
        self.world.gateway.disk.is_read_only = True
        self.world.kernel.after(fault.for_us, setattr, self.world.gateway.disk, "is_read_only", False)

    def disk_full(self, _rng: random.Random, fault: Fault, spare_bytes: int) -> None:
        """Something else fills the disk up."""
        disk = self.world.gateway.disk
        disk.capacity_bytes = disk._used_bytes() + spare_bytes
        self.world.kernel.after(fault.for_us, setattr, disk, "capacity_bytes", None)

    def disk_lies(self, _rng: random.Random, fault: Fault) -> None:
        """The card says that it has written, and has not."""
        self.world.gateway.disk.is_lying = True
        self.world.observer.lied = True
        self.world.kernel.after(fault.for_us, setattr, self.world.gateway.disk, "is_lying", False)

    def disk_rot(self, rng: random.Random, _fault: Fault, where: str = "any") -> None:
        """A byte of the log that the server holds already turns; it is found at the next start or scrub.

        `where` newest: in leaves that the server holds and that our own note does not yet say it does.
        """
        gateway = self.world.gateway
        held = self.world.observer.server_size
        names = [] if gateway.disk._off else [n for n in gateway.disk.list_names() if n.endswith(".seg")]
        names = [name for name in names if int(name.removesuffix(".seg")) + 2 < held]
        if not names:
            return
        name = names[-1] if where == "newest" else rng.choice((names[0], names[-1]))
        first = int(name.removesuffix(".seg"))
        offsets = [offset for offset, _ in _lines(gateway.disk.read(name))]
        begin = max(0, gateway.cursor - first) if where == "newest" else 0
        end = min(held - 1 - first, len(offsets) - 1)  # and a leaf after it, so that it is no torn tail
        if begin < end:
            gateway.disk.rot(name, rng.randrange(offsets[begin], offsets[end]), 1 << rng.randrange(8))
            self.world.observer.rotted = True

    # --- the network ------------------------------------------------------------------------------

    def network(self, rng: random.Random, fault: Fault, name: str, settings: dict[str, Any]) -> None:
        """Something is wrong with the network; `name` as in broker.Broker."""
        self.world.broker.faults[name] = settings, rng
        self.world.truth.faults[f"network {name}"] += 1
        self.world.kernel.after(fault.for_us, self.world.broker.faults.pop, name, None)

    def broker_down(self, _rng: random.Random, fault: Fault) -> None:
        """The broker is gone, with everything it held."""
        broker = self.world.broker
        broker.is_up = False
        broker.forget()
        self.world.gateway.connect()
        self.world.server.connect()
        self.world.kernel.after(fault.for_us, self._broker_back)

    def _broker_back(self) -> None:
        broker = self.world.broker
        if not broker.is_up:
            broker.is_up = True
            self.world.gateway.connect()
            self.world.server.connect()

    def forge(self, rng: random.Random, _fault: Fault) -> None:
        """Somebody got into the broker: old messages again, changed ones, and his own."""
        world, broker = self.world, self.world.broker
        for _ in range(rng.randrange(3, FORGED_MAX)):
            if rng.random() < 0.5 and broker.heard_up:
                topic, payload = rng.choice(list(broker.heard_up))
                broker.forge_up(world.area.gateway, topic, _changed(payload, rng))
            elif broker.heard_down:
                topic, payload = rng.choice(list(broker.heard_down))
                broker.forge_down(topic, _changed(payload, rng))
        self._forge_ack()
        acked = {"v": 1, "size": 10**6, "root": "0" * 64, "cosigned": ""}
        broker.forge_down("ack", canonical.dumps(acked))
        broker.forge_down("req", canonical.dumps({"v": 1, "first": rng.randrange(50), "count": 10}))
        broker.forge_down("fact", rng.randbytes(50))
        self._take_over(rng)

    def _take_over(self, rng: random.Random) -> None:
        """The log's next leaf hands it over to a key of the stranger's own, with that key's word alone."""
        world = self.world
        size = world.observer.server_size
        if size < 5 or isinstance(world.server, PlainServer):
            return
        last, origin = canonical.loads(world.truth.leaves[size - 1].data), world.gateway.origin
        key = SoftKey.from_seed(rng.randbytes(32))
        leaf = last | {
            "body": records.key_changed(origin, size, key, key),
            "class": "log",
            "id": f"log.{size}",
            "index": size,
            "occurred": last["occurred"] | {"by": "gateway"},
            "prev": leaf_hash(world.truth.leaves[size - 1].data).hex(),
            "source": {"boot": 0, "name": "", "seq": 0},
            "stay": None,
            "stay_n": None,
            "type": records.KEY_CHANGED,
        }
        self._as_gateway(size, canonical.dumps(leaf), None, key)

    def mend_forger(self, rng: random.Random, fault: Fault) -> None:
        """Somebody in the broker answers what a damaged gateway asks, before the server does: with leaves he made up."""
        broker = self.world.broker
        broker.on_up = lambda topic, payload: self._answer_mend(rng, topic, payload)
        self.world.kernel.after(fault.for_us, setattr, broker, "on_up", None)

    def _answer_mend(self, rng: random.Random, topic: str, payload: bytes) -> None:
        world = self.world
        note = self._newest_cosigned()
        if topic != "mend" or note is None or self.is_healed:
            return
        asked = canonical.loads(payload)
        first = asked["first"]
        end = min(first + asked["count"], checkpoint.parse(note).size)
        if not 0 < first < end <= len(world.truth.leaves):
            return
        leaves: list[bytes] = []
        for index in range(first, end):
            leaf = canonical.loads(world.truth.leaves[index].data)
            before = leaves[-1] if leaves else world.truth.leaves[index - 1].data
            is_other = not leaves or rng.random() < 0.3
            leaves.append(canonical.dumps(
                leaf | {"id": leaf["id"] + "-other" * is_other, "prev": leaf_hash(before).hex()}
            ))  # fmt: skip
        header = {"count": len(leaves), "first": first, "held": {}, "key": "00000000", "sig": "", "v": 1}
        world.truth.counts["mend forged"] += 1
        world.broker.forge_down("mend", b"\n".join([canonical.dumps(header), *leaves, b"", note]))

    def _newest_cosigned(self) -> bytes | None:
        """The newest checkpoint that the server has cosigned, as anybody on the broker can have heard it."""
        for topic, payload in reversed(self.world.broker.heard_down):
            if topic == "ack" and payload.startswith(b'{"cosigned":"caseward'):
                return str(canonical.loads(payload)["cosigned"]).encode()
        return None

    def _forge_ack(self) -> None:
        """An ack of all there is, with the server's word on less."""
        world = self.world
        size = len(world.truth.leaves)
        for topic, payload in reversed(world.broker.heard_down):
            if topic == "ack" and payload.startswith(b'{"cosigned":"caseward'):
                old = canonical.loads(payload)
                if old["size"] < size:
                    root = world.observer.tree.root(size).hex()
                    world.broker.forge_down("ack", canonical.dumps({**old, "size": size, "root": root}))
                return

    def clone(self, rng: random.Random, _fault: Fault) -> None:
        """Somebody copied the gateway's card: the same key tells another history of what the server holds."""
        world = self.world
        size = world.observer.server_size
        if size < 5 or world.broker.to_server is None or isinstance(world.server, PlainServer):
            return
        first = size - rng.choice((0, 1, 1, 2, 4))
        if first == size:
            self._clone_goes_on(size)
            return
        leaf = canonical.loads(world.truth.leaves[first].data)
        other = canonical.dumps({**leaf, "id": leaf["id"] + "-other"})
        world.truth.counts["clone spoke"] += 1
        self._as_clone(first, other)

    def _clone_goes_on(self, size: int) -> None:
        """It has another last leaf than the server holds, and tells the next one."""
        world = self.world
        leaf = canonical.loads(world.truth.leaves[size - 1].data)
        before = canonical.dumps({**leaf, "id": leaf["id"] + "-other"})
        stay_n = None if leaf["stay"] is None else leaf["stay_n"] + 1
        after = {
            **leaf,
            "id": leaf["id"] + "-next",
            "index": size,
            "prev": leaf_hash(before).hex(),
            "stay_n": stay_n,
        }
        ingest, life = world.server.state.ingest, world.server.life
        refused = ingest.counters["refused_fork"]
        world.truth.counts["clone spoke at the end"] += 1
        self._as_clone(size, canonical.dumps(after), before)
        world.kernel.after(1_500_000, self._check_refused, life, refused)

    def _check_refused(self, life: int, refused: int) -> None:
        server = self.world.server
        if server.life == life and server.is_on and server.state.ingest.counters["refused_fork"] == refused:
            self.world.truth.violate(
                "I4", "a clone goes on from another last leaf, and that is not taken for a fork"
            )

    def _as_clone(self, first: int, other: bytes, before: bytes | None = None) -> None:
        """A batch of one leaf under the gateway's own key. `before`: what stands before it in that history."""
        note = self._as_gateway(first, other, before, self.world.gateway_key)
        self._ask_witness(first + 1, note)

    def _as_gateway(self, first: int, other: bytes, before: bytes | None, key: SigningKey) -> bytes:
        """A batch of one leaf, signed by `key`; returns its checkpoint."""
        world, tree = self.world, Tree()
        for kept in world.truth.leaves[: first if before is None else first - 1]:
            tree.append(leaf_hash(kept.data))
        for data in ([] if before is None else [before]) + [other]:
            tree.append(leaf_hash(data))
        origin = world.gateway.origin
        note = checkpoint.sign(Checkpoint(origin, first + 1, tree.root()), LogSigner(origin, key))
        world.broker.forge_up(world.area.gateway, "log", build(first, [other], note))
        return note

    def _ask_witness(self, size: int, note: bytes) -> None:
        """A second witness that has seen the true log so far is offered the other history, with no proof."""
        world, origin = self.world, self.world.gateway.origin
        true_size = size - 1
        root = world.observer.tree.root(true_size)
        seen = checkpoint.sign(Checkpoint(origin, true_size, root), LogSigner(origin, world.gateway_key))
        asked = witness.Request(true_size, (), note)
        verifiers = [Verifier(origin, world.gateway_key.public)]
        own = LogSigner("witness", SoftKey.from_seed(bytes(range(32))))
        found = witness.judge(seen, verifiers, asked, own, world.now_us // 1_000_000)
        world.truth.counts["second witness asked"] += 1
        if isinstance(found, witness.Cosigned):
            world.truth.violate(
                "I4", f"a second witness cosigned another history of {size} leaves without proof"
            )

    # --- clocks -------------------------------------------------------------------------------------

    def clock_step(self, _rng: random.Random, _fault: Fault, by_us: int) -> None:
        """Somebody sets the gateway's wall clock; the kernel knows that it is not synchronised any more."""
        wall, time = self.world.gateway.wall, self.world.gateway.time
        wall.lose_ntp()
        wall.step(by_us)
        self.world.observer.stepped(by_us)
        self.world.kernel.after(120_000_000, time.ntp)

    def no_ntp(self, _rng: random.Random, fault: Fault) -> None:
        """The gateway has no NTP for a while; its wall clock drifts and is then set right."""
        self.is_without_ntp = True
        self.world.gateway.wall.lose_ntp()
        self.world.kernel.after(fault.for_us, self._ntp_back)

    def _ntp_back(self) -> None:
        self.is_without_ntp = self.world.settings.get("ntp") == "never" and not self.is_healed
        self.world.gateway.time.ntp()

    def clock_at_boot(self, _rng: random.Random, _fault: Fault, rtc: str) -> None:
        """The next time the gateway gets power its clock is wrong: `rtc` dead, behind, ahead."""
        self.world.gateway.time.next_rtc = rtc

    def server_clock_step(self, _rng: random.Random, _fault: Fault, by_us: int) -> None:
        """Somebody sets the server's wall clock: its signatures then lie about the time."""
        world = self.world
        world.gateway.time.server_lies()
        world.observer.server_shown_us = max(world.observer.server_shown_us, world.server.wall.us())
        world.server.wall.step(by_us)


def _lines(data: bytes) -> list[tuple[int, bytes]]:
    """Offset and leaf of each whole line of a segment, up to the first that is not."""
    found = []
    for item in segment.scan(data):
        if isinstance(item, segment.Damage):
            break
        found.append(item)
    return found


def _changed(payload: bytes, rng: random.Random) -> bytes:
    """The same again, or with something else in it."""
    if rng.random() < 0.4 or not payload:
        return payload
    data = bytearray(payload)
    way = rng.random()
    if way < 0.6:
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    elif way < 0.8:
        del data[rng.randrange(len(data)) :]
    else:
        at = rng.randrange(len(data))
        data[at:at] = rng.randbytes(rng.randrange(1, 20))
    return bytes(data)
