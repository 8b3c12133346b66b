"""The mileage of one's own: what can be used and what comes, tier, donations, gifts, invitations (BAL-05 to BAL-08)."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from flask import flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from portal import formatting, site
from portal.blueprints.access import requires
from portal.blueprints.account.blueprint import bp
from portal.blueprints.account.own import own_id
from portal.blueprints.checkout.words import say
from portal.blueprints.giving import give_donation, send_gift
from portal.blueprints.identity import current_actor, current_channel
from portal.blueprints.velocity import count_act
from portal.db import atomically, reading
from portal.htmx import leave_for
from portal.kit import clock
from portal.kit.errors import PortalError, RejectedError
from portal.kit.ids import new_token
from portal.kit.text import N_
from portal.queries.loyalty import loyalty_directory
from portal.queries.mileage import (
    gifts_sent,
    gifts_waiting,
    list_causes,
    list_donations,
    list_lots,
    list_pending,
    load_invitations,
    load_standing,
)
from portal.queries.tier_benefits import load_benefits
from portal.queries.tiers import list_moves, load_tier
from portal.rules.giving import MESSAGE_LENGTH_MAX
from portal.rules.permissions import Permission
from portal.services.accounts.step_up import StepUpNeededError
from portal.services.accounts.throttle import MILEAGE_GIFT
from portal.services.checkout.quote import mileage_terms
from portal.services.loyalty.make_referral_code import make_referral_code
from portal.services.mileage.end_gift import end_gift

DIGITS_MAX = 12
SOURCES = {
    "order": N_("Purchase"),
    "welcome": N_("Welcome gift"),
    "sign_up": N_("Signing up"),
    "review": N_("A review"),
    "referral": N_("Invitation"),
    "gift": N_("Gift"),
}
ENDINGS = {
    "acceptance": ("accepted", N_("The points are yours.")),
    "refusal": ("declined", N_("The points go back to whoever sent them.")),
    "cancellation": ("cancelled", N_("The points are yours again.")),
}


@bp.get("/account/mileage")
@requires(Permission.MILEAGE_USE)
def mileage() -> ResponseReturnValue:
    """Everything about one's points on one page."""
    return _page()


@bp.post("/account/mileage/donations")
@requires(Permission.MILEAGE_USE)
def donate() -> ResponseReturnValue:
    """Give points to a cause."""
    channel, actor = current_channel(), current_actor()
    points, cause_id = _number("points"), _number("cause")

    def work() -> object:
        count_act(MILEAGE_GIFT)
        return give_donation(
            actor=actor,
            cause_id=cause_id,
            points=points,
            currency=channel.currency,
            terms=mileage_terms(channel.policy),
            key=request.form.get("key", ""),
        )

    told = gettext("You have given %(points)s. Thank you.", points=formatting.money(points, "PTS"))
    return _done("donate", work, told)


@bp.post("/account/mileage/gifts")
@requires(Permission.MILEAGE_USE)
def send() -> ResponseReturnValue:
    """Send points to an address; whether somebody here has it is not told."""
    channel, actor = current_channel(), current_actor()
    points = _number("points")

    def work() -> object:
        count_act(MILEAGE_GIFT)
        return send_gift(
            actor=actor,
            email=request.form.get("email", ""),
            points=points,
            message=request.form.get("message", ""),
            terms=mileage_terms(channel.policy),
            key=request.form.get("key", ""),
        )

    told = gettext("The points wait to be accepted. Until then you can call them back.")
    return _done("send", work, told)


@bp.post("/account/mileage/gifts/<uuid:gift_id>/<any(acceptance, refusal, cancellation):how>")
@requires(Permission.MILEAGE_USE)
def end(gift_id: uuid.UUID, how: str) -> ResponseReturnValue:
    """Accept what was sent, or let it go back."""
    outcome, told = ENDINGS[how]
    actor, now = current_actor(), clock.now()

    def work() -> object:
        return atomically(lambda s: end_gift(s, gift_id=gift_id, outcome=outcome, actor=actor, now=now))

    return _done("gifts", work, gettext(told))


@bp.post("/account/mileage/invitation")
@requires(Permission.MILEAGE_USE)
def invite() -> ResponseReturnValue:
    """Make the code of one's invitations."""
    user_id, now = own_id(), clock.now()
    atomically(lambda s: make_referral_code(s, user_id=user_id, now=now))
    return leave_for(url_for(".mileage", _anchor="invite"))


def _done(section: str, work: Callable[[], object], told: str) -> ResponseReturnValue:
    try:
        work()
    except StepUpNeededError:
        raise  # It leads to the page that asks.
    except PortalError as refused:
        return _page(section, refused)
    flash(told, "success")
    return leave_for(url_for(".mileage"))


def _page(section: str = "", error: PortalError | None = None) -> ResponseReturnValue:
    user_id, now, channel = own_id(), clock.now(), current_channel()
    with reading() as session:
        invitations = load_invitations(session, user_id=user_id)
        values: dict[str, Any] = {
            "standing": load_standing(session, user_id=user_id, now=now),
            "pending": list_pending(session, user_id=user_id),
            "lots": list_lots(session, user_id=user_id),
            "sent": gifts_sent(session, user_id=user_id),
            "waiting": gifts_waiting(session, user_id=user_id, now=now),
            "causes": list_causes(session),
            "donations": list_donations(session, user_id=user_id),
            "tier": load_tier(session, user_id=user_id, now=now),
            "moves": list_moves(session, user_id=user_id),
            "benefits": load_benefits(session, ladder=loyalty_directory(session).ladder(now), now=now),
            "invitations": invitations,
        }
        directory = loyalty_directory(session)
    code = invitations.code
    page = render_template(
        "account/mileage.html",
        **values,
        terms=directory.terms(now),
        tier_names={one.code: one.names for ladder in directory.ladders.values() for one in ladder.tiers},
        worth_minor=mileage_terms(channel.policy).value_minor(values["standing"].available),
        currency=channel.currency,
        invitation=site.address(f"/invitations/{code}", channel=channel.code) if code else None,
        sources={name: gettext(words) for name, words in SOURCES.items()},
        section=section,
        error=say(error.rejection if isinstance(error, RejectedError) else error) if error else None,
        field=getattr(error, "field", None) or ("points" if error else None),
        given=request.form,
        key=new_token(),
        message_max=MESSAGE_LENGTH_MAX,
        has_errors=error is not None,
        now=now,
    )
    return page, error.status if error else 200


def _number(name: str) -> int:
    typed = request.form.get(name, "").strip().replace(",", "")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= DIGITS_MAX else 0
