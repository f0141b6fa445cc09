"""The page of the verifier in Chromium: the same verdicts in the same words as verify.py, from the disk, without network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.verify import forge, maker
from tests.verify.chromium import flipped, judged, opened
from tests.verify.judge import Trust, judge, plan_of, verify
from tests.verify.maker import Draft, Plan

pytestmark = pytest.mark.browser

GOOD = 60
FORGED = 2
FLIPS = 300

Opened = tuple[Page, list[str]]


@pytest.fixture(scope="module")
def opened_page() -> Iterator[Opened]:
    with opened() as found:
        yield found


@pytest.fixture
def page(opened_page: Opened) -> Iterator[Page]:
    """The page as it is when it is opened anew; nothing was fetched and nothing complained of meanwhile."""
    found, complaints = opened_page
    found.evaluate("localStorage.clear()")
    found.reload()
    yield found
    assert complaints == []


@pytest.fixture(scope="module")
def draft() -> Draft:
    return maker.made(Plan(seed=20, leaves=20, changes=2, witnesses=2, report_bytes=2400))


@pytest.fixture
def bundle(draft: Draft, tmp_path: Path) -> Path:
    path = tmp_path / "stay.bundle"
    path.write_bytes(draft.together())
    return path


def enter(page: Page, trust: Trust) -> None:
    page.fill("#log", "\n".join(map(maker.b64, trust.log)))
    page.fill("#witness", "\n".join(f"{name}={maker.b64(key)}" for name, key in trust.witnesses))
    page.fill("#maker", maker.b64(trust.maker) if trust.maker else "")


def test_good_bundles_are_judged_in_the_words_of_the_program(page: Page) -> None:
    cases = []
    for seed in range(GOOD):
        made = maker.made(plan_of(seed))
        trust = Trust.all_of(made) if seed % 3 else Trust()
        cases.append((made.together(), trust, ("zh", "en")[seed % 2]))
    found = judged(page, cases)
    assert {each.code for each in found} == {0, 3}
    assert found == [judge(*case) for case in cases]


def test_every_forgery_is_refused_for_the_same_thing_as_by_the_program(page: Page) -> None:
    for seed in range(FORGED):
        made = maker.made(plan_of(seed))
        trust = Trust.all_of(made).but_maker()
        cases = [(forgery.data, trust, "zh") for forgery in forge.all_edits(made)]
        found = judged(page, cases)
        assert {each.code for each in found} == {1}
        assert found == [judge(*case) for case in cases]


def test_a_changed_bit_anywhere_is_found_where_the_program_finds_it(page: Page, draft: Draft) -> None:
    data, trust = draft.together(), Trust.all_of(draft)
    places = forge.flips(data, FLIPS)
    found = flipped(page, data, trust, places)
    assert None not in found
    for (place, mask), wrong in zip(places, found, strict=True):
        changed = bytearray(data)
        changed[place] ^= mask
        assert judge(bytes(changed), trust).wrong == wrong, place


def test_page_and_program_have_the_same_words(page: Page) -> None:
    assert page.evaluate("WORDS") == verify.WORDS


def test_a_reader_enters_keys_chooses_the_file_and_reads_the_verdict(
    page: Page, draft: Draft, bundle: Path
) -> None:
    enter(page, Trust.all_of(draft))
    page.set_input_files("#file", bundle)
    expect(page.locator(".verdict.genuine")).to_have_text("按所给公钥核验：真实")
    assert page.locator("#leaves tr").count() == 22  # heading, 20 leaves, the count
    told = judge(bundle.read_bytes(), Trust.all_of(draft), "zh").report
    assert page.locator("#result .facts li").all_text_contents() == list(
        told[1 : told.index("以上不能证明：")]
    )
    page.click("#language")
    expect(page.locator(".verdict.genuine")).to_have_text("GENUINE by the keys given")
    page.fill("#log", "")
    page.locator("#log").blur()
    expect(page.locator(".verdict.sound")).to_contain_text("NOT SHOWN TO BE GENUINE")


def test_a_refusal_stands_where_the_verdict_stands_and_shows_no_leaves(
    page: Page, draft: Draft, bundle: Path
) -> None:
    bundle.write_bytes(bundle.read_bytes().replace(b'"stay_n":2', b'"stay_n":3'))
    enter(page, Trust.all_of(draft))
    page.set_input_files("#file", bundle)
    expect(page.locator(".verdict.refused")).to_contain_text("本次在区登记的条目有缺失、重复或移动")
    assert page.locator("#leaves tr").count() == 0


def test_the_report_is_saved_as_it_was_bundled(page: Page, draft: Draft, bundle: Path) -> None:
    enter(page, Trust.all_of(draft))
    page.set_input_files("#file", bundle)
    with page.expect_download() as download:
        page.click("#result .button")
    assert download.value.suggested_filename == "report.pdf"
    saved = Path(download.value.path()).read_bytes()
    assert saved == maker.base64.b64decode(draft.part("report")["data"])


def test_keys_are_kept_only_when_asked_and_a_bad_key_is_named(page: Page, draft: Draft, bundle: Path) -> None:
    enter(page, Trust.all_of(draft))
    page.reload()
    assert page.input_value("#log") == ""
    enter(page, Trust.all_of(draft))
    page.check("#keep")
    page.reload()
    assert page.input_value("#log") == maker.b64(draft.log_key)
    page.fill("#log", "not a key")
    page.set_input_files("#file", bundle)
    expect(page.locator(".verdict.refused")).to_contain_text("not a key")


@pytest.mark.parametrize("width", [390, 768, 1280])
def test_the_page_fits_its_screen(page: Page, draft: Draft, bundle: Path, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    enter(page, Trust.all_of(draft))
    page.set_input_files("#file", bundle)
    expect(page.locator(".verdict.genuine")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
