"""Accounts, changes that two sign, officers by expiry, the own account and tokens, over the real pages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.web import day, staff
from tests.web.conversation import client_of, entries, token
from tests.web.house import PASSWORD, House

ADMINISTRATORS = ("0800", "0801", "0802")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    made = House(tmp_path_factory.mktemp("people"), day.START)
    for number in ADMINISTRATORS:
        made.account(number, "system_administrator")
    for number in ("admin-1", "admin-2"):
        made.program.accounts.disable(number)
    made.account("0312", "duty_officer")
    made.account("0200", "supervisor")
    staff.qualified(made)
    yield made
    made.close()


def posted(client: TestClient, path: str, **values: Any) -> Any:
    return client.post(path, data={"csrf": token(client), **values})


def asked(house: House, by: str, **values: Any) -> str:
    """Id of a change that ``by`` asked for."""
    before = {change.id for change in house.program.changes.listed()}
    answer = posted(client_of(house, by), "/accounts/changes", **values)
    assert answer.status_code == 200, answer.text
    (new,) = {change.id for change in house.program.changes.listed()} - before
    return new


def row_of(house: House, number: str) -> Any:
    return next(row for row in house.program.accounts.rows() if row.number == number)


def test_one_administrator_asks_another_signs_and_the_password_is_shown_once(house: House) -> None:
    change = asked(
        house, "0800", kind="account.add", subject="0700", roles=["guard", "keeper"], unit="城东所", shift="B",
    )  # fmt: skip
    assert not house.program.accounts.is_known("0700"), "one signature makes nothing"
    same = posted(client_of(house, "0800"), f"/accounts/changes/{change}", act="sign")
    assert same.status_code == 409
    assert "提请人不能自己签署" in same.text
    before = house.program.own_log.size
    signed = posted(client_of(house, "0801"), f"/accounts/changes/{change}", act="sign")
    assert signed.status_code == 200
    password = re.search(r'class="token">([a-z0-9-]+)<', signed.text)
    assert password is not None
    assert house.program.accounts.sign_in("0700", password[1]).token is not None
    assert password[1] not in client_of(house, "0801").get("/accounts").text
    row = row_of(house, "0700")
    assert (row.roles, row.unit, row.shift) == (("guard", "keeper"), "城东所", "B")
    told = [(e["type"], e["body"]["officer"], e["body"]["subject"]) for e in entries(house, before)]
    assert ("account.added/1", "0800 and 0801", "0700") in told
    assert ("change.signed/1", "0801", "0700") in told
    again = posted(client_of(house, "0800"), f"/accounts/changes/{change}", act="sign")
    assert again.status_code == 409, "a change is carried out once"


def test_what_is_withdrawn_too_old_or_of_somebody_who_is_no_administrator_any_more_is_not_signed(
    house: House,
) -> None:
    gone = asked(house, "0800", kind="account.roles", subject="0312", roles=["duty_officer", "keeper"])
    assert posted(client_of(house, "0801"), f"/accounts/changes/{gone}", act="withdraw").status_code == 200
    assert posted(client_of(house, "0801"), f"/accounts/changes/{gone}", act="sign").status_code == 409
    old = asked(house, "0800", kind="account.roles", subject="0312", roles=["keeper"])
    now_us = house.clock.now().earliest_us
    house.clock.tell(now_us + 8 * staff.DAY)
    assert posted(client_of(house, "0801"), f"/accounts/changes/{old}", act="sign").status_code == 409
    house.clock.tell(now_us)
    mine = asked(house, "0802", kind="account.roles", subject="0312", roles=["keeper"])
    out = asked(house, "0800", kind="account.disable", subject="0802")
    assert posted(client_of(house, "0801"), f"/accounts/changes/{out}", act="sign").status_code == 200
    assert posted(client_of(house, "0801"), f"/accounts/changes/{mine}", act="sign").status_code == 409
    last = asked(house, "0800", kind="account.disable", subject="0801")
    answer = posted(client_of(house, "0801"), f"/accounts/changes/{last}", act="sign")
    assert answer.status_code == 409, "two administrators have to stay"
    assert row_of(house, "0312").roles == ("duty_officer",)
    assert not row_of(house, "0801").is_disabled


@pytest.mark.parametrize(
    "values",
    [
        {"kind": "account.add", "subject": "0312", "roles": ["guard"]},
        {"kind": "account.add", "subject": "no such number!", "roles": ["guard"]},
        {"kind": "account.add", "subject": "0999", "roles": []},
        {"kind": "account.add", "subject": "0999", "roles": ["king"]},
        {"kind": "account.roles", "subject": "0998", "roles": ["guard"]},
        {"kind": "account.crown", "subject": "0312"},
        {"kind": "rulebook.approve", "subject": "abc"},
        {},
    ],
)
def test_a_change_that_cannot_be_is_refused_before_anybody_is_asked(
    house: House, values: dict[str, Any]
) -> None:
    count = len(house.program.changes.listed())
    assert posted(client_of(house, "0800"), "/accounts/changes", **values).status_code == 409
    assert len(house.program.changes.listed()) == count


def test_nobody_else_asks_signs_or_sees_the_accounts(house: House) -> None:
    waiting = asked(house, "0800", kind="account.roles", subject="0312", roles=["keeper"])
    duty, supervisor = client_of(house, "0312"), client_of(house, "0200")
    assert duty.get("/accounts").status_code == 403
    seen = supervisor.get("/accounts")
    assert seen.status_code == 200
    assert 'action="/accounts/changes' not in seen.text
    for client in (duty, supervisor):
        for path in ("/accounts/changes", f"/accounts/changes/{waiting}"):
            values = {"kind": "account.roles", "subject": "0312", "roles": ["station_leader"], "act": "sign"}
            assert posted(client, path, **values).status_code == 403
    assert row_of(house, "0312").roles == ("duty_officer",)


def test_a_rulebook_text_is_approved_by_two_and_the_page_says_who(house: House) -> None:
    text = "a" * 64
    change = asked(house, "0801", kind="rulebook.approve", subject=text)
    assert posted(client_of(house, "0800"), f"/accounts/changes/{change}", act="sign").status_code == 200
    assert house.program.changes.approved()[text] == ("0801", "0800")
    assert "随程序发布" in client_of(house, "0200").get("/accounts").text


def test_officers_stand_in_the_order_in_which_their_qualifications_run_out(house: House) -> None:
    page = client_of(house, "0200").get("/officers?lang=en").text
    order = re.findall(r'<tr><td class="t"><b>(\d{4})</b>', page)
    assert order[:5] == ["1187", "0921", "1203", "0312", "0100"]
    assert "1 run out, 2 within 60 days" in page
    assert re.search(r'class="over">[^<]*Basic qualification 2026-03-15 · has run out', page)
    assert "2025: 31" in page
    assert client_of(house, "0312").get("/officers").status_code == 403


def test_a_token_made_on_the_page_reads_until_it_is_revoked_there(house: House) -> None:
    client = client_of(house, "0312")
    form = {"label": "案件系统", "scopes": ["areas"], "days": "30"}
    assert posted(client, "/account/tokens", **form, password="wrong").status_code == 409
    assert posted(client, "/account/tokens", **{**form, "days": "0"}, password=PASSWORD).status_code == 422
    made = posted(client, "/account/tokens", **form, password=PASSWORD)
    shown = re.search(r'class="token">(caseward-[A-Za-z0-9_-]+)<', made.text)
    assert shown is not None
    assert shown[1] not in client.get("/account").text
    program = TestClient(house.app, headers={"authorization": f"Bearer {shown[1]}"})
    assert program.get("/api/areas").status_code == 200
    assert program.get("/api/stays").status_code == 403
    (mine,) = house.program.tokens.listed("0312")
    assert posted(client_of(house, "0800"), "/account/tokens/revoke", token=mine.id).status_code == 409
    assert posted(client, "/account/tokens/revoke", token=mine.id).status_code == 200
    assert program.get("/api/areas").status_code == 401
    told = str(entries(house))
    assert "token.made/1" in told
    assert "案件系统" not in told, "what somebody typed is not in the log"


def test_a_password_is_changed_by_who_knows_it_and_every_session_ends(house: House) -> None:
    house.account("0600", "inspector")
    client, other = client_of(house, "0600"), client_of(house, "0600")
    new = "another good password"
    for present, first, second in (
        (PASSWORD, new, "other"),
        ("wrong", new, new),
        (PASSWORD, "short", "short"),
    ):
        answer = posted(client, "/account/password", password=present, new=first, again=second)
        assert answer.status_code in (409, 422)
    assert posted(client, "/account/password", password=PASSWORD, new=new, again=new).status_code == 303
    assert other.get("/account").status_code == 303
    assert house.program.accounts.sign_in("0600", new).token is not None
    third = TestClient(house.app, base_url="http://testserver", follow_redirects=False)
    third.post("/sign-in", data={"badge": "0600", "password": new})
    assert posted(third, "/account/sign-out-all").status_code == 303
    assert third.get("/account").status_code == 303
