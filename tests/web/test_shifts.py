"""A shift of each role in Chromium, by the pages' own links and buttons alone, in Chinese and in English.

What each page is looked at for: tests/web/walking.py. What a role may not do is not offered to it.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from caselog import canonical
from caselog.bundle import encode
from custody.vocabulary import ROLES
from tests.tools.tree import ROOT
from tests.web import counting, day, staff, store
from tests.web.guarded import Guarded, secret_of
from tests.web.house import PASSWORD, SECOND
from tests.web.screenshots import accounts, browser
from tests.web.walking import NAMES, Walker

pytestmark = pytest.mark.browser

MORE = {
    "0313": "duty_officer", "1187": "case_officer", "1203": "case_officer", "0866": "guard", "0700": "station_leader",
    "0710": "inspector", "0720": "procuratorate", "0730": "county_head", "0731": "county_duty_head", "0732": "station_head",
    "0740": "superintendent", "0750": "court",
}  # fmt: skip
BOTH = pytest.mark.parametrize("language", ["zh", "en"])
RESTRICTED = ("/stays/new", "/own-log", "/accounts", "/officers", "/walk", "/people")
"""Pages behind a role, whose links stand in the bar, on the wall, in the list of people and on the proof's page."""


@dataclass
class Station:
    """The busy afternoon, served, and a browser in front of it."""

    house: Guarded
    address: str
    chrome: Browser

    def walker(self, badge: str, language: str) -> Walker:
        return Walker(self.chrome, self.address, badge, language)

    def recorder(self, what: str, recorder: str) -> None:
        """A recorder stops or starts in use; twenty seconds later that has its effect."""
        clock, gateway = self.house.clock, self.house.gateways["a1"]
        gateway.say(f"recorder.{what}", clock.now_us + SECOND, recorder=recorder)
        clock.tell(clock.now_us + 20 * SECOND)
        self.house.deliver()

    def newest(self) -> tuple[str, str | None]:
        """Type and stay of the newest fact in the gateway's log."""
        log = self.house.gateways["a1"].log
        leaves = [canonical.loads(leaf) for leaf in log.leaves(max(0, log.size - 50), 50, 1_000_000)]
        fact = [leaf for leaf in leaves if leaf["class"] == "fact"][-1]
        return fact["type"].partition("/")[0], fact["stay"]

    def break_line(self, number: int) -> None:
        """The line of a door contact of node 3 opens, and stays so."""
        gateway = self.house.gateways["a1"]
        point = [p for p in gateway.area.points if p.node == "n3" and p.kind == "door_contact"][number]
        told: dict[str, Any] = {"node": "n3", "point": point.point, "of": point.of, "trouble": "line_open"}
        gateway.say("point.troubled", self.house.clock.now_us + SECOND, by="node", source="n3", **told)
        self.house.clock.tell(self.house.clock.now_us + 20 * SECOND)
        self.house.deliver()


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    with browser() as found:
        yield found


@pytest.fixture(scope="module")
def station(tmp_path_factory: pytest.TempPathFactory, chrome: Browser) -> Iterator[Station]:
    house = Guarded(tmp_path_factory.mktemp("shifts"), day.START)
    house.guard()
    counting.begin(house)
    accounts(house)
    for number, role in MORE.items():
        house.account(number, role)
    day.busy(house)
    for number, role in {**MORE, "0200": "supervisor", "0901": "area_administrator"}.items():
        house.gateways["a1"].say(
            "officer.registered", house.clock.now_us, officer=number, service="sworn", roles=[role]
        )
    staff.waiting(house)
    house.station.connect(counting.Counting(house).take)
    house.deliver()
    with house.served() as address:
        yield Station(house, address, chrome)
    house.close()


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[store.Store, str]]:
    made = store.play(tmp_path_factory.mktemp("store"))
    with made.house.served() as address:
        yield made, address
    made.house.close()


# ---------------------------------------------------------------- the desk


NEWLY_TOLD = """() => {
  const said = document.querySelector("[data-told=urgent]").innerText;
  const cards = [...document.querySelectorAll(".alarm[data-tell][data-alarm*='/M4/']")];
  return cards.map((card) => card.dataset.tell).find((told) => said.includes(told));
}"""
"""What was said of a recorder: others may be told in the same breath."""


