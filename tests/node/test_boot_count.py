"""The boot number rises with each start, over power cuts and replaced hardware."""

import pytest

from node.boot_count import next_boot


def test_it_rises_by_one_from_one(tmp_path) -> None:
    path = str(tmp_path / "boot")
    assert [next_boot(path) for _ in range(3)] == [1, 2, 3]


def test_a_replaced_node_begins_above_the_number_given(tmp_path) -> None:
    path = str(tmp_path / "boot")
    assert next_boot(path, first_boot=40) == 41
    assert next_boot(path, first_boot=40) == 42


def test_a_power_cut_before_the_rename_leaves_the_old_number(tmp_path) -> None:
    path = tmp_path / "boot"
    next_boot(str(path))
    (tmp_path / "boot.new").write_text("")
    assert next_boot(str(path)) == 2


def test_a_damaged_file_is_told_and_not_begun_anew(tmp_path) -> None:
    path = tmp_path / "boot"
    path.write_text("x\n")
    with pytest.raises(ValueError, match="boot: expected the last number, found 'x"):
        next_boot(str(path))


def test_a_node_that_cannot_write_its_number_does_not_start(tmp_path) -> None:
    with pytest.raises(OSError, match=r"boot\.new"):
        next_boot(str(tmp_path / "absent" / "boot"))
