"""Forms for every fact: made from the catalogue, offered by what the rules ask, signed, and refused with the article."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from caseserver.permissions import ACTOR_FIELDS, FACT_ROLES, roles_for
from caseserver.web.form_parts import moment
from caseserver.web.gather import Gatherer
from caseserver.web.present.record import asked, asked_at_release, is_possible, record_choice
from caseserver.web.present.state import AreaPicture
from caseserver.web.record import Form, read_record, record_form
from custody.catalogue import FACT_TYPES
from custody.catalogue.forms import (
    FIELD_NAMES,
    FLAG_GROUPS,
    FOLLOWS,
    FORM_NAMES,
    OTHER_FORMS,
    OWN_PAGES,
    STAY_FORMS,
)
from custody.facts import check_body
from custody.vocabulary import FLAGS
from tests.web import day, scenes
from tests.web.house import House
from tests.web.scenes import at
from tests.web.test_pages import client_of, last_leaf, token

READER = scenes.reader(now_us=day.NOW, roles=frozenset({"duty_officer"}))
OF_STAYS = [fact for group in STAY_FORMS for fact in group.forms]
OF_OTHERS = [fact for group in OTHER_FORMS for fact in group.forms]
ALL = frozenset(FORM_NAMES) | OWN_PAGES


@pytest.fixture(scope="module")
def state(afternoon: House) -> AreaPicture:
    return Gatherer(afternoon.station).pictures(READER)[0]


@pytest.fixture
def duty(house: House) -> TestClient:
    return client_of(house, "0312")


def form_of(state: AreaPicture, fact: str, ref: str = "0420", language: str = "zh") -> Form:
    stay = state.world.stays.get(ref) if fact in OF_STAYS else None
    return Form(fact, state, stay, replace(READER, language=language))  # type: ignore[arg-type]


# ---------------------------------------------------------------- the catalogue


def test_every_fact_of_an_officer_has_a_form_or_a_page_of_its_own() -> None:
    stated = {name for name, kind in FACT_TYPES.items() if kind.origin == "officer"}
    assert stated == set(FORM_NAMES) | OWN_PAGES
    assert len(OF_STAYS) + len(OF_OTHERS) == len({*OF_STAYS, *OF_OTHERS})


def test_every_fact_of_an_officer_has_roles_and_names_who_states_it() -> None:
    stated = {name for name, kind in FACT_TYPES.items() if kind.origin == "officer"}
    assert stated == FACT_ROLES.keys()
    for name in stated:
        if "approver" in FACT_TYPES[name].fields:
            assert ACTOR_FIELDS[name] == "approver"


def test_every_field_of_every_form_has_a_name_in_both_languages() -> None:
    keys = {key for name in ALL for key in FACT_TYPES[name].fields if not name.startswith("alarm.")} - {
        "band"
    }
    assert keys - FIELD_NAMES.keys() == set()
    for name in (*FIELD_NAMES.values(), *FORM_NAMES.values()):
        assert name.zh
        assert name.en
        assert name.en.isascii() or "²" in name.en


def test_every_flag_stands_in_one_group() -> None:
    grouped = [flag for _, flags in FLAG_GROUPS for flag in flags]
    assert sorted(grouped) == sorted(FLAGS)


def test_what_a_form_follows_are_forms() -> None:
    assert set(FOLLOWS) <= set(FORM_NAMES)


# ---------------------------------------------------------------- filling in


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("fact", [*OF_STAYS, *OF_OTHERS])
def test_a_form_asks_for_every_field_that_must_be_there(state: AreaPicture, fact: str, language: str) -> None:
    form = form_of(state, fact, language=language)
    shown = {field.name: field for field in record_form(form).fields}
    required = {key for key, spec in FACT_TYPES[fact].fields.items() if spec.required}
    assert required - {"stay", "approver"} <= shown.keys() | {"officer"}
    assert all(field.label for field in shown.values())
    empty = read_record(form, {})
    asked_for = {
        key
        for key in required & shown.keys()
        if FACT_TYPES[fact].fields[key].kind != "bool" or shown[key].choices
    }
    assert asked_for <= empty.errors.keys()


SENT = st.dictionaries(
    st.sampled_from(sorted({key for name in FORM_NAMES for key in FACT_TYPES[name].fields} | {"at"})),
    st.lists(st.text(max_size=12) | st.sampled_from(["yes", "no", "1", "14:05", "2026-03-18", "0312", "summons", "9" * 30]), max_size=3),
    max_size=8,
)  # fmt: skip


@given(st.sampled_from([*OF_STAYS, *OF_OTHERS]), SENT)
def test_nothing_sent_raises_and_nothing_malformed_is_stated(
    state: AreaPicture, fact: str, sent: dict[str, list[str]]
) -> None:
    answer = read_record(form_of(state, fact), sent)
    assert answer.is_good == bool(answer.statements)
    for statement in answer.statements:
        actor = ACTOR_FIELDS.get(fact)
        body = statement.body | ({actor: "0312"} if actor is not None and actor not in statement.body else {})
        assert check_body(statement.type, body) == []


def test_a_value_offered_in_the_address_is_chosen_and_any_other_is_not(state: AreaPicture) -> None:
    form = form_of(state, "family.notified")
    chosen = {f.name: f.value for f in record_form(form, preset={"of": ["arrest"]}).fields}
    assert chosen["of"] == ("arrest",)
    assert {f.name: f.value for f in record_form(form, preset={"of": ["<b>"]}).fields}["of"] == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("14:05", at("14:05")),
        ("14：05", at("14:05")),
        ("3-17 23:50", at("23:50", 17)),
        ("2026-03-17 23:50", at("23:50", 17)),
        ("2026/3/17 23:50", at("23:50", 17)),
        ("2026-03-17", None),
        ("2026-02-30 10:00", None),
        ("25:00", None),
        ("tomorrow", None),
    ],
)
def test_a_moment_is_a_clock_time_of_today_or_has_its_day(text: str, expected: int | None) -> None:
    assert moment(text, READER) == expected


def test_a_day_alone_is_meant_to_its_last_second() -> None:
    assert moment("2026-03-17", READER, is_end=True) == at("23:59:59", 17)


@pytest.mark.parametrize(("back", "is_good"), [("3-17 08:00", False), ("3-20 08:00", True)])
def test_a_return_lies_after_the_loan(state: AreaPicture, back: str, *, is_good: bool) -> None:
    sent = {"dossier": ("d1",), "return_by_at_us": (back,)}
    answer = read_record(form_of(state, "dossier.taken"), sent)
    assert answer.is_good == is_good
    assert is_good or back in answer.errors["return_by_at_us"]


def test_officers_in_the_person_s_room_are_offered_first_and_those_of_another_organ_not(
    state: AreaPicture,
) -> None:
    field = next(f for f in record_form(form_of(state, "guard.named", "0409")).fields if f.name == "officers")
    assert {choice.value for choice in field.choices[:2]} == {"0921", "1187"}


# ---------------------------------------------------------------- what is offered


def test_what_the_rules_ask_stands_on_top_the_soonest_first(state: AreaPicture) -> None:
    stay = state.world.stays.get("0420")
    assert stay is not None
    titles = [item.title for item in asked(state, stay, ALL, READER)]
    assert titles[0] == "一律先进行人身安全检查"
    assert "通知家属" in titles
    assert "入区健康检查" in titles
    first = asked(state, stay, ALL, READER)[0]
    assert first.links[0].href == "/stays/a1/0420/search"
    assert first.count is not None
    assert first.count.at_us == at("14:27:50")


def test_only_forms_that_the_reader_may_enter_are_asked_of_the_reader(state: AreaPicture) -> None:
    stay = state.world.stays.get("0420")
    assert stay is not None
    assert asked(state, stay, frozenset(), READER) == ()
    hrefs = [
        link.href for item in asked(state, stay, frozenset({"health.checked"}), READER) for link in item.links
    ]
    assert hrefs == ["/stays/a1/0420/record/health.checked"]


def test_before_leaving_it_is_said_what_is_not_done_yet(state: AreaPicture) -> None:
    stay = state.world.stays.get("0403")
    assert stay is not None
    assert next(item.title for item in asked_at_release(state, stay, ALL, READER)) == "到案时间、结束时间"


def test_a_step_that_the_law_puts_first_is_named_instead_of_the_form(state: AreaPicture) -> None:
    stay = state.world.stays.get("0420")
    assert stay is not None
    page = record_choice(state, stay, ALL, READER, ())
    links = {link.label: link for _, group in page.groups for link in group}
    assert links["登记随身财物"].href == ""
    assert links["登记随身财物"].hint == "先办：人身安全检查"
    assert links["告知权利义务"].href == "/stays/a1/0420/record/rights.told"
    assert "到案" not in links


def test_an_answer_is_folded_away_until_something_was_asked(state: AreaPicture) -> None:
    stay = state.world.stays.get("0420")
    assert stay is not None
    page = record_choice(state, stay, ALL, READER, ())
    folded = {link.label for _, group in page.rest for link in group}
    assert {"解除约束", "检察院决定"} <= folded


def test_of_a_person_who_has_left_only_what_comes_after_is_offered(house: House, duty: TestClient) -> None:
    duty.post("/stays/a1/0403/release", data={"csrf": token(duty), "reason": "released"})
    state = Gatherer(house.station).pictures(READER)[0]
    stay = state.world.stays.get("0403")
    assert stay is not None
    assert not is_possible(state, stay, "meal.offered")
    assert is_possible(state, stay, "complaint.received")
    answer = duty.get("/stays/a1/0403/record")
    assert "收到投诉" in answer.text
    assert "提供饮食" not in answer.text
    done = duty.post("/stays/a1/0403/record/complaint.received", data={"csrf": token(duty)})
    assert "已记录：收到投诉" in done.text


# ---------------------------------------------------------------- signed, or refused


def test_a_form_is_in_the_gateway_s_log_with_who_entered_it(house: House, duty: TestClient) -> None:
    form = {"csrf": token(duty), "of": "summons", "at": "14:20"}
    answer = duty.post("/stays/a1/0420/record/family.notified", data=form)
    assert answer.status_code == 200, answer.text
    assert "已记录：通知家属" in answer.text
    assert "已入网关日志" in answer.text
    leaf = last_leaf(house, "family.notified")
    assert leaf["body"] == {"stay": "0420", "of": "summons", "officer": "0312"}
    assert leaf["occurred"]["earliest_us"] == at("14:20")  # type: ignore[index]


def test_what_is_wrong_is_said_and_nothing_is_stated(house: House, duty: TestClient) -> None:
    size = house.gateways["a1"].log.size
    answer = duty.post(
        "/stays/a1/0420/record/rest.recorded", data={"csrf": token(duty), "minutes": "9999", "at": "23:00"}
    )
    assert answer.status_code == 422
    assert "时间还没有到：23:00" in answer.text
    assert house.gateways["a1"].log.size == size


@pytest.mark.parametrize(("language", "said", "law"), [
    ("zh", "先办：人身安全检查", "行政案件程序规定 第53条"),
    ("en", "First: safety search", "Administrative Procedure art. 53"),
])  # fmt: skip
def test_what_the_law_forbids_is_refused_with_its_article(
    duty: TestClient, language: str, said: str, law: str
) -> None:
    answer = duty.post(f"/stays/a1/0420/record/effects.listed?lang={language}", data={"csrf": token(duty)})
    assert answer.status_code == 409
    assert said.lower() in answer.text.lower()
    assert law in answer.text


def test_only_who_the_rulebook_names_may_approve(house: House, duty: TestClient) -> None:
    house.account("0001", "station_leader")
    path = "/stays/a1/0420/record/sample.approved"
    leader, head = client_of(house, "0001"), client_of(house, "0007")
    assert duty.get(path).status_code == 403
    assert leader.get(path).status_code == 403
    assert leader.post(path, data={"csrf": token(leader)}).status_code == 403
    assert head.get(path).status_code == 200
    assert head.post(path, data={"csrf": token(head)}).status_code == 200
    assert last_leaf(house, "sample.approved")["body"] == {"stay": "0420", "approver": "0007"}


def test_the_server_itself_refuses_a_role_that_the_rulebook_does_not_name(house: House) -> None:
    state = Gatherer(house.station).pictures(READER)[0]
    assert roles_for(state.rulebook, "sample.approved") == {"case_department_head"}
    assert "station_head" in roles_for(state.rulebook, "extension.approved")


def test_the_decision_of_another_organ_is_entered_in_its_name(house: House, duty: TestClient) -> None:
    gateway = house.gateways["a1"]
    gateway.say("officer.registered", day.NOW, officer="P-1", service="external", roles=["procuratorate"])
    house.deliver()
    duty.post("/stays/a1/0409/record/measure.changed", data={"csrf": token(duty), "measure": "arrest"})
    page = duty.get("/stays/a1/0409/extension")
    assert "3 个月" in page.text
    assert "P-1" in page.text
    form = {"csrf": token(duty), "limit": "T18.3mo", "ground": "complex_case", "approver": "P-1"}
    answer = duty.post("/stays/a1/0409/extension", data=form)
    assert "0409 已批准延长至 3 个月" in answer.text
    body = last_leaf(house, "extension.approved")["body"]
    assert body["approver"] == "P-1"  # type: ignore[index]
    assert body["officer"] == "0312"  # type: ignore[index]


def test_of_two_facts_in_one_form_it_is_said_which_one_stands(duty: TestClient) -> None:
    form = {
        "csrf": token(duty), "stay": "0421", "measure": "continued_questioning", "case": "c-1", "sex": "M",
        "flags": ["fine_only"], "person": "p-1",
    }  # fmt: skip
    answer = duty.post("/stays/new", data=form)
    assert answer.status_code == 409
    assert "已经记录：到案。其余没有改动" in answer.text
    assert "继续盘问" in answer.text


def test_the_register_takes_the_person_and_what_is_stated(house: House, duty: TestClient) -> None:
    form = {
        "csrf": token(duty), "stay": "0421", "measure": "criminal_summons", "case": "c-1", "sex": "F",
        "flags": ["drunk", "deaf_mute"], "person": "p-1",
    }  # fmt: skip
    assert duty.post("/stays/new", data=form).status_code == 200
    body = last_leaf(house, "stay.registered")["body"]
    assert body["flags"] == ["drunk", "deaf_mute"]  # type: ignore[index]
    assert body["person"] == "p-1"  # type: ignore[index]
    wrong = duty.post("/stays/new", data=form | {"stay": "0422", "flags": ["handsome"]})
    assert wrong.status_code == 422


def test_what_is_no_stay_has_its_page(house: House, duty: TestClient) -> None:
    assert "发生事件" in duty.get("/record").text
    form = {"csrf": token(duty), "incident": "i-1", "kind": "illness", "stay": "0414"}
    answer = duty.post("/record/a1/incident.occurred", data=form)
    assert answer.status_code == 200, answer.text
    assert last_leaf(house, "incident.occurred")["body"] == {
        "incident": "i-1", "kind": "illness", "stay": "0414", "officer": "0312",
    }  # fmt: skip


@pytest.mark.parametrize(
    "path", ["/stays/a1/0420/record/door.opened", "/stays/a1/none/record", "/record/a1/meal.offered", "/record/zz/patrol.tapped"]
)  # fmt: skip
def test_there_is_no_form_for_what_an_officer_does_not_state(duty: TestClient, path: str) -> None:
    assert duty.get(path).status_code == 404


def test_without_a_session_nothing_is_offered(house: House) -> None:
    assert client_of(house).get("/stays/a1/0420/record").status_code == 303
