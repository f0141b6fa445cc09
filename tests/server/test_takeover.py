"""Whoever takes over a gateway has its key: the tail that is not cosigned yet is his, and nothing before it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from caselog import canonical
from tests.prove.takeover import every_leaf, is_held, takeover_sentence
from tests.server import attempts
from tests.server.attacker import BUREAU, SECOND_US, SERVER, Attacker, House
from tests.server.attempts import REFUSED, TAKEN, Row
from tests.server.station_kit import Kit

Group = Callable[[House, Attacker], Iterator[Row]]
NOTHING_TAKEN = {"taken_by_server": 0, "taken_by_second_witness": 0}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Its server and second witness must come out of every attempt as they were."""
    made = House(tmp_path_factory.mktemp("house"))
    yield made
    made.close()


def test_no_leaf_below_the_cosigned_size_is_within_reach_of_the_true_key(house: House) -> None:
    found = every_leaf(house, 13)
    assert found["forged_logs"] == 4 * len(range(0, house.cosigned, 13))
    assert found["shown_to_second_witness"] == 4 * len(range(0, house.seconded, 13))
    assert {name: found[name] for name in NOTHING_TAKEN} == NOTHING_TAKEN


@pytest.mark.parametrize(
    "group",
    [attempts.below, attempts.by_bundle, attempts.new_epoch, attempts.above],
)
def test_of_each_attempt_comes_what_must_and_whoever_refuses_says_why(house: House, group: Group) -> None:
    rows = list(group(house, Attacker(house)))
    assert [row for row in rows if row.outcome != row.must] == []
    assert all(row.said for row in rows)


def test_after_attempts_the_server_holds_what_it_held_has_the_proofs_and_takes_the_true_tail(
    house: House,
) -> None:
    assert is_held(house, NOTHING_TAKEN, list(attempts.rolled_back(house, Attacker(house))))


def test_two_tales_are_believed_until_the_witnesses_meet_and_then_proved(tmp_path: Path) -> None:
    house = House(tmp_path)
    rows = list(attempts.two_tales(house, Attacker(house)))
    assert [row.outcome for row in rows] == [attempts.TAKEN, attempts.PROVED, attempts.PROVED]
    house.close()


def test_the_tail_that_nobody_has_cosigned_is_his_and_no_evaluator_sees_it(house: House) -> None:
    """What a bundle says it cannot show, and why it says up to which leaf a witness has signed."""
    kit = house.copy("his-tail")
    lie = Attacker(house).going_on(house.cosigned, 12, house.cosigned_us + SECOND_US)
    assert attempts.sent(kit, lie, house.cosigned)[0] == TAKEN
    assert kit.state.ingest.root == lie.log.root()
    assert kit.state.snapshot().differences == ()
    kit.close()


def test_a_server_that_knows_nothing_believes_the_key_and_the_second_witness_does_not(house: House) -> None:
    (house.folder / "new").mkdir()
    kit = Kit(house.folder / "new", house.clock)
    lie = Attacker(house).going_on(house.seconded - 10, 60, house.clock.at_us)
    assert attempts.sent(kit, lie, 0)[0] == TAKEN
    assert attempts.shown(house, lie, lie.log.size)[0] == REFUSED
    kit.close()


@pytest.mark.parametrize("is_newest", [False, True])
def test_a_bundle_prints_how_far_a_takeover_could_have_reached_with_its_own_figures(
    tmp_path: Path, *, is_newest: bool
) -> None:
    house = House(tmp_path)
    data = house.bundle(house.kit, is_newest=is_newest)
    size, above, when = (house.cosigned, 0, "09:05:11") if is_newest else (house.seconded, 40, "09:05:02")
    assert canonical.loads(data.splitlines()[0])["size"] == size == house.cosigned - above
    unproved = canonical.loads(data.splitlines()[-2])["unproved"]
    zh, en = takeover_sentence(unproved["zh"]), takeover_sentence(unproved["en"])
    assert f"first {size} records" in en
    assert f"at 2026-03-18 {when}" in en
    assert f"; {above} more were at hand" in en
    assert f"前 {size} 条已于办案区当地时间 2026-03-18 {when} 签署" in zh
    assert f"另有 {above} 条" in zh
    code, _, report = house.verify(data, SERVER, *([] if is_newest else [BUREAU]))
    assert code == 0
    assert f"- the maker adds: {en}" in report
    house.close()
