"""What changes from visit to visit: walking aid, functional class, notes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("visit", sa.Column("notes", sa.JSON, nullable=False, server_default="{}"))


def downgrade() -> None:
    raise RuntimeError("Notes of visits are not thrown away; restore a backup instead.")
