"""A thing's name in the two languages of the product."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Name:
    """Chinese and English; `{field}` stands for a field of the body it is shown with."""

    zh: str
    en: str
