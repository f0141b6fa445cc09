"""Who is called about a real alarm of a gateway's log, over a real store, by real receivers."""

from __future__ import annotations

import email
import email.policy
import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from caselog.keys import SoftKey
from caseserver.accounts import Officer
from caseserver.notify.channels import Channel, Mail, Webhook
from caseserver.notify.notifier import Notifier
from caseserver.notify_settings import MailReceiver, Notify, WebhookReceiver
from caseserver.web.telling import composer
from tests.server.station_kit import MINUTE_US, Kit, morning
from tests.tools.receivers import Hook, MailBox

S = 1_000_000
DUTY = Officer("1001", frozenset({"duty_officer"}))
STEPS = [
    {"post": "duty_officer", "after_s": {"S1": 0, "S2": 0}, "receivers": ["page", "hook"]},
    {"post": "shift_leader", "after_s": {"S1": 30, "S2": 60}, "receivers": ["mail"]},
    {"post": "station_leader", "after_s": {"S1": 90, "S2": 90}, "receivers": ["hook"]},
]


@pytest.fixture(scope="module")
def hook() -> Iterator[Hook]:
    made = Hook(public=SoftKey.from_seed(b"s" * 32).public)
    yield made
    made.close()


@pytest.fixture(scope="module")
def mailbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MailBox]:
    made = MailBox(tmp_path_factory.mktemp("mail"))
    yield made
    made.close()


class Desk:
    """A server of the kit with a notifier that is turned by hand."""

    def __init__(self, kit: Kit, hook: Hook, mailbox: MailBox, secret: Path | None = None) -> None:
        self.kit, self.hook, self.mailbox = kit, hook, mailbox
        hook.mode, hook.slow_s, mailbox.refuses = "accept", 10.0, False
        hook.taken.clear()
        mailbox.mails.clear()
        password = kit.path / "mail.password"
        password.write_text(mailbox.password, encoding="utf-8")
        receivers = {
            "page": {"kind": "page"},
            "hook": {"kind": "webhook", "url": hook.url, "timeout_s": 30, "secret_file": secret, "language": "en"},
            "mail": {
                "kind": "smtp", "host": "127.0.0.1", "port": mailbox.port, "ca_file": mailbox.ca_file, "user": mailbox.user,
                "password_file": password, "sender": "caseward@station.example", "to": "leader@station.example",
            },
        }  # fmt: skip
        self.settings = Notify.model_validate(
            {
                "steps": STEPS,
                "receivers": receivers,
                "retry_s_min": 0.05,
                "retry_s_max": 0.1,
                "link": "https://desk.example",
            }
        )
        at_us = morning(kit.gateway)
        kit.clock.at_us = at_us
        self.deliver()
        self.start()

    def start(self, **changes: Any) -> None:
        """A notifier over what the store holds now; `changes` of the hook's settings."""
        station, found = self.kit.station, self.settings.receivers
        assert isinstance(found["hook"], WebhookReceiver)
        assert isinstance(found["mail"], MailReceiver)
        hook = found["hook"].model_copy(update=changes)
        channels: dict[str, Channel] = {
            "hook": Webhook(hook, self.kit.key, self.kit.path, time.time),
            "mail": Mail(found["mail"], self.kit.path),
        }
        compose = composer(station.area, lambda: self.kit.clock.at_us, self.settings)
        self.notifier = Notifier(
            station.now, self.kit.database, station.audit, [self.kit.state], self.settings, channels, compose,
            station.watchers, station.duty,
        )  # fmt: skip

    def restart(self) -> None:
        """The process ends without a word and comes back: what was under way never tells us its end."""
        self.kit.restart()
        self.start()

    def deliver(self) -> None:
        self.kit.take(self.kit.gateway.batch())
        self.kit.beat(0.0)

    def press(self) -> str:
        """The detained person presses the button of the wristband; gives the alarm's id."""
        self.kit.gateway.fact("wristband.pressed", self.kit.clock.at_us, band="band-07")
        self.deliver()
        (alarm,) = [a for a in self.kit.state.open_alarms() if a.severity == "S1" and a.stay == "S-1"]
        return alarm.id

    def after(self, seconds: float, is_enough: Callable[[], bool] = lambda: True) -> None:
        """Station time goes on; turns until `is_enough`."""
        self.kit.clock.at_us += int(seconds * S)
        until_s = time.monotonic() + 60
        self.notifier.turn()
        while not is_enough():
            assert time.monotonic() < until_s, (self.log(), self.notifier.deliveries.unsettled())
            time.sleep(0.01)
            self.notifier.turn()

    def log(self, *actions: str) -> list[tuple[str, dict[str, object]]]:
        """What the server's own log says of it, oldest first."""
        leaves = [json.loads(data) for data in self.kit.own_log.leaves(0, 1_000)]
        found = [
            (leaf["type"].removesuffix("/1"), leaf["body"]["detail"])
            for leaf in leaves
            if leaf["class"] == "fact"
        ]
        wanted = actions or ("alarm.called", "notification.")
        return [(what, detail) for what, detail in found if what.startswith(wanted)]

    def accepted(self, count: int) -> Callable[[], bool]:
        return lambda: len(self.log("notification.accepted")) >= count


