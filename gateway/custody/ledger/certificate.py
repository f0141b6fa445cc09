"""The certificate of deadlines: a head, one row a term, a summary. The format: docs/ledger.md."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from custody.ledger.deadlines import Term, of_period, summary

VERSION: Final = 1


def certificate(
    found: Sequence[Term], size: int, last: str, suite: int, from_us: int, to_us: int
) -> Iterator[dict[str, Any]]:
    """The lines over the first `size` leaves of a log, whose last has the hash `last` (hex); `found`: all its terms."""
    rows = of_period(found, from_us, to_us)
    yield {
        "certificate": VERSION, "size": size, "last": last, "suite": suite, "from_us": from_us, "to_us": to_us,
    }  # fmt: skip
    for term in rows:
        yield term.row()
    yield summary(rows)
