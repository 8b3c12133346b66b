"""The store's own campaigns, which it pays for."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from portal.blueprints.campaigns import bulk, insight, views
from portal.blueprints.campaigns.side import Side
from portal.blueprints.desk import requires_in
from portal.blueprints.seller.desk import around, open_desk
from portal.kit import clock
from portal.rules.permissions import Permission, Scope


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


def _enter(session: Session, store_id: int | None) -> Side | None:
    desk = open_desk(session, clock.now(), store_id=store_id)
    if desk is None or (store_id is not None and desk.store.id != store_id):
        return None
    return Side("seller", desk.store.id, (desk.store.id,), around(desk, "seller.campaigns"), desk.store_arg)


def _no_store() -> str:
    return render_template("seller/no_store.html", **around(None, "seller.campaigns"))


@requires_in(Permission.COUPON_VIEW, Scope.STORE)
def index() -> ResponseReturnValue:
    """The store's campaigns."""
    return views.index(_enter, _no_store)


@requires_in(Permission.COUPON_ISSUE, Scope.STORE)
def create() -> ResponseReturnValue:
    """A new one."""
    return views.create(_enter, _no_store)


@requires_in(Permission.COUPON_ISSUE, Scope.STORE)
def move_chosen() -> ResponseReturnValue:
    """Pause those that were chosen, or let them go on."""
    return bulk.move_chosen("seller.campaigns")


@requires_in(Permission.COUPON_VIEW, Scope.STORE)
def show(campaign_id: int) -> ResponseReturnValue:
    """One campaign."""
    return views.show(_enter, campaign_id)


@requires_in(Permission.COUPON_ISSUE, Scope.STORE)
def edit(campaign_id: int) -> ResponseReturnValue:
    """Its next version."""
    return views.edit(_enter, campaign_id)


@requires_in(Permission.COUPON_ISSUE, Scope.STORE)
def launch(campaign_id: int) -> ResponseReturnValue:
    """Let it run."""
    return views.launch(_enter, campaign_id)


@requires_in(Permission.COUPON_VIEW, Scope.STORE)
def figures(campaign_id: int) -> ResponseReturnValue:
    """What became of it."""
    return insight.figures(_enter, campaign_id)


@requires_in(Permission.COUPON_VIEW, Scope.STORE)
def dry_run(campaign_id: int) -> ResponseReturnValue:
    """What it would have cost on past orders."""
    return insight.dry_run(_enter, campaign_id)
