"""Which training of a visit runs, and where: at most one at a time. Not in the trail: rows come and go."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "training",
        sa.Column("visit_id", sa.String, primary_key=True),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("who", sa.String, nullable=False),
        sa.Column("program", sa.String, nullable=False),
        sa.Column("host", sa.String, nullable=False),
        sa.Column("since_utc", sa.DateTime, nullable=False),
        sa.Column("alive_utc", sa.DateTime, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("training")
