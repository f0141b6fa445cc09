from pathlib import Path

import pytest

from casegateway.memory import Memory, SeenSeqs
from casegateway.state import (
    StateError,
    load_cursor,
    load_durable,
    next_boot,
    node_keys,
    save_cursor,
    server_public,
)
from caselog.errors import KeyFileError
from tests.gateway.bench import AREA, KEY


def test_boot_number_rises_with_every_start(tmp_path: Path) -> None:
    assert [next_boot(tmp_path / "state" / "boot") for _ in range(3)] == [1, 2, 3]


def test_unreadable_boot_number_stops_the_start_and_says_what_was_found(tmp_path: Path) -> None:
    (tmp_path / "boot").write_text("many")
    with pytest.raises(StateError, match="expected the last boot number, found 'many'"):
        next_boot(tmp_path / "boot")


def test_boot_counter_left_half_written_does_not_count(tmp_path: Path) -> None:
    next_boot(tmp_path / "boot")
    (tmp_path / "boot.new").write_text("9")  # the power went before the rename
    assert next_boot(tmp_path / "boot") == 2


@pytest.mark.parametrize("text", ["", "{}", '{"size": -1}', '{"size": "7"}', "[", "[]"])
def test_unusable_cursor_means_from_the_beginning(tmp_path: Path, text: str) -> None:
    (tmp_path / "outbox.json").write_text(text)
    assert load_cursor(tmp_path / "outbox.json") == 0
    assert load_durable(tmp_path / "outbox.json") == 0


def test_cursor_is_read_as_it_was_saved(tmp_path: Path) -> None:
    save_cursor(tmp_path / "outbox.json", 77, 80)
    assert (load_cursor(tmp_path / "outbox.json"), load_durable(tmp_path / "outbox.json")) == (77, 80)


def test_servers_key_may_be_missing_but_not_wrong(tmp_path: Path) -> None:
    assert server_public(tmp_path / "server.pub") is None
    (tmp_path / "server.pub").write_text("abcd\n")
    with pytest.raises(KeyFileError, match="32 bytes"):
        server_public(tmp_path / "server.pub")


def test_each_node_needs_a_key_and_a_wrong_one_is_not_shown(tmp_path: Path) -> None:
    path = tmp_path / "nodes.toml"
    path.write_text(f'n1 = "{KEY.hex()}"\n')
    assert node_keys(path, AREA) == {"n1": KEY}
    path.write_text(f'n1 = "{KEY.hex()[:-2]}"\n')
    with pytest.raises(StateError, match="n1") as caught:
        node_keys(path, AREA)
    assert KEY.hex()[:16] not in str(caught.value)
    path.write_text("n1 = ")
    with pytest.raises(StateError, match="TOML"):
        node_keys(path, AREA)
    with pytest.raises(StateError, match="n1"):
        node_keys(tmp_path / "nothing", AREA)


def test_sequence_numbers_remembered_are_bounded_and_old_ones_count_as_doubles() -> None:
    seen = SeenSeqs()
    for seq in range(1, 10_001):
        seen.add(1, seq)
    assert len(seen._recent) == 4_096
    assert seen.has(1, 1)
    assert seen.has(1, 10_000)
    assert not seen.has(1, 10_001)
    assert seen.has(0, 5)  # an older boot is over
    assert not seen.has(2, 1)


def test_ids_remembered_are_bounded() -> None:
    memory = Memory()
    for number in range(70_000):
        memory.keep_id(str(number))
    assert len(memory._officer_ids) == 65_536
    assert memory.knows_id("69999")
    assert not memory.knows_id("1")
