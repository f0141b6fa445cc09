"""The words of a message about an alarm: where, what, what to do now, where to answer. What the wall shows, and no more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from caseserver.alarms import Alarm
from caseserver.area_view import AreaView
from caseserver.notify.deliveries import ANSWERED, Delivery
from caseserver.notify.ghost_watch import RUN as GHOST_RUN
from caseserver.notify.message import ANSWER, CALL, Message
from caseserver.notify_settings import Language, Notify
from caseserver.web.present.words import Words
from caseserver.web.reader import Reader


def composer(
    area: Callable[[str], AreaView], now_us: Callable[[], int], notify: Notify
) -> Callable[[Alarm, Delivery, Language], Message]:
    """What makes messages of this station. `area`: id -> the area as it is now."""

    def compose(alarm: Alarm, delivery: Delivery, language: Language) -> Message:
        view = area(alarm.area)
        reader = Reader(now_us(), view.area.timezone, language)
        post = notify.steps[delivery.step - 1].post if 0 < delivery.step <= len(notify.steps) else ""
        return message(alarm, delivery, Words(view.area, view.engine_world, reader), post, notify.link)

    return compose


def message(alarm: Alarm, delivery: Delivery, words: Words, post: str, link: str) -> Message:
    """One alarm for one receiver. `post`: who is called at this step, "" where it only tells that somebody answered."""
    reader = words.reader
    where, who = words.subject(alarm.subject, alarm.room)
    what, todo, article = words.text(alarm, "what"), words.text(alarm, "do"), words.article(alarm.article)
    href = f"{link.rstrip('/')}/alarms/{alarm.area}/{alarm.ref}" if link else ""
    is_answer = delivery.step == ANSWERED
    data: dict[str, Any] = {
        "area": alarm.area, "alarm": alarm.id, "rule": f"{alarm.rule}/{alarm.variant}", "severity": alarm.severity,
        "stay": alarm.stay, "room": alarm.room, "where": where, "who": who, "what": what, "do": todo, "article": article,
        "raised_us": alarm.raised_us, "is_over": not alarm.is_active, "step": delivery.step, "post": post,
        "attempt": delivery.attempts, "because": delivery.because, "link": href, "synthetic": delivery.run == GHOST_RUN,
        "answered_by": _answerer(alarm) if is_answer else "",
    }  # fmt: skip
    mark = alarm.severity
    if is_answer or delivery.run == GHOST_RUN:
        mark = reader.t("telling.answered_mark") if is_answer else reader.t("telling.drill_mark")
    title = f"[{mark}] " + " · ".join(part for part in (where, who, what) if part)
    lines = _answered(alarm, reader) if is_answer else _call(alarm, delivery, reader, data)
    text = "\n".join([f"{where} {who}".strip(), what, *lines])
    return Message(delivery.id, title, text, data, ANSWER if is_answer else CALL)


def _answered(alarm: Alarm, reader: Reader) -> list[str]:
    return [reader.t("telling.answered", badge=_answerer(alarm))]


def _answerer(alarm: Alarm) -> str:
    return alarm.taken_by or alarm.acknowledged_by or alarm.rectified_by or alarm.aside_by


def _call(alarm: Alarm, delivery: Delivery, reader: Reader, data: dict[str, Any]) -> list[str]:
    post = reader.of("post", data["post"]) if data["post"] else ""
    lines = [reader.t("telling.drill")] if delivery.run == GHOST_RUN else []
    lines += [
        reader.t("telling.do", todo=data["do"]),
        reader.t(
            "telling.step",
            step=delivery.step,
            post=post,
            since=reader.clock(alarm.graver_us or alarm.raised_us),
        ),
    ]
    lines += [reader.t("telling.article", article=data["article"])] if data["article"] else []
    lines += [reader.t("telling.over")] if not alarm.is_active else []
    lines += [reader.t("telling.again", attempt=delivery.attempts)] if delivery.attempts > 1 else []
    link = data["link"]
    return [*lines, reader.t("telling.answer", link=link) if link else reader.t("telling.answer_desk")]
