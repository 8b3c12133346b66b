"""Offers to choose from, what each brought, how they are chosen, and the models that do it (INC-04, INC-05)."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import Any, Final

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal.blueprints.admin.desk import around, requires_all
from portal.blueprints.checkout.words import say
from portal.blueprints.context import translated
from portal.blueprints.identity import current_actor
from portal.blueprints.offer_words import MODES, PLACED, STATES_BY_THEMSELVES, judged_rows, offer_rows
from portal.db import atomically, reading
from portal.htmx import done
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.queries.automations import load_grantable
from portal.queries.channels import channel_directory
from portal.queries.exchange import platform_currency
from portal.queries.offers import (
    list_models,
    list_offers,
    list_strategies,
    load_figures,
    model_place,
    newest_strategy,
    strategy_of,
)
from portal.queries.segments import list_segments
from portal.rules.offers import OfferDraft, Strategy
from portal.rules.permissions import Permission
from portal.services.incentives.save_offer import (
    OfferUnfitError,
    make_offer_draft,
    move_offer,
    place_model,
    revert_strategy,
    save_strategy,
)

DIGITS_MAX: Final = 12
FAR_OUT: Final = -(10**12)
BLANK = {"people_max": "1000", "position": "100"}


def hang(bp: Blueprint) -> None:
    bp.add_url_rule("/offers", "offers", index)
    bp.add_url_rule("/offers/new", "offer_new", create)
    bp.add_url_rule("/offers/new", "offer_save", save, methods=["POST"])
    bp.add_url_rule("/offers/<int:offer_id>/state", "offer_state", move, methods=["POST"])
    bp.add_url_rule("/offers/strategy", "offer_strategy", strategy)
    bp.add_url_rule("/offers/strategy", "offer_strategy_save", strategy_save, methods=["POST"])
    bp.add_url_rule("/offers/strategy/<int:version>", "offer_strategy_revert", strategy_revert, methods=["POST"])
    bp.add_url_rule("/offers/models", "offer_models", models)
    bp.add_url_rule("/offers/models", "offer_model_place", model_save, methods=["POST"])


@dataclass(slots=True)
class OfferForm:
    """What is typed; `faults` by the id of the field."""

    typed: dict[str, str] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> str:
        return self.typed.get(name, "")


@requires_all(Permission.COUPON_VIEW)
def index() -> ResponseReturnValue:
    """Every offer with its share and what it brought, and what other ways of choosing would have."""
    return _index()


@requires_all(Permission.COUPON_ISSUE)
def create() -> ResponseReturnValue:
    """A new one."""
    return _editor(OfferForm(dict(BLANK)))


@requires_all(Permission.COUPON_ISSUE)
def save() -> ResponseReturnValue:
    """Keep it as a draft."""
    form = _typed()
    actor, now = current_actor(), clock.now()
    draft = OfferDraft(
        title=form["title"],
        campaign_id=_whole(form["campaign_id"]),
        channel_id=_whole(form["channel_id"]) if form["channel_id"] else None,
        segment=form["segment"],
        position=_whole(form["position"]),
        people_max=_whole(form["people_max"]),
    )
    try:
        atomically(partial(make_offer_draft, actor=actor, draft=draft, now=now))
    except OfferUnfitError as error:
        form.faults = {name: gettext(fault) for name, fault in error.faults.items()}
        return _editor(form, status=422)
    except PortalError as error:
        return _editor(form, problem=error, status=error.status)
    flash(_("Saved as a draft. Start it when it may be shown."), "success")
    return done(location=url_for("admin.offers"))


@requires_all(Permission.COUPON_ISSUE)
def move(offer_id: int) -> ResponseReturnValue:
    """Start, pause or end it."""
    actor, now = current_actor(), clock.now()
    do, version = request.form.get("do", ""), request.form.get("version", 0, type=int)
    try:
        atomically(partial(move_offer, offer_id=offer_id, do=do, version=version, actor=actor, now=now))
    except PortalError as error:
        return _index(error)
    flash(_("Done."), "success")
    return done(location=url_for("admin.offers"))


@requires_all(Permission.COUPON_VIEW)
def strategy() -> ResponseReturnValue:
    """How offers are chosen, and all versions of that."""
    with reading() as session:
        return _strategy(session, _strategy_form(strategy_of(session)))


@requires_all(Permission.COUPON_ISSUE)
def strategy_save() -> ResponseReturnValue:
    """The next version."""
    form = _typed()
    actor, now = current_actor(), clock.now()
    draft = Strategy(
        mode=form["mode"],
        every_days=_whole(form["every_days"]),
        window_days=_whole(form["window_days"]),
        fraud_bp_max=_hundredths(form["fraud_percent"], 100),
        roii_bp_min=_hundredths(form["roii"], 10_000),
    )
    newest = request.form.get("newest", -1, type=int)
    save = partial(save_strategy, actor=actor, draft=draft, note=form["note"], newest=newest, now=now)
    return _changed(form, save)


@requires_all(Permission.COUPON_ISSUE)
def strategy_revert(version: int) -> ResponseReturnValue:
    """An older version anew."""
    actor, now = current_actor(), clock.now()
    newest = request.form.get("newest", -1, type=int)
    return _changed(None, partial(revert_strategy, version=version, newest=newest, actor=actor, now=now))


@requires_all(Permission.COUPON_VIEW)
def models() -> ResponseReturnValue:
    """Versions of the model, and which of them chooses."""
    return _models()


@requires_all(Permission.COUPON_ISSUE)
def model_save() -> ResponseReturnValue:
    """Let a version choose for good, the newest good one from now on, or the rules."""
    actor, now = current_actor(), clock.now()
    chosen, do = request.form.get("model", ""), request.form.get("do", "")
    version = _whole(chosen) if chosen else None
    is_pinned = do != "follow"
    try:
        atomically(partial(place_model, model_version=version, is_pinned=is_pinned, actor=actor, now=now))
    except PortalError as error:
        return _models(error)
    flash(_("Done."), "success")
    return done(location=url_for("admin.offer_models"))


def _index(error: PortalError | None = None) -> ResponseReturnValue:
    with reading() as session:
        rows, figures, found = list_offers(session), load_figures(session), list_models(session)
        place = model_place(session)
        currency = platform_currency(session)
        page = render_template(
            "admin/offers/index.html",
            rows=offer_rows(rows, figures, currency),
            titles={one.key: one.title for one in list_segments(session)},
            judged=judged_rows(found[0].card) if found and found[0].card else None,
            model=next((one for one in found if place and one.version == place.model_version), None),
            strategy=strategy_of(session),
            modes=MODES,
            reasons=STATES_BY_THEMSELVES,
            problem=say(error) if error else None,
            **around(session, "admin.offers"),
        )
    return page, error.status if error else 200


def _editor(form: OfferForm, *, problem: PortalError | None = None, status: int = 200) -> ResponseReturnValue:
    with reading() as session:
        views = channel_directory(session).channels.values()
        page = render_template(
            "admin/offers/new.html",
            form=form,
            problem=say(problem) if problem else None,
            segments=[("", _("Everybody"))] + [(one.key, one.title) for one in list_segments(session) if one.is_live],
            campaigns=[("", _("None"))] + [(str(n), translated(name)) for n, name in load_grantable(session)],
            channels=[("", _("All channels"))] + [(str(view.id), translated(dict(view.name))) for view in views],
            **around(session, "admin.offers"),
        )
    return page, status


def _strategy(session: Session, form: OfferForm, error: PortalError | None = None) -> ResponseReturnValue:
    newest = newest_strategy(session)
    page = render_template(
        "admin/offers/strategy.html",
        form=form,
        newest=newest.version if newest else 0,
        versions=[(row, Strategy.from_json(row.body), author) for row, author in list_strategies(session)],
        modes=[(name, gettext(words)) for name, words in MODES.items()],
        mode_words=MODES,
        problem=say(error) if error else None,
        **around(session, "admin.offers"),
    )
    return page, error.status if error else (422 if form.faults else 200)


def _changed(form: OfferForm | None, save: Any) -> ResponseReturnValue:
    try:
        atomically(save)
    except OfferUnfitError as error:
        if form is not None:
            form.faults = {name: gettext(fault) for name, fault in error.faults.items()}
        with reading() as session:
            return _strategy(session, form or _strategy_form(strategy_of(session)))
    except PortalError as error:
        with reading() as session:
            return _strategy(session, form or _strategy_form(strategy_of(session)), error)
    flash(_("Saved. It holds from now on."), "success")
    return done(location=url_for("admin.offer_strategy"))


def _models(error: PortalError | None = None) -> ResponseReturnValue:
    with reading() as session:
        found, place = list_models(session), model_place(session)
        page = render_template(
            "admin/offers/models.html",
            rows=[(one, judged_rows(one.card) if one.card else None) for one in found],
            place=place,
            placed=PLACED,
            problem=say(error) if error else None,
            **around(session, "admin.offers"),
        )
    return page, error.status if error else 200


def _strategy_form(one: Strategy) -> OfferForm:
    return OfferForm(
        {
            "mode": one.mode,
            "every_days": str(one.every_days),
            "window_days": str(one.window_days),
            "fraud_percent": _plain(one.fraud_bp_max, 100),
            "roii": _plain(one.roii_bp_min, 10_000),
        }
    )


def _typed() -> OfferForm:
    return OfferForm({name: value.replace("\0", "").strip()[:200] for name, value in request.form.items()})


def _plain(value: int, by: int) -> str:
    return f"{(Decimal(value) / by).normalize():f}"


def _whole(text: str) -> int:
    """What was typed as a whole number; -1 where it is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= DIGITS_MAX else -1


def _hundredths(text: str, by: int) -> int:
    """What was typed, times `by`; far out of all bounds where it is no number."""
    try:
        value = Decimal(text.replace(",", "")) * by
    except ArithmeticError:
        return FAR_OUT
    if not value.is_finite() or abs(value) > 10**DIGITS_MAX:
        return FAR_OUT
    return int(value)
