"""Webhooks, which the desks of stores and of the mall share: endpoints, their log, secrets shown once (API-02)."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from flask import Blueprint, flash, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from portal.blueprints.access import NotFoundError
from portal.blueprints.checkout.words import say
from portal.blueprints.desk import choice_arg, requires_in
from portal.blueprints.identity import current_actor
from portal.blueprints.webhook_form import Form, faults_of, read_form
from portal.blueprints.webhook_words import check_webhook
from portal.db import atomically, reading
from portal.htmx import done, page_or_partial
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.queries.channels import channel_directory
from portal.queries.webhooks import EndpointRow, list_deliveries, list_endpoints, load_delivery, load_endpoint
from portal.rules.permissions import Permission, Scope, may
from portal.rules.webhooks import (
    OVERLAP_HOURS,
    EndpointState,
    Message,
    Reach,
    body_of,
    kinds_for,
)
from portal.services.webhooks.save_endpoint import (
    Owner,
    change_endpoint,
    make_endpoint,
    rotate_secret,
    send_test,
    switch_endpoint,
)
from portal.services.webhooks.send_again import replay, send_again

STATES = ("waiting", "delivered", "dead")
REPLAY_HOURS = (1, 6, 24, 72, 168)


@dataclass(frozen=True, slots=True)
class Entered:
    """A desk that was opened. `store_id` None is the mall's, which sees everybody's."""

    store_id: int | None
    frame: Mapping[str, Any]
    store_arg: str | None = None


@dataclass(frozen=True, slots=True)
class Area:
    """A desk before it is opened. `enter` takes the store of an endpoint, or None for the one in the address."""

    blueprint: str
    scope: Scope
    enter: Callable[[Session, int | None], Entered | None]
    closed: Callable[[], ResponseReturnValue]

    def to(self, name: str, **values: Any) -> str:
        return url_for(f"{self.blueprint}.{name}", **values)

    @property
    def is_mall(self) -> bool:
        return self.scope is Scope.ALL


def hang(bp: Blueprint, area: Area) -> None:
    """Give a desk its routes."""
    path = "/webhooks/<uuid:endpoint_id>"
    message = f"{path}/messages/<uuid:message_id>"
    see, manage = Permission.WEBHOOK_VIEW, Permission.WEBHOOK_MANAGE
    for rule, name, view, permission, method in (
        ("/webhooks", "webhooks", index, see, "GET"),
        ("/webhooks/new", "webhook_new", new, manage, "GET"),
        ("/webhooks", "webhook_making", make, manage, "POST"),
        (path, "webhook", show, see, "GET"),
        (path, "webhook_saving", save, manage, "POST"),
        (f"{path}/state", "webhook_state", switch, manage, "POST"),
        (f"{path}/secret", "webhook_secret", rotate, manage, "POST"),
        (f"{path}/test", "webhook_test", try_out, manage, "POST"),
        (f"{path}/replay", "webhook_replay", send_missed, manage, "POST"),
        (message, "webhook_message", show_message, see, "GET"),
        (f"{message}/redelivery", "webhook_redelivery", send_one, manage, "POST"),
    ):
        bp.add_url_rule(rule, name, requires_in(permission, area.scope)(partial(view, area)), methods=[method])


def index(area: Area) -> ResponseReturnValue:
    """All endpoints of the desk, those that fail first."""
    with reading() as session:
        entered = area.enter(session, None)
        if entered is None:
            return area.closed()
        rows = list_endpoints(session, store_id=entered.store_id)
    return render_template(
        "desk/webhooks/index.html",
        rows=rows,
        area=area,
        store_arg=entered.store_arg,
        may_change=_may(entered.store_id),
        **entered.frame,
    )


def new(area: Area) -> ResponseReturnValue:
    """The form of a new endpoint."""
    return _form(area, Form())


def make(area: Area) -> ResponseReturnValue:
    """Make it; the answer shows the secret, once."""
    form = read_form(request.form)
    with reading() as session:
        entered = area.enter(session, None)
    if entered is None:
        return area.closed()
    channels = channel_directory().channels
    only_on = channels[form.only_on].id if area.is_mall and form.only_on in channels else None
    owner = Owner(store_id=entered.store_id, channel_id=only_on)
    actor, now = current_actor(), clock.now()
    try:
        check_webhook(form.terms(), owner.reach)
        made = atomically(
            lambda s: make_endpoint(s, owner=owner, terms=form.terms(), client_id=None, actor=actor, now=now)
        )
    except PortalError as error:
        return _form(area, form, error)
    return _show_secret(area, made.id, made.secret)


def show(area: Area, endpoint_id: uuid.UUID) -> ResponseReturnValue:
    """One endpoint with its log."""
    return _page(area, endpoint_id)


def save(area: Area, endpoint_id: uuid.UUID) -> ResponseReturnValue:
    """Change name, address and events."""
    form, actor, now = read_form(request.form), current_actor(), clock.now()
    row, _entered = _find(area, endpoint_id)
    try:
        check_webhook(form.terms(), _reach(row))
        atomically(
            lambda s: change_endpoint(
                s, endpoint_id=endpoint_id, version=_version(), terms=form.terms(), actor=actor, now=now
            )
        )
    except PortalError as error:
        return _page(area, endpoint_id, error, form)
    flash(_("Saved"), "toast")
    return done(location=area.to("webhook", endpoint_id=endpoint_id))


def switch(area: Area, endpoint_id: uuid.UUID) -> ResponseReturnValue:
    """On, off, or away for good."""
    state = request.form.get("state", "")
    if state not in {EndpointState.ON, EndpointState.OFF, EndpointState.REMOVED}:
        raise NotFoundError
    new_state = EndpointState(state)
    told = {
        EndpointState.ON: _("The webhook is on. What waited is sent now."),
        EndpointState.OFF: _("The webhook is off. What waits is sent when it is on again."),
        EndpointState.REMOVED: _("The webhook was removed."),
    }[new_state]
    where = area.to("webhooks") if new_state is EndpointState.REMOVED else area.to("webhook", endpoint_id=endpoint_id)
    return _act(area, endpoint_id, partial(switch_endpoint, new=new_state), told, where)


def rotate(area: Area, endpoint_id: uuid.UUID) -> ResponseReturnValue:
    """A new secret, shown in this answer and never again."""
    typed, actor, now = request.form.get("overlap", ""), current_actor(), clock.now()
    hours = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 4 else -1
    _find(area, endpoint_id)
    try:
        secret = atomically(
            lambda s: rotate_secret(s, endpoint_id=endpoint_id, overlap_hours=hours, actor=actor, now=now)
        )
    except PortalError as error:
        return _page(area, endpoint_id, error)
    return _show_secret(area, endpoint_id, secret)


def try_out(area: Area, endpoint_id: uuid.UUID) -> ResponseReturnValue:
    """Send a message of no meaning."""
    return _act(area, endpoint_id, send_test, _("The test message is on its way: it stands in the log."))


def send_missed(area: Area, endpoint_id: uuid.UUID) -> ResponseReturnValue:
    """Send what it has not heard in the last hours."""
    typed, actor, now = request.form.get("hours", ""), current_actor(), clock.now()
    hours = int(typed) if typed in {str(one) for one in REPLAY_HOURS} else 1
    _find(area, endpoint_id)
    try:
        count = atomically(
            lambda s: replay(s, endpoint_id=endpoint_id, since=now - timedelta(hours=hours), actor=actor, now=now)
        )
    except PortalError as error:
        return _page(area, endpoint_id, error)
    flash(ngettext("%(num)s message is sent again.", "%(num)s messages are sent again.", count), "success")
    return done(location=area.to("webhook", endpoint_id=endpoint_id))


def show_message(area: Area, endpoint_id: uuid.UUID, message_id: uuid.UUID) -> ResponseReturnValue:
    """One message: its body, and every try."""
    row, entered = _find(area, endpoint_id)
    with reading() as session:
        found = load_delivery(session, endpoint_id=endpoint_id, message_id=message_id)
    if found is None:
        raise NotFoundError
    delivery, attempts = found
    message = Message(delivery.kind, delivery.event_id, delivery.subject, delivery.facts, delivery.occurred_at)
    return render_template(
        "desk/webhooks/message.html",
        row=row,
        delivery=delivery,
        attempts=attempts,
        body=body_of(message).decode(),
        area=area,
        may_change=_may(row.store_id),
        **entered.frame,
    )


def send_one(area: Area, endpoint_id: uuid.UUID, message_id: uuid.UUID) -> ResponseReturnValue:
    """Send one message again, under its own id."""
    where = area.to("webhook_message", endpoint_id=endpoint_id, message_id=message_id)
    return _act(area, endpoint_id, partial(send_again, message_id=message_id), _("The message is sent again."), where)


def _act(
    area: Area, endpoint_id: uuid.UUID, work: Callable[..., None], told: str, where: str | None = None
) -> ResponseReturnValue:
    actor, now = current_actor(), clock.now()
    _find(area, endpoint_id)
    try:
        atomically(lambda s: work(s, endpoint_id=endpoint_id, actor=actor, now=now))
    except PortalError as error:
        return _page(area, endpoint_id, error)
    flash(told, "success")
    return done(location=where or area.to("webhook", endpoint_id=endpoint_id))


def _find(area: Area, endpoint_id: uuid.UUID) -> tuple[EndpointRow, Entered]:
    """The endpoint, and the desk on which it is seen; of another store, or none, it is not there."""
    with reading() as session:
        row = load_endpoint(session, endpoint_id=endpoint_id)
        if row is None or (not area.is_mall and row.store_id not in current_actor().store_ids):
            raise NotFoundError
        entered = area.enter(session, row.store_id if not area.is_mall else None)
    if entered is None:
        raise NotFoundError
    return row, entered


def _page(
    area: Area, endpoint_id: uuid.UUID, error: PortalError | None = None, form: Form | None = None
) -> ResponseReturnValue:
    row, entered = _find(area, endpoint_id)
    state = choice_arg("state", set(STATES))
    with reading() as session:
        found = list_deliveries(session, endpoint_id=endpoint_id, state=state, cursor=request.args.get("cursor"))
    filled = form or Form(row.name, row.url, list(row.kinds))
    filled.faults = faults_of(error)
    page = page_or_partial(
        "desk/webhooks/show.html",
        {"messages": "desk/webhooks/_messages.html"},
        row=row,
        found=found,
        state=state,
        form=filled,
        kinds=kinds_for(_reach(row)),
        overlaps=OVERLAP_HOURS,
        hours=REPLAY_HOURS,
        area=area,
        may_change=_may(row.store_id),
        problem=say(error) if error and not filled.faults else None,
        has_errors=bool(filled.faults),
        now=clock.now(),
        **entered.frame,
    )
    return make_response(page, error.status if error else 200)


def _form(area: Area, form: Form, error: PortalError | None = None) -> ResponseReturnValue:
    with reading() as session:
        entered = area.enter(session, None)
    if entered is None:
        return area.closed()
    form.faults = faults_of(error)
    page = render_template(
        "desk/webhooks/new.html",
        form=form,
        kinds=kinds_for(Owner(store_id=entered.store_id).reach),
        area=area,
        store_arg=entered.store_arg,
        channel_views=channel_directory().channels,
        problem=say(error) if error and not form.faults else None,
        has_errors=bool(form.faults),
        **entered.frame,
    )
    return page, error.status if error else 200


def _show_secret(area: Area, endpoint_id: uuid.UUID, secret: str) -> ResponseReturnValue:
    row, entered = _find(area, endpoint_id)
    page = render_template("desk/webhooks/secret.html", row=row, secret=secret, area=area, **entered.frame)
    return make_response(page, 200, {"Cache-Control": "no-store"})


def _reach(row: EndpointRow) -> Reach:
    return Owner(row.store_id, row.user_id).reach


def _may(store_id: int | None) -> bool:
    return may(current_actor(), Permission.WEBHOOK_MANAGE, store_id=store_id)


def _version() -> int | None:
    typed = request.form.get("version", "")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 9 else -1
