"""docs/notify.md: its configurations are taken by the programs, and its receiver takes what the server signs."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

from caselog.keys import SoftKey
from caseserver import watchdog
from caseserver.notify import signing
from caseserver.notify_settings import MailReceiver, WebhookReceiver
from caseserver.settings import load_settings
from tests.tools.receivers import SECRET, SECRET_TEXT
from tests.tools.tree import ROOT

PAGE = (ROOT / "docs" / "notify.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def test_the_configurations_of_the_page_are_taken(tmp_path: Path) -> None:
    server, dog, ghost = blocks("toml")
    (tmp_path / "server.toml").write_text(f"{server}\n{ghost}", encoding="utf-8")
    notify = load_settings(tmp_path).notify
    assert isinstance(notify.receivers["desk-phone"], WebhookReceiver)
    assert isinstance(notify.receivers["leader"], MailReceiver)
    assert notify.ghost is not None
    assert [step.post for step in notify.steps] == ["duty_officer", "shift_leader"]
    file = tmp_path / "watchdog.toml"
    file.write_text(dog.replace("<keys/server.pub of the server, 64 hex digits>", "0" * 64), encoding="utf-8")
    assert watchdog.load(file).silent_s == 60


def test_the_receiver_of_the_page_takes_what_the_server_signs_and_nothing_else() -> None:
    (program,) = blocks("python")
    names: dict[str, Any] = {}
    exec(compile(program, "docs/notify.md", "exec"), names)
    body = b'{"type":"alarm.called"}'
    sent = signing.headers("0" * 32, int(time.time()), body, SoftKey.generate(), SECRET)
    assert names["is_ours"](SECRET_TEXT, sent, body)
    assert not names["is_ours"](SECRET_TEXT, sent, body + b" ")
    assert not names["is_ours"](SECRET_TEXT, sent | {"webhook-timestamp": str(int(time.time()) - 400)}, body)
