"""One catalogue: every id used exists in both languages, every entry is used, every family covers its values."""

import ast
import re
from importlib import resources
from pathlib import Path
from typing import get_args

import pytest

from caseserver.changes import KINDS as CHANGE_KINDS
from caseserver.floor.desk import CONFIRMED, DRAFT, DROPPED
from caseserver.floor.drawing import KINDS as FLOOR_KINDS
from caseserver.notify.duty import EXPIRED, HANDED, LEFT, RELIEVED
from caseserver.notify_settings import POSTS
from caseserver.own_log import ACTIONS as OWN_ACTIONS
from caseserver.pins import WEAK
from caseserver.tokens import SCOPES
from caseserver.web import views
from caseserver.web.catalogue import (
    Catalogue,
    MissingMessage,
    catalogue,
    choose_language,
    placeholders,
)
from caseserver.web.present.alarm import ACTIONS, ASIDE_STEPS, CAUSES
from caseserver.web.present.proof import DETAIL_KEYS, DETAIL_VALUES
from caseserver.web.present.rule_words import SENSED, STATED
from caseserver.web.present.rules import LETTERS
from caseserver.web.property import views as property_views
from caseserver.web.property.counting import ORDER as COUNTED
from caseserver.web.property.lists import WORK
from caseserver.web.property.paper_kinds import COLUMNS
from custody.alarm_states import STATES as ALARM_STATES
from custody.apply.points import EVENT_KINDS
from custody.area import OUTPUT_KINDS, POINT_KINDS
from custody.catalogue import UNITS
from custody.compartments import BY_KEY, BY_ORDER, UNORDERED, WRONG_DOOR
from custody.ledger.coverage import STATES
from custody.ledger.sources import WHY
from custody.reader import PHASES
from custody.reader.params import STANDING_ACTS
from custody.vocabulary import INPUTS, MEASURES
from custody.whatif import CHANGES

SUPERVISED = {
    "door",
    "node",
    "reader",
    "input",
    "point",
    "tag",
    "band",
    "port",
    "server",
    "storage",
    "gateway",
    "clock",
}
WEB = Path(str(resources.files("caseserver.web")))
SOURCES = [*WEB.rglob("*.py"), *WEB.rglob("*.html")]
LITERAL = re.compile(r"""(?:\.t|\bt)\(\s*["']([a-z_]+\.[a-z_.]+)["']""")
FAMILY = re.compile(r"""(?:\.of|_or_raw|coded)\(\s*["']([a-z_]+)["']""")
OF_LITERAL = re.compile(r"""\.of\(\s*["']([a-z_]+)["'],\s*["']([a-z_]+)["']""")
CHOSEN = re.compile(r"""["']([a-z_]+\.[a-z_]+)["'] if .*? else ["']([a-z_]+\.[a-z_]+)["']""")

COUNTED_BEFORE = re.compile(r"\{(?:count|items|pieces)\} (?:[a-z]+ )?(?:[a-z]+s|are|were)\b")
NEVER_ONE = {
    "alarm.times",
    "calling.tries",
    "blind.rules",
    "list.flood",
    "rules.lead",
    "span.months",
    "span.working_days",
}
"""Said of more than one alone; and no rulebook has a limit of one month or one working day."""


def refusals() -> set[str]:
    """Every reason for which the engine refuses, out of its own code."""
    found = {"wrong_order", "same_person", "still_active"}  # custody.alarm: moves that an alarm does not take
    found |= {"never_shelved", "too_long", "too_many"}  # custody.shelves: what may not be set aside
    for path in Path(str(resources.files("custody"))).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
                continue
            place = {"Refused": 2, "_refused": 1}.get(
                node.func.id, len(node.args)
            )  # lockers.py has its own short form
            if len(node.args) > place and isinstance(node.args[place], ast.Constant):
                found.add(str(node.args[place].value))
    return found


