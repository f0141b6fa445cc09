"""The real station under the wall: from a contact on a node's line to the frame that shows its alarm and to its tone;
then doors that are forced a thousand times a minute, and the same buttons meanwhile.

Every alarm on the page is led back to the message of its node: its id names the leaf of its cause, that leaf the node's
message, and that message the moment at which its bytes passed the cable. So no two are taken for each other.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from caselog import canonical
from caseward.demo import story
from caseward.demo.follow import Follower, Leaf
from caseward.demo.logtail import LogTail
from caseward.demo.office import COOKIE, Form
from tests.e2e.chain import Chain
from tests.prove.wall_page import Clock, WatchedPage

AREA: Final = "a1"
TOP: Final = ("duress-interrogation-1", "smoke-waiting-1", "duress-interrogation-2")
"""Buttons and a detector: S1, and each is handled as soon as it is over, so that the next is news again."""
TOP_RULE, FLOOD_RULE = "IN", "DR"
SHOWN: Final = f"(count) => watched.cards.filter((c) => c.id.includes('/{TOP_RULE}/')).length > count"
SHOWN_MS_MAX: Final = 20_000
DUTY, CHECKER = "000010", "000006"
SAMPLE_S: Final = 5.0
CLICK_EACH_S: Final = 20.0
SETTLED_S: Final = 180.0
CLICK_MS_MAX: Final = 60_000
NEWS: Final = f".side .alarm.a-new a.a-link[href*='~{FLOOD_RULE}~']"


@dataclass(slots=True)
class Raised:
    """An alarm as the gateway's log tells it, and when its cause passed the cable (monotonic ns)."""

    alarm: str
    rule: str
    contact_ns: int | None


