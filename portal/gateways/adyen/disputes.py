"""Disputes at Adyen, which are told step by step (docs.adyen.com/risk-management/disputes-api/dispute-notifications).

Adyen cannot be asked how a dispute stands. Every notice of one has the reference of the dispute and, as its original,
that of the payment, if "Include the originalReference for CHARGEBACK_REVERSED events" is on in the Customer Area;
without it the later notices name the payment only. Steps are ordered by stage too: two may bear the same second.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from portal.gateways.adyen.config import NAME
from portal.gateways.adyen.translate import Object
from portal.gateways.base import DisputeNotice, DisputeState, EventKind, WebhookEvent
from portal.gateways.errors import OutcomeUnknownError

# In the order of a dispute's life.
_STAGES = (
    *("REQUEST_FOR_INFORMATION", "NOTIFICATION_OF_CHARGEBACK", "CHARGEBACK", "INFORMATION_SUPPLIED"),
    *("CHARGEBACK_REVERSED", "PREARBITRATION_OPEN", "PREARBITRATION_LOST", "PREARBITRATION_WON"),
    *("ISSUER_RESPONSE_TIMEFRAME_EXPIRED", "DISPUTE_DEFENSE_PERIOD_ENDED"),
    *("SCHEME_ARBITRATION_LOST", "SCHEME_ARBITRATION_WON", "SECOND_CHARGEBACK"),
)
_STAGE = {name: at for at, name in enumerate(_STAGES)}
# What ends it: nothing that is not an end itself comes after, whatever its date.
_ENDS = frozenset(
    {
        *("PREARBITRATION_WON", "ISSUER_RESPONSE_TIMEFRAME_EXPIRED", "DISPUTE_DEFENSE_PERIOD_ENDED"),
        *("SCHEME_ARBITRATION_WON", "SECOND_CHARGEBACK"),
    }
)
_TAKES = frozenset({"CHARGEBACK", "SECOND_CHARGEBACK"})
_GIVES_BACK = frozenset(
    {
        *("CHARGEBACK_REVERSED", "PREARBITRATION_WON", "ISSUER_RESPONSE_TIMEFRAME_EXPIRED"),
        "SCHEME_ARBITRATION_WON",
    }
)
_OPENS = frozenset({"REQUEST_FOR_INFORMATION", "NOTIFICATION_OF_CHARGEBACK", "CHARGEBACK"})
_LOST_WORDS = frozenset({"Lost", "Accepted", "Expired"})

KINDS: Mapping[str, EventKind] = {
    name: EventKind.DISPUTE_OPENED
    if name in _OPENS
    else EventKind.DISPUTE_CLOSED
    if name in _ENDS | {"CHARGEBACK_REVERSED"}
    else EventKind.DISPUTE_CHANGED
    for name in _STAGES
}

# The networks' codes in the words that all gateways share; a code that is not here is shown without a reason.
_REASONS: Mapping[str, tuple[str, ...]] = {
    "fraudulent": (
        *("10.1", "10.2", "10.3", "10.4", "10.5", "4837", "4840", "4849", "4870", "4871"),
        *("F10", "F14", "F24", "F29", "F30", "F31", "FR2", "FR4", "FR6"),
    ),
    "unrecognized": ("4863", "75"),
    "product_not_received": ("13.1", "4855", "C08"),
    "product_unacceptable": ("13.3", "13.4", "13.5", "4853", "C31", "C32"),
    "subscription_canceled": ("13.2", "4841", "C28"),
    "credit_not_processed": ("13.6", "13.7", "4860", "C02", "C04", "C05"),
    "duplicate": ("12.6", "12.6.1", "12.6.2", "4834", "P08", "C14"),
}
_REASON_OF = {code: word for word, codes in _REASONS.items() for code in codes}


def notice(item: Object) -> DisputeNotice:
    """What one step says by itself. Raises KeyError, TypeError or ValueError for nonsense."""
    more: Object = item.get("additionalData") or {}
    name, at = str(item["eventCode"]), datetime.fromisoformat(str(item["eventDate"]))
    amount_minor, due = int(item["amount"]["value"]), more.get("defensePeriodEndsAt")
    code = str(more.get("chargebackReasonCode") or more.get("rfiReasonCode") or "")
    return DisputeNotice(
        dispute_ref=str(item["pspReference"]),
        gateway_ref=payment_of(item),
        state=_state(name, str(more.get("disputeStatus") or "")),
        amount_minor=amount_minor,
        currency=str(item["amount"]["currency"]),
        held_minor=amount_minor if name in _TAKES else 0,
        reason=_REASON_OF.get(code, "general"),
        opened_at=at,
        told_at=at,
        answer_due_at=datetime.fromisoformat(str(due)) if due else None,
        evidence_sent=name == "INFORMATION_SUPPLIED",
    )


def payment_of(item: Object) -> str:
    """The payment that a step is about; without the setting some name it in the place of the dispute."""
    return str(item.get("originalReference") or item["pspReference"])


def _state(name: str, word: str) -> DisputeState:
    """Where a step leads to; `word` is its disputeStatus."""
    if name in _ENDS:
        return DisputeState.WON if name in _GIVES_BACK else DisputeState.LOST
    match name:
        case "REQUEST_FOR_INFORMATION":
            states = {"Responded": DisputeState.UNDER_REVIEW, "Expired": DisputeState.CLOSED}
            return states.get(word, DisputeState.INQUIRY)
        case "NOTIFICATION_OF_CHARGEBACK" | "CHARGEBACK":
            if word in _LOST_WORDS:
                return DisputeState.LOST
            return DisputeState.UNDER_REVIEW if word == "Pending" else DisputeState.NEEDS_RESPONSE
        case "CHARGEBACK_REVERSED":
            return DisputeState.UNDER_REVIEW if word == "Pending" else DisputeState.WON
        case "PREARBITRATION_LOST" | "SCHEME_ARBITRATION_LOST":
            return DisputeState.LOST
        case _:
            return DisputeState.UNDER_REVIEW


def conclude(dispute_ref: str, events: Sequence[WebhookEvent]) -> DisputeNotice:
    """How a dispute stands, from all notices of its payment. Raises OutcomeUnknownError."""
    steps = [(each.name, each.outcome) for each in events if isinstance(each.outcome, DisputeNotice)]
    payments = {step.gateway_ref for _, step in steps}
    if dispute_ref in payments:
        named = {step.dispute_ref for _, step in steps} - payments
        if len(named) != 1:
            raise OutcomeUnknownError(NAME, "not_told", "which dispute of the payment")
        (dispute_ref,) = named
    steps = [(name, step) for name, step in steps if step.dispute_ref in {dispute_ref, *payments}]
    if not steps:
        raise OutcomeUnknownError(NAME, "not_told")
    by_stage = sorted(steps, key=lambda one: _STAGE[one[0]])
    in_time = sorted(steps, key=lambda one: (one[1].told_at, _STAGE[one[0]]))
    last = next((step for name, step in reversed(in_time) if name in _ENDS), in_time[-1][1])
    moved = [(name, step) for name, step in by_stage if name in _TAKES | _GIVES_BACK]
    told = [step for name, step in by_stage if name in _TAKES] or [step for _, step in by_stage]
    dues = [step.answer_due_at for _, step in in_time if step.answer_due_at]
    reasons = [step.reason for _, step in by_stage if step.reason != "general"]
    return replace(
        last,
        dispute_ref=dispute_ref,
        amount_minor=told[-1].amount_minor,
        currency=told[-1].currency,
        held_minor=moved[-1][1].held_minor if moved else 0,
        reason=reasons[-1] if reasons else "general",
        opened_at=in_time[0][1].told_at,
        told_at=in_time[-1][1].told_at,
        answer_due_at=dues[-1] if dues else None,
        evidence_sent=any(step.evidence_sent for _, step in steps),
    )
