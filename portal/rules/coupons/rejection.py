"""Every way in which a coupon says no, with its sentence (CPN-07)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from portal.kit.errors import Rejection
from portal.kit.text import N_


class Code(StrEnum):
    UNKNOWN = "COUPON_UNKNOWN"
    REVOKED = "COUPON_REVOKED"
    PAUSED = "COUPON_PAUSED"
    NOT_STARTED = "COUPON_NOT_STARTED"
    EXPIRED = "COUPON_EXPIRED"
    USED_UP = "COUPON_USED_UP"
    BUDGET_SPENT = "COUPON_BUDGET_SPENT"
    CODE_USED_UP = "COUPON_CODE_USED_UP"
    DAY_USED_UP = "COUPON_DAY_USED_UP"
    ALREADY_USED = "COUPON_ALREADY_USED"
    ALREADY_HELD = "COUPON_ALREADY_HELD"
    HELD_ELSEWHERE = "COUPON_HELD_ELSEWHERE"
    MIN_SPEND = "COUPON_MIN_SPEND"
    MAX_SPEND = "COUPON_MAX_SPEND"
    WRONG_CHANNEL = "COUPON_WRONG_CHANNEL"
    WRONG_CURRENCY = "COUPON_WRONG_CURRENCY"
    WRONG_PRODUCTS = "COUPON_WRONG_PRODUCTS"
    WRONG_STORE = "COUPON_WRONG_STORE"
    WRONG_TIME = "COUPON_WRONG_TIME"
    FIRST_ORDER_ONLY = "COUPON_FIRST_ORDER_ONLY"
    NOT_ELIGIBLE = "COUPON_NOT_ELIGIBLE"
    NO_EFFECT = "COUPON_NO_EFFECT"
    NOT_STACKABLE = "COUPON_NOT_STACKABLE"
    NOT_BEST = "COUPON_NOT_BEST"


SENTENCES: dict[Code, str] = {
    Code.UNKNOWN: N_("We do not know this code. Check how it is written."),
    Code.REVOKED: N_("This coupon was withdrawn."),
    Code.PAUSED: N_("This coupon cannot be used just now."),
    Code.NOT_STARTED: N_("This coupon is valid from %(starts_at)s."),
    Code.EXPIRED: N_("This coupon expired on %(ended_at)s."),
    Code.USED_UP: N_("This coupon has been used up."),
    Code.CODE_USED_UP: N_("This code has been used as often as it may be."),
    Code.BUDGET_SPENT: N_("The offer behind this coupon has been used up."),
    Code.DAY_USED_UP: N_("This coupon has been used up for today. Try again tomorrow."),
    Code.ALREADY_USED: N_("You have already used this coupon."),
    Code.ALREADY_HELD: N_("You hold a coupon of this campaign already."),
    Code.HELD_ELSEWHERE: N_("This coupon is in use by another checkout of yours."),
    Code.MIN_SPEND: N_("Spend %(missing)s more to use this coupon; it is valid from %(minimum)s."),
    Code.MAX_SPEND: N_("This coupon is valid for up to %(maximum)s."),
    Code.WRONG_CHANNEL: N_("This coupon is not valid in this shop."),
    Code.WRONG_CURRENCY: N_("This coupon is not valid in %(currency)s."),
    Code.WRONG_PRODUCTS: N_("This coupon is not valid for anything in your cart."),
    Code.WRONG_STORE: N_("This coupon is valid at another store."),
    Code.WRONG_TIME: N_("This coupon is not valid at this time of the week."),
    Code.FIRST_ORDER_ONLY: N_("This coupon is for a first order."),
    Code.NOT_ELIGIBLE: N_("This coupon is not for your account."),
    Code.NO_EFFECT: N_("This coupon would take nothing off this order."),
    Code.NOT_STACKABLE: N_("This coupon cannot be combined with %(other)s."),
    Code.NOT_BEST: N_("Your other coupons save more without this one."),
}


# What would work now, where something would. A hint is given only with all that it names.
HINTS: dict[Code, str] = {
    Code.WRONG_CHANNEL: N_("It is valid on %(channels)s."),
    Code.WRONG_PRODUCTS: N_("It is valid for %(goods)s."),
    Code.WRONG_STORE: N_("It is valid at %(stores)s."),
    Code.WRONG_TIME: N_("It is valid again from %(opens_at)s."),
}
_PLACES = re.compile(r"%\((\w+)\)s")


@dataclass(frozen=True, slots=True)
class Refusal:
    """A way in which a condition of its own says no: a stable code, the sentence, and what would work now."""

    code: str
    sentence: str
    hint: str = ""


def reject(code: Code | Refusal, *, alternatives: Iterable[str] = (), **params: object) -> Rejection:
    """Make a rejection. Amounts in the params are Money, instants datetimes, things Named: the face formats them."""
    refusal = code if isinstance(code, Refusal) else Refusal(str(code), SENTENCES[code], HINTS.get(code, ""))
    hint = refusal.hint if params.keys() >= set(_PLACES.findall(refusal.hint)) else ""
    return Rejection(refusal.code, refusal.sentence, params, tuple(alternatives), hint)
