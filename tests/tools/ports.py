"""Ports for what a test starts: below those that the kernel gives to whoever asks for any, and each given once in a process.

A port that was found by asking for any is free again until the program that is to have it listens: on a busy machine long
enough for another test to be given it.
"""

import os
import socket
import threading
from collections.abc import Iterator
from itertools import count

FIRST, COUNT = 15_000, 17_000  # up to 32,000; Linux itself gives from 32,768 on
APART = 4_969  # from where one process begins to where the next one does, all round
_one_at_a_time = threading.Lock()


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _free() -> Iterator[int]:
    for number in count(os.getpid() * APART):
        port = FIRST + number % COUNT
        if _is_free(port):
            yield port


_ports = _free()


def free_port() -> int:
    """One that nobody listens on now, and that no other call of this process is given."""
    with _one_at_a_time:
        return next(_ports)
