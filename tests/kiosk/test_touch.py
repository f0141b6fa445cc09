"""What a finger does at the page while the gateway answers slowly: nothing is lost, nothing is done twice."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import APIResponse, Browser, Page, Route, expect, sync_playwright

from tests.gateway import bench as gateway_bench
from tests.gateway.program import wait_for
from tests.kiosk.desk_bench import BAND
from tests.kiosk.gallery import Gallery, house_of_24
from tests.kiosk.pen import scribble
from tests.kiosk.scenes import GROUND, PIN, hold, seen, type_pin
from tests.kiosk.screenshots import CAMERA, SIZE
from tests.web.screenshots import ARGUMENTS, CHROMIUM

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=[*ARGUMENTS, *CAMERA])
        yield found
        found.close()


@pytest.fixture
def gallery(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gallery]:
    monkeypatch.setattr(gateway_bench, "AREA", house_of_24())
    made = Gallery(tmp_path)
    made.begin()
    made.provision({"k1": "271828"})
    with made.running():
        yield made


@pytest.fixture
def page(chrome: Browser, gallery: Gallery) -> Iterator[Page]:
    """The list of what a person had, with nothing on it yet."""
    context = chrome.new_context(viewport=SIZE, locale="zh-CN", permissions=["camera"])
    page = context.new_page()
    page.goto(gallery.address("e"))
    hold(gallery, "k1")
    seen(page, ".s-pin")
    type_pin(page)
    seen(page, ".s-menu")
    page.click('[data-task="put_in"]')
    seen(page, ".s-who")
    hold(gallery, BAND, "c1")
    seen(page, ".s-list")
    yield page
    context.close()


class Slow:
    """Answers to touches that are held back after the gateway has given them, while news reach the page at once."""

    def __init__(self, page: Page) -> None:
        self.held: list[tuple[Route, APIResponse]] = []
        self.asked = 0
        self.is_slow = True
        page.route("**/act", self._answer)

    def _answer(self, route: Route) -> None:
        self.asked += 1
        if self.is_slow:
            self.held.append((route, route.fetch()))
        else:
            route.continue_()

    def let_go(self) -> None:
        """The first answer arrives; later ones are not held back."""
        self.is_slow = False
        route, response = self.held.pop(0)
        route.fulfill(response=response)


def test_a_touch_on_the_screen_that_news_brought_is_done_when_the_answer_is_there(page: Page) -> None:
    slow = Slow(page)
    page.click('[data-title="phone"]')
    expect(page.locator(".items li")).to_have_count(1)
    page.click('[data-title="wallet"]')
    wait_for("the answer, on its way", lambda: page.evaluate("true") and slow.held)
    assert slow.asked == 1
    slow.let_go()
    expect(page.locator(".items li")).to_have_count(2)


def test_a_finger_that_taps_twice_does_it_once(page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if request.url.endswith("/act") else None)
    page.evaluate(
        """() => { const button = document.querySelector('[data-title="phone"]'); button.click(); button.click(); }"""
    )
    expect(page.locator(".items li")).to_have_count(1)
    page.click('[data-title="wallet"]')
    expect(page.locator(".items li")).to_have_count(2)
    assert len(asked) == 2


def test_news_wait_for_the_finger_to_be_lifted(page: Page, gallery: Gallery) -> None:
    """What is pressed is not taken from under the finger: the touch counts, and the news come after it."""
    page.hover('[data-title="wallet"]')
    page.mouse.down()
    with page.expect_response(lambda r: "/wait" in r.url and "strip" in r.text()), gallery.lock:
        gallery.disconnect()
    page.evaluate("() => new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn)))")
    expect(page.locator(".strip")).to_have_count(0)
    page.mouse.up()
    expect(page.locator(".strip")).to_have_count(1)
    expect(page.locator(".items li")).to_have_count(1)


def test_a_pin_that_is_half_typed_stays_when_news_come(chrome: Browser, gallery: Gallery) -> None:
    page = chrome.new_page(viewport=SIZE)
    page.goto(gallery.address("e"))
    hold(gallery, "k1")
    seen(page, ".s-pin")
    type_pin(page, PIN[:3])
    with gallery.lock:
        gallery.disconnect()
    expect(page.locator(".strip")).to_have_count(1)
    type_pin(page, PIN[3:])
    seen(page, ".s-menu")
    page.close()


def test_a_name_that_is_half_written_stays_when_news_come(page: Page, gallery: Gallery) -> None:
    page.click('[data-title="wallet"]')
    page.click('[data-act="no_photo"]')
    seen(page, ".s-nophoto")
    page.click(".s-nophoto .tile")
    page.click(GROUND)
    seen(page, ".s-sign")
    scribble(page, "person")
    drawn = page.locator('[data-ink="person"] path').get_attribute("d")
    with gallery.lock:
        gallery.disconnect()
    expect(page.locator(".strip")).to_have_count(1)
    assert page.locator('[data-ink="person"] path').get_attribute("d") == drawn
    page.click('[data-sign="person"]')
    expect(page.locator('[data-pad-of="person"].signed')).to_be_visible()
