"""`caseward server init` and `caseward server account`: what is done beside the running server."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from caselog.errors import DiskBusy
from caselog.keys import SoftKey
from caseserver.accounts import AccountError, Accounts, Hasher, new_password
from caseserver.audit import Audit, new_entry
from caseserver.own_log import FOLDER as LOG_FOLDER
from caseserver.own_log import OwnLog
from caseserver.people.keyring import KeyRing, KeyRingError, check_apart
from caseserver.program import DATABASE_FILE, KEY_FILE, known_of
from caseserver.settings import Settings, load_settings
from caseserver.signed import fact_id, signed_fact
from caseserver.store import audit as audit_rows
from caseserver.store import facts as fact_rows
from caseserver.store.database import Database
from caseserver.store.facts import PendingFact
from caseserver.vouching import CommandError, Vouching, asker
from custody.area import load_area
from custody.config import ConfigError
from custody.facts import check_body
from custody.vocabulary import ROLES, SERVICES, SEXES

ADMINISTRATORS: Final = ("admin-1", "admin-2")
PUBLIC_KEY_FILE: Final = Path("keys/server.pub")

_TEMPLATE: Final = """\
# Caseward server. Every setting: docs/server.md. Environment variables CASEWARD_SERVER_* override this file,
# for example CASEWARD_SERVER_BROKER__HOST.
listen = "127.0.0.1:8000"

[broker]
host = "127.0.0.1"
port = 1883

