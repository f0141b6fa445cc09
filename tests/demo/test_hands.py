"""The visitor's page: what it shows is how the doors stand, what it does goes to the stand-ins, and only its own page may ask."""

import http.client
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlencode

import pytest

from caseward.demo.cables import Cables
from caseward.demo.director import Director, Timetable
from caseward.demo.hands import Hands, Present, catalogue
from caseward.demo.hands_server import HandsServer
from caseward.demo.hardware import Hardware
from custody.messages import placeholders
from node.krcu import Cu16
from tests.demo.offline import areas
from tests.gateway.program import wait_for
from tests.tools.ports import free_port

KEEPER, BAND = "0B00000083", "0C00000001"


class Bench:
    """Area 1 with its boards, a director that runs, and the page served; `line`: the node's end of the lock board."""

    def __init__(self, folder: Path) -> None:
        self.area = areas()["a1"]
        self.hardware = Hardware(self.area, folder)
        self.hardware.open()
        timetable = Timetable(0, 1.0)
        timetable.start(0.0)
        boards = {"a1": self.hardware}
        self.director = Director(timetable, boards, Cables(), lambda *_: None, lambda *_: None)
        self.stop = threading.Event()
        self.present = Present("a1")
        self.port = free_port()
        hands = Hands(
            self.area, boards, self.director, self.present, "http://localhost:1", "http://localhost:2"
        )
        self.server = HandsServer(self.port, hands)
        self.server.start()
        run = self.director.run
        self.thread = threading.Thread(target=run, args=(3_600_000_000, self.stop), daemon=True)
        self.thread.start()

    def close(self) -> None:
        self.stop.set()
        self.thread.join()
        self.server.close()
        self.hardware.close()

    def ask(
        self, method: str, path: str, fields: Mapping[str, str] | None = None, **headers: str
    ) -> tuple[int, str]:
        connection = http.client.HTTPConnection("localhost", self.port, timeout=60)
        sent = {"Origin": f"http://localhost:{self.port}", "Accept": "text/plain", **headers}
        connection.request(method, path, urlencode(fields or {}), sent)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    found = Bench(tmp_path_factory.mktemp("hands"))
    yield found
    found.close()


def leaf(kind: str, stay: str, **body: object) -> dict[str, object]:
    return {"type": f"{kind}/1", "stay": stay, "body": body}


def test_who_wears_a_band_can_hold_it_out_until_it_is_given_back(bench: Bench) -> None:
    bench.present.leaf("a1", leaf("wristband.bound", "a1-77", band=BAND))
    bench.present.leaf("a2", leaf("wristband.bound", "a2-88", band="0C00000002"))
    bench.present.leaf("a1", leaf("search.signed", "a1-77", officers=["000121"]))
    status, shown = bench.ask("GET", "/state?lang=en")
    assert status == 200
    assert "Wristband of a1-77" in shown
    assert "Badge of officer 000121" in shown
    assert "a2-88" not in shown
    held = {"act": "hold", "cabinet": "effects-1", "tag": BAND}
    assert bench.ask("POST", "/act", held)[0] == 200
    node = next(p.node for p in bench.area.points if (p.kind, p.of) == ("reader", "rd-effects-1"))
    number = next(p.point for p in bench.area.points if (p.kind, p.of) == ("reader", "rd-effects-1"))
    tags = bench.hardware.boards[node].tags
    wait_for("the band before the reader", lambda: tags.get(number) == [BAND])
    wait_for("the band to be taken away", lambda: tags.get(number) == [])
    bench.present.leaf("a1", leaf("wristband.returned", "a1-77", band=BAND))
    assert bench.ask("POST", "/act", held)[0] == 409


def test_a_door_is_pulled_when_its_hook_has_let_go_and_not_before(bench: Bench) -> None:
    pulled = {"act": "pull", "compartment": "P-1"}
    status, said = bench.ask("POST", "/act", pulled)
    assert status == 409
    assert "shut" in said
    line = open(bench.hardware.environment("n4")["CASEWARD_UART_locks"], "r+b", buffering=0)  # noqa: SIM115
    line.write(Cu16(16).release(0, 5))  # P-1 is the fifth of the board
    wait_for("the hook", lambda: bench.hardware.compartment("P-1") == "let_go")
    line.close()
    assert bench.ask("POST", "/act", pulled)[0] == 200
    assert bench.hardware.compartment("P-1") == "open"
    assert bench.ask("POST", "/act", {**pulled, "act": "push"})[0] == 200
    assert bench.hardware.compartment("P-1") == "shut"


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/act", {"Origin": "http://evil.example"}, 403),
        ("/act", {"Host": "evil.example"}, 403),
        ("/other", {}, 403),
        ("/act", {}, 409),
    ],
)
def test_a_form_comes_from_this_page(bench: Bench, path: str, headers: dict[str, str], status: int) -> None:
    assert bench.ask("POST", path, {"act": "nothing"}, **headers)[0] == status


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_and_all_that_it_loads_is_there_in_both_languages(bench: Bench, language: str) -> None:
    status, page = bench.ask("GET", f"/?lang={language}")
    assert status == 200
    assert ("访客的手" in page) is (language == "zh")
    assert "style=" not in page
    for name in ("hands.css", "hands.js", "tokens.css", "base.css", "mark.svg"):
        assert name in page
        assert bench.ask("GET", f"/static/{name}")[0] == 200
    assert bench.ask("GET", "/static/../hands.py")[0] == 404


def test_every_message_has_both_languages_with_the_same_places() -> None:
    for id in catalogue().ids():
        entry = catalogue().entry(id)
        assert placeholders(entry["zh"]) == placeholders(entry["en"]), id


def test_the_demo_has_cabinets_in_its_first_area_alone() -> None:
    """The addresses that the command prints are those of area 1."""
    assert {area.id for area in areas().values() if area.cabinets} == {"a1"}
    assert areas()["a1"].cabinets.keys() == {"effects-1", "exhibits-1", "dangerous-1"}
