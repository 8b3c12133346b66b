"""Campaigns at a desk: the list, one with its versions, and the builder with its preview (CPN-10)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from flask import flash, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from portal.blueprints.bulk import of_list
from portal.blueprints.campaigns.form import CampaignForm, filled_form, offered, say_fault
from portal.blueprints.campaigns.side import Enter, Side, open_campaign, tabs_of
from portal.blueprints.campaigns.words import (
    DISTRIBUTIONS,
    KINDS,
    OWNERS,
    STATE_WORDS,
    choices_of,
    label,
    labels,
    option_lists,
    preview_of,
)
from portal.blueprints.checkout.words import say
from portal.blueprints.desk import choice_arg, text_arg, zone_of_reader
from portal.blueprints.desk_coupons.area import campaign_moves
from portal.blueprints.identity import current_actor, current_locale
from portal.blueprints.saved_views import Inbox, offer, opens_with, views_for
from portal.db import atomically, reading
from portal.htmx import done, page_or_partial
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.queries.campaign_things import load_options
from portal.queries.campaign_turns import turns_of
from portal.queries.campaigns import CampaignFilters, CampaignRow, list_campaigns, list_versions, load_campaign
from portal.queries.channels import channel_currencies
from portal.rules.coupons.draft import faults
from portal.rules.permissions import Permission, Scope
from portal.services.coupons.guard import channels_of, may_begin, may_run
from portal.services.coupons.save_campaign import (
    EDITABLE,
    CampaignChangedError,
    CampaignUnfitError,
    create_campaign,
    edit_campaign,
    launch_campaign,
)


def campaign_filters(store_ids: tuple[int, ...] | None) -> CampaignFilters:
    """The campaigns that the address asks for, of these stores or of everybody."""
    return CampaignFilters(
        store_ids=store_ids,
        state=choice_arg("state", STATE_WORDS),
        kind=choice_arg("kind", KINDS),
        distribution=choice_arg("distribution", DISTRIBUTIONS),
        owner=choice_arg("owner", OWNERS) if store_ids is None else None,
        search=text_arg("q"),
    )


def _inbox(blueprint: str, scope: Scope) -> Inbox:
    return Inbox(
        f"{blueprint}.campaigns",
        Permission.COUPON_VIEW,
        scope,
        ("state", "kind", "distribution", "owner", "q"),
        lambda session, store_id: list_campaigns(session, campaign_filters(None if store_id is None else (store_id,))),
    )


INBOXES = {
    blueprint: offer(_inbox(blueprint, scope)) for blueprint, scope in (("admin", Scope.ALL), ("seller", Scope.STORE))
}


def index(enter: Enter, no_store: Callable[[], str]) -> ResponseReturnValue:
    """The list, with its filters in the address."""
    with reading() as session:
        side = enter(session, None)
        if side is None:
            return no_store()
        filters = replace(campaign_filters(side.store_ids), channel_ids=side.channel_ids)
        views = views_for(session, INBOXES[side.blueprint], store_id=side.store_id)
        found = list_campaigns(session, filters, cursor=request.args.get("cursor"))
        previews = {row.id: preview_of(session, row.draft, current_locale()) for row in found.rows}
    if (there := opens_with(views)) is not None:
        return there
    return page_or_partial(
        "desk/campaigns/index.html",
        {"campaigns": "desk/campaigns/_list.html"},
        views=views,
        found=found,
        filters=filters,
        previews=previews,
        options=option_lists(with_owner=side.store_ids is None),
        may_issue=may_begin(current_actor(), side.store_id),
        bulk_href=of_list(f"{side.blueprint}.campaigns_move"),
        locale=current_locale(),
        labels=labels,
        label=label,
        choices_of=choices_of,
        side=side,
        **side.frame,
    )


def create(enter: Enter, no_store: Callable[[], str]) -> ResponseReturnValue:
    """A new campaign, empty or as another one is; it becomes a draft, which nobody can use yet."""
    with reading() as session:
        side = enter(session, None)
        if side is None:
            return no_store()
        if request.method == "GET":
            return _builder(side, _new_form(session, side))
        form = CampaignForm(request.form, _currencies(), side.store_id)
        draft = form.draft(session)
    if request.form.get("do") == "preview":
        return _builder(side, form, previewed=True)
    if draft is None:
        return _builder(side, form, status=422)
    actor, now = current_actor(), clock.now()
    try:
        made = atomically(lambda session: create_campaign(session, actor=actor, draft=draft, now=now))
    except PortalError as error:
        return _refused(side, form, error)
    flash(_("The campaign is saved as a draft. Look at it once more, then let it run."), "success")
    return done(location=side.to("campaign", campaign_id=made))


def edit(enter: Enter, campaign_id: int) -> ResponseReturnValue:
    """Other terms for a campaign, saved as its next version."""
    with reading() as session:
        row, side = open_campaign(session, enter, campaign_id, Permission.COUPON_ISSUE)
        if request.method == "GET":
            form = filled_form(session, row.draft, version=row.version, currencies=_currencies())
            return _builder(side, form, row=row)
        form = CampaignForm(request.form, _currencies(), row.draft.store_id)
        draft = form.draft(session)
    if request.form.get("do") == "preview":
        return _builder(side, form, row=row, previewed=True)
    if draft is None:
        return _builder(side, form, row=row, status=422)
    actor, now = current_actor(), clock.now()
    seen = request.form.get("version", 0, type=int)
    try:
        version = atomically(
            lambda session: edit_campaign(
                session, actor=actor, campaign_id=campaign_id, draft=draft, version=seen, now=now
            )
        )
    except PortalError as error:
        return _refused(side, form, error, row=row)
    flash(_("Version %(version)s is saved. Orders so far keep the terms they were made with.", version=version))
    return done(location=side.to("campaign", campaign_id=campaign_id))


def show(enter: Enter, campaign_id: int) -> ResponseReturnValue:
    """One campaign in words, its settings, and what it was before."""
    return _page(enter, campaign_id)


def launch(enter: Enter, campaign_id: int) -> ResponseReturnValue:
    """Let a draft run, at once or from its beginning on."""
    actor, now = current_actor(), clock.now()
    seen = request.form.get("version", 0, type=int)
    with reading() as session:
        _row, side = open_campaign(session, enter, campaign_id, Permission.COUPON_ISSUE)
    try:
        state = atomically(
            lambda session: launch_campaign(session, actor=actor, campaign_id=campaign_id, version=seen, now=now)
        )
    except PortalError as error:
        return _page(enter, campaign_id, error)
    flash(_("The campaign runs.") if state == "running" else _("The campaign runs from its beginning on."), "success")
    return done(location=side.to("campaign", campaign_id=campaign_id))


def _page(enter: Enter, campaign_id: int, error: PortalError | None = None) -> ResponseReturnValue:
    with reading() as session:
        row, side = open_campaign(session, enter, campaign_id, Permission.COUPON_VIEW)
        versions = list_versions(session, campaign_id=campaign_id)
        previews = {locale: preview_of(session, row.draft, locale) for locale in ("en", "ko")}
        turns = turns_of(session, row)
        names = {option.key: option.names for option in load_options(session, now=clock.now())["store"]}
    page = render_template(
        "desk/campaigns/show.html",
        row=row,
        draft=row.draft,
        versions=versions,
        tabs=tabs_of(side, row, "campaign"),
        previews=previews,
        turns=turns,
        store_names=names,
        locale=current_locale(),
        labels=labels,
        label=label,
        may_issue=may_run(current_actor(), row.draft.store_id, channels_of(row.draft.conditions)),
        is_editable=row.state in EDITABLE,
        moves=campaign_moves(row.state) if row.state != "draft" else [],
        problem=_problem(error),
        side=side,
        **side.frame,
    )
    return page, error.status if error else 200


def _problem(error: PortalError | None) -> str:
    if isinstance(error, CampaignUnfitError):
        return " ".join(say_fault(fault) for fault in error.faults.values())
    return say(error) if error else ""


def _new_form(session: Session, side: Side) -> CampaignForm:
    source = load_campaign(session, campaign_id=request.args.get("from", 0, type=int))
    if source is not None and may_run(
        current_actor(), source.draft.store_id, channels_of(source.draft.conditions), Permission.COUPON_VIEW
    ):
        form = filled_form(session, source.draft, version=0, currencies=_currencies())
        form.store_id = side.store_id
        for locale, name in (("en", "Copy of %s"), ("ko", "%s 복사본")):
            if form.get(f"name_{locale}"):
                form.values[f"name_{locale}"] = name % form.get(f"name_{locale}")
        return form
    values = MultiDict(_beginning(clock.now()))
    for channel_id in side.channel_ids or ():
        values.add("c-channel-channel_ids", str(channel_id))
    return CampaignForm(values, _currencies(), side.store_id)


def _beginning(now: datetime) -> dict[str, str]:
    """A month from tomorrow on, once per person."""
    first = (now.astimezone(zone_of_reader()) + timedelta(days=1)).replace(hour=0, minute=0)
    last = first + timedelta(days=30)
    return {
        "kind": "percentage",
        "target": "order",
        "valid_from": first.strftime("%Y-%m-%dT%H:%M"),
        "valid_until": last.strftime("%Y-%m-%dT%H:%M"),
        "per_user": "1",
        "distribution": "code",
        "funding": "platform",
        "on_refund": "keep",
        "priority": "100",
    }


def _currencies() -> list[str]:
    return sorted(channel_currencies())


def _refused(
    side: Side, form: CampaignForm, error: PortalError, *, row: CampaignRow | None = None
) -> ResponseReturnValue:
    if isinstance(error, CampaignUnfitError):
        form.refuse(error.faults)
        return _builder(side, form, row=row, status=422)
    if isinstance(error, CampaignChangedError):
        # Whoever has looked at what the other one saved may save on top of that.
        form.values = MultiDict(form.values)
        form.values["version"] = str(error.version)
    return _builder(side, form, row=row, problem=error, status=error.status)


def _builder(
    side: Side,
    form: CampaignForm,
    *,
    row: CampaignRow | None = None,
    problem: PortalError | None = None,
    previewed: bool = False,
    status: int = 200,
) -> ResponseReturnValue:
    now = clock.now()
    with reading() as session:
        options = side.choices(load_options(session, now=now))
        copy = CampaignForm(form.values, form.currencies, form.store_id)
        draft = copy.draft(session)
        if draft is not None:
            copy.refuse(faults(draft, now=now))
        previews = (
            {locale: preview_of(session, draft, locale) for locale in ("en", "ko")}
            if draft is not None and not copy.faults
            else {}
        )
    page = page_or_partial(
        "desk/campaigns/edit.html",
        {"preview": "desk/campaigns/_preview.html"},
        form=form,
        row=row,
        options=options,
        conditions=offered(form.store_id, by_manager=side.channel_ids is not None),
        previews=previews,
        preview_faults=list(copy.faults.values()),
        previewed=previewed,
        action=side.to("campaign_edit", campaign_id=row.id) if row else side.to("campaign_new"),
        problem=say(problem) if problem else None,
        has_errors=bool(form.faults) and status != 200,
        locale=current_locale(),
        labels=labels,
        label=label,
        choices_of=choices_of,
        side=side,
        **side.frame,
    )
    return page, status
