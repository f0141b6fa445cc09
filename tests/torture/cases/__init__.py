"""The cases, in the order in which they are played. What is to be told follows from what is done (truth.py)."""

from tests.torture.cases import clocks, lifetimes, many, messages, network, plain
from tests.torture.cases.registry import CASES, Case

ORDER = (plain, lifetimes, network, messages, many, clocks)
CASES.sort(key=lambda item: [module.__name__ for module in ORDER].index(item.run.__module__))
BY_NAME = {item.name: item for item in CASES}

__all__ = ("BY_NAME", "CASES", "Case")
