"""What somebody who has taken over the gateway can forge: tried against server, second witness and verifier, all real.

House and attacker are in tests/server/attacker.py, what he tries in tests/server/attempts.py. docs/takeover.md says what
it means.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from caselog import canonical, checkpoint
from caselog.keys import SoftKey
from caselog.witness import Refused, Request, judge
from caseserver.store.leaves import LeafReader
from caseward.witness_memory import Memory
from tests.server.attacker import CUT_S, SERVER, Attacker, House
from tests.server.attempts import Row, attempts
from tests.server.fork_checker import is_proof

PEOPLE = 3

Say = Callable[[str], None]


def run(say: Say) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="caseward-takeover-") as folder:
        house = House(Path(folder), people=PEOPLE)
        every = every_leaf(house)
        say(f"takeover: {every['forged_logs']} forged logs, {every['taken_by_server']} taken by the server")
        rows = list(attempts(house))
        bound = bound_of(house)
        holds = is_held(house, every, rows)
        house.close()
    say(f"takeover: forgeable, {bound['leaves']} leaves of {bound['seconds']} seconds")
    return {
        "holds": holds and bound["is_printed"],
        "command": "python -m tests.prove takeover",
        "cosigned_by_server": house.cosigned,
        "cosigned_by_second_witness": house.seconded,
        "bound": bound,
        "every_leaf_below": every,
        "attempts": [asdict(row) for row in rows],
    }


def is_held(house: House, every: dict[str, int], rows: list[Row]) -> bool:
    """Nothing went but what had to, the server holds what it held, and takes the true tail as if nothing had been."""
    kit = house.copy("afterwards")
    state = kit.state
    held = LeafReader(kit.database).log_bytes(state.gateway)
    is_same = held == b"".join(leaf + b"\n" for leaf in house.log.log.leaves(0, house.cosigned, 10**9))
    proofs = [is_proof(path.read_bytes(), house.log.key.public) for path in state.forks.files()]
    kit.take(house.log.batch(house.cosigned))
    kit.close()
    return (
        every["taken_by_server"] == every["taken_by_second_witness"] == 0
        and all(row.outcome == row.must for row in rows)
        and is_same
        and bool(proofs)
        and all(proofs)
        and state.ingest.root == house.log.log.root()
    )


def every_leaf(house: House, step: int = 1) -> dict[str, int]:
    """Each leaf below the cosigned size changed, removed, doubled, swapped; sent from the beginning, from there, from the end."""
    attacker, memory, kit = Attacker(house), Memory(house.office), house.copy("every-leaf")
    seen, key = memory.note(house.log.signer.name), [house.log.signer.verifier]
    counts = {
        "forged_logs": 0,
        "taken_by_server": 0,
        "shown_to_second_witness": 0,
        "taken_by_second_witness": 0,
    }
    for index in range(0, house.cosigned, step):
        for log in attacker.edits(index).values():
            counts["forged_logs"] += 1
            tried = [kit.state.ingest.take(log.batch(first), 1) for first in (0, index, house.cosigned)]
            counts["taken_by_server"] += any(said.records or said.refused is None for said in tried)
            if index < house.seconded:
                proof = tuple(log.log.consistency_proof(house.seconded))
                request = Request(house.seconded, proof, log.note())
                said = judge(seen, key, request, SoftKey.from_seed(b"w" * 32).named("w"), 1)
                counts["shown_to_second_witness"] += 1
                counts["taken_by_second_witness"] += not isinstance(said, Refused)
    kit.close()
    return counts


def bound_of(house: House) -> dict[str, Any]:
    """What was forgeable, and that a bundle prints it: the figures of the very bundle, in both languages."""
    kit = house.kit
    bundle = house.bundle(kit, is_newest=True)
    held = kit.state.ingest.note
    assert held is not None
    said = checkpoint.verify_cosignature(held, kit.key.named(SERVER).verifier)
    _, _, report = house.verify(bundle, SERVER)
    manifest = canonical.loads(bundle.splitlines()[-2])
    printed = {language: takeover_sentence(texts) for language, texts in manifest["unproved"].items()}
    size = str(canonical.loads(bundle.splitlines()[0])["size"])
    return {
        "leaves": house.tail,
        "seconds": CUT_S,
        "printed": printed,
        "is_printed": all(size in text for text in printed.values())
        and any(printed["en"] in line for line in report),
        "newest_cosigned_size": said.checkpoint.size,
        "newest_cosigned_s": said.timestamp_s,
    }


def takeover_sentence(texts: list[str]) -> str:
    return next((text for text in texts if "takes over the gateway" in text or "接管网关" in text), "")
