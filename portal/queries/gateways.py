"""The gateway accounts in force, ready to be called: kept in the process for a moment."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import structlog
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from portal.db import reading
from portal.gateways.base import Gateway
from portal.gateways.connector import GatewayConfigError
from portal.gateways.registry import UnknownGatewayError, build, connectors
from portal.kit import clock
from portal.models import GatewayAccount as Row
from portal.queries.gateway_health import load_health
from portal.rules.health import Record
from portal.rules.routing import GatewayAccount, MethodRange

log = structlog.get_logger()

# What pages show of the accounts may be this old; so may their health. What decides a payment gives a stamp.
KEPT_FOR_S = 1.0
# Which transaction wrote each row: another one, whatever was changed, and by whom. Written out, as each process asks
# every second (ADR 30).
_WRITTEN_BY = text("SELECT coalesce(string_agg(xmin::text, ' ' ORDER BY id), '') FROM gateway_account")


@dataclass(frozen=True, slots=True)
class ConfiguredGateway:
    """An account as the router sees it, and the gateway behind it."""

    account: GatewayAccount
    gateway: Gateway


class _Kept:
    def __init__(self) -> None:
        self.directory: Mapping[int, ConfiguredGateway] | None = None
        self.until = 0.0
        self.stamp = 0
        # The accounts without their health, and who had written them when they were read.
        self.accounts: Sequence[ConfiguredGateway] = ()
        self.written_by: str | None = None
        # Gateways keep connections open, so they live as long as their configuration.
        self.built: dict[tuple[int, int], Gateway] = {}
        self.house: Mapping[str, Mapping[str, str]] = {}


_kept = _Kept()


def use_house_settings(settings: Mapping[str, Mapping[str, str]]) -> None:
    """Say, by gateway, what an account without credentials of its own uses: the keys of the process's settings."""
    _kept.house = settings
    forget_gateways()


def gateway_directory(session: Session | None = None, *, stamp: int | None = None) -> Mapping[int, ConfiguredGateway]:
    """All accounts by id, at most KEPT_FOR_S old; with the stamp of this moment, as they are at this moment.

    The stamp is the sum of the accounts' versions: it grows with every change, in whichever process it is made.
    Whoever has a transaction open passes its session: a second connection, asked for while the first is held,
    is how a pool of connections comes to a standstill.
    """
    moment = time.monotonic()
    if _kept.directory is None or moment >= _kept.until or stamp not in (None, _kept.stamp):
        if session is not None:
            _renew(session)
        else:
            with reading() as alone:
                _renew(alone)
        now = clock.now()
        health = load_health([one.account.id for one in _kept.accounts], now=now)
        _kept.directory = {one.account.id: _judged(one, health[one.account.id], now) for one in _kept.accounts}
        _kept.until = moment + KEPT_FOR_S
    return _kept.directory


def _renew(session: Session) -> None:
    """Read the accounts anew if one has changed: each carries long lists of countries, and hardly ever does one."""
    written_by = session.scalar(_WRITTEN_BY)
    if written_by == _kept.written_by:
        return
    rows = _load(session)
    # An imported history names accounts with gateways that nobody here can speak to.
    known = [row for row in rows if row.gateway in connectors()]
    _kept.accounts = [one for one in map(_configured, known) if one is not None]
    _kept.stamp = sum(row.version for row in rows)
    _kept.written_by = written_by


def _judged(one: ConfiguredGateway, record: Record, now: datetime) -> ConfiguredGateway:
    """The account as it works at this moment."""
    health = record.health(now)
    account = replace(one.account, health=health, score=record.score, has_failed=record.failed_lately)
    return replace(one, account=account)


def _load(session: Session) -> list[Row]:
    # A session that has read an account before must not answer with what it was then.
    asked = select(Row).order_by(Row.priority, Row.id).execution_options(populate_existing=True)
    rows = list(session.scalars(asked))
    for row in rows:
        session.expunge(row)
    return rows


def forget_gateways() -> None:
    """Read accounts anew: after a change made by this process, and between tests."""
    _kept.directory = _kept.written_by = None
    _kept.built.clear()


def _configured(row: Row) -> ConfiguredGateway | None:
    """The account with its gateway; None for one that cannot be right, which must not close the others."""
    key = (row.id, row.version)
    if key not in _kept.built:
        credentials = json.loads(row.credentials) if row.credentials else _kept.house.get(row.gateway, {})
        try:
            _kept.built[key] = build(row.gateway, credentials)
        except (GatewayConfigError, UnknownGatewayError) as error:
            log.warning("gateway_account_unusable", account=row.name, error=str(error))
            return None
    gateway = _kept.built[key]
    return ConfiguredGateway(
        GatewayAccount(
            id=row.id,
            name=row.name,
            gateway=row.gateway,
            ranges=tuple(_ranges(row, gateway)),
            priority=row.priority,
            is_on=row.enabled,
            countries=frozenset(row.countries),
            capture_on=row.capture_on,
            channel_ids=frozenset() if row.channel_id is None else frozenset({row.channel_id}),
        ),
        gateway,
    )


def _ranges(row: Row, gateway: Gateway) -> list[MethodRange]:
    """What the gateway can do and the account is allowed to."""
    ranges = []
    for capability in gateway.capabilities.methods:
        if capability.method.value not in row.methods:
            continue
        for currency, limit in capability.limits.items():
            if currency in row.currencies:
                lowest, highest = row.limits.get(currency) or (None, None)
                smallest = max(limit.min_minor, lowest or limit.min_minor)
                largest = limit.max_minor if highest is None else min(limit.max_minor, highest)
                ranges.append(MethodRange(capability.method.value, currency, smallest, largest))
    return ranges
