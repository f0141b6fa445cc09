"""`caseward gateway key new`, `key show` and `rotate-key`: the key that signs the log, in a file or sealed by a TPM."""

import argparse
import base64
import sys
from pathlib import Path

from casegateway.adapters.tpm import TCTI_DEFAULT, Tpm
from casegateway.beginning import key_paths, next_key_path, present_key_path
from casegateway.sealed import EXIT_KEY_CLOSED, KIND, OtherTpm, SealedKey, TpmUnavailable, known_key, load_key
from caselog.errors import KeyFileError
from caselog.keys import SigningKey, SoftKey

KINDS = {"soft": SoftKey.kind, "tpm2": KIND}


def key(argv: list[str]) -> int:
    """Make the first key of a gateway, or tell which keys are there and whether they open."""
    parser = argparse.ArgumentParser(prog="caseward gateway key", description=key.__doc__)
    steps = parser.add_subparsers(dest="step", required=True, metavar="new|show")
    new = steps.add_parser(
        "new", description="make the first key; without this the first start makes a soft one"
    )
    new.add_argument("--kind", choices=tuple(KINDS), default="soft", help="a file, or sealed by a TPM 2.0")
    show = steps.add_parser("show", description="kind, public half, and whether each key opens")
    for step in (new, show):
        _data_and_tpm(step)
    options = parser.parse_args(argv)
    folder: Path = options.data / "keys"
    return (
        _new(folder, KINDS[options.kind], options.tpm)
        if options.step == "new"
        else _show(folder, options.tpm)
    )


def rotate_key(argv: list[str]) -> int:
    """Make a new key; the gateway hands its log over to it when it is next started."""
    parser = argparse.ArgumentParser(prog="caseward gateway rotate-key", description=rotate_key.__doc__)
    parser.add_argument(
        "--kind", choices=tuple(KINDS), help="of the new key; as the present one when not given"
    )
    _data_and_tpm(parser)
    options = parser.parse_args(argv)
    folder: Path = options.data / "keys"
    present = present_key_path(folder)
    if not present.exists():
        raise KeyFileError(f"a present key in {folder}", "none: the first start makes one")
    if next_key_path(folder).exists():
        raise KeyFileError("no change under way", "one: start the gateway to carry it out")
    kind = KINDS[options.kind] if options.kind else known_key(present)[0]
    made = _make(next_key_path(folder), kind, options.tpm)
    sys.stdout.write(f"The next start hands the log over to {made.public.hex()} ({made.kind}).\n")
    return 0


def _data_and_tpm(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, required=True, help="folder of log, keys and state")
    parser.add_argument(
        "--tcti", dest="tpm", type=Tpm.named, default=TCTI_DEFAULT, help=f"the TPM, default {TCTI_DEFAULT}"
    )


def _make(path: Path, kind: str, tpm: Tpm) -> SigningKey:
    made = SealedKey.generate(tpm) if kind == KIND else SoftKey.generate()
    made.save(path)
    return made


def _new(folder: Path, kind: str, tpm: Tpm) -> int:
    path = present_key_path(folder)
    if path.exists():
        raise KeyFileError(f"no key at {path}", "one: rotate-key changes it")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = _make(path, kind, tpm)
    sys.stdout.write(f"{made.public.hex()} ({made.kind}): for public_key in the server's server.toml.\n")
    return 0


def _show(folder: Path, tpm: Tpm) -> int:
    """A line for each key: file, kind, public half in hex and as verifiers take it (base64), whether it opens."""
    paths, needed = key_paths(folder), (present_key_path(folder), next_key_path(folder))
    if not paths:
        raise KeyFileError(f"keys in {folder}", "none")
    code = 0
    for path in paths:
        kind, public = known_key(path)
        try:
            load_key(path, tpm)
            state = "opens"
        except TpmUnavailable as error:
            state = f"does not open: {error}"
            if isinstance(error, OtherTpm):
                state += "; a lost key ends its log: begin-anew --new-key"
            code = EXIT_KEY_CLOSED if path in needed else code
        public64 = base64.b64encode(public).decode()
        sys.stdout.write(f"{path.name} {kind} {public.hex()} {public64} {state}\n")
    return code
