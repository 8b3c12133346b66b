"""Fill an empty database with a demo mall, and give one as many orders as wanted."""

import os
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from portal.config import Settings


@click.command()
@click.option("--demo", is_flag=True, help="Stores, goods, people, coupons: the demo mall.")
@click.option("--orders", type=click.IntRange(1), metavar="N", help="Give the demo mall N further orders of 300 days.")
def seed(*, demo: bool, orders: int | None) -> None:
    """Fill an empty database with a demo mall: channels, stores, goods with pictures, people, coupons, gateways.

    A database that holds anything is left as it is, so the command may be run at every start. With --orders the demo
    mall gets that many more, by bulk load: each batch is whole whenever it is broken off. Where more come than are
    there, indexes that only sort and search lists are away meanwhile, and those pages slow; what a killed load left
    away is built by the next one and by the next `portal up`. Production refuses both.
    """
    from portal.config import ConfigurationError, Settings
    from portal.process import start

    if not demo and orders is None:
        raise click.UsageError("Say what is wanted: --demo, --orders N, or both.")
    settings = Settings.from_environment(os.environ)
    if settings.is_production:
        raise ConfigurationError("Demo data does not go into production: PORTAL_ENV must be demo or test.")
    start(settings, name="portal seed", connections=2)
    if demo:
        _fill(settings)
    if orders is not None:
        _make_orders(settings, orders)


def _fill(settings: "Settings") -> None:
    from tqdm import tqdm

    from portal.db import transaction
    from portal.demo.fill import count_goods, fill, is_filled
    from portal.demo.orders import ORDERS, make_past_orders
    from portal.demo.risk_past import played_past
    from portal.jobs.risk_model import learn_from_play
    from portal.kit import clock
    from portal.rules.permissions import SYSTEM

    with transaction() as session:
        if is_filled(session):
            click.echo("portal: the database is filled already", err=True)
            return
        with tqdm(total=count_goods(), unit=" products", desc="portal: demo mall", leave=False) as bar:
            fill(session, settings=settings, now=clock.now(), progress=bar.update)
    with tqdm(total=ORDERS, unit=" orders", desc="portal: demo orders", leave=False) as bar:
        make_past_orders(now=clock.now(), progress=bar.update)
    # Nobody has said yet which of the demo's orders were fraud: its model learns from a past that is played.
    learn_from_play(played_past(now=clock.now()), actor=SYSTEM)
    click.echo("portal: the demo mall is ready", err=True)


def _make_orders(settings: "Settings", orders: int) -> None:
    from portal.cli._load import load_orders
    from portal.db import reading
    from portal.demo.bulk import has_demo_mall
    from portal.jobs.payouts import close_periods

    with reading() as session:
        if not has_demo_mall(session):
            raise click.ClickException("There is no demo mall here that could have orders: add --demo.")
    load_orders(settings, orders)
    click.echo("portal: closing the periods of the stores", err=True)
    close_periods()
    click.echo(f"portal: {orders:,} orders are there", err=True)
