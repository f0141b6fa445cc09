"""Which program a board runs: one that has run before, wherever the power goes, and a new one only when it has proved itself."""

import hashlib
import importlib.util
import os
from pathlib import Path
from types import ModuleType

import pytest

from tests.node.micropython import FIRMWARE

MAIN = "node/board.py"


@pytest.fixture
def slots(tmp_path, monkeypatch) -> ModuleType:
    """The module of the boards, in an empty file system."""
    monkeypatch.chdir(tmp_path)
    spec = importlib.util.spec_from_file_location("slots", FIRMWARE / "boards" / "slots.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def program(slot: str, word: str) -> None:
    """A small program with its hashes."""
    folder = Path(slot) / "node"
    folder.mkdir(parents=True)
    (folder / "board.py").write_text(word)
    digest = hashlib.sha256(word.encode()).hexdigest()
    (Path(slot) / "hashes").write_text(f"{digest}  {MAIN}\n1 files\n")


@pytest.fixture
def offered(slots) -> ModuleType:
    """a is good, b is new."""
    program("a", "old")
    program("b", "new")
    slots.write("slot", "a")
    slots.offer("b")
    return slots


def test_a_board_without_slots_runs_what_is_on_its_path(slots) -> None:
    assert slots.pick() == (None, False)


def test_a_new_program_gets_one_start_and_the_next_one_is_the_good_ones(offered) -> None:
    assert offered.pick() == ("b", True)
    assert offered.pick() == ("a", False)
    assert offered.pick() == ("a", False)


def test_a_new_program_that_is_confirmed_is_the_good_one(offered) -> None:
    offered.pick()
    offered.confirm("b")
    assert offered.pick() == ("b", False)
    assert sorted(os.listdir()) == ["a", "b", "slot"]


@pytest.mark.parametrize(
    "harm", ["rotten", "missing", "no hashes", "empty hashes", "cut hashes", "the same slot", "no slot"]
)
def test_a_new_program_that_is_not_whole_gets_no_start(offered, harm) -> None:
    match harm:
        case "rotten":
            Path("b", MAIN).write_text("nex")
        case "missing":
            Path("b", MAIN).unlink()
        case "no hashes":
            Path("b", "hashes").unlink()
        case "empty hashes":
            Path("b", "hashes").write_text("")
        case "cut hashes":
            Path("b", "hashes").write_text("1 files")
        case "the same slot":
            offered.write("try", "a")
        case "no slot":
            offered.write("try", "../b")
    assert offered.pick() == ("a", False)
    assert offered.pick() == ("a", False)


def test_a_trial_needs_the_gateway_and_some_time(offered) -> None:
    trial = offered.Trial("b")
    offered.pick()
    assert not trial.step(False, offered.CONFIRM_MS + 1)
    assert not trial.step(True, offered.CONFIRM_MS - 1)
    assert offered.read("slot") == "a"
    assert trial.step(True, offered.CONFIRM_MS)
    assert offered.read("slot") == "b"


def test_a_trial_without_a_gateway_ends(offered) -> None:
    with pytest.raises(OSError, match="expected the gateway within 300000 ms of a new program's start"):
        offered.Trial("b").step(False, offered.TRIAL_MS)
    assert offered.read("slot") == "a"


def test_a_hold_is_for_one_start(slots) -> None:
    assert not slots.held()
    slots.write("hold", "1")
    assert slots.held()
    assert not slots.held()


def test_what_is_wiped_is_no_program_from_the_first_moment(offered, monkeypatch) -> None:
    class PowerCutError(BaseException):
        pass

    remove, calls = os.remove, []

    def cut(path: str) -> None:
        if calls:
            raise PowerCutError
        calls.append(path)
        remove(path)

    monkeypatch.setattr(os, "remove", cut)
    with pytest.raises(PowerCutError):
        offered.wipe("b")
    monkeypatch.undo()
    assert offered.wrong("b") == ["hashes"]


@pytest.mark.parametrize("action", ["pick", "confirm", "offer"])
def test_power_that_goes_in_any_step_leaves_a_whole_program_that_has_run_or_gets_its_only_trial(
    slots, monkeypatch, action
) -> None:
    """Each write, rename and removal is the last one, for a whole life: offer, trial, confirmation."""

    class PowerCutError(BaseException):
        pass

    left = [0]

    def step(function):
        def counted(*values):
            if left[0] == 0:
                raise PowerCutError
            left[0] -= 1
            return function(*values)

        return counted

    program("a", "old")
    program("b", "new")
    steps = 0
    while True:
        for name in ("try", "tried", "try.new", "slot.new"):
            slots.forget(name)
        slots.write("slot", "a")
        if action != "offer":
            slots.offer("b")
        if action == "confirm":
            slots.pick()
        left[0] = steps
        with monkeypatch.context() as patched:
            for name in ("rename", "remove", "sync"):
                patched.setattr(os, name, step(getattr(os, name)))
            try:
                {
                    "pick": slots.pick,
                    "confirm": lambda: slots.confirm("b"),
                    "offer": lambda: slots.offer("b"),
                }[action]()
            except PowerCutError:
                is_done = False
            else:
                is_done = True
        first, second, third = slots.pick(), slots.pick(), slots.pick()
        assert slots.wrong(first[0]) == []
        assert second == third  # whatever it is, it stays
        assert second[1] is False
        if first[1]:
            assert (first[0], second[0]) == ("b", "a")  # its only trial
        else:
            assert first == second
        if is_done:
            break
        steps += 1
    assert steps >= 1
