"""Files beside the log that say which log it is and who signs it: epoch, the log before, keys.

epoch        names this history of the log; made once. A log that starts anew gets a new one.
after.json   while a new log has no leaf yet: what its leaf 0 says of the log before it, or null.
gateway.key  the present key; gateway.key.next waits to take over; gateway.key.<8 hex digits> are those of before.
             Each is a soft key or sealed by a TPM (`sealed`).
"""

import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from casegateway.keyring import Keyring
from casegateway.sealed import Sealer, TpmUnavailable, known_key, load_key
from casegateway.state import StateError, write_whole
from caselog.keys import SigningKey, SoftKey
from caselog.records import TEXT_CHARS_MAX, Predecessor
from caselog.tree import EMPTY_ROOT

NAME_DIGITS = 8
LOST = "the log was empty when the gateway started"


@dataclass(frozen=True, slots=True)
class Beginning:
    """The log's `origin`, and for a new one the log it goes on from."""

    origin: str
    after: Predecessor | None


def beginning(state: Path, prefix: str, *, is_log_empty: bool) -> Beginning:
    """Which log this is; an empty one gets a name of its own and remembers the name before it.

    `state`: the folder of these files; `prefix`: the origin without its epoch. Raises `StateError`.
    """
    file, after_file = state / "epoch", state / "after.json"
    name = file.read_text().strip() if file.exists() else ""
    if not is_log_empty:
        after_file.unlink(missing_ok=True)
        if not name:
            raise StateError(file, "the epoch of the log that is there", "no file")
        return Beginning(prefix + name, None)
    if not after_file.exists():
        before = Predecessor(prefix + name, LOST, 0, EMPTY_ROOT) if name else None
        write_after(state, before)
    after = _read_after(after_file)
    if not name or (after is not None and after.origin == prefix + name):
        name = secrets.token_hex(NAME_DIGITS // 2)
        write_whole(file, name + "\n")
    return Beginning(prefix + name, after)


def write_after(state: Path, before: Predecessor | None) -> None:
    """Say what the next, empty log goes on from."""
    value = None
    if before is not None:
        value = {
            "origin": before.origin,
            "reason": before.reason[:TEXT_CHARS_MAX],
            "root": before.root.hex(),
            "size": before.size,
        }
    write_whole(state / "after.json", json.dumps(value) + "\n")


def _read_after(path: Path) -> Predecessor | None:
    try:
        value: Any = json.loads(path.read_text())
        if value is None:
            return None
        return Predecessor(value["origin"], value["reason"], int(value["size"]), bytes.fromhex(value["root"]))
    except (ValueError, KeyError, TypeError) as error:
        raise StateError(path, "null or {origin, reason, root, size}", str(error)) from None


def keyring(folder: Path, origin: str, sealer: Sealer | None = None) -> Keyring:
    """The keys in `folder`; a first, soft one is made where there is none. `sealer`: the TPM, where one is at hand.

    Raises `KeyFileError`, `OSError`, and `TpmUnavailable` for a present or coming key that does not open.
    """
    present, coming = present_key_path(folder), next_key_path(folder)
    if not present.exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        SoftKey.generate().save(present)
    former = [_former(path, sealer) for path in key_paths(folder) if path not in (present, coming)]
    return Keyring(
        origin,
        load_key(present, sealer),
        load_key(coming, sealer) if coming.exists() else None,
        [key for key in former if key is not None],
    )


def _former(path: Path, sealer: Sealer | None) -> SigningKey | None:
    """A key of before; None where its TPM is gone, which must not keep the gateway from its present key."""
    try:
        return load_key(path, sealer)
    except TpmUnavailable:
        return None


def key_paths(folder: Path) -> list[Path]:
    """The files of all keys that are there: the present one, the coming one, those of before."""
    present, coming = present_key_path(folder), next_key_path(folder)
    former = [path for path in sorted(folder.glob("gateway.key.*")) if len(path.suffix) == NAME_DIGITS + 1]
    return [path for path in (present, coming) if path.exists()] + former


def present_key_path(folder: Path) -> Path:
    """Where the key is that signs."""
    return folder / "gateway.key"


def next_key_path(folder: Path) -> Path:
    """Where the key waits that is to take over."""
    return folder / "gateway.key.next"


def adopt_next_key(folder: Path, keys: Keyring) -> None:
    """The log names the new key: it takes its place, the old one is kept under its own name.

    Done at each start until it is done: the present key is never missing, whenever the power goes.
    """
    coming, present = next_key_path(folder), present_key_path(folder)
    if not coming.exists() or keys.coming is not None or known_key(coming)[1] != keys.present.public:
        return
    old = known_key(present)[1].hex()[:NAME_DIGITS]
    aside = folder / f"gateway.key.{old}"
    if not aside.exists():
        os.link(present, aside)
    coming.replace(present)
