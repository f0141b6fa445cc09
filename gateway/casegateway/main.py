"""`caseward gateway`: reads the configuration, joins the parts, runs until it is told to end.

Exit codes: 0 ended on request; 2 called or configured wrongly; 3 the log is damaged; 4 the
storage failed; 5 another process holds the log; 6 the signing key, sealed by a TPM, does not open.
"""

import argparse
import errno
import logging
import os
import secrets
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib import metadata
from pathlib import Path
from types import FrameType

import structlog

from casegateway.adapters.fake_gpio import Change, FakeGpio
from casegateway.adapters.gpio import GpioFailed, GpioPort, GpioUnavailable, load_api
from casegateway.adapters.mqtt import MEND, WORDS, BrokerConfig, MqttLink
from casegateway.adapters.net_port import Certificates, NetPort, NetPortError, is_net
from casegateway.adapters.serial_port import SerialPort
from casegateway.adapters.tpm import TCTI_DEFAULT, Tpm
from casegateway.beginning import adopt_next_key, beginning, keyring
from casegateway.book import Book
from casegateway.core import AGAIN, EXIT_STORAGE_FAILED, GatewayCore
from casegateway.events import DriveLine
from casegateway.evidence import Evidence, mend, open_evidence
from casegateway.identity import Identity
from casegateway.kiosk_options import (
    KioskUsage,
    add_kiosk_arguments,
    kiosk_server,
    kiosk_setting,
)
from casegateway.limits import RESERVE_MIB, SCRUB_HOUR, SPACE_LOW_MIB
from casegateway.memory import Memory
from casegateway.mending import Mender
from casegateway.outputs import sounders_on
from casegateway.reserve import NAME as RESERVE
from casegateway.runtime import Inlet, LineFile, RateClock, Shell, Tracer, moment_of, real_us, run
from casegateway.sealed import EXIT_KEY_CLOSED, OtherTpm, TpmUnavailable
from casegateway.state import (
    StateError,
    load_cursor,
    load_durable,
    next_boot,
    node_keys,
    server_public,
)
from casegateway.storage import Storage
from caselog.errors import DiskBusy, FormatError, LogDamaged, LogStopped
from caselog.log import Recovery
from custody.area import Area, Port, load_area
from custody.bundled import rulebook_of_area
from custody.config import ConfigError
from custody.engine import Engine
from custody.rules import Rulebook

EXIT_USAGE = 2
EXIT_LOG_DAMAGED = 3
EXIT_BUSY = 5
LIVES_MAX = 8
"""Times the log is opened anew by one process: after that somebody has to look at the machine."""
HOURS = 24
NONCE_BYTES = 16
CURSOR = "outbox.json"
ClockFactory = Callable[[int, int | None], RateClock]
"""From the number of the start, and the microseconds by which the wall clock may be off where somebody vouches for it."""

log = structlog.get_logger()


class Usage(ValueError):
    """An argument cannot be used; the text says which, what was expected and what was found."""


def arguments(argv: list[str]) -> argparse.Namespace:
    """Parse the command line of docs/gateway.md; exits with 2 when it is wrong."""
    parser = argparse.ArgumentParser(prog="caseward gateway", description=__doc__.split("\n")[0])
    parser.add_argument("--config", type=Path, required=True, help="area.toml")
    parser.add_argument("--data", type=Path, required=True, help="folder of log, keys and state")
    parser.add_argument(
        "--port", action="append", default=[], metavar="ID=PATH", help="another path for a port"
    )
    parser.add_argument("--rulebook", type=Path, help="a rulebook file instead of the bundled one")
    parser.add_argument("--broker", default="127.0.0.1:1883", metavar="HOST:PORT", help="or 'none'")
    parser.add_argument("--mqtt-user", help="user name; the gateway's id when only a password is given")
    parser.add_argument("--mqtt-password-file", type=Path)
    parser.add_argument("--tls-ca", type=Path, help="certificate authority; switches TLS on")
    parser.add_argument("--tls-cert", type=Path)
    parser.add_argument("--tls-key", type=Path)
    parser.add_argument("--node-tls-cert", type=Path, help="the gateway's certificate for nodes over TLS")
    parser.add_argument("--node-tls-key", type=Path)
    parser.add_argument("--node-tls-ca", type=Path, help="the authority of the nodes' certificates")
    parser.add_argument("--gpio", choices=("rpi", "fake", "none"), default="rpi")
    parser.add_argument("--gpio-timeline", type=Path, help="with --gpio fake: each change as a line")
    parser.add_argument(
        "--clock-doubt", default="", metavar="REASON", help="the wall clock is not to be trusted"
    )
    parser.add_argument(
        "--wall-error-ms", type=int, metavar="N", help="the wall clock is right at the start, within so much"
    )
    parser.add_argument("--trace", type=Path, help="a line before each append, commit, ack, publish")
    parser.add_argument(
        "--second-log", type=Path, metavar="DIR", help="on another disk: the log goes on there"
    )
    parser.add_argument(
        "--scrub-hour", default=str(SCRUB_HOUR), metavar="HOUR", help="local hour, or 'never'"
    )
    parser.add_argument("--disk-low-mib", type=int, default=SPACE_LOW_MIB, help="alarm below this free room")
    parser.add_argument("--disk-reserve-mib", type=int, default=RESERVE_MIB, help="room kept back for facts")
    parser.add_argument(
        "--tcti", dest="tpm", type=Tpm.named, default=TCTI_DEFAULT, help="the TPM that sealed the key"
    )
    add_kiosk_arguments(parser)
    parser.add_argument("--log-level", choices=("debug", "info", "warning", "error"), default="info")
    return parser.parse_args(argv)


