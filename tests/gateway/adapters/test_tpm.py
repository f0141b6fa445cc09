"""Secrets sealed by a TPM: swtpm as the TPM, the real programs between."""

import base64
import os
import shutil
import signal
from argparse import ArgumentTypeError
from collections.abc import Iterator
from pathlib import Path

import pytest

from casegateway.adapters import tpm as adapter
from casegateway.adapters.tpm import Tpm
from casegateway.sealed import OtherTpm, Sealed, TpmUnavailable
from tests.gateway.emulator import Swtpm

pytestmark = pytest.mark.real

SECRET = bytes(range(100, 132))
TOOLS = ("tpm2_createprimary", "tpm2_create", "tpm2_load", "tpm2_unseal", "tpm2_flushcontext")
# Says what it was called with and what stands in its folder before and after, then does its work.
WATCHER = """#!/bin/sh
seen() {{ tr '\\0' '\\n' < /proc/$$/environ; cat ./*; }} >> {record}.$$ 2>/dev/null
printf '%s\\n' "$0" "$@" >> {record}.$$
seen; {tool} "$@"; code=$?; seen
exit $code
"""


@pytest.fixture
def emulator(tmp_path: Path) -> Iterator[Swtpm]:
    with Swtpm(tmp_path / "tpm") as emulator:
        yield emulator


def test_a_secret_opens_again_also_after_a_restart_of_the_tpm(emulator: Swtpm) -> None:
    sealed = emulator.tpm.seal(SECRET)
    assert (len(sealed.public), len(sealed.private)) == (48, 160)
    for _ in range(3):  # more often than the TPM has room for objects that were not freed
        assert emulator.tpm.unseal(sealed) == SECRET
    emulator.stop()
    emulator.start()
    assert emulator.tpm.unseal(sealed) == SECRET


def test_the_two_halves_do_not_open_with_another_tpm(emulator: Swtpm, tmp_path: Path) -> None:
    sealed = emulator.tpm.seal(SECRET)
    with Swtpm(tmp_path / "other") as other, pytest.raises(OtherTpm, match="found another, or one that was"):
        other.tpm.unseal(sealed)


def test_nothing_opens_after_the_tpm_was_cleared(emulator: Swtpm) -> None:
    sealed = emulator.tpm.seal(SECRET)
    emulator.clear()
    with pytest.raises(OtherTpm):
        emulator.tpm.unseal(sealed)


@pytest.mark.parametrize("at", [0, 2, 40, 100, 159])
def test_a_changed_half_does_not_open(emulator: Swtpm, at: int) -> None:
    sealed = emulator.tpm.seal(SECRET)
    changed = bytearray(sealed.private)
    changed[at] ^= 1
    with pytest.raises(TpmUnavailable):
        emulator.tpm.unseal(Sealed(sealed.public, bytes(changed)))


def test_a_tpm_that_is_away_is_not_said_to_be_another(emulator: Swtpm) -> None:
    sealed = emulator.tpm.seal(SECRET)
    emulator.stop()
    with pytest.raises(TpmUnavailable, match="to answer tpm2_createprimary, found: .*tcti") as caught:
        emulator.tpm.unseal(sealed)
    assert not isinstance(caught.value, OtherTpm)


def test_a_tpm_that_hangs_is_given_up(emulator: Swtpm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapter, "TOOL_SECONDS_MAX", 0.3)
    os.kill(emulator.process.pid, signal.SIGSTOP)
    with pytest.raises(TpmUnavailable, match="to end within 0.3 s, found it running"):
        emulator.tpm.seal(SECRET)


def test_a_machine_without_the_programs_says_which_package_has_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(TpmUnavailable, match="tpm2_createprimary of tpm2-tools on PATH, found none"):
        Tpm("device:/dev/tpmrm0").seal(SECRET)


@pytest.mark.parametrize(
    "text", ["", "device", "device:", "cmd:sh -c id", "swtpm:host=a b", "mssim:", "/lib/x.so:1"]
)
def test_a_tcti_that_could_run_or_load_something_is_refused(text: str) -> None:
    with pytest.raises(ArgumentTypeError, match="expected device:PATH or swtpm"):
        Tpm.named(text)


def test_no_secret_stands_in_arguments_environment_or_files(
    emulator: Swtpm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, record = tmp_path / "bin", tmp_path / "record"
    folder.mkdir()
    for tool in TOOLS:
        (folder / tool).write_text(WATCHER.format(record=record, tool=shutil.which(tool)))
        (folder / tool).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    monkeypatch.setenv("CASEWARD_SECRET_OF_OURS", "stays here")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    sealed = emulator.tpm.seal(SECRET)
    assert emulator.tpm.unseal(sealed) == SECRET
    seen = b"".join(path.read_bytes() for path in tmp_path.glob("record.*"))
    assert sealed.private in seen  # the watchers did see what stood in the folder
    assert emulator.tcti.encode() in seen
    assert b"CASEWARD_SECRET" not in seen
    for form in (SECRET, SECRET[:8], SECRET.hex().encode(), base64.b64encode(SECRET)):
        assert form not in seen
    assert not list(tmp_path.glob("caseward-tpm-*"))
