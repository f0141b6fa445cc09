"""The property pages in Chromium: a door that moves is seen to, every page fits its screen, and everything is large enough for a thumb."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.web import store
from tests.web.screenshots import SIZES, browser, complaints, sign_in

pytestmark = pytest.mark.browser

AREA = "/areas/a1/property"
PAGES = (AREA, f"{AREA}/items", "/areas/a1/items/x-1f07")
SMALL = """() => [...document.querySelectorAll("main button, main a, main input:not([type=hidden]), .chip span")]
    .map((n) => [n.outerHTML.slice(0, 80), n.getBoundingClientRect().height]).filter(([, h]) => h > 0 && h < 44)"""


def test_the_store_in_a_browser(tmp_path: Path) -> None:
    kept = store.play(tmp_path)
    with kept.house.served() as address, browser() as chrome:
        page = chrome.new_page(locale="zh-CN")
        said = complaints(page)
        sign_in(page, address, "0540")
        for width, height in (SIZES["-tablet"], SIZES["-phone"]):
            page.set_viewport_size({"width": width, "height": height})
            for path in PAGES:
                page.goto(f"{address}{path}")
                assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), (
                    path,
                    width,
                )
                assert page.evaluate(SMALL) == [], path
        page.goto(f"{address}{AREA}?lang=en")
        page.focus("a.cell[href$='q=P-2']")
        kept.at_us = store.NOW - store.MINUTE
        kept.say("compartment.unlocked", compartment="P-5")
        kept.house.deliver()
        page.wait_for_selector("a.cell.open[href$='q=P-5']")
        name = page.get_attribute("a.cell[href$='q=P-5']", "aria-label") or ""
        assert name.startswith("P-5 · Open · No order")
        assert page.evaluate("document.activeElement.getAttribute('href')").endswith("q=P-2")
        assert said == []
    kept.house.close()
