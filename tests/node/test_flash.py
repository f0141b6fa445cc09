"""A board on USB: adopted, configured, updated; through mpremote's own code to MicroPython, and with the cable pulled anywhere."""

import contextlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from casefield import board_commands, flash, usb
from casefield.usb import BoardError
from casewire import Boot
from node import signed
from node.config import ConfigError
from tests.gateway.program import wait_for
from tests.node import micropython
from tests.node.bench import KEY, NODE
from tests.node.station import Station
from tests.node.usb_board import Board, SerialBoard

pytestmark = pytest.mark.real

FIRMWARE = micropython.FIRMWARE
BOARDS = FIRMWARE / "boards"
PINS = BOARDS / "rp2040" / "pins.py"
TABLE = {
    "node": NODE,
    "points": [
        {"point": 1, "kind": "contact", "pin": "IN1"},
        {"point": 2, "kind": "reader", "pin": "RD1"},
        {"point": 3, "kind": "output", "pin": "OUT1"},
    ],
}
SMALL = {
    "node/board.py": b"print('small')\n",
    "node/__init__.py": b"",
    "casewire/__init__.py": b"# x\n" * 200,
}
OTHER_KEY = bytes(32)
RESET_EXIT_CODE = 17


class Cable(Exception):
    """The cable is pulled."""


