"""Configure a gateway account: what it may take, where, in which order, and its keys (PAY-05)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.gateways.base import Capabilities, Method
from portal.gateways.connector import GatewayConfigError
from portal.gateways.registry import build, connectors
from portal.kit.currency import is_currency
from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.models import Channel, GatewayAccount
from portal.rules.capture import CaptureOn
from portal.rules.permissions import Actor, Permission, may
from portal.rules.step_up import StepUpAction
from portal.services.accounts.step_up import Binding, require_step_up
from portal.services.audit import AuditAction, Fact, record

NAME_LENGTH_MAX = 60
PRIORITY_MAX = 10_000
_COUNTRY = re.compile(r"[A-Z]{2}")


class GatewayAccountUnknownError(PortalError):
    code = "not_found"
    status = 404
    sentence = N_("This page or record does not exist.")


class GatewayAccountChangedError(PortalError):
    """Somebody else has saved it since this form was opened."""

    code = "gateway_account_changed"
    status = 409
    sentence = N_("Somebody has changed this account meanwhile. Look at it anew; nothing of yours was saved.")


class GatewayAccountUnfitError(PortalError):
    """Fields that cannot be so; `faults` has a sentence for each, by the field's name."""

    code = "gateway_account_unfit"
    sentence = N_("The account was not saved: some fields need another look.")

    def __init__(self, faults: Mapping[str, str]) -> None:
        self.faults = dict(faults)
        super().__init__()


@dataclass(frozen=True, slots=True)
class AccountTerms:
    """What an account may take. Limits are by currency, in minor units, None where only the gateway's own hold.

    No channel, and no countries, means all of them. A lower `priority` comes first.
    """

    name: str
    channel_id: int | None
    countries: Sequence[str]
    methods: Sequence[str]
    currencies: Sequence[str]
    limits: Mapping[str, tuple[int | None, int | None]]
    priority: int
    is_on: bool
    capture_on: str = CaptureOn.CHECKOUT


def save_gateway_account(
    session: Session,
    *,
    actor: Actor,
    account_id: int | None,
    version: int | None,
    gateway: str,
    terms: AccountTerms,
    settings: Mapping[str, str],
    now: datetime,
) -> int:
    """Make an account, or change one of this `version`; returns its id. Payments go by it at once, everywhere.

    `settings` are the connector's by name; an empty secret keeps what is stored, and none at all leaves the account
    with the keys of the process's own settings. Secrets are stored encrypted and stand in no record; new ones are
    confirmed first. Raises GatewayAccountUnknownError, GatewayAccountChangedError, GatewayAccountUnfitError,
    StepUpNeededError.
    """
    if not may(actor, Permission.GATEWAY_CONFIGURE):
        raise GatewayAccountUnknownError
    if account_id is None:
        row, before = GatewayAccount(gateway=gateway, credentials=None), None
    else:
        row = _lock(session, account_id)
        if row.version != version:
            raise GatewayAccountChangedError
        before = _told(row)
    connector = connectors().get(row.gateway)
    if connector is None:
        raise GatewayAccountUnfitError({"gateway": N_("Choose one of the gateways that are installed.")})
    stored = json.loads(row.credentials) if row.credentials else {}
    given = {one.name: settings.get(one.name, "").strip() for one in connector.settings}
    wanted = {name: given[name] or stored.get(name, "") for name in given}
    is_own = any(given.values()) or bool(stored)
    faults = _faults(session, row.gateway, terms, wanted if is_own else None)
    if faults:
        raise GatewayAccountUnfitError(faults)
    changed = sorted(name for name, value in given.items() if value and value != stored.get(name))
    if changed:
        bound = json.dumps([account_id, row.gateway, [(name, given[name]) for name in changed]])
        binding = Binding(f"gateway-account:{bound}", told={"name": terms.name})
        require_step_up(session, actor=actor, action=StepUpAction.SAVE_CREDENTIALS, binding=binding, now=now)
    row.name, row.channel_id, row.priority, row.enabled = terms.name, terms.channel_id, terms.priority, terms.is_on
    row.countries, row.methods, row.currencies = list(terms.countries), list(terms.methods), list(terms.currencies)
    row.capture_on = terms.capture_on
    row.limits = {currency: list(bounds) for currency, bounds in terms.limits.items() if bounds != (None, None)}
    if is_own:
        row.credentials = json.dumps({name: value for name, value in wanted.items() if value})
    row.version = (row.version or 0) + 1
    session.add(row)
    try:
        session.flush()
    except IntegrityError:
        raise GatewayAccountUnfitError({"name": N_("Another account has this name.")}) from None
    after = _told(row) | ({"settings_changed": changed} if changed else {})
    record(
        session, Fact(AuditAction.GATEWAY_CONFIGURED, f"gateway-account:{row.id}", before, after), actor=actor, now=now
    )
    return row.id


