"""The property pages by the real application over one afternoon of a store: what the log says of each thing, and nothing else."""

from __future__ import annotations

import base64
import importlib
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from caseserver.web.gather import Gatherer
from caseserver.web.live import Picture
from caseserver.web.property import showing
from caseserver.web.property.counting import counts_page
from caseserver.web.property.lists import clearup_page, items_page, overdue_page, quarter_of
from caseserver.web.property.of_stay import things_of_stay
from caseserver.web.property.store_map import map_page
from caseserver.web.reader import Reader
from tests.server.markers import traces_of
from tests.web import store
from tests.web.conversation import client_of, entries, token
from tests.web.house import MINUTE
from tests.web.scenes import at
from tests.web.store import JPEG, NOW, Store

READER = Reader(NOW, "Asia/Shanghai", language="en")
AREA = "/areas/a1/property"
PAGES = (
    AREA, f"{AREA}/items", f"{AREA}/overdue", f"{AREA}/counts", f"{AREA}/clearup", f"{AREA}/papers", f"{AREA}/cases/c-7f3a",
    "/areas/a1/items/x-1f07",
)  # fmt: skip


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    made = store.play(tmp_path_factory.mktemp("store"))
    yield made
    made.house.close()


@pytest.fixture(scope="module")
def keeper(site: Store) -> TestClient:
    return client_of(site.house, "0540")


@pytest.fixture(scope="module")
def states(site: Store) -> Any:
    return Gatherer(site.house.station).pictures(READER)


def posted(client: TestClient, path: str, **values: Any) -> Any:
    return client.post(path, data={"csrf": token(client), **values})


# ---------------------------------------------------------------- pages


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_answers_in_both_languages(keeper: TestClient, path: str, language: str) -> None:
    answer = keeper.get(path, params={"lang": language})
    assert answer.status_code == 200
    assert not re.search(r" (style|on[a-z]+)=\"", answer.text)
    title = {"zh": "财物", "en": "Property"}[language]
    assert f'aria-label="{title}"' in answer.text


def test_what_is_not_there_is_404(keeper: TestClient) -> None:
    for path in ("/areas/nowhere/property", f"{AREA}/cases/none", "/areas/a1/items/none"):
        assert keeper.get(path).status_code == 404


# ---------------------------------------------------------------- the store map


def cells(states: Any) -> dict[str, Any]:
    return {
        cell.id: cell for cabinet in map_page(states, states[0], READER).cabinets for cell in cabinet.cells
    }


def test_a_compartment_is_shown_as_door_bolt_and_ledger_have_it(states: Any) -> None:
    found = cells(states)
    assert {name: found[name].look for name in ("P-1", "P-2", "P-4", "P-7", "P-12", "E-3")} == {
        "P-1": "empty", "P-2": "occupied", "P-4": "occupied", "P-7": "open", "P-12": "unknown", "E-3": "occupied",
    }  # fmt: skip
    assert (found["P-7"].flag, found["P-7"].flag_text) == ("act", "Compartment opened without an order")
    assert (found["P-7"].access, found["P-7"].since.at_us) == ("No order", NOW - 13 * MINUTE)
    assert (found["P-4"].said, found["E-3"].said) == ("items: 2", "0409 · items: 3")


def test_with_a_silent_gateway_no_compartment_is_said_to_be_shut(states: Any) -> None:
    stale = replace(states[0], health=replace(states[0].health, is_stale=True, heard_us=at("14:20")))
    page = map_page([stale], stale, READER)
    assert page.frame.silent_us == at("14:20")
    assert {cell.look for cabinet in page.cabinets for cell in cabinet.cells} == {"unknown"}
    assert (
        next(cell.said for cabinet in page.cabinets for cell in cabinet.cells if cell.id == "P-2")
        == "items: 1"
    )


def test_the_map_goes_on_by_itself_and_a_door_is_sent_when_it_moves(site: Store, keeper: TestClient) -> None:
    def regions() -> Any:
        pictures = Gatherer(site.house.station).pictures(READER)
        return showing.map_regions(map_page(pictures, pictures[0], READER), READER)

    page = Picture()
    assert page.changes(regions()).keys() >= {
        "store-head",
        "cabinet-exhibits-1",
        "cabinet-effects-1",
        "cabinet-dangerous-1",
    }
    assert page.changes(regions()) == {}
    site.at_us = NOW - MINUTE
    site.say("compartment.unlocked", compartment="E-8")
    site.house.deliver()
    assert page.changes(regions()).keys() == {"cabinet-effects-1"}
    assert f'data-live="/events{AREA}"' in keeper.get(AREA).text


