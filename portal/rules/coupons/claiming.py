"""Whether a coupon can be taken into a wallet just now (CPN-02)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from portal.kit.errors import Rejection
from portal.rules.coupons.conditions import kinds, parse
from portal.rules.coupons.conditions.base import Group
from portal.rules.coupons.facts import Facts
from portal.rules.coupons.rejection import Code, reject
from portal.rules.coupons.terms import ConditionTerms

# How people come by a coupon: by a code, from the page of coupons, without doing anything, or by being given it.
BY_CODE, BY_CLAIM, BY_ITSELF, GIVEN = "code", "claim", "automatic", "grant"
# What a campaign must be for its coupons to be shown at all.
OPEN_STATES = frozenset({"scheduled", "running"})  # A scheduled one opens by its time, whoever notes it later.
SHOWN_STATES = frozenset({"scheduled", "running", "paused", "ended"})


@dataclass(frozen=True, slots=True)
class Offer:
    """What is known of a campaign and of one person's coupon of it; `left` None is without a limit."""

    state: str
    valid_from: datetime
    valid_until: datetime
    left: int | None = None
    held: str | None = None


def why_not(offer: Offer, *, now: datetime) -> Rejection | None:
    """Why it cannot be claimed now. A coupon that one holds already is no reason: claiming again changes nothing."""
    if offer.state == "revoked" or offer.held in ("revoked", "suspended"):
        return reject(Code.REVOKED)
    if offer.state == "ended" or now >= offer.valid_until:
        return reject(Code.EXPIRED, ended_at=offer.valid_until)
    if now < offer.valid_from:
        return reject(Code.NOT_STARTED, starts_at=offer.valid_from)
    if offer.state not in OPEN_STATES:
        return reject(Code.PAUSED)
    if offer.held is None and offer.left is not None and offer.left <= 0:
        return reject(Code.USED_UP)
    return None


def audience_of(conditions: Sequence[ConditionTerms]) -> tuple[ConditionTerms, ...]:
    """Those that are about who somebody is: what he buys, where and when, is asked when he orders."""
    known = kinds()
    return tuple(one for one in conditions if one.name in known and known[one.name].group is Group.PEOPLE)


def not_among(audience: Sequence[ConditionTerms], person: Facts) -> Rejection | None:
    """Why this person is none of those that the coupon is for."""
    return next((refused for one in audience if (refused := parse(one).check(person, ()))), None)
