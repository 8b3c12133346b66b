"""Who holds a campaign's coupon, and the lists of people to whom it was given (CPN-10)."""

from __future__ import annotations

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import gettext as _

from portal.blueprints.desk import choice_arg, text_arg
from portal.blueprints.desk_coupons.area import Area
from portal.db import reading
from portal.htmx import page_or_partial
from portal.queries.campaign_hands import list_holders
from portal.queries.coupon_lists import list_bulks
from portal.queries.users import masked, masked_email
from portal.statuses import status_of

TAB = "campaign_holders"
STATES = ("held", "suspended", "revoked", "expired")


def hang(bp: Blueprint, area: Area) -> None:
    area.add(bp, "/holders", TAB, index)


def index(area: Area, campaign_id: int) -> ResponseReturnValue:
    """Holders, the newest first; and the lists that are or were worked through."""
    state, search = choice_arg("state", STATES), text_arg("q")
    with reading() as session:
        campaign = area.campaign(session, campaign_id)
        found = list_holders(
            session, campaign_id=campaign_id, state=state, search=search, cursor=request.args.get("cursor")
        )
        bulks = list_bulks(session, campaign_id=campaign_id)
        frame = area.frame(session, campaign, TAB)
    return page_or_partial(
        "desk/coupons/holders.html",
        {"holders": "desk/coupons/_holders.html"},
        found=found,
        bulks=bulks,
        state=state,
        search=search,
        states=[("", _("Any"))] + [(one, gettext(status_of(one, "coupon").word)) for one in STATES],
        masked=masked,
        masked_email=masked_email,
        **frame,
    )
