"""Gift cards of everybody: listed, ended, given back, through the services of the desk (BAL-09)."""

from __future__ import annotations

import uuid

from portal.blueprints.api.keys import api_actor
from portal.blueprints.api.operations import FOR_MALL, PathValue, operation
from portal.blueprints.api.schemas import Amount
from portal.blueprints.api.v1.mall_money import examples
from portal.blueprints.api.v1.mall_money.schemas import CardQuery, MallCard, MallCardPage, Why
from portal.blueprints.api.v1.mall_money.views import ID_SCHEMA
from portal.db import atomically, reading
from portal.kit import clock
from portal.kit.paging import CursorInvalidError
from portal.queries.gift_cards import GiftCardRow, list_gift_cards, load_gift_card
from portal.rules.permissions import Permission
from portal.services.accounts.may_spend import OwnerFrozenError
from portal.services.gift_cards.end_card import (
    GiftCardDisputedError,
    GiftCardOverError,
    GiftCardReasonError,
    GiftCardUnknownError,
    void_card,
)
from portal.services.withdrawals.return_card import return_card

CARD = {"card_id": PathValue("The card's id.", ID_SCHEMA, examples.ID)}
ENDED = (GiftCardUnknownError, GiftCardOverError, GiftCardReasonError)


@operation(
    "GET",
    "/mall/gift-cards",
    tag="Gift cards",
    summary="List everybody's gift cards",
    permission=Permission.GIFT_CARD_VIEW,
    within=FOR_MALL,
    query=CardQuery,
    answer=MallCardPage,
    example=examples.page(examples.CARD),
    refusals=(CursorInvalidError,),
)
def list_mall_cards(query: CardQuery) -> MallCardPage:
    with reading() as session:
        page = list_gift_cards(session, state=query.state, cursor=query.cursor, rows_max=query.limit)
    return MallCardPage.of(page, [_card(row) for row in page.rows])


@operation(
    "POST",
    "/mall/gift-cards/<uuid:card_id>/end",
    tag="Gift cards",
    summary="Void a gift card",
    description="One that nobody has redeemed; nothing is given back.",
    permission=Permission.GIFT_CARD_MANAGE,
    within=FOR_MALL,
    body=Why,
    body_example=examples.WHY,
    answer=MallCard,
    example=examples.CARD | {"status": "void", **examples.WHY},
    path_values=CARD,
    refusals=ENDED,
)
def end_mall_card(card_id: uuid.UUID, body: Why) -> MallCard:
    actor, now = api_actor(), clock.now()
    atomically(lambda s: void_card(s, card_id=card_id, reason=body.reason, actor=actor, now=now))
    return _shown_card(card_id)


@operation(
    "POST",
    "/mall/gift-cards/<uuid:card_id>/return",
    tag="Gift cards",
    summary="Give a gift card back",
    description="What nobody has spent of it goes the way it was paid, or to the buyer's deposit.",
    permission=Permission.GIFT_CARD_MANAGE,
    within=FOR_MALL,
    body=Why,
    body_example=examples.WHY,
    answer=MallCard,
    example=examples.CARD | {"status": "given_back", "given_back": examples.CARD["amount"], **examples.WHY},
    path_values=CARD,
    refusals=(*ENDED, GiftCardDisputedError, OwnerFrozenError),
)
def return_mall_card(card_id: uuid.UUID, body: Why) -> MallCard:
    actor, now = api_actor(), clock.now()
    atomically(lambda s: return_card(s, card_id=card_id, reason=body.reason, actor=actor, now=now))
    return _shown_card(card_id)


def _shown_card(card_id: uuid.UUID) -> MallCard:
    with reading() as session:
        row = load_gift_card(session, card_id=card_id)
    if row is None:
        raise GiftCardUnknownError
    return _card(row)


def _card(row: GiftCardRow) -> MallCard:
    return MallCard(
        id=row.id,
        buyer_id=row.buyer_id,
        payment_id=row.payment_id,
        status=row.state,  # type: ignore[arg-type]  # The state machine has these and no others.
        amount=Amount.of(row.amount_minor, row.currency),
        given_back=Amount.of(row.back_minor, row.currency),
        created_at=row.created_at,
        expires_at=row.expires_at,
        redeemed_by=row.redeemed_by,
        redeemed_at=row.redeemed_at,
        reason=row.reason,
    )
