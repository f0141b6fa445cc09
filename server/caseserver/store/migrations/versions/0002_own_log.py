"""The server's own log: `audit` becomes its projection; cosignatures of second witnesses."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_RENAMED = {
    "sign_in": "account.logged_in", "sign_in_refused": "account.login_refused", "sign_out": "account.logged_out",
    "account_added": "account.added", "account_disabled": "account.disabled", "refused": "fact.refused",
    "read_stays": "record.read", "read_log": "record.read", "stay_read": "record.read", "leaf_read": "record.read",
    "whatif_read": "record.read",
}  # fmt: skip


def upgrade() -> None:
    op.add_column("audit", sa.Column("entry", sa.String(length=64), nullable=True))
    op.add_column("audit", sa.Column("log", sa.String(length=128), nullable=True))
    op.add_column("audit", sa.Column("leaf", sa.BigInteger(), nullable=True))
    # what was written down before there was a log waits for its place in it like everything new
    op.execute("UPDATE audit SET entry = 'old-' || id")
    for old, new in _RENAMED.items():
        op.execute(f"UPDATE audit SET action = '{new}' WHERE action = '{old}'")  # noqa: S608 - both are written here
    named = ", ".join(f"'{new}'" for new in set(_RENAMED.values()))
    op.execute(f"UPDATE audit SET action = 'fact.stated' WHERE action NOT IN ({named})")  # noqa: S608
    # what was typed at a refused sign-in may be a password
    op.execute(
        "UPDATE audit SET subject = '' WHERE number IS NULL AND subject NOT IN (SELECT number FROM account)"
    )
    op.create_index("audit_by_entry", "audit", ["entry"], unique=True)
    op.create_index("audit_by_leaf", "audit", ["log", "leaf"], unique=False)
    op.create_table(
        "cosignature",
        sa.Column("origin", sa.String(length=128), nullable=False),
        sa.Column("witness", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("root", sa.LargeBinary(length=32), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=False),
        sa.Column("time_s", sa.BigInteger(), nullable=False),
        sa.Column("received_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("origin", "witness", "size"),
    )
