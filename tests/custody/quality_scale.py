"""Reads docs/quality_scale.yaml: the few shapes of YAML it is written in, and nothing else."""

import re
from dataclasses import dataclass, field
from pathlib import Path

FILE = Path(__file__).resolve().parents[2] / "docs" / "quality_scale.yaml"
CRITERIA = (
    "fires", "clears", "at_the_limit", "while_unknown", "after_restart", "late_evidence", "explained", "documented",
)  # fmt: skip
_ENTRY = re.compile(r"  ([A-Z]+\d*[ab]?):  # (\S.*)")
_CRITERION = re.compile(rf'    ({"|".join(CRITERIA)}): (?:(done)|\{{ exempt: "(.+)" \}})')
_VALUE = re.compile(r'    (status|reason|carried_by): (?:"(.+)"|\[(.+)\]|(\w+))')


@dataclass
class Entry:
    """One rule id: its status, and for each criterion `done` or the reason why not."""

    id: str
    status: str = ""
    reason: str = ""
    carried_by: list[str] = field(default_factory=list)
    criteria: dict[str, str] = field(default_factory=dict)


def read(text: str) -> dict[str, Entry]:
    """Every entry by id. Raises ValueError at the first line that is none of the known shapes."""
    entries: dict[str, Entry] = {}
    entry: Entry | None = None
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#") or line == "rules:":
            continue
        start, criterion, value = _ENTRY.fullmatch(line), _CRITERION.fullmatch(line), _VALUE.fullmatch(line)
        if start is not None and start[1] not in entries:
            entry = entries[start[1]] = Entry(start[1])
        elif entry is None:
            raise ValueError(f"line {number}: expected a rule id, found {line!r}")
        elif criterion is not None and criterion[1] not in entry.criteria:
            entry.criteria[criterion[1]] = criterion[2] or criterion[3]
        elif value is not None and not getattr(entry, value[1]):
            found = (
                value[2] or value[4] if value[3] is None else [item.strip() for item in value[3].split(",")]
            )
            setattr(entry, value[1], found)
        else:
            raise ValueError(f"line {number}: expected a line of the quality scale, once, found {line!r}")
    return entries
