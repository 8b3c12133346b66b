"""The inbox of tickets, which the desks of stores and of the mall share: lists, one ticket, answers, notes, moves."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from flask import Blueprint, flash, make_response, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal.blueprints.access import NotFoundError
from portal.blueprints.checkout.words import say
from portal.blueprints.desk import choice_arg, requires_in, text_arg
from portal.blueprints.identity import current_actor
from portal.blueprints.saved_views import Inbox, offer, opens_with, views_for
from portal.blueprints.ticket_words import kind_options, kind_word, story, thing_word
from portal.blueprints.uploads import ACCEPT, file_answer, read_files, takes_files
from portal.db import atomically, reading, transaction
from portal.htmx import done, page_or_partial
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.kit.ids import new_token
from portal.queries.tickets import (
    TicketDetail,
    TicketFilter,
    TicketView,
    answerers,
    count_tickets,
    list_tickets,
    load_file,
    load_ticket,
)
from portal.rules.permissions import Permission, Scope, may
from portal.rules.tickets import Side, TicketKind
from portal.services.accounts.view_user import view_user
from portal.services.notifications.notify_ticket import SUPPORT_ROLES
from portal.services.tickets.give_ticket import give_ticket, pass_ticket
from portal.services.tickets.keep_message import Words
from portal.services.tickets.lock_ticket import TicketChangedError, speaks_for
from portal.services.tickets.move_ticket import MOVES, move_ticket
from portal.services.tickets.write_message import write_message, write_note

VIEWS = tuple(view for view in TicketView if view is not TicketView.OPEN)
COUNTED = [TicketView.WAITING, TicketView.LATE, TicketView.MINE, TicketView.ANSWERED, TicketView.SOLVED]
LIST_ARGS = ("view", "kind", "q", "store")


@dataclass(frozen=True, slots=True)
class Entered:
    """A desk that was opened: whose tickets, and what stands around its pages. `store_id` None is the mall's."""

    store_id: int | None
    frame: Mapping[str, Any]
    store_arg: str | None = None


@dataclass(frozen=True, slots=True)
class Area:
    """A desk before it is opened. `enter` takes the store of a ticket, or None for the one in the address."""

    blueprint: str
    side: Side
    scope: Scope
    enter: Callable[[Session, int | None], Entered | None]
    closed: Callable[[], ResponseReturnValue]

    def to(self, name: str, **values: Any) -> str:
        return url_for(f"{self.blueprint}.{name}", **values)


def hang(bp: Blueprint, area: Area) -> None:
    """Give a desk its routes."""
    offer(_inbox(area))
    path = "/tickets/<uuid:ticket_id>"
    for rule, name, view, permission, method in (
        ("/tickets", "tickets", index, Permission.TICKET_VIEW, "GET"),
        (path, "ticket", show, Permission.TICKET_VIEW, "GET"),
        (f"{path}/files/<uuid:file_id>", "ticket_file", file_of, Permission.TICKET_VIEW, "GET"),
        (f"{path}/messages", "ticket_message", write, Permission.TICKET_ANSWER, "POST"),
        (f"{path}/state", "ticket_state", move, Permission.TICKET_ANSWER, "POST"),
        (f"{path}/assignee", "ticket_assignee", give, Permission.TICKET_ANSWER, "POST"),
        (f"{path}/addressee", "ticket_addressee", pass_on, Permission.TICKET_ANSWER, "POST"),
    ):
        guarded = requires_in(permission, area.scope)(partial(view, area))
        bp.add_url_rule(rule, name, takes_files(guarded) if view is write else guarded, methods=[method])


def _filter(store_id: int | None) -> TicketFilter:
    words = text_arg("q")
    view = TicketView(choice_arg("view", set(VIEWS)) or (TicketView.ALL if words else TicketView.WAITING))
    kind = choice_arg("kind", set(TicketKind))
    return TicketFilter(view, store_id=store_id, kind=kind, assignee_id=current_actor().user_id, search=words)


