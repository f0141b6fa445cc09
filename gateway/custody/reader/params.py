"""What a rule may say to its kind under [rule.with], and how each value is read."""

from collections.abc import Callable, Mapping
from datetime import time
from typing import Any, Final

from custody.area import DOOR_KINDS, FITTED
from custody.cabinets import CABINET_KINDS
from custody.compartments import ACCESSES
from custody.fields import is_ref
from custody.locker_words import LOCKER_FAILURES
from custody.property_words import ITEM_KINDS, ITEM_STATES
from custody.reader.base import Reader
from custody.times import PERIODS, Limit
from custody.vocabulary import INPUTS, ROLES, SEXES, TROUBLES

SOURCES: Final = (
    "door", "door_held", "band_silent", "band_battery", "band_twice", "band_out", "tag_unknown", "node", "recorder", "reader", "input", "input_unknown", "point",
    "port", "server", "storage", "gateway", "clock",
    "compartment_open", "compartment_failed", "compartment_cut_off", "compartment_missing", "compartment_unknown",
)  # fmt: skip
STANDING_ACTS: Final = (
    "outside_area", "in_room", "recused_present", "band_cut", "band_pressed", "band_leapt", "door_forced", "refused",
)  # fmt: skip
QUANTITIES: Final = ("certificate_after_entry", "particulars_missing")

# What a rulebook may say to each kind under [rule.with]: key -> (how it is read, must it be there).
KIND_PARAMS: Final[Mapping[str, Mapping[str, tuple[str, bool]]]] = {
    "clock": {
        "from": ("measure|arrival", False),
        "since": ("steps", False),
        "until": ("steps", False),
        "calendar": ("bool", False),
        "suspended": ("betweens", False),
        "restarted_by": ("steps", False),
        "longer_by": ("steps", False),
    },
    "required_within": {
        "since": ("steps", True),
        "until": ("steps", True),
        "first": ("bool", False),
        "ever": ("bool", False),
        "not_before": ("steps", False),
    },
    "required_before": {
        "step": ("steps", True),
        "act": ("steps", False),
        "first": ("bool", False),
        "since": ("steps", False),
        "between": ("times", False),
    },
    "forbidden_act": {
        "act": ("act", True),
        "fields": ("fields", False),
        "repeat": ("bool", False),
        "same": ("names", False),
        "without": ("names", False),
        "within": ("within", False),
        "until": ("steps", False),
        "reasons": ("names", False),
        "facts": ("names", False),
        "window": ("duration", False),
        "doors": ("doors", False),
    },
    "threshold": {
        "step": ("steps", False),
        "field": ("name", False),
        "below": ("number", False),
        "above": ("number", False),
        "per": ("name", False),
        "act": ("bool", False),
        "quantity": ("|".join(QUANTITIES), False),
    },
    "interval": {
        "acts": ("steps", True),
        "of": ("stay|room", False),
        "from": ("entered|room|during|step", True),
        "since": ("steps", False),
        "each": ("|".join(PERIODS), False),
        "fitted": ("|".join(FITTED), False),
    },
    "presence": {"when": ("no_police|nobody", True)},
    "head_count": {
        "fewer_than": ("integer", True),
        "recorded_minimum": ("integer", False),
        "service": ("sworn|any", False),
        "sex": ("|".join(SEXES), False),
        "form": ("steps", False),
    },
    "coverage": {"only_if_fewer_than": ("integer", False)},
    "separation": {"apart": ("sex|case|age|anyone", True)},
    "supervision": {
        "source": ("|".join(SOURCES), True),
        "doors": ("doors", False),
        "percent_below": ("integer", False),
        "kinds": ("inputs", False),
        "troubles": ("troubles", False),
        "access": ("access", False),
        "why": ("failures", False),
    },
    "chain": {"gap": ("duration", True)},
    "keeping": {
        "since": ("steps", False),
        "without": ("steps", False),
        "kinds": ("items", False),
        "states_none": ("states", False),
        "only_in": ("cabinets", False),
    },
    "hands": {
        "act": ("steps", True),
        "who": ("name", True),
        "roles": ("roles", False),
        "never": ("roles", False),
        "apart_from": ("steps", False),
    },
}


def _bool(r: Reader, value: object, where: str) -> object:
    if not isinstance(value, bool):
        r.add(where, "true or false", value)
    return value is True


def _integer(r: Reader, value: object, where: str) -> object:
    if isinstance(value, bool) or not isinstance(value, int):
        r.add(where, "a whole number", value)
        return 0
    return value


