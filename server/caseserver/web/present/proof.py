"""How far each log is witnessed, by whom, and what the server's own log holds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlencode

from caseserver.access import ROUTES
from caseserver.notify.deliveries import AFTER_FAILURE, FIRST, UNKNOWN
from caseserver.notify.duty import EXPIRED, LEFT
from caseserver.notify.ladder import DUE, NOBODY
from caseserver.own_log import ACTIONS
from caseserver.store.audit import ROWS_MAX, Row
from caseserver.web.catalogue import catalogue
from caseserver.web.present.state import AreaPicture
from caseserver.web.present.words import Words
from caseserver.web.reader import Reader
from caseserver.web.views_proof import LogView, OwnLogPage, OwnRow, ProofPage, SecondView
from caseserver.witness import Standing
from custody.catalogue.forms import FORM_NAMES
from custody.vocabulary import ROLES

VALUE_CHARS_MAX = 80
DETAIL_KEYS: Final = (
    "sha256", "config_hash", "rulebook_hash", "begun_anew",
    "what", "action", "type", "id", "area", "field", "fields", "status", "run", "step", "steps", "post", "why", "because",
    "severity", "receiver", "attempt", "problem", "answer", "from", "to", "stood_open", "alarms", "change", "kind", "roles",
    "factor", "token", "scopes", "days", "sessions", "night", "seconds", "missing", "stay", "stays", "items", "paper",
    "reason", "ground", "disclosed", "leaves", "base", "rulebook", "is_bundled", "is_approved",
)  # fmt: skip
"""What an entry tells besides, where the page has a word for it; a version keeps its own name."""
DETAIL_VALUES: Final = (
    {access.what for access in ROUTES.values() if access.what}
    | {
        "particulars",
        "particulars_search",
        "item",
        "paper",
        "own_log",
        "whatif",
        "log",
        "undeclared",
        DUE,
        NOBODY,
        LEFT,
        EXPIRED,
    }
    | {
        FIRST,
        AFTER_FAILURE,
        UNKNOWN,
        "taken",
        "acknowledged",
        "rectified",
        "closed",
        "gone",
        "shelved",
        "out_of_service",
    }
    | {"wrong", "locked", "busy", "password", "code", "recovery", "enrol", "gateway", "true", "false"}
)
"""Words of ours that stand in an entry."""
_OWN: Final = "own_value"
_FAMILIES: Final = {
    "what": _OWN, "why": _OWN, "because": _OWN, "answer": _OWN, "problem": _OWN, "factor": _OWN, "missing": _OWN,
    "post": "post", "kind": "change", "scopes": "scope",
}  # fmt: skip


def proof_page(
    states: Sequence[tuple[AreaPicture, int, int]], own_size: int, standings: Sequence[Standing], forks: Sequence[str],
    reader: Reader, own_href: str,
) -> ProofPage:  # fmt: skip
    """``states``: each area with the leaves held and the leaves its gateway has besides."""
    logs = [_gateway_log(*one, standings, reader) for one in states]
    newest = _newest_of_own(standings)
    since = own_size - (newest.size or 0) if newest is not None else own_size
    until = _stamp(newest, reader) if newest is not None else ""
    own = _seconds(standings, "server", own_size, reader)
    logs.append(LogView(reader.t("proof.own_log"), own_size, until, _tail(since, reader), since == 0, own))
    return ProofPage(tuple(logs), tuple(forks), bool(own), own_href)


def _gateway_log(
    state: AreaPicture, size: int, behind: int, standings: Sequence[Standing], reader: Reader
) -> LogView:
    name = Words(state.area, state.world, reader).name(state.area.name)
    at_us = state.health.witnessed_us
    until = _to_the_second(at_us, reader) if at_us else ""
    seconds = _seconds(standings, state.area.gateway, size, reader)
    return LogView(name, size, until, _tail(behind, reader), behind == 0, seconds)


def _newest_of_own(standings: Sequence[Standing]) -> Standing | None:
    mine = (one for one in standings if one.log == "server" and one.size)
    return max(mine, key=lambda one: one.size or 0, default=None)


def own_log_page(
    rows: Sequence[tuple[int, Row]], words: str, action: str, entries: int, waiting: int,
    standings: Sequence[Standing], reader: Reader,
) -> OwnLogPage:  # fmt: skip
    """``rows``: (id, row), the newest first."""
    newest = max(
        (s for s in standings if s.log == "server" and s.size), key=lambda s: s.size or 0, default=None
    )
    older = ""
    if len(rows) == ROWS_MAX:
        older = "/own-log?" + urlencode({"words": words, "action": action, "before": rows[-1][0]})
    named = sorted(((name, action_words(name, reader)) for name in ACTIONS), key=lambda pair: pair[1])
    return OwnLogPage(
        tuple(_row(row, reader) for _, row in rows), words, action, tuple(named), older, entries,
        _stamp(newest, reader) if newest is not None else "", waiting,
    )  # fmt: skip


def action_words(action: str, reader: Reader) -> str:
    """``account.logged_in`` in words; what the log says of itself too."""
    value = action.replace(".", "_")
    return reader.of("own_action", value) if catalogue().has("own_action", value) else action


def _row(row: Row, reader: Reader) -> OwnRow:
    told = json.loads(row.detail).items()
    detail = tuple(
        (_of("own_key", key, reader), _value(key, value, reader))
        for key, value in told
        if value not in ("", None, [])
    )
    # of a change that two signed
    number = (row.number or reader.t("proof.nobody")).replace(" and ", reader.t("page.list"))
    return OwnRow(
        _to_the_second(row.at_us, reader),
        number,
        action_words(row.action, reader),
        _of("post", row.subject, reader),
        detail,
        row.leaf,
    )


def _of(family: str, value: str, reader: Reader) -> str:
    """The words of the catalogue; what it has none for stands as the log has it."""
    return reader.of(family, value) if catalogue().has(family, value) else value


def _value(key: str, value: object, reader: Reader) -> str:
    """A form, a change of an account, a post, a role or a word of ours by its name; anything else as the log has it."""
    if isinstance(value, list):
        text = reader.t("page.list").join(_value(key, one, reader) for one in value)
    elif isinstance(value, bool):
        text = reader.of(_OWN, "true" if value else "false")
    elif not isinstance(value, str):
        text = json.dumps(value, ensure_ascii=False)
    elif value in FORM_NAMES:
        text = reader.name(FORM_NAMES[value])
    elif key == "roles":
        text = reader.code(ROLES, value)
    else:
        text = _of(_FAMILIES.get(key, ""), value.replace(".", "_"), reader)
        text = value if text == value.replace(".", "_") else text
    return text if len(text) <= VALUE_CHARS_MAX else text[:VALUE_CHARS_MAX] + "…"


def _seconds(
    standings: Sequence[Standing], log: str, size: int, reader: Reader
) -> tuple[SecondView, ...]:  # fmt: skip
    return tuple(_second(one, size, reader) for one in standings if one.log == log)


def _second(one: Standing, size: int, reader: Reader) -> SecondView:
    if one.size is None:
        return SecondView(one.witness, reader.t("proof.never"), "", False)
    since = size - one.size
    return SecondView(one.witness, _stamp(one, reader), _tail(since, reader), since == 0)


def _stamp(one: Standing, reader: Reader) -> str:
    return _to_the_second((one.time_s or 0) * 1_000_000, reader)


def _to_the_second(at_us: int, reader: Reader) -> str:
    return f"{reader.day(at_us)} {reader.stamp(at_us)}"


def _tail(leaves: int, reader: Reader) -> str:
    return reader.t("proof.tail", count=leaves) if leaves else reader.t("proof.no_tail")
