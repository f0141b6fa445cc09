"""Somebody who has taken over a gateway: its log key, its disk, its process. And the house that he wants to deceive.

`House` is a real server over real files, a second witness with its own memory, and the true log on a real disk, cosigned
up to a size; above it the tail that the gateway recorded while its line was cut. `Attacker` has the key and every leaf.
"""

from __future__ import annotations

import contextlib
import io
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import delete, select

from caselog import bundle, canonical, checkpoint, cover, note
from caselog.bundle import Contents, Head, Manifest, Report, Text
from caselog.disk import FileDisk
from caselog.keys import SoftKey
from caselog.records import KEY_CHANGED
from caselog.witness import Refused as WitnessRefused
from caselog.witness import Request
from caseserver.area_state import AreaState
from caseserver.bundle.maker import BundleMaker
from caseserver.settings import Witness
from caseserver.store.schema import cosignature, quarantine
from caseserver.witness import NAME_PREFIX
from caseward import witness as witness_command
from caseward.witness_memory import Memory
from custody.bundled import area_text, rulebook_with_text
from custody.codec import fact_of
from tests.server.station_kit import MINUTE_US, START_US, GatewayLog, Kit, StationClock, hashes_of, morning
from tests.server.test_bundle import BegunLog
from tests.tools.tree import ROOT

VERIFIER = ROOT / "server/verify/verify.py"
SERVER = "caseward.local/server"
BUREAU = NAME_PREFIX + "bureau"
STAY = "S-1"
SECOND_US = 1_000_000
CUT_S = 90
"""Seconds between the newest cosignature and the takeover: the line was cut."""
GIVEN_BY_LOG = ("v", "index", "prev", "stay_n")

Entry = dict[str, Any]
Verdict = tuple[int, list[Any] | None, list[str]]
"""Exit code of the verifier; line, kind, place, expected, found of the first wrong thing; its report."""


def entries(log: GatewayLog, end: int) -> list[Entry]:
    """What was appended to become the first `end` leaves."""
    return [
        {key: value for key, value in canonical.loads(data).items() if key not in GIVEN_BY_LOG}
        for data in log.log.leaves(0, end, 10**9)
    ]


