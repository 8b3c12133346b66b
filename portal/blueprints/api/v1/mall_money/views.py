"""Payments of everybody, and withdrawals decided about, through the services of the desk (PAY-13, REF-08)."""

from __future__ import annotations

import uuid
from typing import Any

from portal.blueprints.access import NotFoundError
from portal.blueprints.api.keys import api_actor
from portal.blueprints.api.operations import FOR_MALL, PathValue, operation
from portal.blueprints.api.schemas import Amount
from portal.blueprints.api.v1.mall_money import examples
from portal.blueprints.api.v1.mall_money.schemas import (
    Attempt,
    MallPayment,
    MallPaymentItem,
    MallPaymentPage,
    MallPaymentQuery,
    MallWithdrawal,
    MallWithdrawalItem,
    MallWithdrawalPage,
    Reference,
    ToPay,
    Why,
    WithdrawalQuery,
)
from portal.db import atomically, reading
from portal.kit import clock
from portal.kit.paging import CursorInvalidError
from portal.queries.channels import channel_directory
from portal.queries.payments import PaymentFilter, list_payments, load_payment
from portal.queries.withdrawals import WithdrawalRow, list_withdrawals, load_to_pay, load_withdrawal
from portal.rules.permissions import Permission
from portal.services.accounts.may_spend import OwnerFrozenError
from portal.services.accounts.step_up import StepUpNeededError
from portal.services.catalogue.errors import ChannelUnknownError
from portal.services.withdrawals import decide_withdrawal as deciding

ID_SCHEMA = {"type": "string", "format": "uuid"}
PAYMENT = {"payment_id": PathValue("The payment's id.", ID_SCHEMA, examples.ID)}
WITHDRAWAL = {"withdrawal_id": PathValue("The withdrawal's id.", ID_SCHEMA, examples.ID)}
DECIDED = (deciding.WithdrawalUnknownError, deciding.WithdrawalDecidedError, NotFoundError)


@operation(
    "GET",
    "/mall/payments",
    tag="Payments",
    summary="List everybody's payments",
    permission=Permission.PAYMENT_VIEW,
    within=FOR_MALL,
    query=MallPaymentQuery,
    answer=MallPaymentPage,
    example=examples.page(examples.PAYMENT_ITEM),
    refusals=(CursorInvalidError, ChannelUnknownError),
)
def list_mall_payments(query: MallPaymentQuery) -> MallPaymentPage:
    place = channel_directory().channels.get(query.channel) if query.channel is not None else None
    if query.channel is not None and place is None:
        raise ChannelUnknownError
    chosen = PaymentFilter(
        status=query.status,
        method=query.method,
        channel_id=place.id if place else None,
        created_from=query.created_from,
        created_until=query.created_until,
        unknown=query.unknown,
        search=query.q,
        sort=query.sort,
    )
    with reading() as session:
        page = list_payments(session, chosen=chosen, cursor=query.cursor, rows_max=query.limit, is_counted=False)
    return MallPaymentPage.of(page, [MallPaymentItem(**_payment(row)) for row in page.rows])


@operation(
    "GET",
    "/mall/payments/<uuid:payment_id>",
    tag="Payments",
    summary="Show anybody's payment",
    description="With every try at a gateway.",
    permission=Permission.PAYMENT_VIEW,
    within=FOR_MALL,
    answer=MallPayment,
    example=examples.PAYMENT,
    path_values=PAYMENT,
    refusals=(NotFoundError,),
)
def show_mall_payment(payment_id: uuid.UUID) -> MallPayment:
    with reading() as session:
        found = load_payment(session, payment_id=payment_id)
    if found is None:
        raise NotFoundError
    return MallPayment(
        **_payment(found.payment),
        completed_at=found.payment.completed_at,
        attempts=[
            Attempt(
                id=one.id,
                gateway=one.gateway,
                account=one.account,
                state=one.state,
                gateway_transaction_id=one.gateway_ref,
                reason=one.reason,
                gateway_code=one.gateway_code,
                created_at=one.created_at,
                answered_at=one.answered_at,
            )
            for one in found.attempts
        ],
    )


@operation(
    "GET",
    "/mall/withdrawals",
    tag="Deposit",
    summary="List everybody's withdrawals",
    permission=Permission.WITHDRAWAL_APPROVE,
    within=FOR_MALL,
    query=WithdrawalQuery,
    answer=MallWithdrawalPage,
    example=examples.page(examples.WITHDRAWAL_ITEM),
    refusals=(CursorInvalidError,),
)
def list_mall_withdrawals(query: WithdrawalQuery) -> MallWithdrawalPage:
    with reading() as session:
        page = list_withdrawals(session, only_open=query.view == "open", cursor=query.cursor, rows_max=query.limit)
    return MallWithdrawalPage.of(page, [MallWithdrawalItem(**_withdrawal(row)) for row in page.rows])