def main(argv: list[str], clock_factory: ClockFactory) -> int:
    """Run the gateway; `clock_factory` gives the clock. Returns the exit code."""
    options = arguments(argv)
    _log_to_stderr(options.log_level)
    try:
        return _run(options, clock_factory)
    except (ConfigError, Usage, KioskUsage, StateError, FormatError, GpioUnavailable, NetPortError) as error:
        log.error("cannot start", error=str(error))
        return EXIT_USAGE
    except DiskBusy as error:
        log.error("another process holds the log", error=str(error))
        return EXIT_BUSY
    except TpmUnavailable as error:
        way = (
            "a lost key ends its log: begin-anew --new-key" if isinstance(error, OtherTpm) else "start again"
        )
        log.error("the signing key does not open", error=str(error), way_out=way)
        return EXIT_KEY_CLOSED
    except LogDamaged as error:
        log.error("the log is damaged", segment=error.segment, offset=error.offset, error=str(error))
        return EXIT_LOG_DAMAGED
    except (LogStopped, OSError) as error:
        log.error("storage failed", error=str(error))
        return EXIT_STORAGE_FAILED


@dataclass(frozen=True, slots=True)
class _Setting:
    """What stays the same from one opening of the log to the next."""

    options: argparse.Namespace
    area: Area
    rulebook: Rulebook
    identity: Identity
    node_keys: dict[str, bytes]
    public: bytes | None
    scrub_hour: int | None
    stopping: Callable[[], bool]
    trace: Tracer
    timeline: LineFile


def _run(options: argparse.Namespace, clock_factory: ClockFactory) -> int:
    config_text = _read(options.config)
    area = load_area(config_text, str(options.config))
    rulebook, rulebook_hash = _rulebook(area, options.rulebook)
    identity = Identity(
        area.gateway,
        sha256(config_text.encode()).hexdigest(),
        rulebook.id,
        rulebook_hash,
        metadata.version("caseward"),
    )
    keys = node_keys(options.data / "keys" / "nodes.toml", area)
    public = server_public(options.data / "keys" / "server.pub")
    hour = _scrub_hour(options.scrub_hour)
    setting = _Setting(
        options, area, rulebook, identity, keys, public, hour, _stop_on_signals(), Tracer(options.trace),
        LineFile(options.gpio_timeline),
    )  # fmt: skip
    for _ in range(LIVES_MAX):
        code = _live(setting, clock_factory)
        if code != AGAIN:
            return code
        log.info("opening the log anew")
    return EXIT_LOG_DAMAGED


