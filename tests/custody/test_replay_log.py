"""`caseward replay` on a real log: what the log's own outputs say is what replay says."""

import json

import pytest

from caselog.filedisk import FileDisk
from caselog.log import Log
from caseward.cli import main
from custody.codec import fact_entry, output_entry
from custody.effects import AlarmCleared, AlarmRaised, PreWarning
from custody.facts import Fact
from custody.scenario import parse_scenario
from tests.custody.support import OFFICERS, START_US, admitted, engine, fact, json_line

HOUR_US = 3_600_000_000


def write_log(path, facts: list[Fact], end_us: int) -> list[dict[str, object]]:
    """A log as a gateway writes it: facts, deadlines, outputs; gives the alarm bodies."""
    log, _ = Log.open(FileDisk(path))
    built, told = engine(), []

    def step(item: Fact) -> None:
        leaf = log.append(fact_entry(item))
        placed = Fact(**{**{s: getattr(item, s) for s in Fact.__slots__}, "index": leaf.index})
        for effect in built.step(placed):
            log.append(output_entry(effect, placed))
            if isinstance(effect, AlarmRaised | PreWarning | AlarmCleared):
                told.append(effect.to_output()["body"])
        log.commit()

    def wake(until_us: int) -> None:
        while (due := built.next_deadline_us()) is not None and due <= until_us:
            step(fact("deadline.reached", 0, due))

    for item in facts:
        wake(item.recorded_us - 1)
        step(item)
    wake(end_us)
    return told


@pytest.fixture
def history() -> list[Fact]:
    lines = [json_line(line) for line in [*OFFICERS, *admitted("public_order_questioning")]]
    lines += [json_line("10:00 recorder.stopped recorder=rec-west")]
    lines += [json_line("17:30 stay.released stay=s-1 reason=released")]
    scenario = parse_scenario(lines)
    return [fact(line.fact, n, line.at_us, **line.body) for n, line in enumerate(scenario.lines)]


def replayed(capsys, *arguments: str) -> list[tuple[str, str, str]]:
    assert main(["replay", *arguments, "--rulebook", "cn-2026", "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return [(r["alarm"], r["stage"], r["event"]) for r in rows if r["event"] != "refusal"]


def test_folder_segment_and_exported_leaves_say_what_the_log_says(tmp_path, history, capsys):
    told = write_log(tmp_path / "log", history, START_US + 9 * HOUR_US)
    expected = {(b["alarm"], b["stage"]) for b in told}
    assert len(expected) > 5
    by_folder = replayed(capsys, str(tmp_path / "log"))
    segment = next((tmp_path / "log").glob("*.seg"))
    exported = tmp_path / "leaves.jsonl"
    exported.write_text("".join(line[9:] for line in segment.open(encoding="utf-8")), encoding="utf-8")
    assert {(alarm, stage) for alarm, stage, _ in by_folder} == expected
    assert replayed(capsys, str(segment)) == by_folder == replayed(capsys, str(exported))


def test_a_leaf_that_is_no_leaf_is_named(tmp_path, capsys):
    file = tmp_path / "broken.jsonl"
    file.write_text('{"prev":"00","class":"gossip"}\n', encoding="utf-8")
    assert main(["replay", str(file), "--rulebook", "cn-2026"]) == 2
    assert "line 1: expected class 'fact', 'output' or 'log', found gossip" in capsys.readouterr().err