@pytest.mark.parametrize(
    ("language", "badge", "next_badge", "recorder"),
    [("zh", "0312", "0313", "rec-interrogation-1"), ("en", "0313", "0312", "rec-interview-1")],
)
def test_a_duty_officer_takes_over_answers_an_alarm_and_hands_over(
    station: Station, language: str, badge: str, next_badge: str, recorder: str
) -> None:
    walker = station.walker(badge, language)
    walker.enter()
    walker.follow("a[href='/duty']")
    if walker.offers("form[action='/duty/duty_officer/take']"):
        walker.press("form[action='/duty/duty_officer/take'] button")
    walker.press("button[name=heard][value=yes]")
    walker.follow("a.back")
    station.recorder("stopped", recorder)
    told = walker.page.wait_for_function(NEWLY_TOLD).json_value()
    walker.follow(f".alarm[data-tell='{told}'] a")
    alarm = walker.page.url.removeprefix(station.address)
    walker.press("button.take")
    assert badge in walker.shown(".takenby")
    walker.page.locator(".chip:has(input[name=cause])").first.click()
    walker.page.locator(".chip:has(input[name=action])").first.click()
    walker.press(".handle button.send")
    assert walker.offers(".hero.wait")
    station.recorder("started", recorder)
    assert not walker.offers("form[action$='/verify']"), "who rectified it does not verify it"
    walker.follow("nav a[href='/duty']")
    walker.page.fill("input[name=to]", next_badge)
    walker.press("form[action='/duty/duty_officer/offer']:has(input[name=to]) button")
    assert next_badge in walker.shown(".offered")
    other = station.walker(next_badge, "en" if language == "zh" else "zh")
    other.enter()
    other.follow("a[href='/duty']")
    other.press("form[action='/duty/duty_officer/take'] button")
    assert next_badge in other.shown(".who-on")
    other.follow(f".openlist a[href='{alarm}']")
    other.press("form[action$='/verify'] button")
    assert not other.offers(".hero.wait")
    other.close()
    walker.follow("nav a[href='/alarms']")
    assert walker.offers(f".facts a[href='{alarm}']")
    walker.press("form.who button")
    walker.close()


@BOTH
def test_a_case_officer_registers_a_person_and_does_what_the_rules_ask_for(
    station: Station, language: str
) -> None:
    stay = {"zh": "0431", "en": "0432"}[language]
    walker = station.walker("1187", language)
    walker.enter()
    walker.follow("a.tool[href='/stays/new']")
    walker.page.fill("#f-stay", stay)
    walker.page.locator(".chip:has(input[value=criminal_summons])").click()
    walker.page.fill("#f-case", f"c-{stay}")
    walker.page.fill("#f-arrived", "23:59")
    walker.page.locator(".chip:has(input[name=sex][value=M])").click()
    walker.press("main .strong", expected=422)
    assert walker.page.input_value("#f-case") == f"c-{stay}"
    walker.page.fill("#f-arrived", "")
    walker.press("main .strong")
    walker.follow(".receipt a")
    walker.page.fill("#f-band", f"B{stay}")
    walker.press("main form .strong")
    walker.follow(".receipt a")  # the search is next
    walker.follow(f"main a[href='/stays/a1/{stay}']")
    walker.follow(".duties a[href$='/record']")
    walker.follow("a[href*='/record/rights.told']")
    walker.press("main form .strong")
    walker.follow(".receipt a")
    walker.follow("nav a[href='/stays']")
    walker.follow(f"a[href='/stays/a1/{stay}']")
    walker.follow(".duties a[href$='/person']")
    walker.page.fill("#f-name", f"Wang {stay}")
    walker.press("form.particulars .strong")
    walker.follow("nav a[href='/stays']")
    walker.follow("a[href='/people']")
    walker.page.fill("#f-text", f"Wang {stay}")
    walker.press(".findform .strong")
    walker.follow(f"table a[href^='/stays/a1/{stay}']")
    walker.follow("nav a[href='/record']")
    walker.follow("a[href$='/item.seized']")
    walker.close()


def test_a_guard_records_care(station: Station) -> None:
    walker = station.walker("0866", "zh")
    walker.enter()
    assert not walker.offers("a[href='/stays/new']")
    walker.follow(".rows a[href='/stays/a1/0414']")
    walker.follow(".duties a[href$='/record']")
    walker.follow("a[href*='/record/meal.offered']")
    walker.press("main form .strong")
    walker.follow(".receipt a")
    walker.switch("en")
    walker.follow("nav a[href='/stays']")
    assert not walker.offers("main a[href='/people']")
    walker.close()


