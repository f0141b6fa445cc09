"""`caseward server log`: read the server's own log from its files, beside the running server; print the keys of all logs."""

from __future__ import annotations

import argparse
import base64
import sys
from collections.abc import Iterator
from pathlib import Path

from caselog import leaf, segment
from caselog.errors import FormatError
from caselog.keychain import KeyChain
from caselog.keys import Verifier
from caselog.records import KEY_CHANGED
from caseserver.own_log import FOLDER, epoch_name, epochs
from caseserver.program import DATABASE_FILE, server_key
from caseserver.settings import Settings, load_settings
from caseserver.store.database import Database
from caseserver.store.leaves import LeafReader


def log_main(argv: list[str]) -> int:
    """Print the newest epoch of the server's own log, a leaf a line; or the keys of all logs."""
    parser = argparse.ArgumentParser(prog="caseward server log", description=log_main.__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the server's data directory")
    parser.add_argument("--first", type=int, default=0, help="leaf to begin at")
    parser.add_argument("--words", default="", help="only leaves that hold this text")
    parser.add_argument(
        "--keys", action="store_true", help="print the keys a witness is to trust, a line each"
    )
    parser.add_argument(
        "--for-verify", action="store_true", help="print all keys as server/verify/verify.py takes them"
    )
    arguments = parser.parse_args(argv)
    if arguments.for_verify:
        sys.stdout.writelines(line + "\n" for line in for_verify(arguments.data))
        return 0
    if arguments.keys:
        for verifier in keys(arguments.data, load_settings(arguments.data)):
            sys.stdout.write(verifier.vkey() + "\n")
        return 0
    prev = leaf.ZERO_HASH
    for index, data in enumerate(leaves(arguments.data / FOLDER)):
        try:
            prev = leaf.check_chain(prev, index, data).hash
        except FormatError as error:
            sys.stderr.write(f"caseward server log: leaf {index}: {error}\n")
            return 1
        if index >= arguments.first and arguments.words in data.decode():
            sys.stdout.write(data.decode() + "\n")
    return 0


def leaves(folder: Path) -> Iterator[bytes]:
    """Leaves of the newest epoch; ends before a line that is being written."""
    found = epochs(folder)
    for path in sorted((folder / epoch_name(found[-1])).glob("*.seg")) if found else []:
        for item in segment.scan(path.read_bytes()):
            if isinstance(item, segment.Damage):
                return
            yield item[1]


def for_verify(data: Path) -> list[str]:
    """Arguments of the verifier, each behind the log or the witness it is of: carried by hand, not with a bundle."""
    settings = load_settings(data)
    own = base64.b64encode(server_key(data).public).decode()
    lines = [
        f"--log-key {base64.b64encode(known.public).decode()}  # {known.name}"
        for known in keys(data, settings)
    ]
    for name, witness in settings.witnesses.items():
        lines.append(f"--witness {name}={base64.b64encode(bytes.fromhex(witness.public_key)).decode()}")
    return [*lines, f"--witness {settings.name}={own}", f"--maker-key {own}"]


def keys(data: Path, settings: Settings) -> list[Verifier]:
    """Keys of the gateways' logs as far as they were heard, and of our own."""
    database = Database(data / DATABASE_FILE)
    try:
        reader = LeafReader(database)
        found = [
            Verifier(origin, key)
            for name, gateway in settings.gateways.items()
            if (origin := reader.held(name).origin) is not None
            for key in _keys_of(reader, name, origin, bytes.fromhex(gateway.public_key))
        ]
    finally:
        database.close()
    first = next(leaves(data / FOLDER), None)
    if first is not None:
        chain = KeyChain.begun(leaf.parse(first))
        found.append(Verifier(chain.origin, chain.newest))
    return found


def _keys_of(reader: LeafReader, gateway: str, origin: str, public: bytes) -> list[bytes]:
    changes = map(leaf.parse, reader.of_type(gateway, KEY_CHANGED))
    return [public, *(key for _, key in KeyChain(origin, public).extended(changes).changes)]
