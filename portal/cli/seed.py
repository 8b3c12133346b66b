"""Fill an empty database with a demo mall."""

import os

import click


@click.command()
@click.option("--demo", is_flag=True, required=True, help="Stores, goods, people, coupons: the demo mall.")
def seed(*, demo: bool) -> None:
    """Fill an empty database with a demo mall: channels, stores, goods with pictures, people, coupons, gateways.

    A database that holds anything is left as it is, so the command may be run at every start. Production refuses it.
    """
    from tqdm import tqdm

    from portal.config import ConfigurationError, Settings
    from portal.db import transaction
    from portal.demo.fill import count_goods, fill, is_filled
    from portal.demo.orders import ORDERS, make_past_orders
    from portal.kit import clock
    from portal.process import start

    del demo  # There is only this one.
    settings = Settings.from_environment(os.environ)
    if settings.is_production:
        raise ConfigurationError("Demo data does not go into production: PORTAL_ENV must be demo or test.")
    start(settings, name="portal seed", connections=1)
    with transaction() as session:
        if is_filled(session):
            click.echo("portal: the database is filled already", err=True)
            return
        with tqdm(total=count_goods(), unit=" products", desc="portal: demo mall", leave=False) as bar:
            fill(session, settings=settings, now=clock.now(), progress=bar.update)
    with tqdm(total=ORDERS, unit=" orders", desc="portal: demo orders", leave=False) as bar:
        make_past_orders(now=clock.now(), progress=bar.update)
    click.echo("portal: the demo mall is ready", err=True)
