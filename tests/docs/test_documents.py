"""The documents hold together: links lead somewhere, nothing names a machine, each decision is complete."""

import re
from pathlib import Path

import pytest

from tests.tools.tree import ROOT, files, text

PAGES = [path for path in files() if path.suffix == ".md"]
TEXT_SUFFIXES = {
    "", ".c", ".css", ".csv", ".html", ".ini", ".js", ".json", ".jsonl", ".lock", ".md", ".mjs", ".po", ".pot", ".py",
    ".service", ".sh", ".sql", ".svg", ".toml", ".txt", ".yaml", ".yml",
}  # fmt: skip
DECISIONS = sorted((ROOT / "docs" / "adr").glob("[0-9]*.md"))
DECISION_FIELDS = ("Date:", "Status:", "## Context", "## Decision", "## Consequences")

# Put together here, so that this file may itself be looked at.
HOSTS = [
    ".".join(parts)
    for parts in (
        ("pypi", "org"), ("pythonhosted", "org"), ("deb", "debian", "org"), ("npmjs", "org"), ("npmjs", "com"),
        ("nodesource", "com"), ("crates", "io"), ("docker", "io"),
    )
]  # fmt: skip
PLACES = [
    "/" + "/".join(parts) for parts in (("work", "main"), ("work", "shared"), ("work", "notes"), ("root", ""))
]
PLACES += ["/" + "opt/pypi", "/" + "home/"]


def slug(heading: str) -> str:
    """The anchor that GitHub gives a heading."""
    kept = re.sub(r"[^\w\- ]", "", heading.strip().lower().replace("`", ""))
    return kept.replace(" ", "-")


def anchors(path: Path) -> set[str]:
    prose = re.sub(r"^```.*?^```", "", text(path), flags=re.M | re.S)
    return {slug(found) for found in re.findall(r"^#{1,6} (.+)$", prose, re.M)}


def links(path: Path) -> list[str]:
    prose = re.sub(r"^```.*?^```", "", text(path), flags=re.M | re.S)
    return re.findall(r"\]\(([^)\s]+)\)", prose)


@pytest.mark.parametrize("path", PAGES, ids=str)
def test_every_link_inside_the_repository_leads_somewhere(path: Path) -> None:
    dead = []
    for link in links(path):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = (ROOT / path.parent / name).resolve() if name else ROOT / path
        if not target.exists() or (
            anchor and target.suffix == ".md" and anchor not in anchors(target.relative_to(ROOT))
        ):
            dead.append(link)
    assert dead == []


def test_no_file_names_a_machine_or_a_registry() -> None:
    found = []
    for path in files():
        if path.suffix not in TEXT_SUFFIXES:
            continue
        content = text(path)
        found += [f"{path}: {name}" for name in HOSTS + PLACES if name in content]
    assert found == []


def test_there_are_decisions() -> None:
    assert len(DECISIONS) >= 10


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem)
def test_a_decision_has_its_fields_and_keeps_to_half_a_page(path: Path) -> None:
    content = path.read_text(encoding="utf-8")
    assert re.match(r"# \d{4} \S", content)
    assert content.startswith(f"# {path.stem[:4]} ")
    assert [field for field in DECISION_FIELDS if field not in content] == []
    assert re.search(r"^Date: \d{4}-\d\d-\d\d$", content, re.M)
    assert re.search(r"^Status: (accepted|superseded by \d{4}|rejected)$", content, re.M)
    assert len(content.split()) <= 450


def test_decisions_are_numbered_without_a_gap() -> None:
    assert [int(path.stem[:4]) for path in DECISIONS] == list(range(1, len(DECISIONS) + 1))


def exists(name: str) -> bool:
    return any(ROOT.glob(name)) if "*" in name else (ROOT / name).exists()


def test_readme_and_architecture_name_only_what_exists() -> None:
    """A path in backticks is a promise."""
    place = re.compile(r"`((?:firmware|gateway|server|hardware|tests|docs|\.ci)/[\w./*-]*)`")
    pages = (Path("README.md"), Path("ARCHITECTURE.md"), Path("CONTRIBUTING.md"))
    named = [(page, name) for page in pages for name in place.findall(text(page))]
    assert [f"{page}: {name}" for page, name in named if not exists(name)] == []


def test_every_make_target_named_in_the_documents_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", text(Path("Makefile")), re.M))
    named = {(path, target) for path in PAGES for target in re.findall(r"`make ([a-z-]+)", text(path))}
    assert [f"{path}: make {target}" for path, target in sorted(named) if target not in targets] == []


def test_the_glossary_gives_each_english_word_one_chinese_term() -> None:
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in text(Path("docs/glossary.md")).splitlines()
        if line.startswith("| ") and not line.startswith(("| English", "|---"))
    ]
    words = [row[0] for row in rows]
    assert len(words) > 60
    assert sorted({word for word in words if words.count(word) > 1}) == []
    assert [row for row in rows if len(row) != 4 or not all(row)] == []
