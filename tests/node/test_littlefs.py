"""What a node writes, on the file system of the boards, with the power gone in the middle of each write and erase."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.node import micropython

pytestmark = pytest.mark.real

PROGRAM = Path(__file__).with_name("littlefs_on_device.py")
ERASES_A_SAVE_MAX = 2
"""docs/adr/0029 counts on this."""


def run(unix_port: list[str], program: Path) -> subprocess.CompletedProcess[str]:
    path = [micropython.FIRMWARE, micropython.FIRMWARE / "boards", micropython.logging_folder(unix_port)]
    return subprocess.run(
        [*unix_port, "-X", "heapsize=8m", str(program)],
        env=micropython.environment("", None, path=path),
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_power_that_goes_in_any_write_of_the_flash_leaves_what_was_or_what_was_to_come(unix_port) -> None:
    done = run(unix_port, PROGRAM)
    assert done.returncode == 0, done.stderr
    print(done.stdout)
    scenes = {name: int(cuts) for name, cuts in re.findall(r"SCENE (\w+) CUTS (\d+)", done.stdout)}
    assert sorted(scenes) == ["boot_count", "confirm", "keep", "offer", "pick", "wipe"]
    assert min(scenes.values()) >= 1
    saves, erases, most = (int(n) for n in re.findall(r"\d+", done.stdout.split("WEAR")[1]))
    assert erases <= saves * ERASES_A_SAVE_MAX
    assert most <= erases / 8  # spread over the flash, and not on one place


def test_a_file_that_is_written_in_place_would_be_found_out(unix_port, tmp_path) -> None:
    """The scenes themselves: the same with a boot number that is not written aside."""
    text = PROGRAM.read_text()
    broken = text.replace(
        "def scene_boot_count():\n",
        'def in_place(path, number):\n    with open(path, "w") as file:\n        file.write("%d" % number)\n'
        '        file.flush()\n        file.write("\\n")\n\n\nboot_count.write = in_place\n\n\ndef scene_boot_count():\n',
    )
    assert broken != text
    path = tmp_path / "broken.py"
    path.write_text(
        broken.replace('boot_count.next_boot("boot")', "(os.remove('boot'), boot_count.write('boot', 42))")
    )
    done = run(unix_port, path)
    assert done.returncode == 1
    assert "boot: expected one of [41, 42], found 0" in done.stderr
