#!/usr/bin/env python3
# fmt: off
"""Checks a Caseward bundle offline, with this file and Python 3.8 or later alone. Written from docs/evidence.md.

python3 verify.py BUNDLE [--log-key BASE64|FILE]... [--witness NAME=BASE64]... [--maker-key BASE64|FILE] [--lang zh|en] [--json]

Exit code 0: genuine by the keys given. 1: refused, the first wrong thing is named. 2: not called as above.
3: sound in itself, but no key of the log was given, so nothing says whose log it is."""

from __future__ import annotations

import argparse
import base64
import json
import os
import re
import sys
from datetime import datetime, timedelta, timezone
from functools import lru_cache, partial
from hashlib import sha256, sha512
from itertools import accumulate
from typing import Any, BinaryIO, Callable

LINE_BYTES_MAX, LEAF_BYTES_MAX, NOTE_BYTES_MAX, SIGNATURE_LINES_MAX = 67_108_864, 65_536, 65_536, 100
DEPTH_MAX, NUMBER_MAX, SHOWN_CHARS_MAX, LAST_SECOND = 32, 2**53 - 1, 90, 253_402_300_799

class Refused(ValueError):
    """The first wrong thing: its kind (one of WORDS), where in the line, what was expected, what was found."""

# Ed25519 (RFC 8032), verification alone. Points are X, Y, Z, T in extended coordinates.
P, L, ZERO = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493, (0, 1, 1, 0)
D, I = -121665 * pow(121666, P - 2, P) % P, pow(2, (P - 1) // 4, P)  # noqa: E741

def decompress(data: bytes) -> Any:
    """The point of 32 bytes, or None. As OpenSSL does it: y modulo p, and of x = 0 the sign does not count."""
    sign, y = int.from_bytes(data, "little") >> 255, int.from_bytes(data, "little") % 2**255 % P
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    x = x * I % P if (v * x * x - u) % P else x
    x = -x % P if x & 1 != sign else x
    return None if (v * x * x - u) % P else (x, y, 1, x * y % P)

def add(p: Any, q: Any) -> Any:
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * D * p[3] * q[3] % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P

multiples = lru_cache(maxsize=64)(lambda point: list(accumulate([ZERO] + [point] * 15, add)))
BASE = decompress((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))

@lru_cache(maxsize=1024)
def verifies(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the Ed25519 signature of 64 bytes over the message is of this key. s at or above L is refused."""
    point, s = decompress(public), int.from_bytes(signature[32:], "little")
    if point is None or len(public) != 32 or len(signature) != 64 or s >= L:
        return False
    h = int.from_bytes(sha512(signature[:32] + public + message).digest(), "little") % L
    total, ours, theirs = ZERO, multiples(BASE), multiples((-point[0] % P, point[1], 1, -point[3] % P))
    for shift in range(252, -1, -4):  # s B - h A, four bits at a time
        for _ in range(4):
            total = add(total, total)
        total = add(add(total, ours[s >> shift & 15]), theirs[h >> shift & 15])
    x, y = (total[axis] * pow(total[2], P - 2, P) % P for axis in (0, 1))
    return (y | (x & 1) << 255).to_bytes(32, "little") == signature[:32]

# Numbers that are no integers within bounds become null here, and are found out when written again.
DECODER = json.JSONDecoder(parse_int=lambda text: int(text) if len(text) < 18 and abs(int(text)) <= NUMBER_MAX else None,
                           parse_float=lambda _: None, parse_constant=lambda _: None)
ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))

def is_plain(value: Any, depth: int = 0) -> bool:
    keys, inner = (value, value.values()) if isinstance(value, dict) else ((), value if isinstance(value, list) else None)
    return inner is None or (depth < DEPTH_MAX and all(map(str.isascii, keys)) and all(is_plain(each, depth + 1) for each in inner))

def parse(line: bytes) -> Any:
    """The value of a line that is canonical JSON to the byte."""
    try:
        value = DECODER.decode(line.decode())
        is_short = line.isascii() and line.count(b"{") + line.count(b"[") <= DEPTH_MAX  # then it needs no walk
        if (is_short or is_plain(value)) and ENCODER.encode(value).encode() == line:
            return value
    except (ValueError, RecursionError):
        pass
    raise Refused("form", "line", "canonical JSON", show(line))

def show(value: Any) -> str:
    """The beginning of a value, in ASCII; of bytes as if each were a character."""
    value = value[: SHOWN_CHARS_MAX + 1].decode("latin-1") if isinstance(value, bytes) else value
    shown = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return shown[:SHOWN_CHARS_MAX] + "…" * (len(shown) > SHOWN_CHARS_MAX)

def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()

def decoded(text: Any) -> bytes | None:
    is_like = isinstance(text, str) and len(text) % 4 == 0 and re.fullmatch("[A-Za-z0-9+/]*={0,2}", text)
    return base64.b64decode(text) if is_like and encoded(base64.b64decode(text)) == text else None

# What is said, and under it the kinds of wrong things: English, then Chinese.
WORDS: dict[str, list[str]] = json.loads("""{
"genuine": ["GENUINE by the keys given", "按所给公钥核验：真实"], "sound": ["SOUND IN ITSELF, NOT SHOWN TO BE GENUINE: no key of the log was given, so nothing says whose log it is", "自身一致，但不能证明真实：没有给出日志的公钥，无从知道是谁的日志"],
"refused": ["REFUSED, line {0}: {1}. {2}: expected {3}, found {4}", "不予认可，第 {0} 行：{1}。{2}：应为 {3}，实为 {4}"], "of": ["Stay {0} in the log {1}", "在区登记 {0}，存证日志 {1}"], "signed": ["Signed by: key {0} of the log ({1}), number {2} since the log began", "签名：日志公钥 {0}（{1}），自日志开始以来第 {2} 把"],
"after": ["This log goes on from another, {0} (reason: {1}), of which {2} leaves were cosigned; leaves of a stay may be in both", "本日志接续另一日志 {0}（原因：{1}），其中 {2} 条已联署；同一在区登记的条目可能两处都有"],
"whole": ["Whole: leaves 1 to {0} of the stay, counted by leaf {1} of the log: there were no more up to there", "完整：本次在区登记的条目 1 至 {0}，由日志条目 {1} 计数：到此为止没有别的条目"],
"uncounted": ["NOT COUNTED: leaves 1 to {0} of the stay, whole up to the last of them only, leaf {1} of the log", "没有计数：本次在区登记的条目 1 至 {0}，只到其中最后一条（日志条目 {1}）为止是完整的"],
"order": ["In order: leaves {0} to {1} of a log of {2}, recorded {3} to {4}", "顺序：日志条目 {0} 至 {1}，日志共 {2} 条，记录于 {3} 至 {4}"], "cosigned": ["When: cosigned by {0} at {1}, checked", "时间：{0} 于 {1} 联署，已核验"],
"unchecked": ["When: cosigned in the name of {0} at {1}, NOT CHECKED: no key of this witness was given", "时间：以 {0} 之名于 {1} 联署，未核验：没有给出该见证方的公钥"], "texts": ["Configuration and rulebooks named by the log: {0}", "日志所指明的配置和规则库：{0}"],
"disclosed": ["Disclosed in leaf {0}, {1}: {2} (agrees with the log)", "条目 {0} 中披露的 {1}：{2}（与日志一致）"], "report": ["Readable report: {0}, SHA-256 {1}", "可读报告：{0}，SHA-256 {1}"],
"made": ["Put together by {0} at {1}, signed by the key given", "由 {0} 于 {1} 制作，以所给公钥核验"], "stranger": ["Put together by {0} at {1}, signed by key {2}, NOT CHECKED to be theirs", "由 {0} 于 {1} 制作，公钥 {2}，未核验是否其本人"],
"cannot": ["What this cannot show:", "以上不能证明："], "no truth": ["that what a sensor or an officer reported was true, or that all of it was reported; when it was recorded is the gateway's word", "传感器或民警所报是否属实、是否全部上报；记录时间以网关所述为准"],
"no later": ["whether the stay has leaves after leaf {0} of the log", "日志条目 {0} 之后是否还有本次在区登记的条目"], "no tail": ["anything of the log after its first {0} leaves", "日志前 {0} 条之后的任何情况"],
"no witness": ["that others were shown the same log: no cosignature was checked", "他人所见是否为同一日志：没有核验任何联署签名"], "no config": ["that no other configuration was loaded in between; statements and readable report are the word of whoever made the bundle", "其间没有加载过别的配置；各项说明和可读报告以制作者所述为准"],
"no text": ["that these texts were in force, for no configuration in the log names them: {0}", "下列文本曾经有效，因为日志中没有配置指明它们：{0}"], "soft-key": ["that nobody else used the log's key: it is a file (soft-key), free to whoever is root on that machine", "没有别人用过日志的密钥：它是文件（soft-key），该机器的 root 都能使用"],
"tpm2-sealed": ["that nobody else used the log's key: a TPM seals it (tpm2-sealed), so that a copied disk is not enough, but it is free to whoever is root on the running machine", "没有别人用过日志的密钥：它由 TPM 密封（tpm2-sealed），仅复制磁盘不够，但运行中机器的 root 都能使用"], "maker adds": ["the maker adds: {0}", "制作者补充：{0}"],
"form": ["not written as the format says", "不符合格式"], "order wrong": ["out of order", "顺序不对"], "chain": ["this leaf does not follow the one before it: something was changed, removed or put in", "该条目不接续前一条：有改动、删除或插入"],
"hole": ["leaves of the stay are missing, doubled or moved", "本次在区登记的条目有缺失、重复或移动"], "foreign": ["this does not belong into the bundle", "证据包中不应有此内容"],
"key": ["this change of key is not signed by the key before", "公钥更换没有前一把密钥的签名"], "root": ["the leaves are not those that the log's checkpoint stands for", "条目与日志检查点所代表的不符"],
"log": ["not signed by the log's key", "没有日志密钥的签名"], "witness": ["not cosigned by this witness", "没有该见证方的联署"], "text": ["a configuration or rulebook is not the one of the log", "配置或规则库与日志不符"],
"value": ["what is disclosed is not what the log committed to", "所披露的内容与日志的承诺不符"], "bundle": ["the bundle was changed after it was made", "证据包在制作之后被改动"], "maker": ["not signed by this maker", "没有该制作者的签名"]}""")
IS: dict[str, Callable[[Any], Any]] = {
    "1": lambda v: type(v) is int and v == 1, "whole number": lambda v: type(v) is int and v >= 0, "list": lambda v: isinstance(v, list),
    "object": lambda v: isinstance(v, dict), "texts": lambda v: isinstance(v, list) and all(isinstance(each, str) for each in v),
    "base64": lambda v: decoded(v) is not None, "base64 of 32 bytes": lambda v: len(decoded(v) or b"") == 32,
    "base64 of 64 bytes": lambda v: len(decoded(v) or b"") == 64}
LIKE = {
    "text": ".*", "0-64 characters": ".{0,64}", "1-64 characters": ".{1,64}", "1-256 characters": ".{1,256}", "64 hex digits": "[0-9a-f]{64}",
    "origin": r"caseward\.local(/[!-*,-.0-~]{1,64}){3}", "name.name/version": r"[a-z][a-z0-9_-]*(\.[a-z][a-z0-9_-]*)+/[1-9][0-9]{0,3}",
    "fact, log or output": "fact|log|output", "who said it": "gateway|kiosk|node|paper|server", "name of a statement": "blindness|coverage|deadlines"}
IS.update({name: partial(lambda like, v: isinstance(v, str) and like.fullmatch(v), re.compile(like, re.DOTALL)) for name, like in LIKE.items()})
IS.update({name + " or null": partial(lambda test, v: v is None or test(v), test) for name, test in IS.items()})
N, HASH, PLACE, NAME = "whole number", "64 hex digits", "1-64 characters", "1-256 characters"
TIMES, KEY = {"earliest_us": N, "latest_us": N + " or null"}, {"kind": PLACE, "public": "base64 of 32 bytes"}
HEAD = {"bundle": "1", "leaves": N, "origin": "origin", "size": N, "stay": PLACE, "suite": "1"}
LEAF = {"body": "object", "class": "fact, log or output", "id": NAME, "index": N, "prev": HASH, "type": "name.name/version", "v": "1",
        "occurred": {"by": "who said it", **TIMES}, "recorded": {"boot": N, "boottime_us": N, **TIMES},
        "source": {"boot": N, "name": "0-64 characters", "seq": N}, "stay": PLACE + " or null", "stay_n": N + " or null"}
AFTER = {"origin": "origin", "reason": "text", "root": HASH, "size": N}
BODIES: dict[str, Any] = {"log.stay_counted/1": {"leaves": N}, "log.key_changed/1": {"key": KEY, "signature": "base64 of 64 bytes"},
                          "log.begun/1": {"after": "object or null", "key": KEY, "origin": "origin", "suite": "1"}}
PARTS: dict[str, Any] = {
    "proof": {"hashes": "list"}, "checkpoint": {"note": "text"}, "signature": {"signature": "base64 of 64 bytes"},
    "text": {"name": NAME, "sha256": HASH, "text": "text"}, "statement": {"body": "object", "name": "name of a statement"},
    "disclosed": {"field": "text", "leaf": N, "salt": HASH, "value": "text"}, "report": {"data": "base64", "name": NAME, "sha256": HASH},
    "manifest": {"cosigned_s": "object", "made_us": N, "maker": NAME, "public": "base64 of 32 bytes", "sha256": HASH,
                 "unproved": {"en": "texts", "zh": "texts"}}}

def expect(is_right: Any, kind: str, where: str, expected: str, found: Any) -> None:
    if not is_right:
        raise Refused(kind, where, expected, show(found))

def fits(value: Any, spec: Any, where: str) -> None:
    """The value is of this kind, or an object of exactly these keys whose values fit in turn."""
    if isinstance(spec, dict):
        if not isinstance(value, dict) or value.keys() != spec.keys():
            raise Refused("form", where, show(sorted(spec)), show(sorted(value) if isinstance(value, dict) else value))
        for key in sorted(spec):
            fits(value[key], spec[key], where + "." + key)
    elif not IS[spec](value):
        raise Refused("form", where, spec, show(value))

def must_verify(kind: str, public: bytes, message: bytes, signature: bytes) -> None:
    expect(verifies(public, message, signature), kind, "signature", "one by " + encoded(public), encoded(signature))

def same(kind: str, where: str, expected: Any, found: Any) -> None:
    if type(found) is not type(expected) or found != expected:
        raise Refused(kind, where, show(expected), show(found))

class Bundle:
    """Reads a bundle once, front to back. Of the leaves it keeps hashes of whole subtrees and commitments."""
    def __init__(self, file: BinaryIO, log_keys: Any = (), witnesses: Any = (), maker: bytes | None = None) -> None:
        """Keys of the log (32 bytes each), of witnesses (pairs of name and key) and of the maker, to be trusted."""
        self.file, self.log_keys, self.witnesses, self.maker = file, log_keys, witnesses, maker
        self.line, self.raw, self.digest, self.stay_n, self.counted = 0, b"", sha256(), 0, False
        self.last, self.prev, self.latest = -1, "0" * 64, [0, 0]  # index, leaf hash, boot and boottime of a fact
        empty: Any = [], [], [], [], [], [], {}, {}
        self.keys, self.ends, self.nodes, self.configs, self.cosignatures, self.disclosed, self.texts, self.commitments = empty

    def read(self) -> Any:
        """The value of the next line. `digest` has taken all lines before it."""
        self.digest.update(self.raw)
        self.line, self.raw = self.line + 1, self.file.readline(LINE_BYTES_MAX + 1)
        expect(len(self.raw) <= LINE_BYTES_MAX and self.raw.endswith(b"\n"), "form", "line", "a line with its newline", self.raw)
        return parse(self.raw[:-1])

    def leaf(self, leaf: Any) -> None:
        """Section 2, and what may be in a bundle."""
        expect(len(self.raw) - 1 <= LEAF_BYTES_MAX, "form", "leaf", f"<= {LEAF_BYTES_MAX}", len(self.raw) - 1)
        fits(leaf, LEAF, "leaf")
        index, kind, stay, recorded = leaf["index"], leaf["type"], leaf["stay"], leaf["recorded"]
        expect(self.last < index < self.size and (index == 0 or self.last >= 0), "order wrong", "leaf.index", f">= {self.last + 1}, < {self.size}", index)
        same("chain", "leaf.prev", self.prev if index == self.last + 1 else leaf["prev"], leaf["prev"])
        for name in ("occurred", "recorded"):
            early, late = leaf[name]["earliest_us"], leaf[name]["latest_us"]
            expect(late is None or late >= early, "form", f"leaf.{name}.latest_us", f">= {early}", late)
        moment = [recorded["boot"], recorded["boottime_us"]] if leaf["class"] == "fact" else self.latest
        expect(moment >= self.latest, "order wrong", "leaf.recorded", f">= {self.latest}", moment)
        same("form", "leaf.class", kind.startswith("log."), leaf["class"] == "log")
        same("foreign", "leaf.type", index == 0, kind == "log.begun/1")
        if stay is None:
            is_ours = kind in ("log.begun/1", "log.key_changed/1", "config.loaded/1") and leaf["stay_n"] is None
            expect(is_ours, "foreign", "leaf.type", "log.begun, log.key_changed or config.loaded", kind)
        else:
            same("foreign", "leaf.stay", self.head["stay"], stay)
            same("hole", "leaf.stay_n", self.stay_n + 1, leaf["stay_n"])
            self.stay_n, self.counted = self.stay_n + 1, kind == "log.stay_counted/1"
            self.ends = [*self.ends[:1], (index, recorded["earliest_us"])]
        self.body(kind, leaf["body"], index)
        self.latest, self.last = moment, index
        self.plant(index)

    def body(self, kind: str, body: Any, index: int) -> None:
        """What a leaf says of the log, its keys, the count of the stay, the configuration; and its commitments."""
        fits(body, BODIES.get(kind, "object"), "leaf.body")
        if kind == "log.begun/1":
            same("form", "leaf.body.origin", self.origin, body["origin"])
            fits(body["after"], "object or null" if body["after"] is None else AFTER, "leaf.body.after")
            self.after = [] if body["after"] is None else [[body["after"][key] for key in ("origin", "reason", "size")]]
        elif kind == "log.key_changed/1":
            message = f"caseward/key-change/v1\n{self.origin}\n{index}\n{body['key']['public']}\n"
            must_verify("key", self.keys[-1][0], message.encode(), base64.b64decode(body["signature"]))
        elif kind == "log.stay_counted/1":
            same("hole", "leaf.body.leaves", self.stay_n, body["leaves"])
        elif kind == "config.loaded/1":  # before the stay the last one, then each
            self.configs = (self.configs if self.stay_n else []) + [(self.line, key, body.get(key)) for key in ("config_hash", "rulebook_hash")]
        if kind in ("log.begun/1", "log.key_changed/1"):
            self.keys.append((base64.b64decode(body["key"]["public"]), body["key"]["kind"]))
        self.commitments.update({(index, field): value for field, value in body.items() if isinstance(value, str) and len(value) == 64})

    def plant(self, index: int) -> None:
        """Put the leaf into the tree, where equal neighbours become one. Its hash is the `prev` of the next."""
        first, width, node = index, 1, sha256(b"\x00" + self.raw[:-1]).digest()
        self.prev = node.hex()
        while self.nodes and self.nodes[-1][:2] == (first - width, width) and first % (2 * width) == width:
            node = sha256(b"\x01" + self.nodes.pop()[2] + node).digest()
            first, width = first - width, 2 * width
        self.nodes.append((first, width, node))

    def root(self, low: int, high: int) -> bytes:
        """Section 9, proof. `nodes` and `hashes` are turned round, to be taken from their ends."""
        if not self.nodes or self.nodes[-1][0] >= high:
            fits(self.hashes[-1] if self.hashes else None, "base64 of 32 bytes", "proof.hashes")
            return base64.b64decode(self.hashes.pop())
        if self.nodes[-1][:2] == (low, high - low):
            return self.nodes.pop()[2]
        middle = low + (1 << (high - low - 1).bit_length() - 1)
        return sha256(b"\x01" + self.root(low, middle) + self.root(middle, high)).digest()  # the left one first

    def part(self, value: Any, name: str) -> Any:
        same("form", "part", name, value.get("part") if isinstance(value, dict) else None)
        fits(value, {"part": "text", **PARTS[name]}, name)
        return value

    def several(self, value: Any, name: str, take: Callable[[Any], Any], before: Any = None) -> Any:
        """Lines of one kind, each after the one before by what `take` gives. Returns the line after them."""
        while isinstance(value, dict) and value.get("part") == name:
            place = take(self.part(value, name))
            expect(before is None or place > before, "order wrong", name, "> " + show(before), place)
            before, value = place, self.read()
        return value

    def check(self) -> None:
        """All of it. Raises Refused at the first wrong thing, which is on line `line`."""
        self.head = self.read()
        fits(self.head, HEAD, "head")
        self.origin, self.size = self.head["origin"], self.head["size"]
        for _ in range(self.head["leaves"]):
            self.leaf(self.read())
        expect(self.stay_n > 0, "hole", "stay_n", ">= 1", self.stay_n)
        self.hashes, self.nodes = self.part(self.read(), "proof")["hashes"][::-1], self.nodes[::-1]
        root = self.root(0, self.size)
        same("root", "proof.hashes left over", 0, len(self.hashes))
        self.checkpoint(self.part(self.read(), "checkpoint")["note"], encoded(root))
        value = self.several(self.read(), "text", self.text)
        expect(bool(self.configs), "text", "config.loaded/1 before the stay", ">= 1", 0)
        for line, key, named in self.configs:
            expect(str(named) in self.texts, "text", f"{key} of line {line}", "SHA-256 of a text in the bundle", named)
        value = self.several(value, "disclosed", self.disclosure)
        value = self.several(value, "statement", lambda statement: statement["name"])
        self.report = self.part(value, "report")
        same("bundle", "report.sha256", sha256(base64.b64decode(self.report["data"])).hexdigest(), self.report["sha256"])
        self.manifest = self.part(self.read(), "manifest")
        same("bundle", "manifest.sha256", self.digest.hexdigest(), self.manifest["sha256"])
        times = ENCODER.encode({name: seconds for name, seconds, _ in self.cosignatures})  # of a name twice, the later line
        same("bundle", "manifest.cosigned_s", times, ENCODER.encode(self.manifest["cosigned_s"]))
        same("maker", "manifest.public", encoded(self.maker) if self.maker else self.manifest["public"], self.manifest["public"])
        public, message = base64.b64decode(self.manifest["public"]), b"caseward/bundle/v1\n" + self.raw
        must_verify("maker", public, message, base64.b64decode(self.part(self.read(), "signature")["signature"]))
        self.line, self.raw = self.line + 1, self.file.readline(SHOWN_CHARS_MAX + 1)
        expect(not self.raw, "form", "line", "the end", self.raw)

    def checkpoint(self, note: str, root: str) -> None:
        """Sections 4 and 5: this tree is signed by the newest key of the log and by each witness trusted."""
        lines = note.split("\n")
        is_note = len(note.encode()) <= NOTE_BYTES_MAX and 6 <= len(lines) <= 5 + SIGNATURE_LINES_MAX
        expect(is_note and lines[3] == lines[-1] == "", "form", "note", "3 lines, an empty one, 1-100 signatures", note)
        same("form", "note.origin", self.origin, lines[0])
        same("form", "note.size", str(self.size), lines[1])
        same("root", "note.root", root, lines[2])
        signers: set[bytes] = set()
        for line in lines[4:-1]:
            parts = re.fullmatch("— ([!-*,-~]{1,255}) ([A-Za-z0-9+/=]+)", line)
            data = (decoded(parts.group(2)) or b"") if parts else b""
            expect(len(data) > 4, "form", "note", "dash, name, base64", line)
            signers |= self.signed(line.split(" ")[1], "\n".join([*lines[:3], ""]), data)
        keys = [key for key, _ in self.keys]
        expect(keys[-1] in signers, "log", "note", encoded(keys[-1]), [*map(encoded, sorted(signers))])
        expect(not self.log_keys or {*keys} & {*self.log_keys}, "log", "keys", " or ".join(map(encoded, self.log_keys)), [*map(encoded, keys)])
        checked = sorted(name for name, _, is_checked in self.cosignatures if is_checked)
        for name, _ in self.witnesses:
            expect(name in checked, "witness", "note", "a cosignature by " + name, checked)

    def signed(self, name: str, text: str, data: bytes) -> set[bytes]:
        """The known keys by which a line of the note is signed. One that has name and id of a key must verify."""
        keys, kind, key_type = [key for key, _ in self.keys], "log", b"\n\x01"
        if name != self.origin:
            if len(data) != 76:  # no Ed25519 cosignature
                return set()
            keys, kind, key_type = [key for known, key in self.witnesses if known == name], "witness", b"\n\x04"
            seconds, data = int.from_bytes(data[4:12], "big"), data[:4] + data[12:]
            expect(seconds <= NUMBER_MAX, "form", "note", f"<= {NUMBER_MAX}", seconds)
            text = f"cosignature/v1\ntime {seconds}\n{text}"
        named = [key for key in keys if sha256(name.encode() + key_type + key).digest()[:4] == data[:4]]
        signers = {key for key in named if verifies(key, text.encode(), data[4:])}
        expect(bool(signers) or not named, kind, "note", " or ".join(map(encoded, named)), encoded(data[4:]))
        if kind == "witness":
            self.cosignatures.append((name, seconds, bool(signers)))
        return signers

    def text(self, value: Any) -> str:
        same("bundle", "text.sha256", sha256(value["text"].encode()).hexdigest(), value["sha256"])
        self.texts[value["sha256"]] = value["name"]
        return str(value["name"])

    def disclosure(self, value: Any) -> list[Any]:
        field, salt = value["field"], bytes.fromhex(value["salt"])
        message = f"caseward/commitment/v1\n{field}\n".encode() + salt + value["value"].encode()
        same("value", "disclosed", self.commitments.get((value["leaf"], field)), sha256(message).hexdigest())
        self.disclosed.append((value["leaf"], field, value["value"]))
        return [value["leaf"], field]

def sentence(lang: str, word: str, *values: Any) -> str:
    unseen = "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]"  # would change how a line reads
    return WORDS[word][lang == "zh"].format(*(re.sub(unseen, "?", str(value)) for value in values))

def clock(seconds: int) -> str:
    return f"{datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(seconds=min(seconds, LAST_SECOND)):%Y-%m-%d %H:%M:%S} UTC"

def report(bundle: Bundle, lang: str) -> list[str]:
    made, (public, kind), (first, begin), (last, end) = (bundle.manifest, bundle.keys[-1], bundle.ends[0], bundle.ends[-1])
    named = {hashed for _, _, hashed in bundle.configs}
    others = ", ".join(name for hashed, name in bundle.texts.items() if hashed not in named)
    rows: list[Any] = [["genuine" if bundle.log_keys else "sound"], ["of", bundle.head["stay"], bundle.origin],
        ["signed", encoded(public), kind, len(bundle.keys)], *(["after", *row] for row in bundle.after),
        ["whole" if bundle.counted else "uncounted", bundle.stay_n, last],
        ["order", first, last, bundle.size, clock(begin // 10**6), clock(end // 10**6)],
        *(["cosigned" if is_checked else "unchecked", name, clock(s)] for name, s, is_checked in bundle.cosignatures),
        ["texts", ", ".join(name for hashed, name in bundle.texts.items() if hashed in named)],
        *(["disclosed", *row] for row in bundle.disclosed), ["report", bundle.report["name"], bundle.report["sha256"]],
        ["made" if bundle.maker else "stranger", made["maker"], clock(made["made_us"] // 10**6), made["public"]], ["cannot"]]
    bounds: list[Any] = [["no truth"], ["no later", last], ["no tail", bundle.size], ["no config"],
        *[["no witness"]] * (not any(is_checked for _, _, is_checked in bundle.cosignatures)), *[["no text", others]] * bool(others),
        *[[kind]] * (kind in ("soft-key", "tpm2-sealed")), *(["maker adds", text] for text in made["unproved"][lang])]
    return [sentence(lang, *row) for row in rows] + ["- " + sentence(lang, *row) for row in bounds]

def base64_of_32_bytes(text: str) -> bytes:
    if os.path.isfile(text):
        with open(text, encoding="ascii") as file:
            text = file.read(200).strip()
    fits(text, "base64 of 32 bytes", "key")
    return base64.b64decode(text)

def name_and_key(text: str) -> tuple[str, bytes]:
    return text.partition("=")[0], base64_of_32_bytes(text.partition("=")[2])

def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="verify.py", usage=str(__doc__))
    parser.add_argument("bundle")
    parser.add_argument("--log-key", type=base64_of_32_bytes, action="append", default=[])
    parser.add_argument("--witness", type=name_and_key, action="append", default=[])
    parser.add_argument("--maker-key", type=base64_of_32_bytes)
    parser.add_argument("--lang", choices=["zh", "en"], default={"zh": "zh"}.get(os.environ.get("LANG", "")[:2], "en"))
    parser.add_argument("--json", action="store_true")
    options, wrong = parser.parse_args(arguments), None
    try:
        with open(options.bundle, "rb") as file:
            bundle = Bundle(file, options.log_key, options.witness, options.maker_key)
            bundle.check()
        code, told = 0 if options.log_key else 3, report(bundle, options.lang)
    except OSError as error:
        parser.error(str(error))
    except Refused as refused:
        code, wrong = 1, [bundle.line, *refused.args]
        told = [sentence(options.lang, "refused", bundle.line, sentence(options.lang, refused.args[0]), *refused.args[1:])]
    told = [json.dumps({"exit": code, "wrong": wrong, "report": told}, ensure_ascii=False)] if options.json else told
    sys.stdout.buffer.write("\n".join([*told, ""]).encode())
    return code

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
