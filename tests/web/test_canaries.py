"""Names, passwords and tokens planted wherever somebody can type: no log line, message, file, leaf or redirect holds one."""

from __future__ import annotations

import ast
import re
import time
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
import structlog

from caseserver import logs, totp
from caseserver.logs import FIELD_CHARS_MAX, bounded
from tests.server.markers import traces, traces_of
from tests.web import day
from tests.web.conversation import client_of, entries, token
from tests.web.house import PASSWORD, House
from tests.web.screenshots import accounts

NAME, NUMBER, WRONG = "欧阳试验", "11010119900307851X", "wrong-horse-staple-canary"
OWN, PIN = "own-horse-staple-canary", "271828"
ALONE = re.compile(rb"(?<![0-9A-Fa-f.])271828(?![0-9A-Fa-f])")
"""The PIN, and not six digits of a hash or an instant."""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    made = House(tmp_path_factory.mktemp("canaries"), day.START)
    accounts(made)
    made.account("0800", "system_administrator")
    day.busy(made)
    yield made
    made.close()


def typed_everywhere(house: House) -> tuple[list[str], list[Any]]:
    """(what must be found nowhere, every answer)."""
    duty, reader, admin = (client_of(house, number) for number in ("0312", "0200", "0800"))
    csrf, answers = token(duty), []
    headers = {"x-csrf-token": csrf}
    for client in (duty, client_of(house)):
        answers += [
            client.post("/sign-in", data={"badge": NAME, "password": WRONG}),
            client.post("/api/session", json={"number": NAME, "password": WRONG, "code": NUMBER}),
        ]
    for path in (
        "/stays/a1/{}",
        "/alarms/a1/{}",
        "/api/alarms/{}/x/history",
        "/api/alarms/a1/{}/cap",
        "/api/log/{}",
        "/stays?x={}",
    ):
        answers.append(duty.get(path.format(NAME)))
    answers += [
        reader.get("/own-log", params={"words": NAME, "action": NUMBER}),
        duty.post("/people", data={"csrf": csrf, "text": NAME}),
        duty.post(f"/areas/{NAME}/walk/{NUMBER}", data={"csrf": csrf}),
        duty.post(f"/stays/a1/{NAME}/band", data={"csrf": csrf, "band": NUMBER}),
        duty.post("/stays/a1/0420/band", data={"csrf": csrf, "band": NAME}),
        duty.post("/stays/new", data={"csrf": csrf, "stay": NAME, "case": NUMBER, "measure": NAME}),
        duty.post("/stays/a1/0403/record/person.flagged", data={"csrf": csrf, "flag": NAME}),
        duty.post("/api/areas/a1/facts", json={"type": NAME, "body": {NAME: NUMBER}}, headers=headers),
        duty.post(
            f"/api/areas/{NAME}/facts", json={"type": "meal.offered", "body": {NAME: 1}}, headers=headers
        ),
        duty.post(
            "/api/areas/a1/facts", json={"type": "meal.offered", "body": {NAME: NUMBER}}, headers=headers
        ),
        admin.post("/accounts/changes", data={"csrf": token(admin), "kind": NAME, "subject": NUMBER}),
        duty.post("/account/password", data={"csrf": csrf, "password": WRONG, "new": OWN, "again": OWN}),
        duty.post("/account/pin", data={"csrf": csrf, "pin": PIN, "again": PIN, "password": WRONG}),
        duty.post("/account/pin", data={"csrf": csrf, "pin": PIN, "again": PIN, "password": PASSWORD}),
        duty.post(
            "/account/tokens",
            data={"csrf": csrf, "label": "x", "scopes": NAME, "days": NAME, "password": WRONG},
        ),
    ]
    secret = house.program.factors.offer("0200")
    assert secret is not None
    codes = house.program.factors.confirm("0200", totp.code(secret, totp.step_of(time.time())))
    assert codes is not None
    bearer = house.program.tokens.make("0312", "t", ["areas"], 1)[1]
    house.program.accounts.set_password("0007", OWN)
    answers.append(duty.get("/api/areas", headers={"authorization": f"Bearer {bearer}"}))
    markers = [
        NAME,
        NUMBER,
        WRONG,
        OWN,
        bearer,
        duty.cookies["caseward_session"],
        totp.written(secret).replace(" ", ""),
        *codes,
    ]
    return markers, answers


def test_nothing_that_was_typed_or_is_secret_is_in_any_log_message_file_or_leaf(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    messages: list[bytes] = []
    way_out = house.station._publish
    house.station.connect(lambda message: (messages.append(message.payload), way_out(message))[1])
    before = structlog.get_config()
    logs.configure("DEBUG")
    try:
        markers, answers = typed_everywhere(house)
    finally:
        structlog.configure(**before)
    said = capsys.readouterr()
    folder = Path(str(house.program.database.path)).parent
    assert house.program.pins.has("0312"), "the PIN was taken"
    files = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    told = [(said.err + said.out).encode(), *messages, house.station.log_bytes("gw-a1"), *files]
    assert [data for data in told if ALONE.search(data)] == []
    assert traces(markers, (said.err + said.out).encode()) == []
    assert traces(markers, b"\n".join(messages)) == []
    assert traces(markers, house.station.log_bytes("gw-a1")) == []
    assert traces(markers, repr(entries(house)).encode()) == []
    assert traces_of(markers, folder, folder.parent / f"{folder.name}-keys") == []
    refused = [answer for answer in answers if answer.status_code >= 400]
    assert len(refused) > 12
    locations = [answer.headers["location"] for answer in answers if "location" in answer.headers]
    assert traces(markers, "\n".join(locations).encode()) == []
    assert all(traces([WRONG, OWN], answer.content) == [] for answer in answers)


def test_a_field_of_a_log_line_is_bounded() -> None:
    assert len(bounded(None, "", {"error": "x" * 10_000})["error"]) == FIELD_CHARS_MAX + 1


def test_every_log_line_is_a_fixed_sentence() -> None:
    """What changes stands in a named field, never in the sentence."""
    levels = {"debug", "info", "warning", "error", "critical", "exception"}
    loose, found = [], 0
    for path in Path(str(resources.files("caseserver"))).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            if node.func.attr not in levels or not re.search(
                r"(_log|get_logger\(\))$", ast.unparse(node.func.value)
            ):
                continue
            found += 1
            if len(node.args) != 1 or not isinstance(node.args[0], ast.Constant):
                loose.append(f"{path.name}:{node.lineno}")
    assert loose == []
    assert found > 10
