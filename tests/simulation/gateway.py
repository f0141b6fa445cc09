"""The gateway's machine: power, disks, clocks, and one process of the real program after the other."""

import shutil
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Any

from casegateway import evidence as evidences
from casegateway.book import Book
from casegateway.core import AGAIN, EXIT_STORAGE_FAILED, GatewayCore
from casegateway.events import (
    Action,
    BrokerDown,
    BrokerUp,
    BytesRead,
    DriveLine,
    Event,
    Moment,
    PortClosed,
    PortOpened,
    Publish,
    SaveCursor,
    SendBytes,
    ServerSaid,
    Spare,
    Stop,
)
from casegateway.evidence import Evidence
from casegateway.identity import Identity
from casegateway.keyring import Keyring
from casegateway.limits import BATCH_EVENTS_MAX, INPUT_QUEUE_MAX, LOOP_WAIT_MS_MAX
from casegateway.memory import Memory
from casegateway.mending import Mender
from casegateway.storage import Storage
from caselog.disk import PowerCut
from caselog.errors import DiskFull, LogDamaged, LogStopped
from caselog.pairdisk import PairDisk
from custody.engine import Engine
from tests.simulation.clocks import Crystal, WallClock
from tests.simulation.disk import SimDisk
from tests.simulation.line import TO_NODE
from tests.simulation.machine_time import MachineTime
from tests.simulation.server import SERVER_KEY

if TYPE_CHECKING:
    from tests.simulation.world import World

BOOT_US = (8_000_000, 25_000_000)  # from power to the program at work
DARK_US = (200_000, 90_000_000)  # without power after an aimed cut
RESTART_US = (800_000, 2_500_000)  # by the service manager
EPOCH = "e1"
LIVES_MAX = 8


