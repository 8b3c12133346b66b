"""What asking a gateway once more would do to a payment, without doing it: the gateway is read, nothing is written."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from portal.gateways.base import (
    ActionNeeded,
    Approved,
    Declined,
    FetchOutcome,
    GatewayError,
    NotFound,
    Pending,
    TellingGateway,
    Voided,
)
from portal.queries.exceptions import AttemptFacts
from portal.queries.gateways import gateway_directory


class Effect(StrEnum):
    """What would follow."""

    ORDER_PAID = "order_paid"
    ORDER_HELD = "order_held"
    MONEY_BACK = "money_back"
    ORDER_GIVEN_UP = "order_given_up"
    ELSEWHERE = "elsewhere"
    GOES_ON_WAITING = "goes_on_waiting"
    NOTHING_LEFT = "nothing_left"
    NO_ANSWER = "no_answer"
    CANNOT_BE_ASKED = "cannot_be_asked"


@dataclass(frozen=True, slots=True)
class DryRun:
    """What the gateway says now, in one word of ours, and what would follow."""

    said: str
    effect: Effect
    amount_minor: int | None = None
    currency: str | None = None


def dry_run(attempt: AttemptFacts) -> DryRun:
    """Read the attempt at its gateway. Calls it once, with no transaction open, and writes nothing anywhere."""
    configured = gateway_directory().get(attempt.account_id)
    if configured is None or isinstance(configured.gateway, TellingGateway):
        return DryRun("", Effect.CANNOT_BE_ASKED)
    try:
        outcome = configured.gateway.fetch(
            op_key=attempt.op_key, gateway_ref=attempt.gateway_ref, created_after=attempt.sent_at
        )
    except GatewayError as error:
        return DryRun(error.code, Effect.NO_ANSWER)
    return _judged(attempt, outcome)


def _judged(attempt: AttemptFacts, outcome: FetchOutcome) -> DryRun:
    usable = attempt.order_status in (None, "pending") and attempt.reversal is None
    match outcome:
        case Approved():
            if not usable:
                gone = outcome.refunded_minor >= outcome.amount_minor
                effect = Effect.NOTHING_LEFT if gone else Effect.MONEY_BACK
            else:
                effect = Effect.ORDER_PAID if outcome.captured else Effect.ORDER_HELD
            said = "captured" if outcome.captured else "authorised"
            return DryRun(said, effect, outcome.amount_minor, outcome.currency)
        case Declined():
            return DryRun("declined", Effect.ORDER_GIVEN_UP if usable else Effect.NOTHING_LEFT)
        case Voided():
            return DryRun("cancelled", Effect.ORDER_GIVEN_UP if usable else Effect.NOTHING_LEFT)
        case NotFound():
            return DryRun("not_found", Effect.ELSEWHERE if usable else Effect.NOTHING_LEFT)
        case ActionNeeded() | Pending():
            return DryRun("pending", Effect.GOES_ON_WAITING)
