"""Style as tests: sizes, names, banned calls with what to use instead, one place for each thing."""

import ast
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.tools.tree import PACKAGES, ROOT, files, product_modules, text

MODULE_LINES_MAX = 400
"""Non-blank lines. The aim is 60 to 200; a clear table may be longer."""

FUNCTION_LINES_MAX = 70
"""First to last line of a function. The aim is 5 to 25."""

MODULE_RATCHET: dict[str, int] = {}
"""Modules above the limit, with their size of today: they may only shrink."""

FUNCTION_RATCHET: dict[str, int] = {}
"""`path:function` above the limit, with its size of today."""

BANNED_NAMES = {"util", "utils", "helper", "helpers", "common", "misc", "manager"}
"""File names that say nothing of what is inside."""

LEFTOVERS = re.compile(r"\b(TODO|FIXME|XXX|HACK|TBD)\b|NotImplementedError")

BANNED_CALLS: dict[str, str] = {
    "datetime.now": "the Clock port",
    "datetime.utcnow": "the Clock port",
    "datetime.today": "the Clock port",
    "date.today": "the Clock port",
    "eval": "a parser",
    "exec": "a parser",
    "os.system": "subprocess with a list",
    "pickle.loads": "caselog.canonical",
}

PURE_IMPORTS: dict[str, set[str]] = {
    "casewire": {"binascii", "hashlib", "micropython", "struct"},
}
"""Allow-lists, stronger than the forbidden modules of the import contracts."""


LIBRARY_PLACES: dict[str, tuple[str, ...]] = {
    "paho": ("gateway/casegateway/adapters/", "server/caseserver/adapters/", "server/caseserver/link.py"),
    "serial": ("gateway/casegateway/adapters/", "gateway/casefield/ports.py"),
    "RPi": ("gateway/casegateway/adapters/", "gateway/casefield/pins.py"),
    "osdp": ("gateway/casefield/",),
    "osdp_sys": ("gateway/casefield/",),
    "pymodbus": ("gateway/casefield/",),
    "mpremote": ("gateway/casefield/usb.py",),
    "sqlalchemy": (
        "server/caseserver/store/",
        "server/caseserver/accounts.py",
        "server/caseserver/commands.py",
        "server/caseserver/epochs.py",
        "server/caseserver/changes.py",
        "server/caseserver/second_factor.py",
        "server/caseserver/tokens.py",
        "server/caseserver/station.py",
    ),
    # the particulars of persons are a file of their own, which can be overwritten whole (decision 24)
    "sqlite3": ("server/caseserver/store/", "server/caseserver/people/", "server/caseserver/influx.py"),
    "alembic": ("server/caseserver/store/",),
    "influxdb_client": ("server/caseserver/influx.py",),
    "argon2": ("server/caseserver/accounts.py", "gateway/caseward/demo/accounts.py"),
    "babel": ("server/caseserver/web/",),
    "jinja2": ("gateway/caseward/demo/hands", "server/caseserver/web/", "gateway/casekiosk/render.py"),
    "starlette": ("server/caseserver/", "gateway/casekiosk/web.py"),
    "segno": ("server/caseserver/web/drawing/", "gateway/casekiosk/labels.py"),
    "cryptography": (
        "gateway/caselog/keys.py",
        "gateway/caselog/box.py",
        "gateway/casekiosk/files.py",
        "server/caseserver/people/",
    ),
}
"""Library -> where it may be imported. One place to change when the library does; everything else stays testable
without it."""


@cache
def nodes_of(path: Path) -> list[ast.AST]:
    """Every node of a module."""
    return list(ast.walk(ast.parse(text(path), filename=str(path))))


@pytest.fixture(scope="module", autouse=True)
def _trees() -> Iterator[None]:
    """The trees are read once, and given back after the last test here."""
    yield
    nodes_of.cache_clear()
    calls_of.cache_clear()


@cache
def imported_roots(path: Path) -> set[str]:
    """Top-level names a module imports from outside its own package."""
    roots: set[str] = set()
    for node in nodes_of(path):
        if isinstance(node, ast.Import):
            roots |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            roots.add(node.module.split(".")[0])
    return roots - {path.parts[1]}


def modules_of(package: str) -> list[Path]:
    folder = Path(PACKAGES[package]) / package
    return [path for path in product_modules() if path.is_relative_to(folder)]


@cache
def calls_of(path: Path) -> list[tuple[str, ast.Call]]:
    """Every call of a module, with what is called as it is written."""
    return [(ast.unparse(node.func), node) for node in nodes_of(path) if isinstance(node, ast.Call)]


def test_no_module_grows_past_its_limit() -> None:
    too_long = {}
    for path in product_modules():
        lines = sum(1 for line in text(path).splitlines() if line.strip())
        limit = MODULE_RATCHET.get(str(path), MODULE_LINES_MAX)
        if lines > limit:
            too_long[str(path)] = f"{lines} lines, expected at most {limit}"
    assert too_long == {}


