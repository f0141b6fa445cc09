"""`caseward demo`: a whole station on one machine, with a day that plays itself."""

from caseward.demo.command import main

__all__ = ["main"]
