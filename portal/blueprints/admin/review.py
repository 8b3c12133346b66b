"""Deciding about an order that a rule holds: a page that says what happens to the money, then the act (A06, S16)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_wtf import FlaskForm
from sqlalchemy import select
from wtforms import HiddenField, RadioField, TextAreaField
from wtforms.validators import DataRequired, Length, Optional

from portal.blueprints.access import NotFoundError
from portal.blueprints.admin.desk import around, requires_all
from portal.blueprints.desk_words import word, words
from portal.blueprints.identity import current_actor
from portal.db import atomically, reading
from portal.formatting import money
from portal.htmx import done
from portal.kit import clock
from portal.models import User
from portal.queries.admin_order import OrderDetail, find_order_id, load_summary
from portal.rules.permissions import Permission
from portal.services.cases.decide_review import decide_review
from portal.services.orders.review_order import AlreadyReviewedError, Decision

NOTE_MAX = 500


@dataclass(frozen=True, slots=True)
class _Kind:
    decision: Decision
    reasons: str
    danger: bool


CLEARANCE = _Kind(Decision.CLEAR, "clearance", danger=False)
REFUSAL = _Kind(Decision.REFUSE, "refusal", danger=True)


class ReviewForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF publishes no types.
    """Why, and which version of the order was looked at."""

    version = HiddenField()
    reason = RadioField(validators=[DataRequired()], choices=[])
    note = TextAreaField(validators=[Optional(), Length(max=NOTE_MAX)])


def hang(bp: Blueprint) -> None:
    for path, kind in (("clearance", CLEARANCE), ("refusal", REFUSAL)):
        bp.add_url_rule(f"/orders/<number>/{path}", f"order_{path}", _view(kind), methods=["GET", "POST"])


def _view(kind: _Kind) -> Any:
    @requires_all(Permission.ORDER_REVIEW)
    def decide(number: str) -> ResponseReturnValue:
        form = _form(kind)
        if not form.validate_on_submit():
            return _page(kind, number, form, status=422 if form.is_submitted() else 200)
        with reading() as session:
            order_id = find_order_id(session, number)
        if order_id is None:
            raise NotFoundError
        actor, now, note = current_actor(), clock.now(), form.note.data or ""
        version = int(form.version.data) if (form.version.data or "").isdigit() else None
        try:
            reviewed = atomically(
                lambda session: decide_review(
                    session,
                    order_id=order_id,
                    decision=kind.decision,
                    reason=form.reason.data,
                    note=note,
                    version=version,
                    actor=actor,
                    now=now,
                )
            )
        except AlreadyReviewedError as error:
            return _page(kind, number, form, status=409, conflict=error)
        if not reviewed.is_repeat:
            flash(_done_text(kind, number), "success")
        return done(location=url_for("admin.order", number=number))

    return decide


def _form(kind: _Kind) -> ReviewForm:
    form = ReviewForm()
    form.reason.label.text = _("Reason")
    form.note.label.text = _("Note for the record")
    form.reason.choices = words(kind.reasons)
    form.reason.validators = [DataRequired(_("Choose a reason: it stands in the record."))]
    return form


def _page(
    kind: _Kind, number: str, form: ReviewForm, *, status: int, conflict: AlreadyReviewedError | None = None
) -> ResponseReturnValue:
    with reading() as session:
        detail = load_summary(session, number=number)
        if detail is None:
            raise NotFoundError
        who = _name(session, conflict.by) if conflict else None
        frame = around(session, "admin.orders")
    if not form.is_submitted():
        form.version.data = str(detail.order.version)
    page = render_template(
        "admin/orders/review.html",
        detail=detail,
        order=detail.order,
        form=form,
        kind=kind,
        text=_text(kind, detail),
        act=_act(kind, detail),
        conflict=conflict,
        who=who,
        has_errors=status == 422,
        word=word,
        **frame,
    )
    return page, status


def _name(session: Any, by: str | None) -> str | None:
    if by is None or not by.startswith("user:"):
        return by
    name: str | None = session.scalar(select(User.name).where(User.id == by[5:]))
    return name


def _act(kind: _Kind, detail: OrderDetail) -> str:
    amount = money(detail.to_capture_minor, detail.order.currency)
    if kind.decision is Decision.REFUSE:
        return str(_("Refuse: void %(amount)s", amount=amount))
    if detail.order.status == "paid":
        return str(_("Clear: release to the sellers"))
    return str(_("Clear: capture %(amount)s", amount=amount))


def _text(kind: _Kind, detail: OrderDetail) -> str:
    amount = money(detail.to_capture_minor, detail.order.currency)
    if kind.decision is Decision.REFUSE:
        return str(
            _(
                "The authorised %(amount)s is released and never taken; deposit, mileage, coupons and stock are free "
                "again. The buyer is told that the order was cancelled. This cannot be undone.",
                amount=amount,
            )
        )
    if detail.order.status == "paid":
        return str(_("The order is paid already. Its sellers are told to ship now. This cannot be undone."))
    return str(
        _(
            "%(amount)s is captured from the buyer's card now, and the sellers are told to ship. "
            "This cannot be undone.",
            amount=amount,
        )
    )


def _done_text(kind: _Kind, number: str) -> str:
    if kind.decision is Decision.REFUSE:
        return str(_("Order %(number)s was refused. The hold on the buyer's money is being released.", number=number))
    return str(_("Order %(number)s was cleared.", number=number))
