"""What goes wrong at a cabinet, as pictures are made of it: each says what to do next."""

from playwright.sync_api import Page, expect

from casekiosk.limits import PIN_TRIES_MAX
from tests.kiosk.desk_bench import BAND
from tests.kiosk.gallery import Gallery
from tests.kiosk.scenes import GO, Shoot, door, hold, seen, sign, type_pin
from tests.kiosk.store_scenes import KNIFE, end

P1 = (0, 3)  # board and lock of the exhibits' compartment


def stuck(page: Page, gallery: Gallery, shoot: Shoot) -> None:
    """The hook does not move; the key does."""
    gallery.node.boards.jammed.add(P1)
    page.click('[data-task="take_out"]')
    seen(page, ".s-choose")
    page.click(f'[data-item="{KNIFE}"]')
    seen(page, ".items .chosen")
    page.click(GO)
    seen(page, ".s-open")
    hold(gallery, "k2")
    expect(page.locator('[data-act="stuck"]')).to_be_visible(timeout=30_000)
    with gallery.lock:
        gallery.run(9_000)
    seen(page, '[data-act="again"]')
    shoot("failed")
    page.click('[data-act="stuck"]')
    seen(page, ".s-key")
    page.click('[data-reason="broken"]')
    seen(page, ".s-open")
    shoot("by-key")
    gallery.node.boards.jammed.clear()
    with gallery.lock:
        gallery.node.boards.set_hook(*P1, shut=False)
    door(gallery, "p1", is_open=True)
    door(gallery, "p1", is_open=False)
    seen(page, ".s-done")
    end(page)


def unseen(page: Page, gallery: Gallery, shoot: Shoot) -> None:
    """The board is cut off while the door is open; and is back."""
    page.click('[data-task="store"]')
    seen(page, ".s-choose")
    page.click(f'[data-item="{KNIFE}"]')
    seen(page, ".items .chosen")
    page.click(GO)
    seen(page, ".s-open")
    hold(gallery, "k2")
    expect(page.locator(".ids .wait")).to_have_count(0, timeout=30_000)
    with gallery.lock:
        gallery.run(600)
    door(gallery, "p1", is_open=True)
    seen(page, ".doortime")
    gallery.node.boards.silent.add(0)
    with gallery.lock:
        gallery.run(8_000)
    expect(page.locator(".doortime")).to_have_count(0, timeout=30_000)
    shoot("interrupted")
    gallery.node.boards.silent.clear()
    with gallery.lock:
        gallery.run(4_000)
    door(gallery, "p1", is_open=False)
    seen(page, ".s-done")
    end(page)


def refused(page: Page, gallery: Gallery, shoot: Shoot) -> None:
    """Who took a thing may not keep it; and a cabinet in which no compartment is free."""
    body = {"procedure": "criminal", "seized_from": "place", "pieces": 1, "copies": 3, "taken_by": "c1"}
    with gallery.lock:
        gallery.say("item.seized", item="B0118-01", case="case-2", officers=["c1", "k2"], **body)
        gallery.say("item.seized", item="C0119-01", case="case-3", officers=["c1", "k1"], **body)
    page.click('[data-task="hand_over"]')
    seen(page, ".s-who")
    hold(gallery, "c1")
    seen(page, ".s-choose")
    page.click(GO)
    seen(page, ".refused")
    shoot("one-case")
    page.click('[data-item="C0119-01"]')
    expect(page.locator(".chosen")).to_have_count(1)
    _hand_over(page)
    page.click(GO)
    seen(page, ".refused")
    shoot("refused")
    put_aside(page)
    page.click('[data-task="hand_over"]')
    seen(page, ".s-who")
    hold(gallery, "c1")
    seen(page, ".s-choose")
    page.click('[data-item="B0118-01"]')
    expect(page.locator(".chosen")).to_have_count(1)
    _hand_over(page)
    page.click(GO)
    seen(page, ".s-open")
    shoot("full")
    put_aside(page)


def put_aside(page: Page) -> None:
    page.click('[data-act="back"]')
    seen(page, ".s-drop")
    page.click('[data-act="dropped"]')
    seen(page, ".s-menu")


def _hand_over(page: Page) -> None:
    page.click(GO)
    seen(page, ".s-list")
    page.click('[data-act="no_photo"]')
    page.click('[data-reason="sealed"]')
    expect(page.locator(GO)).to_be_enabled(timeout=30_000)
    page.click(GO)
    seen(page, ".s-sign")
    sign(page, "giver", "taker")


def cut_off(page: Page, gallery: Gallery, shoot: Shoot) -> None:
    """The gateway does not answer; the reader is not heard; another screen has the cabinet."""
    page.context.set_offline(True)
    seen(page, ".cut")
    shoot("cut")
    page.context.set_offline(False)
    expect(page.locator(".cut")).to_be_hidden(timeout=30_000)
    with gallery.lock:
        gallery.node.is_on = False
        gallery.run(8_000)
    seen(page, ".strip")
    shoot("reader-away")
    assert page.context.browser is not None
    other = page.context.browser.new_context()
    other.new_page().goto(page.url.partition("?")[0])
    seen(page, ".refused")
    shoot("elsewhere")
    other.close()


def no_camera(page: Page, gallery: Gallery, shoot: Shoot) -> None:
    """A camera that does not open; then a kiosk that can keep no photo; then a PIN that is locked."""
    seen(page, ".s-start")
    hold(gallery, "k1")
    seen(page, ".s-pin")
    type_pin(page)
    seen(page, ".s-menu")
    page.click('[data-task="put_in"]')
    seen(page, ".s-who")
    hold(gallery, BAND, "c1")
    seen(page, ".s-list")
    page.click('[data-title="phone"]')
    seen(page, ".blind .nocam")
    shoot("no-camera")
    with gallery.lock:
        gallery.provision({"k1": "271828"}, box=False)
    page.click('[data-title="wallet"]')
    seen(page, ".items li:nth-child(2)")
    shoot("no-store")
    put_aside(page)
    page.click('[data-act="leave"]')
    seen(page, ".s-start")
    with gallery.lock:
        gallery.run(1_000)
    hold(gallery, "k1")
    seen(page, ".s-pin")
    for number in range(1, PIN_TRIES_MAX):
        type_pin(page, "314159")
        expect(page.locator(".s-pin .left")).to_contain_text(str(number), timeout=30_000)
    type_pin(page, "314159")
    expect(page.locator(".s-pin .left")).to_contain_text("15", timeout=30_000)
    shoot("pin-locked")


SCENES = (stuck, unseen, refused)
