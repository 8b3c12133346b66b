"""The offer that is chosen for whoever looks: shown at home and above the cart, taken, or put away (INC-04)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from flask import flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from portal.blueprints.access import requires
from portal.blueprints.account.entry import onward
from portal.blueprints.checkout.words import say
from portal.blueprints.context import translated
from portal.blueprints.identity import current_actor, current_channel, current_identity
from portal.blueprints.shop.blueprint import bp
from portal.db import atomically, look
from portal.htmx import leave_for
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.queries.offers import offer_directory
from portal.rules.offers import Place
from portal.rules.permissions import Permission, Role
from portal.services.incentives.choose_offer import Look, Shown, choose_offer, look_up
from portal.services.incentives.take_offer import OfferGoneError, dismiss_offer, take_offer

# What was looked at, by the feature's name, as its reader is told of it.
BECAUSE: Mapping[str, str] = {
    "recency": N_("how long ago you bought something"),
    "frequency": N_("how often you buy"),
    "money": N_("how much you usually spend"),
    "churn": N_("that you have not been here for a while"),
    "cart": N_("what is in your cart"),
    "wishes": N_("what is on your list of wishes"),
    "home": N_("that you are just looking around"),
}


@dataclass(frozen=True, slots=True)
class OfferCard:
    """The offer as its part of a page shows it; `because` are the sentences of why."""

    choice_id: int
    name: str
    until: datetime
    because: Sequence[str]


def offer_here(place: Place) -> OfferCard | None:
    """What is offered to whoever asks. Without an offer that runs here, nothing more is asked of the database."""
    identity, channel = current_identity(), current_channel()
    if identity is None or identity.user_id is None or Role.BUYER not in identity.roles:
        return None
    shown = find_offer(identity.user_id, channel.id, place)
    if shown is None:
        return None
    return OfferCard(shown.choice_id, translated(shown.offer.name), shown.offer.valid_until, why_of(shown))


def find_offer(user_id: uuid.UUID, channel_id: int, place: Place) -> Shown | None:
    """What is offered to this buyer: what stands, or what is chosen now."""
    directory = offer_directory()
    if not directory.on(channel_id):
        return None
    asked = Look(user_id, channel_id, place, clock.now())
    facts = look(lambda s: look_up(s, directory=directory, look=asked))
    if facts.may_choose and facts.offers:
        return atomically(partial(choose_offer, directory=directory, look=asked))
    return facts.shown


@bp.post("/offers/<int:choice_id>/coupon")
@requires(Permission.COUPON_APPLY)
def offer_take(choice_id: int) -> ResponseReturnValue:
    """Put its coupon into one's wallet."""
    actor, now = current_actor(), clock.now()
    try:
        atomically(partial(take_offer, choice_id=choice_id, actor=actor, now=now))
    except OfferGoneError as error:
        return _gone(error)
    flash(gettext("The coupon is in your wallet."), "success")
    return _back()


@bp.post("/offers/<int:choice_id>/dismissal")
@requires(Permission.COUPON_APPLY)
def offer_dismiss(choice_id: int) -> ResponseReturnValue:
    """Show it no more."""
    actor, now = current_actor(), clock.now()
    try:
        atomically(partial(dismiss_offer, choice_id=choice_id, actor=actor, now=now))
    except OfferGoneError as error:
        return _gone(error)
    flash(gettext("You will not see this offer again."), "success")
    return _back()


def _back() -> ResponseReturnValue:
    return leave_for(onward(request.form.get("next"), url_for("shop.home")))


def _gone(error: PortalError) -> ResponseReturnValue:
    flash(say(error), "error")
    return _back()


def why_of(shown: Shown) -> list[str]:
    """Sentences that say why it is this one."""
    told = [gettext("You allow offers that are chosen for you.")]
    if shown.told_by == "model":
        words = [gettext(BECAUSE[name]) for name in shown.reasons if name in BECAUSE]
        if words:
            told.append(gettext("What weighed most: %(what)s.", what=", ".join(words)))
        told.append(gettext("Of people like you, more bought with this offer than with another."))
    elif shown.told_by == "rule":
        told.append(gettext("It is the first of the offers that are meant for people like you."))
    else:
        told.append(gettext("It was drawn by lot, to learn what helps. A few offers always are."))
    return told
