from typing import Any

import pytest

from casegateway.drafts import Draft, stamp
from casegateway.events import Moment
from casegateway.limits import TAG_RECHECK_MS, TAGS_ORDERED_MAX
from casegateway.memory import Memory
from casegateway.translate import Translator
from caselog.clock import Instant
from casewire import ACTIVE, INACTIVE, UNKNOWN, Boot, Contact, Feedback, Frame, Gap, Message, Snapshot, Tag
from custody.facts import check_body
from tests.gateway.bench import AREA

UID = bytes.fromhex("0a1b2c3d4e")
OTHER = bytes.fromhex("1122334455")


class Desk:
    """A translator whose drafts go straight into its memory, as the core does."""

    def __init__(self) -> None:
        self.memory = Memory()
        self.translator = Translator(AREA, self.memory)
        self.seq = 0

    def take(self, message: Message, at_us: int = 1_000, boot: int = 1) -> list[tuple[str, dict[str, Any]]]:
        self.seq += 1
        frame = Frame(message.KIND, 7, boot, self.seq, at_us // 1_000, message)
        return self.keep(self.translator.drafts("n1", frame, (at_us, at_us + 10)))

    def keep(self, drafts: list[Draft]) -> list[tuple[str, dict[str, Any]]]:
        self.last = drafts
        for draft in drafts:
            assert check_body(draft.type, draft.body) == []
            self.memory.observe(stamp(draft, Instant(1, 0, 10_000, 10_000), 0))
        return [(draft.type, draft.body) for draft in drafts]

    def later(self, real_us: int) -> list[tuple[str, dict[str, Any]]]:
        return self.keep(self.translator.overdue(Moment(Instant(1, 0, 9_000, 9_000), real_us)))


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (Contact(1, ACTIVE), ("door.opened", {"door": "gate"})),
        (Contact(1, INACTIVE), ("door.closed", {"door": "gate"})),
        (Contact(1, UNKNOWN), ("door.unknown", {"door": "gate"})),
        (Feedback(2, ACTIVE), ("door.released", {"door": "gate"})),
        (Contact(3, ACTIVE), ("door.exit_requested", {"door": "gate"})),
        (Contact(5, ACTIVE), ("recorder.started", {"recorder": "rec-1"})),
        (Contact(5, INACTIVE), ("recorder.stopped", {"recorder": "rec-1"})),
        (Contact(5, UNKNOWN), ("recorder.lost", {"recorder": "rec-1"})),
        (Feedback(7, ACTIVE), ("output.confirmed", {"output": "lamp-waiting-1", "active": True})),
        (Feedback(7, UNKNOWN), ("output.unknown", {"output": "lamp-waiting-1"})),
        (
            Tag(6, 1, UID),
            ("tag.read", {"tag": "0A1B2C3D4E", "room": "waiting-1", "reader": "rd-waiting-1"}),
        ),
        (Gap(3, 9), ("node.gap", {"node": "n1", "node_boot": 1, "first_seq": 3, "last_seq": 9})),
        (Boot(1, 256), ("node.booted", {"node": "n1", "reason": "watchdog"})),
        (Boot(77, 256), ("node.booted", {"node": "n1", "reason": "unknown"})),
    ],
)
def test_message_becomes_the_fact_of_its_point(
    message: Message, expected: tuple[str, dict[str, Any]]
) -> None:
    desk = Desk()
    assert desk.take(message) == [expected]
    assert desk.last[0].source_name == "n1"
    assert desk.last[0].by == "node"
    assert desk.last[0].id == "n1|1|1"


@pytest.mark.parametrize("message", [Feedback(2, INACTIVE), Contact(3, INACTIVE), Contact(3, UNKNOWN)])
def test_end_of_a_release_or_a_button_is_no_fact(message: Message) -> None:
    assert Desk().take(message) == []


def test_released_lock_is_told_once_until_it_locks_again() -> None:
    desk = Desk()
    assert len(desk.take(Feedback(2, ACTIVE))) == 1
    assert desk.take(Feedback(2, ACTIVE)) == []
    desk.take(Feedback(2, INACTIVE))
    assert len(desk.take(Feedback(2, ACTIVE))) == 1


