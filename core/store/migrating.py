"""The newest revision of the tables, and how a database gets there. The caller holds the lock."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection

HEAD = "0006"
_MIGRATIONS = Path(__file__).with_name("migrations")


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Make or convert the tables within the transaction of this connection."""
    # Alembic is slow to import and is needed only for a new or an older database.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
