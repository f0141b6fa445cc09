"""The page of recorders says of each setting what the code does, and its example is one that the driver takes."""

import json
import re

from casefield.recorder_serial import LIMITS, WORDS, RecorderConfig
from tests.docs.test_lock_pages import DEVICES, rows

PAGE = "recorder-serial.md"


def test_each_number_and_each_word_has_its_row() -> None:
    names = [*LIMITS, *WORDS]
    found = {name: rows(PAGE).get(name, ["missing"] * 2)[:2] for name in names}
    expected = {name: [str(default), f"{least}..{most}"] for name, (default, least, most) in LIMITS.items()}
    assert found == expected | {name: [default, ", ".join(words)] for name, (default, words) in WORDS.items()}


def test_the_example_of_the_page_is_taken() -> None:
    example = re.search(r"```json\n(.*?)```", (DEVICES / PAGE).read_text(encoding="utf-8"), re.DOTALL)
    assert example is not None
    assert RecorderConfig("example", json.loads(example[1])).point == 7
