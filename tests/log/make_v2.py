"""Makes tests/vectors/log/v2.json with json, hashlib and cryptography alone: what a log says of itself, and a bundle.

    python -m tests.log.make_v2

Once released, the file is never edited: a change of the format gets a file of its own.
"""

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

FILE = Path(__file__).parent.parent / "vectors" / "log" / "v2.json"
ORIGIN = "caseward.local/area-1/gw-1/5eedf00d"
BEFORE = "caseward.local/area-1/gw-1/0ldbad00"
SERVER = "caseward.local/server"
COSIGNED_S = 1_773_800_100
MADE_US = 1_773_800_200_000_000
SEEDS = {
    name: hashlib.sha256(f"caseward vector v2 {name}".encode()).digest() for name in ("old", "new", "server")
}
KEYS = {name: Ed25519PrivateKey.from_private_bytes(seed) for name, seed in SEEDS.items()}
AREA = '[area]\nid = "area-1" # 办案区\n'
BOOK = "# rulebook cn-2026\n[rulebook]\n"
SALT = bytes(range(32))
CHOSEN = (0, 1, 2, 4, 5, 6)


def encode(data: bytes) -> str:
    return base64.b64encode(data).decode()


def public(name: str) -> bytes:
    return KEYS[name].public_key().public_bytes_raw()


def sign(name: str, message: bytes) -> str:
    return encode(KEYS[name].sign(message))


def canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def digest(suite: str, data: bytes) -> bytes:
    return hashlib.new(suite, data).digest()


def root(hashes: list[bytes], suite: str) -> bytes:
    """Section 3, from leaf hashes."""
    if len(hashes) == 1:
        return hashes[0]
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    return digest(suite, b"\x01" + root(hashes[:k], suite) + root(hashes[k:], suite))


def cover(hashes: list[bytes], chosen: tuple[int, ...], low: int, high: int, suite: str) -> list[bytes]:
    """Section 9, proof."""
    if not any(low <= index < high for index in chosen):
        return [root(hashes[low:high], suite)]
    if high - low == 1:
        return []
    k = 1
    while k * 2 < high - low:
        k *= 2
    return cover(hashes, chosen, low, low + k, suite) + cover(hashes, chosen, low + k, high, suite)


def leaf(
    index: int, prev: bytes, class_: str, type_: str, stay: tuple[str, int] | None, body: dict[str, Any]
) -> bytes:
    at_us = 1_773_800_000_000_000 + index * 1_000_000
    return canonical({
        "v": 1, "index": index, "prev": prev.hex(), "class": class_, "type": type_, "id": f"v2-{index}",
        "recorded": {"boot": 1, "boottime_us": index * 1_000_000, "earliest_us": at_us, "latest_us": at_us + 500},
        "occurred": {"earliest_us": at_us, "latest_us": None, "by": "gateway"},
        "source": {"name": "", "boot": 0, "seq": 0},
        "stay": stay[0] if stay else None, "stay_n": stay[1] if stay else None, "body": body,
    })  # fmt: skip


def leaves(suite: str, number: int) -> list[bytes]:
    """Eight leaves: begun, configuration, S-1, S-2, key change, S-1 again, its count, S-2 again."""
    commitment = hashlib.sha256(b"caseward/commitment/v1\nname\n" + SALT + "张三".encode()).hexdigest()
    message = f"caseward/key-change/v1\n{ORIGIN}\n4\n{encode(public('new'))}\n".encode()
    texts = {"config_hash": hashlib.sha256(AREA.encode()).hexdigest(), "rulebook": "cn-2026",
             "rulebook_hash": hashlib.sha256(BOOK.encode()).hexdigest()}  # fmt: skip
    before = {"origin": BEFORE, "reason": "the key was lost", "root": "ab" * 32, "size": 12}
    rows: list[tuple[str, str, tuple[str, int] | None, dict[str, Any]]] = [
        ("log", "log.begun/1", None, {"origin": ORIGIN, "suite": number, "after": before,
                                      "key": {"kind": "soft-key", "public": encode(public("old"))}}),
        ("fact", "config.loaded/1", None, texts),
        ("fact", "person.arrived/1", ("S-1", 1), {"stay": "S-1", "name": commitment}),
        ("fact", "person.arrived/1", ("S-2", 1), {"stay": "S-2"}),
        ("log", "log.key_changed/1", None, {"key": {"kind": "soft-key", "public": encode(public("new"))},
                                            "signature": sign("old", message)}),
        ("output", "obligation.armed/1", ("S-1", 2), {"due_us": None}),
        ("log", "log.stay_counted/1", ("S-1", 3), {"leaves": 3}),
        ("fact", "person.arrived/1", ("S-2", 2), {"stay": "S-2"}),
    ]  # fmt: skip
    found: list[bytes] = []
    prev = bytes(32)
    for index, row in enumerate(rows):
        found.append(leaf(index, prev, *row))
        prev = digest(suite, b"\x00" + found[-1])
    return found


