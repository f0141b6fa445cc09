"""Which open pages there are, by the roles of who reads them: the receiver that is in the house."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager


class Watchers:
    """Any thread may ask."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: Counter[str] = Counter()

    @contextmanager
    def watching(self, roles: Collection[str]) -> Iterator[None]:
        """As long as a live page of somebody with these roles is open."""
        with self._lock:
            self._open.update(roles)
        try:
            yield
        finally:
            with self._lock:
                self._open.subtract(roles)

    def is_open(self, roles: Collection[str]) -> bool:
        """Whether a page of somebody with one of these roles is open now."""
        with self._lock:
            return any(self._open[role] > 0 for role in roles)
