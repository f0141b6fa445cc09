"""The first schema: logs, alarms, accounts, sessions, audit, facts under way, quarantine, samples."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "account",
        sa.Column("number", sa.String(length=64), nullable=False),
        sa.Column("password", sa.String(length=200), nullable=False),
        sa.Column("roles", sa.Text(), nullable=False),
        sa.Column("created_s", sa.Float(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("is_disabled", sa.Boolean(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("locked_until_s", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_table(
        "alarm",
        sa.Column("area", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=256), nullable=False),
        sa.Column("rule", sa.String(length=64), nullable=False),
        sa.Column("stay", sa.String(length=64), nullable=True),
        sa.Column("origin", sa.String(length=8), nullable=False),
        sa.Column("raised_us", sa.BigInteger(), nullable=False),
        sa.Column("closed_us", sa.BigInteger(), nullable=True),
        sa.Column("record", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("area", "id"),
    )
    op.create_index("alarm_by_stay", "alarm", ["area", "stay"], unique=False)
    op.create_index("alarm_open", "alarm", ["area", "closed_us"], unique=False)
    op.create_table(
        "alarm_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("area", sa.String(length=64), nullable=False),
        sa.Column("alarm", sa.String(length=256), nullable=False),
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("what", sa.String(length=16), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column("officer", sa.String(length=64), nullable=True),
        sa.Column("leaf", sa.BigInteger(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("area", "alarm", "key", name="alarm_event_once"),
    )
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.String(length=64), nullable=True),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=256), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("audit_by_time", "audit", ["at_us"], unique=False)
    op.create_table(
        "gateway_state",
        sa.Column("gateway", sa.String(length=32), nullable=False),
        sa.Column("origin", sa.String(length=128), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(length=32), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        sa.Column("proved_us", sa.BigInteger(), nullable=True),
        sa.Column("projected", sa.BigInteger(), nullable=False),
        sa.Column("seen_us", sa.BigInteger(), nullable=True),
        sa.Column("heartbeat", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("gateway"),
    )
    op.create_table(
        "leaf",
        sa.Column("gateway", sa.String(length=32), nullable=False),
        sa.Column("idx", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("type", sa.String(length=64), nullable=False),
        sa.Column("leaf_id", sa.String(length=256), nullable=False),
        sa.Column("stay", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("gateway", "idx"),
    )
    op.create_index("leaf_by_id", "leaf", ["gateway", "leaf_id"], unique=False)
    op.create_index(
        "leaf_by_stay",
        "leaf",
        ["gateway", "stay", "idx"],
        unique=False,
        sqlite_where=sa.text("stay IS NOT NULL"),
    )
    op.create_table(
        "pending_fact",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("gateway", sa.String(length=32), nullable=False),
        sa.Column("type", sa.String(length=64), nullable=False),
        sa.Column("officer", sa.String(length=64), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("leaf", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("pending_by_state", "pending_fact", ["gateway", "state"], unique=False)
    op.create_table(
        "quarantine",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("gateway", sa.String(length=32), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("expected", sa.Text(), nullable=False),
        sa.Column("found", sa.Text(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("quarantine_by_gateway", "quarantine", ["gateway", "reason"], unique=False)
    op.create_table(
        "sample",
        sa.Column("gateway", sa.String(length=32), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("at_us", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("is_seen", sa.Boolean(), nullable=False),
        sa.Column("age_ms", sa.BigInteger(), nullable=False),
        sa.Column("queue", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("gateway", "source", "at_us"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "sample_hour",
        sa.Column("gateway", sa.String(length=32), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("at_s", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("seen_ms", sa.Integer(), nullable=False),
        sa.Column("unseen_ms", sa.Integer(), nullable=False),
        sa.Column("samples", sa.Integer(), nullable=False),
        sa.Column("age_ms_max", sa.BigInteger(), nullable=False),
        sa.Column("queue_max", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("gateway", "source", "at_s"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "sample_minute",
        sa.Column("gateway", sa.String(length=32), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("at_s", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("seen_ms", sa.Integer(), nullable=False),
        sa.Column("unseen_ms", sa.Integer(), nullable=False),
        sa.Column("samples", sa.Integer(), nullable=False),
        sa.Column("age_ms_max", sa.BigInteger(), nullable=False),
        sa.Column("queue_max", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("gateway", "source", "at_s"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "session",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("number", sa.String(length=64), nullable=False),
        sa.Column("csrf", sa.String(length=64), nullable=False),
        sa.Column("created_s", sa.Float(), nullable=False),
        sa.Column("seen_s", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("token_hash"),
    )
    op.create_index("session_by_number", "session", ["number"], unique=False)
    # evidence is never changed: not by us, not by a hand with a SQL shell
    for act in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER leaf_no_{act.lower()} BEFORE {act} ON leaf "
            f"BEGIN SELECT RAISE(ABORT, 'leaf is append-only'); END"
        )
