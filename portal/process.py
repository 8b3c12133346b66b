"""What every process of the portal does first: keys, database, Redis, log."""

from __future__ import annotations

import gc
import logging
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from portal import crypto
from portal.broker import broker
from portal.config import Settings
from portal.db import database
from portal.jobs.parcels import set_tracker
from portal.jobs.webhooks import allow_targets
from portal.kit.rates import BUNDLED
from portal.queries.exchange import use_platform
from portal.queries.gateways import use_house_settings
from portal.site import set_site

# How many new objects make Python look for garbage where nobody has said otherwise.
COLLECT_AFTER = 700


def settle() -> None:
    """What is loaded by now stays for good: the collector never looks through it. Hardly any of it is garbage."""
    gc.freeze()


@contextmanager
def loading() -> Iterator[None]:
    """What is loaded meanwhile stays for good, so that the collector need not even look through it once."""
    gc.disable()
    try:
        yield
    finally:
        settle()
        gc.enable()


def start(settings: Settings, *, name: str, connections: int) -> None:
    """Make this process ready for services. Nothing is connected yet; the first use does that."""
    settle()
    gc.set_threshold(COLLECT_AFTER)
    crypto.load_keys({key.id: key.secret for key in settings.encryption_keys})
    database.connect(settings.database_url, pool_size=connections, name=name)
    broker.connect(settings.redis_url)
    use_house_settings(settings.gateway_settings)
    # The bundled table may serve at any age where nobody pays in earnest, and never in production.
    use_platform(currency=settings.platform_currency, ageless=() if settings.is_production else {BUNDLED})
    set_tracker(settings)
    allow_targets(settings)
    set_site(settings.external_url or f"http://{settings.host}:{settings.port}")
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=True,
    )
