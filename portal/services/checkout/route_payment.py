"""Find the gateway account for a payment by all that is known now: rules, health, kept cards, earlier refusals."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy.orm import Session

from portal.kit.errors import RejectedError
from portal.queries.channels import ChannelView
from portal.queries.gateways import gateway_directory
from portal.queries.routing_rules import in_force
from portal.queries.turned_away import NOT_TURNED_AWAY, load_turned_away
from portal.services.checkout.means import Means
from portal.services.checkout.routing import EXPLORES_ONE_IN, SAVED_CARD_UNUSABLE, PaymentRoute, choose_route
from portal.services.methods.change_methods import MethodUnknownError, find_method


def route_payment(
    session: Session,
    *,
    channel: ChannelView,
    means: Means,
    amount_minor: int,
    country: str | None,
    locale: str,
    user_id: uuid.UUID,
    subject_id: uuid.UUID,
    now: datetime,
) -> PaymentRoute:
    """Choose the account. `subject_id` is what is paid for, and lets one in many try an account that has failed.

    Raises RejectedError and TryAgainLaterError.
    """
    current = in_force(session)
    directory = gateway_directory(session, stamp=current.accounts_stamp)
    bound_to = means.source_account_id
    if means.saved_method_id is not None:
        bound_to = _account_of(session, user_id, means.saved_method_id)
    turned_away = NOT_TURNED_AWAY
    if any(one.account.has_failed for one in directory.values()):
        turned_away = load_turned_away(session, user_id=user_id, method=means.method or "", now=now)
    return choose_route(
        directory,
        current.rules,
        channel=channel,
        method=means.method,
        amount_minor=amount_minor,
        country=country,
        locale=locale,
        user_id=user_id,
        has_token=means.has_token,
        token_account_id=bound_to,
        card_is_kept=means.saved_method_id is not None,
        turned_away=turned_away,
        explores=subject_id.int % EXPLORES_ONE_IN == 0,
        now=now,
    )


def _account_of(session: Session, user_id: uuid.UUID, method_id: uuid.UUID) -> int:
    """Where a kept card can pay: at no other account."""
    try:
        return find_method(session, user_id=user_id, method_id=method_id).gateway_account_id
    except MethodUnknownError as error:
        raise RejectedError(SAVED_CARD_UNUSABLE) from error
