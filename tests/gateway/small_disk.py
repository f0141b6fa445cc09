"""A file system of four MiB for a real gateway: a tmpfs in a user and mount namespace, reached by a path."""

import shutil
import subprocess
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

NAMESPACE = ["unshare", "-Urm"]
MIB = 1 << 20
SIZE_MIB = 4


def need_namespace() -> list[str]:
    """The command that runs another one where it may mount; the test is skipped where there is none."""
    if shutil.which("unshare") is None or subprocess.run([*NAMESPACE, "true"], check=False).returncode:
        pytest.skip("FULL DISK NOT RUN: this machine gives no user namespace (unshare -Urm)")
    return NAMESPACE


class SmallDisk:
    """Mounted while entered. A process inside the namespace holds it; `path` leads to it from outside."""

    def __init__(self, at: Path) -> None:
        self._at = at
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._at.mkdir()
        holder = self._stack.enter_context(
            subprocess.Popen(
                [
                    *NAMESPACE, "sh", "-c",
                    f'mount -t tmpfs -o size={SIZE_MIB}m none "$0" && echo mounted && exec sleep infinity',
                    str(self._at),
                ],
                stdout=subprocess.PIPE,
            )
        )  # fmt: skip
        self._stack.callback(holder.kill)
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"mounted\n"
        self.path = Path(f"/proc/{holder.pid}/root{self._at}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def fill(self, leave_bytes: int) -> None:
        """What another program writes, until only so much room is left."""
        with self.other.open("ab", buffering=0) as file:
            while (room := shutil.disk_usage(self.path).free - leave_bytes) > 0:
                file.write(bytes(min(room, 65_536)))

    @property
    def other(self) -> Path:
        """The other program's file."""
        return self.path / "other"