def _inbox(area: Area) -> Inbox:
    return Inbox(
        f"{area.blueprint}.tickets",
        Permission.TICKET_VIEW,
        area.scope,
        ("view", "kind", "q"),
        lambda session, store_id: list_tickets(session, chosen=_filter(store_id)),
    )


def index(area: Area) -> ResponseReturnValue:
    """The inbox: what waits for an answer, the next due first."""
    with reading() as session:
        entered = area.enter(session, None)
        if entered is None:
            return area.closed()
        chosen = _filter(entered.store_id)
        views = views_for(session, _inbox(area), store_id=entered.store_id)
        found = list_tickets(session, chosen=chosen, cursor=request.args.get("cursor"))
        counts = count_tickets(session, chosen=chosen, views=COUNTED)
    if (there := opens_with(views)) is not None:
        return there
    view, kind, words = chosen.view, chosen.kind, chosen.search
    args = _list_args()
    chips = [(kind_word(kind), area.to("tickets", **{**args, "kind": None}))] if kind else []
    if words:
        chips.append((_("Search: %(words)s", words=words), area.to("tickets", **{**args, "q": None})))
    return page_or_partial(
        "desk/tickets/index.html",
        {"tickets": "desk/tickets/_list.html"},
        views=views,
        found=found,
        view=view.value,
        tabs=[
            {
                "label": name,
                "href": area.to("tickets", view=one.value, store=entered.store_arg),
                "current": one is view,
                "count": counts.get(one),
            }
            for one, name in _names().items()
        ],
        kinds=[("", _("Any")), *kind_options()],
        kind=kind,
        chips=chips,
        clear_href=area.to("tickets", view=view.value, store=entered.store_arg),
        query=words,
        area=area,
        list_args=args,
        store_arg=entered.store_arg,
        kind_word=kind_word,
        now=clock.now(),
        **entered.frame,
    )


def show(area: Area, ticket_id: uuid.UUID) -> ResponseReturnValue:
    """One ticket. It names its buyer: that the mall looked is recorded."""
    return _page(area, ticket_id)


def write(area: Area, ticket_id: uuid.UUID) -> ResponseReturnValue:
    """Answer, answer and call it solved, or keep a note."""
    given, actor, now = request.form, current_actor(), clock.now()
    act = given.get("act", "answer")
    try:
        words = Words(given.get("key", ""), given.get("text", ""), read_files())
        if act == "note":
            atomically(lambda s: write_note(s, ticket_id=ticket_id, side=area.side, words=words, actor=actor, now=now))
        else:
            atomically(
                lambda s: write_message(
                    s,
                    ticket_id=ticket_id,
                    side=area.side,
                    words=words,
                    actor=actor,
                    now=now,
                    version=_version(),
                    solves=act == "solve",
                )
            )
    except PortalError as error:
        return _page(area, ticket_id, error)
    flash(_("The note is kept.") if act == "note" else _("The answer is sent."), "toast")
    return done(location=area.to("ticket", ticket_id=ticket_id, **_list_args()))


def move(area: Area, ticket_id: uuid.UUID) -> ResponseReturnValue:
    """Call it solved, close it, open it again."""
    state = request.form.get("state", "")
    if state not in MOVES:
        raise NotFoundError
    return _act(
        area,
        ticket_id,
        lambda s, **who: move_ticket(s, state=state, **who),
        {"solved": _("Solved."), "closed": _("Closed."), "reopened": _("Open again.")}[state],
    )


def give(area: Area, ticket_id: uuid.UUID) -> ResponseReturnValue:
    """Give it to a colleague, to oneself, or back to all."""
    chosen = request.form.get("assignee", "")
    try:
        assignee_id = uuid.UUID(chosen) if chosen else None
    except ValueError:
        raise NotFoundError from None
    told = _("Given.") if assignee_id else _("Everybody can take it now.")
    return _act(area, ticket_id, lambda s, **who: give_ticket(s, assignee_id=assignee_id, **who), told)


def pass_on(area: Area, ticket_id: uuid.UUID) -> ResponseReturnValue:
    """Let the mall answer, or the store."""
    to_mall = request.form.get("to") == "mall"
    told = _("The mall answers it now.") if to_mall else _("The store answers it now.")
    return _act(area, ticket_id, lambda s, **who: pass_ticket(s, to_mall=to_mall, **who), told)


