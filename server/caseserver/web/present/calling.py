"""Who was called about an alarm: each step, each message, and the human who answered."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from caseserver.notify.deliveries import ACCEPTED, DROPPED, SENDING, Delivery
from caseserver.notify.ladder import NOBODY, Run, Rung, next_call
from caseserver.web.reader import Reader
from caseserver.web.views_notify import Called, Calling, Told

Row = Mapping[Any, Any]


def calling(
    runs: Sequence[Row], rows: Iterable[Row], rungs: Sequence[Rung], empty: Collection[str], reader: Reader
) -> Calling | None:
    """The newest run out of the store's rows; None when nobody was called. ``empty``: posts without anybody on duty."""
    if not runs:
        return None
    run = Run(**runs[-1])
    deliveries = [found for row in rows if (found := Delivery(**row)).run == run.number]
    steps = []
    for step, rung in enumerate(rungs[: run.called], 1):
        mine = [delivery for delivery in deliveries if delivery.step == step]
        if mine or run.severity in rung.after_us:
            at_us = min((delivery.created_us for delivery in mine), default=None)
            told = tuple(_told(delivery, reader) for delivery in mine)
            steps.append(Called(step, reader.of("post", rung.post), at_us, told=told))
    due = next_call(rungs, run, empty) if run.answered_us is None else None
    if due is not None:
        step, at_us, why = due
        post = reader.of("post", rungs[step - 1].post)
        steps.append(
            Called(step, post, next_us=at_us, why=reader.t("calling.nobody") if why == NOBODY else "")
        )
    return Calling(tuple(steps), _answer(run, reader), run.answered_us, run.number)


def _answer(run: Run, reader: Reader) -> str:
    if run.answered_us is None:
        return ""
    if run.answered_by is None:
        return reader.t("calling.gone")
    return reader.t("calling.answered", badge=run.answered_by)


def _told(delivery: Delivery, reader: Reader) -> Told:
    tries = reader.t("calling.tries", count=delivery.attempts) if delivery.attempts > 1 else ""
    if delivery.state == ACCEPTED:
        is_page = delivery.receiver == "page"
        word = reader.t("calling.shown") if is_page else reader.t("calling.accepted")
        return Told(delivery.receiver, "done", word, delivery.accepted_us, tries)
    if delivery.state == DROPPED:
        return Told(delivery.receiver, "done", reader.t("calling.dropped"), None, delivery.problem)
    if delivery.problem:
        return Told(
            delivery.receiver,
            "bad",
            reader.t("calling.failed"),
            delivery.sent_us,
            f"{tries} {delivery.problem}".strip(),
        )
    if delivery.state == SENDING:
        return Told(delivery.receiver, "now", reader.t("calling.sending"), delivery.sent_us, tries)
    if delivery.receiver == "page":
        return Told(delivery.receiver, "bad", reader.t("calling.no_page"))
    return Told(delivery.receiver, "now", reader.t("calling.waiting"), None, tries)
