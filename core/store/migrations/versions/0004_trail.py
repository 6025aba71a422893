"""The audit chain covers every row from now on: those that are there are taken into it as they are found."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from core.domain.audit import AuditEvent, AuditHead, AuditStep, content_sha256, next_entry
from core.store.dialects import triggers

revision = "0004"
down_revision = "0003"

ROWS = {"patient": "id", "visit": "id", "record": "id", "decision": "sequence", "log": "sequence"}
KEPT = (
    "number",
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
    "about",
    "content_sha256",
)
AUDIT = sa.table("audit", *(sa.column(name) for name in (*KEPT, "salt")))


def upgrade() -> None:
    for name in ("about", "content_sha256", "salt"):
        op.add_column("audit", sa.Column(name, sa.String, nullable=False, server_default=""))
    _take_over()
    # What was chained stays; only a salt may be emptied, when a person has their data erased.
    connection = op.get_bind()
    emptied = f"NEW.salt = '' AND {triggers.all_same(connection, KEPT)}"
    triggers.drop(connection, "audit", "audit_no_update")
    why = "audit is append-only"
    triggers.refuse(connection, "audit", "UPDATE", why, when=f"NOT ({emptied})", liftable=True)


def _take_over() -> None:
    connection = op.get_bind()
    length, sha256 = connection.execute(sa.text("SELECT length, sha256 FROM audit_head")).one()
    head, now = AuditHead(length, sha256), datetime.now(UTC).isoformat()
    chained: list[dict[str, object]] = []
    for table, key in ROWS.items():
        for row in connection.execute(sa.text(f"SELECT * FROM {table} ORDER BY {key}")).mappings().all():
            salt = secrets.token_hex(16)
            content = content_sha256(dict(row), salt)
            about = f"{table}:{row[key]}"
            event = AuditEvent(AuditStep.ROW_FOUND, "ExoTwin", about=about, content_sha256=content)
            entry = next_entry(head, now, event)
            values = {name: getattr(event, name) for name in KEPT if hasattr(event, name)}
            links = {"number": entry.number, "on_utc": now, "previous_sha256": head.sha256}
            row_values = {**values, **links, "step": event.step, "sha256": entry.sha256, "salt": salt}
            chained.append(row_values)
            head = AuditHead(entry.number, entry.sha256)
    if chained:
        connection.execute(sa.insert(AUDIT), chained)
    connection.execute(
        sa.text("UPDATE audit_head SET length=:length, sha256=:sha256"),
        {"length": head.length, "sha256": head.sha256},
    )


def downgrade() -> None:
    raise RuntimeError("A trail is not taken back; restore a backup instead.")
