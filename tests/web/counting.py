"""The gateway's side of an export: it counts a stay when the server asks for it."""

from __future__ import annotations

from casegateway.counting import CountOrders
from casegateway.events import Moment
from casegateway.memory import Memory
from caselog import records
from caseserver.snapshot import Message
from tests.web.house import House


def public_of(house: House) -> bytes:
    """The server's public key."""
    return bytes.fromhex((house.program.database.path.parent / "keys" / "server.pub").read_text())


def begin(house: House) -> None:
    """The log begins as a gateway's does, so that a bundle of it can be checked; before anything is said."""
    gateway = house.gateways["a1"]
    begun = records.begun(gateway.origin, gateway.signer.key, None)
    gateway.log.append(records.entry(records.BEGUN, 0, begun, house.clock.now()))


class Counting:
    """What a gateway does with the server's request to count a stay; the rest is the house's."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.gateway = house.gateways["a1"]
        public = public_of(house)
        self.orders = CountOrders(public, Memory(), self.gateway.log.stay_size)

    def take(self, message: Message) -> None:
        if message.topic != "count":
            self.gateway.take(message)
            return
        now, log = self.house.clock.now(), self.gateway.log
        order = self.orders.judge(message.payload, Moment(now, 1))
        assert order is not None, self.orders.counters
        body = {"leaves": log.stay_size(order.stay) + 1}
        log.append(records.entry(records.STAY_COUNTED, log.size, body, now, stay=order.stay, id_=order.id))
        self.gateway.deliver()
