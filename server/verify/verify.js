// Checks a Caseward bundle in the browser: no network, no library, nothing of Caseward's own code. Written from
// docs/evidence.md; the same checks in the same order, and the same words, as verify.py.
"use strict";

const LINE_BYTES_MAX = 67_108_864;
const LEAF_BYTES_MAX = 65_536;
const NOTE_BYTES_MAX = 65_536;
const SIGNATURE_LINES_MAX = 100;
const DEPTH_MAX = 32;
const NUMBER_MAX = Number.MAX_SAFE_INTEGER;
const SHOWN_CHARS_MAX = 90;
const LAST_SECOND = 253_402_300_799;
const VERIFIED_MAX = 256; // signatures remembered
const FILE_BYTES_MAX = 268_435_456; // a browser holds the whole file; verify.py reads it line by line
const ROWS_MAX = 2000; // leaves in the table

// What is said, and under it the kinds of wrong things: English, then Chinese. verify.py has the same.
const WORDS = {
  "genuine": ["GENUINE by the keys given", "按所给公钥核验：真实"],
  "sound": ["SOUND IN ITSELF, NOT SHOWN TO BE GENUINE: no key of the log was given, so nothing says whose log it is", "自身一致，但不能证明真实：没有给出日志的公钥，无从知道是谁的日志"],
  "refused": ["REFUSED, line {0}: {1}. {2}: expected {3}, found {4}", "不予认可，第 {0} 行：{1}。{2}：应为 {3}，实为 {4}"],
  "of": ["Stay {0} in the log {1}", "在区登记 {0}，存证日志 {1}"],
  "signed": ["Signed by: key {0} of the log ({1}), number {2} since the log began", "签名：日志公钥 {0}（{1}），自日志开始以来第 {2} 把"],
  "after": ["This log goes on from another, {0} (reason: {1}), of which {2} leaves were cosigned; leaves of a stay may be in both", "本日志接续另一日志 {0}（原因：{1}），其中 {2} 条已联署；同一在区登记的条目可能两处都有"],
  "whole": ["Whole: leaves 1 to {0} of the stay, counted by leaf {1} of the log: there were no more up to there", "完整：本次在区登记的条目 1 至 {0}，由日志条目 {1} 计数：到此为止没有别的条目"],
  "uncounted": ["NOT COUNTED: leaves 1 to {0} of the stay, whole up to the last of them only, leaf {1} of the log", "没有计数：本次在区登记的条目 1 至 {0}，只到其中最后一条（日志条目 {1}）为止是完整的"],
  "order": ["In order: leaves {0} to {1} of a log of {2}, recorded {3} to {4}", "顺序：日志条目 {0} 至 {1}，日志共 {2} 条，记录于 {3} 至 {4}"],
  "cosigned": ["When: cosigned by {0} at {1}, checked", "时间：{0} 于 {1} 联署，已核验"],
  "unchecked": ["When: cosigned in the name of {0} at {1}, NOT CHECKED: no key of this witness was given", "时间：以 {0} 之名于 {1} 联署，未核验：没有给出该见证方的公钥"],
  "texts": ["Configuration and rulebooks named by the log: {0}", "日志所指明的配置和规则库：{0}"],
  "disclosed": ["Disclosed in leaf {0}, {1}: {2} (agrees with the log)", "条目 {0} 中披露的 {1}：{2}（与日志一致）"],
  "report": ["Readable report: {0}, SHA-256 {1}", "可读报告：{0}，SHA-256 {1}"],
  "made": ["Put together by {0} at {1}, signed by the key given", "由 {0} 于 {1} 制作，以所给公钥核验"],
  "stranger": ["Put together by {0} at {1}, signed by key {2}, NOT CHECKED to be theirs", "由 {0} 于 {1} 制作，公钥 {2}，未核验是否其本人"],
  "cannot": ["What this cannot show:", "以上不能证明："],
  "no truth": ["that what a sensor or an officer reported was true, or that all of it was reported; when it was recorded is the gateway's word", "传感器或民警所报是否属实、是否全部上报；记录时间以网关所述为准"],
  "no later": ["whether the stay has leaves after leaf {0} of the log", "日志条目 {0} 之后是否还有本次在区登记的条目"],
  "no tail": ["anything of the log after its first {0} leaves", "日志前 {0} 条之后的任何情况"],
  "no witness": ["that others were shown the same log: no cosignature was checked", "他人所见是否为同一日志：没有核验任何联署签名"],
  "no config": ["that no other configuration was loaded in between; statements and readable report are the word of whoever made the bundle", "其间没有加载过别的配置；各项说明和可读报告以制作者所述为准"],
  "no text": ["that these texts were in force, for no configuration in the log names them: {0}", "下列文本曾经有效，因为日志中没有配置指明它们：{0}"],
  "soft-key": ["that nobody else used the log's key: it is a file (soft-key), free to whoever is root on that machine", "没有别人用过日志的密钥：它是文件（soft-key），该机器的 root 都能使用"],
  "tpm2-sealed": ["that nobody else used the log's key: a TPM seals it (tpm2-sealed), so that a copied disk is not enough, but it is free to whoever is root on the running machine", "没有别人用过日志的密钥：它由 TPM 密封（tpm2-sealed），仅复制磁盘不够，但运行中机器的 root 都能使用"],
  "maker adds": ["the maker adds: {0}", "制作者补充：{0}"],
  "form": ["not written as the format says", "不符合格式"],
  "order wrong": ["out of order", "顺序不对"],
  "chain": ["this leaf does not follow the one before it: something was changed, removed or put in", "该条目不接续前一条：有改动、删除或插入"],
  "hole": ["leaves of the stay are missing, doubled or moved", "本次在区登记的条目有缺失、重复或移动"],
  "foreign": ["this does not belong into the bundle", "证据包中不应有此内容"],
  "key": ["this change of key is not signed by the key before", "公钥更换没有前一把密钥的签名"],
  "root": ["the leaves are not those that the log's checkpoint stands for", "条目与日志检查点所代表的不符"],
  "log": ["not signed by the log's key", "没有日志密钥的签名"],
  "witness": ["not cosigned by this witness", "没有该见证方的联署"],
  "text": ["a configuration or rulebook is not the one of the log", "配置或规则库与日志不符"],
  "value": ["what is disclosed is not what the log committed to", "所披露的内容与日志的承诺不符"],
  "bundle": ["the bundle was changed after it was made", "证据包在制作之后被改动"],
  "maker": ["not signed by this maker", "没有该制作者的签名"],
};