# One table for each gateway: its area.toml (relative to this directory) and its public key, 64 hex digits,
# as the gateway prints it at its first start.
"""


def init_main(argv: list[str], clock: Any) -> int:
    """Make keys, database, server.toml and two administrators; print their passwords, this once."""
    parser = argparse.ArgumentParser(prog="caseward server init", description=init_main.__doc__)
    parser.add_argument("--data", type=Path, required=True, help="directory to prepare; made when missing")
    parser.add_argument(
        "--gateway",
        action="append",
        default=[],
        metavar="NAME=AREA.toml:PUBLIC_KEY",
        help="a gateway; repeatable",
    )
    parser.add_argument(
        "--keys", type=Path, help="directory for the keys to personal data, apart from --data"
    )
    arguments = parser.parse_args(argv)
    gateways = [_gateway(text) for text in arguments.gateway]
    os.umask(0o077)
    passwords = init(arguments.data, gateways, clock, arguments.keys)
    print("Two administrators. Their passwords are shown this once; each is to be handed to one person:")  # noqa: T201
    for number, password in passwords.items():
        print(f"  {number}  {password}")  # noqa: T201
    public = (arguments.data / PUBLIC_KEY_FILE).read_text(encoding="utf-8").strip()
    print(f"The server's public key, for each gateway's keys/server.pub:\n  {public}")  # noqa: T201
    return 0


def init(
    data: Path, gateways: list[tuple[str, Path, str]], clock: Any, keys: Path | None = None,
    hasher: Hasher | None = None,
) -> dict[str, str]:  # fmt: skip
    """Prepare `data`, and `keys` for personal data; gives number -> password of the administrators. Refuses a directory that is prepared.

    `hasher` sets argon2's cost.
    """
    if (data / DATABASE_FILE).exists() or (data / KEY_FILE).exists():
        raise CommandError(
            f"expected a directory without {DATABASE_FILE} and {KEY_FILE}, found them in {data}"
        )
    if keys is not None:
        make_keys(data, keys)
    (data / KEY_FILE).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = SoftKey.generate()
    key.save(data / KEY_FILE)
    (data / PUBLIC_KEY_FILE).write_text(key.public.hex() + "\n", encoding="utf-8")
    if not (data / "server.toml").exists():
        (data / "server.toml").write_text(
            _TEMPLATE + "".join(map(_gateway_table, gateways)) + _people_table(keys), encoding="utf-8"
        )
    settings = load_settings(data)
    database = Database(data / DATABASE_FILE)
    try:
        accounts = Accounts(database, settings.sessions, hasher)
        passwords = {number: new_password() for number in ADMINISTRATORS}
        for number, password in passwords.items():
            roles = ["system_administrator"]
            accounts.add(number, roles, password, "init")
            write_down(database, data, settings, clock, "init", "account.added", number, {"roles": roles})
    finally:
        database.close()
    return passwords


def keys_main(argv: list[str]) -> int:
    """Make a key directory for personal data; print what goes into server.toml."""
    parser = argparse.ArgumentParser(prog="caseward server keys", description=keys_main.__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the server's data directory")
    parser.add_argument("--keys", type=Path, required=True, help="directory to make, apart from --data")
    arguments = parser.parse_args(argv)
    os.umask(0o077)
    make_keys(arguments.data, arguments.keys)
    print(f"For {arguments.data / 'server.toml'}:{_people_table(arguments.keys)}")  # noqa: T201
    return 0


def make_keys(data: Path, keys: Path) -> None:
    """A new key directory. Raises CommandError inside the data directory, around it, or where there is one."""
    try:
        check_apart(keys, data)
        KeyRing.create(keys)
    except (KeyRingError, OSError) as error:
        raise CommandError(f"--keys: {error}") from None


def account_main(argv: list[str], clock: Any) -> int:
    """Add, disable or list officers' accounts, set a password, take a second factor away. Changes need two administrators."""
    arguments = _account_parser().parse_args(argv)
    os.umask(0o077)
    settings = load_settings(arguments.data)
    database = Database(arguments.data / DATABASE_FILE)
    try:
        vouching = Vouching(database, settings, SoftKey.load(arguments.data / KEY_FILE))
        accounts = vouching.accounts
        if arguments.act == "list":
            for number, roles, is_disabled in accounts.listed():
                print(number, ",".join(roles), "disabled" if is_disabled else "")  # noqa: T201
            return 0
        ask = asker(from_stdin=arguments.passwords_stdin)
        if arguments.act == "password":
            vouching.change_password(arguments.number, ask)
            write_down(
                database,
                arguments.data,
                settings,
                clock,
                arguments.number,
                "account.password_changed",
                arguments.number,
            )
            return 0
        by = vouching.two_administrators(arguments.by, ask)
        if arguments.act == "factor-off":
            vouching.factors.remove(arguments.number)
            write_down(
                database, arguments.data, settings, clock, by, "second_factor.removed", arguments.number
            )
            return 0
        if arguments.act == "disable":
            accounts.disable(arguments.number)
            write_down(database, arguments.data, settings, clock, by, "account.disabled", arguments.number)
            return 0
        fact = _registration(arguments)
        password = ask(f"password of {arguments.number}") if arguments.choose_password else new_password()
        roles = arguments.roles.split(",")
        accounts.add(arguments.number, roles, password, by)
        detail = {"roles": roles}
        write_down(database, arguments.data, settings, clock, by, "account.added", arguments.number, detail)
        if not arguments.choose_password:
            print(f"{arguments.number}  {password}")  # noqa: T201
        for area in arguments.area:
            register(
                database,
                arguments.data,
                settings.name,
                clock,
                _gateway_of(arguments.data, settings, area),
                fact,
            )
    except AccountError as error:
        raise CommandError(str(error)) from None
    finally:
        database.close()
    return 0


def register(
    database: Database, data: Path, name: str, clock: Any, gateway: str, body: Mapping[str, Any]
) -> str:
    """Put officer.registered on its way to a gateway; the running server sends it. Gives the fact's id."""
    now = clock.now()
    new_id = fact_id()
    occurred = {"earliest_us": now.earliest_us, "latest_us": now.latest_us, "by": "server"}
    fact = {
        "type": "officer.registered",
        "id": new_id,
        "occurred": occurred,
        "stay": None,
        "body": dict(body),
    }
    payload = signed_fact(SoftKey.load(data / KEY_FILE).named(name), fact)
    with database.writing() as connection:
        fact_rows.put(
            connection,
            PendingFact(
                new_id, gateway, "officer.registered", str(body["officer"]), payload, now.earliest_us
            ),
        )
    return new_id


