"""Items, holders, limits as rows: what all property pages say of them in the same words. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from caseserver.web.present.state import AreaPicture
from caseserver.web.present.words import Words, holder_words, seal_of
from caseserver.web.property.views import Flag, Frame, ItemRow, LimitRow
from caseserver.web.reader import Reader
from caseserver.web.views import Count
from custody.items import Item
from custody.property_words import ITEM_KINDS, ITEM_STATES

SUBJECTS: Final = ("item", "compartment", "stocktaking", "case")
"""Units whose alarms and limits are about things that are kept; a case counts where it has things."""


def frame(states: Sequence[AreaPicture], chosen: AreaPicture, place: str, reader: Reader) -> Frame:
    """The head of a page; ``place`` is which of them it is, as in the address."""
    areas = tuple(
        (Words(s.area, s.world, reader).name(s.area.name), path(s.area.id, place), s is chosen)
        for s in states
    )
    silent_us = (chosen.health.heard_us or 0) if chosen.health.is_stale else None
    title = Words(chosen.area, chosen.world, reader).name(chosen.area.name)
    return Frame(chosen.area.id, title, areas, silent_us, place, chosen.health.reading is not None)


def path(area: str, place: str = "") -> str:
    """The address of a property page."""
    return f"/areas/{area}/property" + (f"/{place}" if place else "")


def item_path(area: str, ref: str) -> str:
    """The address of an item."""
    return f"/areas/{area}/items/{ref}"


def marks_of(item: Item, reader: Reader) -> tuple[str, ...]:
    """What is special about an item, in words."""
    told = (
        (item.valuable, reader.t("property.valuable")),
        (item.dangerous, reader.t("property.dangerous")),
        (item.cash, reader.t("property.cash")),
        (item.is_registered, reader.t("property.registered")),
        (item.is_unrelated, reader.t("property.unrelated")),
    )
    return tuple(word for is_so, word in told if is_so)


def row_of(item: Item, state: AreaPicture, reader: Reader) -> ItemRow:
    """One line of any list of items."""
    area = state.area.id
    return ItemRow(
        ref=item.ref,
        href=item_path(area, item.ref),
        kind=reader.code(ITEM_KINDS, item.kind),
        state=reader.code(ITEM_STATES, item.state),
        holder=holder_words(item.holder, state.area, reader),
        pieces=item.pieces,
        marks=marks_of(item, reader),
        case=item.case or "",
        case_href=path(area, f"cases/{item.case}") if item.case else "",
        stay=item.stay or "",
        stay_href=f"/stays/{area}/{item.stay}" if item.stay in state.world.stays else "",
        entered_us=item.entered_us,
        since_us=item.since_us,
        due=due_of(item, state, reader),
        seal=item.seal,
        tag=item.tag,
    )


def due_of(item: Item, state: AreaPicture, reader: Reader) -> Count | None:
    """Until when a loan runs, or since when it is overdue; it stands still while the clock is in doubt."""
    if item.state != "lent" or item.loan is None:
        return None
    return count_to(item.loan.due_us, state, reader)


def count_to(due_us: int, state: AreaPicture, reader: Reader) -> Count:
    """The time left, or gone since."""
    return Count("left" if due_us > reader.now_us else "gone", due_us, frozen=state.is_frozen)


# ---------------------------------------------------------------- alarms and limits


def limits_of(state: AreaPicture, subjects: Iterable[str], reader: Reader) -> tuple[LimitRow, ...]:
    """Alarms that stand and limits that run about these subjects, the most urgent first."""
    wanted = frozenset(subjects)
    return tuple(row for row in limits(state, reader, with_cases=True) if row.subject in wanted)


def limits(state: AreaPicture, reader: Reader, *, with_cases: bool = False) -> tuple[LimitRow, ...]:
    """All of them. An alarm stands before the limit it is of, and a limit that has its alarm is not told twice."""
    words = Words(state.area, state.world, reader)
    rows = []
    told: set[tuple[str, str, str]] = set()
    for alarm in state.alarms:
        if alarm.is_active and is_about_things(alarm.subject, state, with_cases=with_cases):
            told.add((alarm.rule, alarm.variant, alarm.subject))
            flag: Flag = "soon" if alarm.is_prewarning else "act"
            rows.append(
                LimitRow(
                    alarm.subject, subject_path(state.area.id, alarm.subject), words.text(alarm, "soon" if alarm.is_prewarning else "what"),
                    words.article(alarm.article), seal_of(alarm.number_basis), flag, count_to(alarm.due_us, state, reader),
                    alarm.due_us, f"/alarms/{state.area.id}/{alarm.ref}",
                )
            )  # fmt: skip
    for duty in state.duties:
        is_told = (duty.rule, duty.variant, duty.subject) in told
        if is_told or not is_about_things(duty.subject, state, with_cases=with_cases):
            continue
        text = duty.text.get(reader.language) or duty.text.get("zh") or {}
        said = text.get("do") or text.get("what") or duty.rule
        count, href = count_to(duty.ends_us, state, reader), subject_path(state.area.id, duty.subject)
        rows.append(LimitRow(duty.subject, href, said, "", seal_of(duty.basis), "", count, duty.ends_us))
    order = {"act": 0, "soon": 1, "": 2}
    return tuple(sorted(rows, key=lambda row: (order[row.flag], row.at_us, row.subject, row.text)))


def is_about_things(subject: str, state: AreaPicture, *, with_cases: bool) -> bool:
    """Whether an alarm or a limit is about things that are kept; of a case only where it has things."""
    kind, _, ref = subject.partition(":")
    return kind in SUBJECTS and (kind != "case" or (with_cases and ref in state.world.items.by_case))


def subject_path(area: str, subject: str) -> str:
    """The page of what an alarm is about."""
    kind, _, ref = subject.partition(":")
    if kind == "item":
        return item_path(area, ref)
    if kind == "compartment":
        return path(area, f"items?q={ref}")
    return path(area, f"cases/{ref}") if kind == "case" else path(area, "counts")
