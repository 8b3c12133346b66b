"""A bulk load with all that follows it, and a bar for each of its phases."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import click
from tqdm import tqdm

from portal.config import Settings
from portal.demo.indexes import Progress, build_laid_aside, figures_left_alone


@contextlib.contextmanager
def bars(what: str, total: int | None) -> Iterator[Progress]:
    """A bar for a phase in which so many are made."""
    with tqdm(total=total, unit=f" {what}", desc=f"portal: {what}", smoothing=0) as bar:
        yield bar.update


def load_orders(settings: Settings, orders: int) -> None:
    """Give a demo mall so many more orders, and make what is computed of them."""
    # Every `portal up` looks here for what was left behind: it need not load all that a load takes.
    from portal.demo.bulk import make_orders, refresh_statistics
    from portal.jobs.figures import renew_all
    from portal.jobs.incentives import score_everybody
    from portal.kit import clock

    with figures_left_alone(settings):
        build_laid_aside(settings, bars)  # Of a load that was broken off.
        make_orders(settings, orders=orders, now=clock.now(), bars=bars)
        click.echo("portal: looking through the tables, so that the database knows them", err=True)
        refresh_statistics(settings)
        with bars("days of figures", None) as progress:
            renew_all(progress=progress)
        click.echo("portal: scoring the customers", err=True)
        score_everybody()


def build_forgotten(settings: Settings) -> None:
    """Build the indexes that a load left behind which was broken off; one that goes on does so itself."""
    with figures_left_alone(settings, wait=False) as alone:
        if alone:
            build_laid_aside(settings, bars)