def test_no_function_grows_past_its_limit() -> None:
    too_long = {}
    for path in product_modules():
        if "migrations" in path.parts:  # one step of the schema: a table written as calls
            continue
        for node in nodes_of(path):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                limit = FUNCTION_RATCHET.get(f"{path}:{node.name}", FUNCTION_LINES_MAX)
                if lines > limit:
                    too_long[f"{path}:{node.name}"] = f"{lines} lines, expected at most {limit}"
    assert too_long == {}


def test_the_ratchets_name_only_what_is_still_too_long() -> None:
    modules = {str(path) for path in product_modules()}
    stale = [name for name in MODULE_RATCHET if name not in modules]
    stale += [name for name in FUNCTION_RATCHET if name.split(":")[0] not in modules]
    assert stale == []


def test_file_names_say_what_is_inside() -> None:
    assert [str(path) for path in product_modules() if path.stem.strip("_") in BANNED_NAMES] == []


def test_only_a_command_line_prints() -> None:
    """Everything else reports by a fact, a counter or the operational log."""
    printing = []
    for path in product_modules():
        if path.stem in {"cli", "commands", "__main__"}:
            continue
        prints = [call for name, call in calls_of(path) if name == "print"]
        printing += [
            f"{path}:{call.lineno}"
            for call in prints
            if not any(word.arg == "file" for word in call.keywords)
        ]
    assert printing == []


def test_no_exception_is_swallowed_unnamed() -> None:
    bare = []
    for path in product_modules():
        for node in nodes_of(path):
            if not isinstance(node, ast.ExceptHandler):
                continue
            silent = len(node.body) == 1 and isinstance(node.body[0], ast.Pass)
            broad = node.type is None or ast.unparse(node.type) in {"Exception", "BaseException"}
            if node.type is None or (broad and silent):
                bare.append(f"{path}:{node.lineno}")
    assert bare == []


def test_banned_calls_are_not_made() -> None:
    found = []
    for path in product_modules():
        for name, call in calls_of(path):
            for banned, instead in BANNED_CALLS.items():
                if name == banned or (name.endswith(f".{banned}") and "." in banned):
                    found.append(f"{path}:{call.lineno}: {name}, use {instead}")
    assert found == []


def test_nothing_is_left_to_do_in_the_source() -> None:
    left = []
    for path in product_modules():
        for number, line in enumerate(text(path).splitlines(), 1):
            if LEFTOVERS.search(line):
                left.append(f"{path}:{number}: {line.strip()}")
    assert left == []


@pytest.mark.parametrize("package", sorted(PURE_IMPORTS))
def test_a_pure_package_imports_only_what_is_on_its_list(package: str) -> None:
    stray = {
        str(path): sorted(extra)
        for path in modules_of(package)
        if (extra := imported_roots(path) - PURE_IMPORTS[package])
    }
    assert stray == {}


@pytest.mark.parametrize("package", ["casewire", "custody", "caselog"])
def test_a_pure_package_runs_on_the_standard_library_and_its_declared_need_alone(package: str) -> None:
    """caselog signs with Ed25519, which the standard library lacks; the others need nothing."""
    allowed = (
        set(sys.stdlib_module_names) | {"micropython"} | ({"cryptography"} if package == "caselog" else set())
    )
    stray = {
        str(path): sorted(extra) for path in modules_of(package) if (extra := imported_roots(path) - allowed)
    }
    assert stray == {}


@pytest.mark.parametrize("library", sorted(LIBRARY_PLACES))
def test_a_library_is_imported_in_its_place_only(library: str) -> None:
    users = [str(path) for path in product_modules() if library in imported_roots(path)]
    assert [name for name in users if not name.startswith(LIBRARY_PLACES[library])] == []


def test_the_product_imports_no_test() -> None:
    assert [str(path) for path in product_modules() if "tests" in imported_roots(path)] == []


def test_mqtt_topics_are_written_in_one_module_a_program() -> None:
    """Whoever wants a topic asks that module, so a new version of the topics is one change."""
    places: dict[str, set[str]] = {}
    for path in product_modules():
        for node in nodes_of(path):
            if (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and node.value.startswith("caseward/v1")
            ):
                places.setdefault(path.parts[1], set()).add(path.name)
    crowded = {package: sorted(names) for package, names in places.items() if len(names) > 1}
    assert crowded == {}


def test_the_top_level_folders_are_the_six() -> None:
    folders = {path.parts[0] for path in files() if len(path.parts) > 1 and not path.parts[0].startswith(".")}
    assert folders == {"firmware", "gateway", "server", "hardware", "tests", "docs"}


def test_every_import_package_is_in_the_wheel_and_in_the_contracts() -> None:
    project = text(Path("pyproject.toml"))
    for package, folder in PACKAGES.items():
        assert f'"{folder}/{package}"' in project
    assert {
        path.parts[1]
        for path in product_modules()
        if len(path.parts) > 2 and (ROOT / path.parts[0] / path.parts[1] / "__init__.py").exists()
    } <= set(PACKAGES)
