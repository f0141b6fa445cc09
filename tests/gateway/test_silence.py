"""The button that silences: at the gateway, through log, engine and output, with the server away."""

import pytest

from custody.area import load_area
from tests.gateway import bench as kit
from tests.gateway.bench import Bench

BUTTON = 8
AREA = load_area(
    kit.AREA_TEXT
    + f'\n[[input]]\nid = "silence-1"\nkind = "silence"\n\n[[point]]\nnode = "n1"\npoint = {BUTTON}\n'
    + 'kind = "input"\nof = "silence-1"\n\n[alarms]\nsilence_s_max = 30\n'
)


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
    """A gateway whose sounder is on because a gate was forced; no broker, no server."""
    monkeypatch.setattr(kit, "AREA", AREA)
    monkeypatch.setitem(kit.KINDS, "input", "contact")
    found = Bench()
    found.node.level(1, 0)
    found.open()
    found.node.power_up()
    found.run(4_000)
    found.node.level(1, 1)
    found.run(200)
    assert found.lines["sounder"] is True
    return found


def press(bench: Bench) -> None:
    bench.node.level(BUTTON, 1)
    bench.run(400)
    bench.node.level(BUTTON, 0)
    bench.run(400)


def test_the_button_stops_the_siren_offline_and_it_comes_back_when_nobody_came(bench: Bench) -> None:
    press(bench)
    assert bench.lines["sounder"] is False
    silenced = [leaf for leaf in bench.leaves() if leaf["body"].get("action") == "silenced"]
    assert [(leaf["class"], leaf["body"]["officer"]) for leaf in silenced] == [("output", "")]
    assert all(alarm.state == "unacknowledged" for alarm in bench.core.book.engine.alarms.values())
    bench.run(31_000)
    assert bench.lines["sounder"] is True


def test_what_is_raised_after_the_button_sounds_and_a_restart_keeps_the_silence(bench: Bench) -> None:
    press(bench)
    bench.crash(1.0)
    bench.run(1_000)
    assert not bench.lines.get("sounder")
    bench.node.level(1, 0)
    bench.run(300)
    bench.node.level(1, 1)  # forced again: another alarm
    bench.run(300)
    assert bench.lines["sounder"] is True
