"""Forms read strictly: what is good becomes facts, what is not is said field by field and states nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseserver.web import forms
from caseserver.web.form_parts import clock_today
from caseserver.web.gather import Gatherer
from caseserver.web.present.state import AreaPicture
from custody.catalogue import FACT_TYPES
from custody.facts import check_body
from tests.web import day, scenes
from tests.web.house import House
from tests.web.scenes import at

READER = scenes.reader(now_us=day.NOW)
GOOD = {
    "stay": ["0421"],
    "measure": ["public_order_questioning"],
    "case": ["c-1"],
    "arrived": ["14:19"],
    "sex": ["M"],
}


@pytest.fixture
def states(afternoon: House) -> list[AreaPicture]:
    return Gatherer(afternoon.station).pictures(READER)


def test_a_registration_states_the_arrival_and_the_row_of_the_register(states: list[AreaPicture]) -> None:
    area, answer = forms.read_register(states, READER, GOOD)
    assert area == "a1"
    assert [s.type for s in answer.statements] == ["person.arrived", "stay.registered"]
    assert answer.statements[0].occurred_us == at("14:19")
    assert answer.statements[1].body["arrived_at_us"] == at("14:19")
    assert all(check_body(s.type, s.body) == [] for s in answer.statements)


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("stay", "", "要填：编号"),
        ("stay", "<script>", "收到：<script>"),
        ("stay", "0" * 65, "…"),
        ("measure", "", "要填：法律依据"),
        ("measure", "torture", "收到：torture"),
        ("case", "案 1", "收到：案 1"),
        ("arrived", "25:00", "收到：25:00"),
        ("arrived", "14:5", "收到：14:5"),
        ("arrived", "昨天", "收到：昨天"),
        ("arrived", "23:59", "时间还没有到：23:59"),
        ("sex", "X", "收到：X"),
        ("area", "nowhere", "收到：nowhere"),
    ],
)
def test_a_wrong_field_is_named_with_what_was_expected_and_found(
    states: list[AreaPicture], field: str, value: str, said: str
) -> None:
    _, answer = forms.read_register(states, READER, GOOD | {field: [value]})
    assert said in answer.errors[field]
    assert answer.statements == []


def test_a_full_width_colon_is_a_colon(states: list[AreaPicture]) -> None:
    _, answer = forms.read_register(states, READER, GOOD | {"arrived": ["14：19"]})
    assert answer.statements[0].occurred_us == at("14:19")


def test_a_number_that_is_held_is_refused_with_advice(states: list[AreaPicture]) -> None:
    _, answer = forms.read_register(states, READER, GOOD | {"stay": ["0412"]})
    assert answer.statements == []
    assert answer.refusal is not None
    assert "0412 已经登记过" in answer.refusal.title
    assert answer.refusal.advice


TEXTS = st.text(max_size=80) | st.sampled_from(
    ["", "0", "\u202e", "\x00", "' OR 1=1", "{{7*7}}", "../../etc", "🙂", "14:19"]
)
SENT = st.dictionaries(
    st.sampled_from(
        [
            "area",
            "stay",
            "measure",
            "case",
            "arrived",
            "sex",
            "minor",
            "band",
            "officers",
            "limit",
            "ground",
            "reason",
            "x",
        ]
    ),
    st.lists(TEXTS, max_size=4),
)


@given(SENT)
def test_no_form_input_raises_and_nothing_malformed_is_stated(
    afternoon: House, sent: dict[str, list[str]]
) -> None:
    states = Gatherer(afternoon.station).pictures(READER)
    stay = states[0].world.stays.get("0420")
    assert stay is not None
    answers = [
        forms.read_register(states, READER, sent)[1],
        forms.read_band(states[0], stay, READER, sent),
        forms.read_search(states[0], stay, READER, sent),
        forms.read_extension(states[0], stay, READER, sent),
        forms.read_release(states[0], stay, READER, sent),
    ]
    for answer in answers:
        assert answer.is_good == bool(answer.statements)
        for statement in answer.statements:
            assert statement.type in FACT_TYPES
            assert check_body(statement.type, statement.body) == []


@given(st.text(max_size=8))
def test_only_a_clock_time_is_a_clock_time(text: str) -> None:
    found = clock_today(text, READER)
    if found is not None:
        hour, minute = text.split(":")
        assert found == at(f"{int(hour):02d}:{minute}")


def test_a_band_that_somebody_wears_is_refused_with_who(states: list[AreaPicture]) -> None:
    state = states[0]
    stay = state.world.stays.get("0420")
    assert stay is not None
    worn = forms.read_band(state, stay, READER, {"band": ["B77"]})
    assert worn.refusal is not None
    assert "0420 已有手环 B20" in worn.refusal.title


def test_the_search_form_offers_only_sworn_officers_those_in_the_search_room_first(
    states: list[AreaPicture],
) -> None:
    state = states[0]
    stay = state.world.stays.get("0420")
    assert stay is not None
    field = forms.search_form(state, stay, READER).fields[0]
    offered = [choice.value for choice in field.choices]
    assert offered[0] == "0007"
    assert "0540" not in offered


def test_an_extension_offers_the_tiers_above_the_one_in_force_with_who_may_approve(
    states: list[AreaPicture],
) -> None:
    state = states[0]
    stay = state.world.stays.get("0403")
    assert stay is not None
    page = forms.extension_form(state, stay, replace(READER, roles=frozenset({"case_department_head"})))
    assert [choice.label for choice in page.fields[0].choices] == ["12 小时", "24 小时"]
    assert "办案部门负责人" in page.fields[0].choices[0].hint
    assert page.law is not None
    assert page.count is not None
    assert page.count.at_us == at("15:00")


def test_a_ground_of_another_tier_is_refused(states: list[AreaPicture]) -> None:
    state = states[0]
    stay = state.world.stays.get("0403")
    assert stay is not None
    answer = forms.read_extension(
        state, stay, READER, {"limit": ["T5.12h"], "ground": ["complex_and_detention_possible"]}
    )
    assert "ground" in answer.errors


def test_a_form_that_comes_back_holds_what_was_typed_and_the_error(states: list[AreaPicture]) -> None:
    sent = GOOD | {"stay": ["a b"]}
    _, answer = forms.read_register(states, READER, sent)
    page = forms.register_form(states, READER, sent, answer)
    field = next(field for field in page.fields if field.name == "stay")
    assert field.value == ("a b",)
    assert field.error
    assert page.refusal is not None
