"""Whoever takes over a gateway has its key: he can forge the tail that is not cosigned yet, and nothing before it."""

import pytest

from caselog import canonical
from caseserver.ingest import FORK
from tests.server.station_kit import MINUTE_US, GatewayLog, Kit, morning

GIVEN_BY_LOG = ("v", "index", "prev", "stay_n")


def forged(log: GatewayLog, kept: int, at_us: int) -> GatewayLog:
    """The same log up to leaf `kept`, then what never happened, signed with the same key."""
    made = GatewayLog(log.area, log.rulebook, log.key, log.epoch)
    for index in range(kept):
        leaf = canonical.loads(log.log.leaf(index))
        made.log.append({key: value for key, value in leaf.items() if key not in GIVEN_BY_LOG})
    made.log.commit()
    for number in range(log.log.size - kept + 3):
        made.fact("patrol.tapped", at_us + number, room="waiting-1", officer="1001")
    return made


def test_every_leaf_below_the_cosigned_size_is_out_of_the_forgers_reach(kit: Kit) -> None:
    at_us = morning(kit.gateway)
    _, taken = kit.state.on_log(kit.gateway.batch(0, 60), kit.clock.now())
    kit.state.follow(taken, kit.clock.now())
    cosigned = kit.state.ingest.size
    assert 0 < cosigned < kit.gateway.log.size
    for kept in range(0, cosigned, 7):
        lie = forged(kit.gateway, kept, at_us + MINUTE_US)
        for first in (0, max(0, kept - 1), cosigned):
            outcome = kit.state.ingest.take(lie.batch(first), 1)
            assert outcome.records == ()
            assert outcome.refused is not None
            assert outcome.refused.reason == FORK


@pytest.mark.parametrize("more", [0, 1])
def test_the_tail_that_nobody_has_cosigned_is_his(kit: Kit, more: int) -> None:
    """What a bundle says it cannot show, and why it says up to which leaf a witness has signed."""
    at_us = morning(kit.gateway)
    _, taken = kit.state.on_log(kit.gateway.batch(0, 60), kit.clock.now())
    kit.state.follow(taken, kit.clock.now())
    lie = forged(kit.gateway, kit.state.ingest.size + more, at_us + MINUTE_US)
    outcome = kit.state.ingest.take(lie.batch(kit.state.ingest.size), 1)
    assert outcome.refused is None
    assert [record.type for record in outcome.records][-1] == "patrol.tapped/1"
