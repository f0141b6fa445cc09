"""Good bundles for the verifiers, written from docs/evidence.md alone: no code of the log, none of the verifiers.

`made(Plan(seed=…))` gives the same bytes each time. `Draft` is a bundle taken apart, to be changed and put together
again by somebody who has no key but their own.
"""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ORIGIN = "caseward.local/area-1/gw-1/1"
STAY = "s-7f3a"
START_US = 1_770_000_000_000_000
TEXTS = ['[area]\nname = "办案区"\n', "[rule.T1]\nwithin_min = 1440\n"]
ZEROS = "0" * 64


@dataclass(frozen=True)
class Plan:
    """What a bundle is to hold."""

    seed: int = 1
    leaves: int = 12  # of the stay, the count at the end not among them
    others: int = 3  # leaves of somebody else between, at most so many in one place
    changes: int = 1  # of the log's key
    witnesses: int = 1
    disclosures: int = 2
    statements: int = 3
    report_bytes: int = 600
    reloads: int = 1  # configurations loaded during the stay
    is_counted: bool = True
    tail: int = 2  # leaves of others after the stay


@dataclass
class Draft:
    """A bundle in pieces: leaves and parts as objects, and whoever signs."""

    head: dict[str, Any]
    leaves: list[dict[str, Any]]
    parts: list[dict[str, Any]]
    log: list[bytes]  # all leaves of the log, in the bundle or not
    keys: list[Ed25519PrivateKey]
    witnesses: list[tuple[str, Ed25519PrivateKey]]
    maker: Ed25519PrivateKey
    times: dict[str, int] = field(default_factory=dict)

    @property
    def log_key(self) -> bytes:
        return public(self.keys[-1])

    @property
    def witness_keys(self) -> list[tuple[str, bytes]]:
        return [(name, public(key)) for name, key in self.witnesses]

    def part(self, name: str) -> dict[str, Any]:
        return next(part for part in self.parts if part["part"] == name)

    def together(self, maker: Ed25519PrivateKey | None = None) -> bytes:
        """The bytes, with manifest and signature made anew by `maker`."""
        signer = maker or self.maker
        lines = [line(value) for value in [self.head, *self.leaves, *self.parts[:-2]]]
        manifest = {
            **self.parts[-2],
            "sha256": sha256(b"".join(lines)).hexdigest(),
            "public": b64(public(signer)),
        }
        signature = signer.sign(b"caseward/bundle/v1\n" + line(manifest))
        return b"".join([*lines, line(manifest), line({"part": "signature", "signature": b64(signature)})])


