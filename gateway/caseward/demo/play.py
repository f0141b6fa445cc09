"""Puts station, director, officers and teller together and plays days until told to end."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from caseward.demo import beats, story
from caseward.demo.director import Director
from caseward.demo.follow import Follower, Handling, Leaf, Narrator, Withdrawn
from caseward.demo.hands import Hands, Present
from caseward.demo.hands_server import HandsServer
from caseward.demo.logtail import LogTail
from caseward.demo.office import Client, Form, Office, Refused, Unanswered
from caseward.demo.people import OFFICERS
from caseward.demo.programs import NotReady
from caseward.demo.station import DemoStation
from custody.bundled import rulebook_of_area

READY_S: Final = 180.0  # on a machine with much else to do
REVIVE_S: Final = 0.5
LEAD_S: Final = 4.0  # the programs come up in about three

Tell = Callable[[int, str, str], None]


DUTY_OFFICERS: Final = tuple(person.number for person in OFFICERS if "duty_officer" in person.roles)


@dataclass(slots=True)
class Play:
    """A station being played. `is_exact`: forms say when they were meant, also when they are sent late; `is_staged`: its time
    goes at the machine's pace until all are up."""

    station: DemoStation
    tell: Tell
    seed: int = 1
    is_exact: bool = False
    is_handled: bool = True
    is_revived: bool = True
    is_staged: bool = False
    hands_port: int | None = None  # of the visitor's page, where there is a kiosk
    director: Director = field(init=False)
    office: Office = field(init=False)
    follower: Follower = field(init=False)
    hands: HandsServer | None = field(init=False, default=None)
    stop: threading.Event = field(default_factory=threading.Event)
    _heard: set[tuple[str, str]] = field(default_factory=set)  # area, node
    _withdrawn: Withdrawn = field(default_factory=Withdrawn)

    def __post_init__(self) -> None:
        """Join the parts; nothing runs yet."""
        station, timetable = self.station, self.station.plan.timetable
        self.office = Office(Client(station.plan.http_port, station.passwords), self._say)
        self.director = Director(timetable, station.hardware, station.cables, self._fill, self._say)
        narrator = Narrator(rulebook_of_area(next(iter(station.areas.values())))[0], self.tell)
        takers: list[Callable[[str, Leaf], None]] = [narrator.leaf]
        if self.is_handled:
            handling = {
                area: Handling(area, self._plan, self.seed, timetable.station_start_us)
                for area in station.areas
            }
            takers.append(lambda area, leaf: handling[area].leaf(leaf))
        takers += [self._hear, self._withdrawn.leaf]
        if station.kiosk_area is not None and self.hands_port is not None:
            self.hands = self._hands(station.kiosk_area, self.hands_port, takers)
        logs = {area: LogTail(station.log_folder(area)) for area in station.areas}
        self.follower = Follower(logs, takers)

    def _hands(self, area: str, port: int, takers: list[Callable[[str, Leaf], None]]) -> HandsServer:
        station, present = self.station, Present(area)
        takers.append(present.leaf)
        hands = Hands(
            station.areas[area], station.hardware, self.director, present, station.kiosk_url, station.url
        )
        return HandsServer(port, hands)

    @property
    def hands_url(self) -> str:
        """Where the visitor's page is."""
        return f"http://localhost:{self.hands_port}"

    @property
    def day_us(self) -> int:
        """00:00 of the first day, station time."""
        return self.station.plan.timetable.station_start_us - story.START_US

    def begin(self) -> None:
        """Start everything and wait for the server, staged for the nodes too. Raises NotReady."""
        timetable = self.station.plan.timetable
        if self.is_staged:
            timetable.stage(self.station.folder / "quick-from")
        else:
            timetable.start(LEAD_S)
        self.station.start()
        self.follower.start()
        end = time.monotonic() + READY_S
        while not self._is_ready():
            if time.monotonic() > end or not self.station.programs.all["server"].is_alive:
                raise NotReady(self.station.programs.all["server"].tail())
            time.sleep(0.1)
        self.office.start()
        if self.is_staged:
            self._open()
            timetable.quicken()
        if self.hands is not None:
            self.hands.start()
        if self.is_revived:
            threading.Thread(target=self._revive, name="revive", daemon=True).start()

    def _open(self) -> None:
        """What stands before the first day, at the machine's pace: everybody known and at their place before it begins."""
        past_us = self.day_us - beats.DAY_US  # long due, so that it is played at once
        self.director.add(story.opening(self.station.areas), past_us)
        self.director.run(past_us, self.stop)
        self.office.drain(READY_S)

    def _is_ready(self) -> bool:
        nodes = {(area.id, node) for area in self.station.areas.values() for node in area.nodes}
        return (not self.is_staged or self._heard >= nodes) and self.office.client.is_ready()

    def _hear(self, area: str, leaf: Leaf) -> None:
        if leaf["type"] == "node.restored/1":
            self._heard.add((area, leaf["body"]["node"]))

    def run(self, days: int | None = None, until_us: int | None = None) -> None:
        """Play so many days (None: until `stop`), or until a station time."""
        if not self.is_staged:
            self.director.add(story.opening(self.station.areas), self.day_us)
        number = 0
        while not self.stop.is_set() and (days is None or number < days):
            self._hand_over(number)
            day_us = self.day_us + number * beats.DAY_US
            self.director.add(story.day(self.station.areas, self.seed, number), day_us)
            end_us = day_us + story.START_US + beats.DAY_US
            self.director.run(min(end_us, until_us or end_us), self.stop)
            if until_us is not None and until_us <= end_us:
                return
            number += 1

    def end(self) -> None:
        """End everything that was started."""
        self.stop.set()
        if self.hands is not None:
            self.hands.close()
        self.office.stop()
        self.follower.stop()
        self.station.close()

    def _fill(self, area: str, fact: str, body: Mapping[str, Any], officer: str) -> None:
        moment_us = self.station.plan.timetable.station_us() if self.is_exact else None
        self.office.fill(Form(area, fact, body, officer, moment_us))

    def _plan(self, at_us: int, area: str, fact: str, body: Mapping[str, Any], officer: str) -> None:
        def act() -> None:
            if body["alarm"] not in self._withdrawn:
                self._fill(area, fact, body, officer)

        self.director.at(at_us, act)

    def _say(self, area: str, text: str) -> None:
        self.tell(self.station.plan.timetable.station_us(), area, text)

    def _hand_over(self, day: int) -> None:
        """The duty officers take turns, so that somebody is called when an alarm comes."""
        officer = DUTY_OFFICERS[day % len(DUTY_OFFICERS)]
        try:
            self.office.client.take_duty(officer)
        except (Unanswered, Refused) as error:
            self._say("", f"nobody on duty: {error}")

    def _revive(self) -> None:
        while not self.stop.wait(REVIVE_S):
            for name in self.station.revive():
                self._say("", f"{name} had ended and was started again")
