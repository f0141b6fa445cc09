"""The node: contacts, readers and outputs of one corner of the area, on one line.

The node knows points and states. It knows no rooms, no people and no law: what a
point means stands in the gateway's area.toml. The same files run on RP2040, ESP32,
the MicroPython unix and WebAssembly ports, and CPython.
"""

VERSION = (0, 1)  # major, minor: sent in BOOT as major * 256 + minor

__all__ = ("VERSION",)
