"""A signature with the mouse, for pages in Chromium."""

from playwright.sync_api import Page

STROKE = ((0.15, 0.6), (0.25, 0.2), (0.35, 0.7), (0.45, 0.3), (0.55, 0.65), (0.7, 0.4))


def scribble(page: Page, part: str) -> None:
    box = page.locator(f'svg[data-ink="{part}"]').bounding_box()
    assert box is not None
    points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in STROKE]
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*point, steps=4)
    page.mouse.up()
