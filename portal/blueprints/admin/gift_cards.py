"""Gift cards for administrators: what is out, what was redeemed, ending one and giving it back (BAL-09)."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal.blueprints.access import NotFoundError
from portal.blueprints.admin.desk import around, may_all, requires_all
from portal.blueprints.checkout.words import say
from portal.blueprints.desk import choice_arg
from portal.blueprints.identity import current_actor
from portal.db import atomically, reading
from portal.htmx import done, page_or_partial
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.queries.gift_cards import list_gift_cards, load_gift_card
from portal.rules.permissions import Permission
from portal.rules.states import Machine, states
from portal.services.gift_cards.end_card import void_card
from portal.services.withdrawals.return_card import return_card
from portal.statuses import status_of


def hang(bp: Blueprint) -> None:
    bp.add_url_rule("/gift-cards", "gift_cards", index)
    bp.add_url_rule("/gift-cards/<uuid:card_id>", "gift_card", show)
    bp.add_url_rule("/gift-cards/<uuid:card_id>/end", "gift_card_end", end, methods=["POST"])
    bp.add_url_rule("/gift-cards/<uuid:card_id>/return", "gift_card_return", give_back, methods=["POST"])


@requires_all(Permission.GIFT_CARD_VIEW)
def index() -> ResponseReturnValue:
    """All of them, or those in one state."""
    names = states(Machine.GIFT_CARD)
    state = choice_arg("state", names)
    with reading() as session:
        found = list_gift_cards(session, state=state, cursor=request.args.get("cursor"))
        frame = around(session, "admin.gift_cards")
    tabs = [{"label": _("All"), "href": url_for("admin.gift_cards"), "current": state is None}]
    tabs += [
        {
            "label": gettext(status_of(name, "gift_card").word),
            "href": url_for("admin.gift_cards", state=name),
            "current": state == name,
        }
        for name in names
    ]
    partials = {"gift-cards": "admin/gift_cards/_list.html"}
    return page_or_partial("admin/gift_cards/index.html", partials, found=found, tabs=tabs, **frame)


@requires_all(Permission.GIFT_CARD_VIEW)
def show(card_id: uuid.UUID) -> ResponseReturnValue:
    """One, and what can be done with it. Its code is shown to nobody."""
    return _page(card_id)


@requires_all(Permission.GIFT_CARD_MANAGE)
def end(card_id: uuid.UUID) -> ResponseReturnValue:
    """Void it."""
    actor, now, reason = current_actor(), clock.now(), request.form.get("reason", "")
    return _act(card_id, lambda s: void_card(s, card_id=card_id, reason=reason, actor=actor, now=now), _("It is void."))


@requires_all(Permission.GIFT_CARD_MANAGE)
def give_back(card_id: uuid.UUID) -> ResponseReturnValue:
    """Give what nobody has spent of it to its buyer."""
    actor, now, reason = current_actor(), clock.now(), request.form.get("reason", "")

    def work(session: Session) -> None:
        return_card(session, card_id=card_id, reason=reason, actor=actor, now=now)

    return _act(card_id, work, _("What was left goes back the way it was paid, or is on the buyer's deposit."))


def _act(card_id: uuid.UUID, work: Callable[[Session], None], told: str) -> ResponseReturnValue:
    try:
        atomically(work)
    except PortalError as error:
        return _page(card_id, error)
    flash(told, "success")
    return done(location=url_for("admin.gift_card", card_id=card_id))


def _page(card_id: uuid.UUID, error: PortalError | None = None) -> ResponseReturnValue:
    with reading() as session:
        row = load_gift_card(session, card_id=card_id)
        if row is None:
            raise NotFoundError
        frame = around(session, "admin.gift_cards")
    page = render_template(
        "admin/gift_cards/show.html",
        row=row,
        problem=say(error) if error else None,
        may_manage=may_all(Permission.GIFT_CARD_MANAGE),
        **frame,
    )
    return page, error.status if error else 200
