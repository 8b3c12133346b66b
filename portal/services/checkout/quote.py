"""What the buyer's cart costs just now, with his coupons, deposit and mileage: for the page and for placing alike."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from portal.kit.errors import PortalError, Rejection
from portal.queries.benefits import Balances, HeldCoupon, load_balances, load_coupons
from portal.queries.buyer_facts import BuyerFacts, load_buyer_facts
from portal.queries.carts import CartLineView, CartView
from portal.queries.channels import ChannelView
from portal.queries.coupon_names import name_things
from portal.queries.loyalty import loyalty_directory
from portal.rules.coupons.conditions import asks_about_person
from portal.rules.coupons.evaluate import EligibilityResult, evaluate_all
from portal.rules.coupons.facts import Facts
from portal.rules.coupons.lanes import BestSet, best_set, conflicts
from portal.rules.coupons.rejection import Code, reject
from portal.rules.fx import Exchanged
from portal.rules.pricing import Discount, PricedLine, ShippingFee
from portal.rules.quote import Quote, quote
from portal.rules.split import Mileage, MileageTerms, deposit, gift, highest_deposit, highest_mileage
from portal.rules.taxes import Taxes
from portal.services.checkout.choices import Choices
from portal.services.checkout.earning import Earning, capped_since, earning_of
from portal.services.checkout.exchange import QuotedRate, quote_rate


@dataclass(frozen=True, slots=True)
class CouponOffer:
    """A coupon of the buyer's beside this cart: applied with its saving, or left out with the reason."""

    coupon: HeldCoupon
    is_applied: bool
    saving_minor: int
    rejection: Rejection | None


@dataclass(frozen=True)
class CheckoutQuote:
    """Everything the checkout shows of amounts. `lines` are those that can be bought; the others are named."""

    quote: Quote
    choices: Choices
    balances: Balances
    coupons: tuple[CouponOffer, ...]
    unknown_codes: tuple[str, ...]
    lines: tuple[CartLineView, ...]
    unavailable: tuple[CartLineView, ...]
    mileage_terms: MileageTerms
    deposit_highest_minor: int
    mileage_highest: int
    is_best_set: bool
    earning: Earning
    taxes: Taxes
    exchange: QuotedRate | None = None

    @property
    def fingerprint(self) -> str:
        """A mark of every amount, and of the rate beside it: the order is placed at these or not at all."""
        return self.quote.fingerprint if self.exchange is None else self.exchange.mark(self.quote.fingerprint)

    @property
    def closed(self) -> PortalError | None:
        """Why nothing is sold in this currency just now."""
        return self.exchange.fault if self.exchange else None

    def in_platform(self, minor: int) -> Exchanged | None:
        """An amount in the platform's currency, where that is another one."""
        return self.exchange.in_platform(minor, self.quote.currency) if self.exchange else None

    @property
    def tender_rejections(self) -> dict[str, Rejection]:
        """Why the chosen deposit or mileage may not be used, by tender."""
        return {kind.value: rejection for kind, rejection in self.quote.rejections}


def mileage_terms(policy: Mapping[str, Any]) -> MileageTerms:
    """The channel's bounds of spending mileage (BAL-06)."""
    bounds = policy.get("mileage", {})
    return MileageTerms(
        minimum_points=int(bounds.get("minimum_points", 0)),
        maximum_points=bounds.get("maximum_points"),
        step_points=int(bounds.get("step_points", 1)),
        max_share_basis_points=int(bounds.get("max_share_basis_points", 10_000)),
        point_value=Fraction(str(bounds.get("point_value", "1"))),
    )