def note(size: int, top: bytes, signers: tuple[str, ...]) -> str:
    text = f"{ORIGIN}\n{size}\n{encode(top)}\n"
    lines = ""
    for name in signers:
        id_ = hashlib.sha256(ORIGIN.encode() + b"\n\x01" + public(name)).digest()[:4]
        lines += f"\u2014 {ORIGIN} {encode(id_ + KEYS[name].sign(text.encode()))}\n"
    id_ = hashlib.sha256(SERVER.encode() + b"\n\x04" + public("server")).digest()[:4]
    message = f"cosignature/v1\ntime {COSIGNED_S}\n{text}".encode()
    lines += f"\u2014 {SERVER} {encode(id_ + COSIGNED_S.to_bytes(8, 'big') + KEYS['server'].sign(message))}\n"
    return text + "\n" + lines


def bundle(log: list[bytes], hashes: list[bytes]) -> str:
    parts: list[bytes] = [canonical({"bundle": 1, "suite": 1, "origin": ORIGIN, "stay": "S-1", "size": len(log),
                                     "leaves": len(CHOSEN)})]  # fmt: skip
    parts += [log[index] for index in CHOSEN]
    pdf = b"%PDF-1.4 a vector, not a report"
    rows: list[dict[str, Any]] = [
        {"part": "proof", "hashes": [encode(h) for h in cover(hashes, CHOSEN, 0, len(log), "sha256")]},
        {"part": "checkpoint", "note": note(len(log), root(hashes, "sha256"), ("new",))},
        *({"part": "text", "name": name, "sha256": hashlib.sha256(text.encode()).hexdigest(), "text": text}
          for name, text in (("area.toml", AREA), ("rulebook.toml", BOOK))),
        {"part": "disclosed", "leaf": 2, "field": "name", "salt": SALT.hex(), "value": "张三"},
        {"part": "statement", "name": "deadlines", "body": {"stay": "S-1", "terms": []}},
        {"part": "report", "name": "report.pdf", "sha256": hashlib.sha256(pdf).hexdigest(), "data": encode(pdf)},
    ]  # fmt: skip
    parts += [canonical(row) for row in rows]
    before = b"".join(part + b"\n" for part in parts)
    manifest = canonical({
        "part": "manifest", "made_us": MADE_US, "maker": SERVER, "public": encode(public("server")),
        "sha256": hashlib.sha256(before).hexdigest(), "cosigned_s": {SERVER: COSIGNED_S},
        "unproved": {"en": ["a vector shows nothing"], "zh": ["向量什么也不能证明"]},
    }) + b"\n"  # fmt: skip
    signature = canonical(
        {"part": "signature", "signature": sign("server", b"caseward/bundle/v1\n" + manifest)}
    )
    return (before + manifest + signature + b"\n").decode()


def vectors() -> dict[str, Any]:
    made: dict[str, Any] = {"keys": {name: encode(public(name)) for name in SEEDS}, "suites": {}}
    for suite, number in (("sha256", 1), ("sm3", 3)):
        log = leaves(suite, number)
        hashes = [digest(suite, b"\x00" + data) for data in log]
        selections = [(0,), (7,), (0, 7), (2, 3, 4), CHOSEN, tuple(range(8))]
        made["suites"][str(number)] = {
            "leaves": [data.decode() for data in log],
            "empty_root": digest(suite, b"").hex(),
            "roots": [root(hashes[:size], suite).hex() for size in range(1, 9)],
            "covers": [
                {"size": size, "leaves": list(chosen), "hashes": [h.hex() for h in cover(hashes, chosen, 0, size, suite)]}
                for size in (5, 8) for chosen in selections if chosen[-1] < size
            ],
        }  # fmt: skip
        if number == 1:
            made["first_to_cover"] = note(5, root(hashes[:5], suite), ("old", "new"))
            made["bundle"] = bundle(log, hashes)
    return made


if __name__ == "__main__":
    FILE.write_text(json.dumps(vectors(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
