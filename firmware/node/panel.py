"""The panel of a room: a display that shows the picture the gateway sends, and hatches where there is none that holds.

    {"kind": "panel", "point": 20, "bus": "PANEL", "address": 60}

It tells nothing but its own silence. Each scan sends one page at most; what has not changed is not sent. A picture, a second
that begins, and the end of a picture each change some pages.
"""

import logging

from casewire import SILENT
from node import panel_drawing as drawing
from node.config import known, whole
from node.picture import Picture

# default, least and most of each
LIMITS = {"address": (0x3C, 0x08, 0x77)}
RETRY_MS = 5000  # a display that does not answer is asked again
RESTART_MS = 600000  # one that was reset by a disturbance answers, and is dark: it is set up anew this often

log = logging.getLogger("node")


class PanelConfig:
    """Attributes: point, bus (terminals of the board, or a bare number), address (7 bits)."""

    def __init__(self, where, table) -> None:
        known(where, table, ["kind", "point", "bus"] + list(LIMITS))
        self.point = whole(where + ".point", table.get("point"), 0, 255)
        self.bus = table.get("bus")
        if not isinstance(self.bus, str):
            whole(where + ".bus", self.bus, 0, 255)
        for name, (default, least, most) in LIMITS.items():
            setattr(self, name, whole(where + "." + name, table.get(name, default), least, most))
        self.points = [self.point]
        self.pins = [self.bus]


class RoomPanel:
    """The device; see node.app.Node. ``screen`` is a node.screen.Screen."""

    def __init__(self, config, screen) -> None:
        self.points = (config.point,)
        self._screen = screen
        self._picture = Picture()
        self._bits = 0
        self._start_ms = None  # when the display is set up (anew); None: at once
        self._is_lit = False  # it answered when it was last spoken to
        self._message = None  # that is drawn; None: the hatch is
        self._left_s = None  # that are drawn
        self._second = -1  # that the dot shows
        self._pages = 0  # still to be sent, as bits

    def poll(self, now_ms):
        """Return what changed; see node.app.Node."""
        if self._start_ms is None or now_ms >= self._start_ms:
            self._start(now_ms)
        elif self._is_lit:
            self._draw(now_ms)
            self._send(now_ms)
        bits = 0 if self._is_lit else SILENT
        if bits == self._bits:
            return []
        self._bits = bits
        return [("trouble", self.points[0], bits, now_ms)]

    def states(self):
        """Return nothing: a panel has no state that the log would keep."""
        return []

    def tags(self):
        return []

    def troubles(self):
        return [(self.points[0], self._bits)] if self._bits else []

    def show(self, message, age_ms, now_ms) -> None:
        """Take a picture that is age_ms old."""
        self._picture.take(message, age_ms, now_ms)

    def put(self, point, state, valid_ms, now_ms) -> None:
        """Refuse: nothing here can be ordered."""
        log.error("expected a picture for point %d, a panel, found an order", point)

    def lose_link(self) -> None:
        self._picture.lose()

    def _start(self, now_ms) -> None:
        try:
            self._screen.start()
        except (OSError, ImportError) as error:
            self._fail(error, now_ms)
            return
        self._is_lit = True
        self._start_ms = now_ms + RESTART_MS
        self._message, self._left_s, self._second = None, None, -1
        drawing.draw_nothing_known(self._screen.canvas)
        self._pages = drawing.ALL_PAGES

    def _fail(self, error, now_ms) -> None:
        if self._is_lit or self._start_ms is None:
            log.error("panel %d: expected a display with its driver, found %r", self.points[0], error)
        self._is_lit = False
        self._start_ms = now_ms + RETRY_MS

    def _draw(self, now_ms) -> None:
        """Draw what has changed: the picture, its seconds left, or the second of the dot; they change at different moments."""
        message = self._picture.at(now_ms)
        left_s = None if message is None else self._picture.left_s(now_ms)
        second = now_ms // 1000
        if message is self._message and left_s == self._left_s and second == self._second:
            return
        canvas, was_hatched = self._screen.canvas, self._message is None
        self._message, self._left_s, self._second = message, left_s, second
        if message is not None:
            if was_hatched:
                canvas.fill(0)
                self._pages = drawing.ALL_PAGES
            drawing.draw_time(canvas, left_s, message.flags)
            drawing.draw_bar(canvas, message.share_permille, left_s)
            drawing.draw_marks(canvas, message, second)
            self._pages |= drawing.TIME_PAGES | drawing.BAR_PAGES | drawing.MARKS_PAGES
        elif not was_hatched:
            drawing.draw_nothing_known(canvas)
            self._pages = drawing.ALL_PAGES
        drawing.draw_dot(canvas, second)
        self._pages |= drawing.DOT_PAGES

    def _send(self, now_ms) -> None:
        if not self._pages:
            return
        page = 0
        while not self._pages >> page & 1:
            page += 1
        try:
            self._screen.send(page)
        except OSError as error:
            self._fail(error, now_ms)
            return
        self._pages &= ~(1 << page)
