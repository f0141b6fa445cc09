"""MicroPython for tests and the demo: Debian trixie's unix port, and nodes running under it.

The interpreter is not installed on the machine: its package and the libraries it wants are fetched
by apt into .cache/micropython and unpacked there, so it works on an older Debian, as root or not,
and leaves nothing behind. On a machine that has `micropython` on its path, that one is taken.
"""

import contextlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache" / "micropython"
LIBRARY = ROOT / ".cache" / "micropython-lib"
FIRMWARE = ROOT / "firmware"
STANDIN = ROOT / "tests" / "node" / "machine_standin"
LOGGING_STANDIN = ROOT / "tests" / "node" / "logging_standin"
DRIVERS_STANDIN = ROOT / "tests" / "node" / "drivers_standin"
"""Display and strip, last on the path: micropython-lib's come first where they can be had."""

SUITE = "trixie"
HEAP = "192k"
"""What an RP2040 leaves a program. Objects take up to twice the bytes here (64 bit), so it is strict."""

APT_SECONDS_MAX = 180
MIP_SECONDS_MAX = 20


class NoInterpreterError(RuntimeError):
    """No MicroPython and no way to one (no apt); the text says what was tried."""


def find_interpreter() -> list[str]:
    """The command that starts MicroPython, unpacked from Debian on first use.

    Raises NoInterpreterError on a machine without apt, RuntimeError (or CalledProcessError) where apt
    is there and did not bring it: the first is a reason to skip a test, the second to fail it.
    """
    installed = shutil.which("micropython")
    if installed:
        return [installed]
    program = CACHE / "root" / "usr" / "bin" / "micropython"
    if not program.exists():
        if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
            raise NoInterpreterError(
                "expected micropython, or apt-get and dpkg-deb to unpack it; found neither"
            )
        _unpack()
    # The program wants a newer C library than an older Debian has: it comes with its own loader.
    library = next((CACHE / "root" / "usr" / "lib").glob("*-linux-gnu*"))
    loader = next(library.glob("ld-linux-*.so.*"))
    return [str(loader), "--library-path", str(library), str(program)]


def logging_folder(interpreter: Sequence[str]) -> Path:
    """A folder with `logging` for this interpreter: micropython-lib's where it can be had, else a stand-in.

    micropython-lib's is the folder CASEWARD_MICROPYTHON_LIB names, or what mip could install from
    its index into .cache; tried once, since a machine without a way there would wait each time.
    """
    named = os.environ.get("CASEWARD_MICROPYTHON_LIB")
    if named:
        return Path(named)
    tried = LIBRARY / "tried"
    if not tried.exists():
        LIBRARY.mkdir(parents=True, exist_ok=True)
        program = f"import mip\nfor name in ('logging', 'ssd1306', 'neopixel'): mip.install(name, target='{LIBRARY}')"
        with contextlib.suppress(subprocess.TimeoutExpired):
            subprocess.run([*interpreter, "-c", program], capture_output=True, timeout=MIP_SECONDS_MAX)
        tried.touch()
    return LIBRARY if any(LIBRARY.glob("logging*")) else LOGGING_STANDIN


def environment(
    link: str, standin: Path | None, *, path: Sequence[Path], reset_cause: int = 1
) -> dict[str, str]:
    """The environment of a node: where its modules, its line and its stand-in hardware are."""
    names = os.pathsep.join(str(folder) for folder in path)
    found = dict(os.environ)
    found.update(
        MICROPYPATH=".frozen" + os.pathsep + names,
        PYTHONPATH=names,
        CASEWARD_UART_0=link,
        CASEWARD_STANDIN=str(standin or ""),
        CASEWARD_RESET_CAUSE=str(reset_cause),
    )
    return found


