"""Forty persons and more than 200 open alarms: what the wall, a tablet and a phone load, how soon they live, what one change costs.

The history is made by the gateway's own log and engine in this process (hours of a full house cannot be waited for) and
stored by the server's own ingest; then the server runs as a process of its own over that store, and what is new comes to
it through a real broker from the same log.
"""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from statistics import median
from typing import Any, Final

import httpx
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from playwright.sync_api import Browser

from caseserver.auth import COOKIE
from caseward.clock import ENVIRONMENT, ScaledClock
from caseward.demo import broker as mosquitto
from tests.prove.wall_flood import cpu_s, rss_mib
from tests.prove.wall_page import SIZES, WatchedPage
from tests.tools.tree import ROOT
from tests.web import day
from tests.web.house import PASSWORD, House
from tests.web.screenshots import accounts

PERSONS, OPEN = 40, 200
FORCED: Final = "door-waiting-1"
LOADS: Final = 5
WINDOW_S: Final = 12.0
READY_S: Final = 180.0
LIVE_MS_MAX: Final = 3_000
UPDATE_MS_MAX: Final = 100
PYTHONPATH = ":".join(str(ROOT / name) for name in ("firmware", "gateway", "server", "."))


class Crowd:
    """A full house: the store, a broker, the server's process, and a gateway that goes on telling."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "server"
        self.folder.mkdir()
        house = House(self.folder, day.START)
        accounts(house)
        day.full(house)
        self.gateway, self.clock = house.gateways["a1"], house.clock
        self._address = self.gateway.area.gateway
        house.close()
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._processes: list[subprocess.Popen[bytes]] = []
        self._line = paho.Client(CallbackAPIVersion.VERSION2, client_id=self._address)

    def start(self) -> None:
        """Broker and server, and the gateway's line."""
        passwords = {name: secrets.token_urlsafe(12) for name in ("server", self._address)}
        broker = mosquitto.prepare(self.folder.parent / "broker", passwords)
        port = mosquitto.free_port()
        self.address = f"http://127.0.0.1:{port}"
        file = self.folder / "server.toml"
        (self.folder / "broker.password").write_text(passwords["server"] + "\n")
        text = file.read_text(encoding="utf-8").replace(
            'listen = "127.0.0.1:8000"', f'listen = "127.0.0.1:{port}"'
        )
        told = f'host = "127.0.0.1"\nport = {broker.port}\nuser = "server"\npassword_file = "{self.folder / "broker.password"}"\n'
        file.write_text(text.replace('host = "127.0.0.1"\nport = 1883\n', told), encoding="utf-8")
        self._processes.append(
            subprocess.Popen(broker.argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        )
        self.clock.is_running = True
        self.clock.tell(self.clock.now_us)
        now_us = time.time_ns() // 1_000
        scaled = ScaledClock(now_us, self.clock.now_us, 1.0).as_environment()
        self.server = subprocess.Popen(
            [sys.executable, "-m", "caseward", "server", "--data", str(self.folder), "--log-level", "ERROR"],
            env={**os.environ, "PYTHONPATH": PYTHONPATH, ENVIRONMENT: scaled},
            stdout=subprocess.DEVNULL, stderr=(self.folder / "stderr").open("ab"),
        )  # fmt: skip
        self._processes.append(self.server)
        self._wait_ready()
        self._line.username_pw_set(self._address, passwords[self._address])
        self._line.connect("127.0.0.1", broker.port)
        self._line.loop_start()
        threading.Thread(target=self._beat, daemon=True).start()

    def _wait_ready(self) -> None:
        end_s = time.monotonic() + READY_S
        while time.monotonic() < end_s:
            with suppress(httpx.TransportError):
                if httpx.get(f"{self.address}/healthz", timeout=5).status_code == 200:
                    return
            time.sleep(0.1)
        raise TimeoutError(
            f"expected the server within {READY_S} s, found {(self.folder / 'stderr').read_text()[-500:]}"
        )

    def _beat(self) -> None:
        while not self._stop.wait(1.0):
            with self._lock:
                self._publish("hb", self.gateway.heartbeat())

    def _publish(self, topic: str, payload: bytes) -> None:
        self._line.publish(f"caseward/v1/{self._address}/up/{topic}", payload, 1)

    def change(self) -> None:
        """One more alarm: a door is forced and falls shut."""
        with self._lock:
            now_us = self.clock.now().earliest_us
            self.gateway.say("door.opened", now_us - 100_000, door=FORCED)
            self.gateway.say("door.closed", now_us, door=FORCED)
            for payload in self.gateway.batches():
                self._publish("log", payload)

    def session(self) -> str:
        """The duty officer's."""
        with httpx.Client(base_url=self.address, timeout=20) as client:
            client.post("/api/session", json={"number": "0312", "password": PASSWORD}).raise_for_status()
            self.open_alarms = len(client.get("/api/alarms").json())
            return client.cookies[COOKIE]

    def close(self) -> None:
        self._stop.set()
        self._line.disconnect()
        self._line.loop_stop()
        for process in reversed(self._processes):
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)


