"""The conformance set of recorders over ptys, each fake a process of its own."""

import pytest

from tests.field.conformance import Rig
from tests.field.recorder_conformance import CHECKS, RECORDERS

pytestmark = [pytest.mark.real, pytest.mark.slow]
_NAMES = [adapter.name for adapter in RECORDERS]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__.removeprefix("check_"))
@pytest.mark.parametrize("adapter", RECORDERS, ids=_NAMES)
def test_a_recorder_conforms(adapter, check, tmp_path, times) -> None:
    with Rig(adapter, tmp_path) as rig:
        times[adapter.name].update(check(rig))
