"""The generated pages say what the code does."""

import json
import re
import subprocess
import sys

import pytest

from tests.docs.generate import PAGES, ROOT, render


@pytest.mark.parametrize("page", PAGES)
def test_generated_parts_are_up_to_date(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    assert text == render(text), f"{page}: run `make docs`"


def test_the_example_of_the_scenarios_page_plays_as_it_says(tmp_path):
    text = (ROOT / "docs/scenarios.md").read_text(encoding="utf-8")
    example = re.search(r"```\n(\{\"scenario\".*?)```", text, re.DOTALL)
    assert example is not None
    file = tmp_path / "example.jsonl"
    file.write_text(example.group(1), encoding="utf-8")
    command = [sys.executable, "-m", "caseward", "replay", str(file), "--rulebook", "cn-2026", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    alarms = [(r["rule"], r["time"]) for r in rows if r["event"] == "alarm"]
    assert alarms == [("T5", "2026-03-18T17:00:00.000+08:00")]
