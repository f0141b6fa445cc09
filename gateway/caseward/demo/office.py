"""The officers of the demo at their desks: signed in at the server, filling in forms over its HTTP API."""

import http.client
import json
import queue
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode

from caseward.demo.beats import DESCRIBED

TIMEOUT_S: Final = 10.0
RETRY_S: Final = 0.25
FORMS_MAX: Final = 10_000  # waiting while the server is away; further ones would be a director gone wild
COOKIE: Final = "caseward_session"


class Unanswered(OSError):
    """The server cannot be reached or answered with an error of its own: worth another try."""


class Refused(RuntimeError):
    """The server answered and said no; the text is what it said."""


@dataclass(frozen=True, slots=True)
class Form:
    """One act of one officer. `occurred_us` None: when the server takes it."""

    area: str
    fact: str
    body: Mapping[str, Any]
    officer: str
    occurred_us: int | None = None


@dataclass(slots=True)
class Session:
    """One officer, signed in."""

    cookie: str
    csrf: str


@dataclass(slots=True)
class Client:
    """The server's API for several officers. `passwords`: number -> password."""

    port: int
    passwords: Mapping[str, str]
    _sessions: dict[str, Session] = field(default_factory=dict)

    def is_ready(self) -> bool:
        """Whether the server answers."""
        try:
            return self._call("GET", "/healthz", None, {})[0] == 200
        except Unanswered:
            return False

    def submit(self, form: Form) -> str:
        """Send a form; the id of its receipt, none where a page took it. Raises Unanswered, Refused."""
        if form.fact == DESCRIBED:
            words = {key: str(value) for key, value in form.body.items() if key not in ("item", "stay")}
            self._page(form.officer, f"/areas/{form.area}/items/{form.body['item']}", words, http.client.OK)
            return ""
        for is_again in (False, True):
            session = self.session(form.officer)
            entry: dict[str, Any] = {"type": form.fact, "body": dict(form.body)}
            if form.occurred_us is not None:
                entry["occurred_us"] = form.occurred_us
            status, _, answer = self._call(
                "POST", f"/api/areas/{form.area}/facts", entry,
                {"Cookie": f"{COOKIE}={session.cookie}", "X-CSRF-Token": session.csrf},
            )  # fmt: skip
            if status == 401 and not is_again:
                del self._sessions[form.officer]
                continue
            if status >= 300:
                raise Refused(f"{form.fact} by {form.officer}: {status} {answer}")
            return str(answer["id"])
        raise AssertionError("expected an answer within two tries")

    def take_duty(self, officer: str) -> None:
        """Take the duty officer's post and hear the sounds, by the forms of the page. Raises Unanswered, Refused."""
        self._page(officer, "/duty/duty_officer/take", {}, http.client.SEE_OTHER)
        self._page(officer, "/duty/duty_officer/sound", {"heard": "yes"}, http.client.SEE_OTHER)

    def _page(self, officer: str, path: str, fields: Mapping[str, str], expected: int) -> None:
        """Send the form of a page, as a browser does."""
        session = self.session(officer)
        headers = {
            "Cookie": f"{COOKIE}={session.cookie}", "X-CSRF-Token": session.csrf,
            "Content-Type": "application/x-www-form-urlencoded",
        }  # fmt: skip
        status, _, answer = self._call("POST", path, urlencode(fields), headers)
        if status != expected:
            raise Refused(f"{path} by {officer}: {status} {answer}")

    def session(self, officer: str) -> Session:
        """The officer's session, signed in when there is none. Raises Unanswered, Refused."""
        if officer not in self._sessions:
            entry = {"number": officer, "password": self.passwords[officer]}
            status, cookies, answer = self._call("POST", "/api/session", entry, {})
            if status >= 300:
                raise Refused(f"sign-in of {officer}: {status} {answer}")
            cookie = next(c.split(";")[0].partition("=")[2] for c in cookies if c.startswith(COOKIE))
            self._sessions[officer] = Session(cookie, str(answer["csrf"]))
        return self._sessions[officer]

    def _call(
        self, method: str, path: str, entry: object, headers: Mapping[str, str]
    ) -> tuple[int, list[str], Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT_S)
        try:
            body = entry if entry is None or isinstance(entry, str) else json.dumps(entry)
            connection.request(method, path, body, {"Content-Type": "application/json", **headers})
            response = connection.getresponse()
            data = response.read()
            if response.status >= 500:
                raise Unanswered(f"{path}: {response.status} {data[:200]!r}")
            cookies = response.headers.get_all("Set-Cookie") or []
            try:
                return response.status, cookies, json.loads(data)
            except ValueError:
                return response.status, cookies, data[:200].decode(errors="replace")
        except (http.client.HTTPException, OSError) as error:
            raise Unanswered(f"{path}: {error}") from error
        finally:
            connection.close()


class Office:
    """Sends forms one after the other in a thread of its own, again and again while the server is away."""

    def __init__(self, client: Client, say: Callable[[str, str], None]) -> None:
        """`say(area, text)` is told of forms the server refused."""
        self.client = client
        self.sent = 0
        self.refused: list[str] = []
        self.tries_again = 0
        self._say = say
        self._queue: queue.Queue[Form | None] = queue.Queue(FORMS_MAX)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="office", daemon=True)

    @property
    def waiting(self) -> int:
        """Forms not yet taken by the server."""
        return self._queue.unfinished_tasks

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def fill(self, form: Form) -> None:
        """Put a form on the pile."""
        self._queue.put_nowait(form)

    def drain(self, timeout_s: float) -> bool:
        """Wait until every form was taken; whether that came in time."""
        end = time.monotonic() + timeout_s
        while self.waiting and time.monotonic() < end:
            time.sleep(0.02)
        return not self.waiting

    def stop(self) -> None:
        """End; forms not yet sent are dropped."""
        self._stop.set()
        self._queue.put(None)
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            form = self._queue.get()
            if form is not None:
                self._send(form)
            self._queue.task_done()

    def _send(self, form: Form) -> None:
        while not self._stop.is_set():
            try:
                self.client.submit(form)
            except Unanswered:
                self.tries_again += 1
                self._stop.wait(RETRY_S)
                continue
            except Refused as error:
                self.refused.append(str(error))
                self._say(form.area, str(error))
            else:
                self.sent += 1
            return
