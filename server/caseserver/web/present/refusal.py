"""Why a form was refused, in the reader's language and by which article: the gateway's reason is a code with its two sides."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from caseserver.web.catalogue import catalogue
from caseserver.web.present.state import AreaPicture
from caseserver.web.present.words import Words, seal_of
from caseserver.web.reader import Reader
from caseserver.web.views import Refusal
from custody.catalogue import FACT_TYPES
from custody.refusal_words import said
from custody.vocabulary import GROUNDS, MEASURES, ROLES

_OR = re.compile(r" or | \| |, ")
_AROUND = re.compile(r"^(phase |more than )?(.*?)( approved first| first| in force| after it)?$")
_PLACES = ("room", "door", "recorder", "node")


def refusal_of(body: Mapping[str, Any], state: AreaPicture, reader: Reader) -> Refusal:
    """The page's words for the body of a `fact.refused` leaf."""
    words = Words(state.area, state.world, reader)
    code = str(body.get("reason", "")).partition(" ")[0]
    expected, found = _said(str(body.get("expected", "")), words), _said(str(body.get("found", "")), words)
    article = body.get("article") or {}
    is_wordy = isinstance(article, Mapping) and bool(article)
    return Refusal(
        title=reader.t("form.refused"),
        reason=_reason(code, body, expected, found, state, reader),
        article=words.article(article) if is_wordy else "",
        seal=seal_of(str(body.get("basis", "local"))) if is_wordy else "",
    )


def _reason(
    code: str, body: Mapping[str, Any], expected: str, found: str, state: AreaPicture, reader: Reader
) -> str:
    rule_id = str(body.get("rule", ""))
    told = [r for r in state.rulebook.rules if r.id == rule_id and r.title.en == body.get("expected")]
    if told:  # a rule that would be broken: its own words say it best
        text = told[0].text[reader.language]
        return reader.t("record.against", what=text["what"], do=text["do"])
    if body.get("found") == "not done":  # a step that the law puts first
        return reader.t("record.first", what=expected)
    if catalogue().has("refused", code):
        return reader.of("refused", code, expected=expected, found=found)
    return reader.t("form.refused_reason", expected=expected, found=found)


def _said(text: str, words: Words) -> str:
    """Codes in a reason by their names; whatever is no code stands as it is."""
    who, colon, roles = text.partition(": ")
    if colon and all(part in ROLES for part in _OR.split(roles)):
        return f"{who}{words.reader.t('page.colon')}{_said(roles, words)}"
    return words.reader.t("page.or").join(_one(part, words) for part in _OR.split(text))


def _one(part: str, words: Words) -> str:
    reader = words.reader
    match = _AROUND.match(part)
    assert match is not None, "expected a pattern that takes any text"
    code = match[2]
    if catalogue().has("phase", code):
        return reader.of("phase", code)
    for names in (ROLES, GROUNDS, MEASURES):
        if code in names:
            return reader.code(names, code)
    if code.partition(":")[0] in FACT_TYPES or code == "searched":
        return words.step(code)
    limit = words.limit(code)
    return limit if limit != code else said(part, reader.language, words.area.zone)
