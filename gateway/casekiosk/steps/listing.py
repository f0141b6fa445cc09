"""Items are listed and photographed. One photo is of everything on the list that has none yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from casekiosk import words
from casekiosk.drafts import Draft, Item
from casekiosk.labels import item_code
from casekiosk.limits import ITEMS_MAX
from casekiosk.screens import Editing, Labels, Line, Listing, NoPhoto, TheirSide, View
from casekiosk.steps.base import NotNow, Step
from custody.fields import is_ref
from custody.name import Name
from custody.property_words import KEEPING_GROUNDS, NO_PHOTO

if TYPE_CHECKING:
    from casekiosk.asking import Ask, Language
    from casekiosk.desk import Desk

TITLES: Final = (
    "phone", "wallet", "cash", "keys", "belt", "watch", "papers", "bank_card", "jewellery", "lighter", "medicine", "bag",
)  # fmt: skip
"""What lies on most tables, one touch each; anything else is typed."""
COMMA: Final = "，"
_VALUABLE: Final = ("jewellery",)
_CASH: Final = ("cash",)
MARKS: Final = ("valuable", "dangerous", "cash")
PIECES_MAX: Final = 9_999
TITLE_CHARS_MAX: Final = 40
FEATURES_CHARS_MAX: Final = 120


def line_of(number: int, item: Item) -> Line:
    """One item as the screens show it."""
    marks = tuple(mark for mark in MARKS if getattr(item, mark))
    return Line(
        number, item.ref, item.title, item.features, item.pieces, marks, item.seal, item.photo, item.no_photo,
        item.is_chosen, item.condition, item.compartment, item.is_missing, item.away,
        item.by_ledger,
    )  # fmt: skip


def lines_of(draft: Draft) -> tuple[Line, ...]:
    """The chosen items, numbered from 1."""
    return tuple(line_of(number, item) for number, item in enumerate(draft.chosen, 1))


class List(Step):
    """Adding, changing, taking off, photographing; goes on when each item has its photo or the reason why not."""

    def act(self, desk: Desk, action: str, ask: Ask) -> None:
        """One touch."""
        draft = desk.draft
        assert draft is not None
        match action:
            case "add" if desk.task.name == "put_in":
                self._add(desk, ask.fields.get("title", "").strip())
            case "edit":
                desk.chosen_line = self._index(draft, ask)
                desk.page = "edit"
            case "save":
                self._save(desk, ask)
            case "remove" if desk.task.name == "put_in":
                draft.items.remove(draft.chosen[self._index(draft, ask)])
                desk.page = ""
                desk.keep()
            case "photo":
                self._photo(desk, ask.data or b"")
            case "no_photo":
                desk.page = "no_photo"
            case "no_photo_because":
                self._no_photo(desk, ask.fields.get("reason", ""))
            case "theirs":
                desk.page = "theirs:" + ("en" if ask.fields.get("language") == "en" else "zh")
            case "back" if desk.task.name != "put_in":
                desk.back()
            case "back" if draft.items:
                desk.page = "drop"
            case "back":
                desk.finish()
            case "go":
                self._go(desk, ask.fields.get("reason", ""))

    def _add(self, desk: Desk, title: str) -> None:
        draft = desk.draft
        assert draft is not None
        if not 0 < len(title) <= TITLE_CHARS_MAX:
            raise NotNow("no_title")
        if len(draft.items) >= ITEMS_MAX:
            raise NotNow("list_full", expected=str(ITEMS_MAX))
        item = Item(
            desk.tools.new_ref("i"), title, stay=draft.stay, valuable=title in _VALUABLE, cash=title in _CASH
        )
        draft.items.append(item)
        desk.keep()

    def _index(self, draft: Draft, ask: Ask) -> int:
        number = ask.fields.get("number", "")
        if not number.isdecimal() or not 0 < int(number) <= len(draft.chosen):
            raise NotNow("no_such_line", found=number[:8])
        return int(number) - 1

    def _save(self, desk: Desk, ask: Ask) -> None:
        draft, fields = desk.draft, ask.fields
        assert draft is not None
        item = draft.chosen[self._index(draft, ask)]
        pieces, seal = fields.get("pieces", "1"), fields.get("seal", "").strip()
        if not pieces.isdecimal() or not 0 < int(pieces) <= PIECES_MAX:
            raise NotNow("bad_pieces", expected=f"1-{PIECES_MAX}", found=pieces[:8])
        if seal and not is_ref(seal):
            raise NotNow("bad_seal", found=seal[:20])
        item.title = words.code_of("title", fields.get("title", "").strip()[:TITLE_CHARS_MAX]) or item.title
        item.features = _coded(fields.get("features", "")[:FEATURES_CHARS_MAX])
        item.pieces, item.seal = int(pieces), seal
        item.valuable, item.dangerous, item.cash = (fields.get(mark) == "1" for mark in MARKS)
        desk.page = ""
        desk.keep()

    def _photo(self, desk: Desk, data: bytes) -> None:
        draft = desk.draft
        assert draft is not None
        wanting = [item for item in draft.chosen if not item.is_seen]
        if not wanting:
            raise NotNow("nothing_to_photograph")
        digest = desk.tools.enclose("photo", data, *draft.owner, wanting[0].ref if len(wanting) == 1 else "")
        if digest is None:
            raise NotNow("photo_not_kept")
        for item in wanting:
            item.photo = digest
        draft.photos += 1
        desk.keep()

    def _no_photo(self, desk: Desk, reason: str) -> None:
        draft = desk.draft
        assert draft is not None
        if reason not in NO_PHOTO:
            raise NotNow("no_reason", found=reason[:20])
        for item in draft.chosen:
            if not item.is_seen:
                item.no_photo = reason
        desk.page = ""
        desk.keep()

    def _go(self, desk: Desk, ground: str) -> None:
        draft = desk.draft
        assert draft is not None
        if not draft.chosen:
            raise NotNow("nothing_listed")
        if desk.task.name == "put_in" and not all(item.is_seen for item in draft.chosen):
            raise NotNow("not_photographed")
        if desk.task.name == "put_in":
            self._state_ground(draft, ground)
            self._describe(desk)
        desk.advance()

    def _state_ground(self, draft: Draft, ground: str) -> None:
        """Why nobody collects what is listed, as the officer says with the touch that goes on; what was said before stands."""
        stated = ground or draft.kept_because
        if stated not in KEEPING_GROUNDS:
            raise NotNow("no_reason", found=stated[:20])
        draft.kept_because = stated

    def _describe(self, desk: Desk) -> None:
        """Words of each item to the server, sealed; the log holds commitments."""
        draft = desk.draft
        assert draft is not None
        for item in draft.chosen:
            for name in ("title", "features", "serial"):
                told = _in_words(name, getattr(item, name))
                if told and name not in item.described:
                    digest = desk.tools.enclose(name, told.encode(), draft.stay, draft.case, item.ref)
                    if digest is not None:
                        item.described[name] = digest
        desk.remember(draft.stay or draft.case, draft.chosen)

    def show(self, desk: Desk) -> View:
        """The list; or one item, the reasons, the person's own side."""
        draft = desk.draft
        assert draft is not None
        lines = lines_of(draft)
        wanting = sum(not item.is_seen for item in draft.chosen)
        if desk.page == "edit" and desk.chosen_line < len(lines):
            return Editing(lines[desk.chosen_line])
        if desk.page == "no_photo":
            return NoPhoto(tuple(NO_PHOTO), wanting)
        if desk.page.startswith("theirs:"):
            return their_side(desk)
        return Listing(
            draft.stay or draft.other, lines, TITLES if desk.task.name == "put_in" else (), wanting,
            desk.tools.can_photograph(), draft.photos, len(lines) >= ITEMS_MAX,
            tuple(KEEPING_GROUNDS) if desk.task.name == "put_in" and lines and not wanting else (), draft.kept_because,
        )  # fmt: skip


