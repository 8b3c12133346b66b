"""Balances of the key's person with their history (BAL-10)."""

from __future__ import annotations

from portal.blueprints.access import NotFoundError
from portal.blueprints.api.keys import api_actor
from portal.blueprints.api.operations import PathValue, operation
from portal.blueprints.api.schemas import Amount
from portal.blueprints.api.v1.balances import examples
from portal.blueprints.api.v1.balances.schemas import Balance, BalanceQuery, Movement, MovementPage, MovementQuery
from portal.blueprints.identity import current_channel
from portal.db import reading
from portal.kit import clock
from portal.kit.paging import CursorInvalidError
from portal.queries.histories import HistoryFilter, OwnAccount, balance_before, list_history, own_accounts
from portal.rules.permissions import Permission

TAG = "Balances"
PATH = {
    "kind": PathValue("`deposit`, `mileage`, `gift` or `refund_credit`.", {"type": "string"}, "deposit"),
    "currency": PathValue("ISO 4217, or `PTS` for mileage.", {"type": "string"}, "KRW"),
}


@operation(
    "GET",
    "/balances/<string:kind>/<string:currency>",
    tag=TAG,
    summary="Show a balance, also of the past",
    permission=Permission.BALANCE_VIEW,
    query=BalanceQuery,
    answer=Balance,
    example=examples.ACCOUNT,
    path_values=PATH,
    refusals=(NotFoundError,),
)
def show_balance(kind: str, currency: str, query: BalanceQuery) -> Balance:
    account, now = own_account(kind, currency), clock.now()
    if query.at is None or query.at > now:
        return Balance(
            kind=kind,
            balance=Amount.of(account.balance_minor, currency),
            held=Amount.of(account.held_minor, currency),
            usable=Amount.of(account.available_minor, currency),
            as_of=now,
        )
    then = 0
    if account.id is not None:
        with reading() as session:
            then = balance_before(session, account_id=account.id, at=query.at)
    return Balance(kind=kind, balance=Amount.of(then, currency), held=None, usable=None, as_of=query.at)


@operation(
    "GET",
    "/balances/<string:kind>/<string:currency>/movements",
    tag=TAG,
    summary="List a balance's movements",
    description="The complete history, the newest first, each with the balance after it.",
    permission=Permission.BALANCE_VIEW,
    query=MovementQuery,
    answer=MovementPage,
    example=examples.PAGE,
    path_values=PATH,
    refusals=(NotFoundError, CursorInvalidError),
)
def list_movements(kind: str, currency: str, query: MovementQuery) -> MovementPage:
    account = own_account(kind, currency)
    if account.id is None:
        return MovementPage(items=[], next_cursor=None, previous_cursor=None)
    chosen = HistoryFilter(query.kind, query.created_from, query.created_until, query.words or "")
    with reading() as session:
        page = list_history(
            session,
            account_id=account.id,
            chosen=chosen,
            cursor=query.cursor,
            rows_max=query.limit,
            is_counted=False,
        )
    return MovementPage.of(
        page,
        [
            Movement(
                id=row.id,
                at=row.at,
                kind=row.kind,
                order_number=row.number,
                amount=Amount.of(row.amount_minor, currency),
                balance_after=Amount.of(row.balance_after_minor, currency),
            )
            for row in page.rows
        ],
    )


def own_account(kind: str, currency: str) -> OwnAccount:
    """The person's balance of this kind. Raises NotFoundError."""
    actor = api_actor()
    assert actor.user_id is not None
    with reading() as session:
        accounts = own_accounts(session, user_id=actor.user_id, currency=current_channel().currency)
    found = next((one for one in accounts if (one.kind, one.currency) == (kind, currency)), None)
    if found is None:
        raise NotFoundError
    return found
