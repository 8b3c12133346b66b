"""Everybody's campaigns: those of the platform are made here, those of stores can be looked after.

A manager makes those that are good on his channels alone (services/coupons/guard.py).
"""

from __future__ import annotations

from flask import Blueprint, abort
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from portal.blueprints.admin.desk import around, channels_seen, requires_all, requires_channel
from portal.blueprints.campaigns import bulk, insight, views
from portal.blueprints.campaigns.side import Side
from portal.rules.permissions import Permission


def hang(bp: Blueprint) -> None:
    path = "/campaigns/<int:campaign_id>"
    bp.add_url_rule("/campaigns", "campaigns", index)
    bp.add_url_rule("/campaigns/new", "campaign_new", create, methods=["GET", "POST"])
    bp.add_url_rule("/campaigns/moves", "campaigns_move", move_chosen, methods=["POST"])
    bp.add_url_rule(path, "campaign", show)
    bp.add_url_rule(f"{path}/edit", "campaign_edit", edit, methods=["GET", "POST"])
    bp.add_url_rule(f"{path}/launch", "campaign_launch", launch, methods=["POST"])
    bp.add_url_rule(f"{path}/figures", "campaign_figures", figures)
    bp.add_url_rule(f"{path}/dry-run", "campaign_dry_run", dry_run)


def _enter(session: Session, store_id: int | None) -> Side:
    seen = channels_seen(Permission.COUPON_VIEW)
    channel_ids = None if seen is None else tuple(sorted(seen))
    return Side("admin", store_id, None, around(session, "admin.campaigns"), channel_ids=channel_ids)


@requires_channel(Permission.COUPON_VIEW)
def index() -> ResponseReturnValue:
    """All campaigns."""
    return views.index(_enter, lambda: abort(404))


@requires_channel(Permission.COUPON_ISSUE)
def create() -> ResponseReturnValue:
    """A campaign of the platform's."""
    return views.create(_enter, lambda: abort(404))


@requires_channel(Permission.COUPON_ISSUE)
def move_chosen() -> ResponseReturnValue:
    """Pause those that were chosen, or let them go on."""
    return bulk.move_chosen("admin.campaigns")


@requires_channel(Permission.COUPON_VIEW)
def show(campaign_id: int) -> ResponseReturnValue:
    """One campaign."""
    return views.show(_enter, campaign_id)


@requires_channel(Permission.COUPON_ISSUE)
def edit(campaign_id: int) -> ResponseReturnValue:
    """Its next version."""
    return views.edit(_enter, campaign_id)


@requires_channel(Permission.COUPON_ISSUE)
def launch(campaign_id: int) -> ResponseReturnValue:
    """Let it run."""
    return views.launch(_enter, campaign_id)


@requires_all(Permission.COUPON_VIEW)
def figures(campaign_id: int) -> ResponseReturnValue:
    """What became of it."""
    return insight.figures(_enter, campaign_id)


@requires_all(Permission.COUPON_VIEW)
def dry_run(campaign_id: int) -> ResponseReturnValue:
    """What it would have cost on past orders."""
    return insight.dry_run(_enter, campaign_id)