FAMILIES: dict[str, set[str]] = {
    "mark": set(get_args(views.Level)),
    "family": set(get_args(views.Family)),
    "must": set(get_args(views.MustName)),
    "must_state": set(get_args(views.Must)),
    "recorder": set(get_args(views.Presence)) - {""},
    "guard": set(get_args(views.Presence)) - {""},
    "door": set(get_args(views.DoorLook)),
    "measure_short": set(MEASURES),
    "cause": set(CAUSES),
    "alarm_word": {state.name for state in ALARM_STATES},
    "alarm_aside": set(ASIDE_STEPS),
    "action": set(ACTIONS),
    "by": {"node", "gateway", "server", "kiosk", "paper"},
    "lane": {"person", "officer", "recorder", "door", "band", "node", "gateway", "act"},
    "stamp": {"registered", "bound", "searched", "approved", "changed", "released"},
    "phase": set(PHASES),
    "unit": {*UNITS, *SUPERVISED} - {"stay"},
    "rule_group": set(LETTERS),
    "confidence": {"second_hand", "unverified"},
    "kind_act": set(STANDING_ACTS),
    "kind_guard": {"no_police", "nobody"},
    "sensed": set(SENSED.values()),
    "stated": set(STATED),
    "refused": refusals(),
    "scope": set(SCOPES),
    "pin_weak": set(WEAK),
    "change": {kind.replace(".", "_") for kind in CHANGE_KINDS},
    "change_move": {"sign", "withdraw"},
    "change_state": {"done", "withdrawn", "over"},
    "change_refused": {"not_administrator", "same_person", "over", "not_there", "too_many", "cannot"},
    "account_state": {"open", "locked", "disabled"},
    "qualification": {"valid", "soon", "over"},
    "problem": {"s403", "s404", "s405", "s413", "s422", "s429", "s503"},
    "whatif_change": set(CHANGES) - {"same", "lawful"},
    "own_action": {name.replace(".", "_") for name in OWN_ACTIONS} | {"log_begun"},
    "own_key": set(DETAIL_KEYS),
    "own_value": set(DETAIL_VALUES),
    "post": set(POSTS),
    "duty_end": {LEFT, HANDED, RELIEVED, EXPIRED},
    "duty_refused": {"role", "is_holder", "not_holder", "free"},
    "spot": set(get_args(views.SpotLook)),
    "floor_state": {DRAFT, CONFIRMED, DROPPED},
    "floor_kind": set(FLOOR_KINDS),
    "floor_letter": set(FLOOR_KINDS) - {"room", "door"},
    "floor_device": {"reader", "output", "panel"},
    "floor_fault": {"number", "partly", "strange", "overlap", "no_room", "not_inside", "no_wall"},
    "floor_refused": {"not_there", "not_draft", "outdated", "same", "too_many"},
    "told": {"raised", "prewarned", "cleared"},
    "blind_why": {*WHY, "no_reading"},
    "walk_kind": {*POINT_KINDS, *OUTPUT_KINDS} - {"input", "output"},
    "walk_do": {*POINT_KINDS, *OUTPUT_KINDS, *INPUTS} - {"input", "output"},
    "walk_event": set(EVENT_KINDS),
    "compartment_look": {*get_args(property_views.Look), "overdue"},
    "access": {UNORDERED, WRONG_DOOR, BY_ORDER, BY_KEY},
    "counted": set(COUNTED),
    "clearup": set(WORK),
    "sealed": {"photo", "signature", "giver_signature", "taker_signature"},
    "column": set(COLUMNS),
    "must_time": {state for states in STATES.values() for state in states},
}


def used() -> tuple[set[str], set[str]]:
    """Ids written out in modules and templates, and families asked for."""
    ids, families = set(), set()
    for path in SOURCES:
        text = path.read_text(encoding="utf-8")
        ids |= set(LITERAL.findall(text))
        families |= set(FAMILY.findall(text))
        ids |= {".".join(pair) for pair in OF_LITERAL.findall(text)}
        for pair in CHOSEN.findall(text):
            ids |= set(pair)
    return ids, families


def test_every_id_that_is_used_exists() -> None:
    ids, _ = used()
    assert sorted(ids - catalogue().ids()) == []


def test_every_family_that_is_asked_for_has_its_list_of_values() -> None:
    _, families = used()
    assert families - FAMILIES.keys() - {"health"} == set()


def test_every_family_covers_all_its_values() -> None:
    missing = [f"{f}.{v}" for f, values in FAMILIES.items() for v in values if not catalogue().has(f, v)]
    assert sorted(missing) == []


def test_every_entry_is_used() -> None:
    ids, _ = used()
    idle = [
        entry for entry in catalogue().ids() if entry not in ids and entry.partition(".")[0] not in FAMILIES
    ]
    assert sorted(idle) == []


def test_no_family_holds_a_value_that_cannot_come() -> None:
    for family, values in FAMILIES.items():
        held = {
            entry.removeprefix(f"{family}.") for entry in catalogue().ids() if entry.startswith(f"{family}.")
        }
        assert held - values == set(), family


def test_both_languages_are_there_and_name_the_same_values() -> None:
    entries = {entry: catalogue().entry(entry) for entry in catalogue().ids()}
    assert [entry for entry, words in entries.items() if not words.get("zh") or not words.get("en")] == []
    assert {
        entry: words
        for entry, words in entries.items()
        if placeholders(words["zh"]) != placeholders(words["en"])
    } == {}


def test_english_words_hold_no_chinese_and_no_curly_quote() -> None:
    for entry in catalogue().ids():
        assert not re.search("[一-鿿’]", catalogue().entry(entry)["en"]), entry


def test_a_number_that_can_be_one_stands_after_what_it_counts() -> None:
    """No message has a singular of its own: "More alarms: 1", not "1 more alarms"."""
    for entry in catalogue().ids() - NEVER_ONE:
        assert not COUNTED_BEFORE.search(catalogue().entry(entry)["en"]), entry


def test_a_missing_english_string_falls_back_to_chinese_never_to_a_key() -> None:
    assert Catalogue({"a.b": {"zh": "案"}}).text("en", "a.b") == "案"


def test_a_missing_id_is_our_mistake_and_says_so() -> None:
    with pytest.raises(MissingMessage, match=r"no entry 'wall\.nonsense'"):
        catalogue().text("zh", "wall.nonsense")


@pytest.mark.parametrize(
    ("query", "cookie", "accept", "expected"),
    [
        (None, None, None, "zh"),
        ("en", "zh", "zh-CN", "en"),
        (None, "en", "zh-CN,zh;q=0.9", "en"),
        (None, None, "en-GB,en;q=0.8", "en"),
        (None, None, "fr-FR,fr;q=0.8", "zh"),
        ("<script>", "xx", ",,;;q=\x00", "zh"),
        (None, None, "zh-CN,en;q=0.5", "zh"),
    ],
)
def test_the_language_is_chosen_by_address_then_cookie_then_browser(
    query: str | None, cookie: str | None, accept: str | None, expected: str
) -> None:
    assert choose_language(query, cookie, accept) == expected
