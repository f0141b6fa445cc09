"""`caseward gateway key`, `rotate-key` and `begin-anew`: what is done to keys and epoch while the gateway stands still."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from casegateway.beginning import next_key_path, present_key_path, write_after
from casegateway.key_command import key, rotate_key
from casegateway.sealed import EXIT_KEY_CLOSED, TpmUnavailable
from casegateway.state import SECOND_LOG, load_cursor
from caselog.errors import CaselogError
from caselog.filedisk import FileDisk
from caselog.log import Log
from caselog.pairdisk import PairDisk
from caselog.records import TEXT_CHARS_MAX, Predecessor
from caselog.tree import EMPTY_ROOT
from custody.area import load_area
from custody.config import ConfigError

EXIT_USAGE = 2


class CommandError(ValueError):
    """The command cannot be carried out; says what was expected and what was found."""


def main(argv: list[str]) -> int:
    """Run `argv`, the command first. Exit codes: 0 done, 2 not done, 6 for want of the TPM."""
    try:
        return COMMANDS[argv[0]](argv[1:])
    except TpmUnavailable as error:
        sys.stderr.write(f"caseward gateway {argv[0]}: {error}\n")
        return EXIT_KEY_CLOSED
    except (CommandError, ConfigError, CaselogError, OSError, UnicodeDecodeError) as error:
        sys.stderr.write(f"caseward gateway {argv[0]}: {error}\n")
        return EXIT_USAGE


def begin_anew(argv: list[str]) -> int:
    """End this log and begin another: its key is lost, or it cannot be read. The old files are kept.

    The new log begins knowing nobody: who is in the area is to be registered again.
    """
    parser = argparse.ArgumentParser(prog="caseward gateway begin-anew", description=begin_anew.__doc__)
    parser.add_argument("--config", type=Path, required=True, help="area.toml")
    parser.add_argument("--data", type=Path, required=True, help="folder of log, keys and state")
    parser.add_argument("--reason", required=True, help="goes into the log")
    parser.add_argument("--new-key", action="store_true", help="the key is not to be trusted any more")
    options = parser.parse_args(argv)
    data: Path = options.data
    if not 0 < len(options.reason) <= TEXT_CHARS_MAX:
        raise CommandError(f"expected a reason of 1 to {TEXT_CHARS_MAX} characters")
    area = load_area(options.config.read_text(encoding="utf-8"), str(options.config))
    epoch = data / "state" / "epoch"
    if not epoch.exists():
        raise CommandError(f"expected a log that has begun, found no {epoch}")
    name = epoch.read_text().strip()
    origin = f"caseward.local/{area.id}/{area.gateway}/{name}"
    if (data / "log").exists():  # else an earlier run of this command was cut short after it had said so
        size, root = _held(data)
        write_after(data / "state", Predecessor(origin, options.reason, size, root))
        sys.stdout.write(f"{origin} ends; the server holds of it {size} leaves with root {root.hex()}.\n")
    _aside(data / "log", name)
    _aside(data / "interim", name)
    second = _second(data)
    if second is not None:
        _aside(second, name)
        (data / "state" / SECOND_LOG).unlink()
    _aside(data / "outbox.json", name)
    if options.new_key:
        _aside(present_key_path(data / "keys"), name)
    next_key_path(data / "keys").unlink(missing_ok=True)
    sys.stdout.write(f"Next, on the server: caseward server accept-epoch --gateway {area.gateway}\n")
    return 0


def _held(data: Path) -> tuple[int, bytes]:
    """The newest size the server has cosigned, and our root there; 0 and the empty root where the log is unreadable."""
    cursor = load_cursor(data / "outbox.json")
    if not cursor:
        return 0, EMPTY_ROOT
    try:
        first, second = FileDisk(data / "log"), _second(data)
        log, _ = Log.open(first if second is None else PairDisk(first, FileDisk(second)), held_size=cursor)
    except CaselogError as error:
        sys.stderr.write(f"the old log cannot be read, so nothing is said of its root: {error}\n")
        return 0, EMPTY_ROOT
    return cursor, log.root(cursor)


def _second(data: Path) -> Path | None:
    """The folder in which the log may go on, if the gateway was ever given one."""
    marker = data / "state" / SECOND_LOG
    return Path(marker.read_text().strip()) if marker.exists() else None


def _aside(path: Path, epoch: str) -> None:
    """Keep an old file under the name of its epoch."""
    kept = path.with_name(f"{path.name}.ended-{epoch}")
    if path.exists():
        if kept.exists():
            raise CommandError(f"expected no {kept}, found one")
        path.rename(kept)


COMMANDS: dict[str, Callable[[list[str]], int]] = {
    "key": key,
    "rotate-key": rotate_key,
    "begin-anew": begin_anew,
}