def _lock(session: Session, account_id: int) -> GatewayAccount:
    row = session.execute(
        select(GatewayAccount).where(GatewayAccount.id == account_id).with_for_update()
    ).scalar_one_or_none()
    if row is None or row.gateway not in connectors():
        raise GatewayAccountUnknownError
    return row


def _told(row: GatewayAccount) -> dict[str, Any]:
    """What records say of an account: everything but its keys."""
    return {
        "name": row.name,
        "channel": row.channel_id,
        "countries": row.countries,
        "methods": row.methods,
        "currencies": row.currencies,
        "limits": row.limits,
        "priority": row.priority,
        "is_on": row.enabled,
        "capture_on": row.capture_on,
    }


def _faults(
    session: Session, gateway: str, terms: AccountTerms, credentials: Mapping[str, str] | None
) -> dict[str, str]:
    """Every field that cannot be so, with its sentence."""
    faults: dict[str, str] = {}
    if not terms.name or len(terms.name) > NAME_LENGTH_MAX:
        faults["name"] = N_("Give the account a name of at most 60 characters.")
    if terms.channel_id is not None and session.get(Channel, terms.channel_id) is None:
        faults["channel"] = N_("Choose one of the channels.")
    if not 0 <= terms.priority <= PRIORITY_MAX:
        faults["priority"] = N_("The place in the order is a whole number from 0 to 10,000.")
    if terms.capture_on not in set(CaptureOn):
        faults["capture_on"] = N_("Choose when cards are charged.")
    if any(_COUNTRY.fullmatch(country) is None for country in terms.countries):
        faults["countries"] = N_("Name countries by two letters, such as KR, US.")
    try:
        capabilities = build(gateway, credentials or {}).capabilities if credentials is not None else None
    except GatewayConfigError as error:
        faults[f"setting_{error.setting}"] = N_("This setting is missing or cannot be so.")
        return faults
    return faults | _range_faults(terms, capabilities)


def _range_faults(terms: AccountTerms, capabilities: Capabilities | None) -> dict[str, str]:
    """What the gateway cannot do. Without keys nobody asks it: routing drops what it cannot take."""
    faults: dict[str, str] = {}
    if not terms.methods or any(method not in set(Method) for method in terms.methods):
        faults["methods"] = N_("Choose at least one way of paying.")
    if not terms.currencies or not all(map(is_currency, terms.currencies)):
        faults["currencies"] = N_("Name currencies by their ISO codes, such as KRW, USD.")
    if capabilities is not None and not faults:
        able = [one for one in (capabilities.of(Method(method)) for method in terms.methods) if one is not None]
        if len(able) != len(terms.methods):
            faults["methods"] = N_("This gateway does not know one of the ways of paying.")
        if not all(any(currency in one.limits for one in able) for currency in terms.currencies):
            faults["currencies"] = N_("This gateway does not take one of the currencies.")
    for currency, (lowest, highest) in terms.limits.items():
        if (lowest is not None and lowest < 1) or (lowest is not None and highest is not None and lowest > highest):
            faults[f"limit_{currency}"] = N_("The smallest amount is above zero and not above the largest.")
    return faults
