"""Privacy at the desk (IDN-06): accounts that are deleted for their owners, and how long records are kept."""

from __future__ import annotations

import uuid

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_wtf import FlaskForm
from wtforms import BooleanField, TextAreaField
from wtforms.validators import DataRequired, Length

from portal import formatting
from portal.blueprints.access import NotFoundError
from portal.blueprints.admin.desk import around, requires_all
from portal.blueprints.checkout.words import say
from portal.blueprints.identity import current_actor
from portal.blueprints.privacy_words import BLOCKS
from portal.db import atomically, reading, transaction
from portal.htmx import done
from portal.jobs.queue import enqueue_retention
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.queries.erasure_blocks import load_erasure_blocks
from portal.queries.privacy import latest_erasure, list_erasures
from portal.queries.retention import retention_rules, retention_runs
from portal.queries.users import load_user
from portal.rules.permissions import Permission
from portal.rules.privacy import FAILED, GRACE, PASSING, REASON_LENGTH_MAX, Block
from portal.rules.retention import KEEPING, RetentionKind
from portal.services.accounts.step_up import StepUpNeededError
from portal.services.privacy.apply_retention import count_old, note_run, set_retention
from portal.services.privacy.request_erasure import cancel_erasure, request_erasure

MENU = "admin.privacy"
BROKE_OFF = N_("It broke off, and is tried again every day. The log says why.")
DAYS_DIGITS_MAX = 5


def hang(bp: Blueprint) -> None:
    bp.add_url_rule("/privacy", "privacy", index)
    bp.add_url_rule("/privacy/retention", "retention_rule", keep, methods=["POST"])
    bp.add_url_rule("/privacy/trials", "retention_trial", trial, methods=["POST"])
    bp.add_url_rule("/privacy/runs", "retention_run", run, methods=["POST"])
    bp.add_url_rule("/users/<uuid:user_id>/erasure", "user_erasure", erase, methods=["GET", "POST"])
    bp.add_url_rule("/users/<uuid:user_id>/erasure/cancellation", "user_erasure_end", stay, methods=["POST"])


class ErasureForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF publishes no types.
    """Who asked for it, and that what is left is given up."""

    reason = TextAreaField(validators=[DataRequired(), Length(max=REASON_LENGTH_MAX)])
    gives_up = BooleanField()


@requires_all(Permission.RETENTION_VIEW)
def index() -> ResponseReturnValue:
    """Deletions under way, what is kept how long, and what the job has taken away."""
    return _page()


@requires_all(Permission.RETENTION_CONFIGURE)
def keep() -> ResponseReturnValue:
    """Set for how many days records of one kind are kept."""
    kind = request.form.get("kind", "")
    if kind not in set(RetentionKind):
        raise NotFoundError
    given = request.form.get("days", "").strip()
    days = int(given) if given.isascii() and given.isdigit() and len(given) <= DAYS_DIGITS_MAX else None
    try:
        atomically(
            lambda s: set_retention(
                s,
                kind=RetentionKind(kind),
                days=days,
                reason=request.form.get("reason", ""),
                actor=current_actor(),
                now=clock.now(),
            )
        )
    except PortalError as error:
        return _page(error, kind)
    flash(_("Saved. It counts from the next run."), "success")
    return done(location=url_for(MENU))


@requires_all(Permission.RETENTION_CONFIGURE)
def trial() -> ResponseReturnValue:
    """Count what would go now; nothing goes."""
    now = clock.now()
    with transaction() as session:
        counts = count_old(session, now=now)
        note_run(session, counts=counts, is_dry=True, actor=current_actor(), now=now)
    flash(_("Counted. Nothing was deleted: the report stands below."), "success")
    return done(location=url_for(MENU))


@requires_all(Permission.RETENTION_CONFIGURE)
def run() -> ResponseReturnValue:
    """Have what is too old taken away now, instead of tonight."""
    enqueue_retention()
    flash(_("Old records are being deleted. The report stands below when it is done."), "success")
    return done(location=url_for(MENU))


@requires_all(Permission.USER_ERASE)
def erase(user_id: uuid.UUID) -> ResponseReturnValue:
    """Have somebody's account deleted at his wish."""
    form = ErasureForm()
    form.reason.label.text = _("Who asked for it, and how")
    form.gives_up.label.text = _("The owner gives up what is left, and the coupons")
    form.reason.validators = [DataRequired(_("Say who asked for it and how: it stands in the record."))]
    problem, status = None, 422 if form.is_submitted() else 200
    if form.validate_on_submit():
        try:
            due = atomically(
                lambda s: request_erasure(
                    s,
                    user_id=user_id,
                    gives_up=form.gives_up.data,
                    reason=form.reason.data,
                    actor=current_actor(),
                    now=clock.now(),
                )
            )
        except StepUpNeededError:
            raise  # It leads to the page that asks.
        except PortalError as error:
            problem, status = say(error), error.status
        else:
            flash(_("The account will be deleted on %(day)s.", day=formatting.day(due.date())), "success")
            return done(location=url_for("admin.user", user_id=user_id))
    with reading() as session:
        found = load_user(session, user_id=user_id)
        if found is None:
            raise NotFoundError
        stands = load_erasure_blocks(session, user_id=user_id)
        erasure = latest_erasure(session, user_id=user_id)
        frame = around(session, "admin.users")
    page = render_template(
        "admin/users/erase.html",
        user=found.user,
        form=form,
        problem=problem,
        erasure=erasure if erasure is not None and erasure.state == "waiting" else None,
        blocks=[BLOCKS[one] for one in stands.counts if one not in PASSING | {Block.LEFT_OVER}],
        has_left=Block.LEFT_OVER in stands.counts,
        grace=GRACE.days,
        **frame,
    )
    return page, status


@requires_all(Permission.USER_ERASE)
def stay(user_id: uuid.UUID) -> ResponseReturnValue:
    """Keep an account that was to be deleted."""
    atomically(lambda s: cancel_erasure(s, user_id=user_id, actor=current_actor(), now=clock.now()))
    flash(_("The account stays as it is."), "success")
    return done(location=url_for("admin.user", user_id=user_id))


def _page(error: PortalError | None = None, kind: str | None = None) -> ResponseReturnValue:
    with reading() as session:
        rules, runs, erasures = retention_rules(session), retention_runs(session), list_erasures(session)
        frame = around(session, MENU)
    page = render_template(
        "admin/privacy.html",
        rules=rules,
        runs=runs,
        erasures=erasures,
        labels={one.value: keeping.label for one, keeping in KEEPING.items()},
        blocks={one.value: words for one, words in BLOCKS.items()} | {FAILED: BROKE_OFF},
        problem=say(error) if error else None,
        wrong=kind if error else None,
        given=request.form,
        **frame,
    )
    return page, error.status if error else 200
