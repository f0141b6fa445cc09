"""Entries for the log tests: plain, deterministic, of different shapes."""

from __future__ import annotations

from typing import Any


def entry(number: int, stay: str | None = None, text: str = "") -> dict[str, Any]:
    """The `number`-th entry; `text` makes it as long as a test wants."""
    at_us = 1_770_000_000_000_000 + number * 1_000_000
    return {
        "class": "output" if number % 5 == 4 else "fact",
        "type": "door.opened/1",
        "id": f"n1/1/{number}",
        "recorded": {
            "boot": 3,
            "boottime_us": number * 1_000_000,
            "earliest_us": at_us,
            "latest_us": None if number % 7 == 6 else at_us + 50_000,
        },
        "occurred": {"earliest_us": at_us, "latest_us": None, "by": "node"},
        "source": {"name": "n1", "boot": 1, "seq": number},
        "stay": stay,
        "body": {"door": "interview-1", "room": "讯问室", "text": text},
    }


def stay_of(number: int) -> str | None:
    """A spread of entries over two stays and none."""
    return (None, "s-1", "s-2")[number % 3]
