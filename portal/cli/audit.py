"""Verify the audit trail's chain."""

import os

import click

from portal.config import Settings
from portal.db import database
from portal.process import start
from portal.services.seal_audit import verify_chain


@click.group()
def audit() -> None:
    """The audit trail: every financial and incentive action, chained by hashes."""


@audit.command()
def verify() -> None:
    """Read the whole chain; exit code 1 with the places where it does not hold."""
    start(Settings.from_environment(os.environ), name="portal audit", connections=1)
    with database.snapshot() as session:
        broken = verify_chain(session)
    for link in broken:
        click.echo(f"link {link.seq}: {link.fault}")
    if broken:
        raise SystemExit(1)
    click.echo("The chain verifies.")
