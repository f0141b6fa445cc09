"""The pages in Chromium: they count by the server's clock, change by events, stop when nobody tells them, and fit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from caseserver.web import wording
from tests.web import day
from tests.web.faults import path_of
from tests.web.house import SECOND, House
from tests.web.screenshots import SIZES, accounts, alarm_path, browser, complaints, sign_in

pytestmark = pytest.mark.browser

DESK = [
    "/alarms",
    "/duty",
    "/stays",
    "/stays/new",
    "/stays/a1/0409",
    "/stays/a1/0420/band",
    "/stays/a1/0420/search",
    "/stays/a1/0403/release",
    "/coverage",
    "/blind",
    "/log/a1/12",
]


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    with browser() as found:
        yield found


@pytest.fixture(scope="module")
def address(afternoon: House) -> Iterator[str]:
    with afternoon.served() as found:
        yield found


@pytest.fixture
def page(chrome: Browser, address: str) -> Iterator[Page]:
    """A signed-in page in Chinese, 1920 x 1080."""
    context = chrome.new_context(locale="zh-CN", viewport={"width": 1920, "height": 1080})
    found = context.new_page()
    sign_in(found, address, "0312")
    yield found
    context.close()


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def sizes(page: Page) -> Iterator[None]:
    """The page as it stands, on each screen in turn: its looks hang on the width by style sheets alone."""
    for width, height in SIZES.values():
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_function("(width) => window.innerWidth === width", arg=width)
        yield


def test_the_page_counts_as_the_server_words_it(page: Page) -> None:
    seconds = [*range(130), 599, 3599, 3600, 3661, 35_999, 36_000, 90_000]
    said = page.evaluate(
        """async (all) => {
            const m = await import(document.querySelector('script[src$="clock.js"]').src);
            return all.map(m.words);
        }""",
        seconds,
    )
    assert said == [wording.duration(second, "zh") for second in seconds]


def test_the_wall_fits_its_screen_without_scrolling(page: Page, address: str) -> None:
    for width, height in ((1920, 1080), (1366, 768), (2560, 1440)):
        page.set_viewport_size({"width": width, "height": height})
        page.goto(address)
        assert page.evaluate(
            "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
        ) == [width, height]
        ends = page.evaluate(
            "[...document.querySelectorAll('.alarm, .row')].map((n) => n.getBoundingClientRect().bottom)"
        )
        assert max(ends) <= height


@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_page_is_wider_than_its_screen_or_breaks_its_policy(
    page: Page, address: str, afternoon: House, language: str
) -> None:
    said = complaints(page)
    for path in ["/", alarm_path(afternoon, "M4"), *DESK]:
        page.goto(f"{address}{path}?lang={language}")
        for _ in sizes(page):
            assert fits(page), (path, page.viewport_size)
    assert said == []


def test_every_button_and_field_of_a_form_is_large_enough_for_a_thumb(
    page: Page, address: str, afternoon: House
) -> None:
    for path in [*DESK[:8], alarm_path(afternoon, "M4")]:
        page.goto(f"{address}{path}")
        small = page.evaluate(
            """() => [...document.querySelectorAll("main button, main input:not([type=hidden]), main .button, .chip span, .nav a")]
                .map((n) => [n.outerHTML.slice(0, 80), n.getBoundingClientRect().height]).filter(([, h]) => h > 0 && h < 44)"""
        )
        assert small == [], path


def test_the_clock_on_the_page_runs_at_the_station_s_rate(page: Page, address: str) -> None:
    page.route("**/events*", lambda route: route.abort())
    page.goto(address)
    gone = page.evaluate(
        """async () => {
            const m = await import(document.querySelector('script[src$="clock.js"]').src);
            m.setClock(1000000, 60);
            const look = () => [performance.now(), m.stationNow(), performance.now()];
            const first = look();
            await new Promise((done) => setTimeout(done, 500));
            const then = look();
            return [then[0] - first[2], then[1] - first[1], then[2] - first[0]];
        }"""
    )
    least, gone, most = gone  # a busy machine may stop between any two looks
    assert least * 60 * 0.99 <= gone <= most * 60 * 1.01


def test_a_page_that_is_told_nothing_for_five_seconds_stops_counting_and_says_so(
    page: Page, address: str
) -> None:
    page.route("**/events*", lambda route: route.abort())
    page.goto(address)
    assert page.locator("[data-stale]").is_hidden()
    before = page.locator(".row-left [data-due]").first.inner_text()
    page.wait_for_selector("body.stale")
    assert "不是现在" in page.locator("[data-stale] b").inner_text()
    assert page.locator(".health").inner_text() == "来源是否新鲜，现在看不见"
    figures = [node.inner_text() for node in page.locator("[data-since], [data-due]").all()]
    banner = page.locator("[data-stale-for]").inner_text()
    page.wait_for_timeout(1_600)
    assert [node.inner_text() for node in page.locator("[data-since], [data-due]").all()] == figures
    assert page.locator("[data-stale-for]").inner_text() != banner
    assert before


def test_a_page_that_is_told_every_second_is_never_stale(page: Page, address: str) -> None:
    page.goto(address)
    seen = page.evaluate(
        """async () => {
            let stale = 0;
            new MutationObserver(() => { stale += document.body.classList.contains("stale"); }).observe(document.body, {attributes: true});
            await new Promise((done) => setTimeout(done, 7000));
            return stale;
        }"""
    )
    assert seen == 0


def test_a_page_has_one_clock_only(page: Page, address: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address)
    page.wait_for_timeout(500)
    assert len({url for url in asked if "clock.js" in url}) == 1


def test_no_sound_before_a_hand_has_touched_the_page(page: Page, address: str) -> None:
    page.goto(address)
    assert page.locator("[data-sound-test]").inner_text() == "试声音"
    page.click("[data-sound-test]")
    assert page.locator("[data-sound-test]").inner_text() == "声音已开"
    assert page.locator(".tools [data-mute]").is_visible()


def test_a_change_in_the_area_reaches_an_open_wall_by_itself(chrome: Browser, house: House) -> None:
    with house.served() as address:
        context = chrome.new_context(locale="zh-CN", viewport={"width": 1920, "height": 1080})
        page = context.new_page()
        sign_in(page, address, "0312")
        loaded = page.evaluate("performance.timeOrigin")
        path = alarm_path(house, "M4")
        card = page.locator(f".alarm:has(a[href='{path}'])")
        assert card.get_attribute("data-urgent") is not None
        house.gateways["a1"].say(
            "alarm.taken",
            day.NOW,
            by="server",
            alarm=path.rpartition("/")[2].replace("~", "/"),
            officer="1187",
        )
        house.deliver()
        page.wait_for_selector(f".alarm.a-taken:has(a[href='{path}'])")
        assert "1187 已接" in card.inner_text()
        assert page.evaluate("performance.timeOrigin") == loaded
        context.close()


def test_news_leave_the_focus_what_is_open_what_is_pressed_and_every_half_filled_form(
    chrome: Browser, house: House
) -> None:
    contact = next(p for p in house.gateways["a1"].area.points if p.kind == "door_contact")
    told = {"node": contact.node, "point": contact.point, "of": contact.of, "trouble": "line_open"}
    house.gateways["a1"].say("point.troubled", day.NOW, by="node", source=contact.node, **told)
    house.clock.tell(day.NOW + 20 * SECOND)
    house.deliver()
    with house.served() as address:
        context = chrome.new_context(locale="zh-CN", viewport={"width": 1920, "height": 1080})
        page = context.new_page()
        sign_in(page, address, "0312")
        page.goto(f"{address}{path_of(house, 'PT/line')}")
        page.focus("button.take")
        swapped = """async () => {
            const { swap } = await import(document.querySelector("script[src*=live]").src);
            const node = document.activeElement.closest("[data-region]");
            const before = document.activeElement;
            swap(node.dataset.region, node.innerHTML);
            return [before.isConnected, document.activeElement.className];
        }"""
        assert page.evaluate(swapped) == [False, "take"]
        aside = page.locator("details.aside")
        aside.locator("summary").click()
        assert page.evaluate(swapped) == [False, ""]
        assert aside.get_attribute("open") is not None
        assert page.evaluate("document.activeElement.localName") == "summary"
        page.hover("button.take")
        page.mouse.down()
        assert page.evaluate(swapped) == [True, "take"], "taken from under the finger"
        page.mouse.up()
        page.wait_for_selector(".takenby")
        aside.locator("summary").click()
        chip = aside.locator("form").last.locator(".chip").first
        chip.click()
        page.evaluate(swapped)
        assert chip.locator("input").is_checked()
        context.close()


def test_a_half_filled_form_is_not_wiped_by_an_event(chrome: Browser, house: House) -> None:
    gateway = house.gateways["a1"]
    path = alarm_path(house, "M4")
    alarm = path.rpartition("/")[2].replace("~", "/")
    gateway.say("alarm.taken", day.NOW, by="server", alarm=alarm, officer="0312")
    house.deliver()
    with house.served() as address:
        context = chrome.new_context(locale="zh-CN", viewport={"width": 1920, "height": 1080})
        page = context.new_page()
        sign_in(page, address, "0312")
        page.goto(f"{address}{path}")
        page.locator(".chip:has(input[value=power])").click()
        gateway.say("alarm.acknowledged", day.NOW, by="server", alarm=alarm, officer="1187")
        house.deliver()
        page.wait_for_timeout(1_500)
        assert page.locator("input[value=power]").is_checked()
        context.close()


def test_an_installer_opens_a_door_sees_it_on_the_page_and_ticks_it(chrome: Browser, tmp_path: Path) -> None:
    house = House(tmp_path, day.START)
    accounts(house)
    day.walked(house)
    gateway = house.gateways["a1"]
    with house.served() as address:
        context = chrome.new_context(locale="zh-CN")
        page = context.new_page()
        said = complaints(page)
        sign_in(page, address, "0901")
        for language in ("en", "zh"):
            page.goto(f"{address}/areas/a1/walk?lang={language}")
            for _ in sizes(page):
                assert fits(page), (language, page.viewport_size)
        card, other = page.locator("#p-n1\\.4"), page.locator("#p-n1\\.9")
        other.locator("summary").click()
        other.locator("input[name=note]").fill("half a no")
        gateway.say("door.opened", day.at("9:30"), by="node", source="n1", door="gate")
        house.deliver(lost=("n3",))
        page.wait_for_selector("#p-n1\\.4 .fresh")
        assert card.locator(".stands b").inner_text() == "打开"
        assert other.locator("input[name=note]").input_value() == "half a no"  # no event wipes it
        for _ in sizes(page):
            small = card.locator(".acts .button").evaluate_all("(all) => all.map((n) => n.offsetHeight)")
            assert min(small) >= 56
            card.locator(".pass").click(trial=True)  # in sight and under nothing
        card.locator(".pass").click()
        page.wait_for_selector("#p-n1\\.4 .t-passed:has-text('系统看到 打开')")
        assert "#p-n1.4" in page.url
        gateway.state.tick(house.clock.now(), 1e12)  # the gateway falls silent
        house.station.hub.tick()
        page.wait_for_selector(".walk-silent")
        for _ in sizes(page):
            assert not card.locator(".pass").is_visible()
        assert said == []
        context.close()
    house.close()
