"""Fetch exchange rates from the configured provider, and take them in."""

from __future__ import annotations

from datetime import datetime

import structlog

from portal.config import Settings
from portal.db import atomically
from portal.gateways.rates.base import RateProvider, RatesUnavailableError, RatesUnfitError
from portal.gateways.rates.bundled import BundledRates
from portal.gateways.rates.feed import FeedRates
from portal.kit import clock
from portal.services.rates.take_rates import Taken, refuse_rates, take_rates, tell_of_closed_channels

log = structlog.get_logger()


class _Provider:
    """Whom this process asks, set once at its start."""

    def __init__(self) -> None:
        self.of_process: RateProvider = BundledRates()


_provider = _Provider()


def set_provider(settings: Settings) -> None:
    """Ask the feed that is configured; without one there is the bundled table."""
    _provider.of_process = FeedRates(settings.fx_feed_url) if settings.fx_feed_url else BundledRates()


def fetch_rates(*, accept_jumps: bool = False) -> Taken | None:
    """Ask once; None when there was nothing that can be used, which administrators are told. Safe to run twice."""
    now = clock.now()
    taken = _fetch(now, accept_jumps=accept_jumps)
    for one in atomically(lambda s: tell_of_closed_channels(s, now=now)):
        remedy = "set FX_FEED_URL, then portal rates" if one.needs_feed else "look at the source of rates"
        as_of = one.rate.as_of.isoformat() if one.rate else None
        log.error("channel_closed_without_rate", currency=one.currency, rate_of=as_of, remedy=remedy)
    return taken


def _fetch(now: datetime, *, accept_jumps: bool) -> Taken | None:
    provider = _provider.of_process
    try:
        table = provider.table(now=now)
    except (RatesUnfitError, RatesUnavailableError) as failure:
        log.warning("rates_not_taken", source=failure.source, problem=failure.problem)
        source, problem = failure.source, failure.problem
        is_silent = isinstance(failure, RatesUnavailableError)
        atomically(lambda s: refuse_rates(s, source=source, problem=problem, is_silent=is_silent, now=now))
        return None
    return atomically(lambda s: take_rates(s, table=table, now=now, accept_jumps=accept_jumps))
