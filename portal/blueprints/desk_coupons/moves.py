"""Withdraw a coupon, a code or a batch, or undo it: each on a page of its own that asks why (CPN-10)."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass

from flask import Blueprint, flash, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal.blueprints.access import NotFoundError
from portal.blueprints.checkout.words import say
from portal.blueprints.desk_coupons.area import Area
from portal.blueprints.identity import current_actor
from portal.db import atomically, reading
from portal.htmx import done
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.rules.coupons.life import reason_of
from portal.rules.permissions import Permission
from portal.services.coupons.end_coupons import decide_batch, decide_code, decide_grant
from portal.services.coupons.move_campaign import move_campaign

POSTED = ("GET", "POST")


@dataclass(frozen=True, slots=True)
class Move:
    """What is to be moved where: words for the page, and the work."""

    title: str
    text: str
    button: str
    new: str
    back: str
    work: Callable[[Session, str], object]


def hang(bp: Blueprint, area: Area) -> None:
    issue = Permission.COUPON_ISSUE
    for rule, endpoint, view in (
        ("/state", "campaign_state", of_campaign),
        ("/codes/<code>/state", "campaign_code_state", of_code),
        ("/batches/<uuid:batch_id>/state", "campaign_batch_state", of_batch),
        ("/holders/<uuid:grant_id>/state", "campaign_holder_state", of_grant),
    ):
        area.add(bp, rule, endpoint, view, permission=issue, methods=POSTED, is_nameless=view is not of_grant)


def of_campaign(area: Area, campaign_id: int) -> ResponseReturnValue:
    """Pause a whole campaign, let it go on, or withdraw it."""
    new, actor, now = request.values.get("to", ""), current_actor(), clock.now()
    words = {
        "paused": (_("Pause the campaign"), _("Nobody can use its coupons until it goes on."), _("Pause it")),
        "running": (_("Let the campaign go on"), _("Its coupons can be used again."), _("Let it go on")),
        "revoked": (
            _("Withdraw the campaign"),
            _("Nobody can use its coupons any more, whoever holds them. What was used stays so. You can undo this."),
            _("Withdraw it"),
        ),
    }.get(new)
    if words is None:
        raise NotFoundError
    return _ask(
        area,
        campaign_id,
        Move(
            *words,
            new,
            "campaign",
            lambda s, why: move_campaign(s, campaign_id=campaign_id, new=new, reason=why, actor=actor, now=now),
        ),
    )


def of_code(area: Area, campaign_id: int, code: str) -> ResponseReturnValue:
    new, actor, now = _new("active"), current_actor(), clock.now()
    withdraws = new == "revoked"
    return _ask(
        area,
        campaign_id,
        Move(
            _("Withdraw the code %(code)s", code=code) if withdraws else _("Give the code %(code)s back", code=code),
            _("Nobody can use it any more, whoever holds it.") if withdraws else _("It works again as before."),
            _("Withdraw the code") if withdraws else _("Give the code back"),
            new,
            "campaign_codes",
            lambda s, why: decide_code(
                s, campaign_id=campaign_id, code=code, new=new, reason=why, actor=actor, now=now
            ),
        ),
    )


def of_batch(area: Area, campaign_id: int, batch_id: uuid.UUID) -> ResponseReturnValue:
    new, actor, now = _new("active"), current_actor(), clock.now()
    withdraws = new == "revoked"
    return _ask(
        area,
        campaign_id,
        Move(
            _("Withdraw the batch") if withdraws else _("Give the batch back"),
            _("None of its codes can be used any more.") if withdraws else _("Its codes work again as before."),
            _("Withdraw all its codes") if withdraws else _("Give all its codes back"),
            new,
            "campaign_codes",
            lambda s, why: decide_batch(
                s, campaign_id=campaign_id, batch_id=batch_id, new=new, reason=why, actor=actor, now=now
            ),
        ),
    )


def of_grant(area: Area, campaign_id: int, grant_id: uuid.UUID) -> ResponseReturnValue:
    new, actor, now = _new("held"), current_actor(), clock.now()
    withdraws = new == "revoked"
    return _ask(
        area,
        campaign_id,
        Move(
            _("Withdraw the coupon") if withdraws else _("Give the coupon back"),
            _("Its holder cannot use it any more, and is told.")
            if withdraws
            else _("Its holder can use it again, and is told."),
            _("Withdraw it") if withdraws else _("Give it back"),
            new,
            "campaign_holders",
            lambda s, why: decide_grant(
                s, campaign_id=campaign_id, grant_id=grant_id, new=new, reason=why, actor=actor, now=now
            ),
        ),
    )


def _new(works: str) -> str:
    """Where it is to move: `revoked`, or back to what works."""
    wanted = request.values.get("to")
    if wanted not in ("revoked", works):
        raise NotFoundError
    return wanted


def _ask(area: Area, campaign_id: int, move: Move) -> ResponseReturnValue:
    problem: PortalError | None = None
    if request.method == "POST":
        try:
            why = reason_of(request.form.get("reason", ""))
            atomically(lambda s: move.work(s, why))
        except PortalError as error:
            problem = error
        else:
            flash(_("Done, and kept in the record."), "success")
            return done(location=area.url(move.back, campaign_id=campaign_id))
    with reading() as session:
        campaign = area.campaign(session, campaign_id)
        frame = area.frame(session, campaign, move.back)
    page = render_template(
        "desk/coupons/move.html",
        move=move,
        problem=say(problem) if problem else None,
        given=request.form.get("reason", ""),
        **frame,
    )
    return page, problem.status if problem else 200
