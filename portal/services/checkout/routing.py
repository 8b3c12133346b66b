"""Which gateway account a checkout's payment goes to, with the reasons kept (PAY-04)."""

from __future__ import annotations

import math
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from portal.gateways.base import Flow, Method, MethodCapability
from portal.gateways.receipts import ReceiptingGateway
from portal.kit.errors import PortalError, RejectedError, Rejection
from portal.kit.money import Money
from portal.kit.text import N_
from portal.queries.channels import ChannelView
from portal.queries.gateways import ConfiguredGateway
from portal.queries.turned_away import TurnedAway
from portal.rules import cash_receipts
from portal.rules.capture import CaptureOn
from portal.rules.route_rules import RuleSet
from portal.rules.routing import Route, RouteRequest, methods, route
from portal.services.payments.tell_route import told_accounts, told_decision

# One payment in so many may show that an account which failed works again.
EXPLORES_ONE_IN = 10


class TryAgainLaterError(PortalError):
    """No gateway could be reached for this person a moment ago; `retry_after_s` says when the next try is taken."""

    code = "try_again_later"
    status = 429
    sentence = N_("Nobody could be reached for this payment. Try again after %(at)s, or pay another way.")

    def __init__(self, until: datetime, now: datetime) -> None:
        self.retry_after_s = max(1, math.ceil((until - now) / timedelta(seconds=1)))
        super().__init__(at=until)


SAVED_CARD_UNUSABLE = Rejection(
    "SAVED_CARD_UNUSABLE", N_("This kept card cannot be used for this payment. Choose another, or fill in a card.")
)
CARD_FIELDS_CHANGED = Rejection(
    "CARD_FIELDS_CHANGED", N_("The card fields have changed. Fill in your card once more, please.")
)
METHOD_MISSING = Rejection("METHOD_MISSING", N_("Choose how you want to pay."))


@dataclass(frozen=True, slots=True)
class PaymentRoute:
    """The chosen account, every account that was considered, and what decided, for the attempt's row.

    `capture_on` says when the account takes what this method lets it hold.
    """

    account_id: int
    gateway: str
    method: str
    considered: list[dict[str, Any]]
    decision: dict[str, Any]
    capture_on: CaptureOn = CaptureOn.CHECKOUT


@dataclass(frozen=True, slots=True)
class MethodOffer:
    """A way of paying as the page shows it: usable, or with the reason why not (CAT-05).

    `has_page` says that some account takes it without fields in our page, `files_receipts` that its payments can be
    filed with the tax office.
    """

    method: str
    rejection: Rejection | None
    account_id: int | None
    flow: Flow | None
    needs_javascript: bool
    has_page: bool
    files_receipts: bool


def _capture_on(configured: ConfiguredGateway, capability: MethodCapability) -> CaptureOn:
    """What a gateway cannot hold it takes at once; an invoice is a claim of our own, and nothing to be held."""
    if not capability.capture_later or capability.method is Method.INVOICE:
        return CaptureOn.CHECKOUT
    return CaptureOn(configured.account.capture_on)


def offer_methods(
    directory: Mapping[int, ConfiguredGateway],
    rules: RuleSet,
    *,
    channel: ChannelView,
    amount_minor: int,
    country: str | None,
    locale: str | None,
    user_id: uuid.UUID | None,
) -> list[MethodOffer]:
    """Every way of paying that the channel knows, for this amount."""
    amount = Money(amount_minor, channel.currency)
    accounts = [one.account for one in directory.values()]
    request = RouteRequest(channel.id, "", amount, country, locale=locale, buyer=str(user_id))
    offers = []
    for method, decision in methods(request, accounts, rules).items():
        found = (directory[one].gateway.capabilities.of(Method(method)) for one in decision.account_ids)
        capabilities = [one for one in found if one is not None]
        first = capabilities[0] if capabilities else None
        offers.append(
            MethodOffer(
                method,
                decision.refusal,
                decision.first,
                first.flow if first else None,
                first.needs_javascript if first else False,
                any(one.flow is not Flow.ELEMENT for one in capabilities),
                files_cash_receipts(directory, channel, method, decision.first),
            )
        )
    return offers


def files_cash_receipts(
    directory: Mapping[int, ConfiguredGateway], channel: ChannelView, method: str, account_id: int | None
) -> bool:
    """Whether a payment this way can be filed with the Korean tax office (PAY-18)."""
    if method not in cash_receipts.METHODS or channel.currency != cash_receipts.CURRENCY or account_id is None:
        return False
    return isinstance(directory[account_id].gateway, ReceiptingGateway)


def choose_route(
    directory: Mapping[int, ConfiguredGateway],
    rules: RuleSet,
    *,
    channel: ChannelView,
    method: str | None,
    amount_minor: int,
    country: str | None,
    locale: str | None,
    user_id: uuid.UUID,
    has_token: bool,
    token_account_id: int | None = None,
    card_is_kept: bool = False,
    turned_away: TurnedAway,
    explores: bool,
    now: datetime,
) -> PaymentRoute:
    """Choose the account for a payment. Raises RejectedError when none can take it, TryAgainLaterError when those that
    could were tried for this person a moment ago.

    Without a token of the gateway's own fields (no JavaScript, or another kind of method) only accounts that lead
    the buyer to their own page, or wait for a notice, can be asked. With one, whose fields made it is known to
    `token_account_id`, and only that account can use it: if it may not take the payment any more, the buyer is asked
    again rather than his card's token sent to a stranger. With `card_is_kept` it is a card that the account keeps.
    """
    if method is None or method not in set(Method):
        raise RejectedError(METHOD_MISSING)
    accounts = [one.account for one in directory.values()]
    request = RouteRequest(
        channel.id,
        method,
        Money(amount_minor, channel.currency),
        country,
        turned_away.account_ids,
        explores,
        locale,
        str(user_id),
    )
    decision: Route = route(request, accounts, rules)
    bound = has_token and token_account_id is not None
    for account_id in decision.account_ids:
        if bound and account_id != token_account_id:
            continue
        configured = directory[account_id]
        capability = configured.gateway.capabilities.of(Method(method))
        if capability is not None and (has_token or capability.flow is not Flow.ELEMENT):
            return PaymentRoute(
                account_id,
                configured.account.gateway,
                method,
                told_accounts(decision),
                told_decision(decision, request, has_token=has_token),
                _capture_on(configured, capability),
            )
    if turned_away.until is not None and any(route(replace(request, tried=frozenset()), accounts).account_ids):
        raise TryAgainLaterError(turned_away.until, now)
    if bound and decision.account_ids:
        raise RejectedError(SAVED_CARD_UNUSABLE if card_is_kept else CARD_FIELDS_CHANGED)
    raise RejectedError(
        decision.refusal
        or Rejection("CARD_FIELDS_MISSING", N_("Fill in your card, or choose a way of paying on the provider's page."))
    )
