"""From a pin to the page, and ten minutes of the station without a broker."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from caselog import canonical
from caseward.demo.beats import SECOND_US, clock
from caseward.demo.office import COOKIE
from tests.e2e.chain import DAY_US, Chain
from tests.e2e.hour import AREA, UNTIL_US, hour
from tests.gateway.program import wait_for
from tests.tools.need import need

pytestmark = [pytest.mark.real, pytest.mark.slow]

CUT_US, BACK_US = clock("08:17"), clock("08:27")
SOUNDER_LINE = 23
DUTY = "000010"


@dataclass
class Events:
    """What a signed-in page hears: (station time, event, data)."""

    chain: Chain
    heard: list[tuple[int, str, str]] = field(default_factory=list)
    back_us: int = BACK_US  # when the broker was given back
    _stop: threading.Event = field(default_factory=threading.Event)

    def listen(self) -> None:
        session = self.chain.play.office.client.session(DUTY)
        line = socket.create_connection(("127.0.0.1", self.chain.station.plan.http_port))
        line.settimeout(0.5)
        line.sendall(
            b"GET /api/events HTTP/1.1\r\nHost: localhost\r\n"
            + f"Cookie: {COOKIE}={session.cookie}\r\n\r\n".encode()
        )
        threading.Thread(target=self._read, args=(line,), daemon=True).start()

    def _read(self, line: socket.socket) -> None:
        rest, name = b"", ""
        with line:
            while not self._stop.is_set():
                try:
                    rest += line.recv(65536)
                except TimeoutError:
                    continue
                *lines, rest = rest.split(b"\n")
                for text in (item.decode(errors="replace").rstrip("\r") for item in lines):
                    if text.startswith("event: "):
                        name = text[7:]
                    elif text.startswith("data: "):
                        now_us = self.chain.station.plan.timetable.station_us() - DAY_US
                        self.heard.append((now_us, name, text[6:]))

    def close(self) -> None:
        self._stop.set()

    def alarm_first_heard_us(self, rule: str) -> int | None:
        for at_us, name, data in self.heard:
            if name == "alarms" and any(f"/{rule}/" in alarm["id"] for alarm in json.loads(data)):
                return at_us
        return None


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Chain, Events]]:
    need("mosquitto")
    folder: Path = tmp_path_factory.mktemp("outage")
    chain = Chain(folder)
    events = Events(chain)
    try:
        chain.begin(hour(chain.station.areas), UNTIL_US)
        events.listen()
        chain.wait_until(CUT_US)
        chain.kill("broker")
        chain.wait_until(BACK_US)
        wait_for(
            "sounder and lamp to act",
            lambda: sounded_us(chain) and ("output.confirmed", True) in lamp_told(chain),
        )
        events.back_us = chain.station.plan.timetable.station_us() - DAY_US
        chain.restart("broker")
        chain.finish()
        chain.heal()
        yield chain, events
    finally:
        events.close()
        chain.close()


def gpio_changes(chain: Chain) -> list[tuple[int, int, int]]:
    """(station time of the day, line, level) of the gateway's own outputs."""
    timetable = chain.station.plan.timetable
    boot_to_wall_us = time.time_ns() // 1_000 - time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000
    found = []
    for text in chain.station.gpio_timeline(AREA).read_text().rpartition("\n")[0].splitlines():
        real_us, line, level = map(int, text.split())
        wall_us = real_us + boot_to_wall_us
        at_us = timetable.station_start_us + int((wall_us - timetable.real_start_us) * timetable.speed)
        found.append((at_us - DAY_US, line, level))
    return found


def sounded_us(chain: Chain) -> list[int]:
    """When the sounder began to sound after the cut: of I1 at 08:23 (one officer alone) and WB at 08:24."""
    changes = gpio_changes(chain)
    return [at for at, line, level in changes if line == SOUNDER_LINE and level == 1 and at > CUT_US]


def lamp_told(chain: Chain) -> list[tuple[str, bool]]:
    """What the log says of the room's lamp after the cut."""
    commands = [
        leaf
        for leaf in map(canonical.loads, chain.gateway_log(AREA))
        if leaf["type"] in ("output.commanded/1", "output.confirmed/1")
        and leaf["body"]["output"] == "lamp-interrogation-1"
        and leaf["recorded"]["earliest_us"] - DAY_US > CUT_US
    ]
    return [(leaf["type"].removesuffix("/1"), leaf["body"]["active"]) for leaf in commands]


def test_a_contact_on_the_pty_becomes_an_event_of_the_page(played: tuple[Chain, Events]) -> None:
    _, events = played
    heard_us = events.alarm_first_heard_us("M2a/order")
    assert heard_us is not None
    assert clock("08:08") <= heard_us < CUT_US


def test_sounder_and_lamps_act_while_the_broker_is_away(played: tuple[Chain, Events]) -> None:
    chain, events = played
    assert min(sounded_us(chain)) < events.back_us
    kinds = lamp_told(chain)
    assert kinds.index(("output.commanded", True)) < kinds.index(("output.confirmed", True))
    assert chain.station.hardware[AREA].boards["m1"].report.read_text().count("PIN 14 1") >= 1


def test_the_page_hears_of_it_when_the_broker_is_back(played: tuple[Chain, Events]) -> None:
    _, events = played
    heard_us = events.alarm_first_heard_us("I1")
    assert heard_us is not None
    assert heard_us >= BACK_US


def test_afterwards_the_server_holds_the_gateways_log_byte_for_byte(played: tuple[Chain, Events]) -> None:
    chain, _ = played
    leaves = chain.gateway_log(AREA)
    during = [
        leaf
        for leaf in map(canonical.loads, leaves)
        if CUT_US < leaf["recorded"]["earliest_us"] - DAY_US < BACK_US
    ]
    assert len(during) > 10
    assert leaves == chain.server_log(AREA)


def test_the_server_said_that_the_gateway_was_silent(played: tuple[Chain, Events]) -> None:
    _, events = played
    assert any(
        name == "areas"
        and any(area["is_stale"] for area in json.loads(data))
        and CUT_US < at_us < events.back_us + 60 * SECOND_US
        for at_us, name, data in events.heard
    )
