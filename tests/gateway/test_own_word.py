"""What the gateway's log says of itself: its beginning, the counts of stays, the change of its key."""

import base64
import json
from typing import Any

import pytest

from casegateway.events import BrokerUp, ServerSaid
from casegateway.keyring import Keyring
from casegateway.limits import COUNT_AGE_US_MAX, COUNTS_PER_MINUTE_MAX
from caselog import canonical, checkpoint, records
from caselog.errors import KeyFileError
from caselog.keychain import KeyChain
from caselog.keys import SoftKey, Verifier
from caselog.leaf import parse
from caseserver.signed import signed_count
from tests.gateway.bench import GATEWAY_KEY, ORIGIN, SERVER_KEY, Bench

NEW_KEY = SoftKey.from_seed(b"n" * 32)


def opened(**options: Any) -> Bench:
    bench = Bench(**options)
    bench.open()
    return bench


def with_stay(bench: Bench, stay: str = "s1") -> Bench:
    bench.say("officer.registered", officer="p1", service="sworn", roles=["duty_officer", "guard"])
    bench.say("person.arrived", stay=stay)
    return bench


def counts(bench: Bench) -> list[dict[str, Any]]:
    return bench.facts("log.stay_counted")


def ask(
    bench: Bench, stay: str = "s1", id_: str = "c-1", *, key: SoftKey = SERVER_KEY, at_us: int = 0
) -> None:
    payload = signed_count(key.named("caseward.local/server"), stay, id_, at_us or bench.station_us)
    bench.put(ServerSaid("count", payload))


def test_leaf_0_says_which_log_this_is_and_whose_key_signs_it() -> None:
    bench = opened()
    leaf = bench.leaves()[0]
    assert (leaf["class"], leaf["type"], leaf["id"], leaf["stay"]) == (
        "log",
        "log.begun/1",
        "log.begun.0",
        None,
    )
    assert leaf["body"] == {
        "origin": ORIGIN,
        "suite": 1,
        "key": {"kind": "soft-key", "public": base64.b64encode(GATEWAY_KEY.public).decode()},
        "after": None,
    }
    bench.crash()
    assert [leaf["type"] for leaf in bench.leaves()].count("log.begun/1") == 1


def test_a_released_stay_is_counted_after_all_that_follows_from_the_release() -> None:
    bench = with_stay(opened())
    assert counts(bench) == []
    bench.say("stay.released", stay="s1", reason="released")
    mine = [leaf for leaf in bench.leaves() if leaf["stay"] == "s1"]
    assert [leaf["type"] for leaf in mine].count("log.stay_counted/1") == 1
    assert mine[-1]["type"] == "log.stay_counted/1"
    assert mine[-1]["body"] == {"leaves": mine[-1]["stay_n"]} == {"leaves": len(mine)}
    bench.run(1_000)
    assert len(counts(bench)) == 1


def test_a_count_lost_to_a_power_cut_is_made_up_at_the_next_start() -> None:
    bench = with_stay(opened())
    say = bench.core.book.count_released
    bench.core.book.count_released = lambda now: None  # type: ignore[method-assign]
    bench.say("stay.released", stay="s1", reason="released")
    assert counts(bench) == []
    bench.core.book.count_released = say  # type: ignore[method-assign]
    bench.crash()
    assert len(counts(bench)) == 1
    bench.crash()
    assert len(counts(bench)) == 1


def test_a_release_that_is_refused_is_not_counted() -> None:
    bench = opened()
    bench.say("stay.released", stay="nobody", reason="released")
    assert bench.facts("stay.released")
    assert counts(bench) == []


def test_the_server_may_have_a_stay_counted_and_knows_the_leaf_by_its_id() -> None:
    bench = with_stay(opened())
    ask(bench)
    (leaf,) = counts(bench)
    assert (leaf["id"], leaf["stay"], leaf["body"]["leaves"]) == ("c-1", "s1", leaf["stay_n"])
    ask(bench)
    bench.crash()
    ask(bench)
    assert len(counts(bench)) == 1
    assert bench.core.words.count_orders.counters == {"doubles": 1}


@pytest.mark.parametrize(
    ("why", "change"),
    [
        ("unsigned", {"key": NEW_KEY}),
        ("unknown", {"stay": "s-2"}),
        ("malformed", {"stay": ""}),
        ("malformed", {"id_": "x" * 129}),
        ("stale", {"at_us": 1}),
    ],
)
def test_a_count_that_nobody_may_ask_for_is_not_made(why: str, change: dict[str, Any]) -> None:
    bench = with_stay(opened())
    ask(bench, **change)
    assert counts(bench) == []
    assert bench.core.words.count_orders.counters == {why: 1}
    assert bench.core.health(bench.moment())["counters"][f"count_{why}"] == 1


