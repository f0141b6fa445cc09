"""Marks, seals and running durations: the parts that mean one thing everywhere.

Shape says how urgent (octagon, triangle, circle, hatched square), glyph says which family (clock = legal limit,
figure = person, plug = equipment), so a mark reads without any colour.
"""

from __future__ import annotations

from markupsafe import Markup

from caseserver.web import wording
from caseserver.web.drawing.svg import group, path, tag
from caseserver.web.reader import Reader
from caseserver.web.views import Count, Family, Level, LimitBar, Mark, Seal

_BODY: dict[Level, Markup] = {
    "act": path("M10 .8h12L31.2 10v12L22 31.2H10L.8 22V10z", class_="b"),
    "soon": path("M16 3.6 29.6 28H2.4z", class_="b"),
    "know": tag("circle", class_="b", cx=16, cy=16, r=15),
    "blind": tag("rect", class_="b", x=1.4, y=1.4, width=29.2, height=29.2, rx=2)
    + path("M2 12 12 2M2 22 22 2M3 31 31 3M12 30 30 12M22 30l8-8", class_="s")
    + tag("circle", class_="h", cx=16, cy=16.6, r=9.6),
}
_GLYPH: dict[Family, Markup] = {
    "clock": tag("circle", class_="g", cx=16, cy=16, r=7.6) + path("M16 11.6V16l3 2.2", class_="g"),
    "figure": tag("circle", class_="gs", cx=16, cy=11.4, r=3.9)
    + path("M8.4 24.2c0-5 3.4-7.6 7.6-7.6s7.6 2.6 7.6 7.6z", class_="gs"),
    "plug": path(
        "M12.6 7.6v4.6M19.4 7.6v4.6M9.6 12.4h12.8v2.4a6.4 6.4 0 0 1-12.8 0zM16 21.4v3.4", class_="g"
    ),
    "query": path("M12.2 12.6a3.9 3.9 0 1 1 5.6 3.5c-1.2.7-1.8 1.4-1.8 2.7", class_="g")
    + tag("circle", class_="gs", cx=16, cy=23.2, r=1.7),
}


_BANG = path("M16 8.6v8.8", class_="g") + tag("circle", class_="gs", cx=16, cy=22.6, r=1.8)


def bang(level: Level, reader: Reader) -> Markup:
    """The small sign on a person's token: the shape with an exclamation mark, for the family stands elsewhere."""
    return mark(Mark(level, "clock"), reader, named=False, size=32, glyph=_BANG)


def mark(
    mark: Mark,
    reader: Reader,
    *,
    flip: bool = False,
    named: bool = True,
    size: int | None = None,
    glyph: Markup | None = None,
) -> Markup:
    """The mark as an inline picture; ``flip`` swaps paper and red for use on a red field."""
    glyph = glyph or _GLYPH["query" if mark.level == "blind" else mark.family]
    if mark.level == "soon":
        glyph = group([glyph], transform="translate(4.2 7.6) scale(.74)")
    return tag(
        "svg",
        _BODY[mark.level],
        glyph,
        viewBox="0 0 32 32",
        width=size,
        height=size,
        class_=f"mark mark-{mark.level}" + (" flip" if flip else ""),
        role="img" if named else None,
        aria_label=f"{reader.of('mark', mark.level)} · {reader.of('family', mark.family)}" if named else None,
        aria_hidden=None if named else "true",
    )


def seal(kind: Seal, reader: Reader) -> Markup:
    """法 for what the law sets, 本 for what this site set; nothing for a measurement."""
    if not kind:
        return Markup("")
    title = reader.t("seal.law_title") if kind == "law" else reader.t("seal.site_title")
    sign = reader.t("seal.law") if kind == "law" else reader.t("seal.site")
    return tag("span", sign, class_=f"seal seal-{kind}", title=title)


def figures(seconds: int, reader: Reader, *, exact: bool = False) -> Markup:
    """``1<small>小时</small>07<small>分</small>``"""
    parts = wording.exact_parts(seconds) if exact else wording.duration_parts(seconds)
    units = wording.UNITS[reader.language]
    return Markup("").join(
        Markup("{}<small>{}</small>").format(figure, units[unit]) for figure, unit in parts
    )


def duration(count: Count, reader: Reader, *, class_: str = "dur") -> Markup:
    """A duration that the page goes on counting; a frozen one stands still."""
    seconds = count_seconds(count, reader)
    return tag("span", figures(seconds, reader), class_=class_, **_counting(count))


def heard(at_us: int, reader: Reader) -> Markup:
    """How long ago in real seconds, also when station time runs faster: what is asked is whether the line is alive."""
    seconds = wording.seconds_gone(at_us, reader.now_us) // max(1, reader.rate)
    return tag("span", figures(seconds, reader), class_="since", data_since=at_us // 1000, data_real="1")


def plain(count: Count, reader: Reader) -> Markup:
    """The same inside an SVG text, in running words: ``52 分``."""
    return tag("tspan", reader.duration(count_seconds(count, reader)), data_plain="1", **_counting(count))


def count_seconds(count: Count, reader: Reader) -> int:
    if count.kind == "left":
        return wording.seconds_left(count.at_us, reader.now_us)
    return wording.seconds_gone(count.at_us, reader.now_us if count.until_us is None else count.until_us)


def _counting(count: Count) -> dict[str, int]:
    if count.frozen or count.until_us is not None:
        return {}
    return {"data_due": count.at_us // 1000} if count.kind == "left" else {"data_since": count.at_us // 1000}


def bar(limit: LimitBar, reader: Reader) -> Markup:
    """The share of a legal limit: end tick = the limit, small tick = where the warning starts."""
    used = wording.permille(limit.start_us, limit.end_us, reader.now_us)
    level = limit.level or ("late" if used >= 750 else "")
    parts = [tag("rect", class_="t", y=3, width=1000, height=7)]
    parts.append(tag("rect", class_="frozen" if limit.in_doubt else "f", y=3, width=used, height=7))
    if limit.warn_us is not None:
        parts.append(
            tag(
                "rect",
                class_="w",
                x=wording.permille(limit.start_us, limit.end_us, limit.warn_us),
                width=4,
                height=13,
            )
        )
    parts.append(tag("rect", class_="e", x=994, width=6, height=13))
    return tag(
        "svg",
        *parts,
        class_=f"bar {level}".strip(),
        viewBox="0 0 1000 13",
        preserveAspectRatio="none",
        aria_hidden="true",
    )