# ---------------------------------------------------------------- lists


def test_items_are_found_by_any_part_of_what_the_log_has_of_them(states: Any) -> None:
    def found(query: str, show: str = "here") -> set[str]:
        return {row.ref for row in items_page(states, states[0], query, show, READER).rows}

    assert found("c-7f3a p-4") == {"x-5e3f", "x-6a20"}
    assert found("s-0081") == {"x-3c90"}
    assert found("0409") == {"e-9001", "e-9002", "e-9003"}
    assert found("", "lent") == {"x-1f07", "x-3c90"}
    assert found("手机") == set()  # what a thing is called is sealed


def test_a_loan_that_is_over_is_counted_from_its_end(states: Any) -> None:
    loans = {row.ref: row.due for row in overdue_page(states, states[0], READER).loans}
    assert loans.keys() == {"x-1f07", "x-3c90"}
    assert (loans["x-1f07"].kind, loans["x-1f07"].at_us) == ("gone", NOW - 3 * store.HOUR)
    assert loans["x-3c90"].kind == "left"
    page = overdue_page(states, states[0], READER)
    assert {(row.subject, row.text) for row in page.over} >= {("item:x-1f07", "Loan not returned when due")}
    assert {row.subject for row in page.ahead} == {"item:x-3c90", "item:x-5e3f"}


def test_a_stay_leads_to_its_things_and_its_case_and_the_case_leads_back(
    site: Store, keeper: TestClient, states: Any
) -> None:
    (state,) = (s for s in states if s.area.id == "a1")
    stay = state.world.stays.get("0409")
    own, of_case = things_of_stay("0409", stay, state, READER)
    assert own.total == len(state.world.items.of_stay("0409")) == sum(n for _, n in own.places)
    assert "E-3" in own.places[0][0]
    assert of_case.total == len([i for i in state.world.items.of_case(stay.case) if i.stay != "0409"])
    page = keeper.get("/stays/a1/0409?lang=en").text
    for pile in (own, of_case):
        assert f'href="{pile.href.replace("&", "&amp;")}"' in page
        assert keeper.get(pile.href).status_code == 200
    assert "Effects cabinet E-3" in page
    assert all(item.ref in keeper.get(own.href).text for item in state.world.items.of_stay("0409"))
    assert 'href="/stays/a1/0409"' in keeper.get(of_case.href).text
    assert things_of_stay("0499", None, state, READER) == ()


def test_a_stock_taking_shows_each_discrepancy_first(states: Any) -> None:
    (count,) = counts_page(states, states[0], frozenset(), READER).counts
    assert [(row.ref, row.result, row.expected, row.counted) for row in count.rows] == [
        ("x-6a20", "missing", 3, None), ("x-2b11", "other_number", 42, 41), ("x-1f07", "elsewhere", 1, None),
        ("x-5e3f", "found", 1, 1),
    ]  # fmt: skip
    assert (count.missing, count.found) == (3, 1)
    assert count.rows[2].place == "Found in Exhibits cabinet P-4; by the ledger then: Officer 0921"
    uncounted = dict(counts_page(states, states[0], frozenset(), READER).uncounted)
    assert uncounted == {"Effects cabinet": 3, "Cabinet for dangerous goods": 1}


def test_the_quarter_lists_each_thing_once_under_what_is_most_to_be_done(states: Any) -> None:
    page = clearup_page(states, states[0], frozenset({"clearup.held"}), READER)
    assert {group.id: {row.ref for row in group.rows} for group in page.groups} == {
        "decided": {"x-44d2"}, "unrelated": {"x-5e3f"}, "away": {"x-1f07", "x-3c90"}, "undecided": {"x-2b11", "x-6a20"},
    }  # fmt: skip
    assert [(room, said, len(acts)) for room, said, acts in page.held] == [("Property store", "", 1)]
    assert quarter_of(NOW, "Asia/Shanghai")[:2] == (2026, 1)
    assert quarter_of(at("14:00") + 300 * store.DAY, "Asia/Shanghai")[:2] == (2027, 1)


