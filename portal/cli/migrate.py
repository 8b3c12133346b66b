"""Bring the database to the newest schema."""

import os

import click

from portal.config import Settings
from portal.migrate import migrate as run


@click.command()
def migrate() -> None:
    """Bring the database to the newest schema."""
    from portal.cli._load import build_forgotten

    settings = Settings.from_environment(os.environ)
    # Migrations change what they expect to find.
    build_forgotten(settings)
    run(settings.database_owner_url)
