"""The life of a wristband: put on, given back, cleaned, withdrawn; where two of one number are, and tags that nobody bears."""

import random
from collections import Counter
from dataclasses import replace

import pytest

from custody.area import load_area
from custody.bundled import area_text
from custody.effects import AlarmCleared, AlarmRaised, Refusal
from custody.engine import Engine
from custody.explain import explain, why_silent
from custody.facts import Fact
from custody.times import SECOND_US
from custody.view import Condition, Silence
from custody.world import BANDS_MAX, SEEN_MAX, STRAYS_MAX, World
from tests.custody import against_oracle
from tests.custody.against_oracle import area, book, by_engine, by_oracle
from tests.custody.support import START_US, at, fact
from tests.custody.telling import Told

FAR = {"room": "interrogation-1", "reader": "rd-interrogation-1"}
HERE = {"room": "waiting-1", "reader": "rd-waiting-1"}
BESIDE = {"room": "waiting-2", "reader": "rd-waiting-2"}


def worn() -> Told:
    """Stay s wears band B in waiting-1."""
    told = Told().say("area.entered", "09:00", stay="s").say("wristband.bound", "09:00", stay="s", band="B")
    return told.say("tag.read", "09:00:05", tag="B", **HERE)


NEW = ("twice", "leap", "return", "unknown")


def refusal(told: Told) -> tuple[str, str, str]:
    (found,) = [e for e in told.effects if isinstance(e, Refusal)]
    return found.rule, found.reason, found.found


def world(told: Told) -> World:
    return told.engine._timeline.world


def state(told: Told, band: str = "B") -> str:
    found = world(told).bands.get(band)
    return "free" if found is None else found.state


def raised(told: Told) -> list[tuple[str, str, str, str | None]]:
    """(rule, subject, severity, room) of the WB alarms among the effects of the last fact."""
    return [
        (f"{e.rule}/{e.variant}", e.subject, e.severity, e.room)
        for e in told.effects
        if isinstance(e, AlarmRaised) and e.rule == "WB"
    ]


# --- from one person to the next -------------------------------------------------------------------


def test_a_band_goes_from_one_person_to_the_next_by_way_of_the_cleaning() -> None:
    told = worn()
    assert state(told) == "worn"
    told.say("stay.released", "10:00", stay="s", reason="released")
    assert state(told) == "out"
    told.say("wristband.bound", "10:01", stay="t", band="B")
    assert refusal(told) == ("WB", "band_not_cleaned", "B: worn by stay:s")
    told.say("wristband.returned", "10:02", band="B", state="whole")
    assert state(told) == "returned"
    told.say("wristband.bound", "10:03", stay="t", band="B")
    assert refusal(told)[1] == "band_not_cleaned"
    told.say("wristband.cleaned", "10:04", band="B").say("wristband.bound", "10:05", stay="t", band="B")
    assert not [e for e in told.effects if isinstance(e, Refusal)]
    assert (state(told), world(told).tags.get("B")) == ("worn", "stay:t")


def test_a_band_that_was_never_told_of_may_be_put_on() -> None:
    assert state(Told().say("wristband.bound", "09:00", stay="s", band="new"), "new") == "worn"


def test_two_people_one_band_is_refused_under_wb_and_says_who_wears_it() -> None:
    told = worn().say("wristband.bound", "09:10", stay="t", band="B")
    assert refusal(told) == ("WB", "band_in_use", "stay:s")
    assert world(told).tags.get("B") == "stay:s"


def test_who_wore_a_whole_band_may_put_it_on_again_and_nobody_one_that_came_back_cut() -> None:
    for condition, is_taken in (("whole", True), ("cut", False), ("damaged", False)):
        told = worn().say("wristband.returned", "09:10", band="B", state=condition)
        told.say("wristband.bound", "09:11", stay="s", band="B")
        assert (state(told) == "worn") == is_taken, condition
    told.say("wristband.cleaned", "09:12", band="B").say("wristband.bound", "09:13", stay="s", band="B")
    assert state(told) == "worn"  # with a new strap


def test_a_band_in_place_of_another_leaves_that_one_to_be_given_back() -> None:
    told = worn().say("wristband.bound", "09:10", stay="s", band="C")
    assert (state(told), state(told, "C")) == ("out", "worn")
    told.say("wristband.bound", "09:11", stay="t", band="B")
    assert refusal(told)[1] == "band_not_cleaned"


