"""A cabinet's screen on the bench: real core, engine, log, node, lock driver, desks and files; time, hands and pens are the test's."""

import base64
import json
from collections.abc import Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import Any

from casegateway.events import Action, Publish, ServerSaid
from casegateway.kiosks import ENCLOSURE_PREFIX, KIOSK_PREFIX, KioskSetting
from casekiosk import render, strokes
from casekiosk.asking import Answer, Ask
from casekiosk.files import KioskFiles
from casekiosk.house import Notice
from casekiosk.pins import digest_of
from casekiosk.screens import View
from caselog import canonical
from caselog.box import BoxKey
from tests.gateway.bench import SERVER_KEY
from tests.gateway.locker_bench import BAND, Cabinets

JPEG = b"\xff\xd8\xff\xe0 a picture \xff\xd9"
PEN = strokes.picture([[[10, 10], [40, 90], [90, 20], [140, 80], [200, 40]]])
NOTICE = Notice("引文", "A quotation", "a source")


def signed(what: str, prefix: bytes, value: dict[str, Any]) -> bytes:
    signature = base64.b64encode(SERVER_KEY.sign(prefix + canonical.dumps(value))).decode()
    return canonical.dumps({"v": 1, what: value, "key": "", "sig": signature})


class KioskBench(Cabinets):
    """`touch` is one touch of the screen of cabinet `at`; every screen is drawn in both languages as it comes."""

    kept: Mapping[str, dict[str, object]] = {}

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        (folder / "keys").mkdir()
        self.box = BoxKey.generate()
        self.at = "e"
        self.seat = "a" * 64
        self.numbers: Iterator[int] = count(1)
        self.given: dict[int, Answer] = {}
        self.touches = 0

    def kiosk(self) -> KioskSetting:
        return KioskSetting(KioskFiles(self.folder / "keys", self.folder / "kiosk"), NOTICE)

    def act(self, actions: list[Action]) -> None:
        for action in actions:
            if isinstance(action, Answer):
                self.given[action.ask] = action
        super().act(actions)

    def provision(
        self, pins: dict[str, str] | None = None, *, box: bool = True, at_us: int | None = None
    ) -> None:
        salts = {officer: bytes([number]) * 16 for number, officer in enumerate(pins or {}, 1)}
        value = {
            "at_us": self.station_us if at_us is None else at_us,
            "box": self.box.public.hex() if box else None,
            "pins": {o: {"salt": salts[o].hex(), "digest": digest_of(p, salts[o]).hex()} for o, p in (pins or {}).items()},
        }  # fmt: skip
        self.put(ServerSaid("kiosk", signed("kiosk", KIOSK_PREFIX, value)))

    def begin(self) -> None:
        super().begin()
        self.connect()
        self.provision()
        self.say("search.signed", stay="s1", officers=["c1"])
        self.run(200)
        self.touch("open")

    def ask(
        self, action: str, data: bytes | None = None, digest: bytes | None = None, **fields: str
    ) -> Answer:
        number = next(self.numbers)
        self.put(Ask(number, self.at, self.seat, action, fields, data, digest))
        answer = self.given[number]
        if answer.screen is not None and action != "labels":
            for language in ("zh", "en"):
                html = render.screen(answer.screen, language, "Asia/Shanghai")
                assert "<section" in html
                assert "Undefined" not in html
        return answer

    def touch(self, action: str, **fields: str) -> View:
        self.touches += 1
        answer = self.ask(action, **fields)
        assert answer.screen is not None
        return answer.screen.view

    @property
    def view(self) -> View:
        screen = self.ask("look").screen
        assert screen is not None
        return screen.view

    @property
    def note(self) -> str:
        screen = self.ask("look").screen
        return "" if screen is None or screen.frame.note is None else screen.frame.note.reason

    def try_pin(self, officer: str, pin: str, action: str = "pin") -> View:
        self.touches += 6
        salt = self.core.kiosk.salt(officer)
        screen = self.ask(action, digest=digest_of(pin, salt), officer=officer).screen
        assert screen is not None
        return screen.view

    def sign(self, part: str) -> View:
        screen = self.ask("sign", PEN, part=part).screen
        assert screen is not None
        return screen.view

    def photo(self) -> View:
        screen = self.ask("photo", JPEG).screen
        assert screen is not None
        return screen.view

    def tap_here(self, *who: str) -> None:
        """Badges and bands are held to the reader and taken away again."""
        self.tap(*who, cabinet=self.at)
        self.run(600)

    def open_and_shut(self, name: str, *who: str) -> None:
        """Those who have to be there are; the door is pulled, and shut again."""
        self.tap_here(*who)
        self.run(400)
        self.hand(name, is_open=True)
        self.run(2_000)
        self.hand(name, is_open=False)
        self.run(600)

    # --- the server -------------------------------------------------------------------------

    def enclosures(self) -> dict[str, tuple[dict[str, Any], bytes]]:
        """What was sent and opens: commitment -> header, value."""
        found = {}
        for message in (
            p.payload for p in self.published if isinstance(p, Publish) and p.topic == "enclosure"
        ):
            header, _, box = message.partition(b"\n")
            told = json.loads(header)
            found[told["commitment"]] = told, self.box.open(box, header)[32:]
        return found

    def hold_all(self) -> None:
        """The server says of each enclosure that was sent that it holds it."""
        for commitment in self.enclosures():
            value = {"commitment": commitment}
            self.put(ServerSaid("enclosure", signed("enclosure", ENCLOSURE_PREFIX, value)))

    def items(self, stay: str = "s1") -> dict[str, str]:
        """Items of a stay -> who holds them."""
        return {
            item.ref: item.holder for item in self.core.book.engine.world.items.values() if item.stay == stay
        }


__all__ = ["BAND", "JPEG", "PEN", "KioskBench"]