@pytest.fixture
def desk(kit: Kit, hook: Hook, mailbox: MailBox) -> Desk:
    return Desk(kit, hook, mailbox)


@pytest.mark.real
def test_step_by_step_to_webhook_and_mail_until_an_officer_takes_it(desk: Desk) -> None:
    alarm = desk.press()
    desk.after(0, desk.accepted(1))
    desk.after(29)
    desk.after(1, desk.accepted(2))
    desk.after(60, desk.accepted(3))
    first, second = desk.hook.taken
    assert first.is_signed
    assert second.is_signed
    assert first.id != second.id
    told = first.body["data"]
    assert (told["alarm"], told["step"], told["stay"], told["severity"], told["because"]) == (
        alarm,
        1,
        "S-1",
        "S1",
        "first",
    )
    assert told["link"] == f"https://desk.example/alarms/a1/{alarm.replace('/', '~')}"
    assert second.body["data"]["post"] == "station_leader"
    (mail,) = desk.mailbox.mails
    assert desk.mailbox.were_tls[-1], "the mail left in clear"
    assert isinstance(mail.content, bytes)
    parsed = email.message_from_bytes(mail.content, policy=email.policy.default)
    body = parsed.get_body()
    assert body is not None
    assert "现在：" in body.get_content()
    assert "带班领导" in body.get_content()
    # a human answers: the station's own page stays, nobody else is called
    desk.kit.gateway.fact("alarm.taken", desk.kit.clock.at_us, alarm=alarm, officer="1001")
    desk.deliver()
    desk.after(1_000, desk.accepted(5))
    (answered,) = desk.log("notification.answered")
    assert answered[1] == {"run": 1, "answer": "taken", "steps": 3}
    assert [d.state for d in desk.notifier.deliveries.unsettled()] == [], "the page's message is dropped"
    desk.after(1_000)
    assert [taken.body["type"] for taken in desk.hook.taken] == [
        "alarm.called",
        "alarm.called",
        "alarm.answered",
    ]
    assert desk.hook.taken[-1].body["data"]["answered_by"] == "1001"
    assert len(desk.mailbox.mails) == 2, "who was woken is told that somebody has it"
    said = [what for what, _ in desk.log()]
    assert said.count("alarm.called") == 3
    assert said.count("notification.sent") == 5
    runs, deliveries = desk.kit.station.calls.of_alarm("a1", alarm)
    assert (runs[0]["answered_by"], runs[0]["answer"]) == ("1001", "taken")
    assert [(d["receiver"], d["state"]) for d in deliveries] == [
        ("hook", "accepted"), ("mail", "accepted"),  # of the answer
        ("hook", "accepted"), ("page", "dropped"), ("mail", "accepted"), ("hook", "accepted"),
    ]  # fmt: skip


def test_no_message_holds_a_name_or_what_somebody_is_held_for(desk: Desk) -> None:
    desk.press()
    desk.after(0, desk.accepted(1))
    text = json.dumps(desk.hook.taken[0].body, ensure_ascii=False)
    for word in ("criminal", "summons", "传唤", "C-1", "case"):
        assert word not in text.replace("caseward", "")


