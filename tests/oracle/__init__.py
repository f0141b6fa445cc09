"""A second, naive reading of all the rules: written from the articles and the decisions, not from the engine.

It sorts the facts, walks through them and asks every rule after each. Only the standard library.
"""

from tests.oracle.judge import LEFT_OUT, Verdict, judge

__all__ = ["judge", "Verdict", "LEFT_OUT"]
