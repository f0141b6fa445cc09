"""`caseward log scrub|repair|join`: a log's folder looked through, made whole from a copy, or made one out of two.

For a gateway that does not run. Exit codes: 0 sound (now), 1 damaged (still), 2 called wrongly.
"""

import argparse
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from casegateway.evidence import say_mended
from caselog import checkpoint as checkpoints
from caselog import segment
from caselog.checkpoint import Checkpoint
from caselog.disk import Disk, FileDisk
from caselog.errors import CaselogError, FormatError, LogDamaged
from caselog.keys import PUBLIC_BYTES, Verifier
from caselog.leaf import parse
from caselog.log import Log
from caselog.pairdisk import PairDisk
from caselog.repair import Filling, rebuild, write_all
from caselog.survey import Survey, survey
from caselog.tree import Tree
from caseward.clock import clock_from_environment

SOUND, DAMAGED, USAGE = 0, 1, 2


class _Usage(ValueError):
    """An argument cannot be used."""


def arguments(argv: list[str]) -> argparse.Namespace:
    """Parse the command line of docs/gateway.md; exits with 2 when it is wrong."""
    parser = argparse.ArgumentParser(prog="caseward log", description=__doc__.split("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    scrub = commands.add_parser("scrub", help="read everything and tell what is wrong; changes nothing")
    repair = commands.add_parser("repair", help="make a damaged log whole from a copy")
    join = commands.add_parser("join", help="write a log that went on in a second folder into one new folder")
    for command in (scrub, repair):
        command.add_argument("folder", type=Path, help="the folder of the segments, DATA/log of a gateway")
        command.add_argument("--second-log", type=Path, metavar="DIR", help="where the log went on")
        command.add_argument("--note", type=Path, metavar="FILE", help="a checkpoint of this log")
        command.add_argument("--public", metavar="HEX", help="the log's key, to check the note with")
    repair.add_argument(
        "--from", dest="copy", type=Path, required=True, metavar="FILE", help="leaves, a line each"
    )
    repair.add_argument("--by", choices=("server", "witness"), default="server", help="whose copy it is")
    join.add_argument("folder", type=Path)
    join.add_argument("second", type=Path)
    join.add_argument("new", type=Path)
    return parser.parse_args(argv)


def main(argv: list[str]) -> int:
    """Run one of the three; returns the exit code."""
    options = arguments(argv)
    command = {"scrub": _scrub, "repair": _repair, "join": _join}[options.command]
    try:
        return command(options)
    except (_Usage, FormatError) as error:
        sys.stderr.write(f"caseward log: {error}\n")
        return USAGE
    except (CaselogError, OSError) as error:
        sys.stderr.write(f"caseward log: {error}\n")
        return DAMAGED


def _scrub(options: argparse.Namespace) -> int:
    anchor = _anchor(options)
    with _disk(options.folder, options.second_log) as disk:
        for name in filter(segment.is_segment, disk.list_names()):
            disk.forget(name)
        found = survey(disk, 0 if anchor is None else anchor.size)
    for damage in found.damages:
        _say(f"damaged: {damage}")
    for hole in found.holes():
        _say(f"missing: leaf {hole.first} to {'the end' if hole.end is None else hole.end - 1}")
    if found.damages or found.holes():
        return DAMAGED
    if anchor is not None and _root(found, anchor.size) != anchor.root:
        _say(f"damaged: expected root {anchor.root.hex()} of {anchor.size} leaves, found another")
        return DAMAGED
    _say(f"sound: {found.size} leaves, root {_root(found, found.size).hex()}")
    return SOUND


def _repair(options: argparse.Namespace) -> int:
    anchor = _anchor(options)
    with _disk(options.folder, options.second_log, is_exclusive=True) as disk:
        found = survey(disk, 0 if anchor is None else anchor.size)
        if not found.damages:
            _say("sound: nothing to repair")
            return SOUND
        filling = Filling(found)
        _fill(filling, options.copy, anchor)
        wanted = filling.wanted()
        if wanted is not None:
            _say(f"damaged still: {options.copy} does not have leaf {wanted[0]}, or no --note covers it")
            return DAMAGED
        mended = rebuild(disk, filling)
        log, _ = Log.open(disk)
        boot = parse(log.leaf(log.size - 1)).recorded.boot
        say_mended(log, mended, clock_from_environment(boot).now(), options.by)
    for one in mended:
        _say(f"mended: {one.damage.segment}, {one.count} leaves from {one.first}; the old file is {one.kept}")
    return SOUND


def _join(options: argparse.Namespace) -> int:
    if options.new.exists():
        raise _Usage(f"expected a new folder, found {options.new}")
    with _disk(options.folder, options.second, is_exclusive=True) as disk:
        log, _ = Log.open(disk)
        new = FileDisk(options.new)
        write_all(new, (log.leaf(index) for index in range(log.size)))
        new.close()
    again, _ = Log.open(new)
    if again.root() != log.root():
        raise LogDamaged(str(options.new), 0, f"root {log.root().hex()}", again.root().hex())
    _say(f"sound: {again.size} leaves in {options.new}, root {again.root().hex()}")
    return SOUND


@contextmanager
def _disk(folder: Path, second: Path | None, *, is_exclusive: bool = False) -> Iterator[Disk]:
    """The log's disk, let go of at the end."""
    paths = [folder] if second is None else [folder, second]
    for path in paths:
        if not path.is_dir():
            raise _Usage(f"expected the folder of a log, found {path}")
    with ExitStack() as stack:
        disks = [FileDisk(path, exclusive=is_exclusive) for path in paths]
        for disk in disks:
            stack.callback(disk.close)
        yield disks[0] if second is None else PairDisk(*disks)


def _anchor(options: argparse.Namespace) -> Checkpoint | None:
    """The checkpoint of --note, verified by the key of --public."""
    if options.note is None:
        return None
    try:
        public = bytes.fromhex(options.public or "")
    except ValueError:
        public = b""
    if len(public) != PUBLIC_BYTES:
        raise _Usage(f"--public: expected {PUBLIC_BYTES} bytes in hex, found {options.public!r}")
    note = options.note.read_bytes()
    return checkpoints.verify(note, Verifier(checkpoints.parse(note).origin, public))


def _fill(filling: Filling, copy: Path, anchor: Checkpoint | None) -> None:
    """Give it from the copy what it wants, in one reading. Raises `LogDamaged` where the copy is another log."""
    for index, data in _leaves(copy):
        wanted = filling.wanted()
        if wanted is None or index != wanted[0]:
            continue
        try:
            filling.take(index, [data], anchor)
        except FormatError as error:
            raise LogDamaged(str(copy), index, error.expected, error.found) from error


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


def _leaves(path: Path) -> Iterator[tuple[int, bytes]]:
    """Index and bytes of each leaf in a copy: lines of leaves, with the CRC of a segment before them or without."""
    with path.open("rb") as file:
        for line in file:
            text = line.rstrip(b"\n")
            data = text if text.startswith(b"{") else segment.decode_line(text)
            try:
                record = parse(data or b"")
            except FormatError:
                continue
            yield record.index, record.data


def _root(found: Survey, size: int) -> bytes:
    tree = Tree()
    for index in range(size):
        tree.append(found.hashes[index])
    return tree.root()
