"""`make test-gpio`: the gateway's GPIO against the GPIO of a real Linux kernel, in a virtual machine (docs/devices/gpio.md)."""
