"""An office for the pages about people: administrators, changes that wait, qualifications that run out, a token."""

from __future__ import annotations

from caseserver.accounts import Officer
from tests.web import day
from tests.web.house import HOUR, House

DAY = 24 * HOUR
QUALIFIED = (
    ("1187", "basic", -3), ("0921", "basic", 30), ("0312", "basic", 400), ("1203", "juvenile", 55), ("0100", "legal_exam", 900),
)  # fmt: skip
"""(officer, qualification, days until it runs out)."""
ADMINISTRATOR = frozenset({"system_administrator"})


def qualified(house: House) -> None:
    """Officers with what they are qualified for, and one with class hours."""
    gateway = house.gateways["a1"]
    for number, service, roles, sex in day.OFFICERS:
        gateway.say("officer.registered", day.START, officer=number, service=service, roles=roles, sex=sex)
    for number, kind, days in QUALIFIED:
        until_us = day.START + days * DAY
        gateway.say(
            "officer.qualified", day.START, by="server", officer=number, kind=kind, until_at_us=until_us
        )
    gateway.say("training.recorded", day.START, by="server", officer="0921", year=2025, hours=31)
    house.deliver()


def office(house: House) -> None:
    """The same with accounts and changes that wait for a second signature."""
    qualified(house)
    waiting(house)


def waiting(house: House) -> None:
    """Accounts in units and shifts, changes that wait for a second signature, a token."""
    for number in ("0800", "0801"):
        house.account(number, "system_administrator")
    accounts, changes = house.program.accounts, house.program.changes
    for number, unit, shift in (
        ("0312", "城东派出所", "甲班"),
        ("0100", "法制大队", "日班"),
        ("0901", "城东派出所", "乙班"),
    ):
        accounts.place(number, unit, shift)
    first, second = Officer("0800", ADMINISTRATOR), Officer("0801", ADMINISTRATOR)
    done = changes.ask("account.add", "1340", {"roles": ["case_officer"], "unit": "城东派出所"}, first)
    changes.sign(done, second)
    changes.ask("account.roles", "0312", {"roles": ["duty_officer", "keeper"], "shift": "乙班"}, first)
    changes.ask("account.password", "0007", {}, second)
    house.program.tokens.make("0312", "指挥中心大屏", ["alarms", "areas"], 90)
