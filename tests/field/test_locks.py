"""The conformance set of locks over ptys, each fake a process of its own."""

import pytest

from tests.field.conformance import ADAPTERS, CHECKS, Rig

pytestmark = pytest.mark.real
_NAMES = [adapter.name for adapter in ADAPTERS]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__.removeprefix("check_"))
@pytest.mark.parametrize("adapter", ADAPTERS, ids=_NAMES)
def test_a_lock_conforms(adapter, check, tmp_path, times) -> None:
    with Rig(adapter, tmp_path) as rig:
        times[adapter.name].update(check(rig))
