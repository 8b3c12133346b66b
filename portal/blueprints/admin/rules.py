"""The rules of routing: every version, a new one written in the page, and which of them is in force (PAY-04)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal.blueprints.access import NotFoundError
from portal.blueprints.admin.desk import around, requires_all
from portal.blueprints.admin.rules_form import RulesForm, filled_form, read_form
from portal.blueprints.admin.rules_words import names_of, rule_sentence
from portal.blueprints.checkout.words import say
from portal.blueprints.identity import current_actor
from portal.db import atomically, reading
from portal.gateways.base import Method
from portal.htmx import done, page_or_partial
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.queries.channels import channel_directory
from portal.queries.gateway_accounts import account_names, list_accounts
from portal.queries.routing_rules import (
    VersionRow,
    forget_rules,
    list_releases,
    list_versions,
    load_standing,
    load_version,
)
from portal.rules.permissions import Permission
from portal.services.payments.release_routing_rules import RoutingReasonUnfitError, release_routing_rules
from portal.services.payments.save_routing_rules import RoutingRulesUnfitError, save_routing_rules


def hang(bp: Blueprint) -> None:
    path = "/gateways/rules/<int:version>"
    bp.add_url_rule("/gateways/rules", "rules", index)
    bp.add_url_rule("/gateways/rules/new", "rules_new", create, methods=["GET", "POST"])
    bp.add_url_rule(path, "rules_version", show)
    bp.add_url_rule(f"{path}/release", "rules_release", release, methods=["POST"])


@requires_all(Permission.GATEWAY_VIEW)
def index() -> ResponseReturnValue:
    """All versions, and what the one in force says."""
    with reading() as session:
        versions = list_versions(session)
        live = load_version(session, version=load_standing(session).live)
        sentences = _sentences(session, live)
        releases = list_releases(session)
        frame = around(session, "admin.gateways")
    return render_template(
        "admin/gateways/rules/index.html",
        versions=versions,
        live=live,
        sentences=sentences,
        releases=releases,
        **frame,
    )


@requires_all(Permission.GATEWAY_VIEW)
def show(version: int) -> ResponseReturnValue:
    """One version, each rule as a sentence; whoever may puts it in force here."""
    return _page(version)


@requires_all(Permission.GATEWAY_CONFIGURE)
def create() -> ResponseReturnValue:
    """A new version, which begins as the one in force, or as the one that is named, is."""
    if request.method == "GET":
        with reading() as session:
            standing = load_standing(session)
            source = request.args.get("from", type=int)
            version = load_version(session, version=standing.live if source is None else source)
        return _editor(filled_form(version, newest=standing.newest))
    form = read_form(request.form)
    wanted = request.form.get("do", "")
    if wanted != "save":
        form.act(wanted)
        return _editor(form)
    rules = form.values()
    if form.faults:
        return _editor(form, status=422)
    actor, now = current_actor(), clock.now()
    try:
        version_made = atomically(
            lambda session: save_routing_rules(
                session, actor=actor, rules=rules, note=form.note, newest=form.newest, now=now
            )
        )
    except RoutingRulesUnfitError as error:
        form.refuse({place: gettext(sentence) for place, sentence in error.faults.items()})
        return _editor(form, status=422)
    except PortalError as error:
        # Whoever has read who was quicker may save on top of that: a version overwrites nothing.
        with reading() as session:
            form.newest = load_standing(session).newest
        return _editor(form, problem=error, status=error.status)
    flash(_("Version %(version)s is saved. It decides nothing until it is put in force.", version=version_made))
    return done(location=url_for("admin.rules_version", version=version_made))


@requires_all(Permission.GATEWAY_CONFIGURE)
def release(version: int) -> ResponseReturnValue:
    """Put it in force, whether it is new or was in force before."""
    actor, now = current_actor(), clock.now()
    reason = request.form.get("reason", "").replace("\0", "")
    replaces = request.form.get("replaces", 0, type=int)
    try:
        atomically(
            lambda session: release_routing_rules(
                session, actor=actor, version=version, replaces=replaces, reason=reason, now=now
            )
        )
    except PortalError as error:
        return _page(version, error, reason)
    forget_rules()
    flash(_("Version %(version)s is in force. Payments go by it from now on.", version=version), "success")
    return done(location=url_for("admin.rules_version", version=version))


def _page(version: int, error: PortalError | None = None, reason: str = "") -> ResponseReturnValue:
    with reading() as session:
        row = load_version(session, version=version)
        if row is None:
            raise NotFoundError
        standing = load_standing(session)
        sentences = _sentences(session, row)
        releases = list_releases(session, version=version)
        frame = around(session, "admin.gateways")
    is_reason = isinstance(error, RoutingReasonUnfitError)
    page = render_template(
        "admin/gateways/rules/show.html",
        row=row,
        standing=standing,
        sentences=sentences,
        releases=releases,
        reason=reason,
        fault=say(error) if error and is_reason else None,
        problem=say(error) if error and not is_reason else None,
        has_errors=error is not None,
        **frame,
    )
    return page, error.status if error else 200


def _sentences(session: Session, version: VersionRow | None) -> Sequence[str]:
    if version is None:
        return []
    names = names_of(account_names(session).items())
    return [rule_sentence(rule, names) for rule in version.rules]


def _editor(form: RulesForm, *, problem: PortalError | None = None, status: int = 200) -> ResponseReturnValue:
    with reading() as session:
        accounts = [(str(one.id), one.name) for one in list_accounts(session)]
        frame = around(session, "admin.gateways")
    known = {account_id for account_id, _name in accounts}
    views = list(channel_directory().channels.values())
    # An account whose gateway is not installed any more stays what the rule names.
    lost = sorted({target for rule in form.rules for target, _share in rule.targets if target} - known)
    values: dict[str, Any] = {
        "form": form,
        "accounts": accounts + [(one, f"#{one}") for one in lost],
        "channels": [(str(one), name) for one, name in frame["channel_names"].items()],
        "methods": [method.value for method in Method],
        "locales": sorted({locale for view in views for locale in view.locales}),
        "problem": say(problem) if problem else None,
        "has_errors": bool(form.faults),
    }
    page = page_or_partial(
        "admin/gateways/rules/new.html", {"editor": "admin/gateways/rules/_editor.html"}, **values, **frame
    )
    return page, status
