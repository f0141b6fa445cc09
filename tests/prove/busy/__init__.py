"""A year of a busy case-handling area, made up: its people, its equipment, its paper.

`life.Life` is the whole of it. Deterministic: the same seed gives the same facts on every Python (`dice.py`).
Standard library and `custody` alone, so that it also runs where only CPython itself runs.
"""
