"""`caseward config check`: say all that is wrong, or what is there. Areas and rulebooks by name or file."""

import argparse
import sys
from pathlib import Path

from custody.area import Area, load_area
from custody.bundled import area_names, area_text, rulebook_names, rulebook_of_area, rulebook_text
from custody.config import ConfigError
from custody.reader import load_rulebook
from custody.rules import Rulebook


def read_area(name: str) -> Area:
    """An area by file or by the name of a bundled one. Raises ConfigError, OSError."""
    if name in area_names():
        return load_area(area_text(name), f"{name}.toml")
    if not name.endswith(".toml"):
        raise OSError(f"expected a file or one of {', '.join(area_names())}, found {name!r}")
    return load_area(Path(name).read_text(encoding="utf-8"), name)


def read_rulebook(name: str) -> Rulebook:
    """A rulebook by file or by the name of a bundled one. Raises ConfigError, OSError."""
    if name in rulebook_names():
        return load_rulebook(rulebook_text(name), f"{name}.toml", rulebook_text)
    if not name.endswith(".toml"):
        known = ", ".join(rulebook_names())
        raise OSError(f"expected a file or one of {known}, found {name!r}")
    return load_rulebook(Path(name).read_text(encoding="utf-8"), name, rulebook_text)


def config_main(argv: list[str]) -> int:
    """`caseward config check FILE...`; 0 when all are good, else 2."""
    parser = argparse.ArgumentParser(prog="caseward config")
    parser.add_argument("action", choices=["check"])
    parser.add_argument("file", nargs="+", help="area.toml, or the name of a bundled area")
    options = parser.parse_args(argv)
    worst = 0
    for name in options.file:
        try:
            area = read_area(name)
            rulebook_of_area(area)
        except (ConfigError, OSError, UnicodeDecodeError) as error:
            sys.stderr.write(f"{error}\n")
            worst = 2
            continue
        sys.stdout.write(
            f"{name}: good. Area {area.id}, gateway {area.gateway}, {len(area.rooms)} rooms, "
            f"{len(area.doors)} doors, {len(area.nodes)} nodes, {len(area.points)} points, "
            f"rulebook {area.rulebook}, zone {area.timezone}\n"
        )
    return worst