def write_down(
    database: Database, data: Path, settings: Settings, clock: Any, by: str, action: str, subject: str,
    detail: Mapping[str, Any] | None = None,
) -> None:  # fmt: skip
    """Into the server's own log: at once, or by the running server, which has it open and finds what waits."""
    entry = new_entry(by, action, subject, detail, clock.now().earliest_us)
    with database.writing() as connection:
        audit_rows.put(connection, entry, None, None)
    key = SoftKey.load(data / KEY_FILE)
    try:
        log = OwnLog(data / LOG_FOLDER, settings.station, key, clock.now(), known_of(database))
    except DiskBusy:
        return
    Audit(database, log, clock.now)
    log.close()


def _account_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="caseward server account", description=account_main.__doc__)
    acts = parser.add_subparsers(dest="act", required=True)
    for act in ("add", "disable", "password", "factor-off", "list"):
        sub = acts.add_parser(act)
        sub.add_argument("--data", type=Path, required=True)
        if act != "list":
            sub.add_argument("number", help="the officer's number")
            sub.add_argument(
                "--passwords-stdin",
                action="store_true",
                help="read the passwords asked for from standard input, a line each",
            )
        if act in ("add", "disable", "factor-off"):
            sub.add_argument(
                "--by", action="append", default=[], help="administrator; twice, two different ones"
            )
        if act == "add":
            sub.add_argument("--roles", required=True, help=f"comma-separated, out of {', '.join(ROLES)}")
            sub.add_argument(
                "--choose-password", action="store_true", help="ask for it instead of printing a random one"
            )
            sub.add_argument(
                "--area", action="append", default=[], help="also register the officer there; repeatable"
            )
            sub.add_argument("--service", choices=SERVICES, default="sworn")
            sub.add_argument("--sex", choices=SEXES)
            sub.add_argument("--badge", help="tag id of the badge")
    return parser


def _registration(arguments: argparse.Namespace) -> dict[str, Any]:
    body: dict[str, Any] = {
        "officer": arguments.number,
        "service": arguments.service,
        "roles": arguments.roles.split(","),
    }
    body |= {key: value for key in ("sex", "badge") if (value := getattr(arguments, key)) is not None}
    problems = check_body("officer.registered", body)
    if problems:
        raise CommandError("; ".join(f"{p.key}: expected {p.expected}, found {p.found}" for p in problems))
    return body


def _gateway_of(data: Path, settings: Any, area_id: str) -> str:
    for gateway, config in settings.gateways.items():
        file = config.area if config.area.is_absolute() else data / config.area
        try:
            if load_area(file.read_text(encoding="utf-8"), str(file)).id == area_id:
                return str(gateway)
        except (OSError, ConfigError) as error:
            raise CommandError(f"gateways.{gateway}.area: {error}") from None
    raise CommandError(f"expected the id of an area of server.toml, found {area_id}")


def _gateway(text: str) -> tuple[str, Path, str]:
    match = re.fullmatch(r"([a-z0-9-]{1,32})=(.+):([0-9a-f]{64})", text)
    if match is None:
        raise CommandError(f"expected NAME=AREA.toml:PUBLIC_KEY (64 hex digits), found {text}")
    return match[1], Path(match[2]), match[3]


def _people_table(keys: Path | None) -> str:
    return f"\n[people]\nkeys = {_quoted(keys.resolve())}\n" if keys is not None else ""


def _quoted(path: Path) -> str:
    return '"' + str(path).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _gateway_table(gateway: tuple[str, Path, str]) -> str:
    name, area, public = gateway
    return f'\n[gateways.{name}]\narea = {_quoted(area)}\npublic_key = "{public}"\n'
