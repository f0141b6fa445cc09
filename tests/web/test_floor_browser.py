"""The plan drawn in Chromium: by mouse, by touch, by the keyboard alone and by numbers, in both languages, and seen on the wall."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.web import day
from tests.web.house import House
from tests.web.screenshots import SIZES, accounts, browser, complaints, sign_in

pytestmark = pytest.mark.browser

PATH = "/areas/a1/plan"
WIDE: Any = {"width": 1440, "height": 1200}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    made = House(tmp_path_factory.mktemp("drawn"), day.START)
    accounts(made)
    day.busy(made)
    yield made
    made.close()


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    with browser() as found:
        yield found


@pytest.fixture(scope="module")
def address(house: House) -> Iterator[str]:
    with house.served() as found:
        yield found


def numbers(page: Page, key: str) -> list[str]:
    return page.locator(f"[data-row='{key}'] input").evaluate_all("(all) => all.map((n) => n.value)")


def middle(page: Page, key: str) -> tuple[float, float, float]:
    """Where its shape is on the screen, and how many pixels a unit of the plan is."""
    x, y, unit = page.locator(f"[data-el='{key}']").evaluate(
        """(n) => { const m = n.getScreenCTM(), b = n.querySelector(".ground, .hit").getBBox();
            return [m.a * (b.x + b.width / 2) + m.c * (b.y + b.height / 2) + m.e, m.b * (b.x + b.width / 2) + m.d * (b.y + b.height / 2) + m.f,
                n.ownerSVGElement.getScreenCTM().a]; }"""
    )
    return x, y, unit


def tab_to(page: Page, selector: str, presses_max: int = 60, key: str = "Tab") -> None:
    """Goes on by the tab key alone, or back; where it ends shows that it has the focus."""
    for _ in range(presses_max):
        page.keyboard.press(key)
        seen = page.evaluate(
            """(selector) => { const n = document.activeElement, s = getComputedStyle(n.querySelector(".ground, .body, .leaf") ?? n);
                return { there: n.matches(selector), ring: n.matches(":focus-visible") && (s.boxShadow !== "none" || parseFloat(s.strokeWidth) > 0.5) }; }""",
            selector,
        )
        if seen["there"]:
            assert seen["ring"], selector
            return
    raise AssertionError(
        f"expected the tab key to reach {selector} in {presses_max} presses, found it nowhere"
    )


def shown(house: House) -> Any:
    return house.station.drawings.shown("a1").drawing


def test_by_mouse_a_room_is_moved_made_smaller_and_what_is_in_it_goes_with_it(
    chrome: Browser, address: str, house: House
) -> None:
    page = chrome.new_page(locale="zh-CN", viewport=WIDE)
    said = complaints(page)
    sign_in(page, address, "0901")
    page.goto(f"{address}{PATH}?lang=zh")
    for key in ("door:door-property", "reader:rd-property"):
        page.locator(f"[data-row='{key}'] [data-do=place]").evaluate("(n) => n.click()")
    assert numbers(page, "door:door-property") == ["58", "72"]
    x, y, unit = middle(page, "room:handover")
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 4 * unit, y + 4 * unit, steps=3)
    page.mouse.up()
    assert numbers(page, "room:handover") == ["62", "84", "42", "20"], "to the grid of two"
    page.locator("[data-act=undo]").click()
    assert numbers(page, "room:handover") == ["58", "80", "42", "20"]
    page.locator("[data-act=redo]").click()
    assert numbers(page, "room:handover")[:2] == ["62", "84"]
    x, y, unit = middle(page, "room:property")
    page.mouse.click(x - 15 * unit, y)
    box = page.locator(".grip").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2 - 30 * unit, box["y"] + box["height"] / 2 - 2 * unit, steps=3)
    page.mouse.up()
    assert numbers(page, "room:property") == ["58", "64", "12", "14"]
    assert numbers(page, "reader:rd-property") == ["70", "72"], "it stays in its room"
    x, y, unit = middle(page, "door:door-property")
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 3 * unit, y - 4 * unit, steps=3)
    page.mouse.up()
    assert numbers(page, "door:door-property") == ["58", "68"], "a door stays on the walls of its rooms"
    page.locator(".board").get_by_role("button", name="保存草稿").click()
    page.get_by_role("button", name="确认").click()
    page.wait_for_selector("text=现在显示")
    assert shown(house).rooms["property"] == (58, 64, 12, 14)
    assert shown(house).points["door", "door-property"] == (58, 68)
    page.goto(f"{address}/")
    assert page.locator("section.map .spot.reader").count() == 1
    assert said == []
    page.close()


def test_by_the_keyboard_alone_from_the_editor_to_the_confirmed_plan(
    chrome: Browser, address: str, house: House
) -> None:
    page = chrome.new_page(locale="en-GB", viewport=WIDE)
    sign_in(page, address, "0901")
    page.goto(f"{address}{PATH}?lang=en")
    start = numbers(page, "room:reception")
    tab_to(page, "[data-el]")
    page.keyboard.press("PageDown")
    page.keyboard.press("PageUp")
    assert page.evaluate("document.activeElement.dataset.el") == "room:reception"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Control+z")
    page.keyboard.press("Shift+ArrowLeft")
    x, y, w, h = map(int, start)
    assert numbers(page, "room:reception") == [str(x), str(y + 2), str(w - 2), str(h)]
    assert page.locator("[data-said]").inner_text() == f"Reception {x}, {y + 2}, {w - 2}, {h}"
    tab_to(page, "[data-row='room:search'] input[name$=':h']", 40)
    page.keyboard.press("Control+a")
    page.keyboard.type("12")
    page.keyboard.press("Enter")
    page.wait_for_function(
        "document.querySelector(\"[data-el='room:search'] .ground\").getAttribute('height') === '12'"
    )
    tab_to(page, ".board .send button", 40, "Shift+Tab")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{address}{PATH}/*")
    tab_to(page, "form[action$='/confirm'] button")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=shown now")
    assert shown(house).rooms["search"][3] == 12
    assert shown(house).rooms["reception"] == (x, y + 2, w - 2, h)
    page.close()


def test_by_touch_a_tap_chooses_then_a_finger_or_the_buttons_move_and_no_page_is_wider_than_the_screen(
    chrome: Browser, address: str
) -> None:
    width, height = SIZES["-tablet"]
    context = chrome.new_context(locale="zh-CN", viewport={"width": width, "height": height}, has_touch=True)
    page = context.new_page()
    sign_in(page, address, "0901")
    page.goto(f"{address}{PATH}?lang=zh")
    page.locator("[data-el='room:guard']").scroll_into_view_if_needed()
    before = numbers(page, "room:guard")
    x, y, unit = middle(page, "room:guard")
    page.touchscreen.tap(x, y)
    page.wait_for_selector("[data-el='room:guard'].chosen")
    assert numbers(page, "room:guard") == before
    finger = context.new_cdp_session(page)
    x, y, unit = middle(page, "room:guard")
    for kind, by in (("touchStart", 0), ("touchMove", 3), ("touchMove", 6), ("touchEnd", None)):
        points = [] if by is None else [{"x": x, "y": y + by * unit}]
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    page.wait_for_function("!document.querySelector('[data-act=undo]').disabled")
    assert numbers(page, "room:guard")[1] == str(int(before[1]) + 6)
    page.locator("[data-act=up]").tap()
    page.locator("[data-act=narrower]").tap()
    fields = page.locator("[data-row='room:guard'] input")
    expect(fields.nth(1)).to_have_value(str(int(before[1]) + 4))
    expect(fields.nth(2)).to_have_value(str(int(before[2]) - 2))
    for size in ("-tablet", "-phone"):
        page.set_viewport_size({"width": SIZES[size][0], "height": SIZES[size][1]})
        for path in (PATH, f"{PATH}/0"):
            page.goto(f"{address}{path}")
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), (path, size)
    context.close()


def test_without_a_script_the_numbers_are_filled_in_and_what_is_wrong_is_said(
    chrome: Browser, address: str
) -> None:
    context = chrome.new_context(locale="en-GB", viewport=WIDE, java_script_enabled=False)
    page = context.new_page()
    sign_in(page, address, "0901")
    page.goto(f"{address}{PATH}?lang=en")
    page.fill("input[name='room:guard:w']", "wide")
    page.click(".board .send button")
    field = page.locator("input[name='room:guard:w']")
    assert field.input_value() == "wide"
    told = page.locator(f"[id='{field.get_attribute('aria-describedby')}']").inner_text()
    assert "Expected a whole number 1-10000, found “wide”" in told
    page.fill("input[name='room:guard:w']", "10")
    page.click(".board .send button")
    page.wait_for_url(f"{address}{PATH}/*")
    context.close()