def _live(setting: _Setting, clock_factory: ClockFactory) -> int:
    """Open the log and run on it; AGAIN when it was an interim one and the real one is mended, or when it is damaged."""
    options, area = setting.options, setting.area
    gpio = _gpio(options, setting.timeline)
    cursor, durable = load_cursor(options.data / CURSOR), load_durable(options.data / CURSOR)
    try:
        evidence = open_evidence(options.data, options.second_log, cursor, lambda: _cry(area, gpio), durable)
    except (LogDamaged, LogStopped, OSError):
        _cry(area, gpio)
        raise
    try:
        error_us = None if options.wall_error_ms is None else options.wall_error_ms * 1_000
        clock = clock_factory(_boot_number(options.data), error_us)
        code = _serve(setting, evidence, clock, gpio, cursor)
        if code == AGAIN and evidence.filling is not None and evidence.filling.is_whole:
            mend(evidence, cursor, moment_of(clock).instant)
        return code
    except TpmUnavailable:
        _cry(area, gpio)
        raise
    finally:
        evidence.close()


def _serve(
    setting: _Setting, evidence: Evidence, clock: RateClock, gpio: GpioPort | None, cursor: int
) -> int:
    """Join the parts over an open log and run them to the end."""
    options, area, data = setting.options, setting.area, setting.options.data
    book_log = evidence.log
    prefix = f"caseward.local/{area.id}/{area.gateway}/"
    start = beginning(data / "state", prefix, is_log_empty=book_log.size == 0)
    signers = keyring(data / "keys", start.origin, options.tpm)
    if evidence.filling is not None:
        signers.coming = None  # a key changes in the real log only
    inlet = Inlet()
    book = Book(book_log, Engine(area, setting.rulebook), Memory(), setting.trace)
    mender = Mender(start.origin, signers.publics, setting.public, secrets.token_hex(NONCE_BYTES))
    storage = Storage(
        book, evidence.disk, mender, area.zone,
        low_bytes=options.disk_low_mib << 20, reserve_bytes=options.disk_reserve_mib << 20,
        scrub_hour=None if evidence.filling is not None else setting.scrub_hour,
        second_path=str(options.second_log or ""), filling=evidence.filling, reasons=evidence.reasons,
    )  # fmt: skip
    now = moment_of(clock)
    core = GatewayCore(
        area, setting.identity, book, setting.node_keys, signers, setting.public, options.clock_doubt, cursor,
        now, start.after, storage=storage, kiosk=kiosk_setting(options, area),
    )  # fmt: skip
    if book_log.size and book.chain is None and evidence.filling is None:
        raise StateError(data / "log", "log.begun/1 as leaf 0", "another leaf")
    shell = _shell(setting, evidence, inlet, gpio, core)
    log.info("starting", gateway=area.gateway, boot=now.instant.boot, leaves=book_log.size, gpio=options.gpio)
    stop = shell.act(core.boot(moment_of(clock), _reason(evidence.recovery, core)))
    if stop is not None:
        log.error("stopping", code=stop.code, reason=stop.reason)
        return stop.code
    adopt_next_key(data / "keys", signers)
    shell.start()
    try:
        code = run(core, shell, inlet, clock, setting.stopping)
    except BaseException:
        shell.act(core.farewell())  # a gateway that ends by a fault of its own must be heard too
        raise
    finally:
        shell.stop()
    log.info("ended", code=code, leaves=book_log.durable_size)
    return code


def _shell(
    setting: _Setting, evidence: Evidence, inlet: Inlet, gpio: GpioPort | None, core: GatewayCore
) -> Shell:
    """The adapters. With an interim log nothing is sent but questions, and nothing is heard but answers."""
    options, area = setting.options, setting.area
    paths = _port_paths(area, options.port)
    is_interim = evidence.filling is not None
    return Shell(
        ports={port.id: _port(port, paths[port.id], options, inlet) for port in area.ports.values()},
        broker=_broker(area, options, inlet, (MEND,) if is_interim else WORDS),
        gpio=gpio,
        cursor_file=options.data / CURSOR,
        trace=setting.trace,
        size=lambda: evidence.log.durable_size,
        lines={"trace": setting.trace, "gpio_timeline": setting.timeline},
        topics=frozenset({MEND}) if is_interim else None,
        screens=kiosk_server(options, area, inlet.offer, core.kiosk.salt),
    )


def _port(port: Port, path: str, options: argparse.Namespace, inlet: Inlet) -> SerialPort | NetPort:
    if not is_net(path):
        return SerialPort(port.id, path, port.baud, inlet.put, real_us)
    files = options.node_tls_cert, options.node_tls_key, options.node_tls_ca
    if not all(files):
        raise Usage(f"port {port.id}: {path} expects --node-tls-cert, --node-tls-key and --node-tls-ca")
    return NetPort(port.id, path, Certificates(*files), inlet.put, real_us)


