"""The node: contacts, readers and outputs of one corner of the area, on one line.

The node knows points and states. It knows no rooms, no people and no law: what a
point means stands in the gateway's area.toml. The same files run on RP2040, ESP32,
the MicroPython unix and WebAssembly ports, and CPython.
"""

import gc

VERSION = (0, 1)  # major, minor: sent in BOOT as major * 256 + minor
COLLECT_BYTES = 8192

__all__ = ("VERSION",)

# Before anything else is imported. Left alone, MicroPython collects only when its heap is full: what stays, a module or a
# message that waits, then lies all over it, and with 40 kB free there is no kilobyte in one piece.
if hasattr(gc, "threshold"):
    gc.threshold(COLLECT_BYTES)
