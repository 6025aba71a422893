"""The audit trail, append-only, with its head; the role of a person who decides."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.store.dialects import triggers

revision = "0002"
down_revision = "0001"

FIRST = "0" * 64
TEXTS = (
    "on_utc",
    "step",
    "who",
    "role",
    "meaning",
    "visit_id",
    "record_id",
    "package_sha256",
    "device_serial",
    "detail",
    "previous_sha256",
    "sha256",
)


def upgrade() -> None:
    op.add_column("decision", sa.Column("role", sa.String, nullable=False, server_default=""))
    op.create_table(
        "audit",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        *(sa.Column(name, sa.String, nullable=False) for name in TEXTS),
    )
    head = op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("length", sa.Integer, nullable=False),
        sa.Column("sha256", sa.String, nullable=False),
    )
    op.bulk_insert(head, [{"id": 1, "length": 0, "sha256": FIRST}])
    _refuse("audit", "UPDATE", "audit is append-only")
    _refuse("audit", "DELETE", "audit is append-only")
    _refuse("audit_head", "DELETE", "the audit trail keeps its head")
    shorter = "NEW.length < OLD.length"
    _refuse("audit_head", "UPDATE", "the audit trail only grows", when=shorter, name="audit_head_grows")


def _refuse(table: str, verb: str, why: str, *, when: str = "", name: str = "") -> None:
    triggers.refuse(op.get_bind(), table, verb, why, when=when, name=name)


def downgrade() -> None:
    raise RuntimeError("An audit trail is not taken back; restore a backup instead.")
