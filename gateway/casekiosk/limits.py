"""Every bound of the kiosk. docs/kiosk.md repeats each with what is lost first."""

from typing import Final

# --- requests ---------------------------------------------------------------------------------
ASKS_WAITING_MAX: Final = 16
"""Requests handed to the gateway and not yet answered; another is told to come again."""
ASK_TIMEOUT_S: Final = 15.0
"""A request that the gateway has not answered by then: it is busy starting, or its disk is full."""
WAIT_S: Final = 10.0
"""A screen asks what is new; without news it is answered after this, which proves that the gateway lives."""
BODY_BYTES_MAX: Final = 65_536
PHOTO_BYTES_MAX: Final = 1_048_576
"""A JPEG of 1280x960 has 100 to 300 kB."""
FIELDS_MAX: Final = 32
FIELD_CHARS_MAX: Final = 400

# --- who is there -----------------------------------------------------------------------------
BADGE_GONE_MS: Final = 20_000
"""A badge that the reader no longer sees ends the session after this: long enough to lift a box with both hands."""
READ_AGE_MS: Final = 5_000
"""A reading that a node kept while we were away says nothing of who stands there now."""
IDLE_MS: Final = 90_000
"""No touch and no door for this long: the screen goes back to its start. What was listed stays."""
PIN_DIGITS: Final = 6
PIN_WAIT_MS: Final = 30_000
"""A PIN that was asked for and not entered by then is asked for no more: the badge is held out again."""
PIN_TRIES_MAX: Final = 5
PIN_LOCKED_MS: Final = 900_000
"""After so many wrong PINs the officer's PIN is taken again after this; the tries are kept over a restart."""
OFFICERS_WITH_PIN_MAX: Final = 400

# --- what is listed ---------------------------------------------------------------------------
ANOTHERS_LIST_MS: Final = 43_200_000
"""So long after it was begun a signed list may be put aside by another officer: who began it has gone home."""
ITEMS_MAX: Final = 40
"""Items of one list; a second list goes on."""
STROKES_MAX: Final = 200
STROKE_POINTS_MAX: Final = 4_000

# --- the spool --------------------------------------------------------------------------------
SPOOL_BYTES_MAX: Final = 2 * 1024**3
"""Photos of some ten thousand items wait for the server; then no new one is taken, and the reason is signed for."""
SPOOL_RESERVE_BYTES: Final = 64 * 1024**2
"""Beyond that, for signatures and words alone: what is not photographed can still be signed for, thousands of times."""
ENCLOSURE_RESEND_MS: Final = 5_000
ENCLOSURES_IN_FLIGHT_MAX: Final = 2
