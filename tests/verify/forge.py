"""Forgeries: a good bundle changed by somebody who has every public thing and a key of their own, but none of the log's.

Each gives `Forgery`: what was done, the bytes, and the kinds of refusal that name it. The forger makes manifest and
signature anew with that key, and the proof anew with all hashes of the log; so only what the log itself
holds against them can find it. The maker's key is not brought by the checker: that alone would refuse all of them.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from dataclasses import dataclass

from tests.verify import maker
from tests.verify.maker import Draft

L = 2**252 + 27742317777372353535851937790883648493
ANY = frozenset(
    {
        "form",
        "order wrong",
        "chain",
        "hole",
        "foreign",
        "key",
        "root",
        "log",
        "witness",
        "text",
        "value",
        "bundle",
        "maker",
    }
)


@dataclass(frozen=True)
class Forgery:
    what: str
    data: bytes
    kinds: frozenset[str] = ANY


def key_of_forger(seed: int = 99) -> maker.Ed25519PrivateKey:
    return maker.key_from(random.Random(seed))


def forged(draft: Draft, what: str, *kinds: str) -> Forgery:
    draft.head["leaves"] = len(draft.leaves)
    return Forgery(what, draft.together(key_of_forger()), frozenset(kinds) or ANY)


def prove_anew(draft: Draft) -> None:
    held = sorted({leaf["index"] for leaf in draft.leaves})
    hashes = maker.proof(draft.log, held, 0, draft.head["size"])
    draft.part("proof")["hashes"] = [maker.b64(each) for each in hashes]


def can_be_left_out(draft: Draft, place: int) -> bool:
    """What section 9 says that it cannot show: configurations, and the end of a stay (reported as not counted)."""
    leaf = draft.leaves[place]
    is_last = leaf["stay"] is not None and all(each["stay"] is None for each in draft.leaves[place + 1 :])
    return is_last or leaf["type"] == "config.loaded/1"


def leaf_edits(draft: Draft) -> Iterator[Forgery]:
    """Every leaf deleted, doubled, changed, and exchanged with the next, with the old proof and with the best new one."""
    for place, leaf in enumerate(draft.leaves):
        for is_proved in (False, True):
            cut = copy.deepcopy(draft)
            del cut.leaves[place]
            if is_proved:
                if can_be_left_out(draft, place):
                    continue
                prove_anew(cut)
            yield forged(cut, f"leaf {place} left out, proof {'new' if is_proved else 'old'}")
        double = copy.deepcopy(draft)
        double.leaves.insert(place, leaf)
        yield forged(double, f"leaf {place} twice", "order wrong", "form")
        other = copy.deepcopy(draft)
        other.leaves[place]["id"] += "x"
        yield forged(other, f"leaf {place} changed", "chain", "root")
        if place + 1 < len(draft.leaves):
            yield from _exchanged(draft, place)


def _exchanged(draft: Draft, place: int) -> Iterator[Forgery]:
    plain = copy.deepcopy(draft)
    plain.leaves[place : place + 2] = reversed(plain.leaves[place : place + 2])
    yield forged(plain, f"leaves {place} and {place + 1} exchanged", "order wrong", "hole", "key", "foreign")
    fitted = copy.deepcopy(plain)
    one, two = fitted.leaves[place : place + 2]
    for key in ("index", "prev", "stay_n", "recorded"):
        one[key], two[key] = two[key], one[key]
    yield forged(fitted, f"leaves {place} and {place + 1} exchanged and numbered to fit")


def line_edits(data: bytes) -> Iterator[Forgery]:
    """Every line left out, doubled, exchanged with the next; the file cut at every line and inside; things put after it."""
    lines = data.splitlines(keepends=True)
    for n in range(len(lines)):
        yield Forgery(f"line {n + 1} left out", b"".join(lines[:n] + lines[n + 1 :]))
        yield Forgery(f"line {n + 1} twice", b"".join([*lines[: n + 1], *lines[n:]]))
        if n + 1 < len(lines):
            yield Forgery(
                f"line {n + 1} exchanged", b"".join([*lines[:n], lines[n + 1], lines[n], *lines[n + 2 :]])
            )
        yield Forgery(f"cut before line {n + 1}", b"".join(lines[:n]), frozenset({"form"}))
        yield Forgery(
            f"cut inside line {n + 1}",
            b"".join([*lines[:n], lines[n][: len(lines[n]) // 2]]),
            frozenset({"form"}),
        )
    yield Forgery("without its last newline", data[:-1], frozenset({"form"}))
    for tail in (b"\n", b" ", b"{}\n", lines[-1], data):
        yield Forgery(f"followed by {tail[:12]!r}", data + tail, frozenset({"form"}))
    yield Forgery("byte order mark", b"\xef\xbb\xbf" + data, frozenset({"form"}))
    yield Forgery("other line ends", data.replace(b"\n", b"\r\n"), frozenset({"form"}))


def log_edits(draft: Draft) -> Iterator[Forgery]:
    """The log rolled back, signed by another, its cosignature taken away; leaves of somebody else put in."""
    older = copy.deepcopy(draft)
    older.head["size"] -= 1
    yield forged(older, "size one less", "form", "root", "order wrong")
    size = draft.leaves[len(draft.leaves) // 2]["index"] + 1
    old_note = maker.note(draft.head["origin"], draft.log, size, draft.keys)
    rolled = copy.deepcopy(draft)
    rolled.part("checkpoint")["note"] = old_note
    yield forged(rolled, "older checkpoint, newer leaves", "form", "root")
    rolled = copy.deepcopy(rolled)
    rolled.head["size"] = size
    yield forged(rolled, "older checkpoint and size, newer leaves", "order wrong", "form")
    yield from _signed_by_another(draft)
    yield from _others_leaf(draft)


def _signed_by_another(draft: Draft) -> Iterator[Forgery]:
    forger, origin, size = key_of_forger(), draft.head["origin"], draft.head["size"]
    bare = copy.deepcopy(draft)
    bare.part("checkpoint")["note"] = maker.note(origin, draft.log, size, [forger])
    bare.parts[-2]["cosigned_s"] = {}
    yield forged(bare, "checkpoint signed by another key", "log")
    text = bare.part("checkpoint")["note"].split("\n\n")[0] + "\n\n"
    bare = copy.deepcopy(bare)
    bare.part("checkpoint")["note"] = text
    yield forged(bare, "checkpoint signed by nobody", "form")
    rows = draft.part("checkpoint")["note"].split("\n")
    newest = maker.sha256(origin.encode() + b"\n\x01" + draft.log_key).digest()[:4]
    for index, row in enumerate(rows[4:-1], 4):
        _, name, signed = row.split(" ")
        stamped = bytearray(maker.base64.b64decode(signed))
        kind = "log" if name == origin else "witness"
        stamped[-40] ^= 1
        spoilt = copy.deepcopy(draft)
        spoilt.part("checkpoint")["note"] = "\n".join(
            [*rows[:index], f"— {name} {maker.b64(bytes(stamped))}", *rows[index + 1 :]]
        )
        yield forged(spoilt, f"signature of {name} spoilt", kind)
        if kind == "witness" or stamped[:4] == newest:
            missing = copy.deepcopy(draft)
            missing.part("checkpoint")["note"] = "\n".join(rows[:index] + rows[index + 1 :])
            missing.parts[-2]["cosigned_s"] = {each: s for each, s in draft.times.items() if each != name}
            yield forged(missing, f"signature of {name} left out", kind, "form")


def _others_leaf(draft: Draft) -> Iterator[Forgery]:
    """A leaf of the same log that belongs to another stay, with a proof that holds."""
    held = {leaf["index"] for leaf in draft.leaves}
    for index, leaf in enumerate(draft.log):
        if index not in held:
            other = copy.deepcopy(draft)
            other.leaves = sorted([*other.leaves, maker.json.loads(leaf)], key=lambda each: each["index"])
            prove_anew(other)
            yield forged(other, f"leaf {index} of another stay put in", "foreign")
            return


def hashes_in_force(draft: Draft) -> set[str]:
    """Of the texts that section 9 asks for; others may be there, and are reported as the maker's word."""
    loaded = [leaf for leaf in draft.leaves if leaf["type"] == "config.loaded/1"]
    first = next(leaf["index"] for leaf in draft.leaves if leaf["stay"] is not None)
    before = [leaf for leaf in loaded if leaf["index"] < first][-1:]
    bodies = [leaf["body"] for leaf in before + [leaf for leaf in loaded if leaf["index"] > first]]
    return {body[key] for body in bodies for key in ("config_hash", "rulebook_hash")}