def test_a_withdrawn_band_is_put_on_nobody_until_it_is_given_back_after_all_and_cleaned() -> None:
    told = Told().say("wristband.withdrawn", "09:00", band="B", reason="lost")
    told.say("wristband.bound", "09:01", stay="s", band="B")
    assert refusal(told) == ("WB", "band_withdrawn", "B: lost")
    told.say("wristband.cleaned", "09:02", band="B")
    assert refusal(told)[1] == "band_withdrawn"
    told.say("wristband.returned", "09:03", band="B", state="whole").say(
        "wristband.cleaned", "09:04", band="B"
    )
    assert state(told.say("wristband.bound", "09:05", stay="s", band="B")) == "worn"


@pytest.mark.parametrize(("form", "more"), [("cleaned", {}), ("withdrawn", {"reason": "damaged"})])
def test_a_band_on_a_person_is_neither_cleaned_nor_withdrawn(form: str, more: dict[str, str]) -> None:
    told = worn().say(f"wristband.{form}", "09:10", band="B", **more)
    assert refusal(told) == ("WB", "band_in_use", "stay:s")


def test_a_badge_is_no_wristband() -> None:
    told = Told().say("officer.registered", "08:30", officer="o1", service="sworn", roles=[], badge="C1")
    told.say("wristband.returned", "08:31", band="C1", state="whole")
    assert refusal(told) == ("WB", "not_a_band", "officer:o1")


def test_a_form_that_comes_late_counts_where_it_belongs() -> None:
    told = worn().say("stay.released", "10:00", stay="s", reason="released")
    told.say("wristband.bound", "10:30", stay="t", band="B")
    assert refusal(told)[1] == "band_not_cleaned"
    told.count += 1
    told.engine.step(fact("wristband.cleaned", told.count, at("10:20"), at("10:40"), band="B"))
    assert (state(told), world(told).tags.get("B")) == ("worn", "stay:t")


# --- what is told of it ----------------------------------------------------------------------------


def test_a_person_whose_band_is_taken_off_is_as_unseen_as_one_whose_band_is_silent() -> None:
    told = worn().say("wristband.returned", "09:10", band="B", state="whole")
    assert world(told).stays.get("s").band is None
    told.say("deadline.reached", "09:12")
    assert raised(told) == [
        ("WB/silent", "stay:s", "S2", "waiting-1"), ("WB/silent", "stay:s", "S1", "waiting-1"),
    ]  # fmt: skip
    told.say("wristband.bound", "09:13", stay="s", band="C").say("tag.read", "09:13:05", tag="C", **HERE)
    assert [(e.variant, e.time_us) for e in told.effects if isinstance(e, AlarmCleared)] == []
    assert told.rows("WB/silent")[-1][2] == at("09:13:05")


def test_a_band_taken_off_who_is_away_with_an_escort_is_missed_by_no_reader() -> None:
    told = Told().say("area.entered", "09:00", stay="s").say("wristband.bound", "09:00", stay="s", band="B")
    held = world(told).stays.get("s")
    assert held is not None
    told.engine._timeline.world.stays.put("s", replace(held, silent_us=None, phase="out"))
    told.say("wristband.returned", "09:10", band="B", state="whole")
    assert world(told).stays.get("s").silent_us is None


def test_a_cut_strap_and_a_low_battery_are_no_matter_of_a_band_that_nobody_wears() -> None:
    told = worn().say("wristband.cut", "09:10", band="B").say("wristband.weakened", "09:11", band="B")
    assert [row[2] for row in told.rows("WB/cut") + told.rows("WB/battery")] == [None, None]
    told.say("wristband.returned", "09:12", band="B", state="cut")
    assert [row[2] for row in told.rows("WB/cut") + told.rows("WB/battery")] == [at("09:12")] * 2


def test_a_band_not_given_back_is_told_half_an_hour_after_its_person_left() -> None:
    told = worn().say("stay.released", "10:00", stay="s", reason="released")
    told.say("wristband.battery", "10:29:59", band="B", percent=50)
    assert raised(told) == []
    told.say("deadline.reached", "10:30:01")
    assert raised(told) == [("WB/return", "band:B", "S3", None)]
    told.say("wristband.withdrawn", "11:00", band="B", reason="lost")
    assert told.rows("WB/return") == [("band:B", at("10:00"), at("11:00"))]


def test_a_band_given_back_in_time_is_told_by_nobody() -> None:
    told = worn().say("stay.released", "10:00", stay="s", reason="released")
    told.say("wristband.returned", "10:29", band="B", state="whole").say("deadline.reached", "11:00")
    assert raised(told) == []


# --- tags that nobody bears ------------------------------------------------------------------------


