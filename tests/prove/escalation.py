"""Each step of the ladder with its receiver dead, slow or refusing, the server killed with -9 at the worst moments.

A real server over a real store, real receivers over HTTP; what is judged is what the receivers got, by their own notes.
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx

from caselog.keys import SoftKey
from caseserver import commands
from caseserver.accounts import Accounts
from caseserver.notify.deliveries import ANSWERED
from caseserver.settings import Sessions
from caseserver.store.database import Database
from caseward.clock import ENVIRONMENT, ScaledClock, SystemClock
from custody.bundled import area_text
from tests.tools.ports import free_port
from tests.tools.receivers import SECRET_TEXT, Hook, Taken
from tests.tools.tree import ROOT

TROUBLES = ("none", "dead", "slow", "refusing")
MOMENTS = ("due", "received", "answered")
POSTS = ("duty_officer", "shift_leader", "station_leader", "oversight")
RATE = 10.0
STEP_S = 10  # station seconds from step to step
TIMEOUT_S = 5.0
SLOW_S = 6.5
DOWN_S = 0.2
WAIT_S = 180.0
QUIET_S = 2.5
AT_ONCE = 3
"""Stories played side by side: each is a process that mostly waits for a receiver."""
_one_at_a_time = threading.Lock()  # alembic, which lays out a store, is one for the whole process
PASSWORD = "correct horse battery staple"
PYTHONPATH = ":".join(str(ROOT / name) for name in ("firmware", "gateway", "server", "."))


@dataclass
class Plan:
    """The receiver of `step` is in `trouble`; the server is killed at `moment` of that step: when it is due, when the
    receiver has it and has not answered, or when it has just answered."""

    step: int
    trouble: str
    moment: str


@dataclass
class Run:
    """One story, from the first alarm to a while after its answer."""

    plan: Plan
    folder: Path
    kills_s: list[float] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.port = free_port()
        ports = {step: free_port() for step in range(1, len(POSTS) + 1)}
        self.urls = {step: f"http://127.0.0.1:{port}/alarms" for step, port in ports.items()}
        self.hooks = {
            step: Hook(port=port) for step, port in ports.items()
            if not (step == self.plan.step and self.plan.trouble == "dead")
        }  # fmt: skip
        self._ports = ports
        self._kill_at_once = threading.Lock()
        self._killed = threading.Event()
        self._write()

    # --- the stage --------------------------------------------------------------------------

    def _write(self) -> None:
        text = area_text("standard")
        (self.folder / "area.toml").write_text(text, encoding="utf-8")
        gateway = ("gw-a1", self.folder / "area.toml", SoftKey.generate().public.hex())
        commands.init(self.folder, [gateway], SystemClock())
        (self.folder / "hook.secret").write_text(SECRET_TEXT, encoding="ascii")
        lines = [f"[broker]\nport = {free_port()}", "[limits]\ngateway_silent_s = 0.3"]
        lines.append("[notify]\nretry_s_min = 0.2\nretry_s_max = 0.5")
        for step, url in self.urls.items():
            lines.append(
                f'[notify.receivers.r{step}]\nkind = "webhook"\nurl = "{url}"\ntimeout_s = {TIMEOUT_S}\nsecret_file = "hook.secret"'
            )
        for step, post in enumerate(POSTS, 1):
            after_s = (step - 1) * STEP_S
            lines.append(
                f'[[notify.steps]]\npost = "{post}"\nafter_s = {{ S1 = {after_s}, S2 = {after_s}, S3 = {after_s} }}\n'
                f'receivers = ["r{step}"]'
            )
        file = self.folder / "server.toml"
        kept = file.read_text(encoding="utf-8").replace('[broker]\nhost = "127.0.0.1"\nport = 1883\n', "")
        kept = kept.replace('listen = "127.0.0.1:8000"', f'listen = "127.0.0.1:{self.port}"')
        file.write_text(kept + "\n" + "\n".join(lines) + "\n", encoding="utf-8")
        database = Database(self.folder / "server.db")
        Accounts(database, Sessions()).add("0312", ["duty_officer"], PASSWORD, "tests")
        database.close()
        real_us = time.time_ns() // 1_000
        self.clock = ScaledClock(real_us, real_us, RATE).as_environment()

    def up(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "caseward.cli", "server", "--data", str(self.folder), "--log-level", "ERROR"],
            env={**os.environ, "PYTHONPATH": PYTHONPATH, ENVIRONMENT: self.clock},
            stdout=subprocess.DEVNULL, stderr=(self.folder / "stderr").open("ab"),
        )  # fmt: skip

    def kill(self, *_taken: Taken) -> None:
        """Once: -9, from whichever thread comes first."""
        with self._kill_at_once:
            if not self._killed.is_set():
                os.kill(self.process.pid, signal.SIGKILL)
                self.kills_s.append(time.monotonic())
                self._killed.set()

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(60)
        for hook in self.hooks.values():
            hook.close()

    # --- the story --------------------------------------------------------------------------

    def play(self) -> None:
        hook = self.hooks.get(self.plan.step)
        if hook is not None:
            hook.mode = {"none": "accept", "slow": "slow", "refusing": "refuse"}[self.plan.trouble]
            hook.slow_s = SLOW_S
            if self.plan.moment == "received":
                hook.before = self.kill
            if self.plan.moment == "answered":
                hook.after = self.kill
        self.up()
        self._die()
        time.sleep(DOWN_S)
        self.up()
        # long enough for every later step to fall due while this receiver is still in trouble
        self._until(
            lambda: all(self.taken(step) for step in self.urls if step != self.plan.step), "the other steps"
        )
        if hook is None:
            hook = self.hooks[self.plan.step] = Hook(port=self._ports[self.plan.step])
        hook.mode = "accept"
        self._until(lambda: len(self.audit("notification.accepted")) >= len(self.urls), "every step accepted")
        self._answer()
        self._until(lambda: bool(self.audit("notification.answered")), "the answer in the log")
        told = sum(len(self.taken(step)) for step in self.urls)
        time.sleep(QUIET_S)
        if sum(len(self.taken(step)) for step in self.urls) != told:
            self.problems.append("told after the answer")

    def _die(self) -> None:
        """The server's end. Where the receiver is dead nothing comes in: then when the step is due by the clock."""
        if self.plan.moment == "due" or self.plan.trouble == "dead":
            first_s = self._until(self._is_called, "the first call")
            time.sleep(max(0.0, first_s + (self.plan.step - 1) * STEP_S / RATE - time.monotonic()))
            self.kill()
        self._until(self._killed.is_set, "the kill")
        self.process.wait(60)

    def _is_called(self) -> bool:
        return bool(self.audit("alarm.called"))

    def _answer(self) -> None:
        """A human takes the alarm on its page."""
        with httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=20) as client:
            self._until(lambda: self._is_served(client), "the pages")
            signed_in = client.post("/api/session", json={"number": "0312", "password": PASSWORD}).json()
            alarms = client.get("/api/alarms").json()
            alarm = next(a for a in alarms if a["id"] == self.alarm_id())
            body = {"type": "alarm.taken", "body": {"alarm": alarm["id"]}}
            answer = client.post(
                f"/api/areas/{alarm['area']}/facts", json=body, headers={"x-csrf-token": signed_in["csrf"]}
            )
            answer.raise_for_status()

    def _is_served(self, client: httpx.Client) -> bool:
        try:
            return client.get("/healthz").status_code == 200
        except httpx.TransportError:
            return False

    def _until(self, is_done: Callable[[], bool], what: str) -> float:
        until_s = time.monotonic() + WAIT_S
        while not is_done():
            if time.monotonic() > until_s:
                raise TimeoutError(f"{self.plan}: expected {what} within {WAIT_S} s")
            time.sleep(0.02)
        return time.monotonic()

    # --- what the receivers noted, and what the server wrote down -----------------------------

    def alarm_id(self) -> str:
        """The gateway's silence: the alarm of this story."""
        return next(str(row[0]) for row in self._rows("SELECT id FROM alarm WHERE id LIKE '%/SYS/gateway/%'"))

    def taken(self, step: int) -> list[Taken]:
        """Calls about this story's alarm; what tells of the answer is another message."""
        hook = self.hooks.get(step)
        notes = (
            [] if hook is None else [note for note in list(hook.taken) if note.body["type"] == "alarm.called"]
        )
        return [note for note in notes if "/SYS/gateway/" in note.body["data"]["alarm"]]

    def audit(self, action: str) -> list[dict[str, Any]]:
        query = "SELECT detail FROM audit WHERE action = ? AND subject LIKE '%/SYS/gateway/%' ORDER BY id"
        found = [json.loads(row[0]) for row in self._rows(query, action)]
        return [detail for detail in found if detail.get("step") != ANSWERED]

    def _rows(self, query: str, *values: str) -> list[Any]:
        connection = sqlite3.connect(f"file:{self.folder / 'server.db'}?mode=ro", uri=True, timeout=10)
        try:
            return connection.execute(query, values).fetchall()
        except sqlite3.OperationalError:  # between two lives
            return []
        finally:
            connection.close()

    def judge(self) -> dict[str, int]:
        """Counts; what must not be goes to `problems`."""
        again: Counter[str] = Counter()
        for step in self.urls:
            notes = self.taken(step)
            if not notes:
                self.problems.append(f"step {step}: nobody was told")
            if len({note.id for note in notes}) > 1:
                self.problems.append(f"step {step}: one message under several ids")
            self.problems += [f"step {step}: a wrong signature" for note in notes if not note.is_signed]
            for before, after in pairwise(notes):
                because = after.body["data"]["because"]
                again[because] += 1
                if not self._is_reason(step, before, after, because):
                    self.problems.append(
                        f"step {step}: told again because of {because!r}, without that reason"
                    )
        called = Counter((detail["run"], detail["step"]) for detail in self.audit("alarm.called"))
        if sorted(called) != [(1, step) for step in self.urls] or max(called.values()) > 1:
            self.problems.append(f"expected each step called once, found {dict(called)}")
        sent = Counter((detail["id"], detail["attempt"]) for detail in self.audit("notification.sent"))
        accepted = Counter(detail["id"] for detail in self.audit("notification.accepted"))
        if max(sent.values()) > 1 or sorted(accepted.values()) != [1] * len(self.urls):
            self.problems.append(
                f"expected each try and each acceptance in the log once, found {sent}, {accepted}"
            )
        return {
            "tries": sum(len(self.taken(step)) for step in self.urls), "again_failed": again["failed"], "again_unknown": again["unknown"],
        }  # fmt: skip

    def _is_reason(self, step: int, before: Taken, after: Taken, because: str) -> bool:
        """By the receiver's own notes: `failed` follows what it did not accept in time, `unknown` follows a kill."""
        if because == "failed":
            was_slow = step == self.plan.step and self.plan.trouble == "slow"
            return before.answer != 204 or was_slow
        return because == "unknown" and any(before.at_s <= at_s <= after.at_s for at_s in self.kills_s)


