"""What tests of the whole portal share: this process speaks to its database for a while."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from portal.bench.own import Running
from portal.config import Settings
from portal.db import database
from portal.jobs.webhooks import allow_targets
from portal.process import start
from portal.queries.channels import forget_channels


@pytest.fixture
def shop(portal: Running, settings: Settings, _process: None) -> Iterator[Settings]:
    """The settings of the running portal, which are this process's own meanwhile."""
    theirs = Settings.from_environment(portal.env)
    start(theirs, name="tests of the whole", connections=2)
    forget_channels()
    yield theirs
    start(settings, name="tests", connections=1)
    allow_targets(settings)
    forget_channels()
    database.connect(settings.database_url, pool_size=24, wait_s=120, name="tests")
