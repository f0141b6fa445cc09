"""What the check of the order of messages calls wrong, and what not."""

from types import SimpleNamespace
from typing import Any

import pytest

from tests.e2e.lives import out_of_order

READ = ("tag.read/1", {"reader": "rd-1", "room": "r1", "tag": "0A"})
GONE = ("tag.gone/1", READ[1])
OTHER = ("tag.read/1", {"reader": "rd-1", "room": "r1", "tag": "0B"})
OPENED = ("door.opened/1", {"door": "d1"})
Said = tuple[str, dict[str, Any]]


@pytest.mark.parametrize(("said", "wrong"), [
    # (seq, what) in the order of the log
    ([(1, READ), (2, GONE), (3, READ)], []),
    ([(1, READ), (3, GONE), (2, READ)], []),  # it lay there already: the message said nothing new
    ([(2, GONE), (1, READ)], [1]),
    ([(1, GONE), (3, GONE), (2, READ)], [2]),
    ([(1, READ), (3, READ), (2, GONE)], [2]),
    ([(1, OTHER), (3, GONE), (2, READ)], [2]),
    ([(1, OPENED), (3, GONE), (2, OPENED)], [2]),
])  # fmt: skip
def test_a_message_may_come_after_later_ones_only_where_it_says_nothing_new(
    said: list[tuple[int, Said]], wrong: list[int]
) -> None:
    leaves = {
        ("a1-m1", 1, seq): {"index": index, "type": type_, "body": body}
        for index, (seq, (type_, body)) in enumerate(said)
    }
    chain: Any = SimpleNamespace(first_leaves=lambda: leaves)
    assert out_of_order(chain) == [("a1-m1", 1, seq) for seq in wrong]