def test_an_unknown_tag_in_a_cell_is_told_with_its_reader_and_room_until_it_is_gone() -> None:
    told = Told().say("tag.read", "09:00", tag="X", **HERE).say("deadline.reached", "09:01:01")
    (alarm,) = [e for e in told.effects if isinstance(e, AlarmRaised) and e.rule == "WB"]
    assert (alarm.subject, alarm.severity, alarm.room) == ("tag:X", "S3", "waiting-1")
    assert alarm.params == {"tag": "X", "reader": "rd-waiting-1"}
    told.say("tag.gone", "09:05", tag="X", **HERE)
    assert told.rows("WB/unknown") == [("tag:X", at("09:00"), at("09:05"))]


@pytest.mark.parametrize("room", ["reception", "booking", "search", "guard", "property", "outside"])
def test_a_card_on_a_desk_is_not_told(room: str) -> None:
    told = Told().say("tag.read", "09:00", tag="X", room=room).say("deadline.reached", "09:30")
    assert raised(told) == []
    assert told.rows("WB/unknown") == []


def test_a_tag_that_passes_is_not_told_and_one_that_is_bound_or_registered_no_longer() -> None:
    told = Told().say("tag.read", "09:00", tag="X", **HERE).say("tag.gone", "09:00:59", tag="X", **HERE)
    told.say("tag.read", "09:10", tag="Y", **HERE).say("tag.read", "09:10", tag="Z", **HERE)
    told.say("wristband.bound", "09:11:30", stay="s", band="Y")
    told.say("officer.registered", "09:11:30", officer="o9", service="sworn", roles=[], badge="Z")
    found = {subject: closed for subject, _, closed in told.rows("WB/unknown")}
    assert found == {"tag:X": at("09:00:59"), "tag:Y": at("09:11:30"), "tag:Z": at("09:11:30")}


def test_a_tag_read_again_in_its_room_has_been_there_all_along() -> None:
    told = Told().say("tag.read", "09:00", tag="X", **HERE).say("tag.read", "09:00:50", tag="X", **HERE)
    assert told.rows("WB/unknown") == [("tag:X", at("09:00"), None)]


def test_why_a_tag_at_a_desk_is_silent_is_said() -> None:
    told = Told().say("tag.read", "09:00", tag="X", room="reception")
    assert told.why("WB/unknown", "tag:X", "09:05") == Silence(
        "tag_room",
        "waiting interview interrogation identification sobering handover corridor",
        "reception (reception)",
    )


# --- one band in two places ------------------------------------------------------------------------


def test_a_band_that_two_far_readers_see_at_once_is_told_and_ends_with_either() -> None:
    told = worn().say("tag.read", "09:10", tag="B", **FAR).say("deadline.reached", "09:10:16")
    (alarm,) = [e for e in told.effects if isinstance(e, AlarmRaised) and e.rule == "WB"]
    assert (alarm.variant, alarm.severity, alarm.time_us) == ("twice", "S2", at("09:10:15"))
    assert alarm.params == {"band": "B", "rooms": "waiting-1 interrogation-1"}
    told.say("tag.gone", "09:12", tag="B", **HERE)
    assert told.rows("WB/twice") == [("stay:s", at("09:10"), at("09:12"))]


@pytest.mark.parametrize("room", ["waiting-2", "corridor"])
def test_fields_that_reach_over_to_the_next_room_are_none_of_that(room: str) -> None:
    told = worn().say("tag.read", "09:10", tag="B", room=room, reader=f"rd-{room}")
    assert told.say("deadline.reached", "09:30").rows("WB/twice") == []


def test_a_reader_that_tells_late_that_it_lost_the_band_raises_nothing() -> None:
    told = worn().say("tag.read", "09:10", tag="B", **FAR)
    told.count += 1
    late = fact("tag.gone", told.count, at("09:09:40"), at("09:10:09"), tag="B", **HERE)
    told.effects = told.engine.step(late)
    assert told.say("deadline.reached", "09:20").rows("WB/twice") == []


def test_a_read_that_names_no_reader_is_a_word_of_place_alone() -> None:
    told = worn().say("tag.read", "09:10", tag="B", room="interrogation-1")
    assert told.say("deadline.reached", "09:20").rows("WB/twice") == []


