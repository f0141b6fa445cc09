"""What officers and buttons do about alarms, as it was told at its release: tests/vectors/custody/handling-v1.jsonl.

A line is {"name", "facts", "told"}: facts as [type, microseconds, body], and the outputs of the changes of alarms and of
refusals that came of them. `python -m tests.custody.handling` adds stories that have no line yet; a line is never changed.
"""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from custody.area import Area, load_area
from custody.effects import AlarmChanged, Refusal
from custody.engine import Engine
from tests.custody.against_oracle import area_v1_text
from tests.custody.support import at, fact, rulebook
from tests.tools.tree import ROOT

FILE = ROOT / "tests" / "vectors" / "custody" / "handling-v1.jsonl"
BUTTON = '\n[[input]]\nid = "silence-1"\nkind = "silence"\n[[point]]\nnode = "n1"\npoint = 240\nkind = "input"\nof = "silence-1"\n'
LINE: Final = {"node": "n1", "point": 4, "of": "gate", "trouble": "line_open"}

# Name -> lines of time, fact and fields; `$line`, `$port`, `$node` stand for the newest alarm of that variant.
STORIES: Final[Mapping[str, str]] = {
    "shelved, again, ended by itself": """
        09:00 cut ; 09:00:10 tick ; 09:01 acknowledged $line a ; 09:02 shelved $line a chattering 10 ; 09:03 mend
        09:04 cut ; 09:04:10 tick ; 09:05 shelved $line b repair 5 ; 09:12 tick ; 09:13 unshelved $line a""",
    "out of service, ended by hand and by itself": """
        09:00 cut ; 09:00:10 tick ; 09:01 removed_from_service $line b repair 2 ; 09:02 returned_to_service $line a
        09:03 removed_from_service $line b works 1 ; 10:03 tick""",
    "a line with its node, handled together": """
        09:00 port.lost ; 09:00:03 node.lost ; 09:00:30 tick ; 09:01 taken $port a ; 09:02 port.restored
        09:02:01 node.restored ; 09:03 rectified $port a ; 09:04 verified $port a ; 09:05 verified $port b""",
    "silenced by the button and by an officer": """
        09:00 cut ; 09:00:10 tick ; 09:01 press ; 09:02 silenced a ; 09:04 tick ; 09:05 silenced a ; 09:06 verified $line a""",
    "never": """
        09:00 forced ; 09:01 shelved $forced-gate a works 5 ; 09:02 removed_from_service $forced-gate b works 1
        09:03 shelved $forced-gate x works 5 ; 09:04 unshelved $forced-gate a""",
}


@cache
def place() -> Area:
    """The area of the vectors, with a button that silences."""
    return load_area(area_v1_text() + BUTTON, "standard.toml")


def facts_of(story: str) -> list[list[Any]]:
    """The facts of a story. An alarm's id is known only as the story goes: the engine is asked."""
    engine, said = Engine(place(), rulebook()), _opening()
    for number, (name, at_us, body) in enumerate(said, 1):
        engine.step(fact(name, number, at_us, **body))
    for part in story.replace("\n", " ; ").split(" ; "):
        if part.strip():
            clock, verb, *words = part.split()
            name, body = _said(verb, [_alarm(engine, word) for word in words])
            said.append([name, at(clock), body])
            engine.step(fact(name, len(said), at(clock), **body))
    return said


def told(facts: list[list[Any]]) -> list[list[Any]]:
    """Changes of alarms and refusals, as they stand in a log: [type, id, body]."""
    engine, found = Engine(place(), rulebook()), []
    for number, (name, at_us, body) in enumerate(facts, 1):
        for effect in engine.step(fact(name, number, at_us, **body)):
            if isinstance(effect, AlarmChanged | Refusal):
                entry = effect.to_output()
                found.append([entry["type"], entry["id"], entry["body"]])
    return found


def _opening() -> list[list[Any]]:
    at_us = at("08:00")
    said: list[list[Any]] = [["node.restored", at_us, {"node": node}] for node in place().nodes]
    said += [["recorder.started", at_us, {"recorder": name}] for name in place().recorders]
    said += [["door.closed", at_us, {"door": name}] for name in place().doors]
    said += [["input.cleared", at_us, {"input": name}] for name in place().inputs]
    for officer in ("a", "b"):
        body = {"officer": officer, "service": "sworn", "roles": ["duty_officer"]}
        said.append(["officer.registered", at_us, body])
    return said


def _alarm(engine: Engine, word: str) -> str:
    if not word.startswith("$"):
        return word
    return [alarm.id for alarm in engine.alarms.values() if alarm.variant == word[1:]][-1]


def _said(verb: str, words: list[str]) -> tuple[str, dict[str, Any]]:
    plain: dict[str, tuple[str, dict[str, Any]]] = {
        "cut": ("point.troubled", LINE), "mend": ("point.cleared", LINE), "tick": ("deadline.reached", {}),
        "press": ("input.activated", {"input": "silence-1"}), "forced": ("door.opened", {"door": "gate"}),
        "port.lost": ("port.lost", {"port": "ttyA1"}), "port.restored": ("port.restored", {"port": "ttyA1"}),
        "node.lost": ("node.lost", {"node": "n1"}), "node.restored": ("node.restored", {"node": "n1"}),
    }  # fmt: skip
    if verb in plain:
        return plain[verb]
    if verb == "silenced":
        return "alarm.silenced", {"officer": words[0]}
    body: dict[str, Any] = {"alarm": words[0], "officer": words[1]}
    if verb == "rectified":
        body |= {"cause": "wiring", "action": "repaired"}
    elif verb in ("shelved", "removed_from_service"):
        body |= {"reason": words[2], "minutes" if verb == "shelved" else "hours": int(words[3])}
    return f"alarm.{verb}", body


def rows() -> list[dict[str, Any]]:
    """The lines of the file."""
    return (
        [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()] if FILE.exists() else []
    )


def main() -> None:
    """Add what is missing."""
    known = {row["name"] for row in rows()}
    with FILE.open("a", encoding="utf-8") as file:
        for name, story in STORIES.items():
            if name not in known:
                facts = facts_of(story)
                row = {"name": name, "facts": facts, "told": told(facts)}
                file.write(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
