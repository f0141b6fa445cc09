"""Officers' facts keep the order in which they were given."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("pending_fact", sa.Column("number", sa.BigInteger(), nullable=False, server_default="0"))
    op.execute("UPDATE pending_fact SET number = rowid")  # none was ever deleted: the order of insertion
    op.create_index("pending_by_number", "pending_fact", ["number"])
