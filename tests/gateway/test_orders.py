import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casegateway.drafts import Draft
from casegateway.events import Moment
from casegateway.memory import Memory
from casegateway.orders import OfficerFacts, Refused, signed_bytes
from caselog import canonical
from caselog.clock import Instant
from caselog.keys import SoftKey
from caseserver.signed import signed_fact
from custody.catalogue import FACT_TYPES
from tests.gateway.bench import SERVER_KEY

NOW = Moment(Instant(1, 0, 1_000_000_000, 1_000_000_000), 0)
THIEF = SoftKey.from_seed(bytes(32))


def gate(public: bytes | None = SERVER_KEY.public) -> OfficerFacts:
    return OfficerFacts(public, Memory())


def fact(**changes: Any) -> dict[str, Any]:
    return {
        "type": "person.arrived/1", "id": "o-1", "stay": "s1", "body": {"stay": "s1"},
        "occurred": {"earliest_us": 5, "latest_us": 6, "by": "server"}, **changes,
    }  # fmt: skip


def message(value: dict[str, Any], key: SoftKey = SERVER_KEY, **changes: Any) -> bytes:
    signature = base64.b64encode(key.sign(signed_bytes(value))).decode()
    return canonical.dumps({"v": 1, "fact": value, "key": "", "sig": signature} | changes)


def test_signed_fact_becomes_a_draft_in_the_servers_name_with_its_own_time() -> None:
    draft = gate().judge(message(fact()), NOW)
    assert draft == Draft("person.arrived", {"stay": "s1"}, "o-1", 5, 6, by="server")


def test_fact_from_paper_keeps_its_witness_and_no_other_is_believed() -> None:
    paper = gate().judge(message(fact(occurred={"earliest_us": 5, "latest_us": 6, "by": "paper"})), NOW)
    node = gate().judge(message(fact(occurred={"earliest_us": 5, "latest_us": 6, "by": "node"})), NOW)
    assert isinstance(paper, Draft)
    assert isinstance(node, Draft)
    assert (paper.by, node.by) == ("paper", "server")


def test_type_may_be_named_with_or_without_its_version() -> None:
    assert isinstance(gate().judge(message(fact(type="person.arrived")), NOW), Draft)


@pytest.mark.parametrize(
    "payload",
    [
        message(fact(), key=THIEF),
        message(fact(), sig=base64.b64encode(bytes(64)).decode()),
        message(fact(), fact=fact(body={"stay": "s2"}, stay="s2")),
    ],
    ids=["another key", "zeros", "changed after signing"],
)
def test_fact_that_the_server_did_not_sign_only_counts(payload: bytes) -> None:
    facts = gate()
    assert facts.judge(payload, NOW) is None
    assert facts.counters == {"unsigned": 1}


def test_without_the_servers_key_nobody_can_have_signed() -> None:
    facts = gate(None)
    assert facts.judge(message(fact()), NOW) is None
    assert facts.counters == {"unsigned": 1}


@pytest.mark.parametrize(
    ("value", "key"),
    [
        (fact(type="door.opened/1", body={"door": "gate"}, stay=None), "type"),
        (fact(type="clock.trusted/1", body={"source": "server"}, stay=None), "type"),
        (fact(type="person.arrived/2"), "type"),
        (fact(type=7), "type"),
        (fact(body=[]), "body"),
        (fact(body={}), "stay"),
        (fact(body={"stay": "a b"}, stay="a b"), "stay"),
        (fact(stay="s2"), "stay"),
        (fact(stay=None), "stay"),
        (fact(occurred=None), "occurred"),
        (fact(occurred={"earliest_us": "5", "latest_us": 6}), "occurred"),
        (fact(occurred={"earliest_us": True, "latest_us": 6}), "occurred"),
        (fact(occurred={"earliest_us": 7, "latest_us": 6}), "occurred"),
        (fact(occurred={"earliest_us": -1, "latest_us": None}), "occurred"),
        (fact(occurred={"earliest_us": 1_700_000_000, "latest_us": None}), "occurred"),
    ],
)
def test_signed_fact_that_cannot_be_recorded_is_refused_with_the_reason(
    value: dict[str, Any], key: str
) -> None:
    facts = gate()
    verdict = facts.judge(message(value), NOW)
    assert isinstance(verdict, Refused)
    assert verdict.id == "o-1"
    assert key in [problem.key for problem in verdict.problems]
    assert facts.judge(message(value), NOW) is None
    assert facts.counters == {"refused": 1, "doubles": 1}


@pytest.mark.parametrize("fact_id", ["", "x" * 129, None, 5])
def test_fact_without_a_usable_id_only_counts(fact_id: object) -> None:
    facts = gate()
    assert facts.judge(message(fact(id=fact_id)), NOW) is None
    assert facts.counters == {"malformed": 1}


def test_server_may_state_what_officers_state_and_nothing_else() -> None:
    for name, kind in FACT_TYPES.items():
        verdict = gate().judge(message(fact(type=f"{name}/1", body={}, stay=None)), NOW)
        is_about_type = isinstance(verdict, Refused) and verdict.problems[0].key == "type"
        assert is_about_type == (kind.origin != "officer"), name


@given(st.binary(max_size=200))
def test_any_bytes_are_counted_and_nothing_more(payload: bytes) -> None:
    facts = gate()
    assert facts.judge(payload, NOW) is None


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-9, 2**53 - 1) | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["fact", "sig", "v", "id", "type", "body", "occurred"]), inner)
        ),
        max_leaves=12,
    )
)
def test_any_json_signed_or_not_never_raises(value: Any) -> None:
    facts = gate()
    facts.judge(canonical.dumps(value), NOW)
    if isinstance(value, dict):
        facts.judge(message(value), NOW)
        facts.judge(message(fact(**value)), NOW)


def test_fact_as_the_server_signs_it_is_taken() -> None:
    payload = signed_fact(SERVER_KEY.named("caseward.local/server"), fact())
    assert isinstance(gate().judge(payload, NOW), Draft)