def part_edits(draft: Draft) -> Iterator[Forgery]:
    """Texts, disclosures, report, times and signatures changed."""
    named = hashes_in_force(draft)
    for n, part in enumerate(draft.parts):
        other = copy.deepcopy(draft)
        changed = other.parts[n]
        if part["part"] == "text" and part["sha256"] in named:
            changed["text"] += "#"
            changed["sha256"] = maker.hashed(changed["text"])
            yield forged(other, f"text {part['name']} changed with its hash", "text")
        elif part["part"] == "disclosed":
            changed["value"] += "x"
            yield forged(other, f"value disclosed of leaf {part['leaf']} changed", "value")
            other.parts[n] = {**part, "leaf": draft.head["size"]}
            yield forged(other, "value disclosed of a leaf that is not there", "value", "order wrong")
        elif part["part"] == "report":
            changed["data"] = maker.b64(b"other")
            yield forged(other, "report changed without its hash", "bundle")
        elif part["part"] == "manifest" and draft.times:
            changed["cosigned_s"] = {name: seconds - 86_400 for name, seconds in draft.times.items()}
            yield forged(other, "times of the cosignatures changed", "bundle")
        elif part["part"] == "proof" and part["hashes"]:
            changed["hashes"] = part["hashes"][:-1]
            yield forged(other, "proof one hash short", "form", "root")
            changed["hashes"] = [*part["hashes"], part["hashes"][-1]]
            yield forged(other, "proof one hash long", "root")
    yield _malleable(draft)


def _malleable(draft: Draft) -> Forgery:
    """The maker's signature with s + L: the same equation, another spelling."""
    lines = draft.together().splitlines(keepends=True)
    signature = maker.base64.b64decode(maker.json.loads(lines[-1])["signature"])
    s = int.from_bytes(signature[32:], "little") + L
    other = maker.b64(signature[:32] + s.to_bytes(32, "little"))
    last = maker.line({"part": "signature", "signature": other})
    return Forgery("signature of the maker with s + L", b"".join([*lines[:-1], last]), frozenset({"maker"}))


def all_edits(draft: Draft) -> Iterator[Forgery]:
    yield from leaf_edits(draft)
    yield from line_edits(draft.together())
    yield from log_edits(draft)
    yield from part_edits(draft)


def flips(data: bytes, count: int, seed: int = 0) -> list[tuple[int, int]]:
    """(place, mask) of so many single-bit changes, spread evenly; all bytes when count is their number."""
    chance = random.Random(seed)
    places = range(len(data)) if count >= len(data) else sorted(chance.sample(range(len(data)), count))
    return [(place, 1 << chance.randrange(8)) for place in places]
