"""The kiosk's page over the bench: the real edge and page in a browser, the core in this process, its time let run by a thread."""

import queue
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from casegateway.events import Action
from casekiosk.asking import Answer, Ask
from casekiosk.serving import KioskServer, Listen
from casekiosk.web import Edge
from custody.area import Area, Compartment
from custody.name import Name
from tests.gateway import bench as gateway_bench
from tests.gateway.locker_bench import LOCKER_AREA
from tests.kiosk.desk_bench import KioskBench

CELLS = 24
NUMBERED = {"e1": 7, "e2": 8, "p1": 21}
TURN_MS = 20


def house_of_24() -> Area:
    """The bench's area with a cabinet of 24 compartments, two of which have a lock and a door."""
    names = {number: name for name, number in NUMBERED.items() if name[0] == "e"}
    cells = {}
    for number in range(1, CELLS + 1):
        name = names.get(number, f"e-{number}")
        cells[name] = Compartment(name, Name(f"{number:02d}", f"{number:02d}"), "e")
    cells["p1"] = replace(LOCKER_AREA.compartments["p1"], name=Name("21", "21"))
    cabinets = {
        "e": replace(LOCKER_AREA.cabinets["e"], name=Name("随身财物柜", "Personal effects")),
        "p": replace(LOCKER_AREA.cabinets["p"], name=Name("涉案财物柜", "Exhibits")),
    }
    return replace(LOCKER_AREA, compartments=cells, cabinets=cabinets)


class Gallery(KioskBench):
    """`server` serves its screens; while `running`, time goes on by itself and hands take turns with it under `lock`."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.lock = threading.RLock()
        self.asked: queue.Queue[Ask] = queue.Queue()
        cabinets = {cabinet.id: cabinet.name for cabinet in gateway_bench.AREA.cabinets.values()}
        edge = Edge(cabinets, self.offer, self.salt_of, gateway_bench.AREA.timezone)
        self.server = KioskServer(Listen("127.0.0.1", 0), edge)
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._pump, daemon=True)

    def salt_of(self, officer: str) -> bytes:
        """Of the gateway that runs now: it may have been started anew."""
        return self.core.kiosk.salt(officer)

    def offer(self, ask: Ask) -> bool:
        self.asked.put(ask)
        return True

    def act(self, actions: list[Action]) -> None:
        super().act(actions)
        for action in actions:
            if isinstance(action, Answer):
                self.server.answer(action)

    def _pump(self) -> None:
        while not self._is_over.is_set():
            with self.lock:
                while not self.asked.empty():
                    self.put(self.asked.get())
                self.run(TURN_MS)
            time.sleep(TURN_MS / 1_000)

    def address(self, cabinet: str) -> str:
        return f"http://localhost:{self.server.port}/c/{cabinet}"

    @contextmanager
    def running(self) -> Iterator[None]:
        self.server.start()
        self._thread.start()
        try:
            yield
        finally:
            self._is_over.set()
            self._thread.join(5)
            self.server.stop()