class Gateway:
    """`disk` and `second` outlive everything; `core` is None while no process runs."""

    def __init__(self, world: "World", folder: Path, wall: WallClock, crystal: Crystal) -> None:
        settings = world.settings
        self.world = world
        self.folder = folder
        self.wall = wall
        self.crystal = crystal
        self.disk = SimDisk(settings.get("disk_bytes"))
        self.second = SimDisk() if settings.get("second_disk") else None
        self.time = MachineTime(self)
        self.boot = 0
        self.cursor = self.durable = 0  # as saved
        self.life = 0
        self.has_power = False
        self.core: GatewayCore | None = None
        self.evidence: Evidence | None = None
        self.lines: dict[str, bool] = {}
        self.ports_open: dict[str, bool] = dict.fromkeys(world.area.ports, True)
        self.inlet: deque[Event] = deque()
        self.dropped = 0
        self.is_frozen = False
        self.cut_after_actions: int | None = None
        self.origin = f"caseward.local/{world.area.id}/{world.area.gateway}/{EPOCH}"
        self._ask = 0
        self._lives = 0

    # --- power and process -------------------------------------------------------------------

    def power_on(self) -> None:
        """Mains are back; the program follows when the system is up."""
        if self.has_power:
            return
        self.has_power = True
        self.crystal.restart()
        self.time.power_on()
        self.world.observer.gateway_power(is_on=True)
        boot_us = self.world.settings.get("boot_us", BOOT_US)
        self.world.kernel.after(self.world.rng("boot").randrange(*boot_us), self._start, self.life)

    def power_off(self) -> None:
        """Mains are gone: whatever was not synced is a matter of chance."""
        if not self.has_power:
            return
        self._die()
        self.has_power = False
        for disk in (self.disk, self.second):
            if disk is not None:
                disk.power_cut(self.world.rng("cut"))
        self.lines.clear()
        self.world.observer.gateway_power(is_on=False)

    def power_cycle(self, off_us: int) -> None:
        """Off, and on again after a while."""
        self.power_off()
        self.world.kernel.after(off_us, self.power_on)

    def kill(self, down_us: int | None = None) -> None:
        """kill -9 of the process: what it wrote stays in the cache of the system."""
        if self.core is None:
            return
        self._die()
        self._restart_later(down_us)

    def _restart_later(self, down_us: int | None = None) -> None:
        wait_us = self.world.rng("boot").randrange(*RESTART_US) if down_us is None else down_us
        self.world.kernel.after(wait_us, self._start, self.life)

    def _die(self) -> None:
        self.life += 1
        self.core = None
        self.inlet.clear()
        self.is_frozen = False
        self.disk.cut_at = None
        self.cut_after_actions = None
        self.world.broker.to_gateway = None
        if self.evidence is not None:
            self.evidence.close()
            self.evidence = None
        self.world.observer.gateway_at_work(is_on=False)

    def _start(self, life: int) -> None:
        if life != self.life or not self.has_power or self.core is not None:
            return
        self._lives = 0
        self._live()

    def _live(self) -> None:
        """Open the log and run on it, as the program's `_live` and `_serve` do."""
        self.boot += 1
        life = self.life
        try:
            stop = self._open()
        except PowerCut:
            self._cut()
            return
        except (LogDamaged, LogStopped, DiskFull, OSError) as error:
            self.world.truth.counts[f"start failed {type(error).__name__}"] += 1
            self._cry()
            self._ended(EXIT_STORAGE_FAILED)
            return
        except Exception as error:  # noqa: BLE001 - whatever it is, it is a violation
            self.world.truth.violate("I2", f"the gateway raised {error!r} at its start")
            self._ended(1)
            return
        if stop is not None:
            self._ended(stop.code)
        elif life == self.life:
            self._begin()

    def _open(self) -> Stop | None:
        world, settings = self.world, self.world.settings
        disk = self.disk if self.second is None else PairDisk(self.disk, self.second)
        segment_bytes_max = settings.get("segment_bytes_max", 64_000)
        found = evidences.open_on(
            self.folder / "interim", disk, [], self.cursor, self._cry, segment_bytes_max, self.durable
        )  # fmt: skip
        if isinstance(disk, PairDisk) and disk.has_failed_over:
            found.reasons["second disk"] = "the log goes on there"
        self.evidence = found
        world.observer.gateway_opened(found)
        self.time.start(self.boot)
        book = Book(found.log, Engine(world.area, world.rulebook), Memory(), world.observer.book_trace)
        signers = Keyring(self.origin, world.gateway_key)
        storage = Storage(
            book, found.disk, self._mender(signers), world.area.zone,
            low_bytes=settings.get("low_bytes", 0), reserve_bytes=settings.get("reserve_bytes", 0),
            scrub_hour=None if found.filling is not None else settings.get("scrub_hour"),
            second_path="/second" if self.second is not None else "", filling=found.filling, reasons=found.reasons,
        )  # fmt: skip
        identity = Identity(
            world.area.gateway,
            world.hashes["config_hash"],
            world.rulebook.id,
            world.hashes["rulebook_hash"],
            "0.0.0",
        )
        core = GatewayCore(
            world.area, identity, book, world.node_keys, signers, SERVER_KEY.public, "", self.cursor, self.moment(),
            None, storage=storage,
        )  # fmt: skip
        self.core = core
        world.observer.gateway_at_work(is_on=True)
        actions = core.boot(self.moment(), "simulated")
        world.observer.after_turn(core, actions)
        return self.act(actions)

    def _mender(self, signers: Keyring) -> Mender:
        nonce = f"{self.world.rng('nonce').getrandbits(128):032x}"
        return Mender(self.origin, signers.publics, SERVER_KEY.public, nonce)

    def _begin(self) -> None:
        world = self.world
        for port, is_open in self.ports_open.items():
            self.put(PortOpened(port) if is_open else PortClosed(port, "no such device"))
        self.connect()
        world.truth.trace(world.now_us, "gateway", self.boot)
        self._schedule(self.world.now_us)

    def _cut(self) -> None:
        """The disk lost power in the middle of an operation: so has everything else."""
        self.world.truth.faults["aimed power cut"] += 1
        self.power_off()
        self.world.kernel.after(
            self.world.rng("boot").randrange(*self.world.settings.get("dark_us", DARK_US)), self.power_on
        )

    def _ended(self, code: int) -> None:
        """The program ended by itself."""
        evidence = self.evidence
        if code == AGAIN and evidence is not None:
            try:
                if evidence.filling is not None and evidence.filling.is_whole:
                    evidences.mend(evidence, self.cursor, self.moment().instant)
                    self.world.truth.counts["mended"] += 1
            except PowerCut:
                self._cut()
                return
            except (LogDamaged, LogStopped, DiskFull, OSError) as error:
                self.world.truth.counts[f"mend failed {type(error).__name__}"] += 1
                code = EXIT_STORAGE_FAILED
        lines = dict(self.lines)
        self._die()
        self.lines = lines
        self._lives += 1
        self.world.truth.counts[f"exit {code}"] += 1
        if code == AGAIN and self._lives < LIVES_MAX:
            self._live()
        else:
            self._restart_later(10_000_000)

    def _cry(self) -> None:
        for output in self.world.area.outputs.values():
            if output.kind == "sounder" and output.gpio_line is not None:
                self.lines[output.id] = True

    # --- the main loop ------------------------------------------------------------------------

    def moment(self) -> Moment:
        """The clocks, read once."""
        return self.time.moment()

    def put(self, event: Event) -> None:
        """Into the queue; a full one makes serial threads wait, which here is a lost chunk, and drops what the server said."""
        if self.core is None:
            return
        if len(self.inlet) >= INPUT_QUEUE_MAX and isinstance(event, BytesRead | ServerSaid):
            self.dropped += 1
            return
        self.inlet.append(event)
        self._schedule(self.world.now_us + self.world.rng("loop").randrange(100, 2_000))

    def heard(self, port: str, data: bytes) -> None:
        """Bytes from a line."""
        if self.core is not None and self.ports_open[port]:
            self.put(BytesRead(port, data, self.crystal.us()))

    def connect(self) -> None:
        """To the broker, if it is there."""
        broker = self.world.broker
        if self.core is None:
            return
        is_interim = self.evidence is not None and self.evidence.filling is not None
        if broker.is_up:
            broker.to_gateway = self._hear_mend if is_interim else self._hear
            self.put(BrokerUp())
        else:
            broker.to_gateway = None
            self.put(BrokerDown())

    def _hear(self, topic: str, payload: bytes) -> None:
        self.put(ServerSaid(topic, payload))

    def _hear_mend(self, topic: str, payload: bytes) -> None:
        if topic == "mend":
            self.put(ServerSaid(topic, payload))

    def set_port(self, port: str, *, is_open: bool) -> None:
        """The adapter of a port is pulled out, or plugged in."""
        if self.ports_open[port] != is_open:
            self.ports_open[port] = is_open
            self.put(PortOpened(port) if is_open else PortClosed(port, "device gone"))

    def _schedule(self, at_us: int) -> None:
        self._ask += 1
        self.world.kernel.at(at_us, self._turn, self.life, self._ask)

    def _turn(self, life: int, ask: int) -> None:
        core = self.core
        if life != self.life or ask != self._ask or core is None or self.is_frozen:
            return
        events = [self.inlet.popleft() for _ in range(min(len(self.inlet), BATCH_EVENTS_MAX))]
        moment = self.moment()
        try:
            core.input_depth = len(self.inlet)
            actions = core.handle(events, moment)
            self.world.observer.after_turn(core, actions)
            stop = self.act(actions)
            self.world.observer.turn_over()
        except PowerCut:
            self._cut()
            return
        except Exception as error:  # noqa: BLE001 - whatever it is, it is a violation
            self.world.truth.violate("I2", f"the gateway raised {error!r}")
            self._ended(1)
            return
        if life != self.life:
            return
        if stop is not None:
            self.world.truth.counts[f"gave up {stop.code}"] += 1
            self._ended(stop.code)
            return
        if self.inlet:
            self._schedule(self.world.now_us + 500)
            return
        moment = self.moment()
        wake_us = self.crystal.true_us(core.wake_us(moment))
        self._schedule(max(wake_us, self.world.now_us + 1_000))

    def start_now(self) -> None:
        """Whatever was to be waited for is over."""
        if self.core is not None:
            self._schedule(self.world.now_us)
        elif self.has_power:
            boot_us = self.world.settings.get("boot_us", BOOT_US)
            self.world.kernel.after(boot_us[1], self._start, self.life)

    def freeze(self, for_us: int) -> None:
        """The machine is suspended, or the process gets no processor: clocks go on."""
        if self.core is None:
            return
        self.is_frozen = True
        self.world.observer.stood_still(for_us)
        self.world.kernel.after(for_us, self._thaw, self.life)

    def _thaw(self, life: int) -> None:
        if life == self.life:
            self.is_frozen = False
            self._schedule(self.world.now_us)

    def act(self, actions: list[Action]) -> Stop | None:
        """Do what the core says, in its order. Power may go between two of its acts."""
        world, stop = self.world, None
        for number, action in enumerate(actions):
            if self.cut_after_actions is not None and number >= self.cut_after_actions:
                self.cut_after_actions = None
                raise PowerCut("between two actions")
            world.observer.action(action)
            match action:
                case SendBytes(port, data, _):
                    if self.ports_open[port]:
                        world.lines[port].send(TO_NODE, data)
                case DriveLine(output, _, active):
                    self.lines[output] = active
                case Publish(topic, payload, _):
                    if world.broker.to_gateway is not None and (
                        topic == "mend" or self.evidence is None or self.evidence.filling is None
                    ):
                        world.broker.publish_up(world.area.gateway, topic, payload)
                case SaveCursor(size, durable):
                    self.cursor, self.durable = size, durable
                case Spare():
                    pass
                case Stop():
                    stop = action
        if self.cut_after_actions is not None and actions:
            self.cut_after_actions = None
        return stop

    def clean(self) -> None:
        """The folder of the interim log goes with the world."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def health(self) -> dict[str, Any]:
        """For a look from outside."""
        return {} if self.core is None else self.core.health(self.moment())


LOOP_WAIT_US_MAX = LOOP_WAIT_MS_MAX * 1_000
