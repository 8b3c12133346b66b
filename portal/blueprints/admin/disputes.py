"""Disputes for administrators: which need an answer, what speaks for us, and the answer (STR-05)."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal.blueprints.access import NotFoundError
from portal.blueprints.admin.desk import around, requires_all
from portal.blueprints.admin.dispute_letters import SAYINGS
from portal.blueprints.checkout.words import say
from portal.blueprints.desk_words import actor_word, word
from portal.blueprints.identity import current_actor
from portal.db import atomically, reading, transaction
from portal.htmx import done, page_or_partial
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.queries.disputes import VIEWS, DisputeDetail, at_stake, list_disputes, load_dispute
from portal.rules.disputes import OPEN, UNANSWERED, Bearer
from portal.rules.permissions import Permission
from portal.services.accounts.view_user import view_user
from portal.services.disputes.answer_dispute import Answer, want_answer, write_statement
from portal.services.disputes.evidence import draft_statement
from portal.statuses import status_of

REASONS: Mapping[str, str] = {
    "fraudulent": N_("The card holder says that the payment is not his"),
    "product_not_received": N_("Nothing came"),
    "product_unacceptable": N_("The goods are not as described, or damaged"),
    "duplicate": N_("Paid twice"),
    "credit_not_processed": N_("A refund is said to be missing"),
    "subscription_canceled": N_("Charged after a cancellation"),
    "unrecognized": N_("The card holder does not recognise the payment"),
    "general": N_("No reason given"),
}
BEARERS: Mapping[str, str] = {
    Bearer.PLATFORM: N_("If it is lost, the platform bears it."),
    Bearer.SELLER: N_("If it is lost, the stores that sold the goods bear it."),
}


def hang(bp: Blueprint) -> None:
    bp.add_app_template_global(reason_word, "dispute_reason")
    bp.add_url_rule("/disputes", "disputes", index)
    bp.add_url_rule("/disputes/<uuid:dispute_id>", "dispute", show)
    bp.add_url_rule("/disputes/<uuid:dispute_id>/statement", "dispute_statement", write, methods=["POST"])
    bp.add_url_rule("/disputes/<uuid:dispute_id>/evidence", "dispute_evidence", send, methods=["POST"])
    bp.add_url_rule("/disputes/<uuid:dispute_id>/acceptance", "dispute_acceptance", accept, methods=["GET", "POST"])


def reason_word(reason: str) -> str:
    """Why a payment is disputed. A reason that nobody has named is shown as it is."""
    found = REASONS.get(reason)
    return gettext(found) if found else reason.replace("_", " ")


@requires_all(Permission.DISPUTE_HANDLE)
def index() -> ResponseReturnValue:
    """What needs an answer, by its last day; the open ones; all."""
    view = request.args.get("view", VIEWS[0])
    view = view if view in VIEWS else VIEWS[0]
    with reading() as session:
        found = list_disputes(session, view=view, cursor=request.args.get("cursor"))
        stakes = at_stake(session)
        frame = around(session, "admin.disputes")
    names = {"answer": _("Needs an answer"), "open": _("Open"), "all": _("All")}
    tabs = [{"label": names[one], "href": url_for("admin.disputes", view=one), "current": one == view} for one in VIEWS]
    partials = {"disputes": "admin/disputes/_list.html"}
    return page_or_partial(
        "admin/disputes/index.html", partials, found=found, tabs=tabs, stakes=stakes, now=clock.now(), **frame
    )


@requires_all(Permission.DISPUTE_HANDLE)
def show(dispute_id: uuid.UUID) -> ResponseReturnValue:
    """One: the facts, the packet, the statement, and what happened. It names the buyer, so opening it is recorded."""
    return _page(dispute_id)


@requires_all(Permission.DISPUTE_HANDLE)
def write(dispute_id: uuid.UUID) -> ResponseReturnValue:
    """Keep the statement for later."""
    actor, now, statement = current_actor(), clock.now(), request.form.get("statement", "")
    return _act(
        dispute_id,
        lambda s: write_statement(s, dispute_id=dispute_id, statement=statement, actor=actor, now=now),
        _("The statement is kept."),
    )


@requires_all(Permission.DISPUTE_HANDLE)
def send(dispute_id: uuid.UUID) -> ResponseReturnValue:
    """Hand the statement and the packet in."""
    actor, now, statement = current_actor(), clock.now(), request.form.get("statement", "")
    return _act(
        dispute_id,
        lambda s: want_answer(
            s, dispute_id=dispute_id, answer=Answer.EVIDENCE, statement=statement, actor=actor, now=now
        ),
        _("The evidence is being handed in."),
    )


@requires_all(Permission.DISPUTE_HANDLE)
def accept(dispute_id: uuid.UUID) -> ResponseReturnValue:
    """Give in, after one more question."""
    if request.method == "GET":
        with reading() as session:
            detail = load_dispute(session, dispute_id=dispute_id)
            if detail is None:
                raise NotFoundError
            frame = around(session, "admin.disputes")
        return render_template("admin/disputes/accept.html", dispute=detail.dispute, packet=detail.packet, **frame)
    actor, now = current_actor(), clock.now()
    return _act(
        dispute_id,
        lambda s: want_answer(s, dispute_id=dispute_id, answer=Answer.ACCEPTANCE, actor=actor, now=now),
        _("The dispute is being accepted."),
    )


def _act(dispute_id: uuid.UUID, work: Callable[[Session], None], told: str) -> ResponseReturnValue:
    try:
        atomically(work)
    except PortalError as error:
        return _page(dispute_id, error)
    flash(told, "success")
    return done(location=url_for("admin.dispute", dispute_id=dispute_id))


def _page(dispute_id: uuid.UUID, error: PortalError | None = None) -> ResponseReturnValue:
    with transaction() as session:
        detail = load_dispute(session, dispute_id=dispute_id)
        if detail is None:
            raise NotFoundError
        packet = detail.packet
        if packet is not None:
            what = f"dispute:{dispute_id}"
            view_user(session, user_id=packet.buyer_id, what=what, actor=current_actor(), now=clock.now())
        frame = around(session, "admin.disputes")
        dispute = detail.dispute
        statement = request.form.get("statement") or dispute.statement
        if not statement and packet is not None:
            statement = draft_statement(packet, dispute.reason)
        page = render_template(
            "admin/disputes/show.html",
            dispute=dispute,
            packet=packet,
            entries=detail.entries,
            events=_events(detail),
            statement=statement or "",
            sayings=[(key, gettext(text)) for key, text in SAYINGS.items()],
            bearer=gettext(BEARERS[dispute.bearer]),
            can_answer=dispute.status in OPEN and dispute.answer_state not in ("wanted", "sent"),
            is_late=_is_late(dispute.status, dispute.answer_due_at),
            problem=say(error) if error else None,
            **frame,
        )
    return page, error.status if error else 200


def _is_late(status: str, due_at: datetime | None) -> bool:
    return status in UNANSWERED and due_at is not None and due_at < clock.now()


def _events(detail: DisputeDetail) -> list[dict[str, Any]]:
    """What happened, the newest first."""
    events = []
    for row in detail.moves:
        who = row.actor_name or actor_word(row.actor)
        if row.state:
            look = status_of(row.state, "dispute")
            events.append({"title": gettext(look.word), "tone": look.tone, "icon": look.icon, "at": row.at, "who": who})
        else:
            events.append({"title": word("action", row.action), "tone": "grey", "at": row.at, "who": who})
    return events
