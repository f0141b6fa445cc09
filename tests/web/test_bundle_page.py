"""The page that exports a stay: who may, what is asked, what is written down first, and what comes out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from caselog import bundlecheck
from caselog.bundle import encode
from caseserver.web import bundle_pages
from tests.web import day
from tests.web.counting import Counting, begin, public_of
from tests.web.house import House
from tests.web.screenshots import accounts
from tests.web.test_pages import client_of
from tests.web.test_particulars import VALUES, posted

PAGE = "/stays/a1/0403/bundle"


@pytest.fixture
def station(tmp_path: Path) -> Iterator[House]:
    """The busy afternoon, in a log that begins as a gateway's does."""
    house = House(tmp_path, day.START)
    accounts(house)
    begin(house)
    day.busy(house)
    for number, role in (("0500", "supervisor"), ("0600", "inspector"), ("0700", "guard")):
        house.account(number, role)
    house.station.connect(Counting(house).take)
    yield house
    house.close()


def exports(house: House) -> list[dict[str, Any]]:
    return [
        json.loads(data) for data in house.program.own_log.leaves(0, 10_000) if b'"export.made/1"' in data
    ]


def test_a_reviewer_exports_a_stay_that_goes_on_counted_up_to_now(station: House) -> None:
    client = client_of(station, "0100")
    assert 'name="reason"' in client.get(PAGE).text
    answer = posted(client, PAGE, reason="letter 12 of the court")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-disposition"] == 'attachment; filename="a1-0403.bundle"'
    found = bundlecheck.read(answer.content.splitlines(keepends=True))
    assert found.is_counted
    assert found.head.stay == "0403"
    assert found.manifest["public"] == encode(public_of(station))
    (leaf,) = exports(station)
    assert (leaf["body"]["officer"], leaf["body"]["subject"]) == ("0100", "a1/0403")
    assert leaf["body"]["detail"]["reason"] == "letter 12 of the court"


def test_the_bundle_of_the_page_holds_no_other_stay_and_no_badge_of_others(station: House) -> None:
    answer = posted(client_of(station, "0100"), PAGE, reason="why")
    log = station.gateways["a1"].log
    leaves = [json.loads(log.leaf(index)) for index in range(log.size)]
    others = {leaf["stay"] for leaf in leaves if leaf["stay"]} - {"0403"}
    bands = {
        leaf["body"]["band"]
        for leaf in leaves
        if leaf["type"] == "wristband.bound/1" and leaf["stay"] != "0403"
    }
    assert others
    assert bands
    own = [line for line in answer.content.splitlines() if not line.startswith(b'{"data"')]
    texts = [line for line in own if b'"part":"text"' in line]
    for marker in sorted(others | bands):
        assert f'"{marker}"'.encode() not in b"\n".join(line for line in own if line not in texts), marker


def test_the_stays_page_offers_it_to_who_may_and_to_nobody_else(station: House) -> None:
    for badge, is_offered in (
        ("0100", True),
        ("0500", True),
        ("0600", True),
        ("0312", False),
        ("0700", False),
    ):
        client = client_of(station, badge)
        assert (f'href="{PAGE}"' in client.get("/stays/a1/0403").text) is is_offered, badge
        assert (client.get(PAGE).status_code == 200) is is_offered, badge
        if not is_offered:
            assert posted(client, PAGE, reason="because").status_code == 403
    assert exports(station) == []


def test_without_a_reason_nothing_leaves_the_house(station: House) -> None:
    client = client_of(station, "0500")
    for reason in ("", "   ", "x" * 201):
        answer = posted(client, PAGE, reason=reason)
        assert answer.status_code == 422
        assert 'aria-invalid="true"' in answer.text
    assert exports(station) == []


def test_a_stay_that_the_log_does_not_know_cannot_be_exported(station: House) -> None:
    client = client_of(station, "0500")
    assert client.get("/stays/a1/9999/bundle").status_code == 404
    assert posted(client, "/stays/a1/9999/bundle", reason="why").status_code == 404


def test_a_gateway_that_does_not_answer_is_waited_for_and_the_bundle_says_it_is_not_counted(
    station: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundle_pages, "COUNT_WAIT_S", 0.1)
    station.station.connect(lambda message: None)
    answer = posted(client_of(station, "0500"), PAGE, reason="why")
    found = bundlecheck.read(answer.content.splitlines(keepends=True))
    assert not found.is_counted
    assert any("was not counted" in sentence for sentence in found.manifest["unproved"]["en"])


def test_particulars_are_laid_open_only_where_they_were_chosen(station: House) -> None:
    assert posted(client_of(station, "0312"), "/stays/a1/0403/person", **VALUES).status_code == 200
    client = client_of(station, "0100")
    assert 'name="disclose" value="name"' in client.get(PAGE).text
    closed = posted(client, PAGE, reason="why").content
    assert VALUES["name"].encode() not in closed
    opened = bundlecheck.read(
        posted(client, PAGE, reason="why", disclose="name").content.splitlines(keepends=True)
    )
    assert [(item.field, item.value) for item in opened.disclosures] == [("name", VALUES["name"])]
    assert VALUES["identity_number"] not in json.dumps([r.body for r in opened.records], ensure_ascii=False)
    assert exports(station)[-1]["body"]["detail"]["disclosed"] == ["name"]


def test_a_text_the_server_does_not_have_is_named_on_the_page(station: House) -> None:
    for path in (station.program.database.path.parent / "texts").iterdir():
        path.unlink()
    answer = posted(client_of(station, "0500"), PAGE, reason="why")
    assert answer.status_code == 409
    assert "expected the text with SHA-256" in answer.text
    assert exports(station) == []
