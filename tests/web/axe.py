"""axe-core, the checker of accessibility, as a tool of the tests: ``python -m tests.web.axe`` fetches it into .cache.

It runs in the page by the browser's own console, so the page's policy (no script but our own) stands as it is. It is
never part of the product: MPL-2.0, pinned by version and hash.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import tarfile
from hashlib import sha256
from typing import Any

from playwright.sync_api import Page

from tests.tools.tree import ROOT

VERSION = "4.10.3"
SHA256 = "0f2b4d7dcdf7d1219df8d1959ad68e565f51d14c3f0d88bb71cd59abeb956292"
FILE = ROOT / ".cache" / "axe" / f"axe-core-{VERSION}.min.js"
FETCH_SECONDS_MAX = 120
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
GRAVE = ("serious", "critical")

_RUN = """async (tags) => {
    const found = await axe.run(document, { runOnly: tags, resultTypes: ["violations"] });
    return found.violations.map((v) => ({
        id: v.id, impact: v.impact, at: v.nodes.map((n) => n.target.join(" ")), why: v.nodes[0].failureSummary,
    }));
}"""


class NotToBeHadError(RuntimeError):
    """No axe-core here; the text says what was tried."""


def source() -> str:
    """The text of axe-core, fetched by npm on first use and checked against its hash. Raises NotToBeHadError."""
    if not FILE.exists():
        _fetch()
    return FILE.read_text(encoding="utf-8")


def _fetch() -> None:
    if not shutil.which("npm"):
        raise NotToBeHadError("expected npm to fetch axe-core, found none")
    FILE.parent.mkdir(parents=True, exist_ok=True)
    command = ["npm", "pack", "--silent", f"axe-core@{VERSION}"]
    try:
        subprocess.run(command, cwd=FILE.parent, check=True, capture_output=True, timeout=FETCH_SECONDS_MAX)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        raise NotToBeHadError(f"expected axe-core {VERSION} from npm, found: {error}") from None
    packed = FILE.parent / f"axe-core-{VERSION}.tgz"
    found = sha256(packed.read_bytes()).hexdigest()
    if found != SHA256:
        packed.unlink()
        raise RuntimeError(f"expected axe-core {VERSION} with SHA-256 {SHA256}, found {found}")
    with tarfile.open(fileobj=io.BytesIO(packed.read_bytes())) as archive:
        text = archive.extractfile("package/axe.min.js")
        if text is None:
            raise RuntimeError("expected package/axe.min.js in axe-core, found none")
        FILE.write_bytes(text.read())


def grave(page: Page) -> list[dict[str, Any]]:
    """The serious and critical faults that axe finds on the page as it stands."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(f"{source()}; 0")
    return [fault for fault in page.evaluate(_RUN, TAGS) if fault["impact"] in GRAVE]


def main() -> int:
    try:
        source()
    except NotToBeHadError as error:
        print(f"setup: {error}; left out without it: the check of accessibility (tests/web)", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