@pytest.mark.parametrize("trouble", ["refuse", "hang", "redirect"])
def test_a_receiver_that_does_not_take_it_gets_it_again_with_the_reason_and_holds_up_no_other_step(
    desk: Desk, trouble: str
) -> None:
    desk.start(timeout_s=0.5 if trouble == "hang" else 30)
    desk.hook.mode = trouble
    desk.press()
    desk.after(0, lambda: len(desk.log("notification.failed")) >= 2)
    desk.after(30, desk.accepted(1))
    assert desk.mailbox.mails, "the next step waited for a receiver that is dead"
    desk.hook.mode = "accept"
    desk.after(0, desk.accepted(2))
    tries = [t.body["data"] for t in desk.hook.taken]
    assert len({t.id for t in desk.hook.taken}) == 1
    assert [t["because"] for t in tries] == ["first"] + ["failed"] * (len(tries) - 1)
    assert [t["attempt"] for t in tries] == list(range(1, len(tries) + 1))


def test_after_a_restart_a_message_of_which_nobody_knows_goes_out_again_and_says_so_once(desk: Desk) -> None:
    alarm = desk.press()
    desk.hook.mode = "slow"
    desk.after(0, lambda: bool(desk.hook.taken))  # it is under way; then the process is gone
    desk.restart()
    desk.hook.mode = "accept"
    desk.after(0, desk.accepted(1))
    desk.after(20)
    mine = [t.body["data"] for t in desk.hook.taken if t.body["data"]["alarm"] == alarm]
    assert [t["because"] for t in mine] == ["first", "unknown"]
    assert len({t.id for t in desk.hook.taken}) == 1
    desk.restart()
    desk.after(5)
    assert len(desk.hook.taken) == 2, "told again although it was accepted"
    desk.after(5, desk.accepted(2))
    assert [w for w, _ in desk.log("alarm.called")] == ["alarm.called"] * 2


def test_a_step_that_fell_due_while_the_server_was_dead_is_called_at_its_start(desk: Desk) -> None:
    desk.press()
    desk.after(0, desk.accepted(1))
    desk.kit.close()
    desk.kit.clock.at_us += 2 * MINUTE_US
    desk.kit.start()
    desk.start()
    desk.after(0, desk.accepted(3))
    assert [d["step"] for _, d in desk.log("alarm.called")] == [1, 2, 3]


def test_an_answer_given_while_the_server_was_dead_calls_nobody(desk: Desk) -> None:
    alarm = desk.press()
    desk.hook.mode = "refuse"
    desk.after(0, lambda: len(desk.log("notification.failed")) >= 1)
    for thread in threading.enumerate():
        if thread.name.startswith("caseward-to-"):
            thread.join(60)
    desk.kit.close()
    desk.kit.start()
    desk.kit.gateway.fact("alarm.acknowledged", desk.kit.clock.at_us, alarm=alarm, officer="1002")
    desk.deliver()
    desk.start()
    before = len(desk.hook.taken)
    desk.after(300)
    assert len(desk.hook.taken) == before
    assert desk.log("notification.answered")[0][1]["answer"] == "acknowledged"


def test_what_becomes_graver_while_nobody_has_answered_goes_on_its_way_as_what_it_is_now(desk: Desk) -> None:
    """The same person: S3, which these steps tell nobody, becomes S2, of which the shift leader hears too."""
    begun_us, kit = desk.kit.clock.at_us, desk.kit
    kit.gateway.fact("person.arrived", begun_us, stay="S-9")
    kit.gateway.deadline(begun_us + 5 * MINUTE_US)
    desk.deliver()
    (alarm,) = [one.id for one in kit.state.open_alarms() if one.stay == "S-9"]
    desk.after(300)
    assert [run["severity"] for run in kit.station.calls.of_alarm("a1", alarm)[0]] == ["S3"]
    kit.gateway.deadline(begun_us + 15 * MINUTE_US)
    desk.deliver()
    desk.after(600)
    runs, deliveries = kit.station.calls.of_alarm("a1", alarm)
    assert [(run["number"], run["severity"]) for run in runs] == [(1, "S2")]
    assert {row["receiver"] for row in deliveries} == {"page", "hook", "mail"}