class Pulled:
    """A board whose cable goes after so many steps, in the middle of a file where that is one."""

    def __init__(self, board: Any, steps: int) -> None:
        self.board, self.left = board, steps

    def _step(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise Cable

    def exec(self, command: str) -> bytes:
        self._step()
        return self.board.exec(command)

    def eval(self, expression: str) -> Any:
        self._step()
        return self.board.eval(expression)

    def fs_writefile(self, dest: str, data: bytes) -> None:
        if self.left == 0:
            self.board.fs_writefile(dest, data[: len(data) // 2])
        self._step()
        self.board.fs_writefile(dest, data)


@pytest.fixture
def folder(tmp_path, unix_port) -> Path:
    """The flash of a board with MicroPython and logging on it."""
    folder = tmp_path / "flash"
    folder.mkdir()
    for path in micropython.logging_folder(unix_port).glob("logging*"):
        (shutil.copytree if path.is_dir() else shutil.copy)(path, folder / path.name)
    return folder


@pytest.fixture
def board(folder, unix_port) -> Iterator[Board]:
    board = Board(unix_port, folder)
    yield board
    board.close()


def root(**changes: str) -> dict[str, bytes]:
    """The start files of a board; a name of slots.py may get another value, so that a test need not wait."""
    text = (BOARDS / "slots.py").read_text()
    for name, value in changes.items():
        before = next(line for line in text.splitlines() if line.startswith(f"{name} = "))
        text = text.replace(before, f"{name} = {value}")
    return {
        "slots.py": text.encode(),
        "pins.py": PINS.read_bytes(),
        "main.py": (BOARDS / "rp2040" / "main.py").read_bytes(),
    }


def words(folder: Path) -> dict[str, str]:
    return {
        name: (folder / name).read_text().strip()
        for name in ("slot", "try", "tried")
        if (folder / name).exists()
    }


# --- adopting and configuring ---------------------------------------------------------------------


def test_an_adopted_board_has_its_program_its_key_and_a_configuration_that_it_takes(board, folder) -> None:
    program = flash.program_files(FIRMWARE)
    assert flash.adopt(board, root(), program, TABLE, KEY) == 1
    assert words(folder) == {"slot": "a"}
    assert (folder / "config.json.key").read_text() == KEY.hex() + "\n"
    assert (folder / "a" / "node" / "app.py").read_bytes() == (FIRMWARE / "node" / "app.py").read_bytes()
    assert json.loads(signed.opened("", (folder / "config.json").read_text(), KEY)) == {**TABLE, "version": 1}
    with pytest.raises(BoardError, match="one that was adopted"):
        flash.adopt(board, root(), program, TABLE, OTHER_KEY)
    assert flash.adopt(board, root(), program, TABLE, OTHER_KEY, again=True) == 1
    assert words(folder) == {"slot": "b"}  # the program that was good is overwritten last


def test_a_board_without_logging_is_told_what_it_lacks(unix_port, tmp_path) -> None:
    board = Board(unix_port, tmp_path)
    try:
        with pytest.raises(BoardError, match="expected micropython-lib's logging on the board"):
            flash.adopt(board, root(), SMALL, TABLE, KEY)
    finally:
        board.close()
    assert list(tmp_path.iterdir()) == []


def test_a_configuration_is_numbered_on_and_one_with_another_key_is_not_put_in_place(board, folder) -> None:
    flash.adopt(board, root(), flash.program_files(FIRMWARE), TABLE, KEY)
    (folder / "config.json.version").write_text("7\n")
    assert flash.write_config(board, TABLE, KEY) == 8
    before = (folder / "config.json").read_bytes()
    with pytest.raises(BoardError, match="found another signature"):
        flash.write_config(board, TABLE, OTHER_KEY)
    with pytest.raises(BoardError, match="only the keys"):
        flash.write_config(board, {**TABLE, "colour": "red"}, KEY)
    assert (folder / "config.json").read_bytes() == before


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ({**TABLE, "key": KEY.hex()}, "without key and version"),
        (
            {**TABLE, "points": [{"point": 1, "kind": "contact", "pin": "IN99"}]},
            "point 1: expected a pin of AIN1",
        ),
        (
            {**TABLE, "points": [{"point": 1, "kind": "reader", "pin": "IN1"}]},
            "point 1: expected a pin of RD1",
        ),
        ({**TABLE, "colour": "red"}, "only the keys"),
        ([], "expected a table"),
    ],
)
def test_a_configuration_that_does_not_fit_the_board_is_refused_before_the_board_is_touched(
    tmp_path, table, told
) -> None:
    path = tmp_path / "n7.json"
    path.write_text(json.dumps(table))
    with pytest.raises(ConfigError, match=told):
        flash.read_config(path, PINS)


# --- updating -------------------------------------------------------------------------------------


def test_an_update_goes_into_the_other_slot_and_only_when_it_is_another_program(board, folder) -> None:
    flash.adopt(board, root(), flash.program_files(FIRMWARE), TABLE, KEY)
    assert flash.update(board, flash.program_files(FIRMWARE)) is None
    assert flash.update(board, SMALL) == "b"
    assert words(folder) == {"slot": "a", "try": "b"}
    assert flash.state(board) == {"good": "a", "new": "b", "failed": None}
    assert sorted(str(path.relative_to(folder / "b")) for path in (folder / "b").rglob("*.*")) == sorted(
        SMALL
    )


def test_a_board_that_was_never_adopted_is_not_updated(board) -> None:
    with pytest.raises(BoardError, match=r"found no slots.py"):
        flash.update(board, SMALL)


def test_a_file_that_changed_on_its_way_keeps_the_old_program(board, folder) -> None:
    flash.adopt(board, root(), flash.program_files(FIRMWARE), TABLE, KEY)
    write = board.fs_writefile
    board.fs_writefile = lambda dest, data: write(
        dest, data[:-1] + b"?" if dest.endswith("board.py") else data
    )
    with pytest.raises(
        BoardError, match=r"slot b: expected the files that were sent, found others: node/board.py"
    ):
        flash.update(board, SMALL)
    assert words(folder) == {"slot": "a"}


def test_a_cable_pulled_at_any_step_of_an_update_leaves_the_old_program_or_a_whole_new_one(
    board, folder
) -> None:
    flash.adopt(board, root(), {**SMALL, **flash.program_files(FIRMWARE)}, TABLE, KEY)
    flash.update(board, {**SMALL, "node/board.py": b"print('before')\n"})  # so there is something to wipe
    steps = 0
    while True:
        board.exec("slots.forget('try')\nslots.forget('tried')")
        try:
            flash.update(Pulled(board, steps), SMALL)
        except Cable:
            is_done = False
        else:
            is_done = True
        slot, is_trial = board.eval("slots.pick()")
        assert board.eval(f"slots.wrong({slot!r})") == []
        assert slot == ("b" if is_trial else "a")
        assert board.eval("slots.pick()") == ("a", False)
        if is_done:
            break
        steps += 1
    assert is_trial
    assert steps > 10


def test_a_cable_pulled_at_any_step_of_another_configuration_leaves_one_that_the_board_takes(
    board, folder
) -> None:
    flash.adopt(board, root(), flash.program_files(FIRMWARE), TABLE, KEY)
    steps, version = 0, 0
    while version != 1 or steps == 0:
        try:
            flash.write_config(Pulled(board, steps), {**TABLE, "baud": 57600}, KEY)
        except Cable:
            steps += 1
        else:
            version = 1
        json.loads(signed.opened("", (folder / "config.json").read_text(), KEY))
    assert steps >= 6


# --- a board that runs ----------------------------------------------------------------------------


class RunningBoard(Station):
    """The board after its reset: MicroPython runs main.py, with this test as gateway and hardware."""

    def __init__(self, flash_folder: Path, rig: Path, interpreter: list[str]) -> None:
        rig.mkdir()
        super().__init__(rig, interpreter)
        self.flash = flash_folder
        self.wired = (6,)

    def start(self, reset_cause: int = 1) -> None:
        self.log = (self.folder / "log").open("ab")
        path = [micropython.STANDIN]
        self.process = subprocess.Popen(
            [*self.interpreter, "-X", "heapsize=" + micropython.HEAP, "main.py"],
            env=micropython.environment(
                os.ttyname(self._node_end), self.fifo, path=path, reset_cause=reset_cause
            ),
            stdin=subprocess.DEVNULL,
            stderr=self.log.fileno(),
            cwd=self.flash,
        )


def next_version(**changes: bytes) -> dict[str, bytes]:
    """This program as its successor: it says 0.2 of itself."""
    files = flash.program_files(FIRMWARE)
    text = files["node/__init__.py"].replace(b"VERSION = (0, 1)", b"VERSION = (0, 2)")
    assert text != files["node/__init__.py"]
    return {**files, "node/__init__.py": text, **changes}


@pytest.fixture
def running(board, folder, tmp_path, unix_port) -> Iterator[RunningBoard]:
    """An adopted board that runs; a trial takes half a second, and at most twenty."""
    flash.adopt(board, root(CONFIRM_MS="500", TRIAL_MS="20000"), flash.program_files(FIRMWARE), TABLE, KEY)
    with RunningBoard(folder, tmp_path / "rig", unix_port) as running:
        assert running.said(Boot(0, 1)).boot == 1
        yield running


def again(running: RunningBoard) -> None:
    """Power off and on."""
    if running.process.poll() is None:
        running.cut_power()
    running.start()


def test_a_new_program_that_hears_its_gateway_stays(running, board, folder) -> None:
    assert flash.update(board, next_version()) == "b"
    again(running)
    running.said(Boot(0, 2))
    running.listen_until("it to be taken for good", lambda: words(folder) == {"slot": "b"})
    again(running)
    assert running.said(Boot(0, 2)).boot == 3


def test_a_new_program_that_cannot_start_goes(running, board, folder) -> None:
    flash.update(board, next_version(**{"node/app.py": b"import nothing_of_that_name\n"}))
    again(running)
    assert running.ended() == RESET_EXIT_CODE
    assert words(folder) == {"slot": "a", "tried": "b"}
    again(running)
    running.said(Boot(0, 1))
    assert flash.state(board) == {"good": "a", "new": None, "failed": "b"}


def test_a_new_program_that_never_hears_the_gateway_goes(running, board, folder) -> None:
    flash.update(board, next_version())
    slots = folder / "slots.py"
    slots.write_text(slots.read_text().replace("TRIAL_MS = 20000", "TRIAL_MS = 2000"))
    running.acking = False
    again(running)
    running.said(Boot(0, 2))
    running.listen(2.0)
    assert running.ended() == RESET_EXIT_CODE
    running.acking = True
    again(running)
    running.said(Boot(0, 1))


def test_power_that_goes_in_a_trial_brings_the_old_program_back(running, board, folder) -> None:
    flash.update(board, next_version())
    running.acking = False  # it is on trial for as long as nobody answers
    again(running)
    running.said(Boot(0, 2))
    running.acking = True
    again(running)
    running.said(Boot(0, 1))
    assert words(folder) == {"slot": "a", "tried": "b"}


def test_a_board_that_is_held_runs_no_node_once(running, board, folder) -> None:
    board.exec(usb.HOLD)
    again(running)
    assert running.ended() == 0
    assert "held: no node runs" not in (running.folder / "log").read_text()  # said on the port, not on stderr
    again(running)
    running.said(Boot(0, 1))


# --- the commands ---------------------------------------------------------------------------------


@pytest.fixture
def plugged(board, monkeypatch) -> Board:
    """The commands find this board at any port."""
    monkeypatch.setattr(usb, "held", lambda port: contextlib.nullcontext(board))
    return board


def test_a_board_is_adopted_configured_and_updated_from_the_command_line(
    plugged, folder, tmp_path, capsys
) -> None:
    config = tmp_path / "n7.json"
    config.write_text(json.dumps(TABLE))
    of_board = ["--config", str(config), "--name", "n7", "--board", "rp2040", "--port", "x"]
    assert board_commands.main(["adopt", *of_board, "--first-boot", "40"]) == 0
    nodes = tmp_path / "nodes.toml"
    nodes.write_text(capsys.readouterr().out)  # the line that the gateway's nodes.toml gets
    assert (folder / "config.json.key").read_text().strip() in nodes.read_text()
    assert json.loads(signed_text(folder, nodes))["first_boot"] == 40
    assert board_commands.main(["configure", *of_board, "--nodes", str(nodes)]) == 0
    assert board_commands.main(["update", "--port", "x"]) == 0
    assert "runs this program already" in capsys.readouterr().out
    assert board_commands.main(["slots", "--port", "x"]) == 0
    assert capsys.readouterr().out == "good: a\nnew: none\nfailed: none\n"
    assert board_commands.main(["adopt", *of_board]) == 1
    assert "found one that was adopted" in capsys.readouterr().err
    assert (
        board_commands.main(
            ["configure", *of_board[:2], "--name", "n8", *of_board[4:], "--nodes", str(nodes)]
        )
        == 2
    )
    assert "expected n8 =" in capsys.readouterr().err


def signed_text(folder: Path, nodes: Path) -> str:
    key = bytes.fromhex(nodes.read_text().split('"')[1])
    return str(signed.opened("", (folder / "config.json").read_text(), key))


@pytest.mark.slow
def test_a_board_on_a_serial_port_is_held_adopted_and_updated_and_runs_its_node_afterwards(
    unix_port, folder, tmp_path, monkeypatch, capsys
) -> None:
    monkeypatch.setattr(usb, "REOPEN_PAUSE_S", 0.1)
    config = tmp_path / "n7.json"
    config.write_text(json.dumps(TABLE))
    with SerialBoard(unix_port, folder) as board:
        (folder / "main.py").write_text("raise OSError('a program of before')\n")
        of_board = ["--config", str(config), "--name", "n7", "--board", "rp2040", "--port", board.port]
        assert board_commands.main(["adopt", *of_board]) == 0, capsys.readouterr().err
        assert (folder / "main.old").read_text().startswith("raise")
        assert board_commands.main(["slots", "--port", board.port]) == 0
        wait_for("the node", lambda: board.starts == ["node", "node", "node", "held", "node"])
        assert board_commands.main(["adopt", *of_board]) == 1
        wait_for("the node again, whatever happened", lambda: board.starts[5:] == ["held", "node"])
    assert words(folder) == {"slot": "a"}
    assert not (folder / "hold").exists()


def test_an_installation_without_the_boards_files_is_told_where_they_are(tmp_path, capsys) -> None:
    command = [
        "adopt",
        "--port",
        "x",
        "--config",
        "c",
        "--name",
        "n7",
        "--board",
        "esp32",
        "--firmware",
        str(tmp_path),
    ]
    assert board_commands.main(command) == 2
    assert "--firmware: that of a checkout" in capsys.readouterr().err


def test_a_port_with_no_board_is_told(tmp_path, capsys) -> None:
    config = tmp_path / "n7.json"
    config.write_text(json.dumps(TABLE))
    port = str(tmp_path / "no-such-port")
    assert board_commands.main(["slots", "--port", port]) == 1
    assert f"{port}: expected a board with MicroPython, found" in capsys.readouterr().err