def _number(r: Reader, value: object, where: str) -> object:
    return r.duration(value, where) if isinstance(value, str) else _integer(r, value, where)


def _name(r: Reader, value: object, where: str) -> object:
    if not is_ref(value):
        r.add(where, "a name", value)
    return str(value)


def _names(r: Reader, value: object, where: str) -> object:
    if not isinstance(value, list) or not all(map(is_ref, value)):
        r.add(where, "a list of names", value)
        return ()
    return tuple(value)


def _doors(r: Reader, value: object, where: str) -> object:
    return r.many({"doors": value}, where.rpartition(".")[0], "doors", DOOR_KINDS)


def _inputs(r: Reader, value: object, where: str) -> object:
    return r.many({"kinds": value}, where.rpartition(".")[0], "kinds", INPUTS)


def _access(r: Reader, value: object, where: str) -> object:
    return r.many({"access": value}, where.rpartition(".")[0], "access", ACCESSES)


def _failures(r: Reader, value: object, where: str) -> object:
    return r.many({"why": value}, where.rpartition(".")[0], "why", LOCKER_FAILURES)


def _items(r: Reader, value: object, where: str) -> object:
    return r.many({"kinds": value}, where.rpartition(".")[0], "kinds", ITEM_KINDS)


def _states(r: Reader, value: object, where: str) -> object:
    return r.many({"states_none": value}, where.rpartition(".")[0], "states_none", ITEM_STATES)


def _cabinets(r: Reader, value: object, where: str) -> object:
    return r.many({"only_in": value}, where.rpartition(".")[0], "only_in", CABINET_KINDS)


def _roles(r: Reader, value: object, where: str) -> object:
    place, _, key = where.rpartition(".")
    return r.many({key: value}, place, key, ROLES)


def _troubles(r: Reader, value: object, where: str) -> object:
    return r.many({"troubles": value}, where.rpartition(".")[0], "troubles", TROUBLES)


def _act(r: Reader, value: object, where: str) -> object:
    return value if value in STANDING_ACTS else r.steps(value, where)


def _times(r: Reader, value: object, where: str) -> object:
    try:
        begin, end = (time.fromisoformat(item) for item in value)  # type: ignore[attr-defined]
    except (TypeError, ValueError, AttributeError):
        r.add(where, 'two local times such as ["21:00", "07:00"]', value)
        return (time(), time())
    return (begin, end)


def _fields(r: Reader, value: object, where: str) -> object:
    if not isinstance(value, dict) or not all(isinstance(v, list) for v in value.values()):
        r.add(where, "a table of lists such as { device = ['rope'] }", value)
        return {}
    return {key: tuple(values) for key, values in value.items()}


def _within(r: Reader, value: object, where: str) -> object:
    if not isinstance(value, dict) or set(value) != {"step", "span"}:
        r.add(where, "{ step = '…', span = '180d' }", value)
        return ((), Limit("0s"))
    return (r.steps(value["step"], f"{where}.step"), r.limit(value["span"], f"{where}.span"))


def _betweens(r: Reader, value: object, where: str) -> object:
    if not isinstance(value, list):
        r.add(where, "a list of { start, end }", value)
        return ()
    return tuple(r.between(item, f"{where}[{n}]") for n, item in enumerate(value))


_PARAM_READERS: Final[Mapping[str, Callable[[Reader, object, str], object]]] = {
    "access": _access,
    "act": _act,
    "betweens": _betweens,
    "bool": _bool,
    "cabinets": _cabinets,
    "doors": _doors,
    "duration": Reader.duration,
    "failures": _failures,
    "fields": _fields,
    "inputs": _inputs,
    "integer": _integer,
    "items": _items,
    "name": _name,
    "names": _names,
    "number": _number,
    "roles": _roles,
    "states": _states,
    "steps": Reader.steps,
    "times": _times,
    "troubles": _troubles,
    "within": _within,
}


def params_of(r: Reader, table: Mapping[str, Any], where: str, kind: str) -> dict[str, Any]:
    raw, allowed = r.table(table, where, "with"), KIND_PARAMS[kind]
    r.only(raw, f"{where}.with", allowed)
    found: dict[str, Any] = {}
    for key, (expected, is_required) in allowed.items():
        at = f"{where}.with.{key}"
        if key not in raw:
            if is_required:
                r.add(at, expected, "nothing")
            continue
        read = _PARAM_READERS.get(expected)
        if read is not None:
            found[key] = read(r, raw[key], at)
        else:
            found[key] = r.choice(raw, f"{where}.with", key, expected.split("|"))
    return found
