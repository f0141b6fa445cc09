"""Small SVG writer: ``tag("rect", x=1, class_="t")``. Attributes and text are escaped; numbers keep one decimal at most."""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup, escape

Value = str | int | float | bool | None


def number(value: float) -> str:
    """``3``, ``3.5``: short, never in exponent form."""
    return f"{value:.1f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def attributes(values: dict[str, Value]) -> Markup:
    """`` a="1"`` for each value that is not None or False; ``class_`` and ``data_x`` become ``class`` and ``data-x``."""
    written = []
    for name, value in values.items():
        if value is None or value is False:
            continue
        name = name.rstrip("_").replace("_", "-")
        text = "" if value is True else number(value) if isinstance(value, (int, float)) else value
        written.append(f' {name}="{escape(text)}"')
    return Markup("".join(written))  # noqa: S704 - values are escaped, names are ours


def tag(name: str, *children: Markup | str, **values: Value) -> Markup:
    """One element; children that are plain strings are escaped."""
    inside = "".join(map(escape, children))
    start = f"<{name}{attributes(values)}"
    return Markup(f"{start}>{inside}</{name}>" if children else f"{start}/>")  # noqa: S704 - as above


def group(children: Iterable[Markup | str], **values: Value) -> Markup:
    return tag("g", *children, **values)


def text(words: Markup | str, x: float, y: float, **values: Value) -> Markup:
    return tag("text", words, x=x, y=y, **values)


def path(d: str, **values: Value) -> Markup:
    return tag("path", d=d, **values)


def rect(x: float, y: float, width: float, height: float, **values: Value) -> Markup:
    return tag("rect", x=x, y=y, width=max(0.0, float(width)), height=height, **values)