// ---- SHA-2 ----------------------------------------------------------------------------------------

/** The first n prime numbers. */
function primes(n) {
  const found = [];
  for (let candidate = 2; found.length < n; candidate++) {
    if (found.every((prime) => candidate % prime)) found.push(candidate);
  }
  return found;
}

/** The first 64 bits of the fraction of the root of that degree, as SHA-2 makes its constants. */
function fraction(prime, degree) {
  const scaled = BigInt(prime) << BigInt(64 * degree);
  let low = 0n;
  let high = 1n << 72n;
  while (high - low > 1n) {
    const middle = (low + high) >> 1n;
    if (middle ** BigInt(degree) <= scaled) low = middle;
    else high = middle;
  }
  return low & MASK64;
}

const MASK64 = (1n << 64n) - 1n;
const K512 = primes(80).map((prime) => fraction(prime, 3));
const H512 = primes(8).map((prime) => fraction(prime, 2));
const K256 = Int32Array.from(K512.slice(0, 64), (word) => Number(word >> 32n));
const H256 = Int32Array.from(H512, (word) => Number(word >> 32n));

/** The message with its padding: a one, zeros, the length in bits. */
function padded(data, block) {
  const length = Math.ceil((data.length + 1 + block / 8) / block) * block;
  const all = new Uint8Array(length);
  all.set(data);
  all[data.length] = 0x80;
  new DataView(all.buffer).setBigUint64(length - 8, BigInt(data.length) * 8n);
  return all;
}

function sha256(data) {
  const all = padded(data, 64);
  const view = new DataView(all.buffer);
  const h = Int32Array.from(H256);
  const w = new Int32Array(64);
  for (let at = 0; at < all.length; at += 64) {
    for (let t = 0; t < 16; t++) w[t] = view.getInt32(at + 4 * t);
    for (let t = 16; t < 64; t++) {
      const x = w[t - 15];
      const y = w[t - 2];
      const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
      const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
      w[t] = (w[t - 16] + s0 + w[t - 7] + s1) | 0;
    }
    let [a, b, c, d, e, f, g, k] = h;
    for (let t = 0; t < 64; t++) {
      const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
      const one = (k + s1 + ((e & f) ^ (~e & g)) + K256[t] + w[t]) | 0;
      const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
      const two = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      k = g;
      g = f;
      f = e;
      e = (d + one) | 0;
      d = c;
      c = b;
      b = a;
      a = (one + two) | 0;
    }
    [a, b, c, d, e, f, g, k].forEach((word, n) => (h[n] = (h[n] + word) | 0));
  }
  const out = new DataView(new ArrayBuffer(32));
  h.forEach((word, n) => out.setInt32(4 * n, word));
  return new Uint8Array(out.buffer);
}

function sha512(data) {
  const all = padded(data, 128);
  const view = new DataView(all.buffer);
  const right = (x, n) => ((x >> n) | (x << (64n - n))) & MASK64;
  const h = [...H512];
  for (let at = 0; at < all.length; at += 128) {
    const w = [];
    for (let t = 0; t < 16; t++) w.push(view.getBigUint64(at + 8 * t));
    for (let t = 16; t < 80; t++) {
      const s0 = right(w[t - 15], 1n) ^ right(w[t - 15], 8n) ^ (w[t - 15] >> 7n);
      const s1 = right(w[t - 2], 19n) ^ right(w[t - 2], 61n) ^ (w[t - 2] >> 6n);
      w.push((w[t - 16] + s0 + w[t - 7] + s1) & MASK64);
    }
    let [a, b, c, d, e, f, g, k] = h;
    for (let t = 0; t < 80; t++) {
      const s1 = right(e, 14n) ^ right(e, 18n) ^ right(e, 41n);
      const one = k + s1 + ((e & f) ^ (~e & MASK64 & g)) + K512[t] + w[t];
      const s0 = right(a, 28n) ^ right(a, 34n) ^ right(a, 39n);
      const two = s0 + ((a & b) ^ (a & c) ^ (b & c));
      [k, g, f, e, d, c, b, a] = [g, f, e, (d + one) & MASK64, c, b, a, (one + two) & MASK64];
    }
    [a, b, c, d, e, f, g, k].forEach((word, n) => (h[n] = (h[n] + word) & MASK64));
  }
  const out = new DataView(new ArrayBuffer(64));
  h.forEach((word, n) => out.setBigUint64(8 * n, word));
  return new Uint8Array(out.buffer);
}

// ---- Ed25519 (RFC 8032), verification alone -----------------------------------------------------

const P = 2n ** 255n - 19n;
const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const modulo = (x) => ((x % P) + P) % P;

function power(base, exponent) {
  let result = 1n;
  for (let x = modulo(base), n = exponent; n > 0n; n >>= 1n) {
    if (n & 1n) result = (result * x) % P;
    x = (x * x) % P;
  }
  return result;
}

const D = modulo(-121665n * power(121666n, P - 2n));
const ROOT = power(2n, (P - 1n) / 4n);
const ZERO = [0n, 1n, 1n, 0n];

/** The number of little-endian bytes. */
const little = (bytes) => bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);

/** The point X, Y, Z, T of 32 bytes, or null. As OpenSSL: y modulo p, and of x = 0 the sign does not count. */
function decompress(bytes) {
  const number = little(bytes);
  const y = BigInt.asUintN(255, number) % P;
  const u = modulo(y * y - 1n);
  const v = modulo(D * y * y + 1n);
  let x = modulo(u * power(v, 3n) * power(u * power(v, 7n), (P - 5n) / 8n));
  if (modulo(v * x * x - u)) x = modulo(x * ROOT);
  if (modulo(v * x * x - u)) return null;
  if ((x & 1n) !== number >> 255n) x = modulo(-x);
  return [x, y, 1n, modulo(x * y)];
}