def quote_cart(
    session: Session,
    *,
    cart: CartView,
    user_id: uuid.UUID | None,
    channel: ChannelView,
    choices: Choices,
    locale: str,
    now: datetime,
    claims: bool = False,
) -> CheckoutQuote:
    """Price the cart for its owner. Writes nothing; with `claims` the terms of his coupons are kept from changing.

    Raises what the pricing raises for amounts out of bounds.
    """
    can_be_bought = [line for line in cart.lines if line.can_be_bought]
    unavailable = tuple(line for line in cart.lines if line not in can_be_bought)
    taxes = channel.taxes(now)
    lines = [_priced(line, taxes) for line in can_be_bought]
    shipping = _shipping(cart, can_be_bought, taxes.rate)
    zone = ZoneInfo(channel.time_zone)
    balances = Balances()
    held: tuple[HeldCoupon, ...] = ()
    if user_id is not None:
        balances = load_balances(
            session,
            user_id=user_id,
            currency=channel.currency,
            earned_since=capped_since(session, channel, now),
        )
        held = load_coupons(
            session,
            user_id=user_id,
            codes=choices.codes,
            currency=channel.currency,
            day=now.astimezone(zone).date(),
            locale=locale,
            now=now,
            claims=claims,
        )
    person = BuyerFacts()
    if user_id is not None and any(asks_about_person(coupon.terms) for coupon in held):
        person = load_buyer_facts(session, user_id=user_id, tier=balances.tier, now=now)
    tier = loyalty_directory(session).ladder(now).find(balances.tier) if user_id is not None else None
    facts = Facts(
        now=now,
        currency=channel.currency,
        channel_id=channel.id,
        lines=lines,
        shipping=shipping,
        zone=zone,
        paid_orders=balances.paid_orders,
        user_id=user_id,
        # Conditions look at the country of the channel, not at where this order may go (rules/borders.py).
        country=channel.country,
        method=choices.method,
        tier=tier.code if tier else None,
        segments=person.segments,
        groups=person.groups,
    )
    results = evaluate_all([(coupon.terms, coupon.standing) for coupon in held], facts)
    results = name_things(session, results, locale=locale)
    discounts, left_out, is_best = _choose(results, choices, lines, shipping)
    terms = mileage_terms(channel.policy)
    priced = quote(
        currency=channel.currency,
        lines=lines,
        shipping=shipping,
        discounts=discounts,
        tenders=[
            deposit(chosen=choices.deposit_minor, balance_minor=balances.deposit_usable_minor),
            Mileage(choices.mileage_points, balances.mileage_usable, terms),
            gift(balance_minor=balances.gift_usable_minor, is_kept=choices.keep_gift),
        ],
        tax_inclusive=taxes.inclusive,
    )
    total = priced.total_minor
    known = {coupon.code for coupon in held if coupon.code}
    deposit_used = priced.split.tenders[0].amount_minor if priced.split.tenders else 0
    return CheckoutQuote(
        quote=priced,
        choices=choices,
        balances=balances,
        coupons=_offers(held, results, priced, left_out),
        unknown_codes=tuple(code for code in choices.codes if code not in known),
        lines=tuple(can_be_bought),
        unavailable=unavailable,
        mileage_terms=terms,
        deposit_highest_minor=highest_deposit(balance_minor=balances.deposit_usable_minor, total_minor=total),
        mileage_highest=highest_mileage(
            balance_points=balances.mileage_usable,
            total_minor=total,
            left_minor=total - deposit_used,
            terms=terms,
        ),
        is_best_set=is_best,
        earning=earning_of(
            session, channel=channel, lines=can_be_bought, items=priced.lines, balances=balances, now=now
        ),
        taxes=taxes,
        exchange=quote_rate(session, channel=channel, now=now),
    )


def _priced(line: CartLineView, taxes: Taxes) -> PricedLine:
    assert line.unit_price_minor is not None
    return PricedLine(
        key=str(line.variant_id),
        store_id=line.store_id,
        product_id=line.product_id,
        quantity=line.quantity,
        unit_price_minor=line.unit_price_minor,
        section_ids=line.section_ids,
        tax_rate=taxes.rate_of(line.lineage),
        variant_id=line.variant_id,
    )


def _shipping(cart: CartView, lines: Sequence[CartLineView], tax_rate: Decimal) -> list[ShippingFee]:
    """One fee per store, nothing from the store's own threshold on (of goods before discounts)."""
    subtotals: dict[int, int] = {}
    for line in lines:
        subtotals[line.store_id] = subtotals.get(line.store_id, 0) + (line.unit_price_minor or 0) * line.quantity
    return [
        ShippingFee(store_id, cart.store(store_id).fee_for(subtotal), tax_rate)
        for store_id, subtotal in subtotals.items()
    ]


def _choose(
    results: Sequence[EligibilityResult],
    choices: Choices,
    lines: Sequence[PricedLine],
    shipping: Sequence[ShippingFee],
) -> tuple[Sequence[Discount], dict[str, Rejection], bool]:
    """The discounts to apply: the best set, or what the buyer picked himself as far as it goes together."""
    best: BestSet = best_set(results, lines=lines, shipping=shipping)
    if choices.coupons is None:
        return best.discounts, {one.key: one.rejection for one in best.not_chosen}, True
    picked = [result for result in results if result.terms.key in choices.coupons and result.is_eligible]
    refused = {one.key: one.rejection for one in conflicts(picked)}
    for result in results:
        if result.is_eligible and result.terms.key not in choices.coupons:
            refused[result.terms.key] = reject(Code.NOT_BEST)
    chosen = [r.discount for r in picked if r.discount is not None and r.terms.key not in refused]
    return chosen, refused, {d.key for d in chosen} == set(best.keys)


def _offers(
    held: Sequence[HeldCoupon],
    results: Sequence[EligibilityResult],
    priced: Quote,
    left_out: Mapping[str, Rejection],
) -> tuple[CouponOffer, ...]:
    savings = {one.discount.key: one.amount_minor for one in priced.priced.discounts}
    return tuple(
        CouponOffer(
            coupon=coupon,
            is_applied=coupon.terms.key in savings,
            saving_minor=savings.get(coupon.terms.key, result.alone_minor),
            rejection=None if coupon.terms.key in savings else result.rejection or left_out.get(coupon.terms.key),
        )
        for coupon, result in zip(held, results, strict=True)
    )
