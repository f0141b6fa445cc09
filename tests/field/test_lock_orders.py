"""From an officer's signed form to a lock, each a process: broker, gateway, field node over TLS, a lock board on a pty."""

import base64
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from casegateway.orders import signed_bytes
from caselog import canonical
from caselog.keys import SoftKey
from tests.field.test_program import AREA, Field
from tests.gateway.bench import SERVER_KEY
from tests.gateway.program import WAIT_S, Mosquitto, Server, wait_for

pytestmark = [pytest.mark.real, pytest.mark.slow]

HOUR_US = 3_600_000_000


class OrderedField(Field):
    """The same with a broker and the server's end of it, as which `say_form` speaks."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        text = AREA.replace("{number}", str(self.number)).replace("t9", "t1")  # the name that Server knows
        (folder / "area.toml").write_text(text)
        keys = folder / "gateway" / "keys"
        (keys / "server.pub").write_text(SERVER_KEY.public.hex() + "\n")
        self.broker = Mosquitto(folder)
        self.broker.start()
        self.server = Server(self.broker.port, SoftKey.load(keys / "gateway.key").public)

    def start(self, *command: str, **pipes: int) -> Any:
        words = list(command)
        if "--broker" in words:
            words[words.index("--broker") + 1] = f"127.0.0.1:{self.broker.port}"
            words += ["--wall-error-ms", "50"]
        return super().start(*words, **pipes)

    def form(self, number: int, fact_type: str, age_us: int = 0, **body: Any) -> bytes:
        at_us = time.time_ns() // 1_000 - age_us - 60_000  # the bounds of the gateway's clock are 50 ms wide
        fact = {
            "type": f"{fact_type}/1", "id": f"form-{number}", "stay": None, "body": body,
            "occurred": {"earliest_us": at_us, "latest_us": at_us, "by": "server"},
        }  # fmt: skip
        signature = base64.b64encode(SERVER_KEY.sign(signed_bytes(fact))).decode()
        return canonical.dumps({"v": 1, "fact": fact, "key": "", "sig": signature})

    def state(self, what: str, form: bytes, condition: Callable[[], Any]) -> None:
        """Say a form again and again until it is so, as the server does."""
        end = time.monotonic() + WAIT_S
        while not condition():
            assert time.monotonic() < end, f"expected {what} within {WAIT_S} s"
            self.server.say("fact", form)
            time.sleep(0.2)

    def pulses(self) -> int:
        """How often the board drove the coil of the lock."""
        return (self.folder / "programs.log").read_text().count("pulse 0 1\n")

    def close(self) -> None:
        super().close()
        self.server.stop()
        self.broker.stop()


@pytest.fixture
def field(tmp_path: Path) -> Iterator[OrderedField]:
    field = OrderedField(tmp_path)
    with field.cable:
        yield field
        field.close()
    print((tmp_path / "programs.log").read_text()[-2_000:])


def test_a_form_that_is_accepted_moves_the_bolt_once_and_a_restart_not_again(field: OrderedField) -> None:
    field.start_board()
    field.start_gateway()
    field.start_node()
    wait_for("the lock to be known", lambda: "output.confirmed" in field.told())
    order = {"door": "gate", "officer": "p1", "reason": "entry"}
    early = field.form(1, "door.release_ordered", **order)
    field.state("an order by nobody known", early, lambda: "door.release_ordered" in field.told())
    officer = {"officer": "p1", "service": "sworn", "roles": ["guard"]}
    known = field.form(2, "officer.registered", HOUR_US // 60, **officer)
    field.state("the officer", known, lambda: "officer.registered" in field.told())
    assert (field.pulses(), "output.commanded" in field.told()) == (0, False)
    form = field.form(3, "door.release_ordered", **order)
    field.state("the order", form, lambda: field.told().count("door.release_ordered") == 2)
    wait_for("the bolt to move", lambda: "opened 0 1\n" in (field.folder / "programs.log").read_text())
    wait_for("its feedback", lambda: field.told().count("output.confirmed") == 2)
    told = field.told()
    assert told.index("officer.registered") < told.index("output.commanded")
    field.server.say("fact", form)  # the server says it again until it is in the log
    field.say("shut 0 1")
    wait_for("the bolt to be thrown", lambda: field.told().count("output.confirmed") == 3)
    assert field.gateway is not None
    field.gateway.kill()
    field.gateway.wait()
    field.start_gateway()
    wait_for("the gateway to be back", lambda: field.told().count("gateway.booted") == 2)
    field.server.say("fact", form)
    late = field.form(4, "door.release_ordered", 11_000_000, **order)
    field.state("the late order to be said to be late", late, lambda: "door.release_failed" in field.told())
    assert field.pulses() == 1
    assert field.told().count("output.commanded") == 1
