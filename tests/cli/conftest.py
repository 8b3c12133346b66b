"""`portal import orders` as it is typed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from click.testing import CliRunner, Result

from portal.cli.import_ import import_
from portal.config import Settings
from portal.db import database
from portal.process import start
from tests.cli.shown import Run


@pytest.fixture
def run_orders(books: None, settings: Settings) -> Iterator[Run]:
    """The command; after the test every invariant holds."""
    environment = {"PORTAL_ENV": "test", "DATABASE_URL": settings.database_url, "REDIS_URL": settings.redis_url}

    def invoke(*arguments: object) -> Result:
        return CliRunner().invoke(import_, ["orders", *map(str, arguments)], env=environment)

    yield invoke
    start(settings, name="tests", connections=1)
    database.connect(settings.database_url, pool_size=24, wait_s=120, name="tests")