class House:
    """Server, second witness, and a gateway whose log is cosigned up to `cosigned` by the one, `seconded` by the other."""

    def __init__(self, folder: Path, *, people: int = 1) -> None:
        """`people`: persons who come in after the first, to make the log longer."""
        self.folder = folder
        self._copies = 0
        self.clock = StationClock()
        self.office = folder / "office"
        told = self._witness("init", "--name", "bureau", "--data", str(self.office))[1]
        lines = dict(line.split(" = ") for line in told.splitlines()[1:])
        self.bureau = Witness(**{name: text.strip('"') for name, text in lines.items()})
        (folder / "station").mkdir()
        self.kit = Kit(folder / "station", self.clock, witnesses={"bureau": self.bureau})
        self.log = BegunLog(self.kit.area, self.kit.rulebook, disk=FileDisk(folder / "card"))
        self.kit.gateway = self.log
        self._live_a_day(people)

    def _live_a_day(self, people: int) -> None:
        log, at_us = self.log, morning(self.log)
        for number in range(2, people + 2):
            at_us += MINUTE_US
            log.fact("person.arrived", at_us, stay=f"S-{number}")
            log.fact("patrol.tapped", at_us + SECOND_US, room="waiting-1", officer="1001")
        self.seconded = log.log.size
        self.clock.at_us = at_us + 2 * SECOND_US
        self._send(self.seconded)
        self._witness("trust", "--data", str(self.office), log.signer.verifier.vkey())
        offered = self.kit.station.witnesses.offer(log.signer.name, 0)
        assert isinstance(offered, tuple)
        status, told = self.give_witness(offered[0])
        assert status == 0, told
        assert self.hand_back(self.kit) is None
        for second in range(1, 6):
            log.fact("door.opened", at_us + (5 + second) * SECOND_US, door="gate")
            log.fact("door.closed", at_us + (5 + second) * SECOND_US + 1, door="gate")
        self.cosigned = log.log.size
        self.cosigned_us = self.clock.at_us = at_us + 11 * SECOND_US
        self._send(self.cosigned)
        for second in range(0, CUT_S, 5):
            log.fact("door.opened", self.cosigned_us + second * SECOND_US, door="gate")
        log.fact(
            "stay.released",
            self.cosigned_us + CUT_S * SECOND_US,
            stay=STAY,
            reason="released",
            officer="1001",
        )
        log.count(STAY, self.cosigned_us + CUT_S * SECOND_US)
        self.clock.at_us = self.cosigned_us + CUT_S * SECOND_US

    def _send(self, size: int) -> None:
        state = self.kit.state
        while state.ingest.size < size:
            first = state.ingest.size
            assert self.kit.take(self.log.batch(first, min(first + 200, size)))
        assert state.ingest.root == self.log.log.root(size)

    @property
    def tail(self) -> int:
        """Leaves that the gateway has and nobody has cosigned."""
        return self.log.log.size - self.cosigned

    def copy(self, name: str) -> Kit:
        """The server as it is now, in another folder, for an attempt that may change it."""
        self._copies += 1
        folder = self.folder / f"{self._copies}-{name}"
        shutil.copytree(self.kit.path, folder)
        kit = Kit(folder, StationClock(self.clock.at_us), witnesses={"bureau": self.bureau})
        kit.gateway = self.log
        return kit

    def ask_witness(self, log: GatewayLog, size: int) -> tuple[int, str]:
        """Show the second witness a checkpoint of `log`, with the best proof there is."""
        held = Memory(self.office).size(log.signer.name)
        proof = tuple(log.log.consistency_proof(held, size)) if 0 < held < size else ()
        return self.give_witness(Request(held, proof, log.note(size)))

    def give_witness(self, request: Request) -> tuple[int, str]:
        """A request in a file to `caseward witness`. Gives exit code and what it printed."""
        (self.office / "request").write_bytes(request.encode())
        return self._witness("--data", str(self.office), "--from-file", str(self.office / "request"))

    def hand_back(self, kit: Kit) -> WitnessRefused | None:
        """What the second witness cosigned last, to a server. Gives why not, if it is not taken."""
        handed = (self.office / "request.cosigned").read_bytes()
        return kit.station.witnesses.take("bureau", handed, kit.clock.now())

    def _witness(self, *argv: str) -> tuple[int, str]:
        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            status = witness_command.main(list(argv), self.clock)
        return status, out.getvalue()

    def bundle(self, kit: Kit, *, is_newest: bool = False) -> bytes:
        """The bundle that the server makes of the stay. `is_newest`: as if the second witness had not been there yet."""
        if is_newest:
            with kit.database.writing() as connection:
                connection.execute(delete(cosignature))
        maker = BundleMaker(kit.path, kit.database, kit.key.named(SERVER))
        for text in (area_text("standard"), rulebook_with_text(kit.area)[1]):
            maker.texts.keep(text)
        return maker.make(kit.area, kit.rulebook, STAY, kit.clock.at_us).data

    def verify(self, data: bytes, *witnesses: str) -> Verdict:
        """verify.py in a process of its own, with the log's key and those of `witnesses` (SERVER, BUREAU)."""
        keys = {SERVER: self.kit.key.public, BUREAU: bytes.fromhex(self.bureau.public_key)}
        file = self.folder / "given.bundle"
        file.write_bytes(data)
        command = [sys.executable, "-I", str(VERIFIER), str(file), "--json", "--lang", "en"]
        command += ["--log-key", bundle.encode(self.log.key.public)]
        for name in witnesses:
            command += ["--witness", f"{name}={bundle.encode(keys[name])}"]
        told = json.loads(subprocess.run(command, capture_output=True, text=True, check=False).stdout)
        return told["exit"], told["wrong"], told["report"]

    def second_server(self, kit: Kit) -> AreaState:
        """The same store, by a server that is told which rulebook it runs."""
        signer = kit.key.named(SERVER)
        return AreaState(
            kit.area, kit.rulebook, self.log.key.public, signer, kit.database, kit.limits, hashes=hashes_of(kit.area)
        )  # fmt: skip

    def close(self) -> None:
        """Let go of the files."""
        self.kit.close()