def test_two_places_are_neither_begun_nor_ended_while_one_of_the_readers_is_lost() -> None:
    told = worn().say("reader.lost", "09:05", reader="rd-waiting-1").say("tag.read", "09:10", tag="B", **FAR)
    found = told.why("WB/twice", "stay:s", "09:11")
    assert isinstance(found, Condition)
    assert found.is_hold
    assert told.rows("WB/twice") == []
    told.say("reader.restored", "09:15", reader="rd-waiting-1")
    assert told.rows("WB/twice") == [("stay:s", at("09:10"), None)]
    told.say("node.lost", "09:16", node=str(area().node_of("reader", "rd-interrogation-1")))
    assert told.rows("WB/twice") == [("stay:s", at("09:10"), None)]


@pytest.mark.parametrize(
    ("gap_us", "is_told"), [(SECOND_US, True), (3 * SECOND_US - 1, True), (3 * SECOND_US, False)]
)
def test_a_band_faster_than_a_walk_is_told_as_it_is_read(gap_us: int, is_told: bool) -> None:
    told = (
        worn().say("tag.gone", "09:10", tag="B", **HERE).say("tag.read", at("09:10") + gap_us, tag="B", **FAR)
    )
    expected = [("WB/leap", "stay:s", "S2", "interrogation-1")] if is_told else []
    assert raised(told) == expected


def test_to_the_next_room_nobody_is_too_fast() -> None:
    told = (
        worn().say("tag.gone", "09:10", tag="B", **HERE).say("tag.read", at("09:10") + 1, tag="B", **BESIDE)
    )
    assert raised(told) == []


@pytest.mark.parametrize(("wider_us", "is_told"), [(SECOND_US, True), (2 * SECOND_US, False), (None, False)])
def test_it_is_told_only_where_even_the_longest_time_is_too_short(
    wider_us: int | None, is_told: bool
) -> None:
    told = worn().say("tag.gone", "09:10", tag="B", **HERE)
    moment = at("09:10") + SECOND_US
    read = fact("tag.read", told.count + 1, moment, moment + 5 * SECOND_US, tag="B", **FAR)
    latest_us = None if wider_us is None else moment + wider_us
    told.effects = told.engine.step(replace(read, occurred_latest_us=latest_us))
    assert bool(raised(told)) == is_told


def test_rooms_are_near_by_a_door_or_side_by_side_on_the_plan() -> None:
    place = area()
    assert place.are_near("waiting-1", "waiting-2")
    assert place.are_near("corridor", "interrogation-1")
    assert place.are_near("outside", "reception")
    assert not place.are_near("waiting-1", "interrogation-1")
    assert not place.are_near("outside", "waiting-1")
    bare = load_area(
        "\n".join(line for line in area_text("standard").splitlines() if not line.startswith("plan")),
        "a.toml",
    )
    assert not bare.are_near("waiting-1", "waiting-2")


# --- explained, bounded, and judged by another hand -------------------------------------------------


def _told_of(*lines: tuple[str, str, dict[str, object]]) -> list[Fact]:
    return [fact(name, number, at(when), **body) for number, (when, name, body) in enumerate(lines, 1)]


def test_every_new_alarm_is_explained_by_the_facts_that_raise_it() -> None:
    facts = _told_of(
        ("08:00", "config.loaded", {"config_hash": "x", "rulebook": "y", "rulebook_hash": "z"}),
        *(("08:00", "node.restored", {"node": node}) for node in area().nodes),
        ("09:00", "wristband.bound", {"stay": "s", "band": "B"}), ("09:01", "tag.read", {"tag": "B", **HERE}),
        ("09:02", "tag.read", {"tag": "X", **HERE}), ("09:04", "tag.read", {"tag": "B", **FAR}),
        ("09:06", "tag.gone", {"tag": "B", **FAR}), ("09:06:01", "tag.read", {"tag": "B", **BESIDE}),
        ("09:10", "stay.released", {"stay": "s", "reason": "released"}), ("09:50", "deadline.reached", {}),
    )  # fmt: skip
    engine, alarms = Engine(area(), book("cn-2026")), {}
    for one in facts:
        alarms |= {
            f"{e.rule}/{e.variant}": e
            for e in engine.step(one)
            if isinstance(e, AlarmRaised) and e.variant in NEW
        }
    assert set(alarms) == {"WB/twice", "WB/leap", "WB/return", "WB/unknown"}
    for key, alarm in alarms.items():
        why = explain(area(), book("cn-2026"), facts, alarm.alarm)
        assert set(alarm.facts) <= {shown.index for shown in why.facts}, key
    silence = why_silent(area(), book("cn-2026"), facts, "WB/unknown", "tag:Q", at("09:50"))
    assert silence.verdict == "silent"


