"""Pause several campaigns of a list, or let them go on (CPN-10)."""

from __future__ import annotations

from flask import request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from portal.blueprints.access import NotFoundError
from portal.blueprints.bulk import do_each, of_list
from portal.blueprints.identity import current_actor
from portal.htmx import done
from portal.kit import clock
from portal.rules.coupons.life import reason_of
from portal.services.coupons.move_campaign import move_campaign


def move_chosen(endpoint: str) -> ResponseReturnValue:
    """Move each of the chosen as far as one may, with one reason for all; `endpoint` is the list."""
    new, actor, now = request.form.get("to", ""), current_actor(), clock.now()
    if new not in {"paused", "running"}:
        raise NotFoundError
    typed = [int(one) for one in request.form.getlist("ids") if one.isascii() and one.isdigit() and len(one) < 10]

    def work(session: Session, campaign_id: int) -> None:
        reason = reason_of(request.form.get("reason", ""))
        move_campaign(session, campaign_id=campaign_id, new=new, reason=reason, actor=actor, now=now)

    do_each(typed, work)
    return done(location=of_list(endpoint))