# ---------------------------------------------------------------- heads and those who check


@pytest.mark.parametrize(("language", "stay"), [("zh", "0403"), ("en", "0414")])
def test_a_head_approves_an_extension(station: Station, language: str, stay: str) -> None:
    walker = station.walker("0007", language)
    walker.enter()
    walker.follow(f".rows a[href='/stays/a1/{stay}']")
    walker.follow(".duties a[href$='/extension']")
    walker.page.locator(".chip:has(input[name=limit])").first.click()
    walker.page.locator(".chip:has(input[name=ground])").first.click()
    walker.press("main form .strong")
    walker.follow(".receipt a")
    assert station.newest() == ("extension.approved", stay), "it is in the log"
    walker.close()


@BOTH
def test_a_legal_reviewer_asks_what_if_and_takes_a_bundle_that_a_stranger_can_check(
    station: Station, language: str, tmp_path: Path
) -> None:
    walker = station.walker("0100", language)
    walker.enter()
    walker.follow(".rows a[href='/stays/a1/0409']")
    walker.follow(".duties a[href$='/bundle']")
    walker.page.fill("#f-reason", "letter 12")
    taken = walker.fetch("main form .strong")
    taken.save_as(tmp_path / "one.bundle")
    key = station.house.gateways["a1"].signer.key.public
    found = subprocess.run(
        [sys.executable, "-I", ROOT / "server/verify/verify.py", tmp_path / "one.bundle", "--log-key", encode(key), "--lang", language],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert found.returncode == 0, found.stdout + found.stderr
    walker.follow("nav a[href='/rules']")
    walker.follow("a[href^='/whatif']")
    walker.close()


def test_a_supervisor_reads_what_was_read_and_how_loud_the_alarms_are(station: Station) -> None:
    walker = station.walker("0200", "en")
    walker.enter()
    walker.follow("a[href='/witness']")
    walker.follow("a[href='/own-log']")
    walker.follow("nav a[href='/alarms']")
    walker.follow("a[href='/alarms/rates']")
    walker.back()
    walker.switch("zh")
    walker.follow("nav a[href='/coverage']")
    walker.follow("a[href^='/blind']")
    walker.follow("nav a[href='/accounts']")
    assert not walker.offers("form[action='/accounts/changes']")
    walker.follow("a[href='/officers']")
    walker.close()


def test_a_station_leader_takes_a_faulty_source_out_of_service_and_back(station: Station) -> None:
    station.break_line(0)
    walker = station.walker("0700", "en")
    walker.enter()
    walker.follow("a[href='/stays']")
    walker.follow("nav a[href='/alarms']")
    walker.follow(".alarms a[href*='~PT~line']")
    walker.page.locator("details.aside summary").click()
    out = walker.page.locator("form[action$='/out-of-service']")
    out.locator(".chip").first.click()
    out.locator(".chip:has(input[name=reason])").first.click()
    walker.press("form[action$='/out-of-service'] button")
    assert not walker.offers("form[action$='/out-of-service']"), "it is out of service"
    walker.switch("zh")
    walker.follow("nav a[href='/alarms']")
    walker.follow(".alarms a[href*='~PT~line']")
    walker.press("form[action$='/in-service'] button")
    assert not walker.offers("form[action$='/in-service']"), "it is in service again"
    walker.follow("nav a[href='/accounts']")
    walker.follow("a[href='/officers']")
    walker.close()


def test_an_inspector_reads_and_states_nothing(station: Station) -> None:
    walker = station.walker("0710", "zh")
    walker.enter()
    walker.follow(".rows a[href='/stays/a1/0412']")
    assert walker.page.locator("main form").count() == 0
    walker.follow(".duties a[href$='/record']")
    assert not walker.offers("main li a"), "no form is offered"
    walker.switch("en")
    walker.follow("nav a[href='/alarms']")
    walker.follow(".alarms a[href^='/alarms/a1/']")
    assert not walker.offers("main button[class=take], .handle button.send:enabled")
    walker.follow("nav a[href='/stays']")
    walker.follow("a[href='/people']")
    walker.page.fill("#f-text", "nobody at all")
    walker.press(".findform .strong")
    assert walker.offers("main [role=status]")
    walker.close()


@pytest.mark.parametrize("badge", ["0720", "0730", "0731", "0732", "0740", "0750"])
def test_others_read_the_wall_a_stay_and_what_is_theirs_in_one_language_and_the_other(
    station: Station, badge: str
) -> None:
    walker = station.walker(badge, "zh")
    walker.enter()
    assert not any(walker.offers(f"a[href='{path}']") for path in RESTRICTED)
    walker.follow(".rows a[href='/stays/a1/0418']")
    walker.follow(".duties a[href$='/record']")
    walker.switch("en")
    walker.follow("nav a[href='/alarms']")
    walker.follow("a.back")
    walker.close()


# ---------------------------------------------------------------- administrators


def test_an_area_administrator_walks_the_points_leads_the_shift_and_makes_a_token(station: Station) -> None:
    walker = station.walker("0901", "en")
    walker.enter()
    walker.follow("nav a[href='/duty'], .shift a[href='/duty']")
    if walker.offers("form[action='/duty/shift_leader/take']"):
        walker.press("form[action='/duty/shift_leader/take'] button")
    walker.follow("nav a[href='/walk']")
    walker.follow("nav a[href='/officers']")
    walker.follow("form.who a[href='/account']")
    walker.page.fill("#tl", "command centre")
    walker.page.locator(".chip:has(input[name=scopes])").first.click()
    walker.page.fill("#tp", "wrong, on purpose")
    walker.press("form[action='/account/tokens'] .strong", expected=409)
    walker.page.fill("#tl", "command centre")
    walker.page.locator(".chip:has(input[name=scopes])").first.click()
    walker.page.fill("#tp", PASSWORD)
    walker.press("form[action='/account/tokens'] .strong")
    assert walker.shown("code.token").startswith("caseward-")
    walker.switch("zh")
    walker.follow("a[href$='?theme=night']")
    assert walker.page.evaluate("document.documentElement.dataset.theme") == "night"
    walker.close()


def test_two_administrators_make_an_account_each_with_a_second_factor(station: Station) -> None:
    secrets = {}
    for badge, language, number in (("0800", "zh", "1501"), ("0801", "en", "1502")):
        walker = station.walker(badge, language)
        walker.enter()
        secrets[badge] = secret_of(walker.page.content())
        walker.page.fill("#code", "000000")
        walker.press("main form .strong", expected=401)
        walker.page.fill("#code", station.house.code_at(secrets[badge]))
        walker.press("main form .strong")
        assert walker.page.locator(".codes li").count() == 10
        walker.follow("main .strong")
        walker.follow("a[href='/stays']")
        assert not walker.offers("main a[href='/people']")
        walker.follow("nav a[href='/accounts']")
        if badge == "0801":
            walker.press("tr:has-text('1501') button[value=sign]")
            assert walker.offers("code.token"), "the password of the new account, this once"
        walker.page.fill("#ps", number)
        walker.page.locator(".chip:has(input[value=guard])").last.click()
        walker.press("form.card .strong")
        assert not walker.offers(f"tr:has-text('{number}') button[value=sign]"), "who asked does not sign"
        walker.follow("form.who a[href='/account']")
        walker.press("form.who button")
        walker.close()
    station.house.now_s += 60
    again = station.walker("0800", "en")
    again.enter(lambda: station.house.code_at(secrets["0800"]))
    again.follow("a[href='/stays']")
    again.follow("nav a[href='/accounts']")
    again.press("tr:has-text('1502') button[value=sign]")
    again.close()


def test_wrong_passwords_lock_the_account_and_the_page_says_for_how_long(station: Station) -> None:
    walker = station.walker("1203", "en")
    walker.page.goto(f"{station.address}/stays")
    for _ in range(6):
        walker.page.fill("#badge", "1203")
        walker.page.fill("#password", "never his")
        walker.press("main form .strong", expected=401)
    assert "5 m 0" in walker.shown(".refusal")
    walker.close()


def test_a_session_that_ended_asks_again_and_goes_on_where_it_was(station: Station) -> None:
    walker = station.walker("1187", "zh")
    walker.enter()
    walker.follow("a[href='/stays']")
    walker.context.clear_cookies(name="caseward_session")
    walker.follow("a[href='/stays/a1/0409']")
    walker.page.fill("#badge", "1187")
    walker.page.fill("#password", PASSWORD)
    walker.press("main form .strong")
    assert walker.page.url.endswith("/stays/a1/0409")
    walker.close()


# ---------------------------------------------------------------- the store


@pytest.mark.parametrize(
    ("language", "item", "words"),
    [("zh", "x-5e3f", ""), ("en", "x-6a20", "账本 三册")],
)
def test_a_loan_is_approved_the_keeper_lends_takes_back_counts_and_prints(
    kept: tuple[store.Store, str], chrome: Browser, language: str, item: str, words: str
) -> None:
    head = Walker(chrome, kept[1], "0007", language)
    head.enter()
    head.follow("a[href='/stays']")
    head.follow("nav a[href='/property']")
    head.follow("a.cell[href$='q=P-4']")
    head.follow(f"a[href='/areas/a1/items/{item}']")
    head.follow("a[href*='/item.borrow_approved?']")
    head.page.fill("#f-borrower", "0921")
    head.page.locator(".chip:has(input[name=purpose])").first.click()
    head.page.fill("#f-return_by_at_us", "3-20 12:00")
    head.press("main form .strong")
    head.follow(".receipt a")
    head.close()
    walker = Walker(chrome, kept[1], "0540", language, names=NAMES | set(words.split()))
    walker.enter()
    walker.follow("a[href='/stays']")
    walker.follow("nav a[href='/property']")
    walker.follow("a.cell[href$='q=P-4']")
    walker.follow(f"a[href='/areas/a1/items/{item}']")
    walker.press("form.show button")
    for fact in ("item.taken_out", "item.lent", "item.given_back", "item.stored"):
        walker.follow(f"a[href*='/{fact}?']")
        _fill(walker, fact)
        walker.press("main form .strong")
        walker.follow(".receipt a")
        assert walker.page.url.endswith(f"/items/{item}")
    walker.follow(".item-now a[href*='/papers']")
    walker.page.locator(".chip:has(input[name=paper])").first.click()
    assert walker.fetch(".paperform .strong").suggested_filename.endswith(".pdf")
    walker.follow(".tabs a[href$='/items']")
    assert walker.fetch("a[href*='/sheet']").suggested_filename.endswith(".xlsx")
    walker.follow(".tabs a[href$='/overdue']")
    walker.follow(".tabs a[href$='/counts']")
    walker.follow("a[href*='/count.started']")
    walker.page.fill("#f-stocktaking", f"st-{language}")
    walker.page.locator(".chip:has(input[value=exhibits-1])").click()
    walker.page.fill("#f-counter", "0541")
    walker.press("main form .strong")
    walker.follow(".receipt a")
    for one in ("x-2b11", "x-5e3f", "x-6a20"):
        walker.follow(f"a[href*='/item.counted?stocktaking=st-{language}']")
        walker.page.fill("#f-item", one)
        walker.page.locator(f".chip:has(input[name=found][value={'no' if one == item else 'yes'}])").click()
        walker.press("main form .strong")
        walker.follow(".receipt a")
    walker.follow(f"a[href*='/count.ended?stocktaking=st-{language}']")
    walker.page.fill("#f-missing", "1")
    walker.press("main form .strong")
    walker.follow(".receipt a")
    assert walker.offers(f"section:has(#s-st-{language}) .c-missing a[href$='{item}']")
    walker.follow(".tabs a[href$='/clearup']")
    walker.close()


def _fill(walker: Walker, fact: str) -> None:
    """What a keeper has to add to what the form knows already."""
    page = walker.page
    if fact == "item.lent":
        page.fill("#f-return_by_at_us", "3-20 12:00")
    if fact == "item.given_back":
        page.locator(".chip:has(input[name=state])").first.click()
    if fact == "item.stored":
        page.fill("#f-compartment", "P-4")
    for name in ("giver_signature", "taker_signature"):
        if page.locator(f"#f-{name}").count():
            page.fill(f"#f-{name}", sha256(f"{name} {fact}".encode()).hexdigest())


def test_every_role_has_its_shift() -> None:
    walked = {"duty_officer", "case_department_head", "legal_reviewer", "supervisor", "area_administrator",
              "system_administrator", "keeper", *MORE.values()}  # fmt: skip
    assert walked == set(ROLES)
