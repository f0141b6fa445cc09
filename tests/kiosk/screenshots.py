"""Pictures of each step at the kiosk: ``python -m tests.kiosk.screenshots [DIR [LANGUAGE …]]`` writes docs/img/kiosk-NAME-{zh,en}.png."""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from custody.messages import LANGUAGES
from tests.gateway import bench as gateway_bench
from tests.kiosk import scenes, store_scenes, trouble_scenes
from tests.kiosk.gallery import Gallery, house_of_24
from tests.kiosk.scenes import SETTLE_MS
from tests.web.screenshots import ARGUMENTS, CHROMIUM

CAMERA = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
BLIND = "Object.defineProperty(navigator, 'mediaDevices', { value: undefined })"
"""What a browser gives a page that is not of a secure context."""
SIZE = {"width": 1280, "height": 800}
TARGET_PX = 80
"""13.6 mm on the screen that the pages are made for; what moves on is 96 px and more."""
PAPER = ("sheet", "restore-sheet")
"""A page for the printer is longer than the screen."""
MEASURE = f"""() => ({{
  overflow: document.documentElement.scrollWidth > innerWidth || document.documentElement.scrollHeight > innerHeight
    || [...document.querySelectorAll('.k-main')].some((n) => n.scrollHeight > n.clientHeight + 1),
  small: [...document.querySelectorAll('button, input, a.k-ghost, .lang')].filter((n) => n.offsetParent && n.type !== 'hidden'
    && n.getBoundingClientRect().height < {TARGET_PX}).map((n) => n.outerHTML.slice(0, 80)),
}})"""


def picture(page: Page, folder: Path, language: str, name: str) -> None:
    page.wait_for_timeout(SETTLE_MS)
    found = page.evaluate(MEASURE)
    if (found["overflow"] and name not in PAPER) or found["small"]:
        raise RuntimeError(
            f"{name} {language}: expected a screen that fits and fingers that hit, found {found}"
        )
    page.screenshot(path=folder / f"kiosk-{name}-{language}.png")


@contextmanager
def cabinets(chrome: Browser, language: str, *, has_camera: bool = True) -> Iterator[tuple[Page, Gallery]]:
    """A house with its screens, at the personal effects."""
    with tempfile.TemporaryDirectory() as place:
        gallery = Gallery(Path(place))
        gallery.kept = store_scenes.KEPT
        gallery.begin()
        gallery.provision({"k1": scenes.PIN})
        with gallery.running():
            context = chrome.new_context(viewport=SIZE, permissions=["camera"])
            if not has_camera:
                context.add_init_script(BLIND)
            page = context.new_page()
            page.goto(f"{gallery.address('e')}?lang={language}")
            yield page, gallery
            context.close()


def walk(chrome: Browser, folder: Path, language: str) -> None:
    """Every scene, in one language."""
    with cabinets(chrome, language) as (page, gallery):
        shoot = partial(picture, page, folder, language)
        scenes.put_in(page, gallery, shoot)
        scenes.hand_back(page, gallery, shoot)
        scenes.refused_and_away(page, gallery, shoot)
        with gallery.lock:
            gallery.connect()
        store_scenes.begin(page, gallery, gallery.address("p"))
        for scene in (*store_scenes.SCENES, *trouble_scenes.SCENES, trouble_scenes.cut_off):
            scene(page, gallery, shoot)
    with cabinets(chrome, language, has_camera=False) as (page, gallery):
        trouble_scenes.no_camera(page, gallery, partial(picture, page, folder, language))


def main(arguments: list[str]) -> int:
    folder = Path(arguments[0] if arguments else "docs/img")
    folder.mkdir(parents=True, exist_ok=True)
    gateway_bench.AREA = house_of_24()
    with sync_playwright() as playwright:
        chrome = playwright.chromium.launch(executable_path=CHROMIUM, args=[*ARGUMENTS, *CAMERA])
        for language in arguments[1:] or LANGUAGES:
            walk(chrome, folder, language)
        chrome.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
