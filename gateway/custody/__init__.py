"""The pure domain of a case-handling area: facts in, alarms and obligations out.

No IO, no clock reads, no randomness, no asyncio. Time enters only as data.
"""
