"""What the conformance sets share: the times that were measured, printed as the table of the device pages."""

from collections import defaultdict
from collections.abc import Iterator

import pytest

from tests.field.conformance import Times, table


@pytest.fixture(scope="module")
def times() -> Iterator[dict[str, Times]]:
    """What was measured, by adapter; printed at the end."""
    measured: defaultdict[str, Times] = defaultdict(dict)
    yield measured
    print("\n" + table(measured))
