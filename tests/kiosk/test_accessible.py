"""The kiosk's screens under axe-core, on the way of five things going in: nothing serious. In English, whose words are the longer ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from tests.gateway import bench as gateway_bench
from tests.kiosk.gallery import Gallery, house_of_24
from tests.kiosk.scenes import hand_back, put_in
from tests.kiosk.screenshots import CAMERA, SIZE
from tests.web import axe
from tests.web.screenshots import ARGUMENTS, CHROMIUM

pytestmark = pytest.mark.browser
SCREENS = {
    "start",
    "pin",
    "menu",
    "who",
    "edit",
    "list",
    "no-photo",
    "kept",
    "theirs",
    "sign",
    "wait",
    "open",
    "done",
    "sheet",
    "choose",
}


def test_axe_finds_nothing_serious_on_any_screen_of_the_kiosk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    try:
        axe.source()
    except axe.NotToBeHadError as error:
        pytest.skip(str(error))
    monkeypatch.setattr(gateway_bench, "AREA", house_of_24())
    found: list[str] = []
    seen: set[str] = set()
    gallery = Gallery(tmp_path)
    gallery.begin()
    gallery.provision({"k1": "271828"})
    with sync_playwright() as playwright, gallery.running():
        chrome = playwright.chromium.launch(executable_path=CHROMIUM, args=[*ARGUMENTS, *CAMERA])
        page = chrome.new_context(viewport=SIZE, permissions=["camera"]).new_page()
        page.goto(f"{gallery.address('e')}?lang=en")

        def check(name: str) -> None:
            seen.add(name)
            found.extend(f"{name}: {f['id']} {f['at'][:4]}: {f['why']}" for f in axe.grave(page))

        put_in(page, gallery, check)
        hand_back(page, gallery, check)
        chrome.close()
    assert seen == SCREENS
    assert found == [], "\n".join(found)
