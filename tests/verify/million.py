"""A bundle of one very long stay, written leaf by leaf: the maker of small ones holds all of a log."""

from __future__ import annotations

import random
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO

from tests.verify import maker

BEFORE = 2  # leaf 0 and the configuration
SPACED = 1000  # every so many leaves one of somebody else stands between


class Tree:
    """RFC 6962 root of leaves as they come, and the proof of section 9 for those that are held."""

    def __init__(self) -> None:
        self.nodes: list[
            tuple[int, bytes, list[bytes] | None]
        ] = []  # width, hash, proof; None: nothing of it held

    def add(self, leaf: bytes, *, is_held: bool) -> str:
        node = sha256(b"\x00" + leaf).digest()
        self.nodes.append((1, node, [] if is_held else None))
        while len(self.nodes) > 1 and self.nodes[-1][0] == self.nodes[-2][0]:
            self._join()
        return node.hex()

    def _join(self) -> None:
        right, left = self.nodes.pop(), self.nodes.pop()
        proof = None
        if left[2] is not None or right[2] is not None:
            proof = [
                hashed for part in (left, right) for hashed in (part[2] if part[2] is not None else [part[1]])
            ]
        self.nodes.append((left[0] + right[0], sha256(b"\x01" + left[1] + right[1]).digest(), proof))

    def end(self) -> tuple[bytes, list[bytes]]:
        while len(self.nodes) > 1:
            self._join()
        _, root, proof = self.nodes[0]
        return root, proof or []


class Writer:
    """The lines of the bundle, and the hash over them."""

    def __init__(self, file: BinaryIO) -> None:
        self.file, self.digest = file, sha256()

    def write(self, value: Any) -> None:
        line = maker.line(value)
        self.digest.update(line)
        self.file.write(line)


def write(path: Path, leaves: int) -> bytes:
    """A stay of so many leaves, counted, with one leaf of another stay after each thousand. Gives the log's public key."""
    chance = random.Random(7)
    key, signer = maker.key_from(chance), maker.key_from(chance)
    size = BEFORE + leaves + leaves // SPACED
    head = {
        "bundle": 1,
        "suite": 1,
        "origin": maker.ORIGIN,
        "stay": maker.STAY,
        "size": size,
        "leaves": BEFORE + leaves,
    }
    with path.open("wb") as file:
        writer, tree = Writer(file), Tree()
        writer.write(head)
        _leaves(writer, tree, leaves, maker.public(key))
        root, proof = tree.end()
        text = f"{maker.ORIGIN}\n{size}\n{maker.b64(root)}\n"
        key_id = sha256(maker.ORIGIN.encode() + b"\n\x01" + maker.public(key)).digest()[:4]
        note = f"{text}\n— {maker.ORIGIN} {maker.b64(key_id + key.sign(text.encode()))}\n"
        writer.write({"part": "proof", "hashes": [maker.b64(each) for each in proof]})
        writer.write({"part": "checkpoint", "note": note})
        for name, each in sorted(zip(("area.toml", "rulebook.toml"), maker.TEXTS, strict=True)):
            writer.write({"part": "text", "name": name, "sha256": maker.hashed(each), "text": each})
        writer.write({"part": "report", "name": "report.pdf", "sha256": sha256(b"").hexdigest(), "data": ""})
        manifest = maker.line(
            {
                "part": "manifest", "made_us": maker.START_US, "maker": "server", "public": maker.b64(maker.public(signer)),
                "sha256": writer.digest.hexdigest(), "cosigned_s": {}, "unproved": {"en": [], "zh": []},
            }
        )  # fmt: skip
        file.write(manifest)
        signature = signer.sign(b"caseward/bundle/v1\n" + manifest)
        file.write(maker.line({"part": "signature", "signature": maker.b64(signature)}))
    return maker.public(key)


def _leaves(writer: Writer, tree: Tree, leaves: int, public: bytes) -> None:
    key = {"kind": "soft-key", "public": maker.b64(public)}
    config = {"config_hash": maker.hashed(maker.TEXTS[0]), "rulebook_hash": maker.hashed(maker.TEXTS[1])}
    begun = {"origin": maker.ORIGIN, "suite": 1, "key": key, "after": None}
    index, prev = 0, maker.ZEROS

    def add(kind: str, body: dict[str, Any], stay: str | None, n: int | None, sort: str = "fact") -> None:
        nonlocal index, prev
        at_us = maker.START_US + index * 1000
        leaf = {
            "v": 1, "index": index, "prev": prev, "class": sort, "type": kind, "id": f"n1/1/{index}",
            "recorded": {"boot": 1, "boottime_us": index * 1000, "earliest_us": at_us, "latest_us": at_us + 500},
            "occurred": {"by": "node", "earliest_us": at_us, "latest_us": at_us}, "stay": stay, "stay_n": n, "body": body,
            "source": {"boot": 1, "name": "n1", "seq": index},
        }  # fmt: skip
        is_held = stay in (None, maker.STAY)
        if is_held:
            writer.write(leaf)
        prev = tree.add(maker.canonical(leaf), is_held=is_held)
        index += 1

    add("log.begun/1", begun, None, None, "log")
    add("config.loaded/1", config, None, None)
    for n in range(1, leaves):
        add(
            "guard.seen/1",
            {"room": "interview-1", "officer": "1001", "said": "讯问室" if n % 5 == 0 else ""},
            maker.STAY,
            n,
        )
        if n % SPACED == 0:
            add("door.opened/1", {"door": "gate"}, "s-other", n // SPACED)
    add("log.stay_counted/1", {"leaves": leaves}, maker.STAY, leaves, "log")
    if leaves % SPACED == 0:
        add("door.opened/1", {"door": "gate"}, "s-other", leaves // SPACED)
