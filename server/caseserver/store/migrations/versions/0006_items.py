"""The leaves that name an item are found by it; filled from the logs that are held."""

from collections.abc import Callable

from alembic import op
from sqlalchemy import TextClause, text

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_ONE = """
INSERT OR IGNORE INTO item_leaf
SELECT gateway, json_extract(CAST(data AS TEXT), '$.body.{name}'), idx FROM leaf
WHERE type <> 'fact.refused/1' AND json_type(CAST(data AS TEXT), '$.body.{name}') = 'text'
"""
_SEVERAL = """
INSERT OR IGNORE INTO item_leaf
SELECT leaf.gateway, named.value, leaf.idx FROM leaf, json_each(CAST(leaf.data AS TEXT), '$.body.items') AS named
WHERE leaf.type <> 'fact.refused/1' AND named.type = 'text'
"""
_REFUSED = """
INSERT OR IGNORE INTO item_leaf
SELECT leaf.gateway, item_leaf.item, leaf.idx FROM leaf JOIN item_leaf
ON item_leaf.gateway = leaf.gateway AND item_leaf.idx = json_extract(CAST(leaf.data AS TEXT), '$.body.fact')
WHERE leaf.type = 'fact.refused/1'
"""


def upgrade() -> None:
    op.execute(
        "CREATE TABLE item_leaf (gateway VARCHAR(32) NOT NULL, item VARCHAR(64) NOT NULL, idx BIGINT NOT NULL, "
        "PRIMARY KEY (gateway, item, idx))"
    )
    op.execute("CREATE INDEX item_leaf_by_idx ON item_leaf (gateway, idx)")
    fill(op.execute)


def fill(execute: Callable[[TextClause], object]) -> None:
    """Fill the table from the leaves alone."""
    for name in ("item", "part", "dossier"):
        execute(text(_ONE.format(name=name)))
    execute(text(_SEVERAL))
    execute(text(_REFUSED))