def plans() -> list[Plan]:
    """Every step, trouble and moment; where nobody listens there is but one moment."""
    return [
        Plan(step, trouble, moment)
        for step in range(1, len(POSTS) + 1)
        for trouble in TROUBLES
        for moment in (MOMENTS[:1] if trouble == "dead" else MOMENTS)
    ]


def play(plan: Plan) -> tuple[Run, dict[str, int]]:
    """One story in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="caseward-prove-") as folder:
        (Path(folder) / "data").mkdir()
        with _one_at_a_time:
            story = Run(plan, Path(folder) / "data")
        try:
            story.play()
            return story, story.judge()
        finally:
            story.close()


def run(say: Callable[[str], None]) -> dict[str, Any]:
    totals: Counter[str] = Counter()
    wrong: list[str] = []
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for number, done in enumerate([pool.submit(play, plan) for plan in plans()], 1):
            try:
                story, counts = done.result()
            except TimeoutError as error:
                wrong.append(str(error))
                continue
            totals.update(counts)
            totals["kills"] += len(story.kills_s)
            wrong += [f"{story.plan}: {problem}" for problem in story.problems]
            if number % 8 == 0:
                say(f"escalation: {number} of {len(plans())}, {len(wrong)} problems")
    return {
        "stories": len(plans()), "troubles": TROUBLES, "moments_of_the_kill": MOMENTS, "steps": len(POSTS), "speed": RATE,
        **totals, "forgotten_or_told_without_reason": wrong, "holds": not wrong and totals["kills"] == len(plans()),
    }  # fmt: skip
