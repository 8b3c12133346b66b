"""The account's first page: who one is, and ways to everything else of one's own."""

from __future__ import annotations

from flask import abort, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from portal.blueprints.access import requires_sign_in
from portal.blueprints.account.blueprint import bp
from portal.blueprints.account.forms import NameForm
from portal.blueprints.account.own import own_id
from portal.blueprints.account.signing import show
from portal.db import atomically, reading
from portal.htmx import leave_for
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.queries.accounts import load_profile
from portal.queries.loyalty import loyalty_directory
from portal.queries.tiers import tier_code
from portal.services.accounts.change_preferences import change_name


@bp.route("/account", methods=["GET", "POST"])
@requires_sign_in
def profile() -> ResponseReturnValue:
    user_id, form = own_id(), NameForm()
    if request.method == "POST" and form.validate():
        try:
            atomically(lambda opened: change_name(opened, user_id=user_id, name=form.name.data))
        except PortalError as fault:
            form.refuse(fault)
        else:
            flash(gettext("Saved"), "toast")
            return leave_for(url_for(".profile"))
    with reading() as opened:
        found = load_profile(opened, user_id=user_id)
        tier = loyalty_directory(opened).ladder(clock.now()).find(tier_code(opened, user_id=user_id))
    if found is None:
        abort(404)
    if request.method == "GET":
        form.name.data = found.name
    return show("account/profile.html", form, profile=found, tier=tier)
