"""firmware/README.md against node/config.py: every key with its default and limits."""

import json
import re
from pathlib import Path

from node.config import LIMITS, POINT_LIMITS, POINT_WORDS, QUEUE_RESERVE, NodeConfig

PAGE = (Path(__file__).resolve().parents[2] / "firmware" / "README.md").read_text()


def test_every_key_stands_there_with_its_default_and_limits() -> None:
    expected = {name: (str(default), f"{least}..{most}") for name, (default, least, most) in LIMITS.items()}
    expected["queue_max"] = (expected["queue_max"][0], f"points + {QUEUE_RESERVE}..{LIMITS['queue_max'][2]}")
    for limits in POINT_LIMITS.values():
        expected |= {
            name: (str(default), f"{least}..{most}") for name, (default, least, most) in limits.items()
        }
    for words in POINT_WORDS.values():
        expected |= {name: (default, ", ".join(allowed)) for name, (default, allowed) in words.items()}
    told = {
        key: (default, limits)
        for key, default, limits in re.findall(r"^\| `(\w+)` \| (.*?) \| (.*?) \|", PAGE, re.M)
    }
    assert told == expected


def test_the_example_is_a_configuration() -> None:
    example = re.search(r"```json\n(.*?)```", PAGE, re.S)
    assert example is not None
    table = json.loads(example[1].replace("<64 hex digits>", "0f" * 32))
    assert [point.kind for point in NodeConfig(table).points] == [
        "contact", "feedback", "output", "reader", "supervised",
    ]  # fmt: skip
