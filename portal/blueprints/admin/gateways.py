"""Gateway accounts: what each may take and its keys, how it works, and what went wrong (PAY-05, PAY-06)."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import gettext as _

from portal.blueprints.access import NotFoundError
from portal.blueprints.admin.desk import around, requires_all
from portal.blueprints.admin.gateway_form import AccountForm, empty_form, filled_form, read_form
from portal.blueprints.checkout.words import say
from portal.blueprints.context import translated
from portal.blueprints.identity import current_actor
from portal.db import atomically, reading, transaction
from portal.gateways.errors import GatewayError
from portal.gateways.registry import connectors
from portal.htmx import done, page_or_partial
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.queries.channels import channel_directory
from portal.queries.gateway_accounts import GatewayAccountView, list_accounts, list_incidents, load_account
from portal.queries.gateways import forget_gateways, gateway_directory
from portal.rules.permissions import Permission
from portal.services.accounts.step_up import StepUpNeededError
from portal.services.audit import AuditAction, Fact, record
from portal.services.payments.save_gateway_account import GatewayAccountUnfitError, save_gateway_account


def hang(bp: Blueprint) -> None:
    bp.add_url_rule("/gateways", "gateways", index)
    bp.add_url_rule("/gateways/new", "gateway_new", create, methods=["GET", "POST"])
    bp.add_url_rule("/gateways/<int:account_id>", "gateway", edit, methods=["GET", "POST"])
    bp.add_url_rule("/gateways/<int:account_id>/test", "gateway_test", test, methods=["POST"])
    bp.add_url_rule("/incidents", "incidents", incidents)


@requires_all(Permission.GATEWAY_VIEW)
def index() -> ResponseReturnValue:
    """All accounts in their order, with how they work at this moment."""
    with reading() as session:
        accounts = list_accounts(session)
        latest = list_incidents(session, account_id=None, cursor=None)
        frame = around(session, "admin.gateways")
    return render_template(
        "admin/gateways/index.html", accounts=[(one, _state(one)) for one in accounts], latest=latest.rows[:5], **frame
    )


@requires_all(Permission.GATEWAY_CONFIGURE)
def create() -> ResponseReturnValue:
    """A new account at one of the gateways that are installed."""
    gateway = request.values.get("gateway", "")
    if gateway not in connectors():
        with reading() as session:
            frame = around(session, "admin.gateways")
        kinds = [(one.name, one.title) for one in connectors().values()]
        return render_template("admin/gateways/choose.html", kinds=kinds, **frame)
    if request.method == "GET":
        return _page(empty_form(gateway), None)
    return _save(read_form(gateway, request.form), None)


@requires_all(Permission.GATEWAY_VIEW)
def edit(account_id: int) -> ResponseReturnValue:
    """One account; whoever may configure it changes it here."""
    with reading() as session:
        account = load_account(session, account_id=account_id)
    if account is None:
        raise NotFoundError
    if request.method == "GET":
        return _page(filled_form(account), account)
    return _save(read_form(account.gateway, request.form, account), account)


def _save(form: AccountForm, account: GatewayAccountView | None) -> ResponseReturnValue:
    if form.faults:
        return _page(form, account, status=422)
    actor, now = current_actor(), clock.now()
    try:
        account_id = atomically(
            lambda session: save_gateway_account(
                session,
                actor=actor,
                account_id=account.id if account else None,
                version=form.version,
                gateway=form.gateway,
                terms=form.terms(),
                settings=form.settings,
                now=now,
            )
        )
    except GatewayAccountUnfitError as error:
        form.faults.update({name: gettext(sentence) for name, sentence in error.faults.items()})
        return _page(form, account, status=422)
    except StepUpNeededError:
        raise  # It leads to the page that asks.
    except PortalError as error:
        return _page(form, account, problem=error, status=error.status)
    forget_gateways()
    flash(_("The account is saved. Payments go by it from now on."), "success")
    return done(location=url_for("admin.gateway", account_id=account_id))


@requires_all(Permission.GATEWAY_CONFIGURE)
def test(account_id: int) -> ResponseReturnValue:
    """Ask the gateway whether it answers and takes the keys."""
    forget_gateways()
    configured = gateway_directory().get(account_id)
    if configured is None:
        raise NotFoundError
    began = time.monotonic()
    try:
        configured.gateway.check()  # No transaction is open here.
    except GatewayError as error:
        result = error.code
        flash(_("The gateway did not take it: %(code)s.", code=error.code), "error")
    else:
        result = "ok"
        took = round((time.monotonic() - began) * 1000)
        flash(_("The gateway answers, and takes the keys, after %(milliseconds)s ms.", milliseconds=took), "success")
    fact = Fact(AuditAction.GATEWAY_TESTED, f"gateway-account:{account_id}", after={"result": result})
    with transaction() as session:
        record(session, fact, actor=current_actor(), now=clock.now())
    return done(location=url_for("admin.gateway", account_id=account_id))


@requires_all(Permission.GATEWAY_VIEW)
def incidents() -> ResponseReturnValue:
    """What went wrong at gateways, and what was done about it."""
    text = request.args.get("account", "")
    account_id = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
    with reading() as session:
        found = list_incidents(session, account_id=account_id, cursor=request.args.get("cursor"))
        accounts = list_accounts(session)
        frame = around(session, "admin.gateways")
    options = [("", _("Any"))] + [(str(one.id), one.name) for one in accounts]
    name = next((one.name for one in accounts if one.id == account_id), None)
    return page_or_partial(
        "admin/gateways/incidents.html",
        {"incidents": "admin/gateways/_incidents.html"},
        found=found,
        accounts=options,
        account=text if name else "",
        chips=[(_("Account: %(name)s", name=name), url_for("admin.incidents"))] if name else [],
        clear_href=url_for("admin.incidents"),
        **frame,
    )


def _state(account: GatewayAccountView) -> str:
    """How it works, in one word of statuses."""
    configured = gateway_directory().get(account.id)
    if not account.is_on:
        return "off"
    return configured.account.health.value if configured is not None else "unusable"


def _page(
    form: AccountForm, account: GatewayAccountView | None, *, problem: PortalError | None = None, status: int = 200
) -> ResponseReturnValue:
    with reading() as session:
        frame = around(session, "admin.gateways")
    configured = gateway_directory().get(account.id) if account else None
    values: Mapping[str, Any] = {
        "form": form,
        "account": account,
        "title": connectors()[form.gateway].title,
        "state": _state(account) if account else None,
        "score": configured.account.score if configured else None,
        "channels": [(view.id, translated(dict(view.name))) for view in channel_directory().channels.values()],
        "problem": say(problem) if problem else None,
        "has_errors": bool(form.faults),
    }
    return render_template("admin/gateways/show.html", **values, **frame), status
