"""A flood of alarms: what is gravest is on the wall, what is left out is counted, and a picture costs what is shown."""

from __future__ import annotations

from dataclasses import replace

from caseserver.alarms import Alarm
from caseserver.grouping import by_raising, groups, times
from caseserver.web import render
from caseserver.web.gather import Gatherer
from caseserver.web.present.cards import UNDER_MAX
from caseserver.web.present.duty import OPEN_MAX, duty_page
from caseserver.web.present.lined import Lined
from caseserver.web.present.state import AreaPicture
from caseserver.web.present.wall import CARDS_MAX, LIST_MAX, alarm_list, wall
from tests.web import scenes
from tests.web.house import SECOND, House

MANY = 3_000


def forced(number: int, at_us: int) -> Alarm:
    """A door that was forced and fell shut: each is an alarm of its own, and nobody has taken it."""
    return Alarm(
        "a1", f"a1/DR/forced-gate/door:gate/{number}", "DR", "forced-gate", "door:gate", "S1",
        at_us, at_us, since_us=at_us, cleared_us=at_us + 1, group=f"door:gate:{number}",
    )  # fmt: skip


def pressed(at_us: int, severity: str = "S1", family: str = "equipment") -> Alarm:
    return Alarm(
        "a1", f"a1/IN/duress/input:duress-interrogation-1/{at_us}", "IN", "duress", "input:duress-interrogation-1", severity,
        at_us, at_us, since_us=at_us, family=family,
    )  # fmt: skip


def flooded(house: House, *alarms: Alarm) -> AreaPicture:
    picture = Gatherer(house.station).pictures(scenes.reader())[0]
    return replace(picture, alarms=alarms, closed=())


def test_what_stands_and_is_gravest_goes_before_thousands_that_came_earlier_and_are_over(
    afternoon: House,
) -> None:
    reader = scenes.reader()
    now_us = reader.now_us
    before = [forced(number, now_us - (MANY - number) * 60_000) for number in range(MANY)]
    lesser = [replace(forced(-n, now_us - 400 * SECOND), severity="S2", cleared_us=None) for n in (1, 2)]
    device, person = pressed(now_us), pressed(now_us + 1, family="person")
    view = wall([flooded(afternoon, *before, *lesser, device, person)], reader)
    assert [card.id for card in view.alarms.cards[:2]] == [person.id, device.id]
    assert len(view.alarms.cards) == CARDS_MAX - 1
    assert len(view.alarms.cards) + view.alarms.beyond == MANY + 4
    assert view.top.untaken == MANY + 4
    assert view.alarms.flood is not None
    in_hand = wall([flooded(afternoon, *before[:9], replace(person, state="taken"))], reader)
    assert person.id not in {card.id for card in in_hand.alarms.cards}  # what nobody has taken goes before


def test_lists_show_the_first_and_count_the_rest(afternoon: House) -> None:
    reader = scenes.reader("en")
    alarms = [forced(number, reader.now_us - number * SECOND) for number in range(LIST_MAX + OPEN_MAX)]
    picture = flooded(afternoon, *alarms)
    view = alarm_list([picture], reader)
    assert (len(view.open), view.beyond) == (LIST_MAX, OPEN_MAX)
    assert f"{OPEN_MAX} more not listed" in render.alarms_body(view, reader)
    duty = duty_page([picture], afternoon.station.notify, (), (), reader)
    assert (len(duty.open), duty.beyond) == (OPEN_MAX, LIST_MAX)


def test_of_several_areas_the_most_urgent_are_shown_whichever_they_are_of(afternoon: House) -> None:
    reader = scenes.reader("en")
    lesser = [replace(forced(n, reader.now_us - n * SECOND), severity="S2") for n in range(LIST_MAX)]
    graver = [pressed(reader.now_us - n * SECOND) for n in range(2 * CARDS_MAX)]
    pictures = [flooded(afternoon, *lesser), flooded(afternoon, *graver)]
    view = alarm_list(pictures, reader)
    assert (len(view.open), view.beyond) == (LIST_MAX, len(graver))
    assert {card.id for card in view.open[: len(graver)]} == {alarm.id for alarm in graver}
    shown = wall(pictures, reader).alarms
    assert {card.id for card in shown.cards} <= {alarm.id for alarm in graver}
    assert len(shown.cards) + shown.beyond == len(lesser) + len(graver)


def test_a_device_that_chatters_thousands_of_times_is_one_card_with_its_count(afternoon: House) -> None:
    reader = scenes.reader("en")
    first_us = reader.now_us - MANY * SECOND
    line = Alarm("a1", "", "PT", "line", "point:n1.4", "S2", 0, 0)
    alarms = [
        replace(line, id=f"l{n}", raised_us=first_us + n * SECOND, since_us=first_us + n * SECOND, cleared_us=first_us + n * SECOND + 1)
        for n in range(MANY)
    ]  # fmt: skip
    picture = flooded(afternoon, *alarms)
    (group,) = groups(picture.area, picture.rulebook, alarms)
    # one a second, within its window
    assert times(picture.area, group.head, by_raising(alarms)) == picture.area.alarms.chatter_window_s
    (card,) = alarm_list([picture], reader).open
    assert (len(card.under), card.under_beyond) == (UNDER_MAX, MANY - 1 - UNDER_MAX)
    assert f"More alarms: {MANY - 1 - UNDER_MAX}" in render.alarms_body(alarm_list([picture], reader), reader)


def test_what_has_changed_since_somebody_looked_is_put_in_line_anew(afternoon: House) -> None:
    now_us = scenes.reader().now_us
    first, second = forced(1, now_us - SECOND), forced(2, now_us)
    before = flooded(afternoon, first, second)
    assert [line.group.head.id for line in before.lined.in_order] == [first.id, second.id]
    assert before.lined.untaken == 2
    taken = replace(first, state="taken", seen_severity="S1")
    after = Lined(before.area, before.rulebook, (taken, second), (), before.lined)
    assert [line.group.head for line in after.in_order] == [second, taken]
    assert after.untaken == 1
