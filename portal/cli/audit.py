"""Verify the audit trail's chain, and hand it out as a file that proves itself."""

import os
from pathlib import Path

import click

from portal.config import Settings
from portal.db import database
from portal.kit import clock
from portal.process import start
from portal.services.export_audit import export_audit, public_key, verify_export
from portal.services.seal_audit import verify_chain


@click.group()
def audit() -> None:
    """The audit trail: every financial and incentive action, chained by hashes."""


@audit.command()
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--key", help="The public key that is trusted for FILE, in hex; this portal's own unless given.")
def verify(file: Path | None, key: str | None) -> None:
    """Read the whole chain, or an exported FILE; exit code 1 with the places where it does not hold."""
    start(Settings.from_environment(os.environ), name="portal audit", connections=1)
    if file is not None:
        with file.open("rb") as lines:
            faults = [f"line {one.line}: {one.fault}" for one in verify_export(lines, key=key or public_key())]
    else:
        with database.snapshot() as session:
            faults = [f"link {link.seq}: {link.fault}" for link in verify_chain(session)]
    for fault in faults:
        click.echo(fault)
    if faults:
        raise SystemExit(1)
    click.echo("The file verifies." if file else "The chain verifies.")


@audit.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--first", default=1, show_default=True, type=click.IntRange(min=1), help="The first link to write.")
def export(file: Path, first: int) -> None:
    """Write the sealed links to FILE: a line each, chained, and signed at the end."""
    start(Settings.from_environment(os.environ), name="portal audit", connections=1)
    with database.snapshot() as session, file.open("wb") as written:
        written.writelines(export_audit(session, first=first, now=clock.now()))
    click.echo(f"Written to {file}. Its signature is proved by the key {public_key()}.")
