"""The inbox of money exceptions: the facts, the safe actions, and what each would do before it is done (PAY-06)."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.blueprints.access import NotFoundError
from portal.blueprints.admin.desk import around, may_all, requires_all
from portal.blueprints.desk import choice_arg
from portal.blueprints.desk_words import word, words
from portal.blueprints.identity import current_actor
from portal.db import reading, transaction
from portal.htmx import done
from portal.jobs.dry_run import DryRun, dry_run
from portal.jobs.queue import enqueue_lookup, enqueue_provider_event, enqueue_reversal
from portal.kit import clock
from portal.queries.exceptions import AttemptFacts, ExceptionKind, ExceptionRow, list_exceptions, load_attempt
from portal.rules.permissions import Permission
from portal.services.audit import AuditAction, Fact, record

# Where each kind is looked at; what can be done about it stands there.
PAGES: dict[ExceptionKind, tuple[str, str, Permission]] = {
    ExceptionKind.UNKNOWN_ATTEMPT: ("admin.exception_attempt", "attempt_id", Permission.PAYMENT_VIEW),
    ExceptionKind.REVERSAL_OPEN: ("admin.exception_attempt", "attempt_id", Permission.PAYMENT_VIEW),
    ExceptionKind.FAILED_REFUND: ("admin.refund", "refund_id", Permission.REFUND_HANDLE),
    ExceptionKind.LATE_REFUND: ("admin.refund", "refund_id", Permission.REFUND_HANDLE),
    ExceptionKind.BOOKS_DIFFER: ("admin.reconciliation_break", "break_id", Permission.LEDGER_VIEW),
    ExceptionKind.DOCUMENT_MISSING: ("admin.order", "number", Permission.ORDER_VIEW),
    ExceptionKind.WITHDRAWAL_WAITS: ("admin.withdrawal", "withdrawal_id", Permission.WITHDRAWAL_APPROVE),
    ExceptionKind.DISPUTE_UNBOOKED: ("admin.dispute", "dispute_id", Permission.DISPUTE_HANDLE),
    ExceptionKind.SURPLUS: ("admin.exception_surplus", "surplus_id", Permission.PAYMENT_VIEW),
    ExceptionKind.DISPUTE_MENTIONED: ("admin.dispute_record", "number", Permission.DISPUTE_HANDLE),
    ExceptionKind.HOLD_ENDING: ("admin.order", "number", Permission.ORDER_VIEW),
    ExceptionKind.HOLD_LOST: ("admin.order", "number", Permission.ORDER_VIEW),
    ExceptionKind.EVENT_FAILING: ("admin.outbox", "", Permission.EVENT_VIEW),
}
NOTICES = frozenset({ExceptionKind.DEAD_NOTICE, ExceptionKind.UNAPPLIED_NOTICE})


def hang(bp: Blueprint) -> None:
    bp.add_url_rule("/exceptions", "exceptions", index)
    bp.add_url_rule("/exceptions/attempts/<uuid:attempt_id>", "exception_attempt", show)
    bp.add_url_rule("/exceptions/attempts/<uuid:attempt_id>/dry-run", "exception_dry_run", try_out, methods=["POST"])
    bp.add_url_rule("/exceptions/attempts/<uuid:attempt_id>/inquiry", "exception_inquiry", ask, methods=["POST"])
    bp.add_url_rule("/exceptions/notices/<int:event_id>/application", "exception_notice", apply, methods=["POST"])


@requires_all(Permission.PAYMENT_VIEW)
def index() -> ResponseReturnValue:
    """Everything that is wrong, the oldest first."""
    chosen = choice_arg("kind", set(ExceptionKind))
    with reading() as session:
        rows = list_exceptions(session, now=clock.now())
        frame = around(session, "admin.exceptions")
    counts = {kind: sum(row.kind is kind for row in rows) for kind in ExceptionKind}
    tabs = [{"label": _("All"), "href": url_for("admin.exceptions"), "current": chosen is None, "count": len(rows)}]
    tabs += [
        {
            "label": word("exception", kind.value),
            "href": url_for("admin.exceptions", kind=kind.value),
            "current": chosen == kind,
            "count": count,
        }
        for kind, count in counts.items()
        if count or chosen == kind
    ]
    return render_template(
        "admin/exceptions/index.html",
        # What is not about an order names its purpose, a withdrawal its state.
        subjects=dict(words("purpose")) | {"requested": _("Being looked at"), "approved": _("Waits to be paid")},
        rows=[(row, _page_of(row), row.kind in NOTICES) for row in rows if chosen in (None, row.kind)],
        tabs=tabs,
        may_act=may_all(Permission.REFUND_APPROVE),
        **frame,
    )


def _page_of(row: ExceptionRow) -> str | None:
    """Where it is looked at; nothing for who may not go there."""
    found = PAGES.get(row.kind)
    if found is None or not may_all(found[2]):
        return None
    endpoint, name, _permission = found
    values: dict[str, Any] = {name: row.ref} if name else {}
    return url_for(endpoint, **values)


@requires_all(Permission.PAYMENT_VIEW)
def show(attempt_id: uuid.UUID) -> ResponseReturnValue:
    """One attempt: what is known of it, and what can be done."""
    return _show(_attempt(attempt_id))


@requires_all(Permission.PAYMENT_VIEW)
def try_out(attempt_id: uuid.UUID) -> ResponseReturnValue:
    """Say what asking the gateway would do now. Nothing is written."""
    attempt = _attempt(attempt_id)
    return _show(attempt, dry_run(attempt))


@requires_all(Permission.REFUND_APPROVE)
def ask(attempt_id: uuid.UUID) -> ResponseReturnValue:
    """Let a worker ask the gateway, or give the money back, now rather than when its time comes."""
    attempt = _attempt(attempt_id)
    _note(f"payment:{attempt.payment_id}", {"attempt": str(attempt_id), "state": attempt.state})
    if attempt.reversal == "wanted":
        enqueue_reversal(attempt_id)
    else:
        enqueue_lookup(attempt_id)
    flash(_("A worker does it now. Look at the payment in a moment."), "success")
    return done(location=url_for("admin.payment", payment_id=attempt.payment_id))


@requires_all(Permission.REFUND_APPROVE)
def apply(event_id: int) -> ResponseReturnValue:
    """Let a worker look once more at what a notice speaks of."""
    _note(f"provider-event:{event_id}", {"event": event_id})
    enqueue_provider_event(event_id)
    flash(_("A worker looks at the notice once more."), "success")
    return done(location=url_for("admin.exceptions", kind=request.form.get("kind") or None))


def _note(ref: str, after: dict[str, Any]) -> None:
    with transaction() as session:
        fact = Fact(AuditAction.EXCEPTION_HANDLED, ref, after=after)
        record(session, fact, actor=current_actor(), now=clock.now())


def _attempt(attempt_id: uuid.UUID) -> AttemptFacts:
    with reading() as session:
        attempt = load_attempt(session, attempt_id=attempt_id)
    if attempt is None:
        raise NotFoundError
    return attempt


def _show(attempt: AttemptFacts, tried: DryRun | None = None) -> ResponseReturnValue:
    with reading() as session:
        frame = around(session, "admin.exceptions")
    is_open = attempt.state in {"sent", "unknown", "requires_action", "pending"} or attempt.reversal == "wanted"
    return render_template(
        "admin/exceptions/attempt.html",
        attempt=attempt,
        tried=tried,
        is_open=is_open,
        may_act=may_all(Permission.REFUND_APPROVE),
        **frame,
    )
