"""Shells around the outside world: serial ports, GPIO, broker. They decide nothing."""
