"""Brings a database to the newest schema, from Python."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config

MIGRATIONS = Path(__file__).parent.parent / "migrations"


def migration_config(url: str) -> Config:
    """Alembic's settings for the database at `url` (the owner's)."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["url"] = url.replace("postgresql://", "postgresql+psycopg://", 1)
    return config


def migrate(url: str, revision: str = "head") -> None:
    """Upgrade the database at `url`. Runs of several processes at once wait for one another."""
    command.upgrade(migration_config(url), revision)
