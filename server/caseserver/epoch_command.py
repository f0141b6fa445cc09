"""`caseward server accept-epoch`: two administrators take a gateway's new log after its old one has ended."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from caselog.errors import DiskBusy
from caselog.keys import SoftKey
from caseserver.commands import write_down
from caseserver.epochs import EpochError, accept, successor
from caseserver.own_log import FOLDER, OwnLog
from caseserver.program import DATABASE_FILE, KEY_FILE, known_of, load_texts
from caseserver.settings import Settings, load_settings
from caseserver.store.database import Database
from caseserver.store.leaves import LeafReader
from caseserver.vouching import CommandError, Vouching, asker


def accept_main(argv: list[str], clock: Any) -> int:
    """Take the log that a gateway began anew. The server must stand still; the old log is kept."""
    arguments = _arguments(argv)
    os.umask(0o077)
    settings = load_settings(arguments.data)
    gateway = settings.gateways.get(arguments.gateway)
    if gateway is None:
        raise CommandError(f"expected one of {', '.join(settings.gateways)}, found {arguments.gateway}")
    found = load_texts(arguments.data, arguments.gateway, gateway)
    database = Database(arguments.data / DATABASE_FILE)
    try:
        _check_stopped(arguments.data, settings, database, clock)
        vouching = Vouching(database, settings, SoftKey.load(arguments.data / KEY_FILE))
        by = vouching.two_administrators(arguments.by, asker(from_stdin=arguments.passwords_stdin))
        reader = LeafReader(database)
        held = reader.held(arguments.gateway)
        with database.reading() as connection:
            new = successor(connection, reader, held)
        if new.public.hex() != gateway.public_key:
            raise CommandError(
                f"expected public_key {new.public.hex()} of {arguments.gateway} in server.toml, found {gateway.public_key}: "
                "compare it with what the gateway itself shows, then enter it"
            )
        detail = {
            "origin": new.origin,
            "after": held.origin,
            "size": new.after.size,
            "reason": new.after.reason,
        }
        write_down(database, arguments.data, settings, clock, by, "epoch.accepted", arguments.gateway, detail)
        with database.writing() as connection:
            kept = accept(connection, held, found.area.id, new.origin)
    except EpochError as error:
        raise CommandError(str(error)) from None
    finally:
        database.close()
    sys.stdout.write(
        f"{new.origin} is taken from now on; {held.size} leaves of the old log are kept as {kept}\n"
    )
    return 0


def _arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="caseward server accept-epoch", description=accept_main.__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the server's directory")
    parser.add_argument("--gateway", required=True, help="which gateway")
    parser.add_argument("--by", action="append", default=[], help="administrator; twice, two different ones")
    parser.add_argument(
        "--passwords-stdin", action="store_true", help="read their passwords from standard input"
    )
    return parser.parse_args(argv)


def _check_stopped(data: Path, settings: Settings, database: Database, clock: Any) -> None:
    """A running server holds its own log, and would go on with what it has in memory."""
    try:
        log = OwnLog(
            data / FOLDER, settings.station, SoftKey.load(data / KEY_FILE), clock.now(), known_of(database)
        )
    except DiskBusy:
        raise CommandError("expected a server that stands still, found it running") from None
    log.close()
