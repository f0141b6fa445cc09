"""What somebody who has taken over a gateway may try, and what comes of it before server, second witness and verifier."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from caselog import checkpoint, note, records
from caselog.clock import Instant
from caselog.keys import SoftKey
from caselog.records import Predecessor
from caseserver import epochs
from caseserver.bundle.selection import NothingToBundle
from caseserver.store.leaves import LeafReader
from tests.server.attacker import (
    BUREAU,
    SECOND_US,
    SERVER,
    Attacker,
    Entry,
    House,
    entries,
    refusals,
    with_lines,
)
from tests.server.fork_checker import is_proof
from tests.server.station_kit import HOUR_US, GatewayLog, Kit
from tests.server.test_bundle import BegunLog

REFUSED = "refused"
TAKEN = "taken"
PROVED = "taken, and proved against him at the next exchange"
TOLD = "taken, and told to whoever reads it"
LEFT_OUT = "left out of what is kept"


@dataclass(frozen=True)
class Row:
    """One attempt: at which leaf, before whom, what came of it and in which words. `must`: what has to come of it."""

    tried: str
    at: str
    before: str
    outcome: str
    said: str
    must: str = REFUSED


def attempts(house: House) -> Iterator[Row]:
    """In this order: the last ones change what the second witness knows."""
    attacker = Attacker(house)
    yield from below(house, attacker)
    yield from rolled_back(house, attacker)
    yield from by_bundle(house, attacker)
    yield from new_epoch(house, attacker)
    yield from above(house, attacker)
    yield from two_tales(house, attacker)


# --- what is cosigned ---------------------------------------------------------------------------


def below(house: House, attacker: Attacker) -> Iterator[Row]:
    """One leaf of the stay, all its times, the rulebook: everything after it chained and signed anew with the true key."""
    new = entries(house.log, house.cosigned)
    index = next(i for i, entry in enumerate(new) if entry["type"] == "area.entered/1")
    loaded = next(i for i, entry in enumerate(new) if entry["type"] == "config.loaded/1")
    forged = {f"leaf {how}": (index, log) for how, log in attacker.edits(index).items()}
    forged["its times an hour earlier"] = index, attacker.changed(index, an_hour_earlier)
    forged["another rulebook's hash"] = loaded, attacker.changed(loaded, with_rulebook("0" * 64))
    held = house.kit.state.ingest.note
    assert held is not None
    for tried, (at, log) in forged.items():
        yield Row(tried, f"leaf {at}", "server", *sent(house.kit, log, at))
        yield Row(tried, f"leaf {at}", "second witness", *shown(house, log, log.log.size))
        bundle = attacker.bundled(log, held)
        yield Row(
            f"{tried}, in a bundle under the old cosigned note",
            f"leaf {at}",
            "verifier",
            *given(house, bundle, SERVER),
        )


def rolled_back(house: House, attacker: Attacker) -> Iterator[Row]:
    kept = house.seconded - 10
    other = attacker.going_on(kept, house.tail + 20, house.clock.at_us)
    for first in (kept, house.cosigned):
        yield Row(
            f"rolled back and gone on otherwise, sent from {first}",
            f"leaf {kept}",
            "server",
            *sent(house.kit, other, first),
        )
    yield Row(
        "rolled back and gone on otherwise",
        f"leaf {kept}",
        "second witness",
        *shown(house, other, other.log.size),
    )
    (answer,) = house.kit.take(house.log.batch(0, kept))
    acked = house.kit.acked([answer])
    outcome = REFUSED if acked == house.cosigned else TAKEN
    yield Row(
        "an older checkpoint shown again",
        f"size {kept}",
        "server",
        outcome,
        f"acknowledged what it holds, {acked}",
    )
    yield Row(
        "an older checkpoint shown again", f"size {kept}", "second witness", *shown(house, house.log, kept)
    )


def by_bundle(house: House, attacker: Attacker) -> Iterator[Row]:
    """Past server and witness, straight to who checks, who has their keys or has not."""
    log = attacker.going_on(house.seconded - 10, 40, house.clock.at_us)
    at, bare, held = f"leaf {house.seconded - 10}", log.note(), house.kit.state.ingest.note
    assert held is not None
    line = note.parse(held).signatures[-1]
    own = note.parse(checkpoint.cosign(bare, SoftKey.from_seed(b"m" * 32).named(SERVER), 1)).signatures[-1]
    late = replace(line, payload=(1).to_bytes(8, "big") + line.payload[8:])
    yield Row(
        "a new note without cosignature",
        at,
        "verifier with a witness's key",
        *given(house, attacker.bundled(log, bare), SERVER),
    )
    code, wrong, report = house.verify(attacker.bundled(log, bare))
    told = next((text for text in report if "no cosignature was checked" in text), str(wrong))
    outcome = (
        TOLD if code == 0 and wrong is None and "no cosignature" in told else REFUSED if wrong else TAKEN
    )
    yield Row("a new note without cosignature", at, "verifier without a witness's key", outcome, told, TOLD)
    for tried, forged, note_ in (
        ("the old cosignature on a new note", log, with_lines(bare, line)),
        ("a cosignature in the server's name by another key", log, with_lines(bare, own)),
        (
            "the true log, the time of its cosignature changed",
            house.log,
            with_lines(house.log.note(house.cosigned), late),
        ),
    ):
        yield Row(
            tried,
            at if forged is log else f"size {house.cosigned}",
            "verifier",
            *given(house, attacker.bundled(forged, note_), SERVER),
        )


def new_epoch(house: House, _: Attacker) -> Iterator[Row]:
    """Another log that hides this one, or says of it what is not so."""
    true = house.log
    told = Predecessor(true.signer.name, "the key was lost", house.cosigned, true.log.root(house.cosigned))
    for tried, after in (
        ("a new log after a false root", replace(told, root=bytes(32))),
        ("a new log after more than is held", replace(told, size=true.log.size)),
        ("a new log after the true one", told),
    ):
        kit = house.copy(tried.replace(" ", "-"))
        log = BegunLog(true.area, true.rulebook, true.key, "2", after=after)
        yield Row(tried, "leaf 0", "server", *sent(kit, log, 0))
        yield Row(
            tried, "leaf 0", "administrators", *accepted(house, kit, log), TOLD if after is told else REFUSED
        )
        yield Row(tried, "leaf 0", "second witness", *shown(house, log, log.log.size))
        kit.close()


def accepted(house: House, kit: Kit, log: BegunLog) -> tuple[str, str]:
    """What `caseward server accept-epoch` finds when two administrators have given their word."""
    reader = LeafReader(kit.database)
    held = reader.held(kit.area.gateway)
    try:
        with kit.database.writing() as connection:
            told = epochs.successor(connection, reader, held)
            kept = epochs.accept(connection, held, kit.area.id, told.origin)
    except epochs.EpochError as error:
        return REFUSED, str(error)
    is_whole = reader.log_bytes(kept) == b"".join(
        leaf + b"\n" for leaf in house.log.log.leaves(0, house.cosigned, 10**9)
    )
    return (TOLD if is_whole else TAKEN), f"{log.signer.name} waits; the old log stays whole as {kept}"


# --- what is not --------------------------------------------------------------------------------


def above(house: House, attacker: Attacker) -> Iterator[Row]:
    """The tail, and everything from now on: his, within what the log's own rules allow."""
    at, size = f"leaves {house.cosigned} to {house.log.log.size - 1}", house.cosigned
    kit, lie = house.copy("tail"), attacker.going_on(size, 12, house.cosigned_us + SECOND_US)
    yield Row("the tail written anew", at, "server", *sent(kit, lie, size), TAKEN)
    outcome, said = sent(kit, house.log, size)
    proofs = [path for path in kit.state.forks.files() if is_proof(path.read_bytes(), house.log.key.public)]
    outcome = PROVED if outcome == REFUSED and proofs else outcome
    yield Row("the true tail comes to light afterwards", at, "server", outcome, said, PROVED)
    kit.close()
    kit = house.copy("from-now-on")
    kit.take(house.log.batch(size))
    later = attacker.going_on(house.log.log.size, 3, house.clock.at_us + SECOND_US)
    yield Row(
        "false facts from now on",
        f"leaf {house.log.log.size}",
        "server",
        *sent(kit, later, house.log.log.size),
        TAKEN,
    )
    kit.close()
    yield from tail_of(house, attacker, "the tail dated back a day", a_day_earlier)
    yield from tail_of(
        house, attacker, "the tail before the last cosigned fact", booted_earlier, must=REFUSED
    )
    yield from tail_of(
        house, attacker, "the tail dated back a day after a start of his", started_a_day_earlier, told=TAKEN
    )
    yield from other_rulebook(house, attacker)
    yield key_of_his_own(house, attacker)
    yield invented_lines(house)


