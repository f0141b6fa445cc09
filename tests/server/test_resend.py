"""An officer's fact that found no gateway reaches it as soon as it is back, not at the next repeat."""

from __future__ import annotations

from pathlib import Path

import pytest

from caselog import canonical
from caselog.clock import Instant
from caseserver.accounts import Officer
from tests.server.station_kit import START_US, Kit

DUTY = Officer("1001", frozenset({"duty_officer"}))


@pytest.fixture
def waiting(tmp_path: Path) -> Kit:
    """A gateway was heard; an act waits for it."""
    kit = Kit(tmp_path)
    kit.beat(1.0)
    assert kit.station.submit("a1", "person.arrived", {"stay": "S-9"}, DUTY).status == "sent"
    return kit


def beat_of_boot(kit: Kit, boot: int, real_s: float) -> list[str]:
    beat = canonical.loads(kit.gateway.heartbeat(kit.clock.at_us))
    assert isinstance(beat, dict)
    instant = Instant(boot, 0, START_US, START_US)
    messages = kit.state.on_heartbeat(canonical.dumps(beat | instant.as_dict()), kit.clock.now(), real_s)
    return [message.topic for message in messages]


def test_a_gateway_that_has_started_again_gets_what_waits_with_its_first_heartbeat(waiting: Kit) -> None:
    assert beat_of_boot(waiting, 2, 2.0) == ["fact"]
    assert beat_of_boot(waiting, 2, 3.0) == []


def test_a_gateway_heard_again_after_a_silence_gets_what_waits(waiting: Kit) -> None:
    waiting.state.tick(waiting.clock.now(), 60.0)
    assert beat_of_boot(waiting, 1, 61.0) == ["fact"]
