"""First schema: patients, visits, records, decisions, log; the last three append-only."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.store.dialects import triggers

revision = "0001"
down_revision = None

APPEND_ONLY = ("record", "decision", "log")


def upgrade() -> None:
    _people()
    _records()
    _decisions_and_log()
    for table in APPEND_ONLY:
        for verb in ("UPDATE", "DELETE"):
            why, liftable = f"{table} is append-only", verb == "DELETE"
            triggers.refuse(op.get_bind(), table, verb, why, liftable=liftable)


def _people() -> None:
    op.create_table(
        "patient",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("code", sa.String, nullable=False, unique=True),
        sa.Column("subject", sa.JSON, nullable=False),
        sa.Column("archived", sa.Boolean, nullable=False),
        sa.Column("created_utc", sa.DateTime, nullable=False),
    )
    op.create_table(
        "visit",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("patient_id", sa.String, sa.ForeignKey("patient.id"), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("started_utc", sa.DateTime, nullable=False),
        sa.UniqueConstraint("patient_id", "number"),
    )


def _records() -> None:
    op.create_table(
        "record",
        sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("id", sa.String, nullable=False, unique=True),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("visit_id", sa.String, sa.ForeignKey("visit.id"), nullable=False, index=True),
        sa.Column("created_utc", sa.DateTime, nullable=False),
        sa.Column("content_sha256", sa.String, nullable=False),
        sa.Column("schema_version", sa.Integer, nullable=False),
        sa.Column("summary", sa.String, nullable=False),
        sa.Column("inputs", sa.JSON, nullable=False),
        sa.Column("operator", sa.String, nullable=False),
        sa.Column("code_version", sa.String, nullable=False),
        sa.Column("seed", sa.BigInteger),
        sa.Column("settings", sa.String, nullable=False),
    )


def _decisions_and_log() -> None:
    op.create_table(
        "decision",
        sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("visit_id", sa.String, sa.ForeignKey("visit.id"), nullable=False, index=True),
        sa.Column("step", sa.String, nullable=False),
        sa.Column("verdict", sa.String, nullable=False),
        sa.Column("record_id", sa.String),
        sa.Column("by", sa.String, nullable=False),
        sa.Column("on_utc", sa.DateTime, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
    )
    op.create_table(
        "log",
        sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("on_utc", sa.DateTime, nullable=False),
        sa.Column("who", sa.String, nullable=False),
        sa.Column("action", sa.String, nullable=False),
        sa.Column("subject_id", sa.String, nullable=False),
        sa.Column("detail", sa.String, nullable=False),
    )


def downgrade() -> None:
    raise RuntimeError("The first schema has nothing before it; restore a backup instead.")