def canonical(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def line(value: Any) -> bytes:
    return canonical(value) + b"\n"


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()


def key_from(chance: random.Random) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(chance.randbytes(32))


def leaf_hash(leaf: bytes) -> bytes:
    return sha256(b"\x00" + leaf).digest()


def tree(leaves: list[bytes], low: int, high: int) -> bytes:
    """RFC 6962 section 2.1, as it stands there."""
    if high == low:
        return sha256(b"").digest()
    if high - low == 1:
        return leaf_hash(leaves[low])
    middle = low + split(high - low)
    return sha256(b"\x01" + tree(leaves, low, middle) + tree(leaves, middle, high)).digest()


def split(count: int) -> int:
    """The largest power of two below count."""
    power = 1
    while power * 2 < count:
        power *= 2
    return power


def proof(leaves: list[bytes], held: list[int], low: int, high: int) -> list[bytes]:
    """Section 9: the roots that whoever holds the leaves `held` (rising) still needs."""
    if not held:
        return [tree(leaves, low, high)]
    if high - low == len(held):
        return []
    middle = low + split(high - low)
    left = [index for index in held if index < middle]
    right = held[len(left) :]
    return proof(leaves, left, low, middle) + proof(leaves, right, middle, high)


def note(origin: str, leaves: list[bytes], size: int, signers: list[Ed25519PrivateKey]) -> str:
    """Section 4."""
    text = f"{origin}\n{size}\n{b64(tree(leaves, 0, size))}\n"
    for key in signers:
        key_id = sha256(origin.encode() + b"\n\x01" + public(key)).digest()[:4]
        text += ("" if "\n\n" in text else "\n") + f"— {origin} {b64(key_id + key.sign(text_of(text)))}\n"
    return text


def text_of(signed: str) -> bytes:
    """What is signed: the three lines."""
    return "".join(row + "\n" for row in signed.split("\n")[:3]).encode()


def cosigned(signed: str, name: str, key: Ed25519PrivateKey, seconds: int) -> str:
    """Section 5."""
    key_id = sha256(name.encode() + b"\n\x04" + public(key)).digest()[:4]
    signature = key.sign(f"cosignature/v1\ntime {seconds}\n".encode() + text_of(signed))
    return signed + f"— {name} {b64(key_id + seconds.to_bytes(8, 'big') + signature)}\n"


def commitment(name: str, salt: bytes, value: str) -> str:
    """Section 8."""
    return sha256(b"caseward/commitment/v1\n" + name.encode() + b"\n" + salt + value.encode()).hexdigest()


class Log:
    """A log being written: knows index, hash before, numbers of the stay and the time."""

    def __init__(self, chance: random.Random) -> None:
        self.chance, self.leaves, self.bytes = chance, [], []
        self.stay_n: dict[str, int] = {}
        self.boot, self.boottime_us = 3, 0

    def add(
        self,
        kind: str,
        body: dict[str, Any],
        stay: str | None = None,
        sort: str = "fact",
        by: str = "gateway",
    ) -> int:
        if stay is not None:
            self.stay_n[stay] = self.stay_n.get(stay, 0) + 1
        if self.chance.random() < 0.02:
            self.boot, self.boottime_us = self.boot + 1, 0
        elif sort != "output":
            self.boottime_us += self.chance.randrange(3_000_000)
        index = len(self.leaves)
        at_us = START_US + self.boot * 10**9 + self.boottime_us
        has_bound = self.chance.random() < 0.8
        leaf = {
            "v": 1,
            "index": index,
            "prev": leaf_hash(self.bytes[-1]).hex() if self.bytes else ZEROS,
            "class": sort,
            "type": kind,
            "id": f"{kind}|{index}",
            "recorded": {
                "boot": self.boot,
                "boottime_us": self.boottime_us,
                "earliest_us": at_us,
                "latest_us": at_us + 50_000 if has_bound else None,
            },
            "occurred": {"by": by, "earliest_us": at_us - 20_000, "latest_us": at_us if has_bound else None},
            "source": {"boot": 1, "name": "n1", "seq": index}
            if by == "node"
            else {"boot": 0, "name": "", "seq": 0},
            "stay": stay,
            "stay_n": None if stay is None else self.stay_n[stay],
            "body": body,
        }
        self.leaves.append(leaf)
        self.bytes.append(canonical(leaf))
        return index


def made(plan: Plan, origin: str = ORIGIN) -> Draft:
    """The bundle of a plan, in pieces."""
    chance = random.Random(plan.seed)
    keys = [key_from(chance) for _ in range(plan.changes + 1)]
    log, held, disclosed = _written(plan, origin, chance, keys)
    size = len(log.bytes)
    # The checkpoint that is the first to cover a change is signed by both keys.
    is_first = plan.changes and log.leaves[size - 1]["type"] == "log.key_changed/1"
    signed = note(origin, log.bytes, size, keys[-2:] if is_first or chance.random() < 0.3 else keys[-1:])
    witnesses = [(f"caseward.local/witness/{n + 1}", key_from(chance)) for n in range(plan.witnesses)]
    times = {name: 1_770_100_000 + n for n, (name, _) in enumerate(witnesses)}
    for name, key in witnesses:
        signed = cosigned(signed, name, key, times[name])
    maker = key_from(chance)
    head = {"bundle": 1, "suite": 1, "origin": origin, "stay": STAY, "size": size, "leaves": len(held)}
    first_parts = [
        {"part": "proof", "hashes": [b64(each) for each in proof(log.bytes, held, 0, size)]},
        {"part": "checkpoint", "note": signed},
    ]
    parts = [*first_parts, *_texts(log, held), *disclosed, *_ends(plan, chance, times)]
    return Draft(head, [log.leaves[n] for n in held], parts, log.bytes, keys, witnesses, maker, times)


def _written(
    plan: Plan, origin: str, chance: random.Random, keys: list[Ed25519PrivateKey]
) -> tuple[Log, list[int], list[dict[str, Any]]]:
    """The log, the leaves of it that belong into the bundle, and what is disclosed of them."""
    log = Log(chance)

    def key_of(key: Ed25519PrivateKey) -> dict[str, Any]:
        return {"kind": chance.choice(["soft-key", "tpm2-sealed"]), "public": b64(public(key))}

    def load() -> int:
        area = TEXTS[0] + f"# {chance.randrange(3)}\n"
        hashes = {"config_hash": hashed(area), "rulebook": "cn-2026", "rulebook_hash": hashed(TEXTS[1])}
        texts[hashed(area)] = area
        return log.add("config.loaded/1", hashes)

    def change(number: int) -> int:
        message = f"caseward/key-change/v1\n{origin}\n{len(log.leaves)}\n{b64(public(keys[number]))}\n"
        signature = b64(keys[number - 1].sign(message.encode()))
        return log.add("log.key_changed/1", {"key": key_of(keys[number]), "signature": signature}, sort="log")

    texts: dict[str, str] = {hashed(TEXTS[1]): TEXTS[1]}
    after = chance.choice(
        [None, {"origin": origin + "0", "reason": "key lost", "root": sha256().hexdigest(), "size": 0}]
    )
    held = [
        log.add(
            "log.begun/1", {"origin": origin, "suite": 1, "key": key_of(keys[0]), "after": after}, sort="log"
        )
    ]
    held += [load() for _ in range(chance.randrange(1, 3))]
    acts: list[Callable[[], int]] = [lambda n=n: _fact(log, chance) for n in range(plan.leaves)]
    for place in sorted(chance.randrange(len(acts) + 1) for _ in range(plan.reloads)):
        acts.insert(place, load)
    for number, place in enumerate(sorted(chance.randrange(len(acts) + 1) for _ in range(plan.changes)), 1):
        acts.insert(place + number - 1, lambda number=number: change(number))
    for act in acts:
        for _ in range(chance.randrange(plan.others + 1)):
            log.add("door.opened/1", {"door": "interview-1"}, chance.choice([None, "s-other"]), by="node")
        held.append(act())
    if plan.is_counted:
        count = log.stay_n.get(STAY, 0) + 1
        held.append(log.add("log.stay_counted/1", {"leaves": count}, STAY, "log"))
    disclosed = _disclosed(plan, log, held, chance)
    for _ in range(plan.tail):
        log.add("door.closed/1", {"door": "interview-1"}, "s-other", by="node")
    log.texts = texts
    return log, held, disclosed


def _fact(log: Log, chance: random.Random) -> int:
    """A leaf of the stay, plain or with every character that has its own spelling."""
    said = chance.choice(
        ["", "讯问室", 'quote " back \\ slash / \t\n\x1f\x7f', "é𝄞", "x" * chance.randrange(60)]
    )
    body = {
        "room": "interview-1",
        "said": said,
        "list": [1, -5, True, None, {"deep": [2**53 - 1]}],
        "name": ZEROS,
    }
    if chance.random() < 0.3:
        return log.add("alarm.raised/1", {"rule": "T1", "level": 2}, STAY, "output")
    return log.add("stay.registered/1", body, STAY, by=chance.choice(["node", "server", "paper"]))


def _disclosed(plan: Plan, log: Log, held: list[int], chance: random.Random) -> list[dict[str, Any]]:
    """Personal data of the first facts of the stay: committed to in the leaf, which is written again with what follows."""
    found = []
    facts = [n for n in held if log.leaves[n]["type"] == "stay.registered/1"][: plan.disclosures]
    for index in facts:
        salt, value = chance.randbytes(32), chance.choice(["张三", "Li Si", "110101199001010010"])
        log.leaves[index]["body"]["name"] = commitment("name", salt, value)
        found.append(
            {"part": "disclosed", "leaf": index, "field": "name", "salt": salt.hex(), "value": value}
        )
    for index in range(facts[0] if facts else len(log.leaves), len(log.leaves)):
        log.leaves[index]["prev"] = leaf_hash(log.bytes[index - 1]).hex()
        log.bytes[index] = canonical(log.leaves[index])
    return found


def hashed(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def _texts(log: Log, held: list[int]) -> list[dict[str, Any]]:
    named = {log.leaves[n]["body"][key] for n in held if log.leaves[n]["type"] == "config.loaded/1" for key in
             ("config_hash", "rulebook_hash")}  # fmt: skip
    rows = [
        {"part": "text", "name": f"text-{each[:8]}.toml", "sha256": each, "text": log.texts[each]}
        for each in named
    ]
    return sorted(rows, key=lambda row: row["name"].encode())


def _ends(plan: Plan, chance: random.Random, times: dict[str, int]) -> list[dict[str, Any]]:
    """Statements, report, and manifest and signature that `Draft.together` completes."""
    names = sorted(chance.sample(["blindness", "coverage", "deadlines"], plan.statements))
    data = chance.randbytes(plan.report_bytes)
    manifest = {
        "part": "manifest",
        "made_us": START_US + 10**11,
        "maker": "某某派出所 server",
        "public": "",
        "sha256": "",
        "cosigned_s": times,
        "unproved": {"en": ["that the recorder's picture was sharp"], "zh": ["录像画面是否清晰"]},
    }
    return [
        *({"part": "statement", "name": name, "body": {"seconds": chance.randrange(90)}} for name in names),
        {"part": "report", "name": "report.pdf", "sha256": sha256(data).hexdigest(), "data": b64(data)},
        manifest,
        {"part": "signature", "signature": ""},
    ]