def tail_of(
    house: House, attacker: Attacker, tried: str, change: Callable[[Entry], Entry],
    must: str = TAKEN, told: str = TOLD,
) -> Iterator[Row]:  # fmt: skip
    """A tail whose facts are of the stay and otherwise dated; before the server, and in a bundle with its cosignature.

    `must`: what has to come of it before the verifier; `told`: before the server.
    """
    size = house.cosigned
    facts = [
        entry for entry in entries(house.log, house.log.log.size)[size:] if entry["type"] == "stay.released/1"
    ]
    log = attacker.written([*entries(house.log, size), *map(change, facts)])
    kit = house.copy(tried.replace(" ", "-"))
    outcome, said = sent(kit, log, size)
    differences = [text for text in kit.state.snapshot().differences if ": time " in text]
    outcome, said = (TOLD, differences[0]) if outcome == TAKEN and differences else (outcome, said)
    yield Row(tried, f"leaf {size}", "server", outcome, said, told)
    cosigned = kit.state.ingest.note
    assert cosigned is not None
    yield Row(tried, f"leaf {size}", "verifier", *given(house, attacker.bundled(log, cosigned), SERVER), must)
    kit.close()


def other_rulebook(house: House, attacker: Attacker) -> Iterator[Row]:
    size, kit = house.cosigned, house.copy("rulebook")
    new = entries(house.log, size)
    loaded = next(entry for entry in new if entry["type"] == "config.loaded/1")
    moved = {**loaded, "id": "loaded-again", "recorded": new[-1]["recorded"], "occurred": new[-1]["occurred"]}
    log = attacker.written([*new, with_rulebook("0" * 64)(moved)])
    outcome, said = sent(kit, log, size)
    differences = house.second_server(kit).snapshot().differences
    outcome, said = (TOLD, differences[-1]) if outcome == TAKEN and differences else (outcome, said)
    yield Row("another rulebook's hash in the tail", f"leaf {size}", "server", outcome, said, TOLD)
    try:
        house.bundle(kit, is_newest=True)
        outcome, said = TAKEN, ""
    except NothingToBundle as error:
        outcome, said = REFUSED, str(error)
    yield Row("another rulebook's hash in the tail", f"leaf {size}", "maker of bundles", outcome, said)
    kit.close()