function add(p, q) {
  const a = modulo((p[1] - p[0]) * (q[1] - q[0]));
  const b = modulo((p[1] + p[0]) * (q[1] + q[0]));
  const c = modulo(2n * D * p[3] * q[3]);
  const d = modulo(2n * p[2] * q[2]);
  const [e, f, g, h] = [b - a, d - c, d + c, b + a];
  return [modulo(e * f), modulo(g * h), modulo(f * g), modulo(e * h)];
}

/** 0 to 15 times the point. */
function multiples(point) {
  const found = [ZERO];
  for (let n = 0; n < 15; n++) found.push(add(found[n], point));
  return found;
}

const BASE = multiples(decompress(bytesOf((4n * power(5n, P - 2n)) % P)));

function bytesOf(number) {
  return Uint8Array.from({ length: 32 }, (_, n) => Number((number >> BigInt(8 * n)) & 255n));
}

/** Whether the signature is of this key, by this page's own arithmetic. */
function verifiesByHand(key, message, signature) {
  const point = decompress(key);
  const s = little(signature.subarray(32));
  if (point === null || s >= L) return false;
  const h = little(sha512(joined(signature.subarray(0, 32), key, message))) % L;
  const theirs = multiples([modulo(-point[0]), point[1], 1n, modulo(-point[3])]);
  let total = ZERO;
  for (let shift = 252n; shift >= 0n; shift -= 4n) {
    for (let n = 0; n < 4; n++) total = add(total, total);
    total = add(add(total, BASE[Number((s >> shift) & 15n)]), theirs[Number((h >> shift) & 15n)]);
  }
  const inverse = power(total[2], P - 2n);
  const x = modulo(total[0] * inverse);
  return same(bytesOf(modulo(total[1] * inverse) | ((x & 1n) << 255n)), signature.subarray(0, 32));
}

async function verifiesByBrowser(key, message, signature) {
  try {
    const imported = await crypto.subtle.importKey("raw", key, { name: "Ed25519" }, false, ["verify"]);
    return await crypto.subtle.verify({ name: "Ed25519" }, imported, signature, message);
  } catch {
    return false; // no point of the curve
  }
}

/** "browser" when the browser knows Ed25519 (tried with a signature of RFC 8032), else "page". */
const ARITHMETIC = (async () => {
  const key = unhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
  const signature = unhex(
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da" +
      "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
  );
  const isThere = globalThis.crypto?.subtle !== undefined;
  return isThere && (await verifiesByBrowser(key, Uint8Array.of(0x72), signature)) ? "browser" : "page";
})();

const VERIFIED = new Map();

async function verifies(key, message, signature) {
  if (key.length !== 32 || signature.length !== 64) return false;
  const name = hex(sha256(joined(key, signature, message)));
  if (!VERIFIED.has(name)) {
    if (VERIFIED.size >= VERIFIED_MAX) VERIFIED.clear();
    const verify = (await ARITHMETIC) === "browser" ? verifiesByBrowser : verifiesByHand;
    VERIFIED.set(name, await verify(key, message, signature));
  }
  return VERIFIED.get(name);
}

// ---- bytes, canonical JSON, and what a value has to look like -----------------------------------

const utf8 = (text) => new TextEncoder().encode(text);
const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
const same = (a, b) => a.length === b.length && a.every((byte, n) => byte === b[n]);
const latin = (bytes) => Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");

function unhex(text) {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

function joined(...parts) {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function encoded(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += 0x8000) {
    text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  }
  return btoa(text);
}

/** The bytes of strict base64, null for anything else. */
function decoded(text) {
  if (typeof text !== "string" || text.length % 4 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return null;
  let data;
  try {
    data = Uint8Array.from(atob(text), (each) => each.charCodeAt(0));
  } catch {
    return null;
  }
  return encoded(data) === text ? data : null;
}

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

/** Order of code points, which is that of UTF-8 bytes; -1, 0 or 1. Numbers and lists of both as well. */
function compare(a, b) {
  if (typeof a === "number") return Math.sign(a - b);
  const [left, right] = [Array.from(a), Array.from(b)];
  for (let n = 0; n < Math.min(left.length, right.length); n++) {
    const one = Array.isArray(a) ? compare(left[n], right[n]) : left[n].codePointAt(0) - right[n].codePointAt(0);
    if (one) return Math.sign(one);
  }
  return Math.sign(left.length - right.length);
}

/** Canonical JSON of a value. Throws where section 1 has no spelling for it. */
function canonical(value, depth = 0) {
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "number") {
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) throw new RangeError("number");
    return String(value);
  }
  if (typeof value === "string") {
    if (/\p{Surrogate}/u.test(value)) throw new RangeError("surrogate");
    return JSON.stringify(value);
  }
  if (depth >= DEPTH_MAX) throw new RangeError("depth");
  if (Array.isArray(value)) return `[${value.map((each) => canonical(each, depth + 1)).join(",")}]`;
  const keys = Object.keys(value).sort();
  if (keys.some((key) => /[^\x00-\x7f]/.test(key))) throw new RangeError("key");
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonical(value[key], depth + 1)}`).join(",")}}`;
}

/** The value of a line that is canonical JSON to the byte. */
function parse(line) {
  try {
    const value = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(line));
    if (same(utf8(canonical(value)), line)) return value;
  } catch {
    // falls through: what cannot be read is no other case than what is spelt otherwise
  }
  throw new Refused("form", "line", "canonical JSON", show(line));
}

