"""The wire and the node under MicroPython's WebAssembly build (a newer version than the unix port's)."""

from pathlib import Path

import pytest

from tests.node import webassembly

TESTS = Path(__file__).resolve().parents[1]
pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(
        not webassembly.can_be_had(),
        reason="SECOND INTERPRETER NOT RUN: expected npm and node on the path, found not both",
    ),
]

EXPECTED_LIFE = """\
HEARD Boot(reason=0, firmware=1)
HEARD Snapshot(part=0, parts=1, points=((1, 0), (2, 0), (3, 0)))
HEARD Contact(point=1, state=1)
HEARD Tag(point=2, present=1, uid=b'\\n\\x1b,=N')
HEARD Feedback(point=3, state=1)
HEARD Contact(point=1, state=0)
HEARD Contact(point=1, state=0)
HEARD Contact(point=1, state=0)
"""


def test_the_vectors_are_read_and_written_there_as_here() -> None:
    files = webassembly.firmware_files()
    files["/vectors_on_device.py"] = (TESTS / "wire" / "vectors_on_device.py").read_text()
    files["/v1.json"] = (TESTS / "vectors" / "wire" / "v1.json").read_text()
    program = 'sys.path.append("/")\nimport vectors_on_device\nvectors_on_device.run(open("/v1.json").read())'
    done = webassembly.run(program, files)
    assert (done.stdout.splitlines(), done.stderr) == (["SPOILED 1833 WRONG 0", "VECTORS 81 WRONG 0"], "")


def test_a_node_lives_there_with_the_genuine_logging_of_micropython_lib() -> None:
    done = webassembly.run((TESTS / "node" / "smoke_on_device.py").read_text(), webassembly.firmware_files())
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(EXPECTED_LIFE)
    assert done.stdout.splitlines()[-2:] == ["PIN 3 0", "LOGGING logging.py True"]
    assert "INFO:node:node 7 boot 4, 3 points" in done.stderr
    assert "WARNING:node:no gateway for 5000 ms" in done.stderr
