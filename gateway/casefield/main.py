"""`caseward node`: a Raspberry Pi, or a PC, as a node: buses of readers and locks, GPIO, a line to the gateway.

The configuration is a node's config.json (firmware/node/config.py) with a line to the gateway beside it:

    {"node": 9, "key": "<64 hex digits>", "line": {"tls": "10.0.0.2:7443", "ca": "ca.crt", "cert": "node.crt", "key": "node.key"},
     "points": [...], "devices": [{"kind": "osdp", ...}, {"kind": "krcu", ...}, {"kind": "modbus", ...}]}

`"line": {"serial": "/dev/ttyAMA0"}` is a line over a serial port. Files are looked for beside the configuration.
Exit codes: 0 ended on request; 2 called or configured wrongly; 1 a fault, after which the service manager starts it anew.
"""

import argparse
import contextlib
import json
import logging
import os
import signal
import socket
import ssl
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from casefield import modbus, osdp, recorder_serial
from casefield.line import LineConfig, TlsLine
from casefield.pins import PiPlace
from casefield.ports import SerialBus, steady_ms
from casewire import BOOT_OTHER
from node import boot_count, devices
from node.app import Node
from node.config import ConfigError, NodeConfig, known, wrong
from node.keep import Keep

EXIT_USAGE = 2
SCAN_PAUSE_MS = 5
READER_BAUD = 9_600
QUEUE_MAX = 1_024
"""Messages that wait for the gateway: memory is no matter here, so all the queue can hold."""
KINDS: dict[str, Any] = {
    **devices.KINDS,
    "modbus": modbus.ModbusConfig,
    "osdp": osdp.OsdpConfig,
    "recorder_serial": recorder_serial.RecorderConfig,
}
LINE_KEYS = ("serial", "tls", "ca", "cert", "key")

log = logging.getLogger("node")


def main(argv: list[str]) -> int:
    """Run the node of a configuration until SIGTERM or SIGINT. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="caseward node", description=__doc__.split("\n")[0])
    parser.add_argument("--config", type=Path, required=True, help="config.json")
    parser.add_argument(
        "--data", type=Path, help="folder of the boot number; that of the configuration when left out"
    )
    parser.add_argument("--check", action="store_true", help="read the configuration and end")
    options = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s", stream=sys.stderr)
    data = options.data or options.config.parent
    try:
        settings, line = read(options.config)
        if options.check:
            sys.stdout.write(f"{options.config}: good, {point_count(settings)} points\n")
            return 0
        # lgpio makes a FIFO in its working folder and dies where it may not write.
        os.environ.setdefault("LG_WD", str(data))
        port = line_port(line, options.config.parent, settings.baud)
        node = build(settings, port, data / "node.boot", PiPlace(SerialBus), feed=watchdog())
    except (ConfigError, OSError, ssl.SSLError, ValueError) as error:
        sys.stderr.write(f"caseward node: {error}\n")
        return EXIT_USAGE
    stopping = _asked_to_stop()
    _notify("READY=1")
    while not stopping():
        node.step()
        time.sleep(SCAN_PAUSE_MS / 1_000)
    return 0


def read(path: Path) -> tuple[NodeConfig, dict[str, str]]:
    """The node's settings and its line. Raises ConfigError or OSError."""
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ConfigError(f"{path}: expected JSON, found: {error}") from None
    if not isinstance(table, dict):
        raise wrong(str(path), "a table", table)
    line = table.pop("line", None)
    known("line", line, list(LINE_KEYS))
    if not all(isinstance(value, str) for value in line.values()) or ("serial" in line) == ("tls" in line):
        raise wrong(
            "line", 'either "serial": PATH, or "tls": "HOST:PORT" with ca, cert and key', sorted(line)
        )
    return NodeConfig({"queue_max": QUEUE_MAX, **table}, KINDS), line


def point_count(settings: NodeConfig) -> int:
    """Points of the node, those of its devices included."""
    return len(settings.points) + sum(len(device.points) for device in settings.devices)


def line_port(line: dict[str, str], folder: Path, baud: int) -> SerialBus | TlsLine:
    """The port to the gateway. Raises ConfigError, OSError or ssl.SSLError."""
    if "serial" in line:
        return SerialBus(line["serial"], baud)
    host, colon, number = line["tls"].rpartition(":")
    if not colon or not host or not number.isdecimal() or not 0 < int(number) < 65_536:
        raise wrong("line.tls", "HOST:PORT", line["tls"])
    missing = [name for name in ("ca", "cert", "key") if name not in line]
    if missing:
        raise wrong("line", "the files ca, cert and key beside tls", f"no {', '.join(missing)}")
    files = [folder / line[name] for name in ("ca", "cert", "key")]
    return TlsLine(LineConfig(host, int(number), *files), steady_ms)


def build(
    settings: NodeConfig, port: Any, boot_file: Path, place: PiPlace, *, feed: Callable[[], None]
) -> Node:
    """The node with its pins, buses and devices, the boot counted. Raises ConfigError, OSError."""
    pins: dict[int, Any] = {}
    for point in settings.points:
        pins[point.point] = _pin(point, place)
    made = [_device(config, place) for config in settings.devices]
    boot = boot_count.next_boot(str(boot_file), settings.first_boot)
    keep = Keep(f"{boot_file}.kept", boot, settings.queue_max)
    return Node(
        settings, port, pins, steady_ms, boot=boot, reason=BOOT_OTHER, feed=feed, mem_free=lambda: 0, devices=made,
        keep=keep,
    )  # fmt: skip


def _pin(point: Any, place: PiPlace) -> Any:
    if point.kind == "reader":
        return place.uart(point.pin, READER_BAUD)
    if point.kind == "supervised":
        raise ConfigError(
            f"point {point.point}: a Raspberry Pi has no analogue input; a supervised loop goes to a board"
        )
    if point.kind == "output":
        is_on = point.at_start == "on"
        return place.output(point.pin, point.active_level if is_on else 1 - point.active_level)
    return place.contact(point.pin)


def _device(config: Any, place: PiPlace) -> Any:
    if config.kind == "modbus":
        return modbus.device(config, place.uart(config.bus, config.baud))
    if config.kind == "osdp":
        return osdp.device(config, place.uart(config.bus, config.baud))
    if config.kind == "recorder_serial":
        port = place.uart(config.bus, config.baud, config.parity[0].upper())
        return recorder_serial.device(config, port)
    return devices.build(config, place, 0)


def watchdog() -> Callable[[], None]:
    """Tells systemd that a scan was done; a node that hangs is started anew by it (WatchdogSec=)."""
    return (lambda: _notify("WATCHDOG=1")) if "NOTIFY_SOCKET" in os.environ else (lambda: None)


def _notify(word: str) -> None:
    """sd_notify(3): a datagram to the socket that the service manager names."""
    place = os.environ.get("NOTIFY_SOCKET")
    if not place:
        return
    address = "\0" + place[1:] if place.startswith("@") else place
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.sendto(word.encode(), address)


def _asked_to_stop() -> Callable[[], bool]:
    asked: list[int] = []

    def ask(number: int, _frame: FrameType | None) -> None:
        asked.append(number)

    signal.signal(signal.SIGTERM, ask)
    signal.signal(signal.SIGINT, ask)
    return lambda: bool(asked)
