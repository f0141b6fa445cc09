"""`caseward server token`: a program's token is made, listed or revoked beside the running server."""

from __future__ import annotations

import argparse
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from caselog.keys import SoftKey
from caseserver.accounts import AccountError
from caseserver.commands import write_down
from caseserver.program import DATABASE_FILE, KEY_FILE
from caseserver.settings import load_settings
from caseserver.store.database import Database
from caseserver.tokens import DAYS_MAX, SCOPES, Token, Tokens
from caseserver.vouching import CommandError, Vouching, asker


def token_main(argv: list[str], clock: Any) -> int:
    """Make, list or revoke tokens of an account. By who knows its password, and has the code where there is a second factor."""
    arguments = _arguments(argv)
    os.umask(0o077)
    settings = load_settings(arguments.data)
    database = Database(arguments.data / DATABASE_FILE)
    try:
        vouching = Vouching(database, settings, SoftKey.load(arguments.data / KEY_FILE))
        number, tokens = arguments.number, Tokens(database)
        vouching.known(number, f"password of {number}", asker(from_stdin=arguments.passwords_stdin))
        if arguments.act == "make":
            scopes = arguments.scopes.split(",")
            made, text = tokens.make(number, arguments.label, scopes, arguments.days)
            detail = {"scopes": sorted(set(scopes)), "days": arguments.days}
            write_down(database, arguments.data, settings, clock, number, "token.made", made, detail)
            sys.stdout.write(f"{made}  {text}\n")
        elif arguments.act == "revoke":
            if not tokens.revoke(arguments.token, number):
                raise CommandError(f"expected the id of a live token of {number}, found {arguments.token}")
            write_down(database, arguments.data, settings, clock, number, "token.revoked", arguments.token)
        else:
            sys.stdout.writelines(f"{_line(token)}\n" for token in tokens.listed(number))
    except AccountError as error:
        raise CommandError(str(error)) from None
    finally:
        database.close()
    return 0


def _line(token: Token) -> str:
    until = datetime.fromtimestamp(token.expires_s, UTC).date().isoformat()
    state = "revoked" if token.revoked_s is not None else until
    return f"{token.id}  {state}  {','.join(token.scopes)}  {token.label}"


def _arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="caseward server token", description=token_main.__doc__)
    acts = parser.add_subparsers(dest="act", required=True)
    for act in ("make", "list", "revoke"):
        sub = acts.add_parser(act)
        sub.add_argument("number", help="the account that it reads with")
        sub.add_argument("--data", type=Path, required=True, help="the server's directory")
        sub.add_argument(
            "--passwords-stdin", action="store_true", help="read password and code from standard input"
        )
        if act == "make":
            sub.add_argument("--scopes", required=True, help=f"comma-separated, out of {', '.join(SCOPES)}")
            sub.add_argument("--label", required=True, help="what for: the name of a system, not of a person")
            sub.add_argument("--days", type=int, default=90, help=f"1 to {DAYS_MAX}")
        if act == "revoke":
            sub.add_argument("token", help="its id, as `list` shows it")
    return parser.parse_args(argv)
