"""The model of the mall's own decisions: its card, where it has drifted, which one decides (FRD-09)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import gettext as _

from portal.blueprints.admin.desk import around, requires_all
from portal.blueprints.checkout.words import say
from portal.blueprints.identity import current_actor
from portal.db import atomically, reading
from portal.htmx import done
from portal.jobs.queue import enqueue_risk_model
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.queries.risk_models import list_models, list_places, load_recent, models_in_place
from portal.rules.fraud_features import FEATURES
from portal.rules.permissions import Permission
from portal.services.fraud.place_model import ModelReasonUnfitError, place_model

DRIFT_OVER = timedelta(days=7)
DRIFTS_SHOWN = 8
# Below it a feature is as it was, above the other it is not any more.
DRIFT_LITTLE, DRIFT_MUCH = 0.1, 0.25


def hang(bp: Blueprint) -> None:
    bp.add_url_rule("/risk/models", "risk_models", index)
    bp.add_url_rule("/risk/models/training", "risk_model_training", train, methods=["POST"])
    bp.add_url_rule("/risk/models/<int:version>/place", "risk_model_place", place, methods=["POST"])


@requires_all(Permission.FRAUD_VIEW)
def index() -> ResponseReturnValue:
    return _page()


@requires_all(Permission.FRAUD_CONFIGURE)
def train() -> ResponseReturnValue:
    """Let a worker train anew."""
    enqueue_risk_model()
    flash(_("A worker trains. Its model appears here as challenger; with too few labels there is none."))
    return done(location=url_for("admin.risk_models"))


@requires_all(Permission.FRAUD_CONFIGURE)
def place(version: int) -> ResponseReturnValue:
    """Make it champion or challenger, or clear its place."""
    actor, now = current_actor(), clock.now()
    wanted = request.form.get("do", "")
    reason = request.form.get("reason", "").replace("\0", "")
    try:
        atomically(
            lambda session: place_model(
                session,
                actor=actor,
                place=wanted.removesuffix("-off"),
                version=None if wanted.endswith("-off") else version,
                reason=reason,
                now=now,
            )
        )
    except PortalError as error:
        return _page(error, reason)
    flash(_("Done. Decisions go by it from now on."), "success")
    return done(location=url_for("admin.risk_models"))


def _page(error: PortalError | None = None, reason: str = "") -> ResponseReturnValue:
    with reading() as session:
        models = list_models(session)
        places = list_places(session)
        champion = models_in_place(session).models.get("champion")
        rows, currencies = load_recent(session, since=clock.now() - DRIFT_OVER) if champion else ([], [])
        frame = around(session, "admin.risk_models")
    moved: Mapping[str, float] = {}
    if champion is not None and rows:
        from portal.learning.decisions import drift

        moved = drift(champion.model, rows, currencies)
    is_reason = isinstance(error, ModelReasonUnfitError)
    page = render_template(
        "admin/risk/models.html",
        models=models,
        places=places,
        drifts=_drifts(moved),
        decisions=len(rows),
        drift_days=DRIFT_OVER.days,
        moment=lambda seconds: datetime.fromtimestamp(seconds, tz=UTC),
        reason=reason,
        fault=say(error) if error and is_reason else None,
        problem=say(error) if error and not is_reason else None,
        has_errors=error is not None,
        **frame,
    )
    return page, error.status if error else 200


def _drifts(moved: Mapping[str, float]) -> Sequence[tuple[str, str, str]]:
    """The features that have moved most: in words, how far, and what that means."""
    return [
        (
            gettext(FEATURES[name].words) if name in FEATURES else name,
            f"{index:.2f}",
            _("much") if index > DRIFT_MUCH else _("some") if index > DRIFT_LITTLE else _("little"),
        )
        for name, index in islice(moved.items(), DRIFTS_SHOWN)
    ]
