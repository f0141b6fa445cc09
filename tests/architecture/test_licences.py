"""The licence list is the one of the lock, and nothing of the GPL family reaches the product."""

import re
from pathlib import Path

from tests.tools import licences
from tests.tools.tree import text


def listed() -> dict[str, tuple[str, str]]:
    """Package -> (version, licence), as docs/licences.md says."""
    rows = re.findall(r"^\| ([\w.-]+) \| (\d[\w.!+]*) \| (.+?) \|$", text(licences.PAGE), re.M)
    return {name: (version, licence) for name, version, licence in rows}


def test_the_page_is_the_one_made_from_what_the_lock_installs() -> None:
    assert text(licences.PAGE) == licences.page(), "run `make licences`"


def test_each_locked_package_has_its_line_with_that_version() -> None:
    tools_of_pip = {"pip", "setuptools"}
    locked = {name: version for name, version in licences.locked().items() if name not in tools_of_pip}
    assert {name: version for name, (version, _) in listed().items()} == locked


def test_every_licence_is_known() -> None:
    assert [
        name
        for name, (_, licence) in listed().items()
        if licence in {"UNKNOWN", "", "Other/Proprietary License"}
    ] == []


def test_no_licence_of_the_gpl_family_reaches_the_product() -> None:
    product = text(licences.PAGE).split("## Development and tests only")[0]
    rows = [line for line in product.splitlines() if line.startswith("|")]
    assert [line for line in rows if re.search(r"GPL|GNU", line)] == []


def test_each_direct_dependency_says_why_it_is_there() -> None:
    block = (
        text(Path("pyproject.toml")).split("[project.optional-dependencies]")[1].split("[project.scripts]")[0]
    )
    wanted = [line for line in block.splitlines() if line.startswith('  "')]
    assert len(wanted) > 30
    assert [line for line in wanted if not re.search(r",\s+# \S.{10,}", line)] == []


def test_the_packages_that_were_asked_for_are_used() -> None:
    """paho-mqtt, pyserial, the RPi.GPIO API, influxdb-client, fastapi are fixed choices."""
    project = text(Path("pyproject.toml"))
    for name in ("paho-mqtt", "pyserial", "RPi.GPIO", "rpi-lgpio", "influxdb-client", "fastapi"):
        assert f'"{name}>=' in project
