"""Histories with the oracle's word on them, ready before a mutant is made: checks for tests/prove/mutation.py."""

from collections.abc import Callable

from custody.facts import Fact
from tests.custody import streams
from tests.custody.against_oracle import BOOKS, by_oracle, history, in_order, unlike
from tests.custody.vectors import rows, told
from tests.oracle import Verdict

FIRST_SEED, COUNT, SHARE = 700_000, 250, 10
UNHEARD = 80  # more of them, with most nodes not heard
STREAMS, FORGETFUL = 300, 40  # of those that the vectors hold: what lives is shown to all of them
STORIES = 4  # rows of the vectors in one check

_Known = tuple[list[Fact], str, int, Verdict]


def _known(seed: int, heard: float = 0.95) -> _Known:
    facts, until_us = history(seed, heard=heard)
    name = BOOKS[seed % len(BOOKS)]
    return facts, name, until_us, by_oracle(facts, name, until_us)


def _histories(known: list[_Known]) -> Callable[[], None]:
    def check() -> None:
        for facts, name, until_us, verdict in known:
            ours, _ = in_order(facts, name, until_us)
            assert not unlike(ours, verdict)

    return check


def _stories(few: list[dict]) -> Callable[[], None]:  # type: ignore[type-arg]
    def check() -> None:
        for row in few:
            assert told(row) == row["told"], row["rule"]

    return check


def _streams(few: list[tuple[str, str]]) -> Callable[[], None]:
    def check() -> None:
        for seed, before in few:
            assert streams.now(seed) == before, seed

    return check


def _made() -> list[Callable[[], None]]:
    known = [_known(seed) for seed in range(FIRST_SEED, FIRST_SEED + COUNT)]
    known += [_known(seed, 0.5) for seed in range(FIRST_SEED, FIRST_SEED + UNHEARD)]
    lines = rows()
    made = [_histories(known[at : at + SHARE]) for at in range(0, len(known), SHARE)]
    made += [_stories(lines[at : at + STORIES]) for at in range(0, len(lines), STORIES)]
    known_streams = streams.known()
    keys = [*map(str, range(STREAMS)), *(f"forgetful {seed}" for seed in range(FORGETFUL))]
    before = [(key, known_streams[key]) for key in keys]
    made += [_streams(before[at : at + SHARE]) for at in range(0, len(before), SHARE)]
    for number, check in enumerate(made):
        check.__name__ = f"histories_{number}"
    return made


CHECKS = _made()
