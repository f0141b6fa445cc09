"""The page of the verifier in a real Chromium, opened from the disk as a reader opens it."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Page, sync_playwright

from tests.tools.need import need
from tests.tools.tree import ROOT
from tests.verify.judge import Outcome, Trust

ADDRESS = (ROOT / "server/verify/index.html").as_uri()
BATCH = 100

JUDGE = """async (cases) => Promise.all(cases.map(async ([data, keys, lang]) => {
    const bytes = Uint8Array.from(atob(data), (each) => each.charCodeAt(0));
    const found = await verifyBundle(bytes, keys, lang);
    return [found.exit, found.wrong, found.report];
}))"""

FLIP = """async ([data, keys, places]) => {
    const bytes = Uint8Array.from(atob(data), (each) => each.charCodeAt(0));
    const found = [];
    for (const [place, mask] of places) {
        bytes[place] ^= mask;
        found.push((await verifyBundle(bytes, keys, "en")).wrong);
        bytes[place] ^= mask;
    }
    return found;
}"""


@contextmanager
def opened(locale: str = "zh-CN") -> Iterator[tuple[Page, list[str]]]:
    """The page, and what the browser has to say against it or fetches for it: a list that grows."""
    program = os.environ.get("CASEWARD_CHROMIUM") or str(need("chromium"))
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
        chrome = playwright.chromium.launch(executable_path=program, args=arguments)
        page = chrome.new_context(locale=locale, viewport={"width": 1280, "height": 900}).new_page()
        complaints: list[str] = []
        page.on("console", lambda m: complaints.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "request", lambda r: None if r.url.startswith(("file:", "blob:")) else complaints.append(r.url)
        )
        page.goto(ADDRESS)
        yield page, complaints
        chrome.close()


def keys_of(trust: Trust) -> dict[str, Any]:
    return {
        "log": [_b64(key) for key in trust.log],
        "witnesses": [[name, _b64(key)] for name, key in trust.witnesses],
        "maker": _b64(trust.maker) if trust.maker else None,
    }


def judged(page: Page, cases: Iterable[tuple[bytes, Trust, str]]) -> list[Outcome]:
    """What the page finds of each bundle, in batches of one load."""
    rows = [[_b64(data), keys_of(trust), lang] for data, trust, lang in cases]
    found: list[Any] = []
    for first in range(0, len(rows), BATCH):
        found += page.evaluate(JUDGE, rows[first : first + BATCH])
    return [Outcome(code, tuple(wrong) if wrong else None, tuple(report)) for code, wrong, report in found]


def flipped(
    page: Page, data: bytes, trust: Trust, places: Sequence[tuple[int, int]]
) -> list[tuple[Any, ...] | None]:
    """For each byte flipped (place, mask): what was wrong, or None where the page took it for good."""
    found = page.evaluate(FLIP, [_b64(data), keys_of(trust), [list(each) for each in places]])
    return [tuple(wrong) if wrong else None for wrong in found]


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()
