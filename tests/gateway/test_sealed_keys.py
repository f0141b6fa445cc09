"""A gateway whose key a TPM seals: begun, restarted, rotated to and fro, copied to another machine, lost."""

import base64
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from casegateway.beginning import keyring
from casegateway.sealed import Sealed, TpmUnavailable, known_key, load_key
from caselog import canonical
from caselog.errors import KeyFileError
from caselog.filedisk import FileDisk
from caselog.keychain import KeyChain
from caselog.leaf import parse
from caselog.log import Log
from caselog.segment import decode_line
from caseward.cli import main
from tests.gateway.bench import HERE, KEY, ORIGIN
from tests.gateway.emulator import Swtpm
from tests.gateway.program import wait_for

PATIENCE_S = 60  # a start takes two seconds, on a machine that others load much longer
GOOD = {
    "kind": "tpm2-sealed",
    "public": base64.b64encode(bytes(32)).decode(),
    "tpm_private": "AA==",
    "tpm_public": "AA==",
}


class House:
    """A gateway's data folder on a machine with a TPM."""

    def __init__(self, data: Path, emulator: Swtpm) -> None:
        self.data = data
        self.emulator = emulator
        (data / "keys").mkdir(parents=True, exist_ok=True)
        (data / "keys" / "nodes.toml").write_text(f'n1 = "{KEY.hex()}"\n')

    def command(self, *argv: str) -> int:
        tcti = [] if argv[0] == "begin-anew" else ["--tcti", self.emulator.tcti]
        return main(["gateway", *argv, "--data", str(self.data), *tcti])

    def run(self) -> int:
        """Start the gateway; end it as soon as it works, unless it ends by itself."""
        command = [
            sys.executable, "-m", "caseward.cli", "gateway", "--config", str(HERE / "area.toml"), "--data", str(self.data),
            "--port", f"line1={self.data / 'tty'}", "--broker", "none", "--gpio", "fake",
            "--gpio-timeline", str(self.data / "gpio"), "--tcti", self.emulator.tcti,
        ]  # fmt: skip
        before = self.count("gateway.booted/1")
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        with (self.data / "stderr").open("ab") as said:
            gateway = subprocess.Popen(command, stdout=said, stderr=said, env=environment)
        try:
            wait_for(
                "the gateway to start or end",
                lambda: gateway.poll() is not None or self.count("gateway.booted/1") > before,
                PATIENCE_S,
            )
            gateway.send_signal(signal.SIGTERM)
            return gateway.wait(PATIENCE_S)
        finally:
            gateway.kill()

    def leaves(self) -> list[dict[str, Any]]:
        """The log as it stands on the disk; read without opening it, which the gateway may be writing to."""
        lines = [
            line
            for path in sorted((self.data / "log").glob("*.seg"))
            for line in path.read_bytes().split(b"\n")
        ]
        return [canonical.loads(leaf) for leaf in map(decode_line, lines) if leaf is not None]

    def count(self, type_: str) -> int:
        return [leaf["type"] for leaf in self.leaves()].count(type_)

    def kinds(self) -> list[str]:
        """Of the keys the log names, in order."""
        named = [leaf for leaf in self.leaves() if leaf["type"] in ("log.begun/1", "log.key_changed/1")]
        return [leaf["body"]["key"]["kind"] for leaf in named]

    def chain(self) -> KeyChain:
        """The keys by the word of the log, each change checked by the key before it."""
        log, _ = Log.open(FileDisk(self.data / "log"))
        records = [parse(leaf) for leaf in log.leaves(0, log.size, 1 << 24)]
        chain = KeyChain.begun(records[0])
        for record in records[1:]:
            chain.take(record)
        return chain

    def seed(self) -> bytes:
        """What is sealed in the present key's file."""
        value = json.loads((self.data / "keys" / "gateway.key").read_text())
        halves = (base64.b64decode(value[name]) for name in ("tpm_public", "tpm_private"))
        return self.emulator.tpm.unseal(Sealed(*halves))

    def said(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.data / "stderr").read_text().splitlines()]


@pytest.fixture
def emulator(tmp_path: Path) -> Iterator[Swtpm]:
    with Swtpm(tmp_path / "tpm") as emulator:
        yield emulator


@pytest.fixture
def house(tmp_path: Path, emulator: Swtpm) -> House:
    return House(tmp_path / "gateway", emulator)


