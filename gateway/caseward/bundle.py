"""`caseward bundle`: one stay for a court, written on the server's machine out of its store.

The server may run or not; nothing is changed but the record of this export. A bundle of a stay that still goes
on shows completeness up to its last leaf only: the page of the stay asks the gateway for a count first.

Exit codes: 0 written; 2 called wrongly, or there is nothing to write.
"""

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from caselog.errors import FormatError
from caseserver.bundle.disclosed import Disclose, disclosing, nothing
from caseserver.bundle.maker import BundleMaker, Made
from caseserver.bundle.report import ReportError
from caseserver.bundle.selection import NothingToBundle
from caseserver.commands import write_down
from caseserver.people.people import KeyRingError, People
from caseserver.people.sealed import SealError
from caseserver.program import DATABASE_FILE, Loaded, load_texts, server_key
from caseserver.settings import Settings, SettingsError, load_settings
from caseserver.store.database import Database
from caseserver.store.leaves import gateways_of


class Usage(ValueError):
    """The command was called wrongly; says what was expected and what was found."""


def main(argv: list[str], clock: Any) -> int:
    """Write one bundle. `clock`: station time."""
    options = _arguments(argv)
    os.umask(0o077)
    try:
        made = _write(options, clock)
    except (
        Usage,
        SettingsError,
        NothingToBundle,
        ReportError,
        FormatError,
        SealError,
        KeyRingError,
        OSError,
    ) as error:
        sys.stderr.write(f"caseward bundle: {error}\n")
        return 2
    chosen = made.selection
    counted = "counted at its end" if chosen.is_counted else "not counted: complete up to its last leaf only"
    sys.stdout.write(f"{options.output}: {len(chosen.own)} leaves of {options.stay}, {counted}\n")
    if made.others:
        sys.stdout.write(f"leaves that name other stays by reference: {', '.join(map(str, made.others))}\n")
    return 0


def _arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="caseward bundle", description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="the server's directory")
    parser.add_argument("--stay", required=True, help="reference of the stay")
    parser.add_argument(
        "--gateway", help="whose log, where there are several; NAME/EPOCH is one that has ended"
    )
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FILE", help="a new file")
    parser.add_argument("--officer", required=True, help="number of the officer who exports")
    parser.add_argument("--reason", required=True, help="why; goes into the server's own log")
    parser.add_argument(
        "--text", type=Path, action="append", default=[], help="a configuration or rulebook of before"
    )
    parser.add_argument(
        "--disclose", action="append", default=[], metavar="FIELD", help="a particular to lay open"
    )
    return parser.parse_args(argv)


def _write(options: argparse.Namespace, clock: Any) -> Made:
    settings = load_settings(options.data)
    database = Database(options.data / DATABASE_FILE)
    try:
        log = _log(options, settings, database)
        gateway = log.partition("/")[0]
        found = load_texts(options.data, gateway, settings.gateways[gateway])
        maker = BundleMaker(options.data, database, server_key(options.data).named(settings.name))
        for path in options.text:
            maker.texts.keep(path.read_text(encoding="utf-8"))
        disclose = _disclose(options, settings, found)
        now_us = clock.now().earliest_us
        made = maker.make(found.area, found.rulebook, options.stay, now_us, disclose, log)
        detail = {"reason": options.reason, "disclosed": options.disclose, "leaves": len(made.selection.own)}
        subject = f"{found.area.id}/{options.stay}"
        # Before the file: an export nobody knows of must not exist
        write_down(database, options.data, settings, clock, options.officer, "export.made", subject, detail)
        with options.output.open("xb") as file:
            file.write(made.data)
    finally:
        database.close()
    return made


def _log(options: argparse.Namespace, settings: Settings, database: Database) -> str:
    """The log that was asked for, or the only one that holds the stay: NAME, or NAME/EPOCH of one that has ended."""
    names = list(settings.gateways)
    name: str | None = options.gateway
    if name is None:
        with database.reading() as connection:
            holding = gateways_of(connection, options.stay)
        if len(holding) > 1:
            raise Usage(
                f"expected --gateway, one of {', '.join(holding)}: each holds records of {options.stay}"
            )
        name = holding[0] if holding else names[0] if len(names) == 1 else None
        if name is None:
            raise Usage(f"expected a stay that a log here holds, found {options.stay}")
    if name.partition("/")[0] not in settings.gateways:
        raise Usage(f"expected --gateway, one of {', '.join(names) or 'none in server.toml'}, found {name}")
    return name


def _disclose(options: argparse.Namespace, settings: Settings, found: Loaded) -> Disclose:
    if not options.disclose:
        return nothing
    if settings.people is None:
        raise Usage("expected people.keys in server.toml for --disclose, found none")
    people = People(options.data, settings.people.keys)
    return disclosing(people, found.area.id, options.stay, options.disclose)