def test_what_becomes_graver_after_it_was_acknowledged_is_called_about_anew_until_it_is_answered_again(
    desk: Desk,
) -> None:
    """Brought in and not taken into the area: S3 after five minutes, which these steps tell nobody, S2 after fifteen."""
    begun_us, kit = desk.kit.clock.at_us, desk.kit

    def called() -> list[tuple[int, str, bool]]:
        """Each way up for it: its number, how grave, whether somebody has answered."""
        runs, deliveries = kit.station.calls.of_alarm("a1", alarm)
        assert {row["run"] for row in deliveries} <= {2}, "S3 is told nobody"
        return [(run["number"], run["severity"], run["answered_us"] is not None) for run in runs]

    kit.gateway.fact("person.arrived", begun_us, stay="S-9")
    kit.gateway.deadline(begun_us + 5 * MINUTE_US)
    desk.deliver()
    (alarm,) = [one.id for one in kit.state.open_alarms() if one.stay == "S-9"]
    desk.after(300)
    kit.gateway.fact("alarm.acknowledged", kit.clock.at_us, alarm=alarm, officer="1002")
    desk.deliver()
    desk.after(1)
    assert called() == [(1, "S3", True)]
    kit.gateway.deadline(begun_us + 15 * MINUTE_US)
    desk.deliver()
    desk.after(599)
    assert called() == [(1, "S3", True), (2, "S2", False)]
    kit.gateway.fact("alarm.taken", kit.clock.at_us, alarm=alarm, officer="1002")
    desk.deliver()
    desk.after(3_600)
    assert called() == [(1, "S3", True), (2, "S2", True)]


@pytest.mark.parametrize("becomes", ["recorded", "refused"])
def test_who_takes_an_alarm_of_a_gateway_that_is_not_heard_has_answered_unless_its_log_says_otherwise(
    desk: Desk, becomes: str
) -> None:
    alarm = desk.press()
    desk.after(0, desk.accepted(1))
    desk.kit.state.tick(desk.kit.clock.now(), 5.0)  # five seconds without a heartbeat
    receipt = desk.kit.station.submit("a1", "alarm.taken", {"alarm": alarm}, DUTY)
    assert receipt.is_area_away
    desk.after(1)
    assert desk.log("notification.answered") == [
        ("notification.answered", {"run": 1, "answer": "taken", "steps": 1})
    ]
    desk.restart()
    desk.kit.state.tick(desk.kit.clock.now(), 6.0)
    desk.after(600)
    assert len(desk.log("alarm.called")) == 1, "the next step was called although a human has it"
    desk.kit.beat(7.0)  # it is back, and takes the fact a moment later
    desk.after(1)
    officer = "1001" if becomes == "recorded" else "nobody"
    desk.kit.gateway.fact(
        "alarm.taken", desk.kit.clock.at_us, fact_id=receipt.id, alarm=alarm, officer=officer
    )
    desk.deliver()
    desk.after(1)
    assert [told["run"] for _, told in desk.log("alarm.called")] == ([1] if becomes == "recorded" else [1, 2])


def test_an_open_page_of_the_post_takes_what_it_shows(desk: Desk) -> None:
    desk.press()
    desk.after(0, desk.accepted(1))
    with desk.kit.station.watchers.watching({"duty_officer", "case_officer"}):
        desk.after(1, desk.accepted(2))
    assert {d["receiver"] for _, d in desk.log("notification.accepted")} == {"hook", "page"}
    assert not desk.kit.station.watchers.is_open({"duty_officer"})


def test_a_log_that_is_still_being_read_calls_nobody_about_what_may_be_long_over_but_not_for_ever(
    desk: Desk,
) -> None:
    desk.press()
    desk.kit.beat(0.0, size=10_000)
    desk.after(1)
    assert desk.log("alarm.called") == []
    later = desk.notifier._steady_s
    desk.notifier._steady_s = lambda: later() + 21
    desk.after(1)
    assert len(desk.log("alarm.called")) == 1, (
        "a gateway that says it has more to tell keeps everybody asleep"
    )


def test_a_receiver_that_fails_for_long_is_an_alarm_itself_and_is_over_when_it_works_again(
    desk: Desk,
) -> None:
    desk.hook.mode = "refuse"
    desk.press()
    desk.after(0, lambda: len(desk.log("notification.failed")) >= 1)
    later = desk.notifier._steady_s
    desk.notifier._steady_s = lambda: later() + 301
    desk.after(1)
    (alarm,) = [a for a in desk.kit.state.open_alarms() if a.variant == "receiver"]
    assert alarm.params["receiver"] == "hook"
    assert alarm.is_active
    desk.hook.mode = "accept"
    desk.after(0, desk.accepted(1))
    desk.after(0)
    assert not next(a for a in desk.kit.state.open_alarms() if a.variant == "receiver").is_active
