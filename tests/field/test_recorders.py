"""The conformance set of recorders over ptys, each fake a process of its own."""

from collections.abc import Iterator

import pytest

from tests.field.conformance import Rig, Times, table
from tests.field.recorder_conformance import CHECKS, RECORDERS

pytestmark = [pytest.mark.real, pytest.mark.slow]
_NAMES = [adapter.name for adapter in RECORDERS]


@pytest.fixture(scope="module")
def times() -> Iterator[dict[str, Times]]:
    """What was measured, by adapter; printed at the end."""
    measured: dict[str, Times] = {name: {} for name in _NAMES}
    yield measured
    print("\n" + table(measured))


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__.removeprefix("check_"))
@pytest.mark.parametrize("adapter", RECORDERS, ids=_NAMES)
def test_a_recorder_conforms(adapter, check, tmp_path, times) -> None:
    with Rig(adapter, tmp_path) as rig:
        times[adapter.name].update(check(rig))
