"""Pictures of each step at the kiosk: ``python -m tests.kiosk.screenshots [DIR]`` writes docs/img/kiosk-NAME-{zh,en}.png."""

import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from tests.gateway import bench as gateway_bench
from tests.kiosk.desk_bench import BAND
from tests.kiosk.gallery import Gallery, house_of_24
from tests.kiosk.pen import scribble
from tests.web.screenshots import ARGUMENTS, CHROMIUM

CAMERA = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
SIZE = {"width": 1280, "height": 800}
SETTLE_MS = 500
TARGET_PX = 80
"""13.6 mm on the screen that the pages are made for; what moves on is 96 px and more."""
MEASURE = f"""() => ({{
  overflow: document.documentElement.scrollWidth > innerWidth || document.documentElement.scrollHeight > innerHeight
    || [...document.querySelectorAll('.k-main')].some((n) => n.scrollHeight > n.clientHeight + 1),
  small: [...document.querySelectorAll('button, input, a.k-ghost, .lang')].filter((n) => n.offsetParent && n.type !== 'hidden'
    && n.getBoundingClientRect().height < {TARGET_PX}).map((n) => n.outerHTML.slice(0, 80)),
}})"""
FIVE = ("phone", "wallet", "cash", "keys", "belt")
Shoot = Callable[[str], None]


def hold(gallery: Gallery, *tags: str) -> None:
    with gallery.lock:
        gallery.tap(*tags, cabinet=gallery.at)


def door(gallery: Gallery, name: str, *, is_open: bool) -> None:
    with gallery.lock:
        gallery.hand(name, is_open=is_open)


def seen(page: Page, selector: str) -> None:
    expect(page.locator(selector).first).to_be_visible(timeout=15_000)


def put_in(page: Page, gallery: Gallery, shoot: Shoot) -> None:
    """Every step of five things going in; `shoot` is called at each screen."""
    shoot("start")
    hold(gallery, "k1")
    seen(page, ".s-pin")
    shoot("pin")
    for digit in "271828":
        page.click(f'[data-key="{digit}"]')
    seen(page, ".s-menu")
    shoot("menu")
    page.click('[data-task="put_in"]')
    seen(page, ".s-who")
    hold(gallery, "c1")
    shoot("who")
    hold(gallery, BAND)
    seen(page, ".s-list")
    for number, title in enumerate(FIVE, 1):
        page.click(f'[data-title="{title}"]')
        seen(page, f".items li:nth-child({number})")
    page.click(".items li:first-child button")
    seen(page, ".s-edit")
    page.click(".chips button:first-child")
    shoot("edit")
    page.click('[data-act="save"]')
    seen(page, ".s-list")
    expect(page.locator("video.camera")).to_have_js_property("paused", False)
    page.wait_for_timeout(2 * SETTLE_MS)
    shoot("list")
    page.click('[data-act="no_photo"]')
    seen(page, ".s-nophoto")
    shoot("no-photo")
    page.click('[data-act="back"]')
    seen(page, "[data-photo]")
    page.click("[data-photo]")
    seen(page, ".items .seen")
    page.click('[data-act="theirs"]')
    seen(page, ".s-theirs")
    shoot("theirs")
    page.click('[data-act="back"]')
    page.click('.k-go[data-act="go"]')
    seen(page, ".s-sign")
    scribble(page, "person")
    page.click("[data-sign]")
    seen(page, ".pad.signed")
    shoot("sign")
    for part in ("giver", "taker"):
        scribble(page, part)
        page.click(f'[data-sign="{part}"]')
        seen(page, f'[data-pad-of="{part}"].signed')
    with gallery.lock:
        gallery.run(31_000)  # the first readings are too old to open anything
    page.click('.k-go[data-act="go"]')
    seen(page, ".s-open")
    shoot("wait")
    hold(gallery, "k1", BAND)
    page.wait_for_timeout(SETTLE_MS)
    door(gallery, "e1", is_open=True)
    seen(page, ".doortime")
    page.wait_for_timeout(3_000)
    shoot("open")
    door(gallery, "e1", is_open=False)
    seen(page, ".s-done")
    shoot("done")
    page.click('.k-go[data-act="go"]')


def hand_back(page: Page, gallery: Gallery, shoot: Shoot) -> None:
    page.click('[data-task="hand_back"]')
    hold(gallery, BAND)
    seen(page, ".s-choose")
    shoot("choose")
    page.click('[data-act="back"]')
    seen(page, ".s-menu")


def refused_and_away(page: Page, gallery: Gallery, shoot: Shoot) -> None:
    """A list that nobody photographed; the server away; the reader away."""
    page.click('[data-task="put_in"]')
    hold(gallery, BAND, "c1")
    seen(page, ".s-list")
    with gallery.lock:
        gallery.disconnect()
    seen(page, ".strip")
    page.click('[data-title="watch"]')
    seen(page, ".items li")
    page.click("[data-photo]")
    seen(page, ".items .seen")
    page.click('.k-go[data-act="go"]')
    seen(page, ".s-sign")
    page.click('[data-act="refuse"]')
    seen(page, '[data-act="not_refused"]')
    shoot("witness-offline")
    for part in ("witness", "giver", "taker"):
        scribble(page, part)
        page.click(f'[data-sign="{part}"]')
        seen(page, f'[data-pad-of="{part}"].signed')
    page.click('.k-go[data-act="go"]')
    seen(page, ".s-open")
    with gallery.lock:
        gallery.run(61_000)
    seen(page, '[data-act="again"]')
    shoot("expired")
    page.click('[data-act="stuck"]')
    seen(page, ".s-key")
    shoot("key")
    page.click('[data-act="back"]')
    seen(page, ".s-open")
    page.click('.k-foot [data-act="back"]')
    seen(page, ".s-drop")
    shoot("drop")


def picture(page: Page, folder: Path, language: str, name: str) -> None:
    page.wait_for_timeout(SETTLE_MS)
    found = page.evaluate(MEASURE)
    if found["overflow"] or found["small"]:
        raise RuntimeError(
            f"{name} {language}: expected a screen that fits and fingers that hit, found {found}"
        )
    page.screenshot(path=folder / f"kiosk-{name}-{language}.png")


def main(arguments: list[str]) -> int:
    folder = Path(arguments[0] if arguments else "docs/img")
    folder.mkdir(parents=True, exist_ok=True)
    gateway_bench.AREA = house_of_24()
    with sync_playwright() as playwright:
        chrome = playwright.chromium.launch(executable_path=CHROMIUM, args=[*ARGUMENTS, *CAMERA])
        for language in ("zh", "en"):
            with tempfile.TemporaryDirectory() as place:
                gallery = Gallery(Path(place))
                gallery.begin()
                gallery.provision({"k1": "271828"})
                with gallery.running():
                    context = chrome.new_context(viewport=SIZE, permissions=["camera"])
                    page = context.new_page()
                    page.goto(f"{gallery.address('e')}?lang={language}")

                    shoot = partial(picture, page, folder, language)
                    put_in(page, gallery, shoot)
                    hand_back(page, gallery, shoot)
                    refused_and_away(page, gallery, shoot)
                    context.close()
        chrome.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
