"""Random and mutated frames through the decoder: nothing may raise, nothing may be invented.

    python -m tests.wire.fuzz --count 1000000 --seed 1 --json

A line of `count` chunks is played to one decoder: honest frames, frames damaged in one of a dozen
ways, and noise. Every frame that comes out must be one that went in, bit for bit (the sequence
number makes each honest frame unlike all others), and must not come out twice unless it was
replayed. Honest frames that stand between zero bytes must all come out: no damage before them
may cost them.
"""

import argparse
import json
import random
import sys
import time
from collections.abc import Callable

import casewire
from casewire import FROM_GATEWAY, FROM_NODE, Frame, Signer, encode

KEY = bytes(range(1, 33))
FOREIGN_KEY = bytes(range(2, 34))
NODE = 7
PIECE_BYTES_MAX = 300
"""A chunk reaches the decoder in pieces of up to this many bytes, as reads from a port would cut it."""


def message(rng: random.Random) -> casewire.Message:
    """A random message of a node."""
    state, point = rng.randrange(3), rng.randrange(256)
    kind = rng.randrange(10)
    if kind == 0:
        return casewire.Heartbeat(rng.randrange(100), rng.randrange(2**32), rng.randrange(2**32))
    if kind == 1:
        points = sorted(rng.sample(range(256), rng.randrange(100)))
        return casewire.Snapshot(0, 1, tuple((p, rng.randrange(3)) for p in points))
    if kind == 2:
        return casewire.Contact(point, state)
    if kind == 3:
        return casewire.Tag(point, state & 1, rng.randbytes(rng.randrange(1, 17)))
    if kind == 4:
        return casewire.Feedback(point, state)
    if kind == 5:
        first = rng.randrange(2**31)
        return casewire.Gap(first, first + rng.randrange(1000))
    if kind == 6:
        points = sorted(rng.sample(range(256), rng.randrange(1, casewire.TROUBLES_POINTS_MAX + 1)))
        return casewire.Troubles(tuple((p, rng.randrange(4096)) for p in points))
    if kind == 7:
        return casewire.Band(point, rng.randrange(8), rng.randbytes(rng.randrange(1, 17)))
    if kind == 8:
        kept = casewire.Tag(point, state & 1, rng.randbytes(rng.randrange(1, 17)))
        return casewire.Kept(rng.randrange(2**32), rng.randrange(1, 2**32), rng.randrange(2**64), kept)
    return casewire.Boot(rng.randrange(4), rng.randrange(2**16))


def _flip(rng: random.Random, wire: bytes) -> bytes:
    bits = bytearray(wire)
    for _ in range(rng.randrange(1, 4)):
        bits[rng.randrange(len(bits))] ^= 1 << rng.randrange(8)
    return bytes(bits)


def _cut(rng: random.Random, wire: bytes) -> bytes:
    start = rng.randrange(len(wire))
    return wire[:start] + wire[start + rng.randrange(1, 20) :]


def _insert(rng: random.Random, wire: bytes) -> bytes:
    at = rng.randrange(len(wire))
    return wire[:at] + rng.randbytes(rng.randrange(1, 20)) + wire[at:]


def _swap(rng: random.Random, wire: bytes) -> bytes:
    bits = bytearray(wire)
    left, right = rng.randrange(len(bits)), rng.randrange(len(bits))
    bits[left], bits[right] = bits[right], bits[left]
    return bytes(bits)


def _noise(rng: random.Random, wire: bytes) -> bytes:
    return rng.randbytes(rng.randrange(1, 40))


def _long_noise(rng: random.Random, wire: bytes) -> bytes:
    return bytes(rng.choices(range(1, 256), k=rng.randrange(200, 2000)))


def _undelimited(rng: random.Random, wire: bytes) -> bytes:
    return wire[:-1]


MUTATIONS: tuple[Callable[[random.Random, bytes], bytes], ...] = (
    _flip,
    _cut,
    _insert,
    _swap,
    _noise,
    _long_noise,
    _undelimited,
)


