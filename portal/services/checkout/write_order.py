"""Write a priced order with everything it froze: parts, lines, shares of coupons and tenders, its payment."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from portal.db import insert_rows
from portal.kit.ids import new_id, new_number
from portal.models import (
    Consent,
    DiscountShare,
    Order,
    OrderHold,
    OrderLine,
    OrderPart,
    Payment,
    PaymentAttempt,
    Tender,
    TenderShare,
)
from portal.queries.carts import CartView
from portal.queries.channels import ChannelView
from portal.rules.capture import CaptureOn
from portal.rules.fraud import Decision, Outcome
from portal.rules.fx import FxRate
from portal.rules.permissions import Actor
from portal.rules.split import TenderKind
from portal.rules.states import Machine
from portal.services.audit import AuditAction, Fact, record
from portal.services.checkout.cross_border import record_borders
from portal.services.checkout.exchange import fx_columns
from portal.services.checkout.order_rows import (
    Draft,
    consent_rows,
    discount_rows,
    hold_row,
    line_rows,
    order_row,
    part_rows,
    tender_share_rows,
)
from portal.services.checkout.quote import CheckoutQuote
from portal.services.checkout.routing import PaymentRoute
from portal.services.coupons.claim_uses import Claim, write_uses
from portal.services.history import Move, record_moves
from portal.services.ledger.holds import HoldRequest, place_holds
from portal.services.outbox import Event, emit

if TYPE_CHECKING:
    from portal.services.checkout.place_order import Submission


@dataclass(frozen=True, slots=True)
class Written:
    """What the caller goes on with."""

    number: str
    attempt_id: uuid.UUID | None


def write_order(
    session: Session,
    *,
    order_id: uuid.UUID,
    actor: Actor,
    channel: ChannelView,
    cart: CartView,
    quoted: CheckoutQuote,
    claims: Sequence[Claim],
    submission: Submission,
    route: PaymentRoute | None,
    rate: FxRate | None,
    risk: Decision,
    expires_at: datetime,
    now: datetime,
) -> Written:
    """Write the order as `pending`, hold the stored tenders, and make payment and attempt rows for the rest."""
    assert actor.user_id is not None
    split = quoted.quote.split
    draft = Draft(
        order_id=order_id,
        part_ids={item.price.store_id: new_id() for item in quoted.quote.shipping},
        line_ids={item.key: new_id() for item in quoted.quote.lines},
        tender_ids={tender.kind: new_id() for tender in split.tenders if tender.amount_minor},
    )
    lines = line_rows(draft, quoted)
    number = new_number(channel.code.upper())
    under_review = risk.outcome is Outcome.REVIEW
    # What is set aside comes first: the rows that follow then go with one statement.
    holds = _hold(session, draft, quoted, expires_at, now)
    insert_rows(
        session,
        Order,
        [order_row(draft, number, actor, channel, quoted, submission, rate, risk, expires_at, now)],
    )
    parts = part_rows(draft, cart, quoted, rate, now)
    insert_rows(session, OrderPart, parts)
    insert_rows(session, OrderLine, lines)
    uses = write_uses(
        session, claims=claims, order_id=order_id, user_id=actor.user_id, currency=channel.currency, now=now
    )
    insert_rows(session, DiscountShare, discount_rows(draft, quoted, uses))
    insert_rows(session, Tender, _tender_rows(draft, quoted, holds, now))
    insert_rows(session, TenderShare, tender_share_rows(draft, quoted))
    record_borders(
        session,
        order_id=order_id,
        part_ids=draft.part_ids,
        line_ids=draft.line_ids,
        channel=channel,
        cart=cart,
        quoted=quoted,
        country=submission.address["country"],
        personal_code=submission.personal_code,
        rate=rate,
        now=now,
    )
    attempt_id = None
    moves = [Move(Machine.ORDER, order_id, None, "pending", order_id)]
    moves += [Move(Machine.PART, part_id, None, "held", order_id) for part_id in draft.part_ids.values()]
    if route is not None:
        payment_id, attempt_id = _write_payment(
            session, draft, actor, channel, quoted, submission, route, rate, risk, now
        )
        moves.append(Move(Machine.PAYMENT, payment_id, None, "pending", order_id))
        moves.append(Move(Machine.ATTEMPT, attempt_id, None, "created", order_id))
    if under_review:
        insert_rows(session, OrderHold, [hold_row(order_id, part_id, now) for part_id in draft.part_ids.values()])
    insert_rows(session, Consent, consent_rows(order_id, actor.user_id, submission, now))
    record_moves(session, *moves, actor=actor, now=now)
    facts = [
        Fact(
            AuditAction.ORDER_PLACED,
            f"order:{order_id}",
            after={
                "number": number,
                "payable_minor": quoted.quote.total_minor,
                "currency": channel.currency,
                "rate": None if rate is None else f"{rate.rate:f} {rate.target}",
                "tenders": {t.kind.value: t.amount_minor for t in split.tenders if t.amount_minor},
                "risk": {"score": risk.score, "outcome": risk.outcome.value},
            },
        )
    ]
    facts += [
        Fact(
            AuditAction.COUPON_RESERVED,
            f"coupon-use:{uses[c.coupon.terms.key]}",
            after={"campaign": c.coupon.terms.campaign_id, "amount_minor": c.amount_minor, "order": str(order_id)},
        )
        for c in claims
    ]
    record(session, *facts, actor=actor, now=now)
    kinds = ["order.placed", "order.review_wanted"] if under_review else ["order.placed"]
    events = [
        Event(kind, f"order:{order_id}", {"number": number}, channel_id=channel.id, profile_id=actor.user_id)
        for kind in kinds
    ]
    emit(session, *events, now=now)
    return Written(number, attempt_id)


def _hold(
    session: Session, draft: Draft, quoted: CheckoutQuote, expires_at: datetime, now: datetime
) -> dict[TenderKind, uuid.UUID]:
    """Set aside what is paid from balances; the holds by tender."""
    accounts: dict[TenderKind, int | None] = {
        TenderKind.DEPOSIT: quoted.balances.deposit_account_id,
        TenderKind.MILEAGE: quoted.balances.mileage_account_id,
        TenderKind.GIFT: quoted.balances.gift_account_id,
    }
    stored = [t for t in quoted.quote.split.tenders if t.amount_minor and t.kind is not TenderKind.GATEWAY]
    requests = [(accounts[tender.kind], tender.units) for tender in stored]
    holds = place_holds(
        session,
        [HoldRequest(account_id, units) for account_id, units in requests if account_id is not None],
        order_id=draft.order_id,
        now=now,
        expires_at=expires_at,
    )
    return dict(zip((tender.kind for tender in stored), holds, strict=True))


def _tender_rows(
    draft: Draft, quoted: CheckoutQuote, holds: Mapping[TenderKind, uuid.UUID], now: datetime
) -> list[dict[str, Any]]:
    return [
        {
            "id": draft.tender_ids[tender.kind],
            "order_id": draft.order_id,
            "type": tender.kind.value,
            "currency": quoted.quote.currency,
            "amount_minor": tender.amount_minor,
            "points": tender.units if tender.kind is TenderKind.MILEAGE else None,
            "hold_id": holds.get(tender.kind),
            "status": "pending" if tender.kind is TenderKind.GATEWAY else "authorised",
            "updated_at": now,
        }
        for tender in quoted.quote.split.tenders
        if tender.amount_minor
    ]


def _write_payment(
    session: Session,
    draft: Draft,
    actor: Actor,
    channel: ChannelView,
    quoted: CheckoutQuote,
    submission: Submission,
    route: PaymentRoute,
    rate: FxRate | None,
    risk: Decision,
    now: datetime,
) -> tuple[uuid.UUID, uuid.UUID]:
    payment_id, attempt_id = new_id(), new_id()
    insert_rows(
        session,
        Payment,
        [
            {
                "id": payment_id,
                "purpose": "order",
                "order_id": draft.order_id,
                "tender_id": draft.tender_ids[TenderKind.GATEWAY],
                "user_id": actor.user_id,
                "channel_id": channel.id,
                "method": route.method,
                "currency": channel.currency,
                "amount_minor": quoted.quote.to_pay_now_minor,
                **fx_columns(quoted.quote.to_pay_now_minor, channel.currency, rate),
                "status": "pending",
                "capture_wanted": risk.outcome is not Outcome.REVIEW and route.capture_on is CaptureOn.CHECKOUT,
                "capture_on": route.capture_on,
                "created_at": now,
            }
        ],
    )
    insert_rows(
        session,
        PaymentAttempt,
        [
            {
                "id": attempt_id,
                "payment_id": payment_id,
                "n": 1,
                "gateway_account_id": route.account_id,
                "gateway": route.gateway,
                "op_key": f"att_{attempt_id.hex}",
                "state": "created",
                "source": None if submission.saved_method_id else submission.source_token,
                "saved_method_id": submission.saved_method_id,
                "return_url": submission.return_url.format(order_id=draft.order_id),
                "routing": route.considered,
                "decision": route.decision,
                "created_at": now,
                "due_at": now,
            }
        ],
    )
    return payment_id, attempt_id
