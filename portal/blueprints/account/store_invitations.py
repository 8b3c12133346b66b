"""The answer to an invitation to work for a store, by the link of its mail."""

from __future__ import annotations

from flask import flash, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.blueprints.access import requires_sign_in
from portal.blueprints.account.blueprint import bp
from portal.blueprints.identity import current_actor
from portal.blueprints.store_role_words import ROLE_WORDS
from portal.db import atomically
from portal.htmx import leave_for
from portal.kit import clock
from portal.queries.store_members import load_invitation
from portal.rules.permissions import StoreRole
from portal.services.accounts.invite_member import answer_invitation, read_invitation


@bp.get("/account/store-invitations/<token>")
@requires_sign_in
def store_invitation(token: str) -> ResponseReturnValue:
    """Which store asks, and for what."""
    actor, now = current_actor(), clock.now()
    invitation_id = atomically(lambda s: read_invitation(s, token=token, actor=actor, now=now).id)
    found = atomically(lambda s: load_invitation(s, invitation_id=invitation_id))
    assert found is not None  # It has just been read.
    return render_template(
        "account/store_invitation.html", found=found, role=ROLE_WORDS[StoreRole(found.role)], token=token
    )


@bp.post("/account/store-invitations/<token>/acceptance")
@requires_sign_in
def accept_store_invitation(token: str) -> ResponseReturnValue:
    """Work for the store from now on."""
    actor, now = current_actor(), clock.now()
    atomically(lambda s: answer_invitation(s, token=token, accepts=True, actor=actor, now=now))
    flash(_("You work for this store now."), "success")
    return leave_for(url_for("seller.home"))


@bp.post("/account/store-invitations/<token>/refusal")
@requires_sign_in
def refuse_store_invitation(token: str) -> ResponseReturnValue:
    """Say no; nobody is told why."""
    actor, now = current_actor(), clock.now()
    atomically(lambda s: answer_invitation(s, token=token, accepts=False, actor=actor, now=now))
    flash(_("You have refused the invitation."), "success")
    return leave_for(url_for("shop.home"))
