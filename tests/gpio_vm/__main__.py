"""`python -m tests.gpio_vm`: boots the machine, prints what was seen and what should have been.

Exit code 0 when everything was as it should be, 1 when something was not, 2 when the machine could not be made or
did not come to its end. What was seen stays in .cache/gpio-vm/seen.json, the machine's words in console.log there.
"""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.gpio_vm.build import CACHE, CannotBuild, build, say
from tests.gpio_vm.checks import judge
from tests.gpio_vm.lines import MARK

MACHINE_S_MAX = 300
MEMORY_MIB = 512


def main() -> int:
    try:
        kernel, initrd = build()
    except (CannotBuild, subprocess.CalledProcessError) as error:
        say(str(error))
        return 2
    began = time.monotonic()
    say(f"booting {kernel.name}")
    try:
        console = _boot(kernel, initrd)
    except subprocess.TimeoutExpired:
        say(f"expected the machine to end within {MACHINE_S_MAX} s; it did not")
        return 2
    (CACHE / "console.log").write_text(console, encoding="utf-8")
    seen = _seen(console)
    (CACHE / "seen.json").write_text(json.dumps(seen, indent=1) + "\n", encoding="utf-8")
    say(f"the machine ran {time.monotonic() - began:.0f} s")
    if not seen:
        say(f"the machine told nothing; its last words:\n{console[-2_000:]}")
        return 2
    results = judge(seen)
    last = ""
    for case, sentence, is_so in results:
        if case != last:
            print(f"{case}\n  {json.dumps(seen.get(case))}")
        print(f"  {'ok    ' if is_so else 'FAILED'} {sentence}")
        last = case
    return 0 if all(is_so for _, _, is_so in results) else 1


def _boot(kernel: Path, initrd: Path) -> str:
    """Everything the machine wrote. `-cpu max`: the wheel of lgpio asks for more than the plain one has."""
    command = [
        "qemu-system-x86_64", "-accel", "tcg", "-cpu", "max", "-m", str(MEMORY_MIB), "-nographic", "-no-reboot",
        "-vga", "none", "-net", "none", "-kernel", str(kernel), "-initrd", str(initrd),
        "-append", "console=ttyS0 quiet panic=-1",
        "-virtfs", "local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap",
    ]  # fmt: skip
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=MACHINE_S_MAX,
    )
    return done.stdout.decode("utf-8", "replace")


def _seen(console: str) -> dict[str, Any]:
    found = {}
    for line in console.splitlines():
        _, mark, text = line.partition(MARK)
        if mark:
            told = json.loads(text)
            found[told["case"]] = told["seen"]
    return found


if __name__ == "__main__":
    sys.exit(main())