def their_side(desk: Desk) -> TheirSide:
    """The list for the person, in the language that is asked for, with what the site quotes to them."""
    draft = desk.draft
    assert draft is not None
    is_english = desk.page.endswith("en")
    notice = desk.house.notice
    quoted = "" if notice is None else (notice.en if is_english else notice.zh)
    source = "" if notice is None else notice.source
    language: Language = "en" if is_english else "zh"
    return TheirSide(draft.stay, lines_of(draft), language, quoted, source, draft.kept_because)


def _coded(features: str) -> str:
    """Features with what has a code as that: shown in whatever language they are read in."""
    parts = [part.strip() for part in features.replace(", ", COMMA).split(COMMA)]
    return COMMA.join(words.code_of("colour", part) for part in parts if part)


def _in_words(name: str, text: str) -> str:
    """A title or features in Chinese, as the server keeps and prints them."""
    family = "title" if name == "title" else "colour"
    return COMMA.join(words.of("zh", family, part) for part in text.split(COMMA))


def labels_of(draft: Draft) -> Labels:
    """A label for each item of the list: its reference as a code, its number on the list, the seal."""
    return Labels(
        tuple(
            (item_code(i.ref), Name(f"{number}", f"{number}"), i.ref)
            for number, i in enumerate(draft.chosen, 1)
        )
    )
