"""Operational log: one JSON object a line on standard error. No personal data: references and counts only."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, Final, TextIO, cast

import structlog

FIELD_CHARS_MAX: Final = 300
"""A line of the log says little: what is longer is cut, whatever it came from."""


def bounded(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A processor: no field is longer than FIELD_CHARS_MAX."""
    for key, value in event.items():
        if isinstance(value, str) and len(value) > FIELD_CHARS_MAX:
            event[key] = value[:FIELD_CHARS_MAX] + "…"
    return event


class _StandardError:
    """Standard error as it is at the time of writing, not as it was when logging was set up."""

    def write(self, text: str) -> int:
        return sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()


def configure(level: str = "INFO") -> None:
    """Set structlog and the libraries' logging up; called once by main."""
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            bounded,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            # without the frames' variables: a key or a name may stand in one
            structlog.processors.ExceptionRenderer(
                structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
            ),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.WriteLoggerFactory(cast(TextIO, _StandardError())),
        cache_logger_on_first_use=False,
    )
