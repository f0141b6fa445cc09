"""Who is called about an alarm, what became of each message, who is on duty."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "call_run",
        sa.Column("area", sa.String(length=64), nullable=False),
        sa.Column("alarm", sa.String(length=256), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("severity", sa.String(length=4), nullable=False),
        sa.Column("begun_us", sa.BigInteger(), nullable=False),
        sa.Column("called", sa.Integer(), nullable=False),
        sa.Column("called_us", sa.BigInteger(), nullable=True),
        sa.Column("answered_us", sa.BigInteger(), nullable=True),
        sa.Column("answered_by", sa.String(length=64), nullable=True),
        sa.Column("answer", sa.String(length=20), nullable=False),
        sa.PrimaryKeyConstraint("area", "alarm", "number"),
    )
    op.create_index("call_run_open", "call_run", ["answered_us"], sqlite_where=sa.text("answered_us IS NULL"))
    op.create_table(
        "delivery",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("area", sa.String(length=64), nullable=False),
        sa.Column("alarm", sa.String(length=256), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("receiver", sa.String(length=64), nullable=False),
        sa.Column("severity", sa.String(length=4), nullable=False),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("because", sa.String(length=10), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("sent_us", sa.BigInteger(), nullable=True),
        sa.Column("accepted_us", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("delivery_by_alarm", "delivery", ["area", "alarm"])
    op.create_index(
        "delivery_open", "delivery", ["state"], sqlite_where=sa.text("state IN ('waiting', 'sending')")
    )
    op.create_table(
        "duty_turn",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("post", sa.String(length=20), nullable=False),
        sa.Column("number", sa.String(length=64), nullable=False),
        sa.Column("taken_us", sa.BigInteger(), nullable=False),
        sa.Column("taken_from", sa.String(length=64), nullable=True),
        sa.Column("stood_open", sa.Text(), nullable=False),
        sa.Column("offered_to", sa.String(length=64), nullable=True),
        sa.Column("offered_us", sa.BigInteger(), nullable=True),
        sa.Column("heard_us", sa.BigInteger(), nullable=True),
        sa.Column("left_us", sa.BigInteger(), nullable=True),
        sa.Column("ended", sa.String(length=10), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "duty_turn_open", "duty_turn", ["post"], unique=True, sqlite_where=sa.text("left_us IS NULL")
    )
