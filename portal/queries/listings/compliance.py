"""What is kept for authorities: shipments across borders, and all events of channels, as listings (CHN-09)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ScalarSelect, Text, case, cast, func, select

from portal.kit.tables import Column, Kind
from portal.kit.text import N_
from portal.models import BorderRecord, Channel, Order, OutboxEvent, Store, WebhookDelivery
from portal.queries.keyset import AnySelect, Sorting
from portal.queries.listings.listing import Listing
from portal.rules.permissions import Permission


@dataclass(frozen=True, slots=True)
class ComplianceFilter:
    """Records of a channel, or of all, between two instants, the second exclusive."""

    channel_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None


def narrowed_records(statement: AnySelect, chosen: ComplianceFilter) -> AnySelect:
    """The statement over records of borders, with these conditions."""
    if chosen.channel_id is not None:
        statement = statement.where(BorderRecord.channel_id == chosen.channel_id)
    if chosen.since is not None:
        statement = statement.where(BorderRecord.placed_at >= chosen.since)
    if chosen.until is not None:
        statement = statement.where(BorderRecord.placed_at < chosen.until)
    return statement


def _records(chosen: ComplianceFilter) -> AnySelect:
    return narrowed_records(
        select(
            BorderRecord.part_id,
            BorderRecord.placed_at,
            Order.number,
            Channel.code.label("channel"),
            Store.slug.label("store"),
            BorderRecord.from_country,
            BorderRecord.to_country,
            BorderRecord.customs,
            BorderRecord.currency,
            BorderRecord.declared_minor,
            BorderRecord.tax_minor,
            BorderRecord.duty_minor,
            BorderRecord.platform_currency,
            BorderRecord.platform_minor,
            cast(BorderRecord.fx_rate, Text).label("fx_rate"),
            BorderRecord.fx_source,
            BorderRecord.fx_as_of,
            # The code itself stays here: that customs had one is what a reader of the file needs to know.
            case((BorderRecord.personal_code.is_not(None), "given"), else_="none").label("personal_code"),
            cast(BorderRecord.goods, Text).label("goods"),
            cast(BorderRecord.rules, Text).label("rules"),
        )
        .join(Order, Order.id == BorderRecord.order_id)
        .join(Channel, Channel.id == BorderRecord.channel_id)
        .join(Store, Store.id == BorderRecord.store_id),
        chosen,
    )


def _messages(state: str) -> ScalarSelect[int]:
    return (
        select(func.count())
        .where(WebhookDelivery.event_id == OutboxEvent.id, WebhookDelivery.state == state)
        .correlate(OutboxEvent)
        .scalar_subquery()
    )


def _events(chosen: ComplianceFilter) -> AnySelect:
    statement: AnySelect = (
        select(
            OutboxEvent.id,
            OutboxEvent.created_at,
            OutboxEvent.kind,
            OutboxEvent.subject,
            Channel.code.label("channel"),
            OutboxEvent.told_at,
            OutboxEvent.handled_at,
            OutboxEvent.attempts,
            OutboxEvent.last_error,
            _messages("delivered").label("delivered"),
            _messages("waiting").label("waiting"),
            _messages("dead").label("dead"),
        )
        .outerjoin(Channel, Channel.id == OutboxEvent.channel_id)
        .where(OutboxEvent.channel_id.is_not(None))
    )
    if chosen.channel_id is not None:
        statement = statement.where(OutboxEvent.channel_id == chosen.channel_id)
    if chosen.since is not None:
        statement = statement.where(OutboxEvent.created_at >= chosen.since)
    if chosen.until is not None:
        statement = statement.where(OutboxEvent.created_at < chosen.until)
    return statement


BORDER_RECORDS = Listing(
    "border-records",
    N_("Shipments across borders"),
    Permission.CHANNEL_VIEW,
    ComplianceFilter,
    (
        Column("number", N_("Order"), share=3),
        Column("placed_at", N_("Placed"), Kind.INSTANT, share=4),
        Column("channel", N_("Channel")),
        Column("store", N_("Store")),
        Column("from_country", N_("From")),
        Column("to_country", N_("To")),
        Column("customs", N_("Customs")),
        Column("currency", N_("Currency")),
        Column("declared_minor", N_("Declared"), Kind.MONEY, share=3),
        Column("tax_minor", N_("Tax"), Kind.MONEY, share=0),
        Column("duty_minor", N_("Expected duty"), Kind.MONEY, share=0),
        Column("platform_currency", N_("Platform's currency"), share=0),
        Column("platform_minor", N_("In the platform's currency"), Kind.MONEY, share=0, currency="platform_currency"),
        Column("fx_rate", N_("Rate"), share=0),
        Column("fx_source", N_("Source of the rate"), share=0),
        Column("fx_as_of", N_("Rate as of"), Kind.INSTANT, share=0),
        Column("personal_code", N_("Personal customs code"), share=0),
        Column("goods", N_("Goods"), share=0),
        Column("rules", N_("Rules"), share=0),
    ),
    _records,
    Sorting((BorderRecord.placed_at, BorderRecord.part_id), (datetime, uuid.UUID)),
    ("placed_at", "part_id"),
)
CHANNEL_EVENTS = Listing(
    "channel-events",
    N_("Events of channels"),
    Permission.CHANNEL_VIEW,
    ComplianceFilter,
    (
        Column("id", N_("Event"), Kind.NUMBER),
        Column("created_at", N_("Happened"), Kind.INSTANT, share=4),
        Column("kind", N_("Kind"), share=3),
        Column("subject", N_("About"), share=5),
        Column("channel", N_("Channel")),
        Column("told_at", N_("Pages told"), Kind.INSTANT, share=0),
        Column("handled_at", N_("Handled"), Kind.INSTANT, share=4),
        Column("attempts", N_("Tries"), Kind.NUMBER),
        Column("last_error", N_("Cause"), share=0),
        Column("delivered", N_("Partners told"), Kind.NUMBER, share=0),
        Column("waiting", N_("Waiting"), Kind.NUMBER, share=0),
        Column("dead", N_("Given up"), Kind.NUMBER, share=0),
    ),
    _events,
    Sorting((OutboxEvent.id,), (int,)),
    ("id",),
)