@operation(
    "GET",
    "/mall/withdrawals/<uuid:withdrawal_id>",
    tag="Deposit",
    summary="Show anybody's withdrawal",
    description="With what is to be transferred by hand, and where.",
    permission=Permission.WITHDRAWAL_APPROVE,
    within=FOR_MALL,
    answer=MallWithdrawal,
    example=examples.APPROVED,
    path_values=WITHDRAWAL,
    refusals=(NotFoundError,),
)
def show_mall_withdrawal(withdrawal_id: uuid.UUID) -> MallWithdrawal:
    return _shown_withdrawal(withdrawal_id)


@operation(
    "POST",
    "/mall/withdrawals/<uuid:withdrawal_id>/approval",
    tag="Deposit",
    summary="Let a withdrawal go out",
    description="Nobody approves his own. Large amounts are confirmed by the person first (`step_up_needed`).",
    permission=Permission.WITHDRAWAL_APPROVE,
    within=FOR_MALL,
    answer=MallWithdrawal,
    example=examples.APPROVED,
    path_values=WITHDRAWAL,
    refusals=(*DECIDED, OwnerFrozenError, StepUpNeededError),
)
def approve_mall_withdrawal(withdrawal_id: uuid.UUID) -> MallWithdrawal:
    actor, now = api_actor(), clock.now()
    atomically(lambda s: deciding.approve_withdrawal(s, withdrawal_id=withdrawal_id, actor=actor, now=now))
    return _shown_withdrawal(withdrawal_id)


@operation(
    "POST",
    "/mall/withdrawals/<uuid:withdrawal_id>/refusal",
    tag="Deposit",
    summary="Refuse a withdrawal",
    description="Its owner reads why; the amount is deposit again.",
    permission=Permission.WITHDRAWAL_APPROVE,
    within=FOR_MALL,
    body=Why,
    body_example=examples.WHY,
    answer=MallWithdrawal,
    example=examples.WITHDRAWAL | {"status": "refused", **examples.WHY},
    path_values=WITHDRAWAL,
    refusals=(*DECIDED, deciding.WithdrawalTextMissingError),
)
def refuse_mall_withdrawal(withdrawal_id: uuid.UUID, body: Why) -> MallWithdrawal:
    actor, now, why = api_actor(), clock.now(), body.reason
    atomically(lambda s: deciding.refuse_withdrawal(s, withdrawal_id=withdrawal_id, reason=why, actor=actor, now=now))
    return _shown_withdrawal(withdrawal_id)


@operation(
    "POST",
    "/mall/withdrawals/<uuid:withdrawal_id>/payment",
    tag="Deposit",
    summary="Say that a withdrawal was transferred",
    permission=Permission.WITHDRAWAL_APPROVE,
    within=FOR_MALL,
    body=Reference,
    body_example=examples.REFERENCE,
    answer=MallWithdrawal,
    example=examples.WITHDRAWAL | {"status": "paid"},
    path_values=WITHDRAWAL,
    refusals=(*DECIDED, deciding.WithdrawalTextMissingError, OwnerFrozenError),
)
def pay_mall_withdrawal(withdrawal_id: uuid.UUID, body: Reference) -> MallWithdrawal:
    actor, now, name = api_actor(), clock.now(), body.reference
    atomically(lambda s: deciding.pay_withdrawal(s, withdrawal_id=withdrawal_id, reference=name, actor=actor, now=now))
    return _shown_withdrawal(withdrawal_id)


def _payment(row: Any) -> dict[str, Any]:
    """What a row of the list and the head of one payment have both."""
    return {
        "id": row.id,
        "purpose": row.purpose,
        "order_number": row.number,
        "channel": channel_directory().by_id(row.channel_id).code,
        "method": row.method,
        "status": row.status,
        "amount": Amount.of(row.amount_minor, row.currency),
        "captured": Amount.of(row.captured_minor, row.currency),
        "refunded": Amount.of(row.refunded_minor, row.currency),
        "created_at": row.created_at,
    }


def _shown_withdrawal(withdrawal_id: uuid.UUID) -> MallWithdrawal:
    with reading() as session:
        row = load_withdrawal(session, withdrawal_id=withdrawal_id)
        if row is None:
            raise NotFoundError
        to_pay = load_to_pay(session, withdrawal_id=withdrawal_id) if row.status == "approved" else None
    account = None
    if to_pay is not None:
        amount_minor, bank = to_pay
        account = ToPay(
            amount=Amount.of(amount_minor, row.currency),
            bank=bank["bank"],
            number=bank["number"],
            holder=bank["holder"],
        )
    return MallWithdrawal(**_withdrawal(row), to_pay=account)


def _withdrawal(row: WithdrawalRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "user_id": row.user_id,
        "status": row.status,
        "amount": Amount.of(row.amount_minor, row.currency),
        "holds": row.holds,
        "requested_at": row.requested_at,
        "reason": row.reason,
    }
