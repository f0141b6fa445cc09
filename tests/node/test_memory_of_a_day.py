"""Six hours of a node's day in 192 kB of heap, two of them with an absence of the gateway: memory is what it was.

Scans lie a tenth of a second apart here, to keep it short; `make prove` runs 24 hours at a board's 5 ms.
"""

import pytest

from tests.prove import node_day

pytestmark = [pytest.mark.real, pytest.mark.slow]

LEAST_FREE_B = 38 * 1024
LEAST_PIECE_B = 16 * 1024


def test_memory_of_six_hours_is_flat_and_in_one_piece_as_much_as_at_first(unix_port) -> None:
    found = node_day.day(6, 100)
    print(found)
    assert node_day.is_flat(found["free_b"])
    assert node_day.is_flat(found["largest_piece_b"])
    assert min(found["largest_piece_b"]) > LEAST_PIECE_B
    assert found["waiting"] == [0] * 6
    assert found["dropped"] > 500
    assert 100 < found["flash_writes"] < 200
    assert found["least_free_b"] > LEAST_FREE_B


def test_a_node_that_never_gives_back_a_few_bytes_would_be_found_out(
    unix_port, tmp_path, monkeypatch
) -> None:
    """The measure itself: the same with 16 bytes of one message in two hundred that stay."""
    line = "            self.frames += 1\n"
    program = node_day.PROGRAM.read_text()
    assert program.count(line) == 1
    path = tmp_path / "day.py"
    leak = line + "            if self.frames % 200 == 0:\n                HELD.append(bytes(16))\n"
    path.write_text(program.replace(line, leak).replace("class Line:", "HELD = []\n\n\nclass Line:"))
    monkeypatch.setattr(node_day, "PROGRAM", path)
    assert not node_day.is_flat(node_day.day(3, 200)["free_b"])
