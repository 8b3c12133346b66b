"""Whether what a buyer wants may cross the borders in between, and what is written down of it (CHN-09)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from portal.db import insert_rows
from portal.models import BorderRecord
from portal.queries.carts import CartView
from portal.queries.channels import ChannelView
from portal.rules.borders import BorderRefusedError, Borders, Goods, Shipment, read_personal_code, refusals
from portal.rules.fx import FxRate
from portal.services.checkout.exchange import fx_columns

if TYPE_CHECKING:
    from portal.services.checkout.quote import CheckoutQuote


def shipments_of(cart: CartView, quoted: CheckoutQuote, *, locale: str) -> list[Shipment]:
    """What each store would send. The value is what is paid after coupons, without tax and shipping."""
    goods: dict[int, list[Goods]] = {}
    for line, item in zip(quoted.lines, quoted.quote.lines, strict=True):
        value = item.price.to_pay_minor - item.price.tax_minor
        one = Goods(_text(line.name, locale), line.section_ids, line.customs_code, value)
        goods.setdefault(line.store_id, []).append(one)
    stores = [cart.store(store_id) for store_id in goods]
    return [Shipment(one.id, _text(one.name, locale), one.country, goods[one.id]) for one in stores]


def border_refusals(
    cart: CartView,
    quoted: CheckoutQuote,
    *,
    channel: ChannelView,
    country: str,
    personal_code: str | None,
    locale: str,
    now: datetime,
) -> list[BorderRefusedError]:
    """Why the cart may not go to a country, each with what to change; nothing when it may. Asks no database."""
    return refusals(
        channel.borders(now),
        shipments_of(cart, quoted, locale=locale),
        country=country,
        personal_code=read_personal_code(personal_code, country),
        locale=locale,
    )


def expected_duties(
    channel: ChannelView, cart: CartView, quoted: CheckoutQuote, *, country: str, now: datetime, locale: str = "en"
) -> list[tuple[str, int, str]]:
    """What the receiver is expected to pay to customs for what each store sends: its name, minor units, currency."""
    borders = channel.borders(now)
    shipments = shipments_of(cart, quoted, locale=locale)
    due = [(one.store_name, borders.duty_of(one, country) or 0, channel.currency) for one in shipments]
    return [one for one in due if one[1]]


def record_borders(
    session: Session,
    *,
    order_id: uuid.UUID,
    part_ids: Mapping[int, uuid.UUID],
    line_ids: Mapping[str, uuid.UUID],
    channel: ChannelView,
    cart: CartView,
    quoted: CheckoutQuote,
    country: str,
    personal_code: str | None,
    rate: FxRate | None,
    now: datetime,
) -> None:
    """Write down what is declared of each part that crosses a border; where none does, nothing is asked or written."""
    borders = channel.borders(now)
    rows = [
        {
            "part_id": part_ids[one.store_id],
            "order_id": order_id,
            "channel_id": channel.id,
            "store_id": one.store_id,
            "from_country": one.country,
            "to_country": country,
            "customs": borders.customs_of(one, country).value,
            "currency": channel.currency,
            "declared_minor": one.value_minor,
            "goods": _declared(quoted, one.store_id, line_ids),
            "duty_minor": borders.duty_of(one, country),
            "tax_minor": sum(i.price.tax_minor for i in quoted.quote.lines if i.price.store_id == one.store_id),
            **fx_columns(one.value_minor, channel.currency, rate),
            "rules": _rules(borders, country),
            "personal_code": read_personal_code(personal_code, country) if borders.needs_code(one, country) else None,
            "placed_at": now,
        }
        for one in shipments_of(cart, quoted, locale="en")
        if one.country != country
    ]
    if rows:
        insert_rows(session, BorderRecord, rows)


def _declared(quoted: CheckoutQuote, store_id: int, line_ids: Mapping[str, uuid.UUID]) -> Sequence[Mapping[str, Any]]:
    return [
        {
            "line": str(line_ids[item.key]),
            "sku": line.sku,
            "customs_code": line.customs_code,
            "section": line.section_id,
            "quantity": line.quantity,
            "value_minor": item.price.to_pay_minor - item.price.tax_minor,
            "tax_minor": item.price.tax_minor,
            "tax_rate": f"{quoted.taxes.rate_of(line.lineage).normalize():f}",
        }
        for line, item in zip(quoted.lines, quoted.quote.lines, strict=True)
        if line.store_id == store_id
    ]


def _rules(borders: Borders, country: str) -> list[int]:
    """Those that were looked at."""
    return [one.id for one in borders.rules if one.is_for(country, own=borders.country)]


def _text(texts: Mapping[str, str], locale: str) -> str:
    return texts.get(locale) or texts.get("en") or next(iter(texts.values()), "")
