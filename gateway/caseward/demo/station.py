"""Composes the demo station: broker, server, gateways, and nodes at the ends of cables.

Everything it starts is the real program with the real configuration; only the boards of the nodes are
stand-ins. The tests of the whole chain and the proofs use this same class.
"""

import secrets
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from caselog.keys import SoftKey
from caseward.demo import accounts, keys
from caseward.demo import broker as mosquitto
from caseward.demo.cables import Cables, Record
from caseward.demo.director import Timetable
from caseward.demo.hardware import Hardware, write_config
from caseward.demo.interpreter import Runner
from caseward.demo.programs import Programs
from custody.area import Area, load_area
from custody.bundled import area_text

SERVER_USER: Final = "server"
BROKER, SERVER = "broker", "server"
SESSION_S: Final = 30 * 24 * 3_600  # station seconds: officers of the demo stay signed in


@dataclass(slots=True)
class Plan:
    """What to build. `areas`: names of bundled area files."""

    folder: Path
    runner: Runner
    timetable: Timetable
    areas: tuple[str, ...] = ("standard", "annex")
    http_port: int = 8000
    kiosk_port: int | None = None  # of the screens at the cabinets, of the first area that has any
    record: Record | None = None
    is_traced: bool = False
    password: str = field(default_factory=lambda: secrets.token_urlsafe(12))


