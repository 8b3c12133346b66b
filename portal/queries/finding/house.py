"""People, stores, goods and coupons, and the papers and payouts of the books."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import ColumnElement, String, cast, func, or_, select
from sqlalchemy.orm import Session

from portal.crypto import blind_index, email_index
from portal.models import (
    Campaign,
    CashReceipt,
    CouponCode,
    Document,
    GiftCard,
    Invoice,
    Listing,
    Order,
    Payout,
    Product,
    SellerPayout,
    SellerStatement,
    Store,
    User,
    Variant,
    Withdrawal,
)
from portal.queries.finding.words import HITS_MAX, Hit, Words, ids_of, named, tail
from portal.queries.keyset import few_of, has_mark
from portal.queries.users import masked, masked_email

_ID_END = re.compile(r"[0-9a-f]{8}")
_GIFT_CODE_END = 4


def find_people(session: Session, words: Words) -> list[Hit]:
    """By whole e-mail address, whole name, id or the end of it that lists show; what is found is masked."""
    ways: list[ColumnElement[bool]] = [User.email_index == email_index(words.text)]
    if words.id:
        ways.append(User.id == words.id)
    if words.marks:
        ways.append(has_mark(User.marks, words.marks))
    if _ID_END.fullmatch(words.text.lower()):
        ways.append(func.right(cast(User.id, String), 8) == words.text.lower())
    few = few_of(session, *(select(User.id).where(way) for way in ways))
    rows = session.execute(
        select(User.id, User.email, User.name, User.state, User.created_at)
        .where(or_(*ways) if few is None else User.id.in_(few))
        .order_by(User.id.desc())
        .limit(HITS_MAX)
    ).all()
    return [
        Hit(
            "person",
            str(row.id),
            f"{masked(row.name)} {row.id.hex[-8:]}",
            masked_email(row.email),
            row.state,
            "user",
            row.created_at,
            exact=len(rows) == 1,
            person_id=row.id,
        )
        for row in rows
    ]


def find_stores(session: Session, words: Words) -> list[Hit]:
    """By slug, or a part of the name in any language."""
    ways: list[ColumnElement[bool]] = [Store.slug == words.text.lower()]
    if words.like:
        ways.append(named(Store.name, words.like))
    rows = session.execute(select(Store.id, Store.name, Store.slug, Store.state).where(or_(*ways)).limit(HITS_MAX))
    return [
        Hit("store", str(row.id), row.name, row.slug, row.state, "store", exact=row.slug == words.text.lower())
        for row in rows
    ]


def find_products(session: Session, words: Words) -> list[Hit]:
    """By SKU, or a part of what the catalogue's search looks through."""
    exact = ids_of(session, select(Variant.product_id).where(Variant.sku.in_([words.text, words.text.upper()])))
    ids = list(exact)
    if words.like and not exact:
        listed = select(Listing.product_id).where(Listing.search_text.like(words.like), *words.within(Listing.store_id))
        ids = ids_of(session, listed)
    rows = session.execute(
        select(Product.id, Product.slug, Product.name, Store.name.label("store"), Product.state)
        .join(Store, Store.id == Product.store_id)
        .where(Product.id.in_(ids), *words.within(Product.store_id))
        .order_by(Product.id)
    )

    def key(row: Any) -> str:
        """A store opens what it edits, the mall what buyers see."""
        return str(row.slug if words.store_ids is None else row.id)

    return [
        Hit("product", key(row), row.name, row.store, row.state, "product", exact=bool(exact))
        for row in (rows if ids else ())
    ]


def find_stock(session: Session, words: Words) -> list[Hit]:
    """Of a store's goods what is on hand, by SKU."""
    rows = session.execute(
        select(Variant.id, Variant.sku, Product.name)
        .join(Product, Product.id == Variant.product_id)
        .where(Variant.sku.in_([words.text, words.text.upper()]), *words.within(Product.store_id))
    )
    return [Hit("stock", str(row.id), row.name, row.sku, exact=False) for row in rows]


def find_coupons(session: Session, words: Words) -> list[Hit]:
    """By code, or a part of the campaign's name."""
    exact = ids_of(session, select(CouponCode.campaign_id).where(CouponCode.code == words.code))
    meant = Campaign.id.in_(exact) if exact else named(Campaign.name, words.like or "")
    if not exact and not words.like:
        return []
    rows = session.execute(
        select(Campaign.id, Campaign.name, Campaign.state, Campaign.valid_from)
        .where(meant, *words.within(Campaign.store_id))
        .order_by(Campaign.id.desc())
        .limit(HITS_MAX)
    )
    return [
        Hit("coupon", str(row.id), row.name, words.code if exact else "", row.state, "campaign", row.valid_from,
            exact=bool(exact))
        for row in rows
    ]  # fmt: skip