def start_node(
    config: Path,
    link: str,
    standin: Path | None = None,
    *,
    interpreter: Sequence[str] | None = None,
    reset_cause: int = 1,
    pass_fds: Sequence[int] = (),
    stderr: int | None = None,
) -> subprocess.Popen[bytes]:
    """Start `node` with the configuration file; the caller ends the process.

    link         path of the line to the gateway, or "fd:N" with N in pass_fds
    standin      FIFO of the stand-in hardware (tests/node/machine_standin/machine.py)
    interpreter  command of a MicroPython (default: find_interpreter()) or of a CPython
    The boot counter is the file <config>.boot.
    """
    command = list(interpreter) if interpreter is not None else find_interpreter()
    if is_micropython(command):
        path = [FIRMWARE, STANDIN, logging_folder(command), DRIVERS_STANDIN]
        command += ["-X", "heapsize=" + HEAP]
    else:
        path = [FIRMWARE, STANDIN, DRIVERS_STANDIN]
    return subprocess.Popen(
        [*command, "-m", "node", str(config)],
        env=environment(link, standin, path=path, reset_cause=reset_cause),
        stdin=subprocess.DEVNULL,
        stderr=stderr,
        pass_fds=pass_fds,
    )


def is_micropython(command: Sequence[str]) -> bool:
    return Path(command[-1]).name.startswith("micropython")


def write_config(path: Path, table: Mapping[str, object]) -> Path:
    """Write a node's config.json."""
    path.write_text(json.dumps(table, indent=1))
    return path


def _unpack() -> None:
    """Fetch the package with all it depends on and unpack it under CACHE."""
    for folder in ("sources.d", "lists/partial", "cache/archives/partial", "state", "root"):
        (CACHE / folder).mkdir(parents=True, exist_ok=True)
    # An empty status file makes apt believe nothing is installed, so it fetches the libraries too.
    (CACHE / "state" / "status").touch()
    (CACHE / "sources.d" / "trixie.sources").write_text(
        f"Types: deb\nURIs: {_mirror()}\nSuites: {SUITE}\nComponents: main\n"
        "Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg\n"
    )
    (CACHE / "apt.conf").write_text(
        'Dir::Etc::sourcelist "/dev/null";\n'
        f'Dir::Etc::sourceparts "{CACHE}/sources.d";\n'
        f'Dir::State "{CACHE}/state";\n'
        f'Dir::State::Lists "{CACHE}/lists";\n'
        f'Dir::State::status "{CACHE}/state/status";\n'
        f'Dir::Cache "{CACHE}/cache";\n'
        'APT::Sandbox::User "";\n'  # the folder may be closed to apt's own user
        'Acquire::Retries "3";\n'
    )
    _apt("update")
    _apt("-y", "--download-only", "--no-install-recommends", "install", "micropython")
    for package in sorted((CACHE / "cache" / "archives").glob("*.deb")):
        subprocess.run(["dpkg-deb", "-x", str(package), str(CACHE / "root")], check=True)


def _apt(*arguments: str) -> None:
    done = subprocess.run(
        ["apt-get", *arguments],
        env=dict(os.environ, APT_CONFIG=str(CACHE / "apt.conf"), LC_ALL="C"),
        capture_output=True,
        text=True,
        timeout=APT_SECONDS_MAX,
    )
    if done.returncode:
        raise RuntimeError(f"apt-get {' '.join(arguments)}: expected exit code 0, found:\n{done.stderr}")


def _mirror(etc_apt: Path = Path("/etc/apt")) -> str:
    """The Debian mirror this machine uses itself."""
    listed = [etc_apt / "sources.list", *sorted((etc_apt / "sources.list.d").glob("*"))]
    for path in listed:
        if path.suffix in (".list", ".sources") and path.is_file():
            for found in re.findall(r"https?://[^\s]+", _without_comments(path.read_text(errors="replace"))):
                if re.search(r"/debian/?$", found):
                    return found.rstrip("/")
    raise RuntimeError(f"{etc_apt}: expected a source whose address ends in /debian, found none")


def _without_comments(text: str) -> str:
    return "\n".join(line.split("#")[0] for line in text.splitlines())
