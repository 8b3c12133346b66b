"""Bring the database to the newest schema."""

import os

import click

from portal.config import Settings
from portal.migrate import migrate as run


@click.command()
def migrate() -> None:
    """Bring the database to the newest schema."""
    run(Settings.from_environment(os.environ).database_owner_url)
