"""A quote of the services as the API shows it."""

from __future__ import annotations

from flask import g
from flask_babel import gettext

from portal.blueprints.api.keys import api_actor
from portal.blueprints.api.schemas import Amount, PlatformAmount, Reason, StoreRef
from portal.blueprints.api.v1.cart.views import as_line
from portal.blueprints.api.v1.quote.schemas import (
    AmountRow,
    CardFields,
    ConsentText,
    CouponOffer,
    DepositOffer,
    ExpectedDuty,
    MethodOffer,
    MileageOffer,
    Quote,
    QuotedLine,
    QuotedShipping,
    RefusedCode,
)
from portal.blueprints.checkout.crossing import say_duty
from portal.blueprints.checkout.method_names import method_name
from portal.blueprints.checkout.offers import own_offers
from portal.blueprints.checkout.words import say
from portal.gateways.base import Flow
from portal.kit import clock
from portal.kit.errors import Rejection
from portal.queries.carts import CartView
from portal.queries.channels import ChannelView
from portal.queries.gateways import gateway_directory
from portal.rules.consents import CHECKOUT_CONSENTS
from portal.rules.coupons.rejection import Code, reject
from portal.rules.quote import FrozenItem
from portal.rules.split import TenderKind
from portal.services.checkout.cross_border import border_refusals, expected_duties
from portal.services.checkout.quote import CheckoutQuote


def reason(rejection: Rejection | None) -> Reason | None:
    return None if rejection is None else Reason(code=str(rejection.code), detail=say(rejection))


def as_quote(quoted: CheckoutQuote, cart: CartView, channel: ChannelView, *, country: str) -> Quote:
    """Everything that a client must show before it may place the order, for delivery to a country."""
    quote, currency, now = quoted.quote, channel.currency, clock.now()
    refused = border_refusals(
        cart, quoted, channel=channel, country=country, personal_code=None, locale=g.locale, now=now
    )
    return Quote(
        fingerprint=quoted.fingerprint,
        can_be_placed=bool(quoted.lines) and not (quoted.unavailable or quote.rejections or quoted.closed),
        currency=currency,
        amounts=[
            AmountRow(
                kind=row.kind,
                name=row.name,
                coupon=row.key,
                amount=Amount.of(row.amount_minor, currency),
                included=row.included,
            )
            for row in quote.rows
        ],
        total=Amount.of(quote.total_minor, currency),
        total_in_platform=PlatformAmount.of(quoted.in_platform(quote.total_minor)),
        to_pay_now_in_platform=PlatformAmount.of(quoted.in_platform(quote.to_pay_now_minor)),
        closed=Reason(code=quoted.closed.code, detail=say(quoted.closed)) if quoted.closed else None,
        to_pay_now=Amount.of(quote.to_pay_now_minor, currency),
        lines=_lines(quoted, currency),
        shipping=[_shipping(item, cart, currency) for item in quote.shipping],
        duties=[
            ExpectedDuty(store=store, amount=Amount.of(minor, unit), detail=say_duty(store, minor, unit))
            for store, minor, unit in expected_duties(channel, cart, quoted, country=country, now=now, locale=g.locale)
        ],
        borders=[Reason(code=one.code, detail=say(one)) for one in refused],
        unavailable=[as_line(line, cart.store(line.store_id), currency) for line in quoted.unavailable],
        coupons=_coupons(quoted, currency),
        is_best_set=quoted.is_best_set,
        refused_codes=[RefusedCode(code=code, reason=_certain(reject(Code.UNKNOWN))) for code in quoted.unknown_codes],
        deposit=_deposit(quoted, currency),
        mileage=_mileage(quoted, currency),
        methods=_methods(quoted, channel),
        consents=[
            ConsentText(kind=one.kind, version=one.version, label=gettext(one.label), is_required=one.required)
            for one in CHECKOUT_CONSENTS
        ],
    )


def _certain(rejection: Rejection) -> Reason:
    return Reason(code=str(rejection.code), detail=say(rejection))


def _lines(quoted: CheckoutQuote, currency: str) -> list[QuotedLine]:
    return [
        QuotedLine(
            variant_id=line.variant_id,
            quantity=line.quantity,
            unit_price=Amount.of(line.unit_price_minor or 0, currency),
            subtotal=Amount.of(item.price.gross_minor, currency),
            discount=Amount.of(item.price.discount_minor, currency),
            tax=Amount.of(item.price.tax_minor, currency),
            to_pay=Amount.of(item.price.to_pay_minor, currency),
        )
        for line, item in zip(quoted.lines, quoted.quote.lines, strict=True)
    ]


def _shipping(item: FrozenItem, cart: CartView, currency: str) -> QuotedShipping:
    store = cart.store(item.price.store_id)
    return QuotedShipping(
        store=StoreRef(slug=store.slug, name=store.name),
        fee=Amount.of(item.price.gross_minor, currency),
        discount=Amount.of(item.price.discount_minor, currency),
        to_pay=Amount.of(item.price.to_pay_minor, currency),
    )


def _coupons(quoted: CheckoutQuote, currency: str) -> list[CouponOffer]:
    return [
        CouponOffer(
            key=offer.coupon.terms.key,
            name=offer.coupon.terms.name,
            code=offer.coupon.code,
            is_applied=offer.is_applied,
            saving=Amount.of(offer.saving_minor, currency),
            reason=reason(offer.rejection),
        )
        for offer in quoted.coupons
    ]


def _used(quoted: CheckoutQuote, kind: TenderKind) -> tuple[int, int]:
    """Amount and units of a tender."""
    for tender in quoted.quote.split.tenders:
        if tender.kind is kind:
            return tender.amount_minor, tender.units
    return 0, 0


def _deposit(quoted: CheckoutQuote, currency: str) -> DepositOffer:
    return DepositOffer(
        usable=Amount.of(quoted.balances.deposit_usable_minor, currency),
        highest=Amount.of(quoted.deposit_highest_minor, currency),
        used=Amount.of(_used(quoted, TenderKind.DEPOSIT)[0], currency),
        reason=reason(quoted.tender_rejections.get("deposit")),
    )


def _mileage(quoted: CheckoutQuote, currency: str) -> MileageOffer:
    amount_minor, points = _used(quoted, TenderKind.MILEAGE)
    return MileageOffer(
        usable_points=quoted.balances.mileage_usable,
        highest_points=quoted.mileage_highest,
        used_points=points,
        used=Amount.of(amount_minor, currency),
        earned_points=quoted.earning.total,
        reason=reason(quoted.tender_rejections.get("mileage")),
    )


def _methods(quoted: CheckoutQuote, channel: ChannelView) -> list[MethodOffer]:
    offers = own_offers(
        channel,
        amount_minor=quoted.quote.to_pay_now_minor,
        country=channel.country,
        locale=g.locale,
        user_id=api_actor().user_id,
        may_have_credit=quoted.balances.has_credit,
    )
    return [
        MethodOffer(
            method=offer.method,
            name=method_name(offer.method),
            is_usable=offer.rejection is None,
            flow=offer.flow,
            element=_fields_of(offer.account_id) if offer.flow is Flow.ELEMENT else None,
            reason=reason(offer.rejection),
        )
        for offer in offers
    ]


def _fields_of(account_id: int | None) -> CardFields | None:
    configured = gateway_directory().get(account_id) if account_id is not None else None
    element = configured.gateway.element if configured is not None else None
    if element is None:
        return None
    return CardFields(vendor=element.vendor, publishable_key=element.publishable_key, script_url=element.script_url)
