"""The machine itself runs by `make test-gpio`; here only that a machine which tells nothing, or the wrong thing, passes nothing."""

import copy
from typing import Any

import pytest

from casewire import ACTIVE, INACTIVE
from tests.gpio_vm.checks import CHECKS, judge
from tests.gpio_vm.guest import CASES
from tests.gpio_vm.newc import Entry, archive


def test_every_case_that_runs_is_judged() -> None:
    assert set(CHECKS) == set(CASES)


@pytest.mark.parametrize(
    "seen", [{}, {case: {"failed": "Traceback"} for case in CASES}], ids=["silent", "failing"]
)
def test_machine_that_told_nothing_or_failed_passes_nothing(seen: dict[str, Any]) -> None:
    assert not any(is_so for _, _, is_so in judge(seen))


def test_what_was_told_late_wrongly_or_not_at_all_is_no_success() -> None:
    good = {
        "rests": INACTIVE,
        "closed": {"told": ACTIVE, "ms": 27},
        "opened": {"told": INACTIVE, "ms": 26},
        "edges": True,
        "log": [],
    }
    assert all(is_so for case, _, is_so in judge({"contact": good}) if case == "contact")
    for wrong in ({"told": ACTIVE, "ms": 900}, {"told": INACTIVE, "ms": 27}, {"told": None, "ms": None}):
        seen = copy.deepcopy(good) | {"closed": wrong}
        assert sum(not is_so for case, _, is_so in judge({"contact": seen}) if case == "contact") == 1


def test_archive_has_each_record_at_a_multiple_of_four_with_its_length() -> None:
    """Read as the format says (kernel documentation, buffer-format.rst)."""
    data = archive([Entry("bin/x", b"\x7fELF!", 0o755), Entry("init", b"#!/bin/x\n")])
    at, found = 0, {}
    while at < len(data):
        assert data[at : at + 6] == b"070701"
        numbers = [int(data[at + 6 + 8 * n : at + 14 + 8 * n], 16) for n in range(13)]
        mode, size, name_size = numbers[1], numbers[6], numbers[11]
        name = data[at + 110 : at + 110 + name_size - 1].decode()
        body = at + (110 + name_size + 3) // 4 * 4
        found[name] = (mode, data[body : body + size])
        at = body + (size + 3) // 4 * 4
    assert found.pop("TRAILER!!!") == (0, b"")
    assert {name: body for name, (mode, body) in found.items() if mode >> 12 == 8} == {
        "bin/x": b"\x7fELF!",
        "init": b"#!/bin/x\n",
    }
    assert found["bin/x"][0] & 0o777 == 0o755
    folders = [name for name, (mode, _) in found.items() if mode >> 12 == 4]
    assert "bin" in folders
    assert list(found).index("bin") < list(found).index("bin/x")
