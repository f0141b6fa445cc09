"""The conformance set of readers over ptys, each fake a process of its own."""

from collections.abc import Iterator

import pytest

from tests.field.conformance import Times, table
from tests.field.readers_conformance import CHECKS, READERS, ReaderRig

pytestmark = [pytest.mark.real, pytest.mark.slow]
_NAMES = [adapter.name for adapter in READERS]


@pytest.fixture(scope="module")
def times() -> Iterator[dict[str, Times]]:
    """What was measured, by adapter; printed at the end."""
    measured: dict[str, Times] = {name: {} for name in _NAMES}
    yield measured
    print("\n" + table(measured))


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__.removeprefix("check_"))
@pytest.mark.parametrize("adapter", READERS, ids=_NAMES)
def test_a_reader_conforms(adapter, check, tmp_path, times) -> None:
    with ReaderRig(adapter, tmp_path) as rig:
        times[adapter.name].update(check(rig))
