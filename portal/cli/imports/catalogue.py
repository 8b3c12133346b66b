"""Read stores, sections, products, prices and stock from CSV files."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--channel", metavar="CODE", help="Where Olist's goods are sold; other files name channels themselves.")
@click.option("--currency", metavar="ISO", help="Currency of the channel, if it is to be made.")
@click.option("--country", metavar="ISO", help="Country of the channel, if it is to be made.")
def catalogue(files: Sequence[Path], channel: str | None, currency: str | None, country: str | None) -> None:
    """Read catalogue FILES: CSV, plain or compressed, in our own format or in Olist's, known by their header.

    Lines that cannot be taken are named with file, line and reason; all others are taken. Running it again changes
    what has changed and doubles nothing. Exit code 1 says that lines were left out.
    """
    from portal.cli.imports._catalogue_run import CatalogueRun, OptionsMissingError
    from portal.config import Settings
    from portal.kit.errors import PortalError
    from portal.process import start
    from portal.services.catalogue.importing.rows import FileUnreadableError

    start(Settings.from_environment(os.environ), name="portal import", connections=1)
    run = CatalogueRun(channel=channel, currency=currency, country=country, tell=_tell)
    try:
        run.take(files)
    except (FileUnreadableError, OptionsMissingError, PortalError) as refusal:
        raise click.ClickException(str(refusal)) from None
    click.echo(f"portal: {run.summary()}", err=True)
    if run.refused:
        raise SystemExit(1)


def _tell(line: str) -> None:
    """Write above the progress bar and not through it."""
    from tqdm import tqdm

    tqdm.write(line, file=sys.stderr)
