"""Every page in Chromium under axe-core: nothing serious, in both languages, by day and night, wide and narrow."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.gateway.program import wait_for
from tests.web import axe, day, staff, store
from tests.web.house import PASSWORD, SECOND, House
from tests.web.screenshots import SIZES, accounts, alarm_path, browser, sign_in

pytestmark = pytest.mark.browser

PAGES = {
    "0312": [
        "/", "/alarms", "/alarms/rates", "/duty", "/stays", "/stays/new", "/stays/a1/0409", "/stays/a1/0420/band",
        "/stays/a1/0420/search", "/stays/a1/0403/release", "/stays/a1/0420/record", "/record", "/coverage", "/blind",
        "/stays/a1/0414/record/family.notified?of=summons", "/bands", "/areas/a1/bands", "/rules?letter=M", "/log/a1/12",
        "/account", "/account/second-factor", "/stays/a1/0409/person", "/people", "/nothing-here",
    ],
    "0007": ["/stays/a1/0403/extension", "/"],
    "0100": ["/whatif?from=cn-2012&to=cn-2026", "/stays/a1/0409/bundle"],
    "0200": ["/witness", "/own-log", "/officers"],
    "0800": ["/accounts"],
    "0901": ["/walk", "/areas/a1/walk", "/areas/a1/plan", "/areas/a1/plan/0"],
    "": ["/sign-in", "/sign-in/code"],
}  # fmt: skip


STORE = "/areas/a1/property"
STORE_PAGES = [
    STORE, f"{STORE}/items", f"{STORE}/items?q=nothing", f"{STORE}/overdue", f"{STORE}/counts", f"{STORE}/clearup",
    f"{STORE}/papers?case=c-7f3a&item=x-1f07", f"{STORE}/cases/c-7f3a", "/areas/a1/items/x-1f07", "/areas/a1/items/e-9100",
    "/record/a1/item.taken_out?item=x-2b11",
]  # fmt: skip


@pytest.fixture(scope="module")
def station(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The busy afternoon with an office of people."""
    made = House(tmp_path_factory.mktemp("accessible"), day.START)
    accounts(made)
    day.busy(made)
    staff.waiting(made)
    yield made
    made.close()


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    try:
        axe.source()
    except axe.NotToBeHadError as error:
        pytest.skip(str(error))
    with browser() as found:
        yield found


@pytest.fixture(scope="module")
def address(station: House) -> Iterator[str]:
    with station.served() as found:
        yield found


def _faults(page: Page, address: str, paths: list[str]) -> list[str]:
    """What axe says of the pages, each in the next language, theme and size."""
    found = []
    turns = cycle(
        [("zh", "day", ""), ("en", "night", ""), ("zh", "night", "-phone"), ("en", "day", "-tablet")]
    )
    for path, (language, theme, size) in zip(paths, turns, strict=False):
        width, height = SIZES[size]
        page.set_viewport_size({"width": width, "height": height})
        place = f"{address}{path}{'&' if '?' in path else '?'}lang={language}&theme={theme}"
        if path.startswith("/whatif"):  # until its answer is there this page asks for itself again
            wait_for("the answer", lambda at=place: "refresh" not in page.request.get(at).headers)
        page.goto(place)
        found += [
            f"{path} {language} {theme}{size}: {f['id']} {f['at'][:4]}: {f['why']}" for f in axe.grave(page)
        ]
    return found


@pytest.mark.parametrize("badge", PAGES)
def test_axe_finds_nothing_serious_on_any_page(
    chrome: Browser, address: str, station: House, badge: str
) -> None:
    context = chrome.new_context(locale="zh-CN")
    page = context.new_page()
    if badge:
        sign_in(page, address, badge)
    paths = PAGES[badge] + ([alarm_path(station, "M4")] if badge == "0312" else [])
    found = _faults(page, address, paths)
    assert found == [], "\n".join(found)
    context.close()


def test_axe_finds_nothing_serious_on_the_pages_of_the_store(chrome: Browser, tmp_path: Path) -> None:
    kept = store.play(tmp_path)
    with kept.house.served() as address:
        context = chrome.new_context(locale="zh-CN")
        page = context.new_page()
        sign_in(page, address, store.KEEPERS[0])
        found = _faults(page, address, STORE_PAGES)
        page.goto(f"{address}/areas/a1/items/x-1f07")
        page.click("form.show button")
        page.wait_for_selector(".enclosed img")
        found += [f"shown: {fault}" for fault in axe.grave(page)]
        assert found == [], "\n".join(map(str, found))
        context.close()
    kept.house.close()


def test_axe_sees_a_fault_where_there_is_one(chrome: Browser, address: str) -> None:
    page = chrome.new_page()
    page.goto(f"{address}/sign-in")
    page.evaluate("document.querySelectorAll('label').forEach((n) => n.replaceWith(...n.childNodes))")
    assert "label" in {fault["id"] for fault in axe.grave(page)}
    page.close()


