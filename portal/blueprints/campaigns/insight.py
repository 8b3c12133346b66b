"""What a campaign would have cost, and what came of it (CPN-12, CPN-13)."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.blueprints.campaigns.side import Enter, open_campaign, tabs_of
from portal.blueprints.campaigns.words import check_name
from portal.blueprints.desk import choice_arg
from portal.blueprints.identity import current_locale
from portal.db import reading
from portal.kit import clock
from portal.queries.campaign_dry_run import run_dry
from portal.queries.campaign_figures import load_figures
from portal.queries.campaign_things import load_options
from portal.queries.campaigns import load_campaign
from portal.rules.permissions import Permission

DRY_RUN_DAYS = ("7", "30", "90", "365")
OVERLAP_MAX = 10


def figures(enter: Enter, campaign_id: int) -> ResponseReturnValue:
    """What became of it, from its rows."""
    with reading() as session:
        row, side = open_campaign(session, enter, campaign_id, Permission.COUPON_VIEW)
        found = load_figures(session, campaign_id=campaign_id)
    return render_template(
        "desk/campaigns/figures.html",
        row=row,
        figures=found,
        tabs=tabs_of(side, row, "campaign_figures"),
        locale=current_locale(),
        side=side,
        **side.frame,
    )


def dry_run(enter: Enter, campaign_id: int) -> ResponseReturnValue:
    """What it would have cost on past orders; nothing is written (CPN-12)."""
    now = clock.now()
    days = int(choice_arg("days", DRY_RUN_DAYS) or "30")
    with reading() as session:
        row, side = open_campaign(session, enter, campaign_id, Permission.COUPON_VIEW)
        found = run_dry(session, row, days=days, now=now)
        stores = {option.key: option.names for option in load_options(session, now=now)["store"]}
        others = {
            other.id: other.draft
            for other in (load_campaign(session, campaign_id=one) for one in list(found.run.overlap)[:OVERLAP_MAX])
            # Of other stores' campaigns a seller learns nothing.
            if other is not None and (side.store_ids is None or other.draft.store_id in {None, *side.store_ids})
        }
    return render_template(
        "desk/campaigns/dry_run.html",
        row=row,
        found=found,
        days=days,
        choices=[(key, _("%(days)s days", days=key)) for key in DRY_RUN_DAYS],
        store_names=stores,
        others=others,
        reasons=[(check_name(name), count) for name, count in found.run.reasons],
        tabs=tabs_of(side, row, "campaign_dry_run"),
        locale=current_locale(),
        side=side,
        **side.frame,
    )
