"""Which interpreter runs the nodes of the demo: MicroPython where it can be had, else this Python."""

import importlib.util
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parents[3]
FINDER = ROOT / "tests" / "node" / "micropython.py"


class MissingTree(RuntimeError):
    """The demo was started away from the source tree, which holds the nodes' stand-in hardware."""


@dataclass(frozen=True, slots=True)
class Runner:
    """How a node is started. `label`: for people."""

    command: Sequence[str]
    label: str
    finder: ModuleType

    def argv(self, config: Path) -> list[str]:
        """The command line of a node."""
        is_micropython = self.finder.is_micropython(self.command)
        heap = ["-X", f"heapsize={self.finder.HEAP}"] if is_micropython else []
        return [*self.command, *heap, "-m", "node", str(config)]

    def env(self, link: str, fifo: Path) -> Mapping[str, str]:
        """Environment of a node on this line with this stand-in hardware."""
        path = [self.finder.FIRMWARE, self.finder.STANDIN]
        if self.finder.is_micropython(self.command):
            path.append(self.finder.logging_folder(self.command))
        found: Mapping[str, str] = self.finder.environment(link, fifo, path=path)
        return found


def find_runner(*, micropython: bool = True) -> Runner:
    """MicroPython when it is on this machine or can be unpacked, else CPython.

    Raises MissingTree when the source tree is not there.
    """
    if not FINDER.exists():
        raise MissingTree(f"expected the source tree of Caseward around the demo, found no {FINDER}")
    spec = importlib.util.spec_from_file_location("caseward_demo_micropython", FINDER)
    assert spec is not None
    assert spec.loader is not None
    finder = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(finder)
    if micropython:
        try:
            command = finder.find_interpreter()
            version = subprocess.run(
                [*command, "-c", "import sys; print(sys.version)"],
                capture_output=True, text=True, timeout=20, check=True,
            ).stdout.strip()  # fmt: skip
            return Runner(command, version.rpartition("; ")[2] or version, finder)
        except (RuntimeError, OSError, subprocess.SubprocessError):
            # No way to one on this machine: the same program runs under CPython.
            pass
    return Runner([sys.executable], f"CPython {sys.version.split()[0]}", finder)