def test_point_without_meaning_is_counted_and_gives_no_fact() -> None:
    desk = Desk()
    assert desk.take(Contact(99, 1)) == []
    assert desk.take(Contact(6, 1)) == []
    assert desk.take(Tag(1, 1, UID)) == []
    assert desk.translator.counters == {"unknown_point": 1, "unfitting_message": 1}


def test_snapshot_tells_only_what_differs_from_the_log() -> None:
    desk = Desk()
    desk.take(Contact(1, ACTIVE))
    desk.take(Contact(5, ACTIVE))
    states = ((1, INACTIVE), (2, INACTIVE), (4, ACTIVE), (5, ACTIVE), (6, INACTIVE), (7, INACTIVE))
    assert desk.take(Snapshot(0, 1, states)) == [
        ("door.closed", {"door": "gate"}),
        ("door.opened", {"door": "door-waiting-1"}),
        ("output.confirmed", {"output": "lamp-waiting-1", "active": False}),
    ]
    assert len({draft.id for draft in desk.last}) == 3
    assert desk.take(Snapshot(0, 1, states)) == []


def test_tag_that_lies_there_still_is_not_told_again() -> None:
    desk = Desk()
    desk.take(Tag(6, 1, UID))
    assert desk.take(Tag(6, 1, UID)) == []
    assert desk.take(Tag(6, 0, UID)) == [
        ("tag.gone", {"tag": "0A1B2C3D4E", "room": "waiting-1", "reader": "rd-waiting-1"})
    ]


def test_tags_that_a_node_does_not_tell_again_after_its_absence_are_gone_since_then() -> None:
    desk = Desk()
    desk.take(Tag(6, 1, UID), at_us=1_000)
    desk.take(Tag(6, 1, OTHER), at_us=1_100)
    desk.translator.doubt("n1", 2_000)
    desk.take(Snapshot(0, 1, ((6, ACTIVE),)), at_us=8_000)
    assert desk.later(0) == []
    assert desk.take(Tag(6, 1, OTHER), at_us=8_001)[0][0] == "tag.read"  # a new reading
    gone = desk.later(TAG_RECHECK_MS * 1_000)
    assert [body["tag"] for _, body in gone] == ["0A1B2C3D4E"]
    assert (desk.last[0].occurred_us, desk.last[0].occurred_latest_us) == (2_000, 9_000)
    assert desk.later(2 * TAG_RECHECK_MS * 1_000) == []


def test_tags_told_again_after_our_own_start_are_no_new_readings() -> None:
    desk = Desk()
    desk.take(Tag(6, 1, UID))
    desk.take(Snapshot(0, 1, ((6, ACTIVE),)))
    assert desk.take(Tag(6, 1, UID)) == []
    desk.later(0)
    assert desk.later(TAG_RECHECK_MS * 1_000) == []


def test_jitter_of_the_clock_estimate_never_turns_two_reports_of_one_thing() -> None:
    desk = Desk()
    desk.take(Tag(6, 1, UID), at_us=5_000)
    desk.take(Tag(6, 0, UID), at_us=4_000)
    assert desk.last[0].occurred_us == 5_000


def test_memory_of_what_tags_told_last_stays_bounded() -> None:
    desk = Desk()
    for number in range(2_000):
        uid = number.to_bytes(5, "big")
        desk.take(Tag(6, 1, uid))
        desk.take(Tag(6, 0, uid))
    assert len(desk.translator._newest) == TAGS_ORDERED_MAX + len(AREA.points)
    assert len(desk.memory._newest_tags) == TAGS_ORDERED_MAX


@pytest.mark.parametrize(
    ("newer", "older", "table", "thing"),
    [
        (Contact(1, ACTIVE), Contact(1, INACTIVE), "doors", "gate"),
        (Contact(5, ACTIVE), Contact(5, INACTIVE), "recorders", "rec-1"),
        (Feedback(7, ACTIVE), Feedback(7, INACTIVE), "confirmed", "lamp-waiting-1"),
    ],
)
def test_a_report_that_was_overtaken_stays_before_the_newer_one(
    newer: Message, older: Message, table: str, thing: str
) -> None:
    desk = Desk()
    desk.seq = 8
    desk.take(newer, at_us=5_000)
    after = desk.last[0].occurred_us
    desk.seq = 5
    desk.take(older, at_us=6_000)  # by a clock estimate that was better in between
    assert desk.last[0].occurred_us < after
    assert getattr(desk.memory, table)[thing] == ACTIVE


