"""One's second factors: authenticator apps and passkeys, added, renamed, removed (IDN-04)."""

from __future__ import annotations

import uuid

from flask import flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import gettext as _
from markupsafe import Markup
from wtforms import StringField

from portal.blueprints.access import NotFoundError, requires_sign_in
from portal.blueprints.account.blueprint import bp
from portal.blueprints.account.forms import PortalForm
from portal.blueprints.account.own import own_id
from portal.blueprints.account.signing import show
from portal.blueprints.checkout.words import say
from portal.blueprints.confirming import relying_party
from portal.blueprints.context import translated
from portal.blueprints.identity import current_actor, current_channel
from portal.db import atomically, reading
from portal.htmx import leave_for
from portal.kit import clock
from portal.kit.errors import PortalError, Rejection
from portal.models import FactorKind
from portal.queries.accounts import load_profile
from portal.queries.second_factors import FactorView, list_factors, load_unfinished, passkeys_of
from portal.services.accounts.passkeys import creation_options
from portal.services.accounts.second_factors import (
    SETUP_FOR,
    FactorLabelError,
    TooManyFactorsError,
    begin_factor,
    confirm_passkey,
    confirm_totp,
    remove_factor,
    rename_factor,
)
from portal.services.accounts.throttle import STEP_UP, throttle
from portal.services.accounts.totp import provisioning_uri

QR_QUIET_ZONE = 3


class SetupForm(PortalForm):
    code = StringField()


@bp.get("/account/security")
@requires_sign_in
def security() -> ResponseReturnValue:
    return _list()


@bp.post("/account/security/factors")
@requires_sign_in
def factor_new() -> ResponseReturnValue:
    """Begin to set one up; that one may is confirmed first."""
    actor, now, party = current_actor(), clock.now(), relying_party()
    kind = FactorKind.PASSKEY if request.form.get("kind") == "passkey" else FactorKind.TOTP
    if kind is FactorKind.PASSKEY and party is None:
        raise NotFoundError
    usual = _("Passkey") if kind is FactorKind.PASSKEY else _("Authenticator app")
    label = request.form.get("label", "").strip() or usual
    rp_id = party.id if party and kind is FactorKind.PASSKEY else None
    try:
        factor_id = atomically(lambda s: begin_factor(s, actor=actor, kind=kind, label=label, rp_id=rp_id, now=now))
    except (FactorLabelError, TooManyFactorsError) as error:
        return _list(error)
    return leave_for(url_for(".factor", factor_id=factor_id))


@bp.route("/account/security/factors/<uuid:factor_id>", methods=["GET", "POST"])
@requires_sign_in
def factor(factor_id: uuid.UUID) -> ResponseReturnValue:
    """Finish what was begun: the app's first code, or what the browser made."""
    user_id = own_id()
    with reading() as session:
        found = load_unfinished(session, user_id=user_id, factor_id=factor_id, since=clock.now() - SETUP_FOR)
    if found is None:
        flash(_("That is over or done already. Begin again if it is not in the list."), "success")
        return leave_for(url_for(".security"))
    if request.method == "GET":
        return _setup(found)
    attempt = throttle.count(STEP_UP, account=user_id.bytes, address=None, now=clock.now())
    refused = _finish(found)
    if refused is not None:
        return _setup(found, refused)
    throttle.take_back(attempt)
    flash(_("Done. From now on you can confirm with it."), "success")
    return leave_for(url_for(".security"))


@bp.post("/account/security/factors/<uuid:factor_id>/name")
@requires_sign_in
def factor_name(factor_id: uuid.UUID) -> ResponseReturnValue:
    actor, label = current_actor(), request.form.get("label", "")
    try:
        atomically(lambda s: rename_factor(s, actor=actor, factor_id=factor_id, label=label))
    except FactorLabelError as error:
        return _list(error)
    flash(_("Saved"), "toast")
    return leave_for(url_for(".security"))


@bp.post("/account/security/factors/<uuid:factor_id>/removal")
@requires_sign_in
def factor_removal(factor_id: uuid.UUID) -> ResponseReturnValue:
    """Take one away; whoever has lost it confirms by e-mail."""
    actor, now = current_actor(), clock.now()
    atomically(lambda s: remove_factor(s, actor=actor, factor_id=factor_id, now=now))
    flash(_("It is removed. A mail tells you so."), "success")
    return leave_for(url_for(".security"))


def _finish(found: FactorView) -> Rejection | None:
    actor, now, party = current_actor(), clock.now(), relying_party()
    if found.kind == FactorKind.TOTP:
        code = request.form.get("code", "")
        return atomically(lambda s: confirm_totp(s, actor=actor, factor_id=found.id, code=code, now=now))
    if party is None:
        raise NotFoundError
    credential = request.form.get("credential", "")
    return atomically(
        lambda s: confirm_passkey(s, actor=actor, factor_id=found.id, credential=credential, party=party, now=now)
    )


def _list(error: PortalError | None = None) -> ResponseReturnValue:
    party = relying_party()
    with reading() as session:
        factors = list_factors(session, user_id=own_id())
    page = render_template(
        "account/security.html",
        factors=factors,
        may_passkey=party is not None,
        rp_id=party.id if party else None,
        problem=say(error) if error else None,
    )
    return page, error.status if error else 200


def _setup(found: FactorView, refused: Rejection | None = None) -> ResponseReturnValue:
    with reading() as session:
        profile = load_profile(session, user_id=own_id())
        party = relying_party()
        known = passkeys_of(session, user_id=own_id(), rp_id=party.id) if party else []
    if profile is None or (found.kind == FactorKind.PASSKEY and (party is None or party.id != found.rp_id)):
        raise NotFoundError
    form = SetupForm()
    if refused is not None:
        form.show("code" if found.kind == FactorKind.TOTP else None, str(gettext(refused.sentence)))
    if found.kind == FactorKind.TOTP:
        # Loaded with the first QR code: a start can do without it.
        import segno

        issuer = translated(dict(current_channel().name))
        code = segno.make(provisioning_uri(found.secret or "", account=profile.email, issuer=issuer), error="m")
        drawn = Markup(code.svg_inline(omitsize=True, light="#fff", border=QR_QUIET_ZONE, svgclass="qr-code"))  # noqa: S704  # Squares only.
        return show("account/factor_totp.html", form, factor=found, qr=drawn)
    assert party is not None  # See above.
    options = creation_options(
        party,
        challenge=found.challenge,
        user_id=profile.id.bytes,
        email=profile.email,
        name=profile.name,
        known=known,
    )
    return show("account/factor_passkey.html", form, factor=found, options=options)
