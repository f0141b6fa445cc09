"""The page of wristbands by the real application: what the log says of each, and that its forms go through the log."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from fastapi.testclient import TestClient

from caseserver.web.gather import Gatherer
from caseserver.web.present.bands import ACTS, ORDER, bands_page
from caseserver.web.reader import Reader
from caseserver.web.views_bands import BandRow, BandsPage
from custody.catalogue.forms import FORM_NAMES
from custody.vocabulary import BAND_STATES
from tests.web import day
from tests.web.house import House
from tests.web.scenes import at
from tests.web.screenshots import accounts
from tests.web.test_pages import client_of, last_leaf, token

PATH = "/areas/a1/bands"
READER = Reader(at("12:00"), "Asia/Shanghai", language="en")


@pytest.fixture
def site(tmp_path) -> Iterator[House]:
    made = House(tmp_path, day.START)
    accounts(made)
    day.drawer(made)
    yield made
    made.close()


@pytest.fixture
def duty(site: House) -> TestClient:
    return client_of(site, "0312")


def view_of(house: House, *may: str) -> BandsPage:
    pictures = Gatherer(house.station).pictures(READER)
    return bands_page(pictures, pictures[0], frozenset(may), READER)


def rows_of(view: BandsPage) -> dict[str, tuple[str, BandRow]]:
    return {row.band: (group.state, row) for group in view.groups for row in group.rows}


def test_each_band_stands_under_its_state_and_what_has_to_be_done_comes_first(site: House) -> None:
    view = view_of(site)
    assert [group.state for group in view.groups] == list(ORDER)
    assert {band: state for band, (state, _) in rows_of(view).items()} == {
        "B03": "out", "B09": "returned", "B12": "worn", "B14": "worn", "B77": "free", "B78": "withdrawn",
    }  # fmt: skip


def test_a_row_says_who_wore_it_where_it_was_read_and_what_is_wrong(site: House) -> None:
    rows = rows_of(view_of(site))
    worn, out, back = rows["B12"][1], rows["B03"][1], rows["B09"][1]
    assert (worn.stay, worn.stay_href, worn.is_here, worn.seen_us) == (
        "0412",
        "/stays/a1/0412",
        True,
        at("9:12"),
    )
    assert worn.notes == ("battery 12 %",)
    assert (out.stay, out.room != "", out.seen_us, out.is_here) == ("0403", True, at("11:00"), False)
    assert (back.since_us, back.notes) == (at("11:12"), ("Cut",))
    assert rows["B78"][1].notes == ("Lost",)
    assert rows["B14"][1].notes == ("also read in Women's waiting room",)


def test_a_silent_gateway_says_so_and_nothing_is_claimed_to_be_there_now(site: House) -> None:
    pictures = Gatherer(site.station).pictures(READER)
    stale = replace(pictures[0], health=replace(pictures[0].health, is_stale=True, heard_us=at("11:59")))
    view = bands_page([stale], stale, frozenset(), READER)
    assert view.silent_us == at("11:59")
    assert not any(row.is_here for _, row in rows_of(view).values())


def test_a_tag_that_nobody_bears_is_listed_with_its_reader(site: House) -> None:
    (stray,) = view_of(site).strays
    assert (stray.tag, stray.reader, stray.since_us) == ("0CDEADBEEF", "rd-corridor", at("11:40"))


def test_every_state_has_its_place_and_its_forms_exist() -> None:
    assert set(ORDER) == set(BAND_STATES) == set(ACTS)
    assert {fact for facts in ACTS.values() for fact in facts} <= set(FORM_NAMES)


def test_forms_are_offered_to_who_may_state_them_alone(site: House) -> None:
    assert not any(row.acts for _, row in rows_of(view_of(site)).values())
    acts = rows_of(view_of(site, "wristband.cleaned"))["B09"][1].acts
    assert acts == (("Wristband cleaned", "/record/a1/wristband.cleaned?band=B09"),)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_answers_in_both_languages_and_the_list_of_stays_leads_to_it(
    duty: TestClient, language: str
) -> None:
    html = duty.get(f"{PATH}?lang={language}").text
    assert {"zh": "待清洁", "en": "To be cleaned"}[language] in html
    assert not re.search(r"[a-z_]+\\.[a-z_]+ missing", html)
    assert 'href="/bands"' in duty.get("/stays").text
    assert duty.get("/bands").headers["location"] == PATH
    assert duty.get("/areas/nowhere/bands").status_code == 404


def test_an_area_without_a_band_says_so(tmp_path) -> None:
    house = House(tmp_path, day.START)
    accounts(house)
    house.deliver()
    assert "No wristband was worn yet" in client_of(house, "0312").get(f"{PATH}?lang=en").text
    house.close()


def test_a_band_is_taken_back_and_cleaned_through_the_log(site: House, duty: TestClient) -> None:
    form = "/record/a1/wristband.returned?band=B03"
    shown = duty.get(form).text
    assert 'value="B03"' in shown
    sent = {"csrf": token(duty, form), "band": "B03", "state": "damaged"}
    assert duty.post("/record/a1/wristband.returned", data=sent).status_code == 200
    assert last_leaf(site, "wristband.returned")["body"] == {
        "band": "B03",
        "state": "damaged",
        "officer": "0312",
    }
    assert rows_of(view_of(site))["B03"][0] == "returned"
    assert (
        duty.post("/record/a1/wristband.cleaned", data={"csrf": sent["csrf"], "band": "B03"}).status_code
        == 200
    )
    assert rows_of(view_of(site))["B03"][0] == "free"


def test_a_band_that_was_not_cleaned_is_refused_to_the_next_person_and_the_page_says_why(
    site: House, duty: TestClient
) -> None:
    site.gateways["a1"].say("person.arrived", at("12:00"), stay="0420")
    site.deliver()
    page = "/stays/a1/0420/band?lang=en"
    answer = duty.post("/stays/a1/0420/band", data={"csrf": token(duty, page), "band": "B09"})
    assert answer.status_code == 409
    assert "The wristband was not given back and cleaned: B09: worn by stay:0409" in answer.text


def test_a_value_of_the_address_that_is_no_id_is_not_taken_over(duty: TestClient) -> None:
    assert "<script>" not in duty.get("/record/a1/wristband.returned?band=<script>").text
    assert 'value="no id"' not in duty.get("/record/a1/wristband.returned?band=no%20id").text