# ---------------------------------------------------------------- one item


def test_the_chain_of_an_item_is_each_fact_with_who_had_it_then(site: Store, keeper: TestClient) -> None:
    html = keeper.get("/areas/a1/items/x-1f07?lang=en").text
    chain = re.search(r'<ol class="chain">(.*?)</ol>', html, re.S)
    assert chain is not None
    assert "x-1f07 counted, there: yes (found in Exhibits cabinet P-4)" in chain[1]
    moved = re.findall(r'<li class="moved">.*?<b>(.*?)</b>', chain[1], re.S)
    assert moved == ["Officer 1187", "Keeper 0540", "Exhibits cabinet P-1", "Keeper 0540", "Officer 0921"]
    assert "手机" not in html


def test_an_attempt_that_was_refused_stands_in_the_chain_as_refused(keeper: TestClient) -> None:
    html = keeper.get("/areas/a1/items/x-2b11?lang=en").text
    refused = re.findall(r'<li class="refused">.*?</li>', html, re.S)
    assert len(refused) == 1
    assert "lent to 0921" in refused[0]


def test_words_photos_and_signatures_are_shown_on_request_and_that_is_written_down(
    site: Store, keeper: TestClient
) -> None:
    before = site.house.program.own_log.size
    html = posted(keeper, "/areas/a1/items/x-1f07/show").text
    assert "手机 三星" in html
    assert html.count("data:image/svg+xml;base64,") == 3
    assert html.count("data:image/jpeg;base64,") == 1
    told = [entry["body"] for entry in entries(site.house, before) if entry["type"] == "record.read/1"][-1]
    assert (told["officer"], told["subject"], told["detail"]["what"]) == ("0540", "a1/x-1f07", "item")
    assert {"features", "photo", "signature", "title"} <= set(told["detail"]["fields"])
    assert posted(client_of(site.house, "0007"), "/areas/a1/items/x-1f07/show").status_code == 403


def test_an_item_is_described_at_the_server_and_the_log_has_commitments_only(
    site: Store, keeper: TestClient
) -> None:
    answer = posted(keeper, "/areas/a1/items/x-6a20", title="账本 甲", serial="A 7")
    assert answer.status_code == 200, answer.text
    log = site.gateway.log
    leaf = next(
        one
        for i in range(log.size - 1, 0, -1)
        if (one := json.loads(log.leaf(i)))["type"] == "item.described/1"
    )
    assert set(leaf["body"]) == {"item", "title", "serial", "officer"}
    assert "账本" not in json.dumps(leaf, ensure_ascii=False)
    assert "账本 甲" in posted(keeper, "/areas/a1/items/x-6a20/show").text
    assert posted(keeper, "/areas/a1/items/x-6a20", title=" ").status_code == 422


def photographed(client: TestClient, ref: str, data: bytes, sent_as: str = "photo") -> Any:
    files = {sent_as: ("a.jpg", data, "image/jpeg")}
    return client.post(f"/areas/a1/items/{ref}/photo", data={"csrf": token(client)}, files=files)


def test_a_photo_is_sealed_under_the_key_of_its_stay_and_the_log_has_its_commitment_alone(
    site: Store, keeper: TestClient
) -> None:
    canary = JPEG[:-2] + b"photo-canary-77" + JPEG[-2:]
    answer = photographed(keeper, "e-9001", canary)
    assert answer.status_code == 200, answer.text
    leaves = (json.loads(site.gateway.log.leaf(i)) for i in range(site.gateway.log.size - 1, 0, -1))
    body = next(leaf["body"] for leaf in leaves if leaf["type"] == "item.photographed/1")
    assert set(body) == {"item", "stay", "photo", "officer"}
    people = site.house.program.people
    assert people is not None
    assert people.enclosures.read("a1", body["photo"]) == ("photo", canary)
    folder = site.house.program.database.path.parent
    assert traces_of([b"photo-canary-77"], folder) == [], "nowhere in clear"
    assert base64.b64encode(canary).decode() in posted(keeper, "/areas/a1/items/e-9001/show").text


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"", 422), (b"GIF89a" + bytes(99), 422), (JPEG[:-2], 422), (JPEG[:-2] + bytes(1_100_000) + JPEG[-2:], 413),
    ],
)  # fmt: skip
def test_what_is_no_picture_or_too_large_is_refused_and_nothing_is_kept_or_stated(
    site: Store, keeper: TestClient, data: bytes, status: int
) -> None:
    size = site.gateway.log.size
    answer = photographed(keeper, "e-9001", data)
    assert (answer.status_code, "1 MB" in answer.text, "<h1" in answer.text) == (status, True, True)
    assert photographed(keeper, "e-9001", data, "other").status_code == status
    assert photographed(client_of(site.house, "0200"), "e-9001", JPEG).status_code == 403
    assert site.gateway.log.size == size


