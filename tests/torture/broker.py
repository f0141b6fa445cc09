"""The suite's own mosquitto: with and without a memory, ended politely or killed."""

import os
import pwd
import shutil
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from tests.tools.ports import free_port

START_S = 60.0


def is_open(port: int) -> bool:
    """Whether somebody listens on this TCP port of this machine."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
        return True
    return False


class Broker:
    """One broker on one port for all of a case."""

    def __init__(self, folder: Path, *, is_persistent: bool) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self._config = folder / "mosquitto.conf"
        lines = [
            f"user {pwd.getpwuid(os.geteuid()).pw_name}",  # started as root it would change to one that reads nothing here
            f"listener {self.port} 127.0.0.1",
            "allow_anonymous true",
            "set_tcp_nodelay true",
            "max_inflight_messages 1000",
            "max_queued_messages 100000",
            f"persistence {'true' if is_persistent else 'false'}",
            f"persistence_location {folder}/",
            "log_dest none",
        ]
        self._config.write_text("\n".join(lines) + "\n")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Raises RuntimeError when it does not listen in time."""
        program = shutil.which("mosquitto", path=os.environ.get("PATH", os.defpath) + ":/usr/sbin")
        if program is None:
            raise RuntimeError("expected mosquitto on PATH, found none: apt-get install mosquitto")
        self._process = subprocess.Popen(
            [program, "-c", str(self._config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        end = time.monotonic() + START_S
        while not is_open(self.port):
            if time.monotonic() > end:
                raise RuntimeError(f"expected mosquitto on port {self.port} within {START_S} s")
            time.sleep(0.02)

    def stop(self, *, is_killed: bool) -> None:
        if self._process is None:
            return
        if is_killed:
            self._process.kill()
        else:
            self._process.terminate()
        self._process.wait()
        self._process = None
