"""People: accounts, what they proved by PIN, who acts in which process, and the clinic's rules."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.store.dialects import triggers

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    _make_accounts()
    _make_signatures()
    _refuse("account", "DELETE", "", "accounts are deactivated, never deleted")
    _refuse("account", "UPDATE", "NEW.name <> OLD.name OR NEW.id <> OLD.id", "a name stays")
    _refuse("signature", "DELETE", "", "signatures stay")
    same = "NEW.account_id = OLD.account_id AND NEW.action = OLD.action AND NEW.about = OLD.about"
    changed = f"OLD.spent_utc IS NOT NULL OR NOT ({same} AND NEW.proven_utc = OLD.proven_utc)"
    _refuse("signature", "UPDATE", changed, "a signature is used once")


def _make_accounts() -> None:
    op.create_table(
        "account",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("name_key", sa.String, nullable=False, unique=True),
        sa.Column("role", sa.String, nullable=False),
        sa.Column("pin", sa.String, nullable=False),
        sa.Column("first_pin", sa.Boolean, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("made_utc", sa.DateTime, nullable=False),
        sa.Column("changed_utc", sa.DateTime, nullable=False),
    )
    op.create_table(
        "pin_guess",
        sa.Column("account_id", sa.String, sa.ForeignKey("account.id"), primary_key=True),
        sa.Column("wrong", sa.Integer, nullable=False),
        sa.Column("wait_until_utc", sa.DateTime),
    )
    op.create_table(
        "people_rule",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("value", sa.String, nullable=False),
    )


def _make_signatures() -> None:
    op.create_table(
        "signature",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("account_id", sa.String, sa.ForeignKey("account.id"), nullable=False),
        sa.Column("action", sa.String, nullable=False),
        sa.Column("about", sa.String, nullable=False),
        sa.Column("proven_utc", sa.DateTime, nullable=False),
        sa.Column("spent_utc", sa.DateTime),
    )
    op.create_table(
        "ticket",
        sa.Column("token_sha256", sa.String, primary_key=True),
        sa.Column("account_id", sa.String, sa.ForeignKey("account.id"), nullable=False),
        sa.Column("role", sa.String, nullable=False),
        sa.Column("of_job", sa.Boolean, nullable=False),
        sa.Column("granted", sa.String, nullable=False),
        sa.Column("opened_utc", sa.DateTime, nullable=False),
    )


def _refuse(table: str, verb: str, when: str, why: str) -> None:
    triggers.refuse(op.get_bind(), table, verb, why, when=when)


def downgrade() -> None:
    raise RuntimeError("People and their signatures are not taken back; restore a backup instead.")
