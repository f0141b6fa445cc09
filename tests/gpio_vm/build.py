"""Makes what the machine boots: Debian's kernel as it is, the kernel's own GPIO simulator as a module, an initrd.

Everything stays in .cache/gpio-vm; no kernel is installed. Debian builds its kernels without gpio-sim, so it is
compiled here from Debian's kernel source, together with irq_sim, which is left out as well.
"""

import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from tests.gpio_vm.newc import Entry, archive
from tests.tools.need import find

HERE = Path(__file__).parent
CACHE = Path(".cache") / "gpio-vm"
ROOT = CACHE / "root"
MODULE = CACHE / "gpio-simx"
APIS = {"rpi-lgpio": ("rpi-lgpio==0.6", "lgpio==0.2.2.0"), "RPi.GPIO": ("RPi.GPIO==0.7.1",)}
PROGRAMS = {
    "qemu-system-x86_64": "qemu-system-x86",
    "busybox": "busybox-static",
    "gcc": "gcc",
    "make": "make",
    "dpkg-deb": "dpkg",
    "apt-get": "apt",
}
# In the order in which they are loaded: 9p over virtio for the files of this machine, configfs for gpio-sim.
KERNEL_MODULES = (
    "netfs", "fscache", "virtio_ring", "virtio", "virtio_pci_legacy_dev", "virtio_pci_modern_dev", "virtio_pci",
    "9pnet", "9pnet_virtio", "9p", "configfs",
)  # fmt: skip
SOURCES = ("drivers/gpio/gpio-sim.c", "drivers/gpio/gpiolib.h", "kernel/irq/irq_sim.c")
CHANGES = {
    "gpio-sim.c": (
        # A chip of the base that the test wants: kernels before 6.6 gave the Pi's chip the base 0, later ones do not.
        ("\tgc->base = -1;", "\tgc->base = base;"),
        # A kernel that takes the wish for edges and tells of none.
        ("\t\tif (!irq)\n\t\t\tgoto set_value;", "\t\tif (!irq || is_deaf)\n\t\t\tgoto set_value;"),
        (
            '#include "gpiolib.h"\n',
            """#include "gpiolib.h"

static int base = -1;
module_param(base, int, 0644);
static bool is_deaf;
module_param(is_deaf, bool, 0644);
""",
        ),
    ),
    # irq_to_desc is not for modules; this is what later kernels call in its place.
    "irq_sim.c": (("handle_simple_irq(irq_to_desc(irqnum));", "generic_handle_irq(irqnum);"),),
}


class CannotBuild(RuntimeError):
    """Something is missing or other than expected; the text says what."""


def build() -> tuple[Path, Path]:
    """Kernel and initrd, made where they are not there yet. Raises CannotBuild, CalledProcessError."""
    missing = [package for program, package in PROGRAMS.items() if find(program) is None]
    if missing:
        raise CannotBuild(f"expected the packages {' '.join(missing)}, found none of their programs")
    if platform.machine() != "x86_64":
        raise CannotBuild(f"expected an x86_64 machine, found {platform.machine()}")
    for name, versions in APIS.items():
        if not (CACHE / name).exists():
            say(f"fetching {' '.join(versions)}")
            _pip(CACHE / name, versions)
    release = _release()
    if not (MODULE / f"gpio-simx-{release}.ko").exists():
        _fetch_kernel(release)
        _build_module(release)
    initrd = CACHE / "initrd"
    initrd.write_bytes(archive(_initrd(release)))
    return ROOT / "boot" / f"vmlinuz-{release}", initrd


def _release() -> str:
    """The newest kernel of this Debian, or the one that is in the cache already: `6.1.0-56-amd64`."""
    built = sorted(MODULE.glob("gpio-simx-*.ko"))
    if built:
        return built[-1].stem.removeprefix("gpio-simx-")
    names = [name for name in _depends("linux-image-amd64") if name.startswith("linux-image-")]
    if not names:
        raise CannotBuild("expected linux-image-amd64 in the lists of apt (apt-get update), found none")
    return names[0].removeprefix("linux-image-")


def _fetch_kernel(release: str) -> None:
    headers = f"linux-headers-{release}"
    parts = [name for name in _depends(headers) if re.match(r"linux-(headers|kbuild)-", name)]
    source = "linux-source-" + ".".join(release.split(".")[:2])
    debs = CACHE / "debs"
    debs.mkdir(parents=True, exist_ok=True)
    say(f"fetching Debian's kernel {release}, its headers and its source (about 220 MB)")
    _run("apt-get", "-q", "download", f"linux-image-{release}", headers, *parts, source, cwd=debs)
    for name in (headers, *parts):
        _run("dpkg-deb", "-x", _deb(debs, name), ROOT)
    image = [f"./lib/modules/{release}/kernel/*/{name}.ko" for name in KERNEL_MODULES]
    tar = ("tar", "-x", "--wildcards", "-C", str(ROOT))
    _piped(
        ("dpkg-deb", "--fsys-tarfile", _deb(debs, f"linux-image-{release}")),
        (*tar, "./boot/vmlinuz-*", *image),
    )
    MODULE.mkdir(exist_ok=True)
    _piped(
        ("dpkg-deb", "--fsys-tarfile", _deb(debs, source)),
        ("tar", "-xO", "--wildcards", "./usr/src/linux-source-*.tar.xz"),
        (
            "tar",
            "-xJ",
            "--wildcards",
            "--transform",
            "s,.*/,,",
            "-C",
            str(MODULE),
            *(f"*/{name}" for name in SOURCES),
        ),
    )
    shutil.rmtree(debs)