def test_what_is_remembered_of_tags_and_bands_is_bounded() -> None:
    told = worn()
    for number in range(STRAYS_MAX + 9):
        told.say("tag.read", "09:10", tag=f"x{number}", room="reception")
    assert len(world(told).strays) == STRAYS_MAX
    assert "x0" not in world(told).strays
    for number in range(SEEN_MAX + 3):
        told.say("tag.read", "09:11", tag="B", room="waiting-1", reader=f"r{number}")
    held = world(told).stays.get("s")
    assert held is not None
    assert [seen.reader for seen in held.seen_by] == [f"r{number}" for number in range(3, SEEN_MAX + 3)]


def test_of_too_many_bands_the_clean_ones_are_forgotten_first_and_worn_ones_never() -> None:
    told = worn().say("wristband.withdrawn", "09:01", band="W", reason="damaged")
    for number in range(BANDS_MAX + 5):
        told.say("wristband.cleaned", "09:02", band=f"c{number}")
    known = world(told)
    known.forget_bands(at("09:01"))
    assert len(known.bands) == BANDS_MAX + 7  # nothing of it is final yet
    known.forget_bands(at("09:03"))
    assert len(known.bands) == BANDS_MAX
    assert {"B", "W", f"c{BANDS_MAX + 4}"} <= set(known.bands)
    assert "c0" not in known.bands


_STEPS_US = tuple(
    int(seconds * SECOND_US) for seconds in (0, 0.5, 1, 2, 2.999999, 3, 15, 16, 60, 61, 600, 1_800, 1_801)
)
_ROOMS = ("waiting-1", "interrogation-1", "corridor", "waiting-2", "reception", "handover")


def _history(seed: int) -> tuple[list[Fact], int]:
    """Bands, tags, readers and nodes of two or three stays, at short steps; every other one out of order."""
    rng, facts, now_us = random.Random(seed), [], START_US

    def say(name: str, **body: object) -> None:
        facts.append(fact(name, len(facts) + 1, now_us, **body))

    say("config.loaded", config_hash="x", rulebook="x", rulebook_hash="x")
    for node in area().nodes:
        say("node.restored", node=node)
    say("officer.registered", officer="o1", service="sworn", roles=[], badge="b9")
    for stay in ("s1", "s2"):
        say("area.entered", stay=stay)
        say("wristband.bound", stay=stay, band=f"b-{stay}")
    for _ in range(rng.randint(10, 40)):
        now_us += rng.choice(_STEPS_US)
        tag, room = rng.choice(("b-s1", "b-s1", "b-s2", "b3", "b9")), rng.choice(_ROOMS)
        reader = {"reader": f"rd-{room}"} if rng.random() < 0.8 else {}
        stay = rng.choice(("s1", "s2", "s3"))
        forms: list[tuple[float, str, dict[str, object]]] = [
            (40, "tag.read", {"tag": tag, "room": room, **reader}),
            (25, "tag.gone", {"tag": tag, "room": room, **reader}),
            (10, "wristband.bound", {"stay": stay, "band": tag}),
            (5, "wristband.returned", {"band": tag, "state": rng.choice(("whole", "cut"))}),
            (5, "wristband.cleaned", {"band": tag}), (6, "wristband.withdrawn", {"band": tag, "reason": "lost"}),
            (3, "stay.released", {"stay": stay, "reason": "released"}),
            (6, f"reader.{rng.choice(('lost', 'restored'))}", {"reader": f"rd-{room}"}),
            (3, "officer.registered", {"officer": "o1", "service": "sworn", "roles": [], "badge": tag}),
        ]  # fmt: skip
        _, name, body = rng.choices(forms, [weight for weight, _, _ in forms])[0]
        say(name, **body)
    until_us = now_us + rng.choice((0, 3_600 * SECOND_US))
    return (against_oracle._disordered(facts, rng, until_us) if seed % 2 else facts), until_us


@pytest.mark.parametrize("share", range(4))
def test_engine_and_oracle_agree_on_every_word_about_bands(share: int) -> None:
    told: Counter[str] = Counter()
    for seed in range(share * 40, share * 40 + 40):
        facts, until_us = _history(seed)
        ours, _ = by_engine(facts, "cn-2026", until_us)
        assert against_oracle.unlike(ours, by_oracle(facts, "cn-2026", until_us)) == [], seed
        told.update(variant for rule, variant, *_ in ours.alarms if rule == "WB")
        told.update(reason for _, reason in ours.refusals)
    wanted = {"silent", "twice", "return", "unknown", "band_in_use", "band_not_cleaned"}
    assert wanted <= set(told), told
