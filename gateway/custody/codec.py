"""Facts to and from log entries (the leaf's JSON object), and upcasting of old versions."""

from collections.abc import Mapping
from typing import Any

from custody.catalogue import FACT_TYPES
from custody.effects import Effect
from custody.facts import Fact


class CodecError(ValueError):
    """A leaf that is no fact; says what was expected and what was found."""

    def __init__(self, expected: str, found: object) -> None:
        """Keep both sides."""
        super().__init__(f"expected {expected}, found {found!r}")
        self.expected = expected
        self.found = found


def fact_entry(fact: Fact) -> dict[str, Any]:
    """Log entry of a fact, without v, index, prev and stay_n (the log adds those)."""
    return {
        "class": "fact",
        "type": f"{fact.type}/{fact.version}",
        "id": fact.id,
        "recorded": {
            "boot": fact.boot,
            "boottime_us": fact.boottime_us,
            "earliest_us": fact.recorded_us,
            "latest_us": fact.recorded_latest_us,
        },
        "occurred": {
            "earliest_us": fact.occurred_us,
            "latest_us": fact.occurred_latest_us,
            "by": fact.by,
        },
        "source": {"name": fact.source_name, "boot": fact.source_boot, "seq": fact.source_seq},
        "stay": fact.stay,
        "body": dict(fact.body),
    }


def output_entry(effect: Effect, cause: Fact) -> dict[str, Any]:
    """Log entry of an effect, recorded at the instant of the fact that led to it."""
    output = effect.to_output()
    return {
        "class": "output",
        "type": output["type"],
        "id": output["id"],
        "recorded": {
            "boot": cause.boot,
            "boottime_us": cause.boottime_us,
            "earliest_us": cause.recorded_us,
            "latest_us": cause.recorded_latest_us,
        },
        "occurred": {
            "earliest_us": output["occurred_us"],
            "latest_us": output["occurred_us"],
            "by": "gateway",
        },
        "source": {"name": "", "boot": 0, "seq": 0},
        "stay": output["stay"],
        "body": output["body"],
    }


def fact_of(leaf: Mapping[str, Any]) -> Fact | None:
    """The fact in a leaf object, or None for an output and for what the log says of itself. Raises CodecError."""
    if leaf.get("class") in ("output", "log"):
        return None
    if leaf.get("class") != "fact":
        raise CodecError("class 'fact', 'output' or 'log'", leaf.get("class"))
    try:
        name, _, version = str(leaf["type"]).rpartition("/")
        recorded, occurred, source = leaf["recorded"], leaf["occurred"], leaf["source"]
        fact = Fact(
            type=name,
            version=int(version),
            body=leaf["body"],
            index=int(leaf["index"]),
            id=str(leaf["id"]),
            occurred_us=int(occurred["earliest_us"]),
            occurred_latest_us=_bound(occurred["latest_us"]),
            by=str(occurred["by"]),
            recorded_us=int(recorded["earliest_us"]),
            recorded_latest_us=_bound(recorded["latest_us"]),
            boot=int(recorded["boot"]),
            boottime_us=int(recorded["boottime_us"]),
            source_name=str(source["name"]),
            source_boot=int(source["boot"]),
            source_seq=int(source["seq"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise CodecError("a leaf of custody log v1 (docs/evidence.md)", error) from None
    if not isinstance(fact.body, dict):
        raise CodecError("an object as body", fact.body)
    return _upcast(fact)


def _bound(value: object) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise CodecError("microseconds or null", value)
    return value


def _upcast(fact: Fact) -> Fact:
    """Bring an old version of a fact to the present one. Version 1 is the first of all."""
    known = FACT_TYPES.get(fact.type)
    if known is not None and fact.version > known.version:
        raise CodecError(f"{fact.type} version 1 to {known.version}", fact.version)
    return fact