/** The beginning of a value, in ASCII; of bytes as if each were a character. */
function show(value) {
  const shown = value instanceof Uint8Array ? latin(value.subarray(0, SHOWN_CHARS_MAX + 1)) : value ?? null;
  const text = (typeof shown === "bigint" ? String(shown) : canonical(shown)).replace(
    /[^ -~]/g,
    (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return text.length > SHOWN_CHARS_MAX ? `${text.slice(0, SHOWN_CHARS_MAX)}…` : text;
}

/** The first wrong thing: its kind (one of WORDS), where in the line, what was expected, what was found. */
class Refused extends Error {
  constructor(...args) {
    super(args.join(" "));
    this.args = args;
  }
}

const isNatural = (value) => Number.isSafeInteger(value) && value >= 0;
const IS = {
  1: (value) => value === 1,
  base64: (value) => decoded(value) !== null,
  "base64 of 32 bytes": (value) => decoded(value)?.length === 32,
  "base64 of 64 bytes": (value) => decoded(value)?.length === 64,
  list: Array.isArray,
  object: isObject,
  texts: (value) => Array.isArray(value) && value.every((each) => typeof each === "string"),
  "whole number": isNatural,
};
const LIKE = {
  text: ".*",
  "0-64 characters": ".{0,64}",
  "1-64 characters": ".{1,64}",
  "1-256 characters": ".{1,256}",
  "64 hex digits": "[0-9a-f]{64}",
  origin: "caseward\\.local(/[!-*,-.0-~]{1,64}){3}",
  "name.name/version": "[a-z][a-z0-9_\\-]*(\\.[a-z][a-z0-9_\\-]*)+/[1-9][0-9]{0,3}",
  "fact, log or output": "fact|log|output",
  "who said it": "gateway|kiosk|node|paper|server",
  "name of a statement": "blindness|coverage|deadlines",
};
for (const [name, pattern] of Object.entries(LIKE)) {
  const like = new RegExp(`^(?:${pattern})$`, "su");
  IS[name] = (value) => typeof value === "string" && like.test(value);
}

const [N, HASH, PLACE] = ["whole number", "64 hex digits", "1-64 characters"];
const TIMES = { earliest_us: N, latest_us: `${N} or null` };
const KEY = { kind: PLACE, public: "base64 of 32 bytes" };
const HEAD = { bundle: "1", leaves: N, origin: "origin", size: N, stay: PLACE, suite: "1" };
const LEAF = {
  body: "object",
  class: "fact, log or output",
  id: "1-256 characters",
  index: N,
  occurred: { by: "who said it", ...TIMES },
  prev: HASH,
  recorded: { boot: N, boottime_us: N, ...TIMES },
  source: { boot: N, name: "0-64 characters", seq: N },
  stay: `${PLACE} or null`,
  stay_n: `${N} or null`,
  type: "name.name/version",
  v: "1",
};
const AFTER = { origin: "origin", reason: "text", root: HASH, size: N };
const BODIES = {
  "log.begun/1": { after: "object or null", key: KEY, origin: "origin", suite: "1" },
  "log.key_changed/1": { key: KEY, signature: "base64 of 64 bytes" },
  "log.stay_counted/1": { leaves: N },
};
const PARTS = {
  proof: { hashes: "list" },
  checkpoint: { note: "text" },
  signature: { signature: "base64 of 64 bytes" },
  text: { name: "1-256 characters", sha256: HASH, text: "text" },
  disclosed: { field: "text", leaf: N, salt: HASH, value: "text" },
  statement: { body: "object", name: "name of a statement" },
  report: { data: "base64", name: "1-256 characters", sha256: HASH },
  manifest: {
    cosigned_s: "object",
    made_us: N,
    maker: "1-256 characters",
    public: "base64 of 32 bytes",
    sha256: HASH,
    unproved: { en: "texts", zh: "texts" },
  },
};

function expect(isRight, kind, where, expected, found) {
  if (!isRight) throw new Refused(kind, where, expected, show(found));
}

/** The value is of this kind, or an object of exactly these keys whose values fit in turn. */
function fits(value, spec, where) {
  if (isObject(spec)) {
    const keys = Object.keys(spec).sort();
    const found = isObject(value) ? Object.keys(value).sort() : value;
    const hasKeys = isObject(value) && canonical(found) === canonical(keys);
    expect(hasKeys, "form", where, show(keys), found);
    for (const key of keys) fits(value[key], spec[key], `${where}.${key}`);
  } else if (value !== null || !spec.endsWith(" or null")) {
    expect(IS[spec.replace(" or null", "")](value), "form", where, spec, value);
  }
}

function mustBe(kind, where, expected, found) {
  expect(expected === found, kind, where, show(expected), found);
}

async function mustVerify(kind, key, message, signature) {
  expect(await verifies(key, message, signature), kind, "signature", `one by ${encoded(key)}`, encoded(signature));
}

// ---- the bundle, line by line --------------------------------------------------------------------

class Bundle {
  /** `keys`: `{log: [base64], witnesses: [[name, base64]], maker: base64 or null}`, to be trusted. */
  constructor(bytes, keys) {
    this.bytes = bytes;
    this.trustedLog = keys.log ?? [];
    this.witnesses = keys.witnesses ?? [];
    this.trustedMaker = keys.maker ?? null;
    this.line = this.start = this.at = 0; // number of the line, where it starts, where the next does
    this.last = -1;
    this.prev = "0".repeat(64);
    this.latest = [0, 0]; // boot and boottime of a fact
    this.stayN = 0;
    this.isCounted = false;
    this.ends = []; // index and time of the stay's first and last leaf
    this.keys = []; // of the log: base64 and kind
    this.nodes = []; // first leaf, width (a power of two), hash
    this.configs = []; // line and body
    this.cosignatures = []; // name, seconds, whether checked
    this.disclosed = [];
    this.texts = new Map(); // hash to name
    this.commitments = new Map();
    this.leaves = []; // to be shown
  }

  /** All of it. Throws Refused at the first wrong thing, which is on line `line`. */
  async check() {
    this.head = this.read();
    fits(this.head, HEAD, "head");
    ({ origin: this.origin, size: this.size } = this.head);
    for (let n = 0; n < this.head.leaves; n++) await this.leaf(this.read());
    expect(this.stayN > 0, "hole", "stay_n", ">= 1", this.stayN);
    this.hashes = [...this.part(this.read(), "proof").hashes];
    this.hashes.reverse();
    this.nodes.reverse();
    const root = encoded(this.root(0, this.size));
    mustBe("root", "proof.hashes left over", 0, this.hashes.length);
    await this.checkpoint(this.part(this.read(), "checkpoint").note, root);
    let value = this.several(this.read(), "text", (text) => this.text(text));
    this.configured();
    value = this.several(value, "disclosed", (each) => this.disclosure(each));
    value = this.several(value, "statement", (statement) => statement.name);
    this.report = this.part(value, "report");
    mustBe("bundle", "report.sha256", hex(sha256(decoded(this.report.data))), this.report.sha256);
    await this.manifestAndSignature();
    const next = this.bytes.indexOf(10, this.at);
    const end = Math.min(next < 0 ? this.bytes.length : next + 1, this.at + SHOWN_CHARS_MAX + 1);
    this.line++;
    expect(this.at === this.bytes.length, "form", "line", "the end", this.bytes.subarray(this.at, end));
  }

  async manifestAndSignature() {
    this.manifest = this.part(this.read(), "manifest");
    mustBe("bundle", "manifest.sha256", hex(sha256(this.bytes.subarray(0, this.start))), this.manifest.sha256);
    const times = Object.fromEntries(this.cosignatures.map(([name, seconds]) => [name, seconds]));
    mustBe("bundle", "manifest.cosigned_s", canonical(times), canonical(this.manifest.cosigned_s));
    mustBe("maker", "manifest.public", this.trustedMaker ?? this.manifest.public, this.manifest.public);
    const message = joined(utf8("caseward/bundle/v1\n"), this.bytes.subarray(this.start, this.at));
    const { signature } = this.part(this.read(), "signature");
    await mustVerify("maker", decoded(this.manifest.public), message, decoded(signature));
  }

  /** The value of the next line. */
  read() {
    this.line++;
    this.start = this.at;
    const newline = this.bytes.indexOf(10, this.start);
    const length = (newline < 0 ? this.bytes.length : newline + 1) - this.start;
    this.raw = this.bytes.subarray(this.start, this.start + Math.min(length, LINE_BYTES_MAX + 1));
    expect(newline >= 0 && length <= LINE_BYTES_MAX, "form", "line", "a line with its newline", this.raw);
    this.at = this.start + length;
    this.raw = this.raw.subarray(0, length - 1);
    return parse(this.raw);
  }

  /** Section 2, and what may be in a bundle. */
  async leaf(leaf) {
    expect(this.raw.length <= LEAF_BYTES_MAX, "form", "leaf", `<= ${LEAF_BYTES_MAX}`, this.raw.length);
    fits(leaf, LEAF, "leaf");
    const { index, type, stay, recorded } = leaf;
    const isNext = this.last < index && index < this.size && (index === 0 || this.last >= 0);
    expect(isNext, "order wrong", "leaf.index", `>= ${this.last + 1}, < ${this.size}`, index);
    mustBe("chain", "leaf.prev", index === this.last + 1 ? this.prev : leaf.prev, leaf.prev);
    for (const name of ["occurred", "recorded"]) {
      const { earliest_us: early, latest_us: late } = leaf[name];
      expect(late === null || late >= early, "form", `leaf.${name}.latest_us`, `>= ${early}`, late);
    }
    const moment = leaf.class === "fact" ? [recorded.boot, recorded.boottime_us] : this.latest;
    const isLater = compare(moment, this.latest) >= 0;
    expect(isLater, "order wrong", "leaf.recorded", `>= [${this.latest.join(", ")}]`, moment);
    mustBe("form", "leaf.class", type.startsWith("log."), leaf.class === "log");
    mustBe("foreign", "leaf.type", index === 0, type === "log.begun/1");
    if (stay === null) {
      const isOurs = ["log.begun/1", "log.key_changed/1", "config.loaded/1"].includes(type) && leaf.stay_n === null;
      expect(isOurs, "foreign", "leaf.type", "log.begun, log.key_changed or config.loaded", type);
    } else {
      mustBe("foreign", "leaf.stay", this.head.stay, stay);
      mustBe("hole", "leaf.stay_n", this.stayN + 1, leaf.stay_n);
      this.stayN++;
      this.isCounted = type === "log.stay_counted/1";
      this.ends = [this.ends[0] ?? [index, recorded.earliest_us], [index, recorded.earliest_us]];
      if (this.leaves.length < ROWS_MAX) this.leaves.push(leaf);
    }
    await this.body(type, leaf.body, index);
    this.latest = moment;
    this.last = index;
    this.prev = this.plant(index);
  }

  /** What a leaf says of the log, its keys, the count of the stay, the configuration; and its commitments. */
  async body(type, body, index) {
    fits(body, BODIES[type] ?? "object", "leaf.body");
    if (type === "log.begun/1") {
      mustBe("form", "leaf.body.origin", this.origin, body.origin);
      fits(body.after, body.after === null ? "object or null" : AFTER, "leaf.body.after");
      this.after = body.after;
    } else if (type === "log.key_changed/1") {
      const message = utf8(`caseward/key-change/v1\n${this.origin}\n${index}\n${body.key.public}\n`);
      await mustVerify("key", decoded(this.keys.at(-1)[0]), message, decoded(body.signature));
    } else if (type === "log.stay_counted/1") {
      mustBe("hole", "leaf.body.leaves", this.stayN, body.leaves);
    } else if (type === "config.loaded/1") {
      this.configs = [...(this.stayN ? this.configs : []), [this.line, body]]; // before the stay the last, then each
    }
    if (type === "log.begun/1" || type === "log.key_changed/1") this.keys.push([body.key.public, body.key.kind]);
    for (const [field, value] of Object.entries(body)) {
      if (typeof value === "string" && value.length === 64) this.commitments.set(`${index} ${field}`, value);
    }
  }

  /** Put the leaf into the tree, where equal neighbours become one. Gives its hash in hex. */
  plant(index) {
    const leafHash = sha256(joined(Uint8Array.of(0), this.raw));
    let [first, width, node] = [index, 1, leafHash];
    for (;;) {
      const left = this.nodes.at(-1);
      if (!left || left[0] !== first - width || left[1] !== width || first % (2 * width) !== width) break;
      node = sha256(joined(Uint8Array.of(1), this.nodes.pop()[2], node));
      [first, width] = [first - width, 2 * width];
    }
    this.nodes.push([first, width, node]);
    return hex(leafHash);
  }

  /** Section 9, proof. `nodes` and `hashes` are turned round, to be taken from their ends. */
  root(low, high) {
    const node = this.nodes.at(-1);
    if (!node || node[0] >= high) {
      const found = this.hashes.length ? this.hashes.pop() : null;
      fits(found, "base64 of 32 bytes", "proof.hashes");
      return decoded(found);
    }
    if (node[0] === low && node[1] === high - low) return this.nodes.pop()[2];
    let half = 1;
    while (half * 2 < high - low) half *= 2;
    const left = this.root(low, low + half);
    return sha256(joined(Uint8Array.of(1), left, this.root(low + half, high)));
  }

  part(value, name) {
    mustBe("form", "part", name, (isObject(value) ? value.part : null) ?? null);
    fits(value, { part: "text", ...PARTS[name] }, name);
    return value;
  }

  /** Lines of one kind, each after the one before by what `take` gives. Returns the line after them. */
  several(first, name, take) {
    let before = null;
    let value = first;
    while (isObject(value) && value.part === name) {
      const place = take(this.part(value, name));
      expect(before === null || compare(place, before) > 0, "order wrong", name, `> ${show(before)}`, place);
      [before, value] = [place, this.read()];
    }
    return value;
  }

  text(value) {
    mustBe("bundle", "text.sha256", hex(sha256(utf8(value.text))), value.sha256);
    this.texts.set(value.sha256, value.name);
    return value.name;
  }

  configured() {
    expect(this.configs.length, "text", "config.loaded/1 before the stay", ">= 1", 0);
    for (const [line, body] of this.configs) {
      for (const key of ["config_hash", "rulebook_hash"]) {
        const isThere = this.texts.has(body[key]);
        expect(isThere, "text", `${key} of line ${line}`, "SHA-256 of a text in the bundle", body[key]);
      }
    }
  }

  disclosure({ leaf, field, salt, value }) {
    const message = joined(utf8(`caseward/commitment/v1\n${field}\n`), unhex(salt), utf8(value));
    mustBe("value", "disclosed", this.commitments.get(`${leaf} ${field}`) ?? null, hex(sha256(message)));
    this.disclosed.push([leaf, field, value]);
    return [leaf, field];
  }

  /** Sections 4 and 5: this tree is signed by the newest key of the log and by each witness trusted. */
  async checkpoint(note, root) {
    const lines = note.split("\n");
    const isNote = utf8(note).length <= NOTE_BYTES_MAX && lines.length >= 6 && lines.length <= 5 + SIGNATURE_LINES_MAX;
    const isClosed = isNote && lines[3] === "" && lines.at(-1) === "";
    expect(isClosed, "form", "note", "3 lines, an empty one, 1-100 signatures", note);
    mustBe("form", "note.origin", this.origin, lines[0]);
    mustBe("form", "note.size", String(this.size), lines[1]);
    mustBe("root", "note.root", root, lines[2]);
    const signers = new Set();
    for (const line of lines.slice(4, -1)) {
      const [, name, base64] = line.match(/^— ([!-*,-~]{1,255}) ([A-Za-z0-9+/=]+)$/u) ?? [];
      const data = decoded(base64);
      expect(data !== null && data.length > 4, "form", "note", "dash, name, base64", line);
      for (const key of await this.signed(name, `${lines.slice(0, 3).join("\n")}\n`, data)) signers.add(key);
    }
    const keys = this.keys.map(([key]) => key);
    const trusted = this.trustedLog.join(" or ");
    expect(signers.has(keys.at(-1)), "log", "note", keys.at(-1), inOrder(signers));
    expect(!trusted || keys.some((key) => this.trustedLog.includes(key)), "log", "keys", trusted, keys);
    const checked = this.cosignatures.filter(([, , isChecked]) => isChecked).map(([name]) => name);
    for (const [name] of this.witnesses) {
      expect(checked.includes(name), "witness", "note", `a cosignature by ${name}`, checked.sort());
    }
  }

  /** The known keys by which a line of the note is signed. One that has name and id of a key must verify. */
  async signed(name, note, data) {
    let [keys, kind, type, text, signature] = [this.keys.map(([key]) => key), "log", 1, note, data.subarray(4)];
    let seconds = 0;
    if (name !== this.origin) {
      if (data.length !== 76) return []; // no Ed25519 cosignature
      [keys, kind, type] = [this.witnesses.filter(([known]) => known === name).map(([, key]) => key), "witness", 4];
      const time = new DataView(data.buffer, data.byteOffset + 4, 8).getBigUint64(0);
      expect(time <= BigInt(NUMBER_MAX), "form", "note", `<= ${NUMBER_MAX}`, time);
      [seconds, text, signature] = [Number(time), `cosignature/v1\ntime ${time}\n${note}`, data.subarray(12)];
    }
    const isNamed = (key) =>
      same(sha256(joined(utf8(name), Uint8Array.of(10, type), decoded(key))).subarray(0, 4), data.subarray(0, 4));
    const named = keys.filter(isNamed);
    const signers = [];
    for (const key of named) if (await verifies(decoded(key), utf8(text), signature)) signers.push(key);
    expect(signers.length || !named.length, kind, "note", named.join(" or "), encoded(signature));
    if (kind === "witness") this.cosignatures.push([name, seconds, signers.length > 0]);
    return signers;
  }
}

/** Keys sorted by their bytes. */
const inOrder = (keys) => [...keys].sort((a, b) => compare([...decoded(a)], [...decoded(b)]));

// ---- what is said of it --------------------------------------------------------------------------

const UNSEEN = /[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

/** The word in that language. Values lose the characters that could change how a line is read. */
function sentence(lang, word, ...values) {
  const template = WORDS[word][lang === "zh" ? 1 : 0];
  return template.replace(/\{(\d)\}/g, (_, n) => String(values[n]).replace(UNSEEN, "?"));
}

function clock(seconds) {
  const iso = new Date(Math.min(seconds, LAST_SECOND) * 1000).toISOString();
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`;
}

const wholeSeconds = (us) => (us - (us % 1_000_000)) / 1_000_000;

/** What the bundle shows, and what it cannot. */
function reportOf(bundle, lang) {
  const { manifest, keys, cosignatures } = bundle;
  const [[first, begin], [last, end]] = bundle.ends;
  const [key, kind] = keys.at(-1);
  const named = new Set(bundle.configs.flatMap(([, body]) => [body.config_hash, body.rulebook_hash]));
  const names = (isNamed) => [...bundle.texts].filter(([hash]) => named.has(hash) === isNamed).map(([, name]) => name);
  const rows = [
    [bundle.trustedLog.length ? "genuine" : "sound"],
    ["of", bundle.head.stay, bundle.origin],
    ["signed", key, kind, keys.length],
    ...(bundle.after ? [["after", bundle.after.origin, bundle.after.reason, bundle.after.size]] : []),
    [bundle.isCounted ? "whole" : "uncounted", bundle.stayN, last],
    ["order", first, last, bundle.size, clock(wholeSeconds(begin)), clock(wholeSeconds(end))],
    ...cosignatures.map(([name, seconds, isChecked]) => [isChecked ? "cosigned" : "unchecked", name, clock(seconds)]),
    ["texts", names(true).join(", ")],
    ...bundle.disclosed.map((row) => ["disclosed", ...row]),
    ["report", bundle.report.name, bundle.report.sha256],
    [bundle.trustedMaker ? "made" : "stranger", manifest.maker, clock(wholeSeconds(manifest.made_us)), manifest.public],
    ["cannot"],
  ];
  const bounds = [["no truth"], ["no later", last], ["no tail", bundle.size], ["no config"]];
  if (!cosignatures.some(([, , isChecked]) => isChecked)) bounds.push(["no witness"]);
  if (names(false).length) bounds.push(["no text", names(false).join(", ")]);
  if (["soft-key", "tpm2-sealed"].includes(kind)) bounds.push([kind]);
  for (const text of manifest.unproved[lang]) bounds.push(["maker adds", text]);
  return [...rows.map((row) => sentence(lang, ...row)), ...bounds.map((row) => `- ${sentence(lang, ...row)}`)];
}

/** `{exit, wrong, report, bundle}` as verify.py has them; `bundle` is what was read, null when refused. */
async function verifyBundle(bytes, keys, lang) {
  const bundle = new Bundle(bytes, keys);
  try {
    await bundle.check();
    return { exit: bundle.trustedLog.length ? 0 : 3, wrong: null, report: reportOf(bundle, lang), bundle };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const [kind, ...rest] = error.args;
    const told = sentence(lang, "refused", bundle.line, sentence(lang, kind), ...rest);
    return { exit: 1, wrong: [bundle.line, ...error.args], report: [told], bundle: null };
  }
}

// ---- the page --------------------------------------------------------------------------------------

const PAGE = {
  title: ["Check a custody bundle", "核验在区登记证据包"],
  lead: [
    "Checks a bundle of the custody log on this computer alone. Nothing is sent anywhere.",
    "只在本机核验存证日志的证据包，不向任何地方发送数据。",
  ],
  other: ["中文", "English"],
  keys: ["1 Keys you trust", "1 您信任的公钥"],
  keysHelp: [
    "Get them from somebody other than whoever gave you the bundle. Base64, one a line.",
    "请从提供证据包者以外的人处取得。Base64，每行一个。",
  ],
  log: ["Keys of the log", "日志的公钥"],
  witness: ["Witnesses, each NAME=KEY", "见证方，每行 名称=公钥"],
  maker: ["Key of who made the bundle (may be left out)", "制作者的公钥（可不填）"],
  keep: ["Keep these keys on this computer", "在本机保留这些公钥"],
  file: ["2 The bundle", "2 证据包"],
  choose: ["Choose a file, or drop it here", "选择文件，或拖到此处"],
  result: ["3 What was found", "3 核验结果"],
  waiting: ["No bundle has been checked yet.", "尚未核验。"],
  checking: ["Checking …", "正在核验……"],
  badKey: ["not a key (base64 of 32 bytes): {0}", "不是公钥（32 字节的 base64）：{0}"],
  tooLarge: [
    "This file has {0} bytes; the page takes up to {1}. Use verify.py.",
    "文件有 {0} 字节，本页最多处理 {1} 字节。请使用 verify.py。",
  ],
  failed: ["The browser could not read the file: {0}", "浏览器无法读取文件：{0}"],
  checked: ["{0}, {1} bytes, SHA-256 {2}", "{0}，{1} 字节，SHA-256 {2}"],
  browser: ["Signatures were checked by the browser's Ed25519.", "签名由浏览器自带的 Ed25519 核验。"],
  page: ["Signatures were checked by this page's own Ed25519.", "签名由本页自己的 Ed25519 核验。"],
  pdf: ["Save the readable report", "保存可读报告"],
  leaves: ["Leaves of the stay", "本次在区登记的条目"],
  more: ["The first {0} of {1} leaves are shown.", "显示前 {0} 条，共 {1} 条。"],
  zone: ["recorded ({0})", "记录时间（{0}）"],
  columns: [
    ["no.", "leaf", "", "what", "by", "content"],
    ["编号", "日志条目", "", "事项", "来源", "内容"],
  ],
};
const STORE = "caseward-verify-keys";
const page = { lang: "zh", file: null, run: 0 };

const say = (word, ...values) =>
  PAGE[word][page.lang === "zh" ? 1 : 0].replace(/\{(\d)\}/g, (_, n) => String(values[n]).replace(UNSEEN, "?"));
const at = (id) => document.getElementById(id);
const linesOf = (id) => at(id).value.split(/\s*\n\s*/).map((row) => row.trim()).filter(Boolean);

function element(name, text, kind) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (kind) made.className = kind;
  return made;
}

/** The keys as entered. Throws a sentence for the reader when one is none. */
function keysEntered() {
  const witnesses = linesOf("witness").map((row) => [row.split("=")[0].trim(), row.slice(row.indexOf("=") + 1).trim()]);
  const [maker] = linesOf("maker");
  for (const key of [...linesOf("log"), ...witnesses.map(([, each]) => each), ...(maker ? [maker] : [])]) {
    if (!IS["base64 of 32 bytes"](key)) throw new RangeError(say("badKey", key));
  }
  return { log: linesOf("log"), witnesses, maker: maker ?? null };
}

/** Local storage may be switched off for files; then keys are not kept. */
function kept(change) {
  try {
    return change(localStorage);
  } catch {
    return null;
  }
}

function keepKeys() {
  const entered = { log: at("log").value, witness: at("witness").value, maker: at("maker").value };
  kept((store) => (at("keep").checked ? store.setItem(STORE, JSON.stringify(entered)) : store.removeItem(STORE)));
}

function recallKeys() {
  const entered = kept((store) => JSON.parse(store.getItem(STORE)));
  if (!entered) return;
  at("keep").checked = true;
  for (const id of ["log", "witness", "maker"]) at(id).value = entered[id] ?? "";
}

/** Check the chosen file with the keys as they stand, and show what was found. */
async function checkFile() {
  keepKeys();
  if (!page.file) return;
  const run = ++page.run; // what an earlier call finds later is no longer asked for
  tell(say("checking"));
  try {
    if (page.file.size > FILE_BYTES_MAX) throw new RangeError(say("tooLarge", page.file.size, FILE_BYTES_MAX));
    const keys = keysEntered();
    const bytes = new Uint8Array(await page.file.arrayBuffer());
    const found = await verifyBundle(bytes, keys, page.lang);
    const arithmetic = await ARITHMETIC;
    if (run !== page.run) return;
    showFound(found, say("checked", page.file.name, bytes.length, hex(sha256(bytes))), arithmetic);
  } catch (error) {
    tell(error instanceof RangeError ? error.message : say("failed", error.message), "refused");
  }
}

/** One sentence instead of a result. */
function tell(text, kind) {
  at("result").replaceChildren(element("p", text, kind ? `verdict ${kind}` : "quiet"));
  at("leaves").replaceChildren();
}

function showFound(found, file, arithmetic) {
  const kind = { 0: "genuine", 1: "refused", 3: "sound" }[found.exit];
  const [verdict, ...rest] = found.report;
  const parts = [element("p", verdict, `verdict ${kind}`)];
  const bounds = rest.filter((row) => row.startsWith("- "));
  const facts = rest.filter((row) => !row.startsWith("- "));
  const heading = facts.pop();
  if (facts.length) parts.push(listOf(facts, "facts"));
  if (heading) parts.push(element("h3", heading), listOf(bounds.map((row) => row.slice(2)), "bounds"));
  if (found.bundle) parts.push(download(found.bundle.report));
  parts.push(element("p", `${file} · ${say(arithmetic)}`, "quiet small"));
  at("result").replaceChildren(...parts);
  at("leaves").replaceChildren(...(found.bundle ? table(found.bundle) : []));
}

function listOf(rows, kind) {
  const list = element("ul", undefined, kind);
  list.append(...rows.map((row) => element("li", row)));
  return list;
}

/** A link that saves the report, whose hash has been checked. */
function download(report) {
  const link = element("a", `${say("pdf")} (${report.name.replace(UNSEEN, "?")})`, "button");
  link.href = URL.createObjectURL(new Blob([decoded(report.data)], { type: "application/octet-stream" }));
  link.download = report.name.replace(/[^\p{L}\p{N}._-]/gu, "_");
  return link;
}

/** The stay's leaves, with the time of this computer's zone. */
function table(bundle) {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const made = element("table");
  const head = element("tr");
  const columns = PAGE.columns[page.lang === "zh" ? 1 : 0];
  head.append(...columns.map((name) => element("th", name || say("zone", zone))));
  const rows = bundle.leaves.map((leaf) => {
    const row = element("tr");
    const when = new Date(wholeSeconds(leaf.recorded.earliest_us) * 1000).toLocaleString("sv-SE");
    const cells = [leaf.stay_n, leaf.index, when, leaf.type, leaf.occurred.by, canonical(leaf.body)];
    row.append(...cells.map((cell) => element("td", String(cell).replace(UNSEEN, "?"))));
    return row;
  });
  made.append(head, ...rows);
  const scroll = element("div", undefined, "scroll");
  scroll.append(made);
  const parts = [element("h2", say("leaves")), scroll];
  if (bundle.stayN > rows.length) parts.push(element("p", say("more", rows.length, bundle.stayN), "quiet"));
  return parts;
}

/** Every text of the page in the chosen language. */
function speak(lang) {
  page.lang = lang;
  document.documentElement.lang = lang === "zh" ? "zh-CN" : "en";
  document.title = say("title");
  for (const node of document.querySelectorAll("[data-say]")) node.textContent = say(node.dataset.say);
  if (page.file) checkFile();
  else tell(say("waiting"));
}

function begin() {
  at("language").addEventListener("click", () => speak(page.lang === "zh" ? "en" : "zh"));
  for (const id of ["log", "witness", "maker", "keep"]) at(id).addEventListener("input", checkFile);
  const take = (file) => {
    page.file = file ?? page.file;
    checkFile();
  };
  at("file").addEventListener("change", (event) => take(event.target.files[0]));
  const drop = at("drop");
  for (const name of ["dragover", "dragleave", "drop"]) {
    drop.addEventListener(name, (event) => {
      event.preventDefault();
      drop.classList.toggle("over", name === "dragover");
      if (name === "drop") take(event.dataTransfer.files[0]);
    });
  }
  recallKeys();
  speak(navigator.language.startsWith("zh") ? "zh" : "en");
}

if (globalThis.document) begin();