@dataclass(slots=True)
class DemoStation:
    """A station that can be started, watched, broken and ended."""

    plan: Plan
    areas: dict[str, Area] = field(default_factory=dict)
    hardware: dict[str, Hardware] = field(default_factory=dict)
    node_keys: dict[str, dict[str, bytes]] = field(default_factory=dict)  # area -> node -> key
    passwords: dict[str, str] = field(default_factory=dict)  # officer's number -> password
    cables: Cables = field(init=False)
    programs: Programs = field(init=False)
    broker: mosquitto.Broker = field(init=False)

    def __post_init__(self) -> None:
        """Read the areas; nothing is started or written yet."""
        for name in self.plan.areas:
            area = load_area(area_text(name), f"{name}.toml")
            self.areas[area.id] = area
        self.programs = Programs(self.plan.folder / "output")
        self.cables = Cables(self.plan.record)

    @property
    def folder(self) -> Path:
        """Where everything of this station lies."""
        return self.plan.folder

    @property
    def url(self) -> str:
        """Where the pages are."""
        return f"http://localhost:{self.plan.http_port}"

    @property
    def kiosk_area(self) -> str | None:
        """The area whose cabinets have a screen; None: no area has."""
        if self.plan.kiosk_port is None:
            return None
        return next((area.id for area in self.areas.values() if area.cabinets), None)

    @property
    def kiosk_url(self) -> str:
        """Where the screens of the cabinets are."""
        return f"http://localhost:{self.plan.kiosk_port}"

    def log_folder(self, area: str) -> Path:
        """The segments of an area's gateway."""
        return self._gateway_folder(area) / "log"

    def gpio_timeline(self, area: str) -> Path:
        """Changes of the gateway's own GPIO lines (sounder, duty lamp): `<real us> <line> <level>`."""
        return self._gateway_folder(area) / "gpio.log"

    def trace(self, area: str) -> Path:
        """What the gateway was about to do, step by step, when the plan asks for it."""
        return self._gateway_folder(area) / "trace.log"

    def _gateway_folder(self, area: str) -> Path:
        return self.folder / self.areas[area].gateway

    # --- preparing -------------------------------------------------------------------------

    def prepare(self) -> None:
        """Write configurations, keys and accounts; lay the cables. A folder used before is gone on with."""
        self.folder.mkdir(parents=True, exist_ok=True)
        passwords = {SERVER_USER: secrets.token_urlsafe(18)}
        passwords |= {area.gateway: secrets.token_urlsafe(18) for area in self.areas.values()}
        self.broker = mosquitto.prepare(self.folder / "broker", passwords)
        for name, area in zip(self.plan.areas, self.areas.values(), strict=True):
            self._prepare_area(area_text(name), area, passwords[area.gateway])
        self._prepare_server(passwords[SERVER_USER])

    def _prepare_area(self, text: str, area: Area, password: str) -> None:
        folder = self._gateway_folder(area.id)
        keys.gateway_key(folder / "keys" / "gateway.key")
        keys.private(folder / "keys" / "broker.password", password + "\n")
        (folder / "area.toml").write_text(text, encoding="utf-8")
        self.node_keys[area.id] = keys.node_keys(folder / "keys" / "nodes.toml", area.nodes)
        nodes = self.folder / "nodes"
        nodes.mkdir(exist_ok=True)
        self.hardware[area.id] = Hardware(area, nodes)
        for node in area.nodes:
            write_config(self._config(area.id, node), area, node, self.node_keys[area.id][node])
            self.cables.add(f"{area.id}-{node}")

    def _config(self, area: str, node: str) -> Path:
        return self.folder / "nodes" / f"{area}-{node}.json"

    def _prepare_server(self, password: str) -> None:
        folder = self.folder / "server"
        people = self.folder / "people-keys"
        accounts.first_run(folder, people)
        self.passwords |= dict.fromkeys(accounts.ROLES, self.plan.password)
        accounts.provide(folder, self.plan.password)
        if self.kiosk_area is not None:
            accounts.provide_pins(folder, self.plan.timetable.station_start_us)
        keys.private(folder / "keys" / "broker.password", password + "\n")
        public = SoftKey.load(folder / "keys" / "server.key").public.hex()
        lines = [
            f'listen = "127.0.0.1:{self.plan.http_port}"',
            "[broker]",
            'host = "127.0.0.1"',
            f"port = {self.broker.port}",
            f'user = "{SERVER_USER}"',
            f'password_file = "{folder / "keys" / "broker.password"}"',
            "[sessions]",
            f"idle_s_max = {SESSION_S}",
            f"total_s_max = {SESSION_S}",
            "tries_per_minute_max = 1000",
            "second_factor_roles = []",  # the demo has one password for all and nobody's phone
            "[people]",
            f'keys = "{people}"',
        ]
        for area in self.areas.values():
            gateway = self._gateway_folder(area.id)
            key = SoftKey.load(gateway / "keys" / "gateway.key").public.hex()
            (gateway / "keys" / "server.pub").write_text(public + "\n")
            lines += [
                f"[gateways.{area.gateway}]",
                f'area = "{gateway / "area.toml"}"',
                f'public_key = "{key}"',
            ]
        keys.private(folder / "server.toml", "\n".join(lines) + "\n")

    # --- starting and ending ---------------------------------------------------------------

    def start(self) -> None:
        """Start everything; nodes first, so that a gateway finds them."""
        self.programs.open()
        self.cables.start()
        for name, start in self._starts():
            start(name)

    def _starts(self) -> Iterable[tuple[str, Callable[[str], None]]]:
        for area in self.areas.values():
            self.hardware[area.id].open()
            for node in area.nodes:
                yield f"node-{area.id}-{node}", self._start_node
        yield BROKER, self._start_broker
        for area in self.areas.values():
            yield f"gateway-{area.id}", self._start_gateway
        yield SERVER, self._start_server

    def _start_broker(self, name: str) -> None:
        self.programs.start(name, self.broker.argv)

    def _start_node(self, name: str) -> None:
        _, area, node = name.split("-")
        link = self.cables.all[f"{area}-{node}"].node_path
        fifo = self.hardware[area].boards[node].fifo
        runner = self.plan.runner
        environment = {**runner.env(link, fifo), **self.hardware[area].environment(node)}
        self.programs.start(name, runner.argv(self._config(area, node)), environment)

    def _start_gateway(self, name: str) -> None:
        area = self.areas[name.removeprefix("gateway-")]
        folder = self._gateway_folder(area.id)
        argv = [
            sys.executable, "-m", "caseward", "gateway",
            "--config", str(folder / "area.toml"), "--data", str(folder),
            "--broker", f"127.0.0.1:{self.broker.port}",
            "--mqtt-password-file", str(folder / "keys" / "broker.password"),
            "--gpio", "fake", "--gpio-timeline", str(self.gpio_timeline(area.id)),
        ]  # fmt: skip
        if area.id == self.kiosk_area:
            argv += ["--kiosk", f"127.0.0.1:{self.plan.kiosk_port}"]
        if self.plan.is_traced:
            argv += ["--trace", str(self.trace(area.id))]
        for node in area.nodes.values():
            argv += ["--port", f"{node.port}={self.cables.all[f'{area.id}-{node.id}'].gateway_path}"]
        self.programs.start(name, argv, self._clock())

    def _start_server(self, name: str) -> None:
        argv = [sys.executable, "-m", "caseward", "server", "--data", str(self.folder / "server")]
        self.programs.start(name, argv, self._clock())

    def _clock(self) -> Mapping[str, str]:
        return {"CASEWARD_CLOCK": self.plan.timetable.as_environment()}

    def revive(self) -> list[str]:
        """Start again what ended by itself (a node after its watchdog); the names."""
        revived = []
        for program in self.programs.ended():
            if time.monotonic() - program.started < 1.0:
                continue  # a program that cannot start is not started in a circle
            self.programs.restart(program.name)
            if program.name.startswith("node-"):
                _, area, node = program.name.split("-")
                self.hardware[area].boards[node].tell_all()
            revived.append(program.name)
        return revived

    def close(self) -> None:
        """End everything that was started."""
        self.programs.close()
        self.cables.close()
        for hardware in self.hardware.values():
            hardware.close()