@pytest.mark.real
def test_a_sealed_key_signs_the_log_says_so_and_its_seed_is_nowhere(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    assert house.command("key", "new", "--kind", "tpm2") == 0
    path = house.data / "keys" / "gateway.key"
    assert path.stat().st_mode & 0o777 == 0o600
    public = known_key(path)[1]
    assert f"{public.hex()} (tpm2-sealed)" in capsys.readouterr().out
    assert house.run() == 0
    assert house.kinds() == ["tpm2-sealed"]
    assert house.chain().newest == public
    seed = house.seed()
    files = [path.read_bytes() for path in house.data.rglob("*") if path.is_file()]
    assert any(base64.b64encode(public) in data for data in files)
    for form in (seed, seed[:8], seed.hex().encode(), base64.b64encode(seed)):
        assert not any(form in data for data in files)


@pytest.mark.real
@pytest.mark.slow
def test_a_copied_disk_does_not_start_elsewhere_and_the_way_out_begins_anew(
    house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    house.command("key", "new", "--kind", "tpm2")
    house.run()
    with Swtpm(tmp_path / "other") as other:
        shutil.copytree(house.data, tmp_path / "copy")
        copy = House(tmp_path / "copy", other)
        held = copy.leaves()
        assert copy.run() == 6
        end = copy.said()[-1]
        assert "expected the TPM that sealed this key" in end["error"]
        assert "begin-anew --new-key" in end["way_out"]
        assert copy.leaves() == held
        assert (copy.data / "gpio").read_text().split()[-2:] == [
            "23",
            "1",
        ]  # whoever hears the sounder must come
        assert copy.command("key", "show") == 6
        assert "tpm2-sealed" in capsys.readouterr().out
        lost = ["--reason", "the board was replaced", "--new-key", "--config", str(HERE / "area.toml")]
        assert copy.command("begin-anew", *lost) == 0
        assert copy.command("key", "new", "--kind", "tpm2") == 0
        assert copy.run() == 0
        assert copy.leaves()[0]["body"]["after"]["origin"] == held[0]["body"]["origin"]
        assert copy.kinds() == ["tpm2-sealed"]
        assert known_key(copy.data / "keys" / "gateway.key") != known_key(house.data / "keys" / "gateway.key")


@pytest.mark.real
@pytest.mark.slow
def test_a_log_is_handed_over_to_a_sealed_key_and_back(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    assert house.run() == 0
    for kind in ("tpm2", "soft"):
        assert house.command("rotate-key", "--kind", kind) == 0
        assert house.run() == 0
    assert house.kinds() == ["soft-key", "tpm2-sealed", "soft-key"]
    kind, public = known_key(house.data / "keys" / "gateway.key")
    assert (kind, public) == ("soft-key", house.chain().newest)
    capsys.readouterr()
    assert house.command("key", "show") == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert len(lines) == 3
    public64 = base64.b64encode(public).decode()
    assert lines[0] == ["gateway.key", "soft-key", public.hex(), public64, "opens"]
    assert {line[4] for line in lines} == {"opens"}
    # With the TPM gone, keys of before do not keep the gateway from its present one.
    house.emulator.stop()
    assert house.run() == 0
    assert house.command("key", "show") == 0
    assert "does not open: " in capsys.readouterr().out


@pytest.mark.real
def test_a_tpm_that_is_away_for_a_while_ends_no_log(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    house.command("key", "new", "--kind", "tpm2")
    house.emulator.stop()
    assert house.run() == 6
    assert house.said()[-1]["way_out"] == "start again"
    assert house.command("key", "show") == 6
    assert house.command("rotate-key") == 6
    assert "begin-anew" not in capsys.readouterr().out
    house.emulator.start()
    assert house.run() == 0


@pytest.mark.real
def test_a_key_is_made_once_and_none_is_left_half_made(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    assert house.command("key", "show") == 2
    house.emulator.stop()
    assert house.command("key", "new", "--kind", "tpm2") == 6
    assert not (house.data / "keys" / "gateway.key").exists()
    assert house.command("key", "new") == 0
    assert house.command("key", "new") == 2
    assert "rotate-key changes it" in capsys.readouterr().err


@pytest.mark.real
def test_the_next_key_is_of_the_present_kind_unless_another_is_asked_for(house: House) -> None:
    house.command("key", "new", "--kind", "tpm2")
    assert house.command("rotate-key") == 0
    present, coming = (known_key(house.data / "keys" / name) for name in ("gateway.key", "gateway.key.next"))
    assert (present[0], coming[0]) == ("tpm2-sealed", "tpm2-sealed")
    assert present[1] != coming[1]
    keys = keyring(house.data / "keys", ORIGIN, house.emulator.tpm)
    assert keys.coming is not None
    assert (keys.present.public, keys.coming.public) == (present[1], coming[1])


@pytest.mark.real
def test_a_public_half_that_is_not_the_sealed_keys_is_refused(house: House) -> None:
    house.command("key", "new", "--kind", "tpm2")
    path = house.data / "keys" / "gateway.key"
    value = json.loads(path.read_text()) | {"public": GOOD["public"]}
    path.write_bytes(canonical.dumps(value))
    with pytest.raises(KeyFileError, match=f"expected the key {bytes(32).hex()} sealed in"):
        load_key(path, house.emulator.tpm)


@pytest.mark.parametrize(
    "change",
    [{"kind": "tpm2"}, {"public": "AA=="}, {"public": 5}, {"tpm_public": ""}, {"tpm_private": "A"}, {"more": "x"},
     {"tpm_public": base64.b64encode(bytes(1_025)).decode()}, {"tpm_private": "\u00e4"}],
)  # fmt: skip
def test_a_file_that_is_no_sealed_key_is_refused_and_never_asked_of_a_tpm(
    tmp_path: Path, change: dict[str, Any]
) -> None:
    path = tmp_path / "gateway.key"
    path.write_bytes(canonical.dumps(GOOD | change))
    path.chmod(0o600)
    with pytest.raises(KeyFileError, match="expected a key sealed by a TPM"):
        known_key(path)


@pytest.mark.parametrize("data", [b"{", b"{}", b'{"kind": 1}', b"\xff", b"{" + b"[" * 5_000])
def test_bytes_that_are_no_key_are_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "gateway.key"
    path.write_bytes(data)
    path.chmod(0o600)
    with pytest.raises(KeyFileError):
        known_key(path)


def test_a_sealed_key_needs_a_tpm_and_a_private_file(tmp_path: Path) -> None:
    path = tmp_path / "gateway.key"
    path.write_bytes(canonical.dumps(GOOD))
    path.chmod(0o600)
    assert known_key(path) == ("tpm2-sealed", bytes(32))
    with pytest.raises(TpmUnavailable, match="expected a TPM to be named"):
        keyring(tmp_path, ORIGIN)
    path.chmod(0o640)
    with pytest.raises(KeyFileError, match="mode 0600"):
        known_key(path)
