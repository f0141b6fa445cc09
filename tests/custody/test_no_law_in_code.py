"""The law is data: no number, time, measure, role or article of any law stands in the kinds and the engine."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from custody.bundled import rulebook_names, rulebook_text
from custody.kinds import KINDS
from custody.reader import load_rulebook
from custody.times import TimeFormatError, parse_limit
from custody.vocabulary import FLAGS, GROUNDS, MEASURES, NOTICES, ROLES

FOLDER = Path(__file__).resolve().parents[2] / "gateway" / "custody"
# What is no engine: it reads, words, or plays; a new module is engine until it stands here.
NOT_ENGINE: Final = {
    "alarm_limits.py": "reads [alarms] of area.toml: values of a site",
    "area.py": "reads area.toml: sizes of a site, numbers on the wire",
    "area_tables.py": "reads area.toml: sizes of a site, numbers on the wire",
    "cabinets.py": "reads area.toml: sizes of a site",
    "bookcheck/*.py": "makes histories to look for contradictions",
    "bundled.py": "reads the package's own texts",
    "catalogue/*.py": "what a fact may say",
    "codec.py": "form of a leaf",
    "config.py": "reads TOML",
    "explain/wording.py": "how an instant or a span is written",
    "explain/words.py": "how an instant or a span is written",
    "fields.py": "what a field may hold",
    "player.py": "the environment of a scenario",
    "reader/*.py": "reads rulebooks",
    "scenario.py": "reads scenarios",
    "times.py": "how long an hour is",
    "vocabulary.py": "the codes themselves",
}


def place(path: Path) -> str:
    """Where a module stands, from the package on."""
    return path.relative_to(FOLDER).as_posix()


ENGINE_FILES = sorted(
    path for path in FOLDER.rglob("*.py") if not any(path.match(pattern) for pattern in NOT_ENGINE)
)
JUDGING_FILES = (
    "affected.py", "approve.py", "aspects.py", "desk.py", "engine.py", "obligation.py", "sight.py", "tables.py",
    "timeline.py", "view.py",
)  # fmt: skip
# Where no word of a country stands either: these judge, and do nothing else.
JUDGING = [path for path in ENGINE_FILES if path.parent.name == "kinds" or place(path) in JUDGING_FILES]

# Named constants that may hold a number, each with what it is instead of law.
CONSTANTS: Final = {
    "ALARMS_MAX": "memory: alarms kept until they are handled",
    "BANDS_MAX": "memory: wristbands that nobody wears",
    "COUNTS_MAX": "memory: stock-takings remembered",
    "ENDED_KEPT_MAX": "memory: ended measures of one person kept",
    "ENDED_MAX": "memory: forgotten stays remembered by reference",
    "ENTRIES_MAX": "memory: facts that can still be put in order",
    "FAR_FUTURE_US": "the end of time for an integer of 64 bits",
    "GAP_TOLD_WITHIN_US": "wire: a node tells what it missed so soon after it is back",
    "GONE_MAX": "memory: references of things disposed of",
    "HANDS_MAX": "memory: officers of one case by what they did",
    "HEAP_SLACK": "memory: stale rows of the due list",
    "IDS_MAX": "memory: fact ids against duplicates",
    "ITEMS_MAX": "memory: things kept at once",
    "KNOWN_MAX": "memory: sets of aspects whose rules are kept at hand",
    "LATE_TOLERANCE_US": "display: noticed so late still counts as in time",
    "LATE_WINDOW_US": "memory: how far back a late fact is put in its place",
    "MOVES_BEFORE": "effort: moves of a tag looked at for an explanation",
    "MISSING_MAX": "memory: tags missing from one compartment",
    "NAMED_MAX": "display: things named by one alarm",
    "OVERRIDE_US": "a local value of the product: how long an announced key counts",
    "PAIRS_MAX": "effort: facts up to which each two are tried together",
    "PEOPLE_MAX": "memory: persons whose ended measures are remembered",
    "READS_BEFORE": "effort: readings tried together for an explanation",
    "RETOLD_US": "wire: a reader that is heard again tells what lies on it so soon",
    "RUNNING_MAX": "memory: ladders of clocks kept ready",
    "SEEN_MAX": "memory: readers that see one wristband at once",
    "SHELVES_MAX": "memory: sources of alarms set aside at once",
    "STRAYS_MAX": "memory: tags that nobody bears",
    "SUBJECTS_MAX": "memory: cases, dossiers, recordings, incidents remembered",
    "TIMES_MAX": "memory: occurrences of one step kept",
    "TWO": "the ledger's own: so that nobody alone makes a thing vanish",
    "TRIM_STEP": "memory: how many facts are forgotten at a time",
    "WINDOWS_US": "effort: how far back an explanation looks first",
    "_ID_PARTS": "form: area, rule, variant, subject, index of an alarm's id",
    "_MINUTE_US": "display: the unit a comparison of two laws is told in",
}
# A number that is none of the law and has no name of its own: file, the line's text, why.
EXPRESSIONS: Final = {
    ("attendance.py", "b.partition(':')[2]"): "form: what stands behind the colon",
    ("engine.py", "f'fact:{fact.type}'[:64]"): "form: the longest name of a subject",
    ("explain/alarm.py", "parts[2]"): "form: the variant's place in an alarm's id",
    ("explain/alarm.py", "parts[3]"): "form: the subject's place",
    ("explain/alarm.py", "parts[4]"): "form: the place of the fact's index",
    ("explain/minimal.py", "combinations(items, 2)"): "two by two",
    ("explain/minimal.py", "len(items) // 2"): "half of the facts",
    ("explain/minimal.py", "size // 2"): "half of the facts",
    ("timeline.py", "TRIM_STEP // 2"): "memory: half of what is kept is forgotten",
}
COUNTRY: Final = frozenset({*MEASURES, *FLAGS, *ROLES, *GROUNDS, *NOTICES})


def article_codes() -> frozenset[str]:
    """Instruments and rule ids of every bundled book, less those of this product itself."""
    found: set[str] = set()
    for name in rulebook_names():
        book = load_rulebook(rulebook_text(name), f"{name}.toml", rulebook_text)
        found |= {rule.id for rule in book.rules} | {rule.article.instrument for rule in book.rules}
    return frozenset(found - {"SYS", "WB", "DR", "LOCAL"})


def literals(tree: ast.AST) -> Iterator[tuple[ast.Constant, list[ast.AST]]]:
    """Every literal with the nodes it stands in, the outermost first; docstrings left out."""

    def walk(node: ast.AST, above: list[ast.AST]) -> Iterator[tuple[ast.Constant, list[ast.AST]]]:
        if isinstance(node, ast.Constant):
            yield node, above
            return
        is_documented = isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef))
        for number, child in enumerate(ast.iter_child_nodes(node)):
            is_docstring = (
                is_documented and isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant)
            )
            if is_docstring and number <= len(getattr(node, "decorator_list", [])) + 1:
                continue
            yield from walk(child, [*above, node])

    yield from walk(tree, [])


def is_excused(name: str, above: list[ast.AST]) -> bool:
    """The number is part of a listed constant, or of a listed expression."""
    for node in above:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            is_final = "Final" in ast.unparse(node.annotation)
            if is_final and node.target.id in CONSTANTS:
                return True
        if isinstance(node, ast.expr) and (name, ast.unparse(node)) in EXPRESSIONS:
            return True
    return False


def numbers_in(source: str, name: str) -> list[str]:
    """Numbers other than 0 and 1 that stand for themselves."""
    found = []
    for node, above in literals(ast.parse(source)):
        is_number = isinstance(node.value, (int, float, complex)) and not isinstance(node.value, bool)
        if is_number and node.value not in (0, 1) and not is_excused(name, above):
            found.append(f"{name}:{node.lineno}: {node.value}")
    return found


def is_time(text: str) -> bool:
    """'8h', '30d', '21:00': a duration, a calendar limit, a time of day."""
    digits = text.replace(":", "")
    if ":" in text and digits.isdigit() and len(text) in (4, 5, 8):
        return True
    try:
        return parse_limit(text).is_positive
    except TimeFormatError:
        return False


def times_in(source: str, name: str) -> list[str]:
    """Texts that say a time."""
    return [
        f"{name}:{node.lineno}: {node.value!r}"
        for node, _ in literals(ast.parse(source))
        if isinstance(node.value, str) and is_time(node.value)
    ]


def country_in(source: str, name: str) -> list[str]:
    """Texts that are a measure, a flag, a role, a ground, a rule or an instrument of some country."""
    forbidden = COUNTRY | article_codes()
    return [
        f"{name}:{node.lineno}: {node.value!r}"
        for node, _ in literals(ast.parse(source))
        if isinstance(node.value, str)
        and any(part in forbidden for part in (node.value, *node.value.split(":")))
    ]


def of(path: Path) -> tuple[str, str]:
    return path.read_text(encoding="utf-8"), place(path)


def test_the_files_of_the_engine_are_found():
    found = {place(path) for path in ENGINE_FILES}
    kinds = {f"kinds/{path.name}" for path in (FOLDER / "kinds").glob("*.py")}
    assert len(kinds) >= len(KINDS)
    assert kinds | set(JUDGING_FILES) | {"apply/people.py", "apply/way.py", "world.py"} <= found


@pytest.mark.parametrize("path", ENGINE_FILES, ids=place)
def test_no_number_of_the_law_stands_in_the_engine(path):
    assert numbers_in(*of(path)) == []


@pytest.mark.parametrize("path", ENGINE_FILES, ids=place)
def test_no_time_stands_in_the_engine(path):
    assert times_in(*of(path)) == []


@pytest.mark.parametrize("path", JUDGING, ids=place)
def test_no_word_of_a_country_stands_where_it_is_judged(path):
    assert country_in(*of(path)) == []


def test_every_excuse_is_still_needed():
    trees = [(place(path), ast.parse(path.read_text(encoding="utf-8"))) for path in ENGINE_FILES]
    named = {
        node.target.id
        for _, tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    }
    assert sorted(set(CONSTANTS) - named) == []
    said = {
        (name, ast.unparse(node))
        for name, tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.expr)
    }
    assert sorted(set(EXPRESSIONS) - said) == []


PLANTED = [
    ("if hours > 8:\n    pass", numbers_in),
    ("LIMIT_US = 12 * 3_600 * 1_000_000", numbers_in),
    ("QUESTIONING_MAX: Final = 24", numbers_in),
    ("LATE_WINDOW_US = 72", numbers_in),
    ("x = day + timedelta(days=-7)", numbers_in),
    ("x = 0.5", numbers_in),
    ("x = [7, 10, 5]", numbers_in),
    ("def f(fewer_than=2): ...", numbers_in),
    ("x = parse_duration_us('8h')", times_in),
    ("x = {'limit': '30d'}", times_in),
    ("x = '2mo'", times_in),
    ("x = '1h30min'", times_in),
    ("x = between('21:00', '07:00')", times_in),
    ("if stay.measure == 'arrest': ...", country_in),
    ("x = view.step(unit, 'measure:criminal_detention')", country_in),
    ("if 'under_16' in stay.flags: ...", country_in),
    ("x = ('county_head',)", country_in),
    ("x = 'PSAPL'", country_in),
    ("if rule.id == 'T5': ...", country_in),
]


@pytest.mark.parametrize(("planted", "look"), PLANTED)
def test_what_is_planted_is_found_in_any_module(planted, look):
    source, name = of(FOLDER / "kinds" / "clock.py")
    assert look(source, name) == []
    assert len(look(f"{source}\n{planted}\n", name)) >= 1


def test_a_docstring_may_speak_of_the_law():
    assert numbers_in('"""At most 24."""\ndef f():\n    """Twelve is 12."""\n', "x.py") == []
    assert times_in('def f():\n    """8h"""\n    return 1\n', "x.py") == []
