"""The personal effects, step by step, as pictures are made of them; and what every scene needs: hands, doors, something to be seen."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.kiosk.desk_bench import BAND
from tests.kiosk.gallery import Gallery
from tests.kiosk.pen import scribble

SETTLE_MS = 500
FIVE = ("phone", "wallet", "cash", "keys", "belt")
PIN = "271828"
Shoot = Callable[[str], None]
GO = '.k-go[data-act="go"]'
GROUND = '.why [data-reason="receiver_absent"]'


def hold(gallery: Gallery, *tags: str) -> None:
    with gallery.lock:
        gallery.tap(*tags, cabinet=gallery.at)


def door(gallery: Gallery, name: str, *, is_open: bool) -> None:
    with gallery.lock:
        gallery.hand(name, is_open=is_open)


def seen(page: Page, selector: str) -> None:
    expect(page.locator(selector).first).to_be_visible(timeout=30_000)


def sign(page: Page, *parts: str) -> None:
    """In order; the last one's screen stays until it is left."""
    for part in parts:
        scribble(page, part)
        page.click(f'[data-sign="{part}"]')
        seen(page, f'[data-pad-of="{part}"].signed')


def type_pin(page: Page, digits: str = PIN) -> None:
    for digit in digits:
        page.click(f'[data-key="{digit}"]')


def put_in(page: Page, gallery: Gallery, shoot: Shoot) -> None:
    """Every step of five things going in; `shoot` is called at each screen."""
    shoot("start")
    hold(gallery, "k1")
    seen(page, ".s-pin")
    shoot("pin")
    type_pin(page)
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
    seen(page, GROUND)
    shoot("kept")
    page.click(GROUND)
    seen(page, ".s-sign")
    page.click('[data-act="theirs"]')
    seen(page, ".s-theirs")
    shoot("theirs")
    page.click('[data-act="back"]')
    seen(page, ".s-sign")
    sign(page, "person")
    shoot("sign")
    sign(page, "giver", "taker")
    with gallery.lock:
        gallery.run(31_000)  # the first readings are too old to open anything
    page.click(GO)
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
    page.click('[data-act="sheet"]')
    seen(page, ".sheet")
    shoot("sheet")
    page.click('[data-act="back"]')
    seen(page, ".s-done")
    page.click(GO)


def hand_back(page: Page, gallery: Gallery, shoot: Shoot) -> None:
    page.click('[data-task="hand_back"]')
    seen(page, ".s-who")
    hold(gallery, BAND)
    seen(page, ".s-choose")
    shoot("choose")
    page.click('[data-act="back"]')
    seen(page, ".s-menu")


def refused_and_away(page: Page, gallery: Gallery, shoot: Shoot) -> None:
    """A list that nobody photographed; the server away; the reader away."""
    page.click('[data-task="put_in"]')
    seen(page, ".s-who")
    hold(gallery, BAND, "c1")
    seen(page, ".s-list")
    with gallery.lock:
        gallery.disconnect()
    seen(page, ".strip")
    page.click('[data-title="watch"]')
    seen(page, ".items li")
    page.click("[data-photo]")
    seen(page, GROUND)
    shoot("kept-offline")
    page.click(GROUND)
    seen(page, ".s-sign")
    page.click('[data-act="refuse"]')
    seen(page, '[data-act="not_refused"]')
    shoot("witness-offline")
    sign(page, "witness", "giver", "taker")
    page.click(GO)
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