def file_of(area: Area, ticket_id: uuid.UUID, file_id: uuid.UUID) -> ResponseReturnValue:
    """A file that came with a message."""
    with reading() as session:
        _load(session, area, ticket_id)
        file = load_file(session, ticket_id=ticket_id, file_id=file_id, with_notes=True)
    if file is None:
        raise NotFoundError
    return file_answer(file.name, file.kind, file.content)


def _act(area: Area, ticket_id: uuid.UUID, work: Callable[..., None], told: str) -> ResponseReturnValue:
    who = {
        "ticket_id": ticket_id,
        "side": area.side,
        "actor": current_actor(),
        "now": clock.now(),
        "version": _version(),
    }
    try:
        atomically(lambda s: work(s, **who))
    except PortalError as error:
        return _page(area, ticket_id, error)
    flash(told, "toast")
    return done(location=area.to("ticket", ticket_id=ticket_id, **_list_args()))


def _load(session: Session, area: Area, ticket_id: uuid.UUID) -> TicketDetail:
    found = load_ticket(session, ticket_id=ticket_id, with_notes=True)
    row = found.row if found else None
    if row is None or not speaks_for(
        current_actor(), area.side, Permission.TICKET_VIEW, buyer_id=row.buyer_id, store_id=row.store_id
    ):
        raise NotFoundError
    assert found is not None
    return found


def _page(area: Area, ticket_id: uuid.UUID, error: PortalError | None = None) -> ResponseReturnValue:
    actor = current_actor()
    with transaction() as session:
        found = _load(session, area, ticket_id)
        row = found.row
        entered = area.enter(session, row.store_id if area.side is Side.STORE else None)
        if entered is None:
            raise NotFoundError
        if area.side is Side.MALL and may(actor, Permission.USER_VIEW, owner_id=row.buyer_id):
            view_user(session, user_id=row.buyer_id, what=f"ticket:{row.id}", actor=actor, now=clock.now())
        store_id = None if row.with_mall else row.store_id
        people = answerers(session, store_id=store_id, roles=SUPPORT_ROLES)
    answers_now = area.side is Side.MALL or not row.with_mall
    may_answer = may(actor, Permission.TICKET_ANSWER, store_id=row.store_id)
    page = page_or_partial(
        "desk/tickets/show.html",
        {"ticket-story": "desk/tickets/_story.html"},
        ticket=row,
        detail=found,
        thing=found.thing and thing_word(found.thing),
        order_href=_order_href(area, found),
        entries=story(found, area.side),
        kind_word=kind_word,
        people=people,
        own_id=actor.user_id,
        answers_now=answers_now and may_answer,
        may_note=may_answer and row.state != "closed",
        area=area,
        list_args=_list_args(),
        key=new_token() if isinstance(error, TicketChangedError) else request.form.get("key") or new_token(),
        text=request.form.get("text", "") if error else "",
        problem=say(error) if error else None,
        accept=ACCEPT,
        now=clock.now(),
        file_href=lambda file: area.to("ticket_file", ticket_id=row.id, file_id=file.id),
        **entered.frame,
    )
    return make_response(page, error.status if error else 200)


def _order_href(area: Area, found: TicketDetail) -> str | None:
    if area.side is Side.STORE:
        return area.to("order", part_id=found.part_id) if found.part_id else None
    return area.to("order", number=found.row.order_number) if found.row.order_number else None


def _names() -> Mapping[TicketView, str]:
    return {
        TicketView.WAITING: _("Waiting for an answer"),
        TicketView.LATE: _("Late"),
        TicketView.MINE: _("Mine"),
        TicketView.ANSWERED: _("Answered"),
        TicketView.SOLVED: _("Solved"),
        TicketView.CLOSED: _("Closed"),
        TicketView.ALL: _("All"),
    }


def _list_args() -> dict[str, Any]:
    return {name: request.args[name] for name in LIST_ARGS if request.args.get(name)}


def _version() -> int | None:
    typed = request.form.get("version", "")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 9 else None
