"""A cabinet, each part a process: request over a real broker, badge and lock board on ptys, field node over TLS, gateway.

One house for the module; each test leaves every door shut.
"""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.field.cabinets import LockBoard, LogTail, TagReaders, area_text, configure
from tests.field.test_lock_orders import HOUR_US, OrderedField
from tests.gateway.program import wait_for

pytestmark = [pytest.mark.real, pytest.mark.slow]

CABINETS = {"p": ("property", "财物柜", 60)}
COMPARTMENTS = {"p1": 1, "p2": 2}  # and their locks at board 0
DOOR = ("opened", "closed", "unknown")
KNOWN = {"opened", "closed", "unlocked", "locked"}
BADGES = {"k1": "0B000000C1", "k2": "0B000000C2"}


class House(OrderedField):
    """`locks`: the board at the other end of the cable; `tail`: the gateway's log."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.locks = LockBoard(self.cable, COMPARTMENTS)
        self.tail = LogTail(folder / "gateway" / "log")
        self.forms = 0
        self.taps = 0  # badges held to the reader
        self._readers = TagReaders(CABINETS)
        text = area_text(self.number, CABINETS, COMPARTMENTS)
        (folder / "area.toml").write_text(text, encoding="utf-8")
        file = folder / "config.json"
        configure(file, self.locks, self._readers, json.loads(file.read_text()))

    def begin(self) -> None:
        self.locks.start()
        self.start_gateway()
        self.start_node()
        wait_for("the doors to be known", lambda: self.count("closed") == len(COMPARTMENTS))
        for number, (officer, badge) in enumerate(BADGES.items()):
            body = {"officer": officer, "service": "sworn", "roles": ["keeper"], "badge": badge}
            known = self.form(number, "officer.registered", HOUR_US // 60, **body)
            self.state("an officer", known, lambda n=number: self.told().count("officer.registered") > n)

    def tap(self, *who: str) -> int:
        """Badges are held to the reader, one after the other; when the last was, in milliseconds of this machine."""
        self.wait_no_badge()
        self.taps += len(who)
        for officer in who:
            read = self.told().count("tag.read")
            at_ms = self._readers.hold("p", BADGES[officer])
            if officer != who[-1]:
                wait_for("the badge to be read", lambda n=read: self.told().count("tag.read") > n)
        return at_ms

    def wait_no_badge(self) -> None:
        """Until the reader misses what was held to it: a badge is read anew only then."""
        wait_for("the badges to be gone", lambda: self.told().count("tag.gone") >= self.taps)

    def request(self, name: str = "p1") -> bytes:
        """Said until it is in the log, after what is there: a form of the same few milliseconds may be the earlier one."""
        last_us = max(leaf["recorded"]["latest_us"] for leaf in self.tail.leaves())
        wait_for("a later moment", lambda: time.time_ns() // 1_000 > last_us)
        self.forms += 1
        asked = self.count("requested")
        form = self.form(
            100 + self.forms, "compartment.requested", compartment=name, officer="k1", purpose="count"
        )
        self.state("a request", form, lambda: self.count("requested") > asked)
        return form

    def open(self, name: str = "p1") -> None:
        """A lawful opening: the door is pulled and seen open."""
        opened = self.count("opened")
        self.request(name)
        self.tap("k1", "k2")
        wait_for("the hook", lambda: not self.locks.is_shut(name))
        self.locks.hand(name, is_open=True)
        wait_for("the door to be seen open", lambda: self.count("opened") > opened)
        self.wait_no_badge()

    def facts(self) -> list[dict[str, Any]]:
        return [leaf for leaf in self.tail.leaves() if leaf["class"] == "fact"]

    def told(self) -> list[str]:
        return [str(fact["type"]).removesuffix("/1") for fact in self.facts()]

    def bodies(self, what: str) -> list[dict[str, Any]]:
        return [fact["body"] for fact in self.facts() if fact["type"] == f"compartment.{what}/1"]

    def is_seen(self) -> bool:
        """Whether the log's newest word of each door and each bolt is one of where it stands."""
        newest = {}
        for fact in self.facts():
            what = str(fact["type"]).removesuffix("/1").removeprefix("compartment.")
            if what in KNOWN or what in ("unknown", "bolt_unknown"):
                newest[fact["body"]["compartment"], what in DOOR] = what
        return len(newest) == 2 * len(COMPARTMENTS) and KNOWN.issuperset(newest.values())

    def why(self, what: str, since: int) -> list[str]:
        """Of those told after the first `since`."""
        return [body["why"] for body in self.bodies(what)[since:]]

    def count(self, what: str) -> int:
        return len(self.bodies(what))

    def shut_and_done(self, name: str = "p1") -> dict[str, Any]:
        """The way back: a hand shuts the door, and the order is complete."""
        done = self.count("completed")
        self.locks.hand(name, is_open=False)
        wait_for("the order to be complete", lambda: self.count("completed") > done)
        return self.bodies("completed")[-1]

    def close(self) -> None:
        self.locks.stop()
        self._readers.close()
        super().close()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("cabinet")
    house = House(folder)
    with house.cable:
        try:
            house.begin()
            yield house
        finally:
            house.close()
            print((folder / "programs.log").read_text()[-2_000:])


