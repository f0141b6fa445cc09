"""The words of a message about an alarm: where, what, what to do now, where to answer. What the wall shows, and no more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from caseserver.alarms import Alarm
from caseserver.area_view import AreaView
from caseserver.notify.deliveries import Delivery
from caseserver.notify.ghost_watch import RUN as GHOST_RUN
from caseserver.notify.message import Message
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
        post = notify.steps[delivery.step - 1].post if delivery.step <= len(notify.steps) else ""
        return message(alarm, delivery, Words(view.area, view.engine_world, reader), post, notify.link)

    return compose


def message(alarm: Alarm, delivery: Delivery, words: Words, post: str, link: str) -> Message:
    """One alarm for one receiver. `post`: who is called at this step."""
    reader = words.reader
    where, who = words.subject(alarm.subject, alarm.room)
    what, todo, article = words.text(alarm, "what"), words.text(alarm, "do"), words.article(alarm.article)
    href = f"{link.rstrip('/')}/alarms/{alarm.area}/{alarm.ref}" if link else ""
    since = reader.clock(alarm.raised_us)
    lines = [
        f"{where} {who}".strip(),
        what,
        reader.t("telling.do", todo=todo),
        reader.t(
            "telling.step", step=delivery.step, post=reader.of("post", post) if post else "", since=since
        ),
    ]
    lines += [reader.t("telling.article", article=article)] if article else []
    lines += [reader.t("telling.over")] if not alarm.is_active else []
    lines += [reader.t("telling.again", attempt=delivery.attempts)] if delivery.attempts > 1 else []
    lines += [reader.t("telling.answer", link=href)] if href else [reader.t("telling.answer_desk")]
    if delivery.run == GHOST_RUN:
        lines = [reader.t("telling.drill"), *lines]
    mark = reader.t("telling.drill_mark") if delivery.run == GHOST_RUN else alarm.severity
    title = f"[{mark}] " + " · ".join(part for part in (where, who, what) if part)
    data: dict[str, Any] = {
        "area": alarm.area, "alarm": alarm.id, "rule": f"{alarm.rule}/{alarm.variant}", "severity": alarm.severity,
        "stay": alarm.stay, "room": alarm.room, "where": where, "who": who, "what": what, "do": todo, "article": article,
        "raised_us": alarm.raised_us, "is_over": not alarm.is_active, "step": delivery.step, "post": post,
        "attempt": delivery.attempts, "because": delivery.because, "link": href, "synthetic": delivery.run == GHOST_RUN,
    }  # fmt: skip
    return Message(delivery.id, title, "\n".join(lines), data)
