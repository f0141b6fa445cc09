"""The dead man's switch: a regular signed beat to a receiver elsewhere, which raises the alarm there when it stops.

It is sent only while all that must work does: a process that is there and calls nobody falls silent too.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

import structlog

from caselog.keys import SigningKey
from caseserver.notify import signing
from caseserver.notify.channels import post, tls_context
from caseserver.notify_settings import Watchdog

TYPE: Final = "server.alive"


class Beat:
    """`problem`: what the last beat met, "" when it was taken."""

    def __init__(
        self, settings: Watchdog, station: str, key: SigningKey, folder: Path, is_well: Callable[[], bool],
        posix_s: Callable[[], float],
    ) -> None:  # fmt: skip
        """`folder`: where relative paths begin. Raises ChannelError."""
        self.problem = "none sent yet"
        self._settings, self._station, self._key = settings, station, key
        self._is_well, self._posix_s = is_well, posix_s
        self._tls = tls_context(folder, settings.ca_file)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="caseward-beat", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End without a word: the receiver shall notice."""
        self._stopping.set()
        self._thread.join(self._settings.timeout_s + 1)

    def send(self) -> bool:
        """One beat, if all is well; whether it was taken."""
        if not self._is_well():
            self.problem = "held back: the server does not do its work"
            return False
        time_s = int(self._posix_s())
        data = {"station": self._station, "interval_s": self._settings.interval_s}
        body = json.dumps({"type": TYPE, "timestamp": time_s, "data": data}, sort_keys=True).encode()
        headers = signing.headers(f"{self._station}.{time_s}", time_s, body, self._key, None)
        outcome = post(self._settings.url, body, headers, self._settings.timeout_s, self._tls)
        self.problem = outcome.problem
        return outcome.is_accepted

    def _run(self) -> None:
        was_taken = True
        while not self._stopping.is_set():
            is_taken = self.send()
            if was_taken and not is_taken:
                structlog.get_logger().error("the watchdog does not take our beat", problem=self.problem)
            was_taken = is_taken
            self._stopping.wait(self._settings.interval_s)
