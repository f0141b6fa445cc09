"""Officers' facts that the server passes on: who signed, is it a fact, is it new.

Nothing here is believed before its signature. A signed fact that cannot be recorded is refused
with a record; an unsigned one only counts, so that a stranger cannot fill the log.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from casegateway.drafts import Draft, stamp
from casegateway.events import Moment
from casegateway.limits import FACT_ID_CHARS_MAX, FUTURE_US_MAX
from casegateway.memory import Memory
from casegateway.signed import authentic
from caselog import canonical
from caselog.clock import Instant
from caselog.keys import Verifier
from custody.catalogue import FACT_TYPES
from custody.effects import Refusal
from custody.facts import Fact, check_body
from custody.fields import INT_MAX, Problem

SIGNED_PREFIX = b"caseward-fact-v1\n"
"""Before the canonical JSON of the fact, so that no other signed thing can pass as one."""
WITNESSES = ("server", "paper")


def signed_bytes(fact: dict[str, Any]) -> bytes:
    """The bytes the server signs."""
    return SIGNED_PREFIX + canonical.dumps(fact)


@dataclass(frozen=True, slots=True)
class Refused:
    """A signed fact that will not be recorded, with every reason."""

    id: str
    type: str
    stay: str | None
    problems: tuple[Problem, ...]


class OfficerFacts:
    """Judges down/fact messages. `counters`: taken, doubles, early, unsigned, refused, malformed."""

    def __init__(self, server_public: bytes | None, memory: Memory) -> None:
        """`server_public`: 32 bytes; None refuses everything, for nobody could have signed."""
        self.counters: Counter[str] = Counter()
        self._verifier = None if server_public is None else Verifier("server", server_public)
        self._memory = memory

    def judge(self, payload: bytes, now: Moment) -> Draft | Refused | None:
        """A draft to record, a refusal to record, or None for a double and for what is not signed.

        Also None for one that comes before the one that it names in `after`: the server sends both again, in order.
        """
        fact = authentic(payload, "fact", SIGNED_PREFIX, self._verifier)
        if isinstance(fact, str):
            self.counters[fact] += 1
            return None
        fact_id = fact.get("id")
        if not isinstance(fact_id, str) or not 0 < len(fact_id) <= FACT_ID_CHARS_MAX:
            self.counters["malformed"] += 1
            return None
        if self._memory.knows_id(fact_id):
            self.counters["doubles"] += 1
            return None
        after = canonical.loads(payload).get("after", fact_id)
        if after != fact_id and not (isinstance(after, str) and self._memory.knows_id(after)):
            self.counters["early"] += 1
            return None
        name = str(fact.get("type")).removesuffix("/1")
        problems = self._problems(name, fact, now)
        if problems:
            self.counters["refused"] += 1
            self._memory.keep_id(fact_id)
            stay = fact.get("stay")
            return Refused(fact_id, name[:64], stay if isinstance(stay, str) else None, tuple(problems))
        self.counters["taken"] += 1
        occurred = fact["occurred"]
        by = occurred.get("by")
        return Draft(
            type=name,
            body=fact["body"],
            id=fact_id,
            occurred_us=occurred["earliest_us"],
            occurred_latest_us=occurred["latest_us"],
            by=by if by in WITNESSES else "server",
        )

    def _problems(self, name: str, fact: dict[str, Any], now: Moment) -> list[Problem]:
        known = FACT_TYPES.get(name)
        if known is None or known.origin != "officer":
            # Doors and readers speak through their node; a server has no word in that.
            return [Problem("type", "a fact type that an officer may state", repr(fact.get("type"))[:100])]
        body = fact.get("body")
        if not isinstance(body, dict):
            return [Problem("body", "an object", repr(body)[:100])]
        problems = check_body(name, body)
        if fact.get("stay") != body.get("stay"):
            problems.append(Problem("stay", repr(body.get("stay")), repr(fact.get("stay"))[:100]))
        return problems + self._time_problems(fact.get("occurred"), now)

    @staticmethod
    def _time_problems(occurred: object, now: Moment) -> list[Problem]:
        expected = "{earliest_us, latest_us} in microseconds, latest_us null or not before earliest_us"
        if not isinstance(occurred, dict):
            return [Problem("occurred", expected, repr(occurred)[:100])]
        earliest, latest = occurred.get("earliest_us"), occurred.get("latest_us")
        is_interval = (
            isinstance(earliest, int)
            and not isinstance(earliest, bool)
            and 0 <= earliest <= INT_MAX
            and (latest is None or (type(latest) is int and earliest <= latest <= INT_MAX))
        )
        if not isinstance(earliest, int) or not is_interval:
            return [Problem("occurred", expected, repr(occurred)[:100])]
        if now.latest_us is not None and earliest > now.latest_us + FUTURE_US_MAX:
            return [Problem("occurred", f"at most {now.latest_us + FUTURE_US_MAX}", str(earliest))]
        return []


def refusal_of(refused: Refused, instant: Instant, index: int, area: str) -> tuple[Refusal, Fact]:
    """The record of a refusal and the fact (never recorded) that caused it; `index`: where it would stand."""
    first = refused.problems[0]
    effect = Refusal(
        time_us=instant.earliest_us,
        fact=index,
        rule="SYS",
        subject=f"stay:{refused.stay}" if refused.stay else f"area:{area}",
        reason=f"field {first.key}",
        expected=first.expected,
        found=first.found,
        fact_type=refused.type,
        fact_id=refused.id,
        article={},
    )
    return effect, stamp(Draft(refused.type, {}, refused.id, instant.earliest_us, None), instant, index)
