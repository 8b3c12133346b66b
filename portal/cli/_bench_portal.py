"""The portal that a bench measures: one that runs somewhere, or one of its own."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import click

from portal.bench.own import Running, own_portal
from portal.config import Settings
from portal.stack.errors import StackError


def demo_settings(running: Running) -> Settings:
    """The settings of a portal that may be bought from for nothing. Raises StackError for a real one."""
    settings = Settings.from_environment(running.env)
    if settings.is_production:
        raise StackError("The bench buys for real: it measures demo portals only (PORTAL_ENV=demo).")
    return settings


@contextlib.contextmanager
def portal_at(against: str | None) -> Iterator[Running]:
    """The portal that runs there, or one of its own that is thrown away afterwards."""
    if against is None:
        click.echo("portal: starting a portal to measure", err=True)
        with own_portal(os.environ) as running:
            yield running
    else:
        yield Running(against.rstrip("/"), dict(os.environ), Path(os.environ.get("PORTAL_HOME") or "var").absolute())
