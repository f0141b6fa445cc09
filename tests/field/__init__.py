"""The field node: buses of devices, and its line to the gateway."""
