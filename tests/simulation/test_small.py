"""Small worlds in which each disk operation is struck: the part that `make test` runs, every n-th of every second scene (docs/simulation.md)."""

import pytest

from tests.simulation.plan import Plan
from tests.simulation.scenes import CONDITIONS, CORE, Scene, scenes
from tests.simulation.small import play, strikes_of, walk, walk_server
from tests.simulation.struck import ERRORS, TAILS, Strike

pytestmark = pytest.mark.slow

STRIDE = 307
SERVER_SCENES = ("limit in sight", "handled", "released")
SERVER_STRIDE = 29

by_name = {scene.name: scene for scene in scenes()}


def test_there_are_a_hundred_scenes_and_more_and_each_says_what_it_is_for() -> None:
    assert len(by_name) == len(scenes()) >= 100
    assert all(scene.why for scene in scenes())
    assert set(CORE) <= by_name.keys()
    again = {f"{name}, {condition}" for name in CORE for condition in CONDITIONS}
    assert again <= by_name.keys()


def test_a_scene_is_read_back_as_it_was_written() -> None:
    for scene in scenes():
        assert Plan.loads(scene.plan().dumps()).acts == scene.plan().acts


def test_whatever_operation_of_the_disk_is_struck_both_sides_agree_in_the_end() -> None:
    ways: set[str] = set()
    for number, scene in list(enumerate(scenes()))[::2]:  # all of them in `make prove`
        tally = walk(scene, STRIDE, offset=number * 13)
        assert tally.violations == [], f'python -m tests.simulation.small --scene "{scene.name}"'
        ways |= set(tally.by_way)
    assert ways == {*TAILS, *ERRORS}


def test_a_short_scene_is_struck_at_every_operation_in_every_way() -> None:
    tally = walk(by_name["gate forced"])
    assert tally.violations == []
    assert tally.runs > 2 * tally.operations


def test_wherever_the_server_dies_around_a_commit_both_sides_agree_in_the_end() -> None:
    for number, name in enumerate(SERVER_SCENES):
        tally = walk_server(by_name[name], SERVER_STRIDE, offset=number * 10)
        assert tally.violations == [], f'python -m tests.simulation.small --server --scene "{name}"'
        assert tally.transactions > 10


def test_the_strike_comes_and_two_runs_of_it_are_the_same() -> None:
    scene = by_name["gate held"]
    first = next(s for s, _ in strikes_of(scene, play(scene.plan())) if s.way == "torn")
    runs = [play(scene.plan(), first) for _ in range(2)]
    assert runs[0].was_struck
    assert runs[0].raised_at_us == runs[1].raised_at_us


def test_a_scene_that_keeps_bytes_it_should_have_lost_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene("sees", "that the check can fail", by_name["gate forced"].text)
    strike = next(s for s, _ in strikes_of(scene, play(scene.plan())) if s.way == "lost" and s.at == 4)
    monkeypatch.setattr("tests.simulation.struck.StruckDisk._crash", lambda disk, _way: disk.crash(1.0))
    assert any("not what the disk kept" in text for text in play(scene.plan(), strike).violations)
    assert Strike(4, "lost") == strike
