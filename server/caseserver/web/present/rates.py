"""The page of alarm rates: what this desk had to take in, beside the figures of the standards and our own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from caseserver.alarm_rates import Called, Rates, called_of, rates
from caseserver.alarms import Alarm
from caseserver.web.present.cards import alarm_card
from caseserver.web.present.state import AreaPicture
from caseserver.web.reader import Reader
from caseserver.web.views_alarms import RateRow, RateSource, RatesPage

HOUR_US: Final = 3_600_000_000
SPANS: Final[Mapping[int, int]] = {1: 1, 7: 6, 30: 24}
"""Days that may be looked at -> hours of one bar."""


def rates_page(
    states: Sequence[AreaPicture], raised: Mapping[str, Sequence[Alarm]], days: int, reader: Reader
) -> RatesPage:
    """``raised``: area -> its alarms raised within ``days`` before now; ``days``: a key of SPANS."""
    step_us = SPANS[days] * HOUR_US
    to_us = -(-reader.now_us // step_us) * step_us
    found: list[Called] = []
    for state in states:
        found += called_of(state.area, state.rulebook, raised[state.area.id])
    had = rates(found, states[0].area.alarms, to_us - days * 24 * HOUR_US, to_us, step_us)
    by_area = {state.area.id: state for state in states}
    return RatesPage(
        days=days,
        spans=tuple(SPANS),
        had=had,
        rows=tuple(_rows(had, days, reader)),
        sources=tuple(_source(one, count, by_area[one.area], reader) for one, count in had.sources),
        step_h=SPANS[days],
    )


def _source(one: Called, count: int, state: AreaPicture, reader: Reader) -> RateSource:
    card = alarm_card(one.alarm, state, reader)
    return RateSource(f"{card.where} {card.who}".strip(), card.what, card.href, card.mark, count)


def _rows(had: Rates, days: int, reader: Reader) -> list[RateRow]:
    """Each figure: what it was here, our target, what the standards say, whether the target was kept."""
    t = reader.t
    hours = days * 24
    share = t("rates.percent", value=_short(100 * had.flood_share))
    false = t("rates.percent", value=_short(100 * had.mistaken / had.handled)) if had.handled else "—"
    worst = f"{had.worst}" + (f" · {reader.day_and_clock(had.worst_us)}" if had.worst_us is not None else "")
    answer = reader.duration(had.answer_us // 1_000_000, exact=True) if had.answer_us is not None else "—"
    mix = " · ".join(f"{name} {had.severities.get(name, 0)}" for name in ("S1", "S2", "S3", "S4"))
    return [
        RateRow(t("rates.called"), f"{had.called}", t("rates.called_ours"), t("rates.called_standard"), had.called <= hours),
        RateRow(t("rates.average"), _short(had.per_ten_minutes), t("rates.average_ours"), t("rates.average_standard"),
                had.called <= hours),
        RateRow(t("rates.worst"), worst, t("rates.worst_ours"), t("rates.worst_standard"), had.worst <= 3),
        RateRow(t("rates.flood"), share, t("rates.flood_ours"), t("rates.flood_standard"), had.flood_us == 0),
        RateRow(t("rates.chatter"), f"{had.chattering}", "0", "0", had.chattering == 0),
        RateRow(t("rates.standing"), f"{had.standing}", "0", t("rates.standing_standard"), had.standing == 0),
        RateRow(t("rates.false"), false, t("rates.false_ours"), "—", had.mistaken * 20 <= had.handled),
        RateRow(t("rates.answer"), answer, t("rates.answer_ours"), "—", (had.answer_us or 0) <= 30_000_000),
        RateRow(t("rates.mix"), mix, "—", t("rates.mix_standard"), None),
        RateRow(t("rates.under"), f"{had.under}", "—", "—", None),
    ]  # fmt: skip


def _short(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
