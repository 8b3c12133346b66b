"""One of each thing that administrators make by hand, so that no desk is empty to who looks around (all at rest)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import Campaign
from portal.queries.channels import ChannelView
from portal.queries.gateways import gateway_directory
from portal.rules.automations import Action, AutomationDraft
from portal.rules.bounds import Bound, Direction
from portal.rules.offers import OfferDraft
from portal.rules.permissions import Actor, Role
from portal.rules.webhooks import EndpointState, WebhookTerms
from portal.services.checkout.buy_gift_card import GiftCardWish, buy_gift_card
from portal.services.checkout.means import Means
from portal.services.figures.keep_bounds import set_bound
from portal.services.incentives.save_automation import make_automation
from portal.services.incentives.save_offer import make_offer_draft
from portal.services.incentives.save_segment import SegmentDraft, save_segment
from portal.services.top_ups.begin_top_up import TopUpWish, begin_top_up
from portal.services.webhooks.save_endpoint import Owner, make_endpoint, switch_endpoint

SEGMENT = "long_away"
# Nobody listens there: it is switched off until somebody writes an address of his own.
RECEIVER = "https://receiver.example.com/portal"
PAYING = "http://127.0.0.1:8000/account/paying/{payment_id}/return"
METHOD = "virtual_account"
KEY_LIFETIME = timedelta(hours=24)


def begin_payments(session: Session, *, buyer: Actor, channel: ChannelView, now: datetime) -> None:
    """A top-up and a gift card that wait for a bank transfer: workers ask the stand-in for the account numbers.

    Nothing where no gateway gives account numbers.
    """
    assert buyer.user_id is not None
    accounts = [one.account for one in gateway_directory(session).values()]
    if not any(one.method == METHOD for account in accounts for one in account.ranges):
        return
    means = Means(METHOD)
    top_up = TopUpWish("demo:top-up", 30_000, means, "ko", PAYING)
    begin_top_up(
        session,
        actor=buyer,
        owner_id=buyer.user_id,
        channel=channel,
        wish=top_up,
        key_lifetime=KEY_LIFETIME,
        now=now,
    )
    card = GiftCardWish("demo:gift-card", 20_000, "max@example.com", "Bea", "생일 축하해!", means, "ko", PAYING)
    buy_gift_card(session, actor=buyer, channel=channel, wish=card, key_lifetime=KEY_LIFETIME, now=now)


def make_samples(
    session: Session, *, people: Mapping[str, uuid.UUID], channel_ids: Mapping[str, int], now: datetime
) -> None:
    """A segment, an automation and an offer for it that are drafts, a bound on a figure, a webhook that is off."""
    ada = Actor(people["ada@example.com"], frozenset({Role.BUYER, Role.ADMIN}))
    segment = SegmentDraft(SEGMENT, "Have bought, and not for two months", "since > 60 d")
    save_segment(session, actor=ada, draft=segment, newest=0, now=now)
    automation = AutomationDraft(
        "Points for who comes back",
        channel_ids["kr"],
        segment=SEGMENT,
        action=Action.MILEAGE.value,
        amount_minor=1_000,
        people_max=100,
    )
    make_automation(session, actor=ada, draft=automation, now=now)
    given = select(Campaign.id).where(Campaign.distribution == "grant", Campaign.store_id.is_(None))
    offer = OfferDraft(
        "A coupon at the checkout",
        session.scalars(given.order_by(Campaign.id).limit(1)).one(),
        channel_id=channel_ids["kr"],
        segment=SEGMENT,
        people_max=100,
    )
    make_offer_draft(session, actor=ada, draft=offer, now=now)
    bound = Bound("refunded", Direction.ABOVE, 1_000_000, 7, "KRW")
    set_bound(session, bound=bound, is_shared=True, actor=ada, now=now)
    terms = WebhookTerms("Bookkeeping", RECEIVER, ("order.paid",))
    made = make_endpoint(session, owner=Owner(), terms=terms, client_id=None, actor=ada, now=now)
    switch_endpoint(session, endpoint_id=made.id, new=EndpointState.OFF, actor=ada, now=now)
