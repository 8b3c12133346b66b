"""Channels as every request needs them: few, small, and kept in the process for a moment."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Text, exists, literal_column, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from portal.db import reading
from portal.models import Channel, ChannelWindUp, LagIncident, TaxRate
from portal.queries.borders import IN_FORCE, rule_of
from portal.queries.house_rules import BLOCKED
from portal.rules.borders import BorderRule, Borders, borders_at
from portal.rules.channels import OPEN_STATES, TELLING, State
from portal.rules.house_rules import without_features
from portal.rules.taxes import BEGINNING, Taxes, TaxRule, taxes_at

# A change of a channel must be in force everywhere in under 2 s (CHN-02).
KEPT_FOR_S = 1.0

# One statement, because it may come with any page.
_LATE = exists().where(LagIncident.channel_id == Channel.id, LagIncident.closed_at.is_(None))
_BLOCKED: ColumnElement[Sequence[str]] = literal_column(BLOCKED, ARRAY(Text))
_BORDERS: ColumnElement[list[Any]] = literal_column(IN_FORCE, JSONB)
_SUCCESSOR = (
    select(ChannelWindUp.successor_id)
    .where(ChannelWindUp.channel_id == Channel.id, Channel.state == State.CLOSED)
    .scalar_subquery()
)
_CHANNELS = (
    select(
        Channel,
        _LATE,
        _BLOCKED,
        _BORDERS,
        _SUCCESSOR,
        TaxRate.section_id,
        TaxRate.rate,
        TaxRate.inclusive,
        TaxRate.valid_from,
    )
    .outerjoin(TaxRate, (TaxRate.channel_id == Channel.id) & TaxRate.withdrawn_at.is_(None))
    .order_by(Channel.id)
)


@dataclass(frozen=True, slots=True)
class ChannelView:
    """A channel as pages and services see it. `name` and texts of `brand` are {locale: text}.

    `is_late` says that changes come late to it just now. What a rule of the house blocks is closed in `policy`.
    """

    id: int
    code: str
    name: Mapping[str, str]
    currency: str
    country: str
    default_locale: str
    locales: tuple[str, ...]
    time_zone: str
    state: str
    brand: Mapping[str, Any]
    policy: Mapping[str, Any]
    tax_rules: Sequence[TaxRule]
    notices: Mapping[str, str] = field(default_factory=dict)
    legal: Mapping[str, str] = field(default_factory=dict)
    is_late: bool = False
    border_rules: Sequence[BorderRule] = ()

    @property
    def notice(self) -> Mapping[str, str] | None:
        """What buyers are told while it takes no orders; None while it does."""
        return self.notices if self.state in TELLING else None

    def taxes(self, now: datetime) -> Taxes:
        """What its goods bear at an instant."""
        return taxes_at(self.tax_rules, now)

    def borders(self, now: datetime) -> Borders:
        """What may cross which border at an instant."""
        return borders_at(self.border_rules, country=self.country, currency=self.currency, now=now)


@dataclass(frozen=True, slots=True)
class ChannelDirectory:
    """All channels at one moment. Those of `codes` and `hosts` have pages; the default is the oldest of them."""

    channels: Mapping[str, ChannelView]
    hosts: Mapping[str, str]
    default: str
    codes: frozenset[str] = field(default=frozenset())
    # Closed channels with those that took over: their addresses stand in mails and bookmarks.
    moved: Mapping[str, str] = field(default_factory=dict)

    def __getitem__(self, code: str) -> ChannelView:
        return self.channels[code]

    def by_id(self, channel_id: int) -> ChannelView:
        return next(c for c in self.channels.values() if c.id == channel_id)


class _Kept:
    def __init__(self) -> None:
        self.directory: ChannelDirectory | None = None
        self.until = 0.0


_kept = _Kept()


def channel_directory(session: Session | None = None) -> ChannelDirectory:
    """All channels, at most KEPT_FOR_S old. Whoever has a transaction open passes its session."""
    moment = time.monotonic()
    if _kept.directory is None or moment >= _kept.until:
        _kept.directory = _load(session) if session is not None else _load_alone()
        _kept.until = moment + KEPT_FOR_S
    return _kept.directory


def selling_channels() -> tuple[ChannelView, ...]:
    """The channels that can be sold on, now or some day."""
    return tuple(one for one in channel_directory().channels.values() if one.state not in {"closed", "sunset"})


def channel_currencies(session: Session | None = None) -> frozenset[str]:
    """The currencies of all channels, closed ones too: in these there are orders."""
    return frozenset(view.currency for view in channel_directory(session).channels.values())


def forget_channels() -> None:
    """Read channels anew at the next request: after a change made by this process, and between tests."""
    _kept.directory = None


def _load_alone() -> ChannelDirectory:
    with reading() as session:
        return _load(session)


def _load(session: Session) -> ChannelDirectory:
    rows: list[Channel] = []
    written: dict[int, list[TaxRule]] = {}
    late: set[int] = set()
    lost: dict[int, Sequence[str]] = {}
    borders: dict[int, Sequence[BorderRule]] = {}
    successors: dict[int, int] = {}
    for channel, is_late, blocked, crossing, successor_id, section_id, rate, inclusive, valid_from in session.execute(
        _CHANNELS
    ):
        if channel.id not in written:
            rows.append(channel)
            written[channel.id] = []
            lost[channel.id] = list(blocked)
            borders[channel.id] = tuple(rule_of(one) for one in crossing)
        if successor_id is not None:
            successors[channel.id] = successor_id
        if is_late:
            late.add(channel.id)
        if rate is not None:
            written[channel.id].append(TaxRule(rate, valid_from, section_id, inclusive))
    views = {
        row.code: ChannelView(
            id=row.id,
            code=row.code,
            name=row.name,
            currency=row.currency,
            country=row.country,
            default_locale=row.default_locale,
            locales=tuple(row.locales),
            time_zone=row.time_zone,
            state=row.state,
            brand=row.brand,
            policy=without_features(row.policy, lost[row.id]),
            tax_rules=(
                TaxRule(row.tax_rate, BEGINNING, inclusive=row.tax_inclusive),
                *written[row.id],
            ),
            notices=row.notices,
            legal=row.legal,
            is_late=row.id in late,
            border_rules=borders[row.id],
        )
        for row in rows
    }
    # A house whose every channel is closed still has pages: those of its people.
    shown = [row for row in rows if row.state in OPEN_STATES] or rows
    hosts = {host.lower(): row.code for row in shown for host in row.hosts}
    codes = {row.id: row.code for row in rows}
    moved = {codes[old]: codes[new] for old, new in successors.items()}
    return ChannelDirectory(views, hosts, shown[0].code if shown else "", frozenset(row.code for row in shown), moved)
