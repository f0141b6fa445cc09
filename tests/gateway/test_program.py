from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gateway.program import Program, wait_for

pytestmark = pytest.mark.real


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    with Program(tmp_path) as program:
        yield program


def test_contact_on_a_pty_reaches_log_and_server_and_sigterm_ends_cleanly(program: Program) -> None:
    program.start()
    wait_for("the node to be known", lambda: program.facts("node.restored"))
    program.hardware("PIN 1 1")
    wait_for("the door to open", lambda: program.facts("door.opened"))
    wait_for("the server to hold all", lambda: program.server.leaves == program.leaves())
    wait_for("the sounder to sound", lambda: " 23 1" in (program.folder / "gpio").read_text())
    beat = wait_for("a heartbeat", lambda: program.server.newest("hb"))
    print(beat["health"])
    assert beat["health"]["sources"]["node:n1"]["state"] == "ok"
    assert program.end() == 0
