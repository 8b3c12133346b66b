"""Withdrawals of the deposit of the key's person, through the services that the pages use (REF-08)."""

from __future__ import annotations

import uuid
from datetime import timedelta

from flask import request

from portal.blueprints.access import NotFoundError
from portal.blueprints.api.keys import api_actor, own_key
from portal.blueprints.api.operations import PathValue, Reply, operation
from portal.blueprints.api.schemas import Amount
from portal.blueprints.api.v1.withdrawals import examples
from portal.blueprints.api.v1.withdrawals.schemas import Withdrawal, WithdrawalRequest, Withdrawals
from portal.blueprints.identity import current_channel
from portal.blueprints.velocity import act_of
from portal.db import atomically, reading
from portal.kit import clock
from portal.kit.errors import RejectedError, Rejection
from portal.kit.text import N_
from portal.queries.withdrawals import WithdrawalRow, load_withdrawal, own_withdrawals
from portal.rules.permissions import Permission
from portal.services.accounts.bank_details import BankDetailsError
from portal.services.accounts.may_spend import AccountFrozenError
from portal.services.accounts.step_up import StepUpNeededError
from portal.services.accounts.throttle import DEPOSIT_WITHDRAW, TooOftenError
from portal.services.idempotency import IdempotencyKeyMissingError, IdempotencyKeyReusedError
from portal.services.ledger.holds import BalanceTooLowError
from portal.services.withdrawals.ask_withdrawal import WithdrawalBlockedError, ask_withdrawal

TAG = "Deposit"
ID = PathValue("The withdrawal's id.", {"type": "string", "format": "uuid"}, examples.ID)
CLOSED = Rejection("WITHDRAWAL_CURRENCY", N_("Deposit in this currency cannot be withdrawn here."))


@operation(
    "GET",
    "/withdrawals",
    tag=TAG,
    summary="List the withdrawals",
    description="The newest first.",
    permission=Permission.DEPOSIT_WITHDRAW,
    answer=Withdrawals,
    example=examples.WITHDRAWALS,
)
def list_own_withdrawals() -> Withdrawals:
    with reading() as session:
        return Withdrawals(items=[_as_withdrawal(row) for row in own_withdrawals(session, user_id=_user())])


@operation(
    "POST",
    "/withdrawals",
    tag=TAG,
    summary="Withdraw deposit",
    description=(
        "It goes back through the payments of the top-ups, the oldest first, and what goes beyond them to `bank`. What "
        "a checkout holds cannot be withdrawn; gifts and mileage never can. Some are looked at by somebody first. "
        "Large amounts are confirmed by the owner, as large top-ups are."
    ),
    permission=Permission.DEPOSIT_WITHDRAW,
    body=WithdrawalRequest,
    body_example=examples.REQUEST,
    answer=Withdrawal,
    status=201,
    answer_text="The amount has left the balance.",
    example=examples.WITHDRAWAL,
    refusals=(
        RejectedError(CLOSED),
        BalanceTooLowError,
        BankDetailsError,
        AccountFrozenError,
        WithdrawalBlockedError,
        StepUpNeededError,
        TooOftenError(timedelta(minutes=5)),
        IdempotencyKeyMissingError,
        IdempotencyKeyReusedError,
    ),
    is_idempotent=True,
    headers={"Idempotent-Replayed": "`true` if this is the answer to an earlier request with the same key."},
)
def withdraw(body: WithdrawalRequest, key: str) -> Reply:
    actor, currency, now = api_actor(), current_channel().currency, clock.now()
    act_of(_user(), DEPOSIT_WITHDRAW, mark=own_key(key))
    made = atomically(
        lambda s: ask_withdrawal(
            s,
            actor=actor,
            currency=currency,
            amount_minor=body.amount_minor,
            bank=body.bank.model_dump() if body.bank else {},
            key=own_key(key),
            ip=request.remote_addr,
            now=now,
        )
    )
    if made is None:
        raise WithdrawalBlockedError
    headers = {"Idempotent-Replayed": "true"} if made.is_repeat else {}
    return Reply(_own(made.withdrawal_id).model_dump_json().encode(), 201, headers)


@operation(
    "GET",
    "/withdrawals/<uuid:withdrawal_id>",
    tag=TAG,
    summary="Show a withdrawal",
    permission=Permission.DEPOSIT_WITHDRAW,
    answer=Withdrawal,
    example=examples.WITHDRAWAL,
    path_values={"withdrawal_id": ID},
    refusals=(NotFoundError,),
)
def show_withdrawal(withdrawal_id: uuid.UUID) -> Withdrawal:
    return _own(withdrawal_id)


def _own(withdrawal_id: uuid.UUID) -> Withdrawal:
    with reading() as session:
        row = load_withdrawal(session, withdrawal_id=withdrawal_id)
    if row is None or row.user_id != _user():
        raise NotFoundError
    return _as_withdrawal(row)


def _as_withdrawal(row: WithdrawalRow) -> Withdrawal:
    return Withdrawal(
        id=row.id,
        status=row.status,  # type: ignore[arg-type]  # The state machine has these and no others.
        amount=Amount.of(row.amount_minor, row.currency),
        is_looked_at=bool(row.holds),
        requested_at=row.requested_at,
    )


def _user() -> uuid.UUID:
    user_id = api_actor().user_id
    assert user_id is not None
    return user_id
