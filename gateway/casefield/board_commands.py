"""`caseward node adopt`, `configure`, `update`, `slots`: a board on a USB port becomes a node, and stays up to date."""

import argparse
import secrets
import sys
import tomllib
from pathlib import Path
from typing import Any

import node
from casefield import flash, usb
from casewire import KEY_BYTES
from node.config import ConfigError

BOARDS = ("rp2040", "esp32")
EXIT_FAILED = 1
EXIT_USAGE = 2


def main(argv: list[str]) -> int:
    """Run one of the commands. Exit codes: 0 done, 1 the board did otherwise, 2 called or fed wrongly."""
    parser = argparse.ArgumentParser(prog="caseward node", description=__doc__)
    steps = parser.add_subparsers(dest="step", required=True, metavar="adopt|configure|update|slots")
    adopt = steps.add_parser("adopt", help="program, key and configuration on a new board")
    configure = steps.add_parser(
        "configure", help="another configuration, signed, on a board that was adopted"
    )
    update = steps.add_parser("update", help="another program, tried beside the one that runs")
    show = steps.add_parser("slots", help="which program is good, which is new, which failed")
    for step in (adopt, configure, update, show):
        step.add_argument("--port", required=True, help="the board's serial port, /dev/ttyACM0")
        step.add_argument(
            "--firmware", type=Path, default=Path(node.__file__).parents[1], help="folder of the program"
        )
    for step in (adopt, configure):
        step.add_argument("--config", type=Path, required=True, help="config.json without key and version")
        step.add_argument("--name", required=True, help="the node's id in area.toml")
        step.add_argument("--board", choices=BOARDS, required=True)
    adopt.add_argument(
        "--first-boot", type=int, default=0, help="last boot number of the board that this one replaces"
    )
    adopt.add_argument("--again", action="store_true", help="a new key for a board that has one")
    configure.add_argument(
        "--nodes", type=Path, required=True, help="the gateway's nodes.toml, with the node's key"
    )
    options = parser.parse_args(argv)
    try:
        return STEPS[options.step](options)
    except (ConfigError, OSError, ValueError) as error:
        sys.stderr.write(f"caseward node {options.step}: {error}\n")
        return EXIT_USAGE
    except usb.BoardError as error:
        sys.stderr.write(f"caseward node {options.step}: {error}\n")
        return EXIT_FAILED


def _adopt(options: argparse.Namespace) -> int:
    folder = _board_files(options)
    table = flash.read_config(options.config, folder / options.board / "pins.py")
    if options.first_boot:
        table["first_boot"] = options.first_boot
    root = {
        "slots.py": (folder / "slots.py").read_bytes(),
        "pins.py": (folder / options.board / "pins.py").read_bytes(),
        "main.py": (folder / options.board / "main.py").read_bytes(),
    }
    program = flash.program_files(options.firmware)
    key = secrets.token_bytes(KEY_BYTES)
    with usb.held(options.port) as board:
        version = flash.adopt(board, root, program, table, key, again=options.again)
    sys.stderr.write(f"Adopted, configuration {version}. Into the gateway's nodes.toml, and nowhere else:\n")
    sys.stdout.write(f'{options.name} = "{key.hex()}"\n')
    return 0


def _board_files(options: argparse.Namespace) -> Path:
    folder: Path = options.firmware / "boards"
    if not (folder / "slots.py").exists():
        raise ConfigError(
            f"{folder}: expected the boards' own files (--firmware: that of a checkout), found no slots.py"
        )
    return folder


def _configure(options: argparse.Namespace) -> int:
    table = flash.read_config(options.config, _board_files(options) / options.board / "pins.py")
    key = _key_of(options.nodes, options.name)
    with usb.held(options.port) as board:
        version = flash.write_config(board, table, key)
    sys.stdout.write(f"Configuration {version} is on the board.\n")
    return 0


def _update(options: argparse.Namespace) -> int:
    files = flash.program_files(options.firmware)
    with usb.held(options.port) as board:
        slot = flash.update(board, files)
    sys.stdout.write(
        "The board runs this program already.\n"
        if slot is None
        else f"Slot {slot} is tried now, and good when the gateway has answered it for a while. Wait until the node "
        "is back before you look (`caseward node slots` restarts it, which ends a trial).\n"
    )
    return 0


def _slots(options: argparse.Namespace) -> int:
    with usb.held(options.port) as board:
        found = flash.state(board)
    sys.stdout.write("".join(f"{name}: {slot or 'none'}\n" for name, slot in found.items()))
    return EXIT_FAILED if found["failed"] else 0


def _key_of(path: Path, name: str) -> bytes:
    """The node's key. What stands there is not told: it may be most of a key."""
    text: Any = tomllib.loads(path.read_text(encoding="utf-8")).get(name)
    if not isinstance(text, str) or len(text) != 2 * KEY_BYTES:
        raise ConfigError(f'{path}: expected {name} = "<{2 * KEY_BYTES} hex digits>", found none such')
    return bytes.fromhex(text)


STEPS = {"adopt": _adopt, "configure": _configure, "update": _update, "slots": _slots}
