"""What a refusal about a thing expected and found is said in both languages, whatever code or moment it names."""

import pytest

from custody.refusal_words import said
from tests.custody.support import area, at


@pytest.mark.parametrize(
    ("side", "zh", "en"),
    [
        ("taken or kept", "已提取，待移交或保管员持有", "Taken, not yet with the keeper or With the keeper"),
        ("exhibit stored", "涉案财物，在柜", "Exhibit, In its compartment"),
        ("keeper:0211", "保管员 0211", "Keeper 0211"),
        ("run out", "批准的期限已过", "an approval that has run out"),
        (f"after {at('09:00')}", "晚于 2026-03-18 09:00", "after 2026-03-18 09:00"),
        (str(at("23:30")), "2026-03-18 23:30", "2026-03-18 23:30"),
        ("5", "5", "5"),
        ("0211: case_officer", "0211: case_officer", "0211: case_officer"),  # roles are the page's to name
    ],
)
def test_codes_and_moments_are_named(side: str, zh: str, en: str) -> None:
    assert (said(side, "zh", area().zone), said(side, "en", area().zone)) == (zh, en)
