"""The offer for the key's person: shown with its reasons, taken, or put away (INC-04)."""

from __future__ import annotations

from functools import partial

from portal.blueprints.api.keys import api_actor
from portal.blueprints.api.operations import PathValue, Reply, operation
from portal.blueprints.api.schemas import BIGINT_MAX
from portal.blueprints.api.v1.offers import examples
from portal.blueprints.api.v1.offers.schemas import OfferAnswer, OfferQuery, PersonalOffer
from portal.blueprints.identity import current_channel
from portal.blueprints.shop.offers import find_offer, why_of
from portal.db import atomically
from portal.kit import clock
from portal.rules.offers import Place
from portal.rules.permissions import Permission, Role
from portal.services.incentives.take_offer import OfferGoneError, dismiss_offer, take_offer

TAG = "Coupons"
PATH = {"offer_id": PathValue("The offer's `id`.", {"type": "integer", "minimum": 1, "maximum": BIGINT_MAX}, 812)}


@operation(
    "GET",
    "/offer",
    tag=TAG,
    summary="Show the offer for this person",
    description=(
        "As it is shown at home and above the cart, and counted as looked at: ask when it is shown, not before. It "
        "stands for days, so asking again answers the same."
    ),
    permission=Permission.COUPON_APPLY,
    query=OfferQuery,
    answer=OfferAnswer,
    example=examples.OFFER,
)
def show_offer(query: OfferQuery) -> OfferAnswer:
    actor = api_actor()
    if actor.user_id is None or Role.BUYER not in actor.roles:
        return OfferAnswer(offer=None)
    shown = find_offer(actor.user_id, current_channel().id, Place(query.place))
    if shown is None:
        return OfferAnswer(offer=None)
    return OfferAnswer(
        offer=PersonalOffer(
            id=shown.choice_id, name=shown.offer.name, until=shown.offer.valid_until, because=why_of(shown)
        )
    )


@operation(
    "POST",
    "/offers/<int:offer_id>/coupon",
    tag=TAG,
    summary="Take the coupon of an offer",
    description="It goes into the wallet. Taking it again changes nothing.",
    permission=Permission.COUPON_APPLY,
    answer=None,
    status=204,
    answer_text="The coupon is in the wallet.",
    path_values=PATH,
    refusals=(OfferGoneError,),
)
def take_own_offer(offer_id: int) -> Reply:
    actor, now = api_actor(), clock.now()
    atomically(partial(take_offer, choice_id=offer_id, actor=actor, now=now))
    return Reply(None, 204)


@operation(
    "POST",
    "/offers/<int:offer_id>/dismissal",
    tag=TAG,
    summary="Put an offer away",
    description="It is shown no more.",
    permission=Permission.COUPON_APPLY,
    answer=None,
    status=204,
    answer_text="It is shown no more.",
    path_values=PATH,
    refusals=(OfferGoneError,),
)
def dismiss_own_offer(offer_id: int) -> Reply:
    actor, now = api_actor(), clock.now()
    atomically(partial(dismiss_offer, choice_id=offer_id, actor=actor, now=now))
    return Reply(None, 204)
