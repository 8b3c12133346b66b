"""Fetch exchange rates now, and accept what has jumped."""

import os

import click


@click.command()
@click.option(
    "--accept-jumps", is_flag=True, help="Take rates that moved by more than a fifth: you have looked at them."
)
def rates(*, accept_jumps: bool) -> None:
    """Fetch exchange rates from FX_FEED_URL, or take the table that comes with the portal.

    The same as every hour. Exit code 1 says that something was refused; administrators are told of it.
    """
    from portal.config import Settings
    from portal.jobs.rates import fetch_rates, set_provider
    from portal.process import start

    settings = Settings.from_environment(os.environ)
    start(settings, name="portal rates", connections=1)
    set_provider(settings)
    taken = fetch_rates(accept_jumps=accept_jumps)
    if taken is None:
        raise click.ClickException("Nothing was taken: the log above says why.")
    click.echo(f"{len(taken.currencies)} rates are new.")
    if taken.jumped:
        raise click.ClickException(f"Refused, because they jumped: {', '.join(sorted(taken.jumped))}.")
