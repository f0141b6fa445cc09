"""Reading heartbeats: what a gateway says of itself, and any other bytes."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from caseserver.heartbeat import SOURCES_MAX, parse

GOOD = {
    "v": 1, "boot": 3, "boottime_us": 5, "earliest_us": 7, "latest_us": None, "size": 9,
    "health": {"sources": {"node:n1": {"state": "ok", "age_ms": 12}, "port:p": {"state": "lost", "age_ms": None}}, "queues": {"outbox": 4}, "log": {"size": 11, "durable": 9}},
}  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def test_a_heartbeat_gives_time_size_and_what_is_seen() -> None:
    beat = parse(json.dumps(GOOD).encode())
    assert beat is not None
    assert (beat.instant.boot, beat.instant.latest_us, beat.size, beat.pending, beat.queue) == (
        3,
        None,
        9,
        2,
        4,
    )
    assert beat.sources["node:n1"].is_seen
    assert beat.sources["node:n1"].age_ms == 12
    assert not beat.sources["port:p"].is_seen


def test_more_sources_than_the_bound_are_left_out() -> None:
    many = {f"node:{n}": {"state": "ok", "age_ms": 0} for n in range(SOURCES_MAX + 50)}
    beat = parse(json.dumps(GOOD | {"health": {"sources": many}}).encode())
    assert beat is not None
    assert len(beat.sources) == SOURCES_MAX


def test_a_name_that_no_store_can_hold_is_left_out() -> None:
    payload = json.dumps(GOOD | {"health": {"sources": {"\ud800": {"state": "ok"}, "a\nb": {"state": "ok"}}}})
    beat = parse(payload.encode())
    assert beat is not None
    assert beat.sources == {}


@given(st.binary(max_size=200))
def test_any_bytes_are_read_without_an_exception(payload: bytes) -> None:
    assert parse(payload) is None


@given(key=st.sampled_from(sorted(GOOD)), value=JSON)
def test_any_value_in_any_field_is_read_without_an_exception(key: str, value: object) -> None:
    check(json.dumps(GOOD | {key: value}).encode())


@given(JSON)
def test_any_health_is_read_without_an_exception(health: object) -> None:
    everywhere = {"sources": {"node:n1": health}, "queues": health, "log": health}
    check(json.dumps(GOOD | {"health": everywhere}).encode())
    check(json.dumps(GOOD | {"health": {"sources": health}}).encode())


def check(payload: bytes) -> None:
    """No heartbeat, or one whose counts are counts."""
    beat = parse(payload)
    assert beat is None or min(beat.size, beat.pending, beat.queue) >= 0