def _forgery(rng: random.Random, frame: Frame) -> bytes:
    """A frame with a right CRC that must not pass: wrong key, wrong direction, foreign node."""
    choice = rng.randrange(3)
    if choice == 0:
        return encode(frame, FOREIGN_KEY, FROM_NODE)
    if choice == 1:
        ack = casewire.Ack(1, rng.randrange(2**32))
        return encode(Frame(ack.KIND, NODE, 1, 1, 0, ack), KEY, FROM_GATEWAY)
    stranger = Frame(frame.kind, NODE + 1, frame.boot, frame.seq, frame.uptime_ms, frame.message)
    return encode(stranger, KEY, FROM_NODE)


def run(count: int, seed: int) -> dict[str, object]:
    """Play `count` chunks; return how many frames went in and out and what went wrong.

    exceptions  times the decoder raised (must be 0)
    invented    frames out that never went in (must be 0)
    missing     honest frames between zero bytes that did not come out (must be 0)
    frames_in   honest frames played; damaged, forged, noise: chunks of the other kinds
    """
    rng = random.Random(seed)
    signer = Signer(KEY, FROM_NODE)
    decoder = casewire.Decoder({NODE: KEY}, FROM_NODE)
    tally = {"chunks": count, "frames_in": 0, "damaged": 0, "forged": 0}
    wrong = {"exceptions": 0, "invented": 0, "missing": 0}
    sent: dict[int, bytes] = {}  # seq -> wire of the frames that may still come out
    started = time.monotonic()
    for seq in range(1, count + 1):
        said = message(rng)
        frame = Frame(said.KIND, NODE, 3, seq, rng.randrange(2**64), said)
        wire = encode(frame, signer, FROM_NODE)
        dice = rng.random()
        is_honest = dice < 0.4
        if is_honest:
            tally["frames_in"] += 1
            chunk = b"\x00" + wire  # a zero before: whatever stands unfinished ends here
        elif dice < 0.5:
            tally["forged"] += 1
            chunk = b"\x00" + _forgery(rng, frame)
        else:
            tally["damaged"] += 1
            chunk = rng.choice(MUTATIONS)(rng, wire)
        sent[seq] = wire if is_honest else b""
        if not is_honest and dice >= 0.5:
            sent[seq] = wire  # a mutation may leave the frame whole, e.g. noise put before it
        if seq > 4:
            sent.pop(seq - 4, None)
        came = _play(rng, decoder, chunk, wrong)
        for out in came:
            known = sent.get(out.seq, b"")
            if not known or encode(out, signer, FROM_NODE) != known:
                wrong["invented"] += 1
        if is_honest and frame not in came:
            wrong["missing"] += 1
        if decoder.pending_bytes > casewire.STUFFED_MAX_BYTES:
            raise AssertionError(f"expected at most {casewire.STUFFED_MAX_BYTES} bytes held")
    seconds = round(time.monotonic() - started, 1)
    return {**tally, **wrong, "seed": seed, "seconds": seconds, "decoder": dict(decoder.counters)}


def _play(rng: random.Random, decoder: casewire.Decoder, chunk: bytes, wrong: dict[str, int]) -> list[Frame]:
    came: list[Frame] = []
    at = 0
    while at < len(chunk):
        piece = chunk[at : at + rng.randrange(1, PIECE_BYTES_MAX)]
        at += len(piece)
        try:
            came += decoder.feed(piece)
        except Exception:  # noqa: BLE001 - whatever it is, it is what this test looks for
            wrong["exceptions"] += 1
    return came


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.wire.fuzz", description=__doc__)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args(arguments)
    found = run(chosen.count, chosen.seed)
    print(json.dumps(found) if chosen.json else "\n".join(f"{name} {value}" for name, value in found.items()))
    return 1 if found["exceptions"] or found["invented"] or found["missing"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