@dataclass
class Attacker:
    """Signs with the gateway's own key whatever he likes."""

    house: House

    def written(self, new: Iterable[Entry], epoch: str = "1") -> GatewayLog:
        """A log of these entries: numbered, chained and signed as if it were right."""
        true = self.house.log
        made = GatewayLog(true.area, true.rulebook, true.key, epoch)
        for entry in new:
            made.log.append(entry)
        made.log.commit()
        return made

    def changed(self, index: int, change: Callable[[Entry], Entry]) -> GatewayLog:
        """The true log with one leaf otherwise."""
        new = entries(self.house.log, self.house.log.log.size)
        return self.written([*new[:index], change(new[index]), *new[index + 1 :]])

    def edits(self, index: int) -> dict[str, GatewayLog]:
        """What can be done about one leaf."""
        new = entries(self.house.log, self.house.log.log.size)
        other = {**new[index], "id": "never-happened"}
        before, leaf, after = new[:index], new[index], new[index + 1 :]
        return {
            "changed": self.written([*before, other, *after]),
            "removed": self.written([*before, *after]),
            "put in": self.written([*before, other, leaf, *after]),
            "swapped": self.written([*before, *after[:1], leaf, *after[1:]]),
        }

    def going_on(self, kept: int, facts: int, at_us: int, epoch: str = "1") -> GatewayLog:
        """The true log up to `kept`, then what never happened, with the outputs that the rules give to it."""
        made = self.written(entries(self.house.log, kept), epoch)
        for data in made.log.leaves(0, kept, 10**9):
            fact = fact_of(canonical.loads(data))
            if fact is not None:
                made.engine.step(fact)
        for number in range(facts):
            made.fact("patrol.tapped", at_us + number * SECOND_US, room="waiting-1", officer="1001")
        return made

    def bundled(self, log: GatewayLog, note_: bytes, texts: Iterable[str] = ()) -> bytes:
        """A bundle of his own making: leaves of `log` under `note_`, signed as maker with a key of his."""
        signed = checkpoint.parse(note_)
        chosen = [i for i in range(signed.size) if is_bundled(canonical.loads(log.log.leaf(i)))]
        shown = [Text(f"text-{n}", text) for n, text in enumerate((*self.texts(), *texts))]
        contents = Contents(
            Head(1, signed.origin, STAY, signed.size, len(chosen)), [log.log.leaf(i) for i in chosen],
            cover.prove(chosen, signed.size, log.log.range_root), note_, shown, [], {}, Report("r.pdf", b"%PDF-"),
        )  # fmt: skip
        maker = SoftKey.from_seed(b"m" * 32).named(SERVER)
        return b"".join(bundle.lines(contents, Manifest(START_US, {"en": [], "zh": []}), maker))

    def texts(self) -> tuple[str, str]:
        """Configuration and rulebook in force."""
        return area_text("standard"), rulebook_with_text(self.house.kit.area)[1]


def is_bundled(leaf: Mapping[str, Any]) -> bool:
    """Whether section 9 puts the leaf into the bundle of the stay."""
    return leaf["index"] == 0 or leaf["stay"] == STAY or leaf["type"] in (KEY_CHANGED, "config.loaded/1")


def with_lines(note_: bytes, *more: note.Signature) -> bytes:
    """The note with signature lines of somebody's."""
    parsed = note.parse(note_)
    return note.Note(parsed.text, (*parsed.signatures, *more)).encode()


def refusals(kit: Kit) -> list[str]:
    """What the server wrote down of batches that it refused, oldest first."""
    columns = (quarantine.c.reason, quarantine.c.expected, quarantine.c.found)
    with kit.database.reading() as connection:
        rows = connection.execute(select(*columns).order_by(quarantine.c.id)).all()
    return [f"{reason}: expected {expected}, found {found}" for reason, expected, found in rows]
