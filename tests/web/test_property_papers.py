"""Papers and sheets of things that are kept, read back: what a law prescribes stands on them, and on the sheet no name does."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from fastapi.testclient import TestClient
from pypdf import PdfReader

from caseserver.web.property.paper_kinds import PaperError, papers
from caseserver.web.wording import local
from tests.web import store
from tests.web.conversation import client_of, token
from tests.web.store import NOW, Store

AREA = "/areas/a1/property"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    made = store.play(tmp_path_factory.mktemp("store"))
    yield made
    made.house.close()


@pytest.fixture(scope="module")
def keeper(site: Store) -> TestClient:
    return client_of(site.house, "0540")


def posted(client: TestClient, path: str, **values: Any) -> Any:
    return client.post(path, data={"csrf": token(client), **values})


def test_the_sheet_read_back_is_the_ledger_and_names_nothing(site: Store, keeper: TestClient) -> None:
    answer = keeper.get(f"{AREA}/sheet", params={"lang": "zh", "show": "all"})
    sheet = openpyxl.load_workbook(BytesIO(answer.content)).active
    rows = list(sheet.iter_rows(values_only=True))
    world = site.gateway.engine.world
    assert {row[0]: (row[2], row[4]) for row in rows[1:]}["x-2b11"] == ("在柜", 42)
    assert {row[0] for row in rows[1:]} == set(world.items)
    assert "手机" not in str(rows)
    assert next(row for row in rows if row[0] == "x-1f07")[12].hour == at_hour(NOW - 3 * store.HOUR)


def at_hour(at_us: int) -> int:
    return local(at_us, "Asia/Shanghai").hour


# ---------------------------------------------------------------- papers


def pdf_text(data: bytes) -> str:
    """The text of all pages, without the blanks between its parts."""
    return "".join("".join(page.extract_text() for page in PdfReader(BytesIO(data)).pages).split())


def test_a_seizure_list_of_a_criminal_case_has_its_three_copies(keeper: TestClient) -> None:
    answer = posted(
        keeper, f"{AREA}/papers?lang=zh", paper="seizure_criminal", case="c-7f3a", item=["x-1f07", "x-2b11"]
    )
    assert answer.headers["content-type"] == "application/pdf", answer.text
    words = pdf_text(answer.content)
    assert words.count("扣押清单") == 3
    for told in (
        "第1份，共3份·交持有人",
        "第3份，共3份·附卷备查",
        "手机三星",
        "百元面值",
        "共2项43件",
        "第230条",
    ):
        assert told in words


@pytest.mark.parametrize(
    ("paper", "asked", "copies", "said"),
    [
        ("seizure_public_order", {"case": "c-0412", "item": ["x-44d2"]}, 2, "甩棍"),
        ("effects", {"stay": "0409", "item": ["e-9001", "e-9002"]}, 1, "钱包"),
        ("handover", {"case": "c-7f3a", "item": ["x-6a20"]}, 2, "移交人"),
        ("restitution", {"case": "c-7f3a", "item": ["x-5e3f"]}, 2, "领取人"),
    ],
)
def test_each_paper_is_set(
    keeper: TestClient, paper: str, asked: dict[str, Any], copies: int, said: str
) -> None:
    answer = posted(keeper, f"{AREA}/papers?lang=zh", paper=paper, **asked)
    words = pdf_text(answer.content)
    assert said in words
    assert f"共{copies}份" in words
    assert ("拒绝签名，见证人签名" in words) == (paper == "effects")


def test_a_paper_is_not_set_of_what_does_not_belong_on_it(keeper: TestClient) -> None:
    for asked in (
        {"paper": "seizure_criminal", "case": "c-0412", "item": ["x-44d2"]},
        {"paper": "seizure_criminal", "stay": "0409", "item": ["e-9001"]},
        {"paper": "restitution", "item": ["x-44d2", "x-1f07"]},
        {"paper": "effects", "stay": "0409"},
        {"paper": "none", "item": ["x-44d2"]},
    ):
        assert posted(keeper, f"{AREA}/papers", **asked).status_code == 422, asked


def test_labels_are_of_the_items_or_of_every_compartment(keeper: TestClient) -> None:
    assert "x-1f07" in pdf_text(posted(keeper, f"{AREA}/papers", paper="labels", item=["x-1f07"]).content)
    assert "P-16" in pdf_text(posted(keeper, f"{AREA}/papers", paper="labels").content)


def test_a_site_has_papers_of_its_own_and_never_another_than_a_law_prescribes(tmp_path: Path) -> None:
    bundled = resources.files("caseserver.web.property").joinpath("papers.toml").read_text("utf-8")
    tables = {table.split('"')[1]: "[[paper]]" + table for table in bundled.split("[[paper]]")[1:]}
    own = tmp_path / "own.toml"
    own.write_text(tables["restitution"].replace("发还清单", "返还清单"), encoding="utf-8")
    assert papers(own)["restitution"].title.zh == "返还清单"
    assert papers(own)["seizure_criminal"] == papers()["seizure_criminal"]
    for text, said in (
        (tables["seizure_criminal"], "expected basis local, found law"),
        (tables["seizure_criminal"].replace('basis = "law"', 'basis = "local"'), "expected a paper that no law prescribes"),
        (tables["restitution"].replace('"state"', '"colour"'), "expected columns out of"),
        ("[[paper]]", "expected id, title"),
    ):  # fmt: skip
        other = tmp_path / f"{abs(hash(said))}.toml"
        other.write_text(text, encoding="utf-8")
        with pytest.raises(PaperError, match=said):
            papers(other)