def key_of_his_own(house: House, attacker: Attacker) -> Row:
    """So that he can go on signing after the machine is taken from him."""
    size, kit, own = house.cosigned, house.copy("key"), SoftKey.from_seed(b"t" * 32)
    log = attacker.written(entries(house.log, size))
    body = records.key_changed(log.signer.name, size, log.key, own)
    now = Instant(1, house.cosigned_us, house.cosigned_us, house.cosigned_us)
    log.log.append(records.entry(records.KEY_CHANGED, size, body, now))
    log.log.commit()
    log.signer = own.named(log.signer.name)
    outcome, said = sent(kit, log, size)
    held = LeafReader(kit.database).of_type(kit.area.gateway, records.KEY_CHANGED)
    kit.close()
    outcome, said = (
        (TOLD, f"{records.KEY_CHANGED} is leaf {size}") if outcome == TAKEN and held else (outcome, said)
    )
    return Row("the log handed over to a key of his own", f"leaf {size}", "server", outcome, said, TOLD)


def invented_lines(house: House) -> Row:
    """The true tail under a note with a second witness's cosignature of long ago that nobody made."""
    kit, size = house.copy("lines"), house.cosigned
    line = note.Signature(BUREAU, bytes(4), (1).to_bytes(8, "big") + bytes(64))
    signed = house.log.batch(size)
    kit.take(signed.replace(house.log.note(), with_lines(house.log.note(), line)))
    kept = note.parse(kit.state.ingest.note or b"")
    names = [signature.name for signature in kept.signatures]
    is_taken = kit.state.ingest.size == house.log.log.size
    kit.close()
    outcome = LEFT_OUT if is_taken and names == [house.log.signer.name, SERVER] else TAKEN
    return Row(
        "a cosignature that nobody made",
        f"size {house.log.log.size}",
        "server",
        outcome,
        f"kept: {names}",
        LEFT_OUT,
    )


