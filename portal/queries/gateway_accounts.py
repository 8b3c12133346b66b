"""Gateway accounts and their incidents, for administrators. Secrets are never among what is answered."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.gateways.registry import connectors
from portal.kit.paging import Page, fingerprint
from portal.models import GatewayAccount, GatewayIncident, PaymentAttempt
from portal.queries.keyset import Sorting, count_up_to, fetch_page

SHOWN_OF_SECRET = 4
SECRET_LENGTH_SHOWN_FROM = 12


@dataclass(frozen=True, slots=True)
class SettingView:
    """A setting of a connector. Of a secret there is only its end, and that only of a long one."""

    name: str
    is_secret: bool
    is_required: bool
    value: str
    hint: str


@dataclass(frozen=True, slots=True)
class GatewayAccountView:
    """An account as it is configured."""

    id: int
    gateway: str
    title: str
    name: str
    channel_id: int | None
    countries: Sequence[str]
    methods: Sequence[str]
    currencies: Sequence[str]
    limits: Mapping[str, Sequence[int | None]]
    priority: int
    is_on: bool
    capture_on: str
    version: int
    has_own_keys: bool
    settings: tuple[SettingView, ...]


@dataclass(frozen=True, slots=True)
class IncidentRow:
    """Something that went wrong, or a move of a breaker."""

    id: int
    account_id: int
    account: str
    payment_id: uuid.UUID | None
    kind: str
    code: str | None
    duration_ms: int | None
    next: str | None
    at: datetime


def list_accounts(session: Session) -> list[GatewayAccountView]:
    """Every account whose gateway is installed, in their order."""
    statement = select(GatewayAccount).where(GatewayAccount.gateway.in_(connectors()))
    rows = session.scalars(statement.order_by(GatewayAccount.priority, GatewayAccount.id))
    return [_view(row) for row in rows]


def account_names(session: Session) -> dict[int, str]:
    """What every account is called, whether its gateway is installed or not."""
    return {row.id: row.name for row in session.execute(select(GatewayAccount.id, GatewayAccount.name))}


def load_account(session: Session, *, account_id: int) -> GatewayAccountView | None:
    row = session.get(GatewayAccount, account_id)
    return _view(row) if row is not None and row.gateway in connectors() else None


def setting_views(gateway: str, credentials: str | None = None) -> tuple[SettingView, ...]:
    """The settings of a connector, as a form asks for them."""
    stored: Mapping[str, str] = json.loads(credentials) if credentials else {}
    found = []
    for one in connectors()[gateway].settings:
        value = stored.get(one.name, "")
        end = value[-SHOWN_OF_SECRET:] if len(value) >= SECRET_LENGTH_SHOWN_FROM else ""
        shown, hint = ("", end) if one.secret else (value, one.default)
        found.append(SettingView(one.name, one.secret, one.required, shown, hint if not one.secret or value else ""))
    return tuple(found)


def _view(row: GatewayAccount) -> GatewayAccountView:
    return GatewayAccountView(
        id=row.id,
        gateway=row.gateway,
        title=connectors()[row.gateway].title,
        name=row.name,
        channel_id=row.channel_id,
        countries=row.countries,
        methods=row.methods,
        currencies=row.currencies,
        limits=row.limits,
        priority=row.priority,
        is_on=row.enabled,
        capture_on=row.capture_on,
        version=row.version,
        has_own_keys=row.credentials is not None,
        settings=setting_views(row.gateway, row.credentials),
    )


SORTING = Sorting((GatewayIncident.at, GatewayIncident.id), (datetime, int))


def list_incidents(session: Session, *, account_id: int | None, cursor: str | None) -> Page[IncidentRow]:
    """One page of incidents, of one account or of all, the latest first. Raises CursorInvalidError."""
    statement: Any = (
        select(
            GatewayIncident.id,
            GatewayIncident.gateway_account_id,
            GatewayAccount.name,
            PaymentAttempt.payment_id,
            GatewayIncident.kind,
            GatewayIncident.code,
            GatewayIncident.duration_ms,
            GatewayIncident.next,
            GatewayIncident.at,
        )
        .join(GatewayAccount, GatewayAccount.id == GatewayIncident.gateway_account_id)
        .outerjoin(PaymentAttempt, PaymentAttempt.id == GatewayIncident.attempt_id)
    )
    counted: Any = select(GatewayIncident.id)
    if account_id is not None:
        statement = statement.where(GatewayIncident.gateway_account_id == account_id)
        counted = counted.where(GatewayIncident.gateway_account_id == account_id)
    return fetch_page(
        session,
        statement,
        SORTING,
        make=lambda row: IncidentRow(*row),
        key=lambda row: (row.at, row.id),
        cursor_text=cursor,
        mark=fingerprint("incidents", account_id),
        total=count_up_to(session, counted),
    )
