"""Chance with a seed that gives the same on every Python.

Only `random()` is promised not to change between versions ("Reproducibility", docs of the random module), so
everything here is made of it.
"""

import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Dice:
    """One stream of chance."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed).random

    def chance(self, share: float) -> bool:
        """True in this share of cases."""
        return self._random() < share

    def between(self, low: int, high: int) -> int:
        """A whole number, both ends included."""
        return low + int(self._random() * (high - low + 1))

    def pick(self, items: Sequence[T]) -> T:
        """One of them, each as likely."""
        return items[int(self._random() * len(items))]

    def weigh(self, items: Sequence[tuple[float, T]]) -> T:
        """One of them by weight."""
        left = self._random() * sum(weight for weight, _ in items)
        for weight, item in items:
            left -= weight
            if left < 0:
                return item
        return items[-1][1]

    def some(self, items: Sequence[T], share: float) -> list[T]:
        """Each of them with this chance, in their order."""
        return [item for item in items if self.chance(share)]
