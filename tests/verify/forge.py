"""Forgeries: a good bundle changed by somebody who has every public thing and a key of their own, but none of the log's.

`wrong_logs` alone is the work of somebody who has the log's key: then the log's own rules are what is left to find it by.

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


def wrong_logs(draft: Draft) -> Iterator[Forgery]:
    """Leaves that no log may hold, in a log that its own key and its witnesses signed: a broken or a taken gateway."""
    fact = next(leaf["index"] for leaf in draft.leaves if leaf["stay"] is not None)
    told = [leaf["index"] for leaf in draft.leaves if leaf["class"] == "fact" and leaf["stay"] is not None]
    later = max(told, default=None)  # a stay may have outputs alone
    config = max(n["index"] for n in draft.leaves if n["type"] == "config.loaded/1" and n["index"] < fact)
    begun = draft.leaves[0]["body"]
    far = {"boot": 0, "boottime_us": 0}
    changes: list[tuple[int | None, str, object, str]] = [
        (fact, "v", 2, "form"),
        (fact, "v", True, "form"),
        (fact, "class", "rumour", "form"),
        (fact, "class", "log", "form"),
        (fact, "type", "log.said/1", "form"),
        (fact, "type", "said", "form"),
        (fact, "type", "a.b/01", "form"),
        (fact, "type", "a.b/1\n", "form"),
        (fact, "id", "", "form"),
        (fact, "id", "x" * 257, "form"),
        (fact, "body", [], "form"),
        (fact, "body", {"long": "x" * 65_536}, "form"),
        (fact, "source", {"boot": 1, "name": "n" * 65, "seq": 0}, "form"),
        (fact, "source", {"boot": -1, "name": "n", "seq": 0}, "form"),
        (fact, "occurred", {"by": "rumour", "earliest_us": 1, "latest_us": 1}, "form"),
        (fact, "occurred", {"by": "node", "earliest_us": 2, "latest_us": 1}, "form"),
        (fact, "occurred", {"by": "node", "earliest_us": None, "latest_us": 1}, "form"),
        (fact, "occurred", {"by": "node", "earliest_us": 1, "latest_us": 1, "why": ""}, "form"),
        (later, "recorded", {**far, "earliest_us": 1, "latest_us": None}, "order wrong"),
        (fact, "stay", "s" * 65, "form"),
        (fact, "stay", None, "foreign"),
        (fact, "stay_n", None, "hole"),
        (later, "stay_n", draft.head["size"] + 1, "hole"),
        (fact, "prev", "0" * 63, "form"),
        (config, "stay_n", 1, "foreign"),
        (config, "stay", "s-other", "foreign"),
        (config, "type", "door.opened/1", "foreign"),
        (config, "body", {"config_hash": 1, "rulebook_hash": None}, "text"),
        (0, "type", "door.opened/1", "form"),
        (0, "body", {**begun, "suite": 3}, "form"),
        (0, "body", {**begun, "origin": begun["origin"] + "0"}, "form"),
        (0, "body", {**begun, "after": {}}, "form"),
        (0, "body", {**begun, "after": []}, "form"),
        (0, "body", {**begun, "key": {"kind": "", "public": begun["key"]["public"]}}, "form"),
        (0, "body", {**begun, "key": {"kind": "soft-key", "public": begun["key"]["public"][:-1]}}, "form"),
    ]
    for leaf in draft.leaves:
        if leaf["type"] == "log.stay_counted/1":
            changes.append((leaf["index"], "body", {"leaves": leaf["stay_n"] + 1}, "hole"))
        if leaf["type"] == "log.key_changed/1":
            spoilt = maker.b64(bytes(64))
            changes.append((leaf["index"], "body", {**leaf["body"], "signature": spoilt}, "key"))
            again = {"type": "log.begun/1", "body": {**begun, "key": leaf["body"]["key"]}}
            other = _written_anew(draft, {leaf["index"]: again})
            yield forged(other, f"leaf {leaf['index']} begins the log again", "foreign")
    for index, key, value, kind in changes:
        if index is None:
            continue
        shown = f"leaf {index} signed with {key} {str(value)[:40]}"
        yield forged(
            _written_anew(draft, {index: {key: value}}), shown, kind, *(["text"] if index == config else [])
        )
    neighbours = [
        a["index"]
        for a, b in zip(draft.leaves, draft.leaves[1:], strict=False)
        if a["index"] + 1 == b["index"]
    ]
    for index in neighbours[:1]:
        other = _written_anew(draft, {index + 1: {"prev": "f" * 64}})
        yield forged(other, f"leaf {index + 1} chained to nothing", "chain")
    yield _another_log(draft)


def _another_log(draft: Draft) -> Forgery:
    """A checkpoint of this tree in the name of another log, signed by the key of this one."""
    other, origin = copy.deepcopy(draft), draft.head["origin"]
    text = draft.part("checkpoint")["note"].split("\n\n")[0].replace("/", "/x", 1) + "\n"
    key_id = maker.sha256(origin.encode() + b"\n\x01" + draft.log_key).digest()[:4]
    signed = maker.b64(key_id + draft.keys[-1].sign(text.encode()))
    other.part("checkpoint")["note"] = f"{text}\n— {origin} {signed}\n"
    other.parts[-2]["cosigned_s"] = {}
    other.witnesses = []
    return forged(other, "checkpoint of another log with the same key", "form")


def _written_anew(draft: Draft, changes: dict[int, dict[str, object]]) -> Draft:
    """The same log with some leaves otherwise, chained, proved and signed as if it were right."""
    anew = copy.deepcopy(draft)
    log: list[bytes] = []
    for index, data in enumerate(draft.log):
        leaf = maker.json.loads(data)
        leaf["prev"] = maker.leaf_hash(log[-1]).hex() if log else maker.ZEROS
        leaf.update(changes.get(index, {}))
        log.append(maker.canonical(leaf))
    anew.log = log
    anew.leaves = [maker.json.loads(log[leaf["index"]]) for leaf in draft.leaves]
    prove_anew(anew)
    note = maker.note(draft.head["origin"], log, draft.head["size"], draft.keys[-1:])
    for name, key in draft.witnesses:
        note = maker.cosigned(note, name, key, draft.times[name])
    anew.part("checkpoint")["note"] = note
    return anew


def wrong_parts(draft: Draft) -> Iterator[Forgery]:
    """Lines that section 9 does not know, around leaves that are right."""
    yield from _wrong_heads(draft)
    yield from _wrong_notes(draft)
    for n, part in enumerate(draft.parts[:-1]):
        for what, change in (("another key", {"more": 1}), ("another name", {"part": "parts"})):
            other = copy.deepcopy(draft)
            other.parts[n].update(change)
            yield forged(other, f"{part['part']} with {what}", "form", "text")
        if part["part"] in ("text", "statement", "disclosed"):
            other = copy.deepcopy(draft)
            other.parts.insert(n, part)
            yield forged(other, f"{part['part']} twice", "order wrong")
    for n, part in enumerate(draft.parts):
        for key, value in _wrong_values(part):
            other = copy.deepcopy(draft)
            other.parts[n][key] = value
            yield forged(
                other, f"{part['part']} with {key} {str(value)[:40]}", "form", "bundle", "order wrong", "root"
            )


def _wrong_values(part: dict[str, object]) -> list[tuple[str, object]]:
    return {
        "proof": [("hashes", {}), ("hashes", ["AA=="]), ("hashes", [1])],
        "text": [("name", ""), ("text", 1), ("text", "other"), ("sha256", "0" * 63)],
        "disclosed": [("leaf", -1), ("field", 1), ("salt", "0"), ("value", None)],
        "statement": [("name", "opinion"), ("body", [])],
        "report": [("data", "A==="), ("data", "QR=="), ("data", "QQ==\n"), ("name", "x" * 257)],
        "manifest": [
            ("made_us", -1), ("maker", ""), ("unproved", {"en": []}), ("unproved", {"en": [], "zh": [1]}), ("cosigned_s", []),
            ("cosigned_s", {"nobody": 1}),
        ],
    }.get(str(part["part"]), [])  # fmt: skip


def _wrong_heads(draft: Draft) -> Iterator[Forgery]:
    size = draft.head["size"]
    for key, value in (
        ("bundle", 2),
        ("bundle", True),
        ("suite", 3),
        ("origin", "x"),
        ("stay", ""),
        ("size", 2**53 - 1),
    ):
        other = copy.deepcopy(draft)
        other.head[key] = value
        yield forged(other, f"head with {key} {value}", "form", "root")
    other = copy.deepcopy(draft)
    other.head["stay"] = "s-other"
    yield forged(other, "head with another stay", "foreign")
    data = draft.together(key_of_forger()).replace(
        b'"leaves":%d' % draft.head["leaves"], b'"leaves":%d' % (size + 1), 1
    )
    yield Forgery("more leaves than the tree has", data, frozenset({"form", "order wrong"}))
    empty = copy.deepcopy(draft)
    empty.leaves = [leaf for leaf in empty.leaves if leaf["stay"] is None]
    prove_anew(empty)
    yield forged(empty, "no leaf of the stay", "hole")
    bare = copy.deepcopy(draft)
    bare.leaves = [leaf for leaf in bare.leaves if leaf["type"] != "config.loaded/1"]
    prove_anew(bare)
    yield forged(bare, "no configuration", "text")


def _wrong_notes(draft: Draft) -> Iterator[Forgery]:
    note = draft.part("checkpoint")["note"]
    origin, head = draft.head["origin"], note.split("\n\n")[0] + "\n"
    late = f"— late {maker.b64(bytes(4) + bytes([255]) * 8 + bytes(64))}\n"
    for what, other in (
        ("without an empty line", note.replace("\n\n", "\n")),
        ("with a line of its own", note.replace("\n\n", "\nmore\n\n")),
        ("of a hundred and one signatures", note + f"— other {maker.b64(bytes(69))}\n" * 100),
        ("of too many bytes", note + f"— other {maker.b64(bytes(50_000))}\n"),
        ("with a short signature", note + "— other AAAAAA==\n"),
        ("with another dash", note + f"- other {maker.b64(bytes(68))}\n"),
        ("with loose base64", note + "— other AAAAAAAAAAB=\n"),
        ("with a cosignature of the year 10^11", note + late),
        ("of another origin", note.replace(origin, origin + "0", 1)),
        ("of another root", head.replace("\n", "0\n") + "\n" + note.split("\n\n")[1]),
        ("without its last newline", note[:-1]),
        ("that is none", 1),
    ):
        changed = copy.deepcopy(draft)
        changed.part("checkpoint")["note"] = other
        yield forged(changed, f"checkpoint {what}", "form", "root")


def all_edits(draft: Draft) -> Iterator[Forgery]:
    yield from leaf_edits(draft)
    yield from line_edits(draft.together())
    yield from log_edits(draft)
    yield from part_edits(draft)
    yield from wrong_logs(draft)
    yield from wrong_parts(draft)


def flips(data: bytes, count: int, seed: int = 0) -> list[tuple[int, int]]:
    """(place, mask) of so many single-bit changes, spread evenly; all bytes when count is their number."""
    chance = random.Random(seed)
    places = range(len(data)) if count >= len(data) else sorted(chance.sample(range(len(data)), count))
    return [(place, 1 << chance.randrange(8)) for place in places]
