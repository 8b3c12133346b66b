"""Disputes that a bank writes letters about: recorded here, continued here, and the evidence as a letter (STR-05)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from flask import Blueprint, Response, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal.blueprints.access import NotFoundError
from portal.blueprints.admin.desk import around, requires_all
from portal.blueprints.checkout.words import say
from portal.blueprints.desk import midnight_after
from portal.blueprints.identity import current_actor
from portal.db import atomically, reading, transaction
from portal.gateways.base import DisputeState
from portal.htmx import done
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.kit.money import parse_minor
from portal.kit.text import N_
from portal.queries.disputes import load_dispute
from portal.rules.permissions import Permission
from portal.services.accounts.view_user import view_user
from portal.services.disputes.evidence import draft_statement, evidence_of, letter_of
from portal.services.disputes.record_dispute import Letter, continue_dispute, disputable_payment, record_dispute

# What a letter can say, as the one who reads it would put it.
SAYINGS: Mapping[str, str] = {
    DisputeState.NEEDS_RESPONSE: N_("It has taken the money and wants an answer"),
    DisputeState.INQUIRY: N_("It only asks; the money stays with us"),
    DisputeState.UNDER_REVIEW: N_("It has our answer and decides"),
    DisputeState.WON: N_("It gave the money back to us"),
    DisputeState.LOST: N_("It keeps the money for the buyer"),
    DisputeState.CLOSED: N_("It drops the matter; no money was taken"),
}
REASONS = (
    *("product_not_received", "product_unacceptable", "fraudulent", "unrecognized"),
    *("credit_not_processed", "duplicate", "subscription_canceled", "general"),
)


class LetterStateError(PortalError):
    code = "letter_state_missing"
    sentence = N_("Choose what the bank says.")


class LetterDayError(PortalError):
    code = "letter_day_wrong"
    sentence = N_("Write the last day for an answer as a date, or leave it empty.")


@dataclass(frozen=True, slots=True)
class LetterForm:
    """As it was typed."""

    number: str
    reference: str
    reason: str
    says: str
    amount: str
    until: str

    @classmethod
    def read(cls) -> LetterForm:
        """What was sent, or what the address names."""
        given = request.form if request.method == "POST" else request.args
        names = ("number", "reference", "reason", "says", "amount", "until")
        return cls(*(given.get(name, "").strip() for name in names))

    def letter(self, currency: str) -> Letter:
        """As values. Raises LetterStateError, LetterDayError, AmountInvalidError."""
        if self.says not in SAYINGS:
            raise LetterStateError
        amount = parse_minor(self.amount, currency) if self.amount else None
        return Letter(DisputeState(self.says), amount, self._due())

    def _due(self) -> datetime | None:
        if not self.until:
            return None
        try:
            return midnight_after(date.fromisoformat(self.until))
        except (ValueError, OverflowError) as error:
            raise LetterDayError from error


def hang(bp: Blueprint) -> None:
    bp.add_url_rule("/disputes/new", "dispute_record", write, methods=["GET", "POST"])
    bp.add_url_rule("/disputes/<uuid:dispute_id>/letters", "dispute_letters", go_on, methods=["POST"])
    bp.add_url_rule("/disputes/<uuid:dispute_id>/letter.pdf", "dispute_letter", pdf)


@requires_all(Permission.DISPUTE_HANDLE)
def write() -> ResponseReturnValue:
    """Record a dispute that came by letter."""
    form = LetterForm.read()
    if request.method == "GET":
        return _form(form)
    try:
        dispute_id = atomically(lambda s: _record(s, form))
    except PortalError as error:
        return _form(form, error)
    flash(_("The dispute is recorded and booked."), "success")
    return done(location=url_for("admin.dispute", dispute_id=dispute_id))


def _record(session: Session, form: LetterForm) -> uuid.UUID:
    currency = disputable_payment(session, number=form.number).currency
    return record_dispute(
        session,
        number=form.number,
        reference=form.reference,
        reason=form.reason if form.reason in REASONS else "general",
        letter=form.letter(currency),
        actor=current_actor(),
        now=clock.now(),
    )


def _form(form: LetterForm, error: PortalError | None = None) -> ResponseReturnValue:
    with reading() as session:
        frame = around(session, "admin.disputes")
    page = render_template(
        "admin/disputes/new.html",
        form=form,
        reasons=REASONS,
        sayings=[(key, gettext(text)) for key, text in SAYINGS.items()],
        problem=say(error) if error else None,
        **frame,
    )
    return page, error.status if error else 200


@requires_all(Permission.DISPUTE_HANDLE)
def go_on(dispute_id: uuid.UUID) -> ResponseReturnValue:
    """Record what the next letter says."""
    form = LetterForm.read()
    try:
        atomically(lambda s: _continue(s, dispute_id, form))
    except PortalError as error:
        if error.status == 404:  # The status of what is not there.
            raise
        flash(say(error), "error")
    else:
        flash(_("The letter is recorded and booked."), "success")
    return done(location=url_for("admin.dispute", dispute_id=dispute_id))


def _continue(session: Session, dispute_id: uuid.UUID, form: LetterForm) -> None:
    found = load_dispute(session, dispute_id=dispute_id)
    if found is None:
        raise NotFoundError
    letter = form.letter(found.dispute.currency)
    continue_dispute(session, dispute_id=dispute_id, letter=letter, actor=current_actor(), now=clock.now())


@requires_all(Permission.DISPUTE_HANDLE)
def pdf(dispute_id: uuid.UUID) -> ResponseReturnValue:
    """The statement and what speaks for us, to be sent to a bank. It names the buyer, so that is recorded."""
    # Fonts and typesetting are loaded with the first letter.
    from portal.documents.evidence_letter import render_letter

    with transaction() as session:
        found = load_dispute(session, dispute_id=dispute_id)
        if found is None:
            raise NotFoundError
        dispute, packet = found.dispute, found.packet
        statement = dispute.statement or (draft_statement(packet, dispute.reason) if packet else "")
        if packet is not None:
            what = f"dispute:{dispute_id}"
            view_user(session, user_id=packet.buyer_id, what=what, actor=current_actor(), now=clock.now())
        title, sections = letter_of(evidence_of(packet, statement))
    answer = Response(render_letter(title, sections), mimetype="application/pdf")
    answer.headers["Content-Disposition"] = f'inline; filename="evidence-{dispute_id.hex[-12:]}.pdf"'
    return answer