def test_a_form_that_wants_what_nobody_can_write_says_where_it_is_made(keeper: TestClient) -> None:
    upload, form = 'href="/areas/a1/items/e-9001#i-photo"', "/record/a1/item.photographed?item=e-9001"
    assert f'href="{form}' in keeper.get("/areas/a1/items/e-9001").text
    html = keeper.get(f"{form}&lang=en").text
    assert upload in html
    assert 'name="photo"' not in html
    assert "Sign at the kiosk" in keeper.get("/record/a1/item.lent?item=x-5e3f&lang=en").text


def test_after_an_erasure_nothing_of_an_item_is_kept_and_nothing_more_is_taken(
    site: Store, keeper: TestClient
) -> None:
    path, people = "/areas/a1/items/e-9100", site.house.program.people
    assert people is not None
    assert "红色" in posted(keeper, f"{path}/show").text
    erasure = (
        "/stays/a1/0410/person/erasure"  # nothing else is kept of this person: it is erased all the same
    )
    assert posted(client_of(site.house, "0100"), erasure, ground="purpose_served").status_code == 200
    answer = posted(client_of(site.house, "0200"), erasure, act="sign")
    assert answer.status_code == 200, answer.text
    html = keeper.get(f"{path}?lang=en").text
    assert "The particulars were destroyed on" in html
    assert "returned to the person" in html  # the chain stands
    assert "红色" not in posted(keeper, f"{path}/show").text
    assert posted(keeper, path, title="钱包").status_code == 403
    assert photographed(keeper, "e-9100", JPEG).status_code == 403
    assert people.enclosures.of_owner("a1", "0410") == []


# ---------------------------------------------------------------- the projection


def test_which_leaves_name_which_item_is_a_function_of_the_log_alone(site: Store) -> None:
    """What ingest noted leaf by leaf is what the migration fills in from the logs that are held."""
    step = importlib.import_module("caseserver.store.migrations.versions.0006_items")
    rows = text("SELECT gateway, item, idx FROM item_leaf ORDER BY gateway, item, idx")
    database = site.house.program.database
    with database.writing() as connection:
        noted = connection.execute(rows).all()
        connection.execute(text("DELETE FROM item_leaf"))
        step.fill(connection.execute)
        assert connection.execute(rows).all() == noted
    refused = next(i for i in range(site.gateway.log.size) if b"fact.refused/1" in site.gateway.log.leaf(i))
    assert ("gw-a1", "x-2b11", refused) in [tuple(row) for row in noted]


def test_the_forms_of_an_items_page_are_those_that_its_state_allows_and_go_through_the_log(
    site: Store, keeper: TestClient
) -> None:
    html = keeper.get("/areas/a1/items/e-9003?lang=en").text
    offered = re.findall(r'href="/record/a1/([a-z_.]+)\?item=e-9003&amp;stay=0409[^"]*"', html)
    assert {"item.taken_out", "item.inspected", "item.corrected"} <= set(offered)
    assert not {"item.lent", "item.given_back", "item.found", "disposal.decided"} & set(offered)
    form = keeper.get("/record/a1/item.inspected?item=e-9003&stay=0409").text
    assert 'value="e-9003"' in form
    asked = {"item": "e-9003", "stay": "0409", "state": "damaged", "inspector": "0541"}
    assert posted(keeper, "/record/a1/item.inspected", **asked).status_code == 200
    assert site.gateway.engine.world.items.get("e-9003").condition == "damaged"
    refused = posted(
        keeper,
        "/record/a1/item.stored?lang=en",
        item="e-9003",
        stay="0409",
        keeper="0540",
        compartment="E-4",
    )
    assert refused.status_code == 409
