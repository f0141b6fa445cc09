"""The newest picture of a room that the gateway has sent: for how long it may be shown, and what is left of its time.

A picture is older by what it waited on the line, and runs on by the node's own uptime. Past its validity, and while
the gateway is gone, there is none: an old figure is never shown.
"""

from casewire.marks import (
    SECONDS_NONE,
    SECONDS_UNKNOWN,
)

VALID_MS_MAX = 60000  # whatever a gateway says: nothing is shown for longer


class Picture:
    """``take`` a message of the gateway; ``at`` gives it while it holds, else None."""

    def __init__(self) -> None:
        self._message = None
        self._made_ms = 0
        self._until_ms = 0

    def take(self, message, age_ms, now_ms) -> None:
        """message: casewire.Panel that came now and is age_ms old."""
        self._message = message
        self._made_ms = now_ms - age_ms
        self._until_ms = self._made_ms + min(message.valid_ms, VALID_MS_MAX)

    def lose(self) -> None:
        """The gateway is gone."""
        self._message = None

    def at(self, now_ms):
        """Return the message that holds now, or None."""
        if self._message is not None and now_ms >= self._until_ms:
            self._message = None
        return self._message

    def left_s(self, now_ms):
        """Return the seconds left to the next limit, or SECONDS_NONE or SECONDS_UNKNOWN; asked only while ``at`` is not None."""
        told_s = self._message.remaining_s
        if told_s in (SECONDS_NONE, SECONDS_UNKNOWN):
            return told_s
        # A second that has begun is over: nobody is shown more time than there is.
        return max(0, told_s + (self._made_ms - now_ms) // 1000)
