"""The conformance set of readers over ptys, each fake a process of its own."""

import pytest

from tests.field.readers_conformance import CHECKS, READERS, ReaderRig

pytestmark = [pytest.mark.real, pytest.mark.slow]
_NAMES = [adapter.name for adapter in READERS]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__.removeprefix("check_"))
@pytest.mark.parametrize("adapter", READERS, ids=_NAMES)
def test_a_reader_conforms(adapter, check, tmp_path, times) -> None:
    with ReaderRig(adapter, tmp_path) as rig:
        times[adapter.name].update(check(rig))
