"""Somebody at the pages: goes by links and buttons alone, and says of each page what is wrong with it.

What is looked at on every page: the browser has no complaint, no message stands there by its name, an English page has
no Chinese but names, a Chinese page no English sentence, nothing runs out of the window.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from playwright.sync_api import Browser, Download, Page

from caseserver.web.catalogue import catalogue
from tests.web.house import PASSWORD
from tests.web.screenshots import complaints

NAMES = frozenset(["中文", "法", "城东派出所", "法制大队", "指挥中心大屏", "甲班", "乙班", "日班"])
"""Chinese on English pages that is somebody's name for something: of units, shifts and tokens, and the switch itself."""
_TEXT = """() => {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), found = [];
    while (walker.nextNode()) {
        const node = walker.currentNode, of = node.parentElement;
        if (of.closest("script, style, code, [translate=no]")) continue;
        const said = of.closest("[lang]").lang.slice(0, 2) === document.documentElement.lang.slice(0, 2);
        if (said && node.textContent.trim()) found.push(node.textContent.trim());
    }
    return { lang: document.documentElement.lang.slice(0, 2), found, wide: document.documentElement.scrollWidth - window.innerWidth, title: document.title };
}"""
_CHINESE = re.compile("[一-鿿]+")
_SENTENCE = re.compile(r"(?:\b[a-z]{2,}\b ){3,}")


@lru_cache(maxsize=1)
def _message_names() -> frozenset[str]:
    return frozenset(catalogue().ids())


@dataclass
class Walker:
    """One officer in one browser. ``language`` is what the browser asks for; nothing is typed into the address but the front door."""

    chrome: Browser
    address: str
    badge: str
    language: str
    width: int = 1440
    names: frozenset[str] = NAMES
    seen: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        locale = {"zh": "zh-CN", "en": "en-GB"}[self.language]
        self.context = self.chrome.new_context(
            locale=locale, viewport={"width": self.width, "height": 1000}, accept_downloads=True
        )
        self.page: Page = self.context.new_page()
        self.said = complaints(self.page)

    def close(self) -> None:
        """Nothing was left unsaid by the browser."""
        assert self.said == [], (self.badge, self.said)
        self.context.close()

    def enter(self, code: Callable[[], str] | None = None) -> None:
        """By the front door: number, password, and a code where it is asked for."""
        self.page.goto(self.address)
        self.page.fill("#badge", self.badge)
        self.page.fill("#password", PASSWORD)
        self.press("main form .strong")
        if code is not None:
            self.page.fill("#code", code())
            self.press("main form .strong")

    def follow(self, selector: str) -> None:
        """By a link that is in sight."""
        self._through(selector)

    def press(self, selector: str, expected: int = 200) -> None:
        """A button that sends a form; ``expected``: what the server answers in the end."""
        self._through(selector, expected)

    def _through(self, selector: str, expected: int = 200) -> None:
        with self.page.expect_navigation(wait_until="load") as found:
            self.page.locator(selector).locator("visible=true").first.click()
        response = found.value
        status = response.status if response is not None else 200
        assert status == expected, (
            self.badge,
            selector,
            self.page.url,
            status,
            self.page.locator("main").inner_text()[:400],
        )
        if expected >= 400:
            self.said[:] = [text for text in self.said if f"status of {expected}" not in text]
        self.look()

    def switch(self, language: str) -> None:
        """To the other language, on the page of the own account; from any page with the bar."""
        self.follow("form.who a[href='/account']")
        self.language = language
        self.follow(f"a[href$='?lang={language}']")

    def back(self) -> None:
        """The browser's own button."""
        self.page.go_back(wait_until="load")
        self.look()

    def fetch(self, selector: str) -> Download:
        """A button or link that gives a file."""
        with self.page.expect_download() as found:
            self.page.locator(selector).locator("visible=true").first.click()
        return found.value

    def shown(self, selector: str) -> str:
        """What stands there, when it stands there."""
        return str(self.page.locator(selector).locator("visible=true").first.inner_text())

    def offers(self, selector: str) -> bool:
        """Whether there is such a thing on this page."""
        return bool(self.page.locator(selector).count())

    def look(self) -> None:
        """What is wrong with the page that is open, if anything."""
        got: dict[str, Any] = self.page.evaluate(_TEXT)
        where = f"{self.badge} {self.language} {self.page.url.removeprefix(self.address)}"
        faults = [f"a message by its name: {t}" for t in got["found"] if t in _message_names()]
        faults += self._foreign(got["found"])
        if got["lang"] != self.language:
            faults.append(f"a page in {got['lang']}")
        if got["wide"] > 0:
            faults.append(f"{got['wide']} px wider than the window")
        self.seen.append(self.page.url)
        assert not faults, f"{where}: {faults}"

    def _foreign(self, texts: list[str]) -> list[str]:
        """Words of the other language."""
        if self.language == "zh":
            return [f"English: {text}" for text in texts if _SENTENCE.search(text)]
        found = [(part, text) for text in texts for part in _CHINESE.findall(text)]
        return [f"Chinese: {text}" for part, text in found if part not in self.names]
