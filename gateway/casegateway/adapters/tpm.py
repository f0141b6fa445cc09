"""A TPM 2.0 through the programs of tpm2-tools: seals a secret under the primary key of the owner hierarchy.

The primary is made anew for each use from the seed inside the TPM, so nothing of it is stored. A secret goes through
pipes alone. What stands in the working folder, which is removed, are objects that the TPM itself has encrypted.
"""

import os
import re
import subprocess
import tempfile
from argparse import ArgumentTypeError
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from casegateway.sealed import BLOB_BYTES_MAX, SEED_BYTES, OtherTpm, Sealed, TpmUnavailable

TCTI_DEFAULT: Final = "device:/dev/tpmrm0"
"""The kernel's resource manager of the first TPM."""
TOOL_SECONDS_MAX: Final = 30
"""One program. A TPM on a slow bus tests itself for seconds when it is first spoken to."""
SAID_CHARS_MAX: Final = 200

# Not `cmd:`, which would run a program, and nothing that loads another library.
_TCTI: Final = re.compile(r"(device|swtpm):[\x21-\x7e]{1,200}")
# Bound to this TPM and this parent; a lockout after others' wrong passwords must not keep the gateway out.
_ATTRIBUTES: Final = "fixedtpm|fixedparent|userwithauth|noda"
_INTEGRITY: Final = re.compile(r"\(0x1df\)", re.IGNORECASE)
"""TPM_RC_INTEGRITY of parameter 1: the object was not made by this TPM."""


class Tpm:
    """`Sealer` over the TPM that a TCTI names, as `device:/dev/tpmrm0` or `swtpm:host=127.0.0.1,port=2321`."""

    def __init__(self, tcti: str) -> None:
        self.tcti = tcti

    @classmethod
    def named(cls, text: str) -> "Tpm":
        """For argparse: the TPM of a command line."""
        if _TCTI.fullmatch(text) is None:
            raise ArgumentTypeError(f"expected device:PATH or swtpm:host=HOST,port=PORT, found {text!r}")
        return cls(text)

    def seal(self, secret: bytes) -> Sealed:
        """Seal up to 128 bytes. Raises `TpmUnavailable`."""
        with self._primary() as folder:
            self._tool(
                folder, "tpm2_create", "-C", "primary", "-g", "sha256", "-a", _ATTRIBUTES,
                "-i", "-", "-u", "public", "-r", "private", given=secret,
            )  # fmt: skip
            halves = [(folder / name).read_bytes() for name in ("public", "private")]
        if max(map(len, halves)) > BLOB_BYTES_MAX:
            raise TpmUnavailable(
                f"expected at most {BLOB_BYTES_MAX} bytes sealed, found {max(map(len, halves))}"
            )
        return Sealed(*halves)

    def unseal(self, sealed: Sealed) -> bytes:
        """The secret again. Raises `OtherTpm` where another TPM sealed it, else `TpmUnavailable`."""
        with self._primary() as folder:
            (folder / "public").write_bytes(sealed.public)
            (folder / "private").write_bytes(sealed.private)
            self._tool(folder, "tpm2_load", "-C", "primary", "-u", "public", "-r", "private", "-c", "object")
            return self._tool(folder, "tpm2_unseal", "-c", "object")[: SEED_BYTES + 1]

    @contextmanager
    def _primary(self) -> Iterator[Path]:
        """A working folder with the context of the primary key in it."""
        with tempfile.TemporaryDirectory(prefix="caseward-tpm-") as name:
            folder = Path(name)
            self._tool(folder, "tpm2_createprimary", "-C", "o", "-g", "sha256", "-G", "ecc", "-c", "primary")
            yield folder

    def _tool(self, folder: Path, name: str, *more: str, given: bytes = b"") -> bytes:
        """Run one program and free what it left in the TPM, which has room for three objects; returns what it wrote."""
        quiet = () if name == "tpm2_unseal" else ("-Q",)
        written = self._run(folder, [name, "-T", self.tcti, *quiet, *more], given)
        # Without a resource manager (swtpm) an object outlives the program that loaded it.
        self._run(folder, ["tpm2_flushcontext", "-T", self.tcti, "-t"], b"")
        return written

    def _run(self, folder: Path, command: list[str], given: bytes) -> bytes:
        environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}
        try:
            done = subprocess.run(
                command, cwd=folder, env=environment, input=given, capture_output=True,
                timeout=TOOL_SECONDS_MAX, check=False,
            )  # fmt: skip
        except FileNotFoundError:
            raise TpmUnavailable(f"expected {command[0]} of tpm2-tools on PATH, found none") from None
        except subprocess.TimeoutExpired:
            # Not chained: that exception carries what the program had written.
            late = f"expected {command[0]} to end within {TOOL_SECONDS_MAX} s, found it running"
            raise TpmUnavailable(f"{late} ({self.tcti})") from None
        if done.returncode:
            raise self._refusal(command[0], done.stderr.decode(errors="replace"))
        return done.stdout

    def _refusal(self, name: str, said: str) -> TpmUnavailable:
        if name == "tpm2_load" and _INTEGRITY.search(said):
            return OtherTpm(
                f"expected the TPM that sealed this key at {self.tcti}, found another, or one that was cleared"
            )
        errors = [line.removeprefix("ERROR: ") for line in said.splitlines() if line.startswith("ERROR")]
        found = "; ".join(errors or said.splitlines())[:SAID_CHARS_MAX]
        return TpmUnavailable(f"expected the TPM at {self.tcti} to answer {name}, found: {found}")
