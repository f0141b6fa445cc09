"""What can be said of a log afterwards, out of its leaves: blind time, coverage of the four musts, deadlines.

Pure: leaves in, plain objects out (integers, strings, booleans, None). Definitions to the letter: docs/ledger.md.
"""

from custody.ledger.statements import blindness, coverage, deadlines

__all__ = ["blindness", "coverage", "deadlines"]