def tab_to(page: Page, selector: str, presses_max: int = 60) -> None:
    """Goes on by the tab key alone; each stop on the way is on the screen and shows that it has the focus."""
    for _ in range(presses_max):
        page.keyboard.press("Tab")
        seen = page.evaluate(
            """(selector) => {
                const node = document.activeElement, box = node.getBoundingClientRect(), ring = node.closest("label")?.querySelector("span") ?? node;
                const covered = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2) === null;
                return { there: node.matches(selector), ring: getComputedStyle(ring).boxShadow, covered, html: node.outerHTML.slice(0, 90) };
            }""",
            selector,
        )
        assert seen["ring"] != "none", seen
        assert not seen["covered"], seen
        if seen["there"]:
            return
    raise AssertionError(
        f"expected the tab key to reach {selector} in {presses_max} presses, found it nowhere"
    )


def test_from_sign_in_to_an_alarm_rectified_by_the_keyboard_alone(
    chrome: Browser, address: str, station: House
) -> None:
    context = chrome.new_context(locale="zh-CN", viewport={"width": 1920, "height": 1080})
    page = context.new_page()
    page.goto(f"{address}/sign-in")
    expect(page.locator("#badge")).to_be_focused()
    page.keyboard.type("0312")
    tab_to(page, "#password")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{address}/")
    tab_to(page, f"a[href='{alarm_path(station, 'M4')}']")
    page.keyboard.press("Enter")
    page.wait_for_selector("button.take")
    tab_to(page, "button.take")
    page.keyboard.press("Enter")
    page.wait_for_selector(".takenby")
    tab_to(page, "input[name=cause]")
    page.keyboard.press("Space")
    tab_to(page, "input[name=action]")
    page.keyboard.press("ArrowRight")
    tab_to(page, "button.send")
    page.keyboard.press("Enter")
    page.wait_for_selector(".hero.wait")
    assert "待核对" in page.locator(".hero").inner_text()
    context.close()


def test_a_new_alarm_is_told_once_and_a_standing_one_never_again(
    chrome: Browser, address: str, station: House
) -> None:
    context = chrome.new_context(locale="zh-CN", viewport={"width": 1920, "height": 1080})
    page = context.new_page()
    sign_in(page, address, "0312")
    assert page.locator("[data-region] [aria-live], [aria-live] [data-region]").count() == 0
    page.evaluate(
        """() => { window.said = []; new MutationObserver(() => said.push(document.querySelector("[data-told=urgent]").textContent))
            .observe(document.querySelector("[data-told=urgent]"), { childList: true }); }"""
    )
    gateway, at_us = station.gateways["a1"], station.clock.now_us + 5 * SECOND
    gateway.say("recorder.stopped", at_us, recorder="rec-interrogation-1")
    station.clock.tell(at_us + 20 * SECOND)
    station.deliver()
    page.wait_for_selector("[data-told=urgent]:not(:empty)", state="attached")
    told = page.locator("[data-told=urgent]").inner_text()
    known = page.locator(f".alarm[data-tell='{told}']").get_attribute("data-alarm")
    gateway.say("alarm.taken", station.clock.now_us, by="server", alarm=known, officer="1187")
    station.deliver()
    page.wait_for_selector(f".alarm.a-taken[data-alarm='{known}']")
    said = page.evaluate("said")
    assert len(said) == 1, said
    assert "录像已停" in said[0]
    context.close()


def test_forty_persons_and_a_flood_of_alarms_fit_the_wall_and_are_read_at_three_metres(
    chrome: Browser, tmp_path: Path
) -> None:
    house = House(tmp_path, day.START)
    accounts(house)
    day.full(house)
    with house.served() as address:
        page = chrome.new_page(viewport={"width": 1920, "height": 1080})
        sign_in(page, address, "0312")
        rows, cards = page.locator(".two .row"), page.locator(".side .alarm")
        ranks = rows.evaluate_all(
            "(all) => all.map((n) => ['row-act unack', 'row-act', 'row-blind'].findIndex((c) => c.split(' ').every((x) => n.classList.contains(x)))).map((n) => n < 0 ? 3 : n)"
        )
        assert len(ranks) == 40
        assert ranks == sorted(ranks)
        sizes = page.evaluate(  # found and measured in one go: a row that news take the place of has no size
            "() => [...document.querySelectorAll('.two .row :is(.row-no, .row-room, .row-left)')]"
            ".filter((n) => n.textContent).map((n) => parseFloat(getComputedStyle(n).fontSize))"
        )
        assert min(sizes) >= 19  # 12 mm on a 55 inch screen; English room names are the smallest
        assert cards.count() == 6
        assert page.locator(".side .flood").is_visible()
        assert page.locator(".side .a-more").last.is_visible()
        ends = page.locator(".row, .alarm, .side .a-more").evaluate_all(
            "(all) => all.map((n) => n.getBoundingClientRect().bottom)"
        )
        assert max(ends) <= 1080 - 52  # above the health strip
        assert axe.grave(page) == []
        page.close()
    house.close()
