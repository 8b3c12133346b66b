"""The page of coupons that everybody may have: what can be claimed now, what one has, and why not (CPN-02)."""

from __future__ import annotations

from dataclasses import dataclass

from flask import flash, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from portal.blueprints.access import public, requires
from portal.blueprints.checkout.words import say
from portal.blueprints.coupon_slips import write_slips
from portal.blueprints.identity import current_actor
from portal.blueprints.shop.blueprint import bp
from portal.blueprints.velocity import count_act, request_source
from portal.db import atomically, reading
from portal.htmx import leave_for
from portal.kit import clock
from portal.kit.errors import RejectedError
from portal.queries.wallet import Offered, list_offers
from portal.rules.coupons.claiming import BY_ITSELF, Offer, why_not
from portal.rules.permissions import Permission
from portal.services.accounts.throttle import COUPON_CLAIM
from portal.services.coupons.claim_coupon import claim_coupon


@dataclass(frozen=True, slots=True)
class OfferedCoupon:
    """A card of the page. `why_not` is a sentence where it cannot be claimed."""

    offered: Offered
    why_not: str

    @property
    def applies_itself(self) -> bool:
        return self.offered.campaign.distribution == BY_ITSELF


@bp.get("/coupons")
@public
def coupons() -> ResponseReturnValue:
    return _page()


@bp.post("/coupons/<int:campaign_id>/grants")
@requires(Permission.COUPON_APPLY)
def claim(campaign_id: int) -> ResponseReturnValue:
    """Put the coupon into one's wallet."""
    count_act(COUPON_CLAIM)
    actor, source, now = current_actor(), request_source(), clock.now()
    try:
        claimed = atomically(lambda s: claim_coupon(s, campaign_id=campaign_id, actor=actor, source=source, now=now))
    except RejectedError as refused:
        return _page(problem=say(refused), status=refused.status)
    told = gettext("The coupon is in your wallet.") if claimed.is_new else gettext("You hold this coupon already.")
    flash(told, "success")
    return leave_for(url_for(".coupons"))


def _page(*, problem: str | None = None, status: int = 200) -> ResponseReturnValue:
    actor, now = current_actor(), clock.now()
    with reading() as session:
        found = list_offers(session, user_id=actor.user_id, now=now)
        words = write_slips(session, [one.campaign for one in found])
    cards = [OfferedCoupon(one, _why_not(one)) for one in found]
    page = render_template("shop/coupons.html", cards=cards, problem=problem, words=words)
    return page, status


def _why_not(one: Offered) -> str:
    campaign = one.campaign
    offer = Offer(campaign.state, campaign.valid_from, campaign.valid_until, left=one.left, held=one.held)
    refused = why_not(offer, now=clock.now())
    return say(refused) if refused else ""
