"""The rules page: every rule with its article, its numbers and who set them; two books with their dates; overlays marked."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from fastapi.testclient import TestClient

from caseserver.web.present.rule_words import unknown
from caseserver.web.present.rules import LETTERS, letter_of, rules_page
from caseserver.web.present.state import AreaPicture
from caseserver.web.present.stay import law_of
from caseserver.web.reader import Reader
from caseserver.web.views_rules import RuleCard, RulesPage
from custody.area import load_area
from custody.bundled import area_text, rulebook_names, rulebook_of_area
from custody.world import Stay, World
from tests.web import scenes
from tests.web.house import House
from tests.web.test_pages import client_of

YEAR_US = int(datetime(2025, 12, 31, 16, tzinfo=UTC).timestamp()) * 1_000_000  # midnight in China
HOUR_US = 3_600_000_000
ZH, EN = scenes.reader("zh"), scenes.reader("en")


def state_of(*books: str, straddle: str = "at_start", overlay: str = "") -> AreaPicture:
    area = replace(
        load_area(area_text("standard") + overlay, "area.toml"), rulebooks=books, straddle=straddle
    )
    return AreaPicture(area, rulebook_of_area(area)[0], World())


def page_of(state: AreaPicture, reader: Reader = ZH, letter: str = "") -> RulesPage:
    return rules_page([state], state, letter, reader)


def card_of(view: RulesPage, key: str) -> RuleCard:
    return next(card for group in view.groups for card in group.cards if card.key == key)


@pytest.mark.parametrize("reader", [ZH, EN], ids=["zh", "en"])
@pytest.mark.parametrize(
    "books", [(name,) for name in rulebook_names() if "/" not in name] + [("cn-2012", "cn-2026")]
)
def test_every_rule_is_there_with_what_it_asks_and_what_it_reads(
    books: tuple[str, ...], reader: Reader
) -> None:
    state = state_of(*books)
    cards = [card for group in page_of(state, reader).groups for card in group.cards]
    assert sorted(card.key for card in cards) == sorted(rule.key for rule in state.rulebook.rules)
    for card in cards:
        assert card.says, card.key
        assert card.inputs, card.key
        assert card.article, card.key
        assert card.numbers, card.key
        assert all(number.said for number in card.numbers), card.key
    assert len({card.anchor for card in cards}) == len(cards)


def test_no_chinese_and_no_bare_code_stands_in_the_english_sentences() -> None:
    for group in page_of(state_of("cn-2012", "cn-2026"), EN).groups:
        for card in group.cards:
            words = " ".join(
                (card.says, card.inputs, card.unknown, *(said for pair in card.about for said in pair))
            )
            assert not any("一" <= character <= "鿿" for character in words), words
            assert "_" not in words, words


def test_a_limit_says_who_may_give_it_on_which_ground_and_whose_number_it_is() -> None:
    numbers = card_of(page_of(state_of("cn-2026")), "T1/summons").numbers
    assert [(n.said, n.seal) for n in numbers] == [
        ("满 12 小时", "law"),
        ("预警：届满前 2 小时 · 1 小时 · 30 分 · 10 分", "site"),
        ("满 24 小时", "law"),
        ("预警：届满前 4 小时 · 2 小时 · 1 小时 · 30 分 · 10 分", "site"),
    ]
    assert numbers[2].detail.startswith("办案部门负责人批准，理由：案情特别重大")


def test_a_limit_in_days_tells_its_last_day() -> None:
    said = [number.said for number in card_of(page_of(state_of("cn-2026"), EN), "T15/request").numbers]
    assert said[:3] == ["3 d reached", "the last day begins", "warning 1 d before the limit"]


def test_what_was_not_read_or_not_verified_is_said_plainly() -> None:
    book = page_of(state_of("ew-pace"), EN)
    assert {card.confidence for group in book.groups for card in group.cards} == {
        "The article was not verified"
    }
    china = [card for group in page_of(state_of("cn-2026")).groups for card in group.cards]
    assert {card.confidence for card in china} == {"", "条文未直接核对，据他人转述", "条文未核实"}


def test_a_letter_shows_its_group_alone() -> None:
    view = page_of(state_of("cn-2026"), letter="WB")
    assert [group.letter for group in view.groups] == ["WB"]
    assert sum(count for _, _, count, _ in view.letters) == view.total
    assert [letter for letter, _, _, is_chosen in view.letters if is_chosen] == ["WB"]


@pytest.mark.parametrize(
    ("rule", "letter"), [("T5", "T"), ("M2a", "M"), ("WB", "WB"), ("SYS", "SYS"), ("G13", "G")]
)
def test_the_group_of_a_rule_is_the_letters_of_its_id(rule: str, letter: str) -> None:
    assert letter_of(rule) == letter
    assert letter in LETTERS


def test_an_overlaid_rule_is_marked_and_counted() -> None:
    overlay = '\n[[overlay]]\nrule = "T5/questioning"\nprewarnings = ["3h"]\nreason = "local"\n'
    view = page_of(state_of("cn-2026", overlay=overlay))
    assert view.overlaid == 1
    assert card_of(view, "T5/questioning").is_overlaid
    assert not card_of(view, "T1/summons").is_overlaid


def test_over_a_change_both_books_stand_with_their_dates_and_the_setting_is_named() -> None:
    view = page_of(state_of("cn-2012", "cn-2026"))
    assert [(name, dates) for name, _, dates in view.books] == [
        ("cn-2012", "2013-01-01 至 2025-12-31"),
        ("cn-2026", "2026-01-01 起"),
    ]
    assert view.straddle == "跨越 2026-01-01 的停留适用何法，未见明文。本区设定：按开始时的法律"
    moment = page_of(state_of("cn-2012", "cn-2026", straddle="at_moment"), EN)
    assert moment.straddle.endswith("Setting of this area: the law of each moment")
    both = [card for group in view.groups for card in group.cards if card.key == "T5/questioning"]
    assert [card.period for card in both] == ["2013-01-01 至 2025-12-31", "2026-01-01 起"]
    assert page_of(state_of("cn-2026")).straddle == ""


def test_a_stay_over_the_change_says_which_law_it_is_under_and_that_it_is_a_setting() -> None:
    state = state_of("cn-2012", "cn-2026")
    stay = Stay("s-1", YEAR_US - HOUR_US, 0)
    said = law_of(stay, state, YEAR_US - HOUR_US, YEAR_US + HOUR_US, ZH)
    assert said.startswith(
        "跨越 2026-01-01 的停留适用何法，未见明文。本区设定：按开始时的法律；适用 办案区规则（2013"
    )
    assert law_of(stay, state, YEAR_US - HOUR_US, YEAR_US - 1, ZH) == ""
    assert law_of(stay, state_of("cn-2026"), YEAR_US - HOUR_US, YEAR_US + HOUR_US, ZH) == ""
    later = law_of(
        stay, state_of("cn-2012", "cn-2026", straddle="at_moment"), YEAR_US - HOUR_US, YEAR_US + HOUR_US, EN
    )
    assert "the law of each moment" in later


def test_what_a_rule_does_while_it_cannot_see_is_said() -> None:
    rules = {rule.key: rule for rule in state_of("cn-2026").rulebook.rules}
    assert "place not seen" in unknown(rules["M3/guard"], EN)
    assert "recorder not seen" in unknown(rules["M4/interview"], EN)
    assert unknown(rules["SYS/node"], EN).startswith("not seeing is the alarm itself")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_is_served_and_an_alarm_leads_to_its_rule(afternoon: House, language: str) -> None:
    duty: TestClient = client_of(afternoon, "0312")
    answer = duty.get(f"/rules?lang={language}&letter=M")
    assert answer.status_code == 200
    assert 'id="M4-interview"' in answer.text
    assert 'id="T5-questioning"' not in answer.text
    alarm = next(a for a in afternoon.station.area("a1").alarms if a.rule == "M4")
    page = duty.get(f"/alarms/a1/{alarm.ref}")
    assert 'href="/rules?area=a1&amp;letter=M#M4-interview"' in page.text
    assert duty.get("/rules?letter=nonsense&area=nowhere").status_code == 200
