"""The files of the repository, for tests that look at all of them."""

import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

PACKAGES: dict[str, str] = {
    "casewire": "firmware",
    "node": "firmware",
    "caselog": "gateway",
    "custody": "gateway",
    "casefield": "gateway",
    "casekiosk": "gateway",
    "casegateway": "gateway",
    "caseward": "gateway",
    "caseserver": "server",
}
"""Import package -> the top-level folder it lives in."""


@cache
def files() -> tuple[Path, ...]:
    """Every file git tracks or would track, relative to the root, sorted; no ignored ones."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    found = (Path(name) for name in listed.split("\0") if name)
    return tuple(sorted({path for path in found if (ROOT / path).is_file()}))


def product_modules() -> list[Path]:
    """Python modules of the product: no tests, no tools."""
    return [
        path
        for path in files()
        if path.suffix == ".py" and path.parts[0] in {"firmware", "gateway", "server"}
    ]


def text(path: Path) -> str:
    return (ROOT / path).read_text(encoding="utf-8")
