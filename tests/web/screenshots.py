"""Pictures of the pages: ``python -m tests.web.screenshots [DIR]`` writes docs/img/NAME-{zh,en}[-tablet|-phone].png.

A real server in this process plays the afternoon of tests/web/day.py; Chromium reads it. Nothing is painted by hand.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.web import day, faults, staff, store
from tests.web.house import MINUTE, PASSWORD, House

SIZES = {"": (1920, 1080), "-tablet": (768, 1024), "-phone": (390, 844)}
CHROMIUM = os.environ.get("CASEWARD_CHROMIUM", "/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--font-render-hinting=none",
]
SETTLE_MS = 400
expect.set_options(timeout=20_000)  # every browser test waits for the thing, on however busy a machine
BOTH, ZH = ("", "-tablet"), ("zh",)


@dataclass(frozen=True)
class Shot:
    """One picture: which address, as whom, what to do on the page first, in which sizes."""

    name: str
    path: str
    badge: str = "0312"
    act: Callable[[Page], None] | None = None
    sizes: tuple[str, ...] = ("",)
    theme: str = "day"
    languages: tuple[str, ...] = ("zh", "en")
    is_whole: bool = True


def accounts(house: House) -> None:
    for number, roles in (
        ("0312", ["duty_officer"]),
        ("0007", ["case_department_head"]),
        ("0100", ["legal_reviewer"]),
        ("0200", ["supervisor"]),
        ("0901", ["area_administrator"]),
    ):
        house.account(number, *roles)
    house.station.duty.take("duty_officer", "0312", {"duty_officer"}, [], house.clock.now_us)
    house.station.duty.hear("duty_officer", "0312", house.clock.now_us, is_heard=True)


@contextmanager
def browser() -> Iterator[Browser]:
    """Debian's Chromium; Playwright's own browsers are never downloaded."""
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        try:
            yield found
        finally:
            found.close()


def sign_in(page: Page, address: str, badge: str) -> None:
    page.goto(f"{address}/sign-in")
    page.fill("#badge", badge)
    page.fill("#password", PASSWORD)
    page.click("main form .strong")
    page.wait_for_url(f"{address}/")


def alarm_path(house: House, rule: str) -> str:
    for view in house.station.areas():
        for alarm in view.alarms:
            if alarm.rule == rule and not alarm.is_prewarning:
                return f"/alarms/{view.area.id}/{alarm.ref}"
    raise LookupError(f"expected an open alarm of {rule}, found none")


def possible_path(house: House) -> str:
    """An alarm that was raised because its limit may have passed."""
    found = [
        (view.area.id, alarm)
        for view in house.station.areas()
        for alarm in view.alarms
        if not (alarm.is_certain or alarm.is_prewarning)
    ]
    area, alarm = min(found, key=lambda pair: (pair[1].family != "clock", pair[1].raised_us))
    return f"/alarms/{area}/{alarm.ref}"


def complaints(page: Page) -> list[str]:
    """What the browser has to say against a page: a list that grows."""
    found: list[str] = []
    page.on("console", lambda m: found.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda e: found.append(str(e)))
    return found


def take(chrome: Browser, address: str, shots: list[Shot], folder: Path) -> None:
    """Every shot in every language and size; one signed-in context a badge."""
    for badge in sorted({shot.badge for shot in shots}):
        context = chrome.new_context(locale="zh-CN", device_scale_factor=1)
        page = context.new_page()
        problems = complaints(page)
        if badge:
            sign_in(page, address, badge)
        for shot in (s for s in shots if s.badge == badge):
            for language in shot.languages:
                for size in shot.sizes:
                    width, height = SIZES[size]
                    page.set_viewport_size({"width": width, "height": height})
                    mark = "&" if "?" in shot.path else "?"
                    page.goto(f"{address}{shot.path}{mark}lang={language}&theme={shot.theme}")
                    if shot.act is not None:
                        shot.act(page)
                    page.wait_for_timeout(SETTLE_MS)
                    is_wall = shot.path.startswith(("/?", "/#")) or shot.path == "/"
                    page.screenshot(
                        path=folder / f"{shot.name}-{language}{size}.png",
                        full_page=shot.is_whole and not (is_wall and not size),
                    )
        unexpected = [
            text for text in problems if not any(code in text for code in ("409", "422", "ERR_FAILED"))
        ]
        if unexpected:
            raise RuntimeError(f"expected no complaint of the browser, found {unexpected[:3]}")
        context.close()


def _fill_register(page: Page) -> None:
    page.fill("#f-stay", "0421")
    page.check("input[value=public_order_questioning]")
    page.fill("#f-case", "c-7f3a")
    page.fill("#f-arrived", "14:19")
    page.check("input[name=sex][value=M]")


def _refused_register(page: Page) -> None:
    _fill_register(page)
    page.fill("#f-stay", "0412")
    page.click("button.strong")


def _choose_tier(page: Page) -> None:
    page.check("input[value='T5.12h']")
    page.check("input[value=many_persons_involved]")


def _open_failed(page: Page) -> None:
    page.locator("#p-n1\\.2").scroll_into_view_if_needed()
    page.locator("#p-n1\\.2 summary").click()


def _send(page: Page) -> None:
    page.click("main form .strong")


def _choose_room(page: Page) -> None:
    page.locator("[data-el='room:guard']").click()


def _cut_line(page: Page) -> None:
    """The line to the server is cut: after five seconds the page says so."""
    page.route("**/events*", lambda route: route.abort())
    page.reload()
    page.wait_for_selector("body.stale", timeout=15_000)
    page.wait_for_timeout(2_000)
    page.unroute("**/events*")


def busy_shots(house: House) -> list[Shot]:
    m4 = alarm_path(house, "M4")
    return [
        Shot("signin", "/sign-in", badge=""),
        Shot("wall", "/", sizes=("", "-tablet", "-phone")),
        Shot("wall-night", "/", theme="night", languages=ZH),
        Shot("alarm", m4, sizes=BOTH),
        Shot("alarms", "/alarms"),
        Shot("stays", "/stays"),
        Shot("stay", "/stays/a1/0409", sizes=BOTH),
        Shot("register", "/stays/new", act=_fill_register, sizes=BOTH),
        Shot("register-refused", "/stays/new", act=_refused_register),
        Shot("bind", "/stays/a1/0420/band"),
        Shot("search", "/stays/a1/0420/search"),
        Shot("approve", "/stays/a1/0403/extension", badge="0007", act=_choose_tier, sizes=BOTH),
        Shot("release", "/stays/a1/0403/release"),
        Shot("record", "/stays/a1/0420/record", sizes=("", "-tablet", "-phone")),
        Shot("record-form", "/stays/a1/0414/record/family.notified?of=summons", sizes=BOTH),
        Shot("record-refused", "/stays/a1/0420/record/effects.listed", act=_send),
        Shot("record-other", "/record"),
        Shot("rules", "/rules?letter=M", sizes=("", "-tablet", "-phone")),
        Shot("whatif", "/whatif?from=cn-2012&to=cn-2026", badge="0100", sizes=BOTH),
        Shot("coverage", "/coverage"),
        Shot("blind", "/blind", sizes=("", "-tablet", "-phone")),
        Shot("witness", "/witness", badge="0200", sizes=("", "-tablet", "-phone")),
        Shot("duty", "/duty", sizes=("", "-tablet", "-phone")),
        Shot(
            "plan-editor",
            "/areas/a1/plan",
            badge="0901",
            act=_choose_room,
            sizes=("", "-phone"),
            is_whole=False,
        ),
        Shot("own-log", "/own-log", badge="0200", sizes=("", "-tablet", "-phone")),
    ]


def main(arguments: list[str]) -> int:
    folder = Path(arguments[0] if arguments else "docs/img")
    folder.mkdir(parents=True, exist_ok=True)
    with browser() as chrome:
        with _house(_afternoon) as house, house.served() as address:
            take(chrome, address, busy_shots(house), folder)
            _take_alarm(house)
            take(
                chrome,
                address,
                [Shot("alarm-taken", alarm_path(house, "M4"), sizes=BOTH)],
                folder,
            )
            take(
                chrome,
                address,
                [Shot("wall-stale", "/", act=_cut_line, theme="night")],
                folder,
            )
            day.blind(house)
            take(chrome, address, [Shot("wall-blind", "/", languages=ZH)], folder)
        for name, half_us in (("wall-clock-wide", 10 * MINUTE), ("wall-clock-lost", None)):
            with _house(_afternoon) as house, house.served() as address:
                day.unsure(house, half_us)
                shots = [Shot(name, "/"), Shot(name.replace("wall", "alarm"), possible_path(house))]
                take(chrome, address, shots, folder)
        with _house(_nobody) as house, house.served() as address:
            take(chrome, address, unanswered_shots(house), folder)
        with _house(faults.equipment) as house, house.served() as address:
            take(chrome, address, fault_shots(house), folder)
        with _house(day.walked) as house, house.served() as address:
            walk = Shot("walk", "/areas/a1/walk", badge="0901", act=_open_failed, sizes=BOTH, is_whole=False)
            take(chrome, address, [walk], folder)
        with _house(day.drawer) as house, house.served() as address:
            take(chrome, address, [Shot("bands", "/areas/a1/bands", sizes=BOTH)], folder)
        with tempfile.TemporaryDirectory() as place:
            kept = store.play(Path(place))
            with kept.house.served() as address:
                take(chrome, address, property_shots(), folder)
            kept.house.close()
        with _house(day.calm) as house, house.served() as address:
            take(chrome, address, [Shot("wall-calm", "/", sizes=BOTH)], folder)
        with _house(staff.office) as house, house.served() as address:
            take(chrome, address, staff_shots(), folder)
        with _house(lambda house: house.deliver()) as house, house.served() as address:
            take(chrome, address, [Shot("wall-empty", "/", languages=ZH)], folder)
    return 0


def _afternoon(house: House) -> None:
    day.samples(house)
    day.busy(house)


def _nobody(house: House) -> None:
    """Nobody is on duty: the shift leader was called at once, the station leader two minutes later."""
    day.busy(house)
    house.station.duty.leave("duty_officer", "0312", house.clock.now_us)
    house.program.notifier.turn()
    house.clock.tell(house.clock.now_us + 2 * MINUTE)
    house.program.notifier.turn()
    house.deliver()


def property_shots() -> list[Shot]:
    """The store: its map, lists, one thing with what is sealed of it shown, papers."""
    area, keeper = "/areas/a1/property", store.KEEPERS[0]
    return [
        Shot("property-map", area, keeper, sizes=("", "-phone")),
        Shot("property-items", f"{area}/items", keeper),
        Shot("property-overdue", f"{area}/overdue", keeper),
        Shot("property-counts", f"{area}/counts", keeper),
        Shot("property-clearup", f"{area}/clearup", keeper),
        Shot("property-case", f"{area}/cases/c-7f3a", keeper),
        Shot("property-papers", f"{area}/papers?case=c-7f3a&item=x-1f07", keeper),
        Shot("property-item", "/areas/a1/items/x-1f07", keeper, act=_show, sizes=("", "-phone")),
    ]


def _show(page: Page) -> None:
    page.click("form.show button")


def staff_shots() -> list[Shot]:
    return [
        Shot("accounts", "/accounts", badge="0801", sizes=BOTH),
        Shot("officers", "/officers", badge="0200", sizes=("", "-phone")),
        Shot("account", "/account", sizes=("", "-phone")),
        Shot("second-factor", "/account/second-factor", sizes=("", "-phone")),
    ]


def unanswered_shots(house: House) -> list[Shot]:
    return [
        Shot("wall-unmanned", "/"),
        Shot("alarm-called", alarm_path(house, "M4"), sizes=BOTH),
        Shot("duty-nobody", "/duty", sizes=("", "-phone")),
    ]


def fault_shots(house: House) -> list[Shot]:
    """The life of alarms: a dead line with what lies under it, a chattering source on its shelf, the rates."""
    return [
        Shot("alarms-grouped", "/alarms"),
        Shot("alarm-cause", faults.path_of(house, "SYS/port"), sizes=BOTH),
        Shot("alarm-shelved", faults.path_of(house, "PT/line"), sizes=("", "-phone")),
        Shot("rates", "/alarms/rates"),
    ]


@contextmanager
def _house(play: Callable[[House], None]) -> Iterator[House]:
    with tempfile.TemporaryDirectory() as folder:
        house = House(Path(folder), day.START)
        accounts(house)
        play(house)
        try:
            yield house
        finally:
            house.close()


def _take_alarm(house: House) -> None:
    """0312 takes the recorder's alarm, through the log like everything else."""
    area, ref = alarm_path(house, "M4").split("/")[2:]
    house.gateways[area].say(
        "alarm.taken", house.clock.now().earliest_us, by="server", alarm=ref.replace("~", "/"), officer="0312"
    )
    house.deliver()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
