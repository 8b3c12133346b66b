"""Rules of refunds and returns by channel and category: what holds, what comes, who set it, and a new one (REF-01)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from portal import formatting
from portal.blueprints.admin.dated_rules import YES_OR_NO, basis_points, begins_at, number, typed
from portal.blueprints.admin.desk import around, may_all, requires_all
from portal.blueprints.checkout.words import say
from portal.blueprints.context import translated
from portal.blueprints.identity import current_actor
from portal.blueprints.refund_words import reason_word
from portal.db import atomically, reading
from portal.htmx import done
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.kit.money import AmountInvalidError, parse_minor
from portal.queries.channels import channel_directory
from portal.queries.refund_policies import RefundRuleRow, list_refund_rules
from portal.queries.sections import section_directory
from portal.rules.permissions import Permission
from portal.rules.refund_policy import DEFAULT
from portal.services.refunds.set_rule import (
    BUYERS_REASONS,
    RefundRuleFeeError,
    RefundRuleLimitError,
    RefundRuleStartError,
    RuleTerms,
    set_refund_rule,
    withdraw_refund_rule,
)


def hang(bp: Blueprint) -> None:
    bp.add_url_rule("/refund-rules", "refund_rules", index)
    bp.add_url_rule("/refund-rules", "refund_rule_new", create, methods=["POST"])
    bp.add_url_rule("/refund-rules/<int:rule_id>/withdrawal", "refund_rule_withdrawal", withdraw, methods=["POST"])


@requires_all(Permission.CHANNEL_VIEW)
def index() -> ResponseReturnValue:
    """What every channel's goods may come back for, and the history."""
    return _page()


@requires_all(Permission.CHANNEL_CONFIGURE)
def create() -> ResponseReturnValue:
    """Set a rule from a moment on."""
    actor, now = current_actor(), clock.now()
    try:
        starts_at, channel_id, terms = begins_at(RefundRuleStartError), number("channel"), _terms()
        atomically(
            lambda session: set_refund_rule(
                session,
                channel_id=channel_id,
                section_id=number("section"),
                terms=terms,
                valid_from=starts_at,
                note=typed("note"),
                actor=actor,
                now=now,
            )
        )
    except PortalError as error:
        return _page(error)
    flash(_("The rule is set. Orders placed before it keep theirs."), "success")
    return done(location=url_for("admin.refund_rules"))


@requires_all(Permission.CHANNEL_CONFIGURE)
def withdraw(rule_id: int) -> ResponseReturnValue:
    """Call a rule off that has not begun."""
    actor, now = current_actor(), clock.now()
    try:
        atomically(lambda session: withdraw_refund_rule(session, rule_id=rule_id, actor=actor, now=now))
    except PortalError as error:
        return _page(error)
    flash(_("The rule is called off and will not begin."), "success")
    return done(location=url_for("admin.refund_rules"))


def _terms() -> RuleTerms:
    own = typed("own_reasons") == "1"
    taken = tuple(request.form.getlist("reasons"))
    return RuleTerms(
        window_days=number("window_days", unfit=-1),
        returnable=YES_OR_NO.get(typed("returnable")),
        exchangeable=YES_OR_NO.get(typed("exchangeable")),
        way_back=typed("way_back") if typed("way_back") in {"buyer", "store"} else None,
        return_reasons=taken if own else None,
        picture_reasons=tuple(request.form.getlist("pictures")) if own else None,
        approve_above=_limit(),
        restocking_basis_points=_fee(),
    )


def _fee() -> int | None:
    """Basis points, as a percentage was typed."""
    if not typed("restocking"):
        return None
    found = basis_points("restocking")
    if found is None or found > 10_000:
        raise RefundRuleFeeError
    return found


def _limit() -> dict[str, int] | None:
    amount, channel_id = typed("approve_above"), number("channel")
    if not amount:
        return None
    channel = next((one for one in channel_directory().channels.values() if one.id == channel_id), None)
    if channel is None:
        raise RefundRuleLimitError
    try:
        return {channel.currency: parse_minor(amount, channel.currency)}
    except AmountInvalidError:
        raise RefundRuleLimitError from None


def _page(error: PortalError | None = None) -> ResponseReturnValue:
    now = clock.now()
    with reading() as session:
        rows = list_refund_rules(session)
        frame = around(session, "admin.refund_rules")
    field = getattr(error, "field", None)
    page = render_template(
        "admin/refund_rules.html",
        usual=_said(DEFAULT),
        in_force=[{"row": row, "says": _said(row)} for row in _in_force(rows, now)],
        rows=[{"row": row, "says": _said(row)} for row in rows],
        now=now,
        places={one.id: translated(dict(one.name)) for one in section_directory()},
        reasons=[(code, reason_word(code)) for code in BUYERS_REASONS],
        given=request.form,
        taken=request.form.getlist("reasons") if request.form else BUYERS_REASONS,
        pictured=request.form.getlist("pictures"),
        faults={field: say(error)} if error and field else {},
        problem=say(error) if error and not field else None,
        can_save=may_all(Permission.CHANNEL_CONFIGURE),
        has_errors=error is not None,
        **frame,
    )
    return page, error.status if error else 200


def _in_force(rows: Sequence[RefundRuleRow], now: datetime) -> list[RefundRuleRow]:
    """Of each place what began last, the least specific first."""
    begun: dict[tuple[int, int], RefundRuleRow] = {}
    for row in reversed(rows):
        if row.withdrawn_at is None and row.valid_from <= now:
            begun[row.channel_id or 0, row.section_id or 0] = row
    return [begun[place] for place in sorted(begun)]


def _said(rule: Any) -> list[str]:
    """What a rule says, in sentences; of what it leaves open nothing."""
    told = []
    if rule.window_days is not None:
        told.append(ngettext("%(num)s day from delivery", "%(num)s days from delivery", rule.window_days))
    if rule.returnable is not None:
        told.append(_("can be sent back") if rule.returnable else _("cannot be sent back unless something is wrong"))
    if rule.exchangeable is not None:
        told.append(_("can be exchanged") if rule.exchangeable else _("is not exchanged"))
    if rule.way_back is not None:
        told.append(
            _("the store pays for the way back")
            if rule.way_back == "store"
            else _("the buyer pays for the way back, unless the store is at fault")
        )
    if rule.restocking_basis_points is not None:
        told.append(_restocking(rule.restocking_basis_points))
    if rule.return_reasons is not None:
        told.append(_("reasons: %(reasons)s", reasons=_reasons(rule.return_reasons)))
    if rule.picture_reasons:
        told.append(_("with pictures: %(reasons)s", reasons=_reasons(rule.picture_reasons)))
    if rule.approve_above:
        limits = ", ".join(formatting.money(minor, currency) for currency, minor in rule.approve_above.items())
        told.append(_("an administrator agrees above %(limits)s", limits=limits))
    return told


def _restocking(basis_points: int) -> str:
    if not basis_points:
        return str(_("no restocking fee"))
    return str(_("the store keeps %(rate)s when it comes back by choice", rate=formatting.rate(basis_points)))


def _reasons(codes: Sequence[str]) -> str:
    return ", ".join(reason_word(code) for code in codes)
