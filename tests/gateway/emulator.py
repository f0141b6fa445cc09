"""A TPM 2.0 in software (swtpm) as a process of our own, its state in a folder."""

import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

from casegateway.adapters.tpm import Tpm
from caseward.demo.broker import free_of_listeners
from tests.gateway.program import wait_for
from tests.tools.need import need
from tests.tools.ports import free_port


class Swtpm:
    """One emulated TPM; the same state folder is the same TPM, also after a restart."""

    def __init__(self, state: Path) -> None:
        self.program = need("swtpm")
        need("tpm2_unseal")
        self.state = state
        state.mkdir(exist_ok=True)
        # The programs take the control channel to be the next port.
        self.port = free_port()
        while (after := free_port()) != self.port + 1:
            self.port = after

    @property
    def tcti(self) -> str:
        return f"swtpm:host=127.0.0.1,port={self.port}"

    @property
    def tpm(self) -> Tpm:
        return Tpm.named(self.tcti)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [
                str(self.program), "socket", "--tpm2", "--tpmstate", f"dir={self.state}",
                "--server", f"type=tcp,port={self.port},bindaddr=127.0.0.1",
                "--ctrl", f"type=tcp,port={self.port + 1},bindaddr=127.0.0.1",
                "--flags", "not-need-init,startup-clear",
            ],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        wait_for(
            "swtpm to listen",
            lambda: not free_of_listeners(self.port + 1) and not free_of_listeners(self.port),
        )

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()

    def clear(self) -> None:
        """What the firmware's "clear TPM" does: all that was sealed is gone."""
        subprocess.run(
            ["tpm2_clear", "-T", self.tcti, "-c", "l"], check=True, capture_output=True, timeout=30
        )