@dataclass
class Station:
    """The demo's station at real speed, with the page of its duty officer."""

    folder: Path
    chrome: Browser
    clicks: list[dict[str, float]] = field(default_factory=list)
    samples: list[dict[str, float]] = field(default_factory=list)
    unanswered: list[str] = field(default_factory=list)
    """What the page of an alarm said that was to be taken and was not."""
    handled: int = 0
    flooded_s: float = 0.0
    """How long the doors were forced."""

    def __post_init__(self) -> None:
        self.chain = Chain(self.folder, ("standard",), 1.0)
        self.chain.begin([], story.START_US + 3_600 * 1_000_000)
        office = self.chain.play.office
        self._wait_known(DUTY, CHECKER)
        office.client.take_duty(DUTY)
        log = LogTail(self.chain.station.log_folder(AREA))
        self._handling = Follower({AREA: log}, [self._handle])
        self._handling.start()
        self.cookie = COOKIE, office.client.session(DUTY).cookie
        self.address = f"http://127.0.0.1:{self.chain.station.plan.http_port}"
        self.wall = WatchedPage(self.chrome, self.address, self.cookie)
        self.wall.open()
        self.wall.allow_sound()
        self.desk = WatchedPage(self.chrome, self.address, self.cookie)

    def _wait_known(self, *officers: str) -> None:
        """Until the gateway knows them: it refuses what anybody else does about an alarm."""
        end_s = time.monotonic() + SETTLED_S
        while True:
            leaves = map(canonical.loads, self.chain.gateway_log(AREA))
            known = {leaf["body"]["officer"] for leaf in leaves if leaf["type"] == "officer.registered/1"}
            if known.issuperset(officers):
                return
            if time.monotonic() > end_s:
                raise TimeoutError(f"expected officers {officers} to be made known, found {sorted(known)}")
            time.sleep(0.2)

    def close(self) -> None:
        self._handling.stop()
        self.chain.close()

    def _handle(self, area: str, leaf: Leaf) -> None:
        """Taken, rectified, verified by another, as soon as a button is let go."""
        body = leaf["body"]
        if leaf["type"] == "alarm.changed/1" and body["action"] == "verified":
            self.handled += 1
        if leaf["type"] != "alarm.cleared/1" or body["of"] != "alarm" or body["rule"] != TOP_RULE:
            return
        for fact, officer, more in (
            ("alarm.taken", DUTY, {}),
            ("alarm.rectified", DUTY, {"cause": "tested", "action": "looked"}),
            ("alarm.verified", CHECKER, {}),
        ):
            self.chain.play.office.fill(
                Form(area, fact, {"alarm": body["alarm"], "officer": officer, **more}, officer)
            )

    # --- what happens in the rooms -----------------------------------------------------------

    def press(self, number: int, every_s: float) -> None:
        """A button is pressed, and let go when the wall has shown it; then nothing until `every_s` have passed."""
        hardware, name = self.chain.station.hardware[AREA], TOP[number % len(TOP)]
        begun_s = time.monotonic()
        hardware.house_input(name, True)
        with suppress(PlaywrightTimeout):  # one that is never shown is counted at the end
            self.wall.page.wait_for_function(SHOWN, arg=number, polling=50, timeout=SHOWN_MS_MAX)
        hardware.house_input(name, False)
        self.wall.page.wait_for_timeout(max(0.0, begun_s + every_s - time.monotonic()) * 1e3)

    def calm(self, pressed: int) -> None:
        """Until all that were pressed are handled to the end: the wall shows none of them any more."""
        self._until(lambda: self.handled >= pressed, f"{pressed} alarms handled", 20)

    def flood(self, per_minute: int, count: int) -> threading.Thread:
        """Controlled doors are forced in turn, so many times in all, in the background; see `flooded_s`."""
        hardware = self.chain.station.hardware[AREA]
        doors = [door.id for door in hardware.area.doors.values() if door.controlled]

        def force() -> None:
            begun_s = time.monotonic()
            for number in range(count + 2):
                if number < count:
                    hardware.door(doors[number % len(doors)], True)
                if number >= 2:
                    hardware.door(doors[(number - 2) % len(doors)], False)
                time.sleep(max(0.0, begun_s + (number + 1) * 60 / per_minute - time.monotonic()))
            self.flooded_s = time.monotonic() - begun_s

        thread = threading.Thread(target=force, name="flood", daemon=True)
        thread.start()
        return thread

    def click(self) -> None:
        """From the wall to its first alarm and to having taken it, as an officer does on another screen."""
        page = self.desk.page
        page.goto(f"{self.address}/")
        page.wait_for_selector(NEWS, timeout=CLICK_MS_MAX)
        begun_s = time.monotonic()
        page.click(NEWS, timeout=CLICK_MS_MAX)
        page.wait_for_selector("button.take", timeout=CLICK_MS_MAX)
        opened_s = time.monotonic()
        page.click("button.take", timeout=CLICK_MS_MAX)
        try:
            page.wait_for_selector(".takenby", timeout=CLICK_MS_MAX)
        except PlaywrightTimeout:
            self.unanswered.append(page.inner_text("main")[:400])
            return
        self.clicks.append(
            {"open_ms": round((opened_s - begun_s) * 1e3, 1), "taken_ms": round((time.monotonic() - opened_s) * 1e3, 1)}
        )  # fmt: skip

    def sample(self, begun_s: float) -> None:
        """Memory and processor time of the programs and of the page."""
        pids = {name: self.chain.station.programs.all[name].pid for name in ("server", f"gateway-{AREA}")}
        self.samples.append(
            {
                "s": round(time.monotonic() - begun_s, 1), "page_heap_mib": self.wall.heap_mib(),
                "page_main_thread_s": self.wall.main_thread_s(),
                **{f"{name.split('-')[0]}_mib": rss_mib(pid) for name, pid in pids.items()},
                **{f"{name.split('-')[0]}_cpu_s": cpu_s(pid) for name, pid in pids.items()},
            }
        )  # fmt: skip

    # --- what was told ----------------------------------------------------------------------

    def settle(self) -> None:
        """Until the server holds what the gateway has, and every form is in the log."""
        assert self.chain.play.office.drain(SETTLED_S), "expected every form to be taken"
        self._until(lambda: not self.chain.waiting_facts(AREA) and self.chain.is_equal(AREA), "equal logs")

    def _until(self, is_done: Callable[[], bool], what: str, step_ms: int = 500) -> None:
        end_s = time.monotonic() + SETTLED_S
        while not is_done():
            if time.monotonic() > end_s:
                raise TimeoutError(f"expected {what} within {SETTLED_S} s")
            self.wall.page.wait_for_timeout(step_ms)

    def raised(self) -> list[Raised]:
        """Alarms of the gateway's log, each with its node's message where a node's message raised it."""
        sent = {key: one.at_ns for key, one in self.chain.frames().sent.items()}
        leaves = [canonical.loads(data) for data in self.chain.gateway_log(AREA)]
        found = []
        for leaf in leaves:
            if leaf["type"] == "alarm.raised/1":
                alarm = leaf["body"]["alarm"]
                source = leaves[int(alarm.rpartition("/")[2])]["source"]
                at_ns = sent.get((f"{AREA}-{source['name']}", source["boot"], source["seq"]))
                found.append(Raised(alarm, leaf["body"]["rule"], at_ns))
        return found

    def stored(self) -> set[str]:
        """Ids of the alarms in the server's store."""
        file = self.chain.station.folder / "server" / "server.db"
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=20)) as store:
            return {row[0] for row in store.execute("SELECT id FROM alarm WHERE area = ?", (AREA,))}

    def opened(self, from_ns: int) -> int:
        """Messages by which nodes told since a moment that a controlled door is open: before it a keeper opened one."""
        points = {
            (f"{AREA}-{p.node}", p.point)
            for p in self.chain.station.areas[AREA].points
            if p.kind == "door_contact" and self.chain.station.areas[AREA].doors[p.of].controlled
        }
        return sum(
            one.at_ns >= from_ns
            and (key[0], getattr(one.frame.message, "point", None)) in points
            and one.frame.message.state == 1
            for key, one in self.chain.frames().sent.items()
        )


@dataclass(frozen=True, slots=True)
class Told:
    """Milliseconds from the contact on the cable: to the card in the page, to its frame, to the tone's beginning."""

    put_ms: float
    painted_ms: float
    tone_ms: float | None
    is_on_screen: bool


def told(raised: Iterable[Raised], watched: Mapping[str, Any], clock: Clock) -> tuple[list[Told], list[str]]:
    """What the page told of these alarms, and the ids of those that it never showed."""
    cards = {card["id"]: card for card in watched["cards"]}
    tones = sorted(
        clock.ns(tone["called"] + tone["ahead"]) for tone in watched["tones"] if tone["state"] == "running"
    )
    found, missing = [], []
    for one in raised:
        card = cards.get(one.alarm)
        if card is None or one.contact_ns is None:
            missing.append(one.alarm)
            continue
        put_ns = clock.ns(card["put"])
        heard_ns = next((at for at in tones if at >= put_ns), None)
        found.append(
            Told(
                (put_ns - one.contact_ns) / 1e6, (clock.ns(card["painted"]) - one.contact_ns) / 1e6,
                None if heard_ns is None else (heard_ns - one.contact_ns) / 1e6, bool(card["seen"]),
            )
        )  # fmt: skip
    return found, missing


def rss_mib(pid: int) -> float:
    """Resident memory of a process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 2**20, 1)


def cpu_s(pid: int) -> float:
    """Processor seconds of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