def _boot_number(data: Path) -> int:
    """Count this start. Where the disk has no room even for that, the room kept back for facts is given up."""
    try:
        return next_boot(data / "state" / "boot")
    except OSError as error:
        reserve = data / "log" / RESERVE
        if error.errno != errno.ENOSPC or not reserve.exists():
            raise
        os.truncate(reserve, 0)
        return next_boot(data / "state" / "boot")


def _scrub_hour(text: str) -> int | None:
    if text == "never":
        return None
    if not text.isdecimal() or not 0 <= int(text) < HOURS:
        raise Usage(f"--scrub-hour: expected an hour from 0 to {HOURS - 1} or never, found {text!r}")
    return int(text)


def _cry(area: Area, gpio: GpioPort | None) -> None:
    """There is no log, so there are no rules: whoever hears the sounder must come."""
    for action in sounders_on(area):
        if gpio is not None and isinstance(action, DriveLine):
            try:
                gpio.write(action.line, active=True)
            except GpioFailed as error:
                log.error("output failed", output=action.output, line=action.line, error=str(error))


def _reason(recovery: Recovery, core: GatewayCore) -> str:
    """The text of gateway.booted: what the log was when it was opened."""
    found = core.found
    parts = [f"{found.facts} facts, {found.outputs} outputs"]
    if recovery.cut_bytes:
        parts.append(f"torn tail of {recovery.cut_bytes} bytes cut: {recovery.cut_reason}")
    if found.missing:
        parts.append(f"{len(found.missing)} outputs completed")
    if found.unreadable:
        parts.append(f"{found.unreadable} leaves of a later version")
    return "; ".join(parts)


def _rulebook(area: Area, file: Path | None) -> tuple[Rulebook, str]:
    return rulebook_of_area(area, _read(file) if file is not None else None)


def _port_paths(area: Area, given: list[str]) -> dict[str, str]:
    paths = {port.id: port.path for port in area.ports.values()}
    for item in given:
        port, equals, path = item.partition("=")
        if not equals or port not in paths or not path:
            raise Usage(f"--port: expected one of {', '.join(paths)} followed by =PATH, found {item!r}")
        paths[port] = path
    return paths


def _broker(area: Area, options: argparse.Namespace, inlet: Inlet, words: Sequence[str]) -> MqttLink | None:
    if options.broker == "none":
        return None
    host, colon, port = options.broker.rpartition(":")
    if not colon or not host or not port.isdecimal() or not 0 < int(port) < 65_536:
        raise Usage(f"--broker: expected HOST:PORT or none, found {options.broker!r}")
    password = None
    if options.mqtt_password_file is not None:
        password = _read(options.mqtt_password_file).strip()
    user = options.mqtt_user or (area.gateway if password is not None else None)
    files = [str(path) if path else None for path in (options.tls_ca, options.tls_cert, options.tls_key)]
    return MqttLink(area.gateway, BrokerConfig(host, int(port), user, password, *files), inlet.put, words)


def _gpio(options: argparse.Namespace, timeline: LineFile) -> GpioPort | None:
    if options.gpio == "none":
        return None
    if options.gpio == "rpi":
        # lgpio makes a FIFO in its working folder and dies where it may not write.
        os.environ.setdefault("LG_WD", str(options.data))
        try:
            return GpioPort(load_api())
        except GpioUnavailable as error:
            raise GpioUnavailable(
                f"{error}; --gpio fake or none runs without the gateway's own lines"
            ) from None
    return GpioPort(FakeGpio(real_us, _timeline(timeline)), "fake")


def _timeline(file: LineFile) -> Callable[[Change], None]:
    """Writes each change of a fake output as `<real_us> <line> <level>`."""
    return lambda change: file.write(f"{change.real_us} {change.line} {change.level}")


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Usage(f"{path}: expected a readable UTF-8 file, found: {error}") from None


def _stop_on_signals() -> Callable[[], bool]:
    """True after SIGTERM or SIGINT; the loop looks at least five times a second."""
    asked: list[int] = []

    def ask(number: int, _frame: FrameType | None) -> None:
        asked.append(number)

    signal.signal(signal.SIGTERM, ask)
    signal.signal(signal.SIGINT, ask)
    return lambda: bool(asked)


def _log_to_stderr(level: str) -> None:
    """JSON lines. Only ids, counts and the system's own words: never a body of a fact."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
    )
