"""`caseward server pin`: an officer's PIN for the kiosks of the areas, set beside the running server."""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from caseserver.commands import CommandError
from caseserver.pins import PinError, PinFile
from custody.fields import is_ref


def pin_main(argv: list[str], clock: Any, ask: Callable[[str], str] = getpass.getpass) -> int:
    """Set or take away an officer's PIN; it is asked for twice and never shown. Gateways have it within ten seconds."""
    parser = argparse.ArgumentParser(prog="caseward server pin", description=pin_main.__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the server's directory")
    parser.add_argument("--remove", action="store_true", help="the officer has no PIN from now on")
    parser.add_argument("number", help="the officer's number")
    arguments = parser.parse_args(argv)
    if not is_ref(arguments.number):
        raise CommandError("expected an officer's number, found another text")
    if not (arguments.data / "server.toml").exists():
        raise CommandError(f"expected a server's directory (`caseward server init`), found {arguments.data}")
    pin = None
    if not arguments.remove:
        pin = ask("PIN: ")
        if ask("PIN again: ") != pin:
            raise CommandError("expected the same PIN twice, found two")
    try:
        PinFile(arguments.data).change(arguments.number, pin, clock.now().earliest_us)
    except (PinError, OSError) as error:
        raise CommandError(str(error)) from None
    sys.stdout.write(f"{arguments.number}: {'no PIN' if pin is None else 'PIN set'}\n")
    return 0