def _build_module(release: str) -> None:
    say("building the GPIO simulator as a module")
    for name, changes in CHANGES.items():
        text = (MODULE / name).read_text(encoding="utf-8")
        for old, new in changes:
            if text.count(old) != 1:
                raise CannotBuild(f"{name}: expected {old!r} once, found it {text.count(old)} times")
            text = text.replace(old, new)
        (MODULE / name).write_text(text, encoding="utf-8")
    (MODULE / "Kbuild").write_text(
        "obj-m := gpio-simx.o\ngpio-simx-y := gpio-sim.o irq_sim.o\n", encoding="utf-8"
    )
    headers = (ROOT / "usr" / "src" / f"linux-headers-{release}").resolve()
    makefile = headers / "Makefile"
    # Unpacked, not installed: the path in it is that of an installed package.
    makefile.write_text(makefile.read_text().replace(" /usr/src/", f" {headers.parent}/"), encoding="utf-8")
    _run("make", "-s", "-C", headers, f"M={MODULE.resolve()}", "modules")
    (MODULE / "gpio-simx.ko").rename(MODULE / f"gpio-simx-{release}.ko")


def _initrd(release: str) -> list[Entry]:
    found = {path.stem: path for path in (ROOT / "lib" / "modules" / release).rglob("*.ko")}
    lost = [name for name in KERNEL_MODULES if name not in found]
    if lost:
        raise CannotBuild(f"expected the modules {' '.join(lost)} in Debian's kernel {release}, found none")
    found["gpio-simx"] = MODULE / f"gpio-simx-{release}.ko"
    busybox = find("busybox")
    assert busybox is not None
    # A program that is not static names its loader in the first page.
    if b"/ld-linux" in busybox.read_bytes()[:4096]:
        raise CannotBuild(f"expected busybox-static, found {busybox} that needs libraries")
    files = [Entry(f"modules/{name}.ko", found[name].read_bytes()) for name in (*KERNEL_MODULES, "gpio-simx")]
    words = {
        "MODULES": " ".join(KERNEL_MODULES),
        "FOLDER": shlex.quote(str(Path.cwd())),
        "PYTHON": shlex.quote(sys.executable),
        "PYTHONPATH": shlex.quote(
            ":".join(str(Path.cwd() / folder) for folder in ("gateway", "firmware", "."))
        ),
    }
    init = re.sub(
        r"@([A-Z]+)@", lambda found: words[found[1]], (HERE / "init.sh").read_text(encoding="utf-8")
    )
    return [Entry("bin/busybox", busybox.read_bytes(), 0o755), Entry("init", init.encode(), 0o755), *files]


def _depends(package: str) -> list[str]:
    told = subprocess.run(
        ["apt-cache", "depends", package], capture_output=True, text=True, env=os.environ | {"LC_ALL": "C"}
    )
    return re.findall(r"^\s+Depends: (\S+)$", told.stdout, re.MULTILINE)


def _deb(folder: Path, package: str) -> str:
    (found,) = folder.glob(f"{package}_*.deb")
    return str(found)


def _pip(folder: Path, versions: tuple[str, ...]) -> None:
    # rpi-lgpio and RPi.GPIO are one module's name twice: each has a folder of its own, and the project's .venv neither.
    _run(
        sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-deps",
        "--target", folder, *versions,
    )  # fmt: skip


def _run(*command: str | Path, cwd: Path | None = None) -> None:
    subprocess.run([str(word) for word in command], check=True, cwd=cwd, stdout=sys.stderr)


def _piped(*commands: tuple[str, ...]) -> None:
    """One's output is the next one's input. Raises CannotBuild."""
    running: list[subprocess.Popen[bytes]] = []
    for command in commands:
        source = running[-1].stdout if running else subprocess.DEVNULL
        is_last = command is commands[-1]
        running.append(subprocess.Popen(command, stdin=source, stdout=None if is_last else subprocess.PIPE))
    for process in running[:-1]:
        assert process.stdout is not None
        process.stdout.close()
    for command, process in zip(commands, running, strict=True):
        if process.wait() != 0:
            raise CannotBuild(f"expected {command[0]} to end with 0, found {process.returncode}")


def say(text: str) -> None:
    """To the person who waits."""
    sys.stderr.write(f"test-gpio: {text}\n")