def test_bytes_that_are_no_request_to_count_are_counted() -> None:
    bench = with_stay(opened())
    for payload in (b"", b"{}", b"[]", b'{"count":{},"v":1}', b"\xff"):
        bench.put(ServerSaid("count", payload))
    assert bench.core.words.count_orders.counters == {"malformed": 5}


def test_requests_to_count_cannot_fill_the_log() -> None:
    bench = with_stay(opened())
    for number in range(COUNTS_PER_MINUTE_MAX + 5):
        ask(bench, id_=f"c-{number}")
    assert len(counts(bench)) == COUNTS_PER_MINUTE_MAX
    assert bench.core.words.count_orders.counters["too_many"] == 5
    bench.real_us += 61_000_000
    ask(bench, id_="later")
    assert len(counts(bench)) == COUNTS_PER_MINUTE_MAX + 1


def test_a_request_is_judged_by_its_age_only_while_the_clock_is_trusted() -> None:
    bench = with_stay(opened())
    bench.is_clock_lost = True
    ask(bench, at_us=bench.station_us + COUNT_AGE_US_MAX + 1)
    assert len(counts(bench)) == 1


class RotatingBench(Bench):
    """A gateway that is given a new key at its next start."""

    coming: SoftKey | None = None
    former: tuple[SoftKey, ...] = (GATEWAY_KEY,)

    def keys(self) -> Keyring:
        return Keyring(ORIGIN, GATEWAY_KEY, self.coming, self.former)


def notes(bench: Bench) -> list[tuple[int, int, bytes]]:
    """(first, size, note) of each batch published."""
    found = []
    for publish in bench.published:
        if publish.topic == "log":
            header = json.loads(publish.payload.partition(b"\n")[0])
            found.append((header["first"], header["first"] + header["count"], note_of(publish.payload)))
    return found


def note_of(payload: bytes) -> bytes:
    """The checkpoint at the end of a batch."""
    return payload[payload.index(b"\n\n") + 2 :]


def is_signed_by(note: bytes, key: SoftKey) -> bool:
    return key.named(ORIGIN).verifier.key_id() in [s.key_id for s in checkpoint.notes.parse(note).signatures]


def test_a_new_key_takes_over_in_the_log_and_the_first_checkpoint_over_it_has_both() -> None:
    bench = RotatingBench()
    bench.open()
    bench.connect()
    bench.run(500)
    held = bench.ingest.size
    bench.coming = NEW_KEY
    bench.crash()
    bench.run(500)
    (change,) = [leaf for leaf in bench.leaves() if leaf["type"] == records.KEY_CHANGED]
    index = change["index"]
    assert records.changed_key(ORIGIN, index, GATEWAY_KEY.public, change["body"]) == NEW_KEY.public
    assert held <= index < bench.ingest.size == bench.log.durable_size
    for first, size, note in notes(bench):
        is_first_to_cover = first <= index < size
        assert is_signed_by(note, GATEWAY_KEY) is (size <= index or is_first_to_cover)
        assert is_signed_by(note, NEW_KEY) is (size > index)
    size = bench.log.size
    bench.crash()  # the new key is not announced again
    assert [leaf["type"] for leaf in bench.leaves()[size:]][:2] == ["gateway.booted/1", "config.loaded/1"]
    bench.run(500)
    assert bench.ingest.size == bench.log.durable_size


def test_a_server_from_an_old_backup_follows_the_key_again() -> None:
    bench = RotatingBench()
    bench.open()
    bench.coming = NEW_KEY
    bench.crash()
    bench.connect()
    bench.run(500)
    bench.ingest = bench.new_ingest()
    bench.disconnect()
    bench.is_broker_up = True
    bench.put(BrokerUp(), ServerSaid("req", bench.ingest.hello()))  # which it says when it hears a heartbeat
    bench.run(1_000)
    assert bench.ingest.size == bench.log.durable_size
    assert checkpoint.verify(bench.ingest.note or b"", Verifier(ORIGIN, NEW_KEY.public))


def test_a_gateway_that_lost_the_new_key_does_not_go_on_under_the_old_one() -> None:
    bench = RotatingBench()
    bench.open()
    bench.coming = NEW_KEY
    bench.crash()
    bench.coming = None
    with pytest.raises(KeyFileError, match="expected the key the log is signed with"):
        bench.crash()


def test_the_chain_of_keys_of_a_log_is_read_from_its_leaves() -> None:
    bench = RotatingBench()
    bench.open()
    bench.coming = NEW_KEY
    bench.crash()
    first, *rest = [parse(canonical.dumps(leaf)) for leaf in bench.leaves()]
    chain = KeyChain.begun(first).extended(rest)
    assert chain.newest == NEW_KEY.public
    ((index, _),) = chain.changes
    assert (chain.at(index), chain.at(index + 1)) == (GATEWAY_KEY.public, NEW_KEY.public)
