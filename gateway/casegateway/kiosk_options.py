"""`caseward gateway --kiosk …`: where the screens of the cabinets are served, and what they keep and quote."""

import argparse
import tomllib
from collections.abc import Callable
from pathlib import Path

from casegateway.kiosks import KioskSetting
from casekiosk.asking import Ask
from casekiosk.files import KioskFiles
from casekiosk.house import Notice
from casekiosk.serving import KioskServer, Listen, ListenError
from casekiosk.web import Edge
from custody.area import Area

HOSTS = ("localhost", "127.0.0.1", "[::1]")


class KioskUsage(ValueError):
    """An option of the kiosk cannot be used; the text says which, what was expected and what was found."""


def add_kiosk_arguments(parser: argparse.ArgumentParser) -> None:
    """The kiosk's part of the command line of docs/gateway.md."""
    parser.add_argument("--kiosk", metavar="HOST:PORT", help="serve the screens of the area's cabinets there")
    parser.add_argument("--kiosk-host", action="append", default=[], help="a name by which screens call it")
    parser.add_argument(
        "--kiosk-tls-cert", type=Path, help="the kiosk's certificate; needed off this machine"
    )
    parser.add_argument("--kiosk-tls-key", type=Path)
    parser.add_argument("--kiosk-tls-ca", type=Path, help="the authority of the screens' certificates")
    parser.add_argument("--kiosk-notice", type=Path, help="TOML: what is quoted to a person, zh, en, source")


def kiosk_setting(options: argparse.Namespace, area: Area) -> KioskSetting | None:
    """What the screens keep; None without `--kiosk`. Raises `KioskUsage`, `KeyFileError`, `OSError`."""
    if options.kiosk is None:
        return None
    if not area.cabinets:
        raise KioskUsage("--kiosk: expected an area with a [[cabinet]], found none in area.toml")
    files = KioskFiles(options.data / "keys", options.data / "kiosk")
    return KioskSetting(files, None if options.kiosk_notice is None else _notice(options.kiosk_notice))


def kiosk_server(
    options: argparse.Namespace, area: Area, offer: Callable[[Ask], bool], salt: Callable[[str], bytes]
) -> KioskServer | None:
    """The screens' server, bound and not yet serving; None without `--kiosk`. Raises `KioskUsage`."""
    if options.kiosk is None:
        return None
    host, colon, port = options.kiosk.rpartition(":")
    if not colon or not host or not port.isdecimal() or int(port) >= 65_536:
        raise KioskUsage(f"--kiosk: expected HOST:PORT, found {options.kiosk!r}")
    tls = options.kiosk_tls_cert, options.kiosk_tls_key, options.kiosk_tls_ca
    cabinets = {cabinet.id: cabinet.name for cabinet in area.cabinets.values()}
    try:
        listen = Listen(host.strip("[]"), int(port), *tls)
        edge = Edge(cabinets, offer, salt, area.timezone, (*HOSTS, *options.kiosk_host), listen.is_secure)
        return KioskServer(listen, edge)
    except (ListenError, OSError) as error:
        raise KioskUsage(f"--kiosk {options.kiosk}: {error}") from None


def _notice(path: Path) -> Notice:
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
        return Notice(*(_text(told, key) for key in ("zh", "en", "source")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, ValueError) as error:
        raise KioskUsage(
            f"--kiosk-notice {path}: expected the texts zh, en and source, found: {error}"
        ) from None


def _text(told: dict[str, object], key: str) -> str:
    value = told.get(key)
    if not isinstance(value, str) or not value:
        raise ValueError(f"{key} = {value!r}")
    return value