def test_request_badge_bolt_shut_and_how_long_from_the_badge_to_the_bolt(house: House) -> None:
    taken_ms = []
    pulses, ordered = len(house.locks.pulsed_ms), house.count("ordered")
    for number in range(3):
        form, opened = house.request(), house.count("opened")
        time.sleep(0.4)
        assert len(house.locks.pulsed_ms) == pulses + number
        at_ms = house.tap("k1", "k2")
        wait_for("the hook", lambda: not house.locks.is_shut("p1"))
        taken_ms.append(house.locks.pulsed_ms[-1] - at_ms)
        house.locks.hand("p1", is_open=True)
        wait_for("the door to be seen open", lambda n=opened: house.count("opened") > n)
        assert house.shut_and_done()["opened"] is True
        house.server.say("fact", form)  # as the server does until it is in the log
    print(f"\nbadge to coil: {sorted(taken_ms)} ms")
    assert len(house.locks.pulsed_ms) - pulses == house.count("ordered") - ordered == 3
    assert {body["second"] for body in house.bodies("ordered")} == {"k2"}


def test_a_wrong_door_and_a_propped_one_are_in_the_log_and_the_order_goes_on(house: House) -> None:
    house.open()
    done, unlocked, locked = house.count("completed"), house.count("unlocked"), house.count("locked")
    house.locks.hook("p2", shut=False)
    house.locks.hook("p1", shut=True)  # pushed home with a finger; the door of p1 is ajar
    wait_for("the wrong door", lambda: house.count("unlocked") > unlocked)
    wait_for("the contradiction", lambda: "point.troubled" in house.told())
    assert house.count("completed") == done
    assert house.shut_and_done("p1")["compartment"] == "p1"
    house.locks.hand("p2", is_open=False)
    wait_for(
        "p2 to be locked",
        lambda: "p2" in [body["compartment"] for body in house.bodies("locked")[locked:]],
    )
    assert house.count("completed") == done + 1


def test_a_cable_cut_at_an_open_door_is_told_and_shutting_it_is_the_way_back(house: House) -> None:
    house.open()
    pulses, told = len(house.locks.pulsed_ms), house.count("interrupted")
    house.cable.cut(0)
    wait_for("the interruption", lambda: house.why("interrupted", told) == ["silent"])
    house.cable.join(0)
    time.sleep(0.5)
    assert house.shut_and_done()["opened"] is True
    assert len(house.locks.pulsed_ms) == pulses


def test_a_gateway_killed_at_an_open_door_orders_nothing_again(house: House) -> None:
    house.open()
    pulses, told = len(house.locks.pulsed_ms), house.count("interrupted")
    assert house.gateway is not None
    house.gateway.kill()
    house.gateway.wait()
    house.start_gateway()
    wait_for("the interruption", lambda: house.why("interrupted", told) == ["restart"])
    assert house.shut_and_done()["opened"] is True
    assert len(house.locks.pulsed_ms) == pulses


def test_a_board_without_power_gets_no_order_and_a_jammed_hook_one(house: House) -> None:
    pulses, told = len(house.locks.pulsed_ms), house.count("failed")
    wait_for("the board to be heard", house.is_seen)
    house.locks.boards.silent.add(0)
    wait_for("the silence", lambda: not house.is_seen())
    house.request()
    house.tap("k1", "k2")
    wait_for("the failure", lambda: house.why("failed", told) == ["silent"])
    house.locks.boards.jammed.add((0, 1))
    house.locks.boards.silent.clear()
    wait_for("the board to be heard again", house.is_seen)
    assert len(house.locks.pulsed_ms) == pulses
    house.request()
    house.tap("k1", "k2")
    wait_for("the failure", lambda: house.why("failed", told) == ["silent", "unmoved"])
    house.locks.boards.jammed.clear()
    assert len(house.locks.pulsed_ms) == pulses + 1
    assert house.locks.is_shut("p1")
