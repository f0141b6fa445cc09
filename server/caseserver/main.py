"""`caseward server`: run the server, prepare it, look after accounts."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import uvicorn

from caseserver import logs
from caseserver.app import create_app
from caseserver.commands import CommandError, account_main, init_main, keys_main
from caseserver.epoch_command import accept_main
from caseserver.log_command import log_main
from caseserver.pin_command import pin_main
from caseserver.program import Program
from caseserver.settings import PeopleKeys, SettingsError, load_settings
from caseserver.token_command import token_main

ClockFactory = Callable[[int], Any]
SWITCH_S: Final = 0.0001
"""The worker gives the interpreter up at each statement of the store and each fsync, hundreds of times in a flood of
alarms; at CPython's 5 ms it would wait as long each time for every page that is being drawn."""


def main(argv: list[str], clock_factory: ClockFactory) -> int:
    """Run one command. 0: good; 1: it failed; 2: it was called or fed wrongly."""
    try:
        if argv[:1] == ["init"]:
            return init_main(argv[1:], clock_factory(0))
        if argv[:1] == ["keys"]:
            return keys_main(argv[1:])
        if argv[:1] == ["account"]:
            return account_main(argv[1:], clock_factory(0))
        if argv[:1] == ["accept-epoch"]:
            return accept_main(argv[1:], clock_factory(0))
        if argv[:1] == ["pin"]:
            return pin_main(argv[1:], clock_factory(0))
        if argv[:1] == ["token"]:
            return token_main(argv[1:], clock_factory(0))
        if argv[:1] == ["log"]:
            return log_main(argv[1:])
        return _serve(argv, clock_factory)
    except (SettingsError, CommandError) as error:
        sys.stderr.write(f"caseward server: {error}\n")
        return 2


def _serve(argv: list[str], clock_factory: ClockFactory) -> int:
    parser = argparse.ArgumentParser(
        prog="caseward server",
        description="Run the server.",
        epilog="caseward server init --help, caseward server account --help: first run and accounts.",
    )
    parser.add_argument(
        "--data", type=Path, required=True, help="directory with server.toml, keys and server.db"
    )
    parser.add_argument("--keys", type=Path, help="key directory for personal data, instead of people.keys")
    parser.add_argument("--log-level", default="INFO", choices=["DEBUG", "INFO", "WARNING", "ERROR"])
    arguments = parser.parse_args(argv)
    logs.configure(arguments.log_level)
    sys.setswitchinterval(SWITCH_S)
    os.umask(0o077)  # database, queue and logs are the server's own
    settings = load_settings(arguments.data)
    if arguments.keys is not None:
        settings = settings.model_copy(update={"people": PeopleKeys(keys=arguments.keys)})

    def fail() -> None:
        os.kill(os.getpid(), signal.SIGTERM)  # uvicorn's own way to an orderly end

    program = Program(arguments.data, settings, clock_factory(0), fail)
    config = uvicorn.Config(
        create_app(program),
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=3,
    )
    server = uvicorn.Server(config)
    server.run()
    return 1 if program.failure is not None or not server.started else 0
