"""The exhibits, task by task, as pictures are made of them."""

from playwright.sync_api import Page, expect

from tests.kiosk.gallery import Gallery
from tests.kiosk.scenes import GO, Shoot, door, hold, seen, sign

RING, KNIFE = "A0117-01", "A0117-02"
KEPT: dict[str, dict[str, object]] = {RING: {"in": "p1"}, KNIFE: {"in": "p1"}}


def begin(page: Page, gallery: Gallery, address: str) -> None:
    """At the exhibits, by a keeper without a PIN."""
    gallery.at = "p"
    page.goto(address)
    seen(page, ".s-start")
    hold(gallery, "k2")
    seen(page, ".s-menu")


def through(page: Page, gallery: Gallery, then: str, *who: str) -> None:
    """Those who have to be there are; the door is pulled and shut."""
    seen(page, ".s-open")
    hold(gallery, *who)
    expect(page.locator(".ids .wait")).to_have_count(0, timeout=30_000)
    with gallery.lock:
        gallery.run(600)
    door(gallery, "p1", is_open=True)
    seen(page, ".doortime")
    door(gallery, "p1", is_open=False)
    seen(page, then)


def end(page: Page) -> None:
    page.click(GO)
    seen(page, ".s-menu")


def send_and_receive(page: Page, gallery: Gallery, shoot: Shoot) -> None:
    shoot("menu-store")
    page.click('[data-task="send"]')
    seen(page, ".s-who")
    hold(gallery, "c1")
    seen(page, ".s-choose")
    page.click(f'[data-item="{RING}"]')
    seen(page, ".items .chosen")
    shoot("send")
    page.click(GO)
    seen(page, '[data-act="to"]')
    shoot("send-where")
    page.click('[data-destination="laboratory"]')
    through(page, gallery, ".s-done", "k2")
    shoot("send-done")
    end(page)
    with gallery.lock:
        gallery.say("item.received", item=RING, destination="laboratory", carrier="c1")
    page.click('[data-task="receive"]')
    seen(page, ".s-who")
    hold(gallery, "c1")
    seen(page, ".s-choose")
    page.click(f'[data-item="{RING}"]')
    seen(page, ".states")
    shoot("receive")
    page.click(GO)
    seen(page, ".s-sign")
    sign(page, "giver", "taker")
    shoot("receive-sign")
    page.click(GO)
    through(page, gallery, ".s-done", "k2")
    end(page)


def inspect(page: Page, gallery: Gallery, shoot: Shoot) -> None:
    page.click('[data-task="inspect"]')
    seen(page, ".s-choose")
    for ref in (RING, KNIFE):
        page.click(f'[data-item="{ref}"]')
        seen(page, f'.chosen [data-item="{ref}"]')
    page.click(GO)
    seen(page, ".s-open")
    shoot("inspect-wait")
    through(page, gallery, ".s-look", "k2", "k1")
    page.click(f'[data-item="{RING}"][data-state="whole"]')
    seen(page, ".chosen")
    shoot("inspect")
    page.click(f'[data-item="{KNIFE}"][data-state="damaged"]')
    expect(page.locator(".chosen")).to_have_count(2)
    page.click(GO)
    seen(page, ".s-done")
    end(page)


def restore(page: Page, gallery: Gallery, shoot: Shoot) -> None:
    with gallery.lock:
        gallery.say("officer.registered", officer="h1", service="sworn", roles=["case_department_head"])
        gallery.say("disposal.decided", item=RING, case="case-1", disposal="restore", approver="h1")
    page.click('[data-task="restore"]')
    seen(page, ".s-choose")
    page.click(f'[data-item="{RING}"]')
    seen(page, ".items .chosen")
    page.click(GO)
    through(page, gallery, ".s-sign", "k2")
    sign(page, "owner")
    shoot("restore-sign")
    sign(page, "officer")
    page.click(GO)
    seen(page, ".s-done")
    page.click('[data-act="sheet"]')
    seen(page, ".sheet")
    shoot("restore-sheet")
    page.click('[data-act="back"]')
    seen(page, ".s-done")
    end(page)


def count(page: Page, gallery: Gallery, shoot: Shoot) -> None:
    page.click('[data-task="count"]')
    through(page, gallery, ".s-count", "k2", "k1")
    page.click(f'[data-item="{KNIFE}"]')
    seen(page, '[aria-pressed="true"]')
    shoot("count")
    page.click('[data-act="elsewhere"]')
    page.fill(".typed", RING)  # restored to its owner, as the ledger has it
    page.keyboard.press("Enter")
    seen(page, f'[data-item="{RING}"]')
    shoot("count-elsewhere")
    page.click(GO)
    seen(page, ".s-done")
    shoot("count-done")
    end(page)


SCENES = (send_and_receive, inspect, restore, count)
