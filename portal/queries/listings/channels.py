"""What belongs to one channel as listings: its customers, their balances, its goods (CHN-02)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from sqlalchemy import Text, cast, func, or_, select

from portal.kit.tables import Column, Kind
from portal.kit.text import N_
from portal.models import Channel, LedgerAccount, Listing, Order, Price, Product, Section, Stock, Store, User, Variant
from portal.queries.keyset import AnySelect, Sorting
from portal.queries.listings.listing import Listing as ListingOf
from portal.rules.permissions import Permission


@dataclass(frozen=True, slots=True)
class ChannelFilter:
    """What belongs to this channel."""

    channel_id: int = 0


def _is_customer(channel_id: int) -> AnySelect:
    """Who signed up on the channel or has ordered there."""
    ordered = select(Order.buyer_id).where(Order.channel_id == channel_id)
    return select(User.id).where(or_(User.channel_id == channel_id, User.id.in_(ordered)))


def _customers(chosen: ChannelFilter) -> AnySelect:
    mine = select(Order).where(Order.buyer_id == User.id, Order.channel_id == chosen.channel_id).correlate(User)
    return select(
        User.id,
        User.email,
        User.name,
        User.locale,
        User.state,
        User.created_at,
        mine.with_only_columns(func.count()).scalar_subquery().label("orders"),
        mine.with_only_columns(func.max(Order.placed_at)).scalar_subquery().label("last_order_at"),
    ).where(User.id.in_(_is_customer(chosen.channel_id)))


def _balances(chosen: ChannelFilter) -> AnySelect:
    """Balances in the channel's currency; points are the same on all channels and stay."""
    currency = select(Channel.currency).where(Channel.id == chosen.channel_id).scalar_subquery()
    people = select(func.concat("user:", cast(User.id, Text))).where(User.id.in_(_is_customer(chosen.channel_id)))
    return select(
        LedgerAccount.id,
        LedgerAccount.owner,
        LedgerAccount.kind,
        LedgerAccount.currency,
        LedgerAccount.balance_minor,
        LedgerAccount.held_minor,
    ).where(LedgerAccount.owner.in_(people), LedgerAccount.currency == currency, LedgerAccount.balance_minor != 0)


def _goods(chosen: ChannelFilter) -> AnySelect:
    stock = select(func.sum(Stock.on_hand)).where(Stock.variant_id == Variant.id).correlate(Variant)
    listed = select(Listing.product_id).where(Listing.product_id == Product.id, Listing.channel_id == Price.channel_id)
    return (
        select(
            Variant.id,
            Variant.sku,
            Product.name,
            Store.slug.label("store"),
            Section.slug.label("section"),
            Product.customs_code,
            Price.currency,
            Price.amount_minor,
            Price.compare_at_minor,
            cast(Price.is_off, Text).label("is_off"),
            cast(listed.correlate(Product, Price).exists(), Text).label("is_listed"),
            stock.scalar_subquery().label("on_hand"),
        )
        .join(Product, Product.id == Variant.product_id)
        .join(Store, Store.id == Product.store_id)
        .join(Section, Section.id == Product.section_id)
        .join(Price, Price.variant_id == Variant.id)
        .where(Price.channel_id == chosen.channel_id)
    )


CHANNEL_CUSTOMERS = ListingOf(
    "channel-customers",
    N_("Customers of a channel"),
    Permission.USER_LIST,
    ChannelFilter,
    (
        Column("id", N_("Person"), share=6),
        Column("email", N_("E-mail"), share=5),
        Column("name", N_("Name"), share=3),
        Column("locale", N_("Language"), share=0),
        Column("state", N_("State")),
        Column("created_at", N_("Signed up"), Kind.INSTANT, share=4),
        Column("orders", N_("Orders"), Kind.NUMBER),
        Column("last_order_at", N_("Last order"), Kind.INSTANT, share=0),
    ),
    _customers,
    Sorting((User.id,), (uuid.UUID,)),
    ("id",),
)
CHANNEL_BALANCES = ListingOf(
    "channel-balances",
    N_("Balances of a channel's customers"),
    Permission.BALANCE_VIEW,
    ChannelFilter,
    (
        Column("id", N_("Account"), Kind.NUMBER),
        Column("owner", N_("Owner"), share=8),
        Column("kind", N_("Kind"), share=3),
        Column("currency", N_("Currency")),
        Column("balance_minor", N_("Balance"), Kind.MONEY, share=3),
        Column("held_minor", N_("Held"), Kind.MONEY),
    ),
    _balances,
    Sorting((LedgerAccount.id,), (int,)),
    ("id",),
)
CHANNEL_GOODS = ListingOf(
    "channel-goods",
    N_("Goods of a channel"),
    Permission.PRODUCT_EDIT,
    ChannelFilter,
    (
        Column("sku", N_("SKU"), share=4),
        Column("name", N_("Product"), share=5),
        Column("store", N_("Store")),
        Column("section", N_("Category")),
        Column("customs_code", N_("Customs code"), share=0),
        Column("currency", N_("Currency")),
        Column("amount_minor", N_("Price"), Kind.MONEY, share=3),
        Column("compare_at_minor", N_("Price before"), Kind.MONEY, share=0),
        Column("is_off", N_("Taken off sale"), share=0),
        Column("is_listed", N_("Listed"), share=0),
        Column("on_hand", N_("On hand"), Kind.NUMBER),
    ),
    _goods,
    Sorting((Variant.id,), (int,)),
    ("id",),
)
