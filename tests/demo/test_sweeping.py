"""Garbage is collected by the sweeper alone: what is new often, everything when little goes on."""

from __future__ import annotations

import gc
import subprocess
import sys
import weakref
from collections.abc import Iterator

import pytest

from caseward import sweeping
from caseward.sweeping import EACH_S, NEVER, WHOLE_S, WHOLE_S_MAX, Sweeper


class Ring:
    """Freed by a collection alone."""

    def __init__(self) -> None:
        self.me = self


@pytest.fixture
def _as_before() -> Iterator[None]:
    thresholds = gc.get_threshold()
    yield
    gc.set_threshold(*thresholds)
    gc.unfreeze()


@pytest.mark.usefixtures("_as_before")
def test_what_is_new_is_collected_at_each_turn_and_what_lives_is_set_aside() -> None:
    sweeper = Sweeper(0.0, 0.0)
    assert gc.get_threshold()[2] == NEVER
    ring = Ring()
    dead, living = weakref.ref(Ring()), weakref.ref(ring)
    sweeper.turn(EACH_S, EACH_S)
    assert dead() is None
    assert living() is ring
    assert gc.get_freeze_count() > 0
    assert not any(one is ring for one in gc.get_objects()), "it is looked through once"


@pytest.mark.usefixtures("_as_before")
def test_all_of_it_is_looked_through_when_little_goes_on_and_each_day_in_any_case() -> None:
    def dropped(sweeper: Sweeper) -> weakref.ref[Ring]:
        """One that was set aside and died since."""
        ring = Ring()
        sweeper.turn(EACH_S, EACH_S)
        return weakref.ref(ring)

    sweeper = Sweeper(0.0, 0.0)
    old = dropped(sweeper)
    sweeper.turn(WHOLE_S + 1, WHOLE_S)  # busy all the time
    assert old() is not None
    sweeper.turn(WHOLE_S + 11, WHOLE_S + 1)
    assert old() is None, "a tenth of a core in ten seconds is idle"
    busy = Sweeper(0.0, 0.0)
    old = dropped(busy)
    busy.turn(WHOLE_S_MAX - 1, WHOLE_S_MAX)
    assert old() is not None
    busy.turn(WHOLE_S_MAX + 9, WHOLE_S_MAX * 2)
    assert old() is None


@pytest.mark.parametrize("program", ["gateway", "server"])
def test_both_programs_sweep(program: str) -> None:
    """In a process of its own: it changes the interpreter for good."""
    code = f"""
import gc, threading
from caseward import cli, sweeping
try:
    cli.main([{program!r}, "--no-such-option"])
except SystemExit:
    pass
print(gc.get_threshold()[2] == sweeping.NEVER, any(t.name == "caseward-sweep" for t in threading.enumerate()))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.split() == ["True", "True"], done.stderr
    assert sweeping.EACH_S < WHOLE_S < WHOLE_S_MAX
