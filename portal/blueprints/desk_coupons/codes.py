"""The codes of a campaign: those that people share, batches of single ones, and their files (CPN-02)."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, flash, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext

from portal.blueprints.access import NotFoundError
from portal.blueprints.checkout.words import say
from portal.blueprints.csv_files import csv_stream
from portal.blueprints.desk import text_arg
from portal.blueprints.desk_coupons.area import Area
from portal.blueprints.identity import current_actor
from portal.db import atomically, database, reading
from portal.htmx import done, page_or_partial
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.queries.campaign_hands import list_batches, list_codes, load_batch, stream_codes
from portal.rules.coupons.claiming import BY_CODE
from portal.rules.coupons.codes import BATCH_MAX
from portal.rules.permissions import Permission
from portal.services.coupons.make_codes import make_batch, make_shared_code

TAB = "campaign_codes"


class NumberUnfitError(PortalError):
    code = "number_unfit"
    sentence = N_("Write whole numbers, such as 1000.")


def hang(bp: Blueprint, area: Area) -> None:
    issue = Permission.COUPON_ISSUE
    area.add(bp, "/codes", TAB, index, is_nameless=True)
    area.add(bp, "/codes", "campaign_code_new", add_shared, permission=issue, methods=("POST",), is_nameless=True)
    area.add(bp, "/batches", "campaign_batch_new", add_batch, permission=issue, methods=("POST",), is_nameless=True)
    area.add(
        bp, "/batches/<uuid:batch_id>/codes.csv", "campaign_batch_file", export, permission=issue, is_nameless=True
    )


def index(area: Area, campaign_id: int) -> ResponseReturnValue:
    """Shared codes and batches; or the codes of a batch, or the one that is looked for."""
    return _page(area, campaign_id)


def add_shared(area: Area, campaign_id: int) -> ResponseReturnValue:
    """One code for many people."""
    actor, now, typed = current_actor(), clock.now(), request.form
    try:
        cap = _number(typed.get("cap", ""), or_none=True)
        code = atomically(
            lambda s: make_shared_code(
                s, campaign_id=campaign_id, typed=typed.get("code", ""), cap=cap, actor=actor, now=now
            )
        )
    except PortalError as error:
        return _page(area, campaign_id, shared_problem=error)
    flash(gettext("The code %(code)s can be used.", code=code), "success")
    return done(location=area.url(TAB, campaign_id=campaign_id))


def add_batch(area: Area, campaign_id: int) -> ResponseReturnValue:
    """Many codes, each for one person."""
    actor, now, typed = current_actor(), clock.now(), request.form
    try:
        size, length = _number(typed.get("size", "")), _number(typed.get("length", ""))
        cap = _number(typed.get("per_code_cap", ""), or_none=True)
        atomically(
            lambda s: make_batch(
                s,
                campaign_id=campaign_id,
                size=size or 0,
                prefix=typed.get("prefix", ""),
                length=length or 0,
                per_code_cap=cap,
                label_text=typed.get("label", ""),
                actor=actor,
                now=now,
            )
        )
    except PortalError as error:
        return _page(area, campaign_id, batch_problem=error)
    flash(ngettext("%(num)s code was made.", "%(num)s codes were made.", size or 0), "success")
    return done(location=area.url(TAB, campaign_id=campaign_id))


def export(area: Area, campaign_id: int, batch_id: uuid.UUID) -> ResponseReturnValue:
    """All codes of a batch as a file, sent while it is read."""
    with reading() as session:
        area.campaign(session, campaign_id)
        if load_batch(session, campaign_id=campaign_id, batch_id=batch_id) is None:
            raise NotFoundError

    def rows() -> Any:
        with database.snapshot() as opened:
            for one in stream_codes(opened, campaign_id=campaign_id, batch_id=batch_id):
                yield one.code, one.state, one.cap if one.cap is not None else "", one.uses

    return csv_stream(f"codes-{batch_id}.csv", ("code", "state", "limit", "uses"), rows())


def _number(text: str, *, or_none: bool = False) -> int | None:
    kept = text.strip().replace(",", "")
    if not kept and or_none:
        return None
    if not (kept.isascii() and kept.isdigit() and len(kept) < 10):
        raise NumberUnfitError
    return int(kept)


def _page(
    area: Area,
    campaign_id: int,
    *,
    shared_problem: PortalError | None = None,
    batch_problem: PortalError | None = None,
) -> ResponseReturnValue:
    search, batch_id = text_arg("q"), _batch_arg()
    with reading() as session:
        campaign = area.campaign(session, campaign_id)
        batches = list_batches(session, campaign_id=campaign_id)
        found = list_codes(
            session, campaign_id=campaign_id, search=search, batch_id=batch_id, cursor=request.args.get("cursor")
        )
        frame = area.frame(session, campaign, TAB)
    error = shared_problem or batch_problem
    page = page_or_partial(
        "desk/coupons/codes.html",
        {"codes": "desk/coupons/_codes.html"},
        found=found,
        batches=batches,
        batch=next((one for one in batches if one.id == batch_id), None),
        search=search,
        by_code=campaign.distribution == BY_CODE,
        shared_problem=say(shared_problem) if shared_problem else None,
        batch_problem=say(batch_problem) if batch_problem else None,
        given=request.form,
        batch_most=BATCH_MAX,
        **frame,
    )
    return page, error.status if error else 200


def _batch_arg() -> uuid.UUID | None:
    try:
        return uuid.UUID(request.args.get("batch", ""))
    except ValueError:
        return None
