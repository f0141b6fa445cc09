"""The node on Linux: buses of readers and locks, and the line to the gateway over TCP (docs/devices/)."""
