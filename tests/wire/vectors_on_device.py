"""Runs tests/vectors/wire/v1.json through casewire, on any interpreter that has json.

Not a pytest module: it is started by path under MicroPython, and called by a test under CPython.
"""

import casewire


def hexed(value):
    """The value as the vector file writes it: bytes as hex, tuples as lists, a message as its name and fields."""
    if isinstance(value, bytes):
        return "".join([f"{byte:02x}" for byte in value])
    if isinstance(value, tuple):
        return [hexed(part) for part in value]
    if isinstance(value, casewire.Message):
        return [value.name()] + [hexed(getattr(value, name)) for name in value.NAMES]
    return value


def message_of(vector):
    """The message object a valid vector describes."""
    fields = list(vector["fields"])
    if vector["message"] in ("Tag", "Band"):
        fields[2] = bytes.fromhex(fields[2])
    if vector["message"] == "Kept":
        fields[3] = message_of({"message": fields[3][0], "fields": fields[3][1:]})
    if vector["message"] == "Troubles":
        fields[0] = tuple([(pair[0], pair[1]) for pair in fields[0]])
    if vector["message"] == "Snapshot":
        fields[2] = tuple([(pair[0], pair[1]) for pair in fields[2]])
    return getattr(casewire, vector["message"])(*fields)


def check(vectors):
    """Return a list of what is wrong, one text a vector; empty if all is as the file says."""
    key = bytes.fromhex(vectors["key"])
    wrong = []
    for vector in vectors["valid"]:
        direction = vector["direction"].encode()
        wire = bytes.fromhex(vector["wire"])
        message = message_of(vector)
        frame = casewire.Frame(
            vector["kind"], vector["node"], vector["boot"], vector["seq"], vector["uptime_ms"], message
        )
        if casewire.encode(frame, key, direction) != wire:
            wrong.append(vector["name"] + ": encoded to other bytes")
        decoder = casewire.Decoder({vector["node"]: key}, direction)
        frames = decoder.feed(wire)
        if frames != [frame]:
            wrong.append(f"{vector['name']}: expected {frame}, found {frames}, {decoder.counters}")
        elif [hexed(getattr(frames[0].message, name)) for name in message.NAMES] != vector["fields"]:
            wrong.append(f"{vector['name']}: expected fields {vector['fields']}, found {frames[0].message}")
    for vector in vectors["invalid"]:
        decoder = casewire.Decoder({vectors["node"]: key}, vector["direction"].encode())
        frames = decoder.feed(bytes.fromhex(vector["wire"]))
        counted = {name: count for name, count in decoder.counters.items() if count}
        expected = {vector["counter"]: 1, "bytes_dropped": len(vector["wire"]) // 2 - 1}
        if frames or counted != expected:
            wrong.append(f"{vector['name']}: expected {expected}, found {frames}, {counted}")
    return wrong


def damage(vectors):
    """Spoil every byte of every valid vector in turn; return (frames spoiled, what is wrong).

    The spoiled frame must not come out as another one, and the whole one after it must come out.
    """
    key = bytes.fromhex(vectors["key"])
    spoiled = 0
    wrong = []
    for vector in vectors["valid"]:
        wire = bytes.fromhex(vector["wire"])
        decoder = casewire.Decoder({vector["node"]: key}, vector["direction"].encode())
        (whole,) = decoder.feed(wire)
        for at in range(len(wire) - 1):
            spoiled += 1
            bits = bytearray(wire)
            bits[at] ^= (at * 37 + 1) & 0xFF or 1
            if decoder.feed(bits) or decoder.feed(b"\x00" + wire) != [whole]:
                wrong.append(f"{vector['name']}: byte {at}")
    return spoiled, wrong


def run(text):
    """Check the vectors in the JSON text and print the verdict; the last line is for the test."""
    import json

    vectors = json.loads(text)
    wrong = check(vectors)
    spoiled, unseen = damage(vectors)
    for line in wrong + unseen:
        print(line)
    print("SPOILED", spoiled, "WRONG", len(unseen))
    print("VECTORS", len(vectors["valid"]) + len(vectors["invalid"]), "WRONG", len(wrong))


if __name__ == "__main__":
    import sys

    with open(sys.argv[1]) as file:
        run(file.read())