def find_gift_cards(session: Session, words: Words) -> list[Hit]:
    """By the whole code as long as it stands, by its last characters, or by id."""
    ways: list[ColumnElement[bool]] = [GiftCard.code_index == blind_index(f"gift-card:{words.code}")]
    if len(words.code) == _GIFT_CODE_END:
        ways.append(GiftCard.code_end == words.code)
    if words.id:
        ways.append(GiftCard.id == words.id)
    rows = session.execute(
        select(
            GiftCard.id, GiftCard.code_end, GiftCard.state, GiftCard.created_at, GiftCard.amount_minor,
            GiftCard.currency,
        )
        .where(or_(*ways))
        .order_by(GiftCard.created_at.desc())
        .limit(HITS_MAX)
    )  # fmt: skip
    return [
        Hit("gift_card", str(row.id), f"•••• {row.code_end or tail(row.id)}", "", row.state, "gift_card",
            row.created_at, row.amount_minor, row.currency)
        for row in rows
    ]  # fmt: skip


def find_payouts(session: Session, words: Words) -> list[Hit]:
    """A store's, by id, its statement's label or the bank's reference."""
    by_label = select(SellerStatement.id).where(SellerStatement.label == words.label)
    ids = ids_of(
        session,
        words.by_id(SellerPayout.id),
        select(SellerPayout.id).where(SellerPayout.reference == words.text),
        select(SellerPayout.id).where(SellerPayout.statement_id.in_(by_label)),
    )
    if not ids:
        return []
    rows = session.execute(
        select(
            SellerPayout.id, SellerStatement.id.label("statement_id"), SellerStatement.label, Store.name,
            SellerPayout.state, SellerPayout.made_at, SellerPayout.amount_minor, SellerPayout.currency,
        )
        .join(SellerStatement, SellerStatement.id == SellerPayout.statement_id)
        .join(Store, Store.id == SellerPayout.store_id)
        .where(SellerPayout.id.in_(ids), *words.within(SellerPayout.store_id))
    )  # fmt: skip
    return [
        Hit("payout", str(row.id if words.store_ids is None else row.statement_id), row.label, row.name, row.state,
            "payout", row.made_at, row.amount_minor, row.currency)
        for row in rows
    ]  # fmt: skip


def find_withdrawals(session: Session, words: Words) -> list[Hit]:
    """By id, or the bank's reference of its payout."""
    paid = select(Payout.withdrawal_id).where(Payout.reference == words.text, Payout.withdrawal_id.is_not(None))
    ids = ids_of(session, words.by_id(Withdrawal.id), paid)
    if not ids:
        return []
    rows = session.execute(
        select(
            Withdrawal.id, Withdrawal.status, Withdrawal.requested_at, Withdrawal.amount_minor, Withdrawal.currency
        ).where(Withdrawal.id.in_(ids))
    )
    return [
        Hit("withdrawal", str(row.id), tail(row.id), "", row.status, "withdrawal", row.requested_at, row.amount_minor,
            row.currency)
        for row in rows
    ]  # fmt: skip


def find_receipts(session: Session, words: Words) -> list[Hit]:
    """A receipt or credit note by its number; it stands on the page of its order."""
    rows = session.execute(
        select(Document.label, Document.kind, Order.number, Document.issued_at, Document.total_minor, Document.currency)
        .join(Order, Order.id == Document.order_id)
        .where(Document.label == words.label)
        .limit(HITS_MAX)
    )
    return [
        Hit("receipt", row.number, row.label, row.number, None, None, row.issued_at, row.total_minor, row.currency)
        for row in rows
    ]


def find_cash_receipts(session: Session, words: Words) -> list[Hit]:
    """By the number of the tax office; it stands on the page of its payment."""
    rows = session.execute(
        select(
            CashReceipt.payment_id, CashReceipt.issue_number, CashReceipt.status, CashReceipt.sent_at,
            CashReceipt.amount_minor, CashReceipt.currency,
        )
        .where(CashReceipt.issue_number == words.text)
        .limit(HITS_MAX)
    )  # fmt: skip
    return [
        Hit("cash_receipt", str(row.payment_id), row.issue_number or "", "", row.status, "cash_receipt", row.sent_at,
            row.amount_minor, row.currency)
        for row in rows
    ]  # fmt: skip


def find_invoices(session: Session, words: Words) -> list[Hit]:
    """By number or id."""
    ways: list[ColumnElement[bool]] = [Invoice.number == words.label]
    if words.id:
        ways.append(Invoice.id == words.id)
    rows = session.execute(
        select(
            Invoice.id, Invoice.number, Invoice.state, Invoice.issued_at, Invoice.total_minor, Invoice.currency
        )
        .where(or_(*ways))
        .limit(HITS_MAX)
    )  # fmt: skip
    return [
        Hit("invoice", str(row.id), row.number, "", row.state, "invoice", row.issued_at, row.total_minor, row.currency)
        for row in rows
    ]
