"""What a refusal about a thing that is kept expected and found, by the names of its codes: `taken or kept` is 已提取，待移交或保管员持有.

Whatever is no code stands as it is.
"""

import re
from datetime import UTC, datetime, tzinfo
from typing import Final

from custody.name import Name
from custody.property_words import DESTINATIONS, DISPOSALS, HOLDERS, ITEM_KINDS, ITEM_STATES
from custody.times import SECOND_US

_NAMES: Final = {
    **DESTINATIONS, **DISPOSALS, **HOLDERS, **ITEM_STATES, **ITEM_KINDS,
    "none": Name("没有", "none"), "nobody": Name("没有人", "nobody"), "run out": Name("批准的期限已过", "an approval that has run out"),
    "another kind": Name("另一类财物", "another kind of thing"), "a loan that was approved": Name("经批准的调用", "a loan that was approved"),
    "no stay": Name("不写在区编号", "no stay"), "somebody who did not take it": Name("没有经手提取的人", "somebody who did not take it"),
}  # fmt: skip
_INSTANT: Final = re.compile(r"(?P<later>after )?(?P<us>\d{15,16})")


def said(text: str, language: str, zone: tzinfo) -> str:
    """One side of a refusal, `zh` or `en`; instants by the clock of the area."""
    return _in(Name("或", " or "), language).join(_one(part, language, zone) for part in text.split(" or "))


def _in(name: Name, language: str) -> str:
    return name.zh if language == "zh" else name.en


def _one(part: str, language: str, zone: tzinfo) -> str:
    written = _INSTANT.fullmatch(part)
    if written is not None:
        moment = datetime.fromtimestamp(int(written["us"]) // SECOND_US, UTC).astimezone(zone)
        later = _in(Name("晚于 ", "after "), language) if written["later"] else ""
        return f"{later}{moment:%Y-%m-%d %H:%M}"
    if part in _NAMES:
        return _in(_NAMES[part], language)
    kind, colon, ref = part.partition(":")
    if colon and kind in HOLDERS and not ref.startswith(" "):
        return f"{_in(HOLDERS[kind], language)} {ref}"
    what, _, state = part.partition(" ")
    if what in ITEM_KINDS and state in ITEM_STATES:
        both = (ITEM_KINDS[what], ITEM_STATES[state])
        return _in(Name("，", ", "), language).join(_in(name, language) for name in both)
    return part
