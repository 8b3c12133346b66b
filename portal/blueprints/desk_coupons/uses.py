"""What a campaign's coupon was used for, and what looks abused of it (CPN-14)."""

from __future__ import annotations

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import gettext as _

from portal.blueprints.coupon_desk_words import rule_name
from portal.blueprints.desk import choice_arg
from portal.blueprints.desk_coupons.area import Area
from portal.db import reading
from portal.htmx import page_or_partial
from portal.queries.campaign_hands import list_campaign_uses
from portal.queries.coupon_flags import list_flags
from portal.queries.listings.coupons import FlagFilter
from portal.queries.users import masked
from portal.statuses import status_of

USES, ABUSE = "campaign_uses", "campaign_abuse"
STATES = ("reserved", "redeemed", "released")


def hang(bp: Blueprint, area: Area) -> None:
    area.add(bp, "/uses", USES, uses)
    area.add(bp, "/abuse", ABUSE, abuse)


def uses(area: Area, campaign_id: int) -> ResponseReturnValue:
    """Every use, the newest first."""
    state = choice_arg("state", STATES)
    with reading() as session:
        campaign = area.campaign(session, campaign_id)
        found = list_campaign_uses(session, campaign_id=campaign_id, status=state, cursor=request.args.get("cursor"))
        frame = area.frame(session, campaign, USES)
    return page_or_partial(
        "desk/coupons/uses.html",
        {"uses": "desk/coupons/_uses.html"},
        found=found,
        state=state,
        states=[("", _("Any"))] + [(one, gettext(status_of(one, "coupon_use").word)) for one in STATES],
        masked=masked,
        **frame,
    )


def abuse(area: Area, campaign_id: int) -> ResponseReturnValue:
    """What the rules have found about this campaign."""
    with reading() as session:
        campaign = area.campaign(session, campaign_id)
        found = list_flags(session, chosen=FlagFilter(campaign_id=campaign_id), cursor=request.args.get("cursor"))
        frame = area.frame(session, campaign, ABUSE)
    return page_or_partial(
        "desk/coupons/abuse.html",
        {"flags": "desk/coupons/_flags.html"},
        found=found,
        rule_name=rule_name,
        masked=masked,
        **frame,
    )
