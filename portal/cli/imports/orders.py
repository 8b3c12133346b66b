"""Read order histories with their buyers, payments and dates from CSV files."""

import os
from collections.abc import Sequence
from pathlib import Path

import click


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--channel", metavar="CODE", required=True, help="Where the orders were placed.")
@click.option("--currency", metavar="ISO", help="Currency of the channel, if it is to be made.")
@click.option("--country", metavar="ISO", help="Country of the channel, if it is to be made, and of its buyers.")
@click.option(
    "--time-zone", metavar="ZONE", help="Where dates without a zone were written; the channel's, if not said."
)
def orders(
    files: Sequence[Path], channel: str, currency: str | None, country: str | None, time_zone: str | None
) -> None:
    """Read order FILES: CSV, plain or compressed, in our own format or in Olist's, known by their header.

    Rows that cannot be taken are named with file, line and reason, an order is taken whole or not at all, and
    payments that miss the order's total are named with their difference. Running it again takes what is new.
    Exit code 1 says that rows were refused.
    """
    from zoneinfo import available_timezones

    from portal.cli.imports._catalogue_run import OptionsMissingError
    from portal.cli.imports._orders_run import OrdersRun
    from portal.cli.imports.catalogue import _tell
    from portal.config import Settings
    from portal.kit.errors import PortalError
    from portal.process import start
    from portal.services.catalogue.importing.rows import FileUnreadableError

    if time_zone is not None and time_zone not in available_timezones():
        raise click.BadParameter(f"{time_zone} is no time zone, such as America/Sao_Paulo.", param_hint="--time-zone")
    # The directory of channels is read beside a transaction.
    start(Settings.from_environment(os.environ), name="portal import", connections=2)
    run = OrdersRun(channel=channel, currency=currency, country=country, time_zone=time_zone, tell=_tell)
    try:
        run.take(files)
    except (FileUnreadableError, OptionsMissingError, PortalError) as refusal:
        click.echo(f"portal: until then: {run.summary()}", err=True)
        raise click.ClickException(str(refusal)) from None
    click.echo(f"portal: {run.summary()}", err=True)
    if run.refused:
        raise SystemExit(1)
