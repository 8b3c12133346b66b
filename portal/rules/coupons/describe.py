"""A coupon as a sentence in parts: what it gives, on what, for whom, where, when and how often (CPN-10)."""

from collections.abc import Sequence

from portal.kit.text import N_
from portal.rules.coupons.conditions import kinds, parse
from portal.rules.coupons.terms import CouponTerms, Limits, OnRefund
from portal.rules.coupons.words import Amounts, Named, Period, Phrase
from portal.rules.pricing import Kind


def describe(terms: CouponTerms, limits: Limits) -> tuple[Phrase, ...]:
    """Return the parts in their order; a face writes them one after another. Raises what parse() raises."""
    return (*_benefit(terms), *_goods(terms), *_conditions(terms), _schedule(terms), *_limits(limits), *_refunds(terms))


def _benefit(terms: CouponTerms) -> Sequence[Phrase]:
    if terms.kind is Kind.PERCENTAGE:
        found = [Phrase(N_("%(percent)s off"), {"percent": terms.percent})]
    elif terms.kind is Kind.FIXED:
        found = [Phrase(N_("%(amounts)s off"), {"amounts": Amounts(terms.amounts)})]
    else:
        found = [Phrase(N_("free shipping"))]
    if terms.max_discount:
        found.append(Phrase(N_("at most %(amounts)s"), {"amounts": Amounts(terms.max_discount)}))
    return found


def _goods(terms: CouponTerms) -> Sequence[Phrase]:
    """A seller's own coupon is good in his store only."""
    if terms.store_id is None:
        return ()
    return (Phrase(N_("at %(stores)s"), {"stores": Named.of("store", [terms.store_id])}),)


def _conditions(terms: CouponTerms) -> Sequence[Phrase]:
    places = {name: place for place, name in enumerate(kinds())}
    ordered = sorted(terms.conditions, key=lambda one: places.get(one.name, len(places)))
    return [phrase for one in ordered for phrase in parse(one).words()]


def _schedule(terms: CouponTerms) -> Phrase:
    return Phrase("%(period)s", {"period": Period(terms.valid_from, terms.valid_until)})


def _limits(limits: Limits) -> Sequence[Phrase]:
    found = []
    for count, once, often in (
        (limits.per_user, N_("once per person"), N_("%(count)s times per person")),
        (limits.per_code, N_("once per code"), N_("%(count)s times per code")),
        (limits.per_day, N_("once a day in all"), N_("%(count)s times a day in all")),
        (limits.total, N_("once in all"), N_("%(count)s times in all")),
    ):
        if count is not None:
            found.append(Phrase(once) if count == 1 else Phrase(often, {"count": count}))
    if limits.budgets:
        found.append(Phrase(N_("until %(amounts)s are given"), {"amounts": Amounts(limits.budgets)}))
    return found


def _refunds(terms: CouponTerms) -> Sequence[Phrase]:
    if terms.on_refund is OnRefund.KEEP:
        return ()
    return (Phrase(N_("asked back where too little is kept after a return")),)
