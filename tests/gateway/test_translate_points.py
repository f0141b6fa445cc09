"""Inputs, bolts, troubles, wristbands and lost readers: from the wire to facts, and from the log back to what is known."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casegateway.drafts import Draft, stamp
from casegateway.events import Moment
from casegateway.limits import BANDS_TOLD_MAX, TAG_RECHECK_MS
from casegateway.memory import Memory
from casegateway.translate import Translator
from casegateway.troubles import WORDS
from caselog.clock import Instant
from casewire import (
    ACTIVE,
    BAND_BATTERY_LOW,
    BAND_BUTTON,
    BAND_CUT,
    INACTIVE,
    UNKNOWN,
    Band,
    Boot,
    Contact,
    Feedback,
    Frame,
    Message,
    Snapshot,
    Tag,
    Troubles,
)
from casewire import messages as wire
from custody.area import load_area
from custody.facts import Fact, check_body
from tests.gateway.bench import AREA_TEXT

MORE = """
[[input]]
id = "smoke"
kind = "smoke"

[[point]]
node = "n1"
point = 8
kind = "input"
of = "smoke"

[[point]]
node = "n1"
point = 9
kind = "lock_bolt"
of = "gate"
"""
AREA = load_area(AREA_TEXT + MORE)
UID = bytes.fromhex("0a1b2c3d4e")
BAND = {"band": "0A1B2C3D4E"}
READER = {"reader": "rd-waiting-1"}
SNAPSHOT = Snapshot(0, 1, ((8, INACTIVE), (9, INACTIVE)))
Told = list[tuple[str, dict[str, Any]]]


class Desk:
    """A translator whose drafts go straight into its memory, as the core does; the facts are kept as a log."""

    def __init__(self) -> None:
        self.memory = Memory()
        self.translator = Translator(AREA, self.memory)
        self.log: list[Fact] = []
        self.last: list[Draft] = []
        self.seq = 0

    def take(self, message: Message, at_us: int = 1_000, boot: int = 1, seq: int | None = None) -> Told:
        self.seq = self.seq + 1 if seq is None else seq
        frame = Frame(message.KIND, 7, boot, self.seq, at_us // 1_000, message)
        return self.keep(self.translator.drafts("n1", frame, (at_us, at_us + 10)))

    def keep(self, drafts: list[Draft]) -> Told:
        self.last = drafts
        assert len({draft.id for draft in drafts}) == len(drafts)
        for draft in drafts:
            assert check_body(draft.type, draft.body) == []
            fact = stamp(draft, Instant(1, 0, 10_000, 10_000), len(self.log))
            self.log.append(fact)
            self.memory.observe(fact)
        return [(draft.type, draft.body) for draft in drafts]

    def later(self, real_us: int) -> Told:
        return self.keep(self.translator.overdue(Moment(Instant(1, 0, 9_000, 9_000), real_us)))

    def overdue(self) -> Told:
        """Once looked at, and again when the time of what was put in question is over."""
        assert self.later(0) == []
        return self.later(TAG_RECHECK_MS * 1_000)


def words(told: Told) -> list[tuple[str, str]]:
    return [(name, body["trouble"]) for name, body in told]


# --- inputs and bolts ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (Contact(8, ACTIVE), ("input.activated", {"input": "smoke"})),
        (Contact(8, INACTIVE), ("input.cleared", {"input": "smoke"})),
        (Contact(8, UNKNOWN), ("input.lost", {"input": "smoke"})),
        (Feedback(9, ACTIVE), ("bolt.withdrawn", {"door": "gate"})),
        (Feedback(9, INACTIVE), ("bolt.thrown", {"door": "gate"})),
        (Feedback(9, UNKNOWN), ("bolt.unknown", {"door": "gate"})),
        (Contact(6, UNKNOWN), ("reader.lost", READER)),
        (Troubles(((8, wire.LINE_OPEN),)), ("point.troubled", {"node": "n1", "point": 8, "of": "smoke", "trouble": "line_open"})),
        (Band(6, BAND_BUTTON, UID), ("wristband.pressed", BAND)),
    ],
)  # fmt: skip
def test_message_becomes_the_fact_of_its_point(
    message: Message, expected: tuple[str, dict[str, Any]]
) -> None:
    desk = Desk()
    assert desk.take(message) == [expected]
    assert (desk.last[0].by, desk.last[0].source_name, desk.last[0].source_seq) == ("node", "n1", 1)


def test_a_snapshot_tells_of_inputs_and_bolts_what_the_log_does_not_say() -> None:
    desk = Desk()
    assert desk.take(SNAPSHOT) == [("input.cleared", {"input": "smoke"}), ("bolt.thrown", {"door": "gate"})]
    assert desk.take(SNAPSHOT) == []
    assert desk.take(Snapshot(0, 1, ((8, UNKNOWN), (9, INACTIVE)))) == [("input.lost", {"input": "smoke"})]


def test_a_report_that_was_overtaken_stays_before_the_newer_one() -> None:
    desk = Desk()
    desk.take(Contact(8, ACTIVE), at_us=5_000, seq=8)
    desk.take(Contact(8, INACTIVE), at_us=6_000, seq=5)
    assert desk.last[0].occurred_us < 5_000
    assert desk.memory.inputs == {"smoke": ACTIVE}
    assert desk.take(Snapshot(0, 1, ((8, INACTIVE),)), seq=6) == []


# --- troubles --------------------------------------------------------------------------------------


def test_the_words_are_the_bits_of_the_wire() -> None:
    bits = {name.lower(): 1 << bit for bit, name in enumerate(word.upper() for word in WORDS)}
    assert {word: getattr(wire, word.upper()) for word in WORDS} == bits
    assert sum(bits.values()) == wire.TROUBLE_BITS_MAX


def test_each_trouble_is_a_fact_as_it_comes_and_as_it_goes() -> None:
    desk = Desk()
    told = desk.take(Troubles(((8, wire.TAMPER | wire.SILENT), (9, wire.JAMMED))))
    assert words(told) == [
        ("point.troubled", "tamper"),
        ("point.troubled", "silent"),
        ("point.troubled", "jammed"),
    ]
    assert desk.take(Troubles(((8, wire.TAMPER | wire.SILENT),))) == []
    told = desk.take(Troubles(((8, wire.SILENT | wire.NOISY),)))
    assert words(told) == [("point.cleared", "tamper"), ("point.troubled", "noisy")]
    assert words(desk.take(Troubles(((8, 0), (9, 0))))) == [
        ("point.cleared", "silent"), ("point.cleared", "noisy"), ("point.cleared", "jammed"),
    ]  # fmt: skip


def test_troubles_of_a_point_that_the_area_does_not_have_are_counted() -> None:
    desk = Desk()
    assert words(desk.take(Troubles(((9, wire.TAMPER), (99, wire.TAMPER))))) == [("point.troubled", "tamper")]
    assert desk.translator.counters == {"unknown_point": 1}


def test_a_trouble_that_was_over_before_it_arrived_is_in_the_log_and_does_not_stand() -> None:
    desk = Desk()
    desk.take(Troubles(((8, 0),)), at_us=9_000, seq=6)
    told = desk.take(Troubles(((8, wire.TAMPER),)), at_us=7_000, seq=5)
    assert words(told) == [("point.troubled", "tamper"), ("point.cleared", "tamper")]
    assert [draft.occurred_us for draft in desk.last] == [7_000, 9_000]
    assert desk.memory.troubles == {"n1.8": set()}


def test_a_trouble_that_stands_is_not_told_again_by_what_it_overtook() -> None:
    desk = Desk()
    desk.take(Troubles(((8, wire.TAMPER),)), at_us=9_000, seq=6)
    assert desk.take(Troubles(((8, wire.TAMPER),)), at_us=7_000, seq=5) == []
    assert desk.take(Troubles(((8, 0),)), at_us=6_000, seq=4) == []
    assert desk.memory.troubles == {"n1.8": {"tamper"}}


def test_what_a_node_kept_over_its_reset_is_of_its_time_then() -> None:
    desk = Desk()
    desk.take(Troubles(((8, 0),)), at_us=9_000, boot=2)
    told = desk.take(Troubles(((8, wire.TAMPER),)), at_us=3_000, boot=1, seq=44)
    assert words(told) == [("point.troubled", "tamper"), ("point.cleared", "tamper")]


def test_jitter_of_the_clock_estimate_never_turns_two_reports_of_one_point() -> None:
    desk = Desk()
    desk.take(Troubles(((8, wire.TAMPER),)), at_us=5_000)
    desk.take(Troubles(((8, 0),)), at_us=4_000)
    assert desk.last[0].occurred_us == 5_000


def test_after_a_start_what_the_node_does_not_tell_again_is_over() -> None:
    """A supervised loop was exchanged for a plain contact: the node can tell nothing of it any more."""
    desk = Desk()
    desk.take(Troubles(((8, wire.LINE_OPEN), (9, wire.TAMPER))))
    desk.translator.doubt("n1", 2_000)
    desk.take(Boot(0, 256), boot=2, seq=1)
    desk.take(SNAPSHOT, at_us=3_000, boot=2, seq=2)
    assert desk.take(Troubles(((9, wire.TAMPER),)), boot=2, seq=3) == []
    assert words(desk.overdue()) == [("point.cleared", "line_open")]
    assert (desk.last[0].occurred_us, desk.last[0].occurred_latest_us) == (3_000, 9_000)
    assert desk.memory.troubles == {"n1.8": set(), "n1.9": {"tamper"}}


def test_nothing_is_over_while_the_node_is_away_again() -> None:
    desk = Desk()
    desk.take(Troubles(((8, wire.LINE_OPEN),)))
    desk.translator.doubt("n1", 2_000)
    desk.take(SNAPSHOT, boot=2, seq=2)
    desk.later(0)
    desk.translator.doubt("n1", 4_000)
    assert desk.later(TAG_RECHECK_MS * 1_000) == []


def test_a_snapshot_that_was_asked_for_puts_no_trouble_in_question() -> None:
    desk = Desk()
    desk.take(Troubles(((8, wire.LINE_OPEN),)))
    desk.take(SNAPSHOT)
    assert desk.overdue() == []


# --- wristbands ------------------------------------------------------------------------------------


def test_each_press_is_a_fact_and_a_cut_or_weak_band_is_one_until_it_is_bound_again() -> None:
    desk = Desk()
    everything = Band(6, BAND_CUT | BAND_BATTERY_LOW | BAND_BUTTON, UID)
    assert desk.take(everything) == [
        ("wristband.cut", BAND), ("wristband.weakened", BAND), ("wristband.pressed", BAND),
    ]  # fmt: skip
    assert desk.take(everything) == [("wristband.pressed", BAND)]
    bound = Fact("wristband.bound", {"stay": "s", **BAND}, 9, 1, 1, 1, 1, id="f", by="server")
    desk.memory.observe(bound)
    assert desk.take(Band(6, BAND_CUT, UID)) == [("wristband.cut", BAND)]
    assert desk.take(Band(6, 0, UID)) == []


def test_a_band_is_heard_by_a_reader_alone() -> None:
    desk = Desk()
    assert desk.take(Band(8, BAND_CUT, UID)) == []
    assert desk.take(Band(99, BAND_CUT, UID)) == []
    assert desk.translator.counters == {"unfitting_message": 1, "unknown_point": 1}


def test_memory_of_wristbands_is_bounded() -> None:
    desk = Desk()
    for number in range(BANDS_TOLD_MAX + 9):
        desk.take(Band(6, BAND_CUT, number.to_bytes(4, "big")))
    assert len(desk.memory._bands) == BANDS_TOLD_MAX


# --- readers ---------------------------------------------------------------------------------------


def test_a_reader_is_lost_once_and_restored_once() -> None:
    desk = Desk()
    assert desk.take(Contact(6, INACTIVE)) == []
    assert desk.take(Contact(6, UNKNOWN)) == [("reader.lost", READER)]
    assert desk.take(Contact(6, UNKNOWN)) == []
    assert desk.take(Contact(6, ACTIVE)) == [("reader.restored", READER)]
    assert desk.take(Contact(6, INACTIVE)) == []


def test_what_lies_on_a_reader_that_is_back_is_told_anew_and_the_rest_is_gone_since_it_was_lost() -> None:
    desk = Desk()
    other = bytes.fromhex("1122334455")
    desk.take(Tag(6, 1, UID), at_us=1_000)
    desk.take(Tag(6, 1, other), at_us=1_100)
    desk.take(Contact(6, UNKNOWN), at_us=2_000)
    assert desk.overdue() == []  # while nobody can see, nothing is gone
    desk.take(Contact(6, ACTIVE), at_us=8_000)
    assert [name for name, _ in desk.take(Tag(6, 1, other), at_us=8_001)] == ["tag.read"]
    assert [(name, body["tag"]) for name, body in desk.overdue()] == [("tag.gone", "0A1B2C3D4E")]
    assert desk.last[0].occurred_us == 2_000


def test_a_snapshot_tells_of_a_reader_that_is_not_heard_and_of_one_that_is_again() -> None:
    desk = Desk()
    desk.take(Tag(6, 1, UID), at_us=1_000)
    assert desk.take(Snapshot(0, 1, ((6, UNKNOWN),)), at_us=2_000) == [("reader.lost", READER)]
    assert desk.take(Snapshot(0, 1, ((6, UNKNOWN),)), at_us=3_000) == []
    assert desk.overdue() == []
    assert desk.take(Snapshot(0, 1, ((6, ACTIVE),)), at_us=4_000) == [("reader.restored", READER)]
    assert [name for name, _ in desk.take(Tag(6, 1, UID), at_us=4_001)] == ["tag.read"]
    assert desk.overdue() == []


def test_a_loss_that_was_overtaken_by_the_return_changes_nothing_that_stands() -> None:
    desk = Desk()
    desk.take(Contact(6, UNKNOWN), at_us=1_000, seq=1)
    desk.take(Contact(6, ACTIVE), at_us=5_000, seq=8)
    assert desk.take(Contact(6, UNKNOWN), at_us=4_000, seq=6) == [("reader.lost", READER)]
    assert desk.last[0].occurred_us < 5_000
    assert desk.memory.readers == {"rd-waiting-1": ACTIVE}


# --- the log ---------------------------------------------------------------------------------------

POINTS = st.tuples(st.sampled_from((6, 8, 9)), st.integers(0, wire.TROUBLE_BITS_MAX))
MESSAGES = st.one_of(
    st.builds(lambda pair: Troubles((pair,)), POINTS),
    st.builds(Contact, st.sampled_from((6, 8)), st.integers(0, 2)),
    st.builds(Feedback, st.just(9), st.integers(0, 2)),
    st.builds(lambda flags: Band(6, flags, UID), st.integers(0, 7)),
    st.builds(lambda state: Snapshot(0, 1, ((6, state), (8, state))), st.integers(0, 2)),
)


@given(st.lists(st.tuples(MESSAGES, st.integers(1, 12)), max_size=20))
def test_a_memory_made_from_the_log_is_the_one_that_made_it(said: list[tuple[Message, int]]) -> None:
    desk = Desk()
    for message, seq in said:
        desk.take(message, at_us=1_000 * seq, seq=seq)
    again = Memory()
    for fact in desk.log:
        again.observe(fact)
    for table in ("inputs", "bolts", "readers", "troubles", "_bands"):
        assert getattr(again, table) == getattr(desk.memory, table)


@given(st.lists(st.integers(0, wire.TROUBLE_BITS_MAX), min_size=1, max_size=12), st.randoms())
def test_troubles_in_any_order_of_arrival_come_to_what_was_told_last(bits: list[int], rng: Any) -> None:
    desk = Desk()
    numbered = list(enumerate(bits, 1))
    rng.shuffle(numbered)
    for seq, value in numbered:
        desk.take(Troubles(((8, value),)), at_us=1_000 * seq, seq=seq)
    standing = {word for bit, word in enumerate(WORDS) if bits[-1] >> bit & 1}
    assert desk.memory.troubles.get("n1.8", set()) == standing
