"""From a request to a door that is shut again, and by no other way: real core, engine, node and lock driver."""

import pytest

from tests.gateway import bench as gateway_bench
from tests.gateway.locker_bench import LOCKER_AREA, Cabinets


@pytest.fixture
def cabinets(monkeypatch) -> Cabinets:
    monkeypatch.setattr(gateway_bench, "AREA", LOCKER_AREA)
    cabinets = Cabinets()
    cabinets.begin()
    return cabinets


def test_a_badge_opens_what_was_asked_for_once_and_it_is_over_when_door_and_bolt_are_shut(cabinets) -> None:
    cabinets.request("p1", purpose="take_out", items=["i1"])
    cabinets.run(2_000)
    assert cabinets.pulses() == 0
    cabinets.tap("k1")
    cabinets.run(300)
    assert cabinets.node.boards.pulses == [(0, 3)]
    (order,) = cabinets.told("ordered")
    assert (order["compartment"], order["officer"], order["purpose"]) == ("p1", "k1", "take_out")
    cabinets.hand("p1", is_open=True)
    assert cabinets.state("p1").access == "ordered"
    cabinets.run(5_000)
    assert cabinets.told("completed") == []
    cabinets.hand("p1", is_open=False)
    assert [body["opened"] for body in cabinets.told("completed")] == [True]
    cabinets.run(20_000)
    assert cabinets.pulses() == 1
    assert cabinets.told("failed") == cabinets.told("interrupted") == cabinets.told("expired") == []
    assert cabinets.state("p1").stage == ""
