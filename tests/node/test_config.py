"""config.json: what is wrong is told by name; what is left out has a default."""

import pytest

from node.config import LIMITS, ConfigError, NodeConfig, load
from tests.node.bench import DOOR, LOCK, READER, settings


def test_what_is_left_out_has_its_default() -> None:
    config = NodeConfig(settings(points=[{"point": 2, "kind": "output", "pin": "OUT1"}, DOOR]))
    assert {name: getattr(config, name) for name in LIMITS} == {
        name: default for name, (default, _, _) in LIMITS.items()
    }
    door, lock = config.points  # in order of their numbers
    assert (door.active_level, door.debounce_ms) == (1, 20)
    assert (lock.pin, lock.on_lost, lock.at_start) == ("OUT1", "off", "off")


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"node": 65536}, "node: expected a whole number 0..65535, found 65536"),
        ({"node": True}, "node: expected a whole number 0..65535, found True"),
        ({"key": "00"}, "key: expected 64 hex digits, found something else"),
        ({"key": "zz" * 32}, "key: expected 64 hex digits, found another character"),
        ({"resend_ms": 5}, "resend_ms: expected a whole number 50..10000, found 5"),
        ({"watchdog_ms": 9000}, "watchdog_ms: expected a whole number 1000..8000, found 9000"),
        (
            {"queue_max": 10},
            "queue_max (14 or more for these points): expected a whole number 14..1024, found 10",
        ),
        ({"points": []}, "points: expected a list of at least one point, found []"),
        (
            {"points": [7]},
            "points[0].kind: expected one of contact, feedback, output, reader, supervised, found None",
        ),
        ({"points": [dict(DOOR, kind=[])]}, "points[0].kind: expected one of contact, feedback, output"),
        ({"points": [dict(DOOR, on_lost="off")]}, "points[0]: expected only the keys"),
        (
            {"points": [dict(LOCK, on_lost="open")]},
            "points[0].on_lost: expected one of hold, off, on, found 'op",
        ),
        ({"points": [dict(DOOR, pin=None)]}, "points[0].pin: expected a whole number 0..255, found None"),
        ({"points": [DOOR, dict(DOOR, pin=9)]}, "points[1]: expected a point of its own, found 'point 1 of "),
        ({"points": [DOOR, dict(DOOR, point=9)]}, "points[1]: expected a pin of its own, found 'pin 1 of"),
        ({"colour": 1}, "config: expected only the keys"),
    ],
)
def test_what_is_wrong_is_told_by_name_expected_and_found(changes, text) -> None:
    with pytest.raises(ConfigError) as refused:
        NodeConfig(settings(**changes))
    assert str(refused.value).startswith(text)


def test_a_reader_is_on_a_uart_and_may_have_the_number_of_a_pin() -> None:
    assert len(NodeConfig(settings(points=[DOOR, dict(READER, pin=1)])).points) == 2


def test_a_key_that_is_refused_is_not_shown() -> None:
    key = "0123456789abcdef" * 4
    with pytest.raises(ConfigError) as refused:
        NodeConfig(settings(key=key + "0"))
    assert "0123" not in str(refused.value)


def test_a_file_that_is_no_json_is_told_by_its_path(tmp_path) -> None:
    path = tmp_path / "config.json"
    path.write_text("{")
    with pytest.raises(ConfigError, match=r"config.json: expected JSON, found: "):
        load(str(path))
