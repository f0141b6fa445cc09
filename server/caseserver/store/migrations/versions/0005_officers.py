"""What the logs say of officers' qualifications and training is found without reading the logs through."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "CREATE INDEX leaf_of_officers ON leaf (gateway, idx) "
        "WHERE type IN ('officer.qualified/1', 'training.recorded/1')"
    )
