"""Views to HTML: nothing inline, everything escaped, every state of every view."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from html.parser import HTMLParser
from typing import Any

import pytest

from caseserver.web import render, static_files
from caseserver.web.reader import Reader
from caseserver.web.views import (
    Choice,
    Count,
    Field,
    FormPage,
    LawQuote,
    Receipt,
    Refusal,
    SignInPage,
    StayList,
)
from caseserver.web.views_alarms import AlarmList
from tests.tools.tree import ROOT
from tests.web import scenes

TEMPLATES = ROOT / "server" / "caseserver" / "web" / "templates"

HOSTILE = "\"><script>alert(1)</script><img src=x onerror=alert(1)>'{{7*7}}<svg/onload=1>"


def form() -> FormPage:
    choices = (Choice("a", "甲", "提示"), Choice("b", "乙"))
    return FormPage(
        "登记", "说明", "/stays/new",
        (
            Field("stay", "text", "编号", "提示", value=("04",), error="应为", pattern="[0-9]+"),
            Field("measure", "choice", "依据", choices=choices, value=("a",)),
            Field("officers", "many", "民警", choices=choices),
            Field("minor", "flag", "未满 18 岁", required=False),
        ),
        "提交", (("编号", "0412"),), Refusal("没有登记成", "因为", "先收回"), None, "/stays", "", Count("left", scenes.at("15:00")),
        LawQuote("第97条", "cn-2026", "原文"),
    )  # fmt: skip


def pages() -> dict[str, Callable[[Reader], str]]:
    """Every page in every state that a view can say."""
    wall, alarm, stay = scenes.wall(), scenes.alarm(), scenes.stay()
    taken = replace(alarm.card, state="taken", taken_by="0312", taken_us=scenes.NOW)
    fixed = replace(taken, state="fixed")
    closed = replace(
        taken, state="closed", cleared=True, count=Count("gone", scenes.at("14:21"), scenes.at("14:22"))
    )
    frozen = tuple(
        replace(r, count=replace(r.count, frozen=True) if r.count else None) for r in wall.people.rows
    )
    return {
        "wall": lambda r: render.wall(wall, r),
        "wall calm": lambda r: render.wall(scenes.wall_calm(), r),
        "wall full": lambda r: render.wall(scenes.wall_full(), r),
        "wall fuller than forty": lambda r: render.wall(scenes.wall_full(43), r),
        "wall empty": lambda r: render.wall(scenes.wall_empty(), r),
        "wall reading": lambda r: render.wall(scenes.wall_reading(), r),
        "wall clock in doubt": lambda r: render.wall(
            replace(wall, people=replace(wall.people, rows=frozen), health=replace(wall.health, clock_doubt_us=None, witnessed_us=None)), r
        ),
        "wall clock wide": lambda r: render.wall(
            replace(
                wall,
                people=replace(wall.people, rows=tuple(replace(row, bar=replace(row.bar, give_us=79 * scenes.SECOND) if row.bar else None) for row in wall.people.rows)),
                health=replace(wall.health, clock_doubt_us=79 * scenes.SECOND, clock_half_us=79 * scenes.SECOND, is_clock_wide=True),
            ), r
        ),
        "alarm possible": lambda r: render.alarm(replace(alarm, card=replace(alarm.card, is_possible=True)), r),
        "wall not acting": lambda r: render.wall(wall, replace(r, may_act=False)),
        "alarm": lambda r: render.alarm(alarm, r),
        "alarm taken": lambda r: render.alarm(replace(alarm, card=taken, moves=("rectify",)), r),
        "alarm seen": lambda r: render.alarm(replace(alarm, card=replace(taken, state="acknowledged")), r),
        "alarm fixed": lambda r: render.alarm(replace(alarm, card=fixed, moves=("verify",)), r),
        "alarm closed": lambda r: render.alarm(replace(alarm, card=closed, moves=(), ended_us=scenes.NOW), r),
        "alarm refused": lambda r: render.alarm(alarm, r, refusal=Refusal("没有办成", "应为…", "先…")),
        "alarm of the site": lambda r: render.alarm(replace(alarm, law=None, site=(), facts=()), r),
        "alarms": lambda r: render.alarms(AlarmList(scenes.cards(), (closed,)), r),
        "no alarms": lambda r: render.alarms(AlarmList((), ()), r),
        "proof": lambda r: render.proof(scenes.proof(), r),
        "proof without a second witness": lambda r: render.proof(
            replace(scenes.proof(), forks=(), has_seconds=False, own_href=""), r
        ),
        "own log": lambda r: render.own_log(scenes.own_log(), r),
        "own log, nothing found": lambda r: render.own_log(replace(scenes.own_log(), rows=(), older="", until=""), r),
        "stays": lambda r: render.stays(StayList(scenes.people(), (("0331", "/stays/a1/0331", scenes.at("8:00"), scenes.NOW),)), r),
        "no stays": lambda r: render.stays(StayList(()), r),
        "stay": lambda r: render.stay_page(stay, r),
        "stay running": lambda r: render.stay_page(replace(stay, to_us=None, complete=False, limit_end_us=scenes.at("18:42")), r),
        "form": lambda r: render.form(form(), r),
        "form done": lambda r: render.form(replace(form(), refusal=None, receipt=Receipt("已登记", "s-1", False, "/x", "下一步")), r),
        "sign in": lambda r: render.sign_in(SignInPage("示范分局", Refusal("没有登录成", "口令不对")), replace(r, badge="", csrf="")),
        "form with what is missing": lambda r: render.form(replace(form(), needs=scenes.asked()), r),
        "form refused by a rule": lambda r: render.form(
            replace(form(), refusal=Refusal("没有办成", "缺", "先", "第97条", "law", "到案")), r
        ),
        "choice of forms": lambda r: render.form_choice(scenes.form_choice(), r),
        "no form": lambda r: render.form_choice(replace(scenes.form_choice(), asked=(), groups=(), rest=(), aside=()), r),
        "forms of two areas": lambda r: render.form_choice(replace(scenes.form_choice(), areas=(("一", "/record?area=a1", True), ("二", "/record?area=a2", False))), r),
        "rules": lambda r: render.rules(scenes.rules(), r),
        "rules of two books": lambda r: render.rules(
            replace(scenes.rules(), books=(("cn-2012", "旧", "至 2025-12-31"), ("cn-2026", "新", "2026-01-01 起")), straddle="设定", overlaid=1), r
        ),
        "what if": lambda r: render.whatif(scenes.whatif(), r),
        "what if, asked for nothing": lambda r: render.whatif(replace(scenes.whatif(), result=None, areas=()), r),
        "what if, nothing changes": lambda r: render.whatif(replace(scenes.whatif(), rules=(), local=(), subjects=(), refusals=(), more=0), r),
        "what if, running": lambda r: render.whatif(replace(scenes.whatif(), result=None, is_running=True), r),
        "what if, refused": lambda r: render.whatif(replace(scenes.whatif(), result=None, problem="没有"), r),
        "alarm explained": lambda r: render.alarm(replace(alarm, sentences=("自 14:21:56 起",), sight=alarm.facts[:1], is_smallest=True, rule_href="/rules#M4"), r),
        "stay over a change of the law": lambda r: render.stay_page(replace(stay, law="按开始时的法律"), r),
        "coverage": lambda r: render.coverage_page(scenes.coverage(), r),
        "no coverage": lambda r: render.coverage_page(replace(scenes.coverage(), rows=()), r),
        "blind time": lambda r: render.blind(scenes.blind(), r),
        "no blind time": lambda r: render.blind(replace(scenes.blind(), sums=(), rows=(), missing=(), areas=()), r),
        "stay with its four musts": lambda r: render.stay_page(stay, r, scenes.musts()),
        "leaf": lambda r: render.leaf(1_284_498, '{"a":1}', "ab" * 32, r),
        "problem": lambda r: render.problem("没有办成", "没有这个页面", r),
    }  # fmt: skip


class Reading(HTMLParser):
    """Elements of a page with their attributes; checks that what is opened is closed."""

    VOID = {"meta", "link", "input", "img", "br"}

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.unbalanced: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.unbalanced.append(tag)


@pytest.fixture(params=sorted(pages()))
def written(request: pytest.FixtureRequest) -> Callable[[Reader], str]:
    return pages()[request.param]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_page_has_inline_style_or_script(written: Callable[[Reader], str], language: str) -> None:
    for tag, attributes in Reading(written(scenes.reader(language))).elements:
        assert tag != "style"
        assert "style" not in attributes, tag
        assert not [name for name in attributes if name.startswith("on")], tag
        if tag == "script":
            assert (attributes.get("src") or "").startswith("/static/")


def test_every_element_is_closed(written: Callable[[Reader], str]) -> None:
    page = Reading(written(scenes.reader()))
    assert page.unbalanced == []
    assert page.open == []


def test_the_page_says_its_language_theme_and_time(written: Callable[[Reader], str]) -> None:
    root = Reading(written(scenes.reader("en", "night", rate=60))).elements[0]
    assert root[0] == "html"
    assert root[1] | {"class": ""} == {
        "lang": "en", "data-theme": "night", "data-now": str(scenes.NOW // 1000), "data-rate": "60", "data-offset": "28800", "class": "",
    }  # fmt: skip


def test_every_drawing_and_mark_is_named_or_hidden(written: Callable[[Reader], str]) -> None:
    for tag, attributes in Reading(written(scenes.reader())).elements:
        if tag == "svg":
            assert attributes.get("aria-label") or attributes.get("aria-hidden") == "true", attributes


def test_every_field_has_a_label(written: Callable[[Reader], str]) -> None:
    elements = Reading(written(scenes.reader())).elements
    labelled = {attributes.get("for") for tag, attributes in elements if tag == "label"}
    for tag, attributes in elements:
        if tag == "input" and attributes.get("type") not in ("hidden", "radio", "checkbox"):
            assert attributes.get("id") in labelled, attributes


def test_every_form_that_changes_something_carries_its_token(written: Callable[[Reader], str]) -> None:
    html = written(scenes.reader())
    for one in re.findall(r"<form[^>]*method=\"post\".*?</form>", html, re.S):
        assert 'name="csrf"' in one


def test_english_pages_hold_no_chinese_of_ours() -> None:
    """Of the fixed words: a page without any view text has no Chinese letter in English."""
    html = render.problem("No", "None", scenes.reader("en"))
    assert not re.search("[一-鿿]", re.sub(r"data-[a-z-]+=\"[^\"]*\"", "", html))


def poisoned(value: Any) -> Any:
    """The same view with a hostile string in the place of every text that is not one of a fixed set."""
    if isinstance(value, str):
        return HOSTILE if re.search("[一-鿿]|^0[34]", value) else value
    if isinstance(value, tuple):
        return tuple(poisoned(item) for item in value)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{f.name: poisoned(getattr(value, f.name)) for f in fields(value)})
    return value


@pytest.mark.parametrize(
    "written",
    [
        lambda r: render.wall(poisoned(scenes.wall()), r),
        lambda r: render.alarm(poisoned(scenes.alarm()), r),
        lambda r: render.stay_page(
            poisoned(replace(scenes.stay(), drawing=replace(scenes.stay().drawing, stamps=()))), r
        ),
        lambda r: render.coverage_page(poisoned(scenes.coverage()), r),
        lambda r: render.blind(poisoned(scenes.blind()), r),
        lambda r: render.stay_page(scenes.stay(), r, poisoned(scenes.musts())),
        lambda r: render.form(poisoned(form()), r),
        lambda r: render.alarms(AlarmList(poisoned(scenes.cards()), ()), r),
        lambda r: render.leaf(1, HOSTILE, HOSTILE, r),
        lambda r: render.problem(HOSTILE, HOSTILE, r),
    ],
)
def test_hostile_text_stays_text(written: Callable[[Reader], str]) -> None:
    html = written(scenes.reader())
    assert "&lt;script&gt;" in html
    assert "<script>alert" not in html
    assert "49<svg" not in html
    page = Reading(html)
    assert page.unbalanced == []
    assert all(tag not in ("img",) for tag, _ in page.elements)
    assert not [a for _, a in page.elements if any(name.startswith("on") for name in a)]


def test_the_wall_shows_seven_alarms_and_counts_the_rest() -> None:
    html = render.wall(scenes.wall_full(), scenes.reader())
    assert html.count("data-alarm=") == 7
    assert "另有 2 条报警" in html


def test_more_than_forty_people_are_counted() -> None:
    assert "另有 3 人" in render.wall(scenes.wall_full(43), scenes.reader())


def test_while_the_log_is_read_no_countdown_is_shown() -> None:
    html = render.wall_region("people", scenes.wall_reading(), scenes.reader())
    assert "12 400" in html
    assert "data-due" not in html


def test_a_frozen_count_stands_still_and_says_about() -> None:
    rows = (replace(scenes.people()[3], count=Count("left", scenes.at("14:27"), frozen=True)),)
    html = render.wall_region(
        "people", replace(scenes.wall(), people=replace(scenes.wall().people, rows=rows)), scenes.reader()
    )
    assert "data-due" not in html
    assert 'row-left frozen"><em class="about">约' in html


def test_only_what_nobody_has_taken_sounds_and_is_read_aloud() -> None:
    html = render.wall_region("alarms", scenes.wall(), scenes.reader())
    sounding = re.findall(r'data-alarm="(\w+)" data-sound="([a-z-]+)"', html)
    assert sounding == [("a1", "equip-act"), ("a3", "equip-soon"), ("a4", "law-soon")]
    assert html.count("data-urgent") == 1
    assert html.count("data-tell") == 3


def test_calm_is_not_claimed_while_a_source_is_not_seen() -> None:
    calm = scenes.wall_calm()
    blind = replace(calm, alarms=replace(calm.alarms, unseen=2))
    said = render.wall_region("alarms", blind, scenes.reader())
    assert "没有报警，但 2 个来源看不见" in said
    assert "没有要处置的报警" not in said
    assert "没有要处置的报警" in render.wall_region("alarms", calm, scenes.reader())


def test_a_warning_is_heard_once_and_cannot_be_taken() -> None:
    cards = (replace(scenes.cards()[3], is_warning=True),)
    view = replace(scenes.wall(), alarms=replace(scenes.wall().alarms, cards=cards))
    html = render.wall_region("alarms", view, scenes.reader())
    assert 'data-sound="law-soon" data-once' in html
    assert "/take" not in html
    assert "预警" in html


def test_a_reader_who_may_not_act_gets_no_button() -> None:
    html = render.wall(scenes.wall(), scenes.reader(may_act=False))
    assert "/take" not in html


def test_all_files_have_one_address_that_changes_with_any_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    before = static_files.asset("wall.css")
    assert re.fullmatch(r"/static/[0-9a-f]{12}/wall\.css", before)
    assert before.replace("wall", "base") == static_files.asset("base.css")
    monkeypatch.setattr(static_files, "files", lambda: {"wall.css": b"other"})
    static_files.version.cache_clear()
    assert static_files.asset("wall.css") != before
    static_files.version.cache_clear()


def test_a_file_that_is_not_there_cannot_be_named() -> None:
    with pytest.raises(KeyError):
        static_files.asset("nothing.css")


def test_no_style_sheet_or_script_names_another_place() -> None:
    for name, data in static_files.files().items():
        text = data.decode()
        assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", text), name
        assert "@import" not in text, name


def test_every_file_of_the_static_folder_is_used() -> None:
    everything = "".join(page(scenes.reader()) for page in pages().values())
    scripts = "".join(data.decode() for name, data in static_files.files().items() if name.endswith(".js"))
    templates = "".join(path.read_text(encoding="utf-8") for path in TEMPLATES.glob("*.html"))
    for name in static_files.files():
        is_asked_for = f"asset('{name}')" in templates or static_files.asset(name) in everything
        assert is_asked_for or f'"./{name}"' in scripts, name
