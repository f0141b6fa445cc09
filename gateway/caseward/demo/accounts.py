"""Accounts of the demo's officers at its server. Outside the demo an administrator makes them, one by one."""

import os
from pathlib import Path
from typing import Final

from argon2 import PasswordHasher

from caseserver.accounts import Accounts
from caseserver.commands import init, make_keys
from caseserver.pins import PinFile
from caseserver.program import DATABASE_FILE, KEY_FILE
from caseserver.settings import Sessions
from caseserver.store.database import Database
from caseward.clock import clock_from_environment
from caseward.demo.people import OFFICERS, PINS, SYSTEM_ADMINISTRATOR

ROLES: Final = {SYSTEM_ADMINISTRATOR: ("system_administrator",)} | {
    person.number: person.roles for person in OFFICERS
}
# A score of officers sign in within a second, on a machine that plays a whole station: the hashes of the
# demo's one password are cheap. The server's own cost stands wherever `caseward server init` is used.
CHEAP: Final = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1)


def first_run(server: Path, people: Path) -> None:
    """What `caseward server init` and `caseward server keys` do, where it is not done yet, without their starts of seconds."""
    mask = os.umask(0o077)
    try:
        if not (server / KEY_FILE).exists():
            init(server, [], clock_from_environment(0), hasher=CHEAP)
        if not people.exists():
            make_keys(server, people)
    finally:
        os.umask(mask)


def provide(server: Path, password: str) -> None:
    """Give every officer of the demo an account with this password; one that is there gets it anew."""
    database = Database(server / DATABASE_FILE)
    try:
        accounts = Accounts(database, Sessions(), CHEAP)
        known = {number for number, _, _ in accounts.listed()}
        for number, roles in ROLES.items():
            if number in known:
                accounts.set_password(number, password)
            else:
                accounts.add(number, roles, password, by="demo")
    finally:
        database.close()


def provide_pins(server: Path, now_us: int) -> None:
    """Give the keepers of the demo their PINs for the kiosk, where they have none yet."""
    pins = PinFile(server)
    for number, pin in PINS.items():
        if number not in pins.read()[1]:
            pins.change(number, pin, now_us)