def two_tales(house: House, attacker: Attacker) -> Iterator[Row]:
    """To the second witness another tail than to the server: above what it knows it must believe it, until they meet."""
    at, size = f"leaf {house.cosigned - 10}", house.cosigned
    other = attacker.going_on(size - 10, 20, house.cosigned_us)
    yield Row(
        "another history for the second witness", at, "second witness", *shown(house, other, size), TAKEN
    )
    kit = house.copy("two-tales")
    refused = house.hand_back(kit)
    proofs = [path for path in kit.state.forks.files() if is_proof(path.read_bytes(), house.log.key.public)]
    outcome = PROVED if refused is not None and refused.fork is not None and proofs else TAKEN
    said = f"expected {refused.expected}, found {refused.found}" if refused is not None else ""
    yield Row("what the second witness hands back", at, "server", outcome, said, PROVED)
    kit.close()
    outcome, said = shown(house, house.log, size)
    proofs = [
        path
        for path in (house.office / "forks").iterdir()
        if is_proof(path.read_bytes(), house.log.key.public)
    ]
    yield Row(
        "the true history",
        at,
        "second witness",
        PROVED if outcome == REFUSED and proofs else outcome,
        said,
        PROVED,
    )


# --- before whom --------------------------------------------------------------------------------


def sent(kit: Kit, log: GatewayLog, first: int) -> tuple[str, str]:
    """To the server's broker: outcome, and the words of the newest refusal."""
    size, known = kit.state.ingest.size, len(refusals(kit))
    kit.take(log.batch(first))
    told = refusals(kit)
    if kit.state.ingest.size > size or len(told) == known:
        return TAKEN, f"acknowledged up to {kit.state.ingest.size}"
    return REFUSED, told[-1]


def shown(house: House, log: GatewayLog, size: int) -> tuple[str, str]:
    status, said = house.ask_witness(log, size)
    return (TAKEN if status == 0 else REFUSED), said.strip()


def given(house: House, bundle: bytes, *witnesses: str) -> tuple[str, str]:
    code, wrong, report = house.verify(bundle, *witnesses)
    return (TAKEN if code == 0 else REFUSED), (": ".join(map(str, wrong)) if wrong else report[0])


# --- small changes ------------------------------------------------------------------------------


def shifted(entry: Entry, by_us: int) -> Entry:
    """The wall clock of an entry moved; boot and boot time stay."""
    new = dict(entry)
    for name in ("recorded", "occurred"):
        new[name] = {k: v + by_us if k.endswith("est_us") else v for k, v in entry[name].items()}
    return new


def an_hour_earlier(entry: Entry) -> Entry:
    return shifted(entry, -HOUR_US)


def a_day_earlier(entry: Entry) -> Entry:
    return shifted(entry, -24 * HOUR_US)


def booted_earlier(entry: Entry) -> Entry:
    return {**entry, "recorded": {**entry["recorded"], "boottime_us": 0}}


def started_a_day_earlier(entry: Entry) -> Entry:
    moved = a_day_earlier(entry)
    return {**moved, "recorded": {**moved["recorded"], "boot": moved["recorded"]["boot"] + 1}}


def with_rulebook(hash_: str) -> Callable[[Entry], Entry]:
    return lambda entry: {**entry, "body": {**entry["body"], "rulebook_hash": hash_}}