def test_a_tag_that_was_seen_before_it_went_and_told_after_that_is_gone() -> None:
    """Small world "line very lossy", power away in operation 15: it lay in the log's last word for good."""
    desk = Desk()
    desk.take(Tag(6, 1, UID), at_us=1_000)
    desk.seq = 8
    desk.take(Tag(6, 0, UID), at_us=5_000)
    after = desk.last[0].occurred_us
    desk.seq = 5
    assert desk.take(Tag(6, 1, UID), at_us=6_000)[0][0] == "tag.read"
    assert desk.last[0].occurred_us < after
    assert desk.memory.tags["rd-waiting-1"] == set()


def test_a_tag_whose_coming_is_told_after_its_going_is_gone() -> None:
    desk = Desk()
    desk.seq = 8
    assert desk.take(Tag(6, 0, UID), at_us=5_000)[0][0] == "tag.gone"
    desk.seq = 5
    assert desk.take(Tag(6, 1, UID), at_us=6_000)[0][0] == "tag.read"
    assert desk.memory.tags["rd-waiting-1"] == set()


def test_a_report_from_before_a_snapshot_is_no_answer_to_it() -> None:
    desk = Desk()
    desk.seq = 2
    desk.take(Tag(6, 1, UID))
    desk.seq = 8
    desk.take(Snapshot(0, 1, ((6, INACTIVE),)))
    desk.seq = 5
    desk.take(Tag(6, 1, UID))
    desk.later(1_000_000)
    assert desk.later(1_000_000 + TAG_RECHECK_MS * 1_000 + 1)[0][0] == "tag.gone"


def test_an_output_that_cannot_be_read_is_told_once_and_again_when_it_can() -> None:
    desk = Desk()
    unknown = [("output.unknown", {"output": "lamp-waiting-1"})]
    assert desk.take(Snapshot(0, 1, ((7, UNKNOWN),))) == unknown  # never read yet
    assert desk.take(Snapshot(0, 1, ((7, UNKNOWN),))) == []
    assert len(desk.take(Feedback(7, INACTIVE))) == 1
    assert desk.memory.confirmed == {"lamp-waiting-1": False}
    assert desk.take(Snapshot(0, 1, ((7, UNKNOWN),))) == unknown
    assert desk.memory.confirmed == {"lamp-waiting-1": None}
    assert desk.take(Snapshot(0, 1, ((7, INACTIVE),)))[0][0] == "output.confirmed"


def test_a_snapshot_that_comes_again_says_nothing_of_what_was_told_since() -> None:
    desk = Desk()
    desk.take(Snapshot(0, 1, ((1, INACTIVE), (2, INACTIVE), (4, ACTIVE), (5, INACTIVE), (7, INACTIVE))))
    desk.seq = 8
    for message in (Contact(1, ACTIVE), Contact(5, ACTIVE), Feedback(7, ACTIVE), Feedback(2, ACTIVE)):
        desk.take(message)
    again = Translator(AREA, desk.memory)  # after a start
    frame = Frame(
        Snapshot.KIND, 7, 1, 1, 1, Snapshot(0, 1, ((1, INACTIVE), (2, ACTIVE), (4, ACTIVE), (7, INACTIVE)))
    )
    assert again.drafts("n1", frame, (1_000, 1_010)) == []


def test_a_late_snapshot_tells_what_nothing_else_has_told() -> None:
    desk = Desk()
    desk.seq = 8
    desk.take(Contact(1, ACTIVE))
    desk.seq = 0
    told = desk.take(Snapshot(0, 1, ((1, INACTIVE), (4, ACTIVE))))
    assert told == [("door.opened", {"door": "door-waiting-1"})]


def test_a_snapshot_that_was_overtaken_puts_no_tag_in_question() -> None:
    desk = Desk()
    desk.seq = 5
    desk.take(Tag(6, 1, UID))
    desk.seq = 1
    desk.take(Snapshot(0, 1, ((6, INACTIVE),)))  # said again, for its ack was lost
    assert desk.later(1_000_000) == []
    assert desk.later(1_000_000 + TAG_RECHECK_MS * 1_000 + 1) == []
    assert desk.memory.tags["rd-waiting-1"] == {UID.hex().upper()}
