"""What is written to a board's flash, in which order, and checked there before it counts.

A loss of power or a pulled cable between any two steps leaves a board that runs what it ran before: a program is
written whole into the slot that does not run, its hashes are compared on the board, and then one rename offers it
for a trial (firmware/boards/slots.py). A configuration is written aside, checked by the board's own program, renamed.
"""

import hashlib
import json
import runpy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from casefield.usb import Board, BoardError
from node import devices, signed
from node.config import ConfigError, NodeConfig

PACKAGES = ("casewire", "node")
CONFIG = "config.json"
KEY_FILE = CONFIG + ".key"
VERSION_FILE = CONFIG + ".version"
ASIDE = ".new"
ROOT_FILES = ("slots.py", "pins.py", "main.py")
"""In this order: before main.py is there, nothing starts."""
JUDGE = """
import json, sys
sys.path.insert(0, slots.read('slot'))
from node import config, devices, signed
try:
    with open('%(aside)s') as file:
        table = json.loads(signed.opened('%(aside)s', file.read(), bytes.fromhex(slots.read('%(key)s') or '')))
    config.NodeConfig(dict(table, key=slots.read('%(key)s')), devices.KINDS)
    print('good')
except Exception as error:
    print(repr(error))
"""
NO_KEY = "00" * 32
"""Stands in for the key while a configuration that has none yet is checked."""


def program_files(firmware: Path) -> dict[str, bytes]:
    """Path on the board -> content, of the program in a firmware folder. Raises `BoardError`."""
    found = {
        f"{package}/{path.name}": path.read_bytes()
        for package in PACKAGES
        for path in sorted((firmware / package).glob("*.py"))
    }
    if f"{PACKAGES[1]}/board.py" not in found:
        raise BoardError(
            f"{firmware}: expected the folders casewire and node with the program, found no node/board.py"
        )
    return found


def hashes(files: Mapping[str, bytes]) -> str:
    """The file `hashes` of a slot."""
    lines = [f"{hashlib.sha256(data).hexdigest()}  {name}" for name, data in sorted(files.items())]
    return "\n".join([*lines, f"{len(files)} files"]) + "\n"


def write_program(board: Board, slot: str, files: Mapping[str, bytes]) -> None:
    """Write a program into a slot and have the board compare it. Raises `BoardError`."""
    board.exec(f"import os, slots\nslots.wipe({slot!r})\nos.mkdir({slot!r})")
    for folder in sorted({name.rpartition("/")[0] for name in files}):
        board.exec(f"os.mkdir({slot + '/' + folder!r})")
    for name, data in files.items():
        board.fs_writefile(f"{slot}/{name}", data)
    board.fs_writefile(f"{slot}/hashes", hashes(files).encode())
    wrong = board.eval(f"slots.wrong({slot!r})")
    if wrong:
        raise BoardError(f"slot {slot}: expected the files that were sent, found others: {', '.join(wrong)}")


def update(board: Board, files: Mapping[str, bytes]) -> str | None:
    """Write a program beside the one that runs and offer it for its trial.

    Returns its slot, None where the board runs this program already. Raises `BoardError`.
    """
    _import_slots(board)
    good = board.eval("slots.read('slot')")
    if good not in ("a", "b"):
        raise BoardError(f"expected slot a or b to be good, found {good!r}")
    if board.eval(f"slots.read({good + '/hashes'!r})") == hashes(files).strip():
        return None
    slot = _other(good)
    board.exec("slots.forget('try')\nslots.forget('tried')")
    write_program(board, slot, files)
    board.exec(f"slots.offer({slot!r})")
    return slot


def state(board: Board) -> dict[str, str | None]:
    """What the board says of its slots: good, new (has not had its trial), failed (had it)."""
    _import_slots(board)
    good, new, tried = (board.eval(f"slots.read({name!r})") for name in ("slot", "try", "tried"))
    return {"good": good, "new": new, "failed": tried if tried != good else None}


def _import_slots(board: Board) -> None:
    board.exec("import os")
    if not board.eval("'slots.py' in os.listdir()"):
        raise BoardError("expected a board that was adopted, found no slots.py on it")
    board.exec("import slots")


def read_config(path: Path, pins: Path) -> dict[str, Any]:
    """A node's configuration without its key, checked against a board's terminals. Raises ConfigError, OSError."""
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ConfigError(f"{path}: expected JSON, found: {error}") from None
    if not isinstance(table, dict) or {"key", "version"} & set(table):
        raise ConfigError(f"{path}: expected a table without key and version, which are made here")
    settings = NodeConfig({**table, "key": NO_KEY}, devices.KINDS)
    board = runpy.run_path(str(pins))
    for point in settings.points:
        known = board["READERS" if point.kind == "reader" else "TERMINALS"]
        if point.pin not in known:
            expected = ", ".join(sorted(known))
            raise ConfigError(f"point {point.point}: expected a pin of {expected}, found {point.pin!r}")
    return table


def write_config(board: Board, table: Mapping[str, Any], key: bytes) -> int:
    """Sign a configuration with the next version, have the board judge it, put it in place. Returns the version.

    Raises `BoardError`.
    """
    board.exec("import os, slots")
    version = int(board.eval(f"slots.read({VERSION_FILE!r}) or '0'")) + 1
    content = signed.sealed(json.dumps({**table, "version": version}, indent=1), key).encode()
    aside = CONFIG + ASIDE
    board.fs_writefile(aside, content)
    _compare(board, aside, content)
    # The board's own key and program decide: what it would refuse at its next start is found out now.
    told = board.exec(JUDGE % {"aside": aside, "key": KEY_FILE}).decode().strip()
    if told != "good":
        raise BoardError(f"expected the board to take the configuration, it says: {told}")
    board.exec(f"os.rename({aside!r}, {CONFIG!r})")
    return version


def adopt(
    board: Board,
    root: Mapping[str, bytes],
    program: Mapping[str, bytes],
    table: Mapping[str, Any],
    key: bytes,
    *,
    again: bool = False,
) -> int:
    """Make a board a node: its start files, its program, its key and its configuration. Returns the version.

    root: slots.py, pins.py and main.py of this kind of board. Raises `BoardError`.
    """
    board.exec("import os")
    if board.eval(f"{KEY_FILE!r} in os.listdir()") and not again:
        raise BoardError("expected a new board, found one that was adopted: --again gives it a new key")
    if not board.exec("try:\n import logging\n print('good')\nexcept ImportError:\n pass"):
        raise BoardError(
            "expected micropython-lib's logging on the board (mpremote mip install logging), found none"
        )
    for name in ROOT_FILES:
        _put(board, name, root[name])
        board.exec("import slots")
        _compare(board, name, root[name])
    slot = _other(board.eval("slots.read('slot')"))
    board.exec("slots.forget('try')\nslots.forget('tried')")
    write_program(board, slot, program)
    board.exec(f"slots.write('slot', {slot!r})")
    _put(board, KEY_FILE, (key.hex() + "\n").encode())
    return write_config(board, table, key)


def _other(slot: str | None) -> str:
    return "b" if slot == "a" else "a"


def _put(board: Board, name: str, content: bytes) -> None:
    board.fs_writefile(name + ASIDE, content)
    board.exec(f"os.rename({name + ASIDE!r}, {name!r})")


def _compare(board: Board, name: str, content: bytes) -> None:
    if board.eval(f"slots.digest_of({name!r})") != hashlib.sha256(content).hexdigest():
        raise BoardError(f"{name}: expected on the board what was sent, found something else")
