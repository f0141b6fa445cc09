"""How far each log is witnessed, by whom, and what the server's own log holds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from urllib.parse import urlencode

from caseserver.own_log import ACTIONS
from caseserver.store.audit import ROWS_MAX, Row
from caseserver.web.catalogue import catalogue
from caseserver.web.present.state import AreaPicture
from caseserver.web.present.words import Words
from caseserver.web.reader import Reader
from caseserver.web.views_proof import LogView, OwnLogPage, OwnRow, ProofPage, SecondView
from caseserver.witness import Standing
from custody.catalogue.forms import FORM_NAMES

VALUE_CHARS_MAX = 80


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
    detail = tuple((key, _value(value, reader)) for key, value in told if value not in ("", None))
    number = row.number or reader.t("proof.nobody")
    return OwnRow(
        _to_the_second(row.at_us, reader),
        number,
        action_words(row.action, reader),
        row.subject,
        detail,
        row.leaf,
    )


def _value(value: object, reader: Reader) -> str:
    """A form or a change of an account by its name; anything else as the log has it."""
    if isinstance(value, str) and value in FORM_NAMES:
        return reader.name(FORM_NAMES[value])
    change = value.replace(".", "_") if isinstance(value, str) else ""
    if catalogue().has("change", change):
        return reader.of("change", change)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
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
