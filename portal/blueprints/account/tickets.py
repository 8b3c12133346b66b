"""One's tickets: opened, read, answered, called solved (ORD-08)."""

from __future__ import annotations

import uuid

from flask import flash, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.blueprints.access import NotFoundError, requires
from portal.blueprints.account.blueprint import bp
from portal.blueprints.account.own import own_id
from portal.blueprints.checkout.words import say
from portal.blueprints.desk import choice_arg
from portal.blueprints.identity import current_actor, current_channel, current_locale
from portal.blueprints.ticket_words import kind_options, kind_word, story, thing_word
from portal.blueprints.uploads import ACCEPT, file_answer, read_files, takes_files
from portal.blueprints.velocity import count_act
from portal.db import atomically, reading
from portal.htmx import done, page_or_partial
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.kit.ids import new_token
from portal.queries.ticket_things import things_of_buyer
from portal.queries.tickets import TicketDetail, TicketFilter, TicketView, list_tickets, load_file, load_ticket
from portal.rules.permissions import Permission
from portal.rules.tickets import Side
from portal.services.accounts.throttle import TALK
from portal.services.tickets.keep_message import Words
from portal.services.tickets.move_ticket import move_ticket
from portal.services.tickets.open_ticket import Matter, open_ticket
from portal.services.tickets.write_message import write_message

VIEWS = (TicketView.OPEN, TicketView.ANSWERED, TicketView.SOLVED, TicketView.ALL)
ROWS = 20


@bp.get("/account/tickets")
@requires(Permission.TICKET_WRITE)
def tickets() -> ResponseReturnValue:
    """The open ones first."""
    view = TicketView(choice_arg("view", set(VIEWS)) or TicketView.OPEN)
    chosen = TicketFilter(view, buyer_id=own_id(), limit=ROWS)
    with reading() as session:
        found = list_tickets(session, chosen=chosen, cursor=request.args.get("cursor"))
    names = {
        TicketView.OPEN: _("Open"),
        TicketView.ANSWERED: _("Answered"),
        TicketView.SOLVED: _("Solved"),
        TicketView.ALL: _("All"),
    }
    return page_or_partial(
        "account/tickets/index.html",
        {"tickets": "account/tickets/_list.html"},
        found=found,
        views=[
            {"label": name, "href": url_for(".tickets", view=one.value), "current": one is view}
            for one, name in names.items()
        ],
        kind_word=kind_word,
    )


@bp.get("/account/tickets/new")
@requires(Permission.TICKET_WRITE)
def new_ticket() -> ResponseReturnValue:
    """The form; an order's page fills in what it is about."""
    return _form()


@bp.post("/account/tickets")
@takes_files
@requires(Permission.TICKET_WRITE)
def create_ticket() -> ResponseReturnValue:
    """Open one."""
    given, actor, now = request.form, current_actor(), clock.now()
    try:
        count_act(TALK)
        words = Words(given.get("key", ""), given.get("text", ""), read_files())
        matter = Matter(given.get("kind", ""), given.get("about", ""), words)
        number = atomically(
            lambda s: open_ticket(
                s, matter=matter, actor=actor, channel_id=current_channel().id, locale=current_locale(), now=now
            )
        )
    except PortalError as error:
        return _form(error)
    flash(_("Your ticket is sent. You get an answer here and by mail, usually within one working day."), "success")
    return done(location=url_for(".ticket", number=number))


@bp.get("/account/tickets/<number>")
@requires(Permission.TICKET_WRITE)
def ticket(number: str) -> ResponseReturnValue:
    """What was said, and the form for more."""
    return _page(_own(number))


@bp.post("/account/tickets/<number>/messages")
@takes_files
@requires(Permission.TICKET_WRITE)
def ticket_message(number: str) -> ResponseReturnValue:
    """Say something."""
    found, actor, now = _own(number), current_actor(), clock.now()
    try:
        count_act(TALK)
        words = Words(request.form.get("key", ""), request.form.get("text", ""), read_files())
        atomically(
            lambda s: write_message(s, ticket_id=found.row.id, side=Side.BUYER, words=words, actor=actor, now=now)
        )
    except PortalError as error:
        return _page(_own(number), error)
    return done(location=url_for(".ticket", number=found.row.number))


@bp.post("/account/tickets/<number>/solution")
@requires(Permission.TICKET_WRITE)
def ticket_solution(number: str) -> ResponseReturnValue:
    """Say that it is solved."""
    found, actor, now = _own(number), current_actor(), clock.now()
    try:
        atomically(
            lambda s: move_ticket(s, ticket_id=found.row.id, side=Side.BUYER, state="solved", actor=actor, now=now)
        )
    except PortalError as error:
        return _page(_own(number), error)
    flash(_("Good. If something comes up, write in it again."), "success")
    return done(location=url_for(".ticket", number=found.row.number))


@bp.get("/account/tickets/<number>/files/<uuid:file_id>")
@requires(Permission.TICKET_WRITE)
def ticket_file(number: str, file_id: uuid.UUID) -> ResponseReturnValue:
    """A file of one's own ticket."""
    found = _own(number)
    with reading() as session:
        file = load_file(session, ticket_id=found.row.id, file_id=file_id, with_notes=False)
    if file is None:
        raise NotFoundError
    return file_answer(file.name, file.kind, file.content)


def _own(number: str) -> TicketDetail:
    """One's own ticket; anybody else's is as if it were not there."""
    with reading() as session:
        found = load_ticket(session, number=number.upper(), with_notes=False)
    if found is None or found.row.buyer_id != own_id():
        raise NotFoundError
    return found


def _form(error: PortalError | None = None) -> ResponseReturnValue:
    given = request.form if error else request.args
    with reading() as session:
        things = things_of_buyer(session, buyer_id=own_id())
    field = getattr(error, "field", None)
    page = render_template(
        "account/tickets/new.html",
        kinds=kind_options(),
        things=[(str(thing.about), thing_word(thing)) for thing in things],
        given=given,
        key=request.form.get("key") or new_token(),
        accept=ACCEPT,
        faults={field or ("files" if error.code.startswith(("file", "too_many")) else "form"): say(error)}
        if error
        else {},
    )
    return make_response(page, error.status if error else 200)


def _page(found: TicketDetail, error: PortalError | None = None) -> ResponseReturnValue:
    page = page_or_partial(
        "account/tickets/show.html",
        {"ticket-story": "account/tickets/_story.html"},
        ticket=found.row,
        thing=found.thing and thing_word(found.thing),
        entries=story(found, Side.BUYER),
        kind_word=kind_word,
        key=request.form.get("key") or new_token(),
        text=request.form.get("text", "") if error else "",
        problem=say(error) if error else None,
        accept=ACCEPT,
        file_href=lambda file: url_for(".ticket_file", number=found.row.number, file_id=file.id),
    )
    return make_response(page, error.status if error else 200)