def measure(
    folder: Path, chrome: Browser, say: Callable[[str], None], window_s: float = WINDOW_S
) -> dict[str, Any]:
    """Figures of the wall in three sizes and of the list of alarms. `window_s`: of each of two looks at updates."""
    crowd = Crowd(folder)
    try:
        crowd.start()
        cookie = COOKIE, crowd.session()
        sizes = {size: _size(crowd, chrome, cookie, size, "/", window_s, say) for size in SIZES}
        listed = _size(crowd, chrome, cookie, "wall", "/alarms", window_s, say)
        persons = sizes["wall"].pop("rows")
        for found in (*list(sizes.values())[1:], listed):
            del found["rows"]
        kept = {
            "forty_persons_on_the_wall": persons == PERSONS,
            "two_hundred_alarms_open": crowd.open_alarms >= OPEN,
            "live_within_ms": all(found["live_ms"] <= LIVE_MS_MAX for found in sizes.values()),
            "update_of_the_wall_within_ms_of_the_main_thread": all(
                found["update"]["main_thread_ms"] <= UPDATE_MS_MAX for found in sizes.values()
            ),
        }
        return {
            "kept": kept, "persons": persons, "open_alarms": crowd.open_alarms, "loads": LOADS,
            "server_mib": rss_mib(crowd.server.pid), **sizes, "list_of_alarms": listed,
        }  # fmt: skip
    finally:
        crowd.close()


def _size(
    crowd: Crowd, chrome: Browser, cookie: tuple[str, str], size: str, path: str, window_s: float,
    say: Callable[[str], None],
) -> dict[str, Any]:  # fmt: skip
    """Loads, each in a browser that has nothing of the page yet; then a look at a quiet page and at one that changes."""
    say(f"wall: forty persons, {path} as {size}")
    loads = []
    for _ in range(LOADS):
        page = WatchedPage(chrome, crowd.address, cookie, size)
        loads.append(page.open(path))
        if len(loads) < LOADS:
            page.close()
    found: dict[str, Any] = {name: round(median([load[name] for load in loads]), 1) for name in loads[0]}
    found["rows"] = page.page.locator(".two .row").count()
    quiet = _look(crowd, page, window_s, lambda: None)
    changing = _look(crowd, page, window_s, crowd.change)
    page.close()
    changes = changing["steps"]
    found["update"] = {
        "changes": changes,
        "bytes": round((changing["bytes"] - quiet["bytes"]) / changes),
        "bytes_a_second_when_quiet": round(quiet["bytes"] / quiet["s"]),
        "main_thread_ms": round((changing["main_s"] - quiet["main_s"]) / changes * 1e3, 1),
        "server_cpu_ms": round((changing["cpu_s"] - quiet["cpu_s"]) / changes * 1e3, 1),
        "main_thread_share_when_quiet": round(quiet["main_s"] / quiet["s"], 3),
        "server_cpu_share_when_quiet": round(quiet["cpu_s"] / quiet["s"], 3),
    }
    return found


def _look(crowd: Crowd, page: WatchedPage, window_s: float, step: Callable[[], None]) -> dict[str, float]:
    """What a window with `step` each second costs the page's main thread, the line and the server."""
    main_s, server_s, begun_s = page.main_thread_s(), cpu_s(crowd.server.pid), time.monotonic()
    seen, steps = len(page.watched()["pictures"]), 0
    while time.monotonic() - begun_s < window_s:
        step()
        steps += 1
        page.page.wait_for_timeout(max(0.0, begun_s + steps - time.monotonic()) * 1e3)
    took_s = time.monotonic() - begun_s
    pictures = page.watched()["pictures"][seen:]
    return {
        "s": took_s, "steps": steps, "bytes": sum(one["bytes"] for one in pictures),
        "main_s": page.main_thread_s() - main_s, "cpu_s": cpu_s(crowd.server.pid) - server_s,
    }  # fmt: skip
