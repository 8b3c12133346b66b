"""Returns on the desks of stores and administrators: queues, one case, and every step that is theirs (S01, ORD-005)."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from flask import Blueprint, Response, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal.blueprints.access import NotFoundError
from portal.blueprints.desk import choice_arg, requires_in, text_arg
from portal.blueprints.identity import current_actor
from portal.blueprints.refund_words import reason_word
from portal.blueprints.return_labels import HAS_LABEL, label_of, picture_of
from portal.blueprints.return_words import (
    CONDITIONS,
    condition_word,
    counts_text,
    events_of,
    kind_word,
    options_text,
    queue_names,
    wish_word,
)
from portal.blueprints.saved_views import Inbox, offer, opens_with, views_for
from portal.blueprints.seller.fulfil_words import problem_text, ship_form
from portal.db import atomically, reading
from portal.htmx import done, page_or_partial
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.queries.return_lists import ReturnQueue, count_returns, list_returns
from portal.queries.returns import ReturnView, last_return_address, load_return
from portal.queries.shipments import last_carrier
from portal.rules.permissions import Permission, Scope, may, scopes_of
from portal.rules.returns import Condition, Verdict
from portal.services.returns.decide_return import approve_return, refuse_return
from portal.services.returns.inspect_return import inspect_return
from portal.services.returns.receive_return import receive_return
from portal.services.returns.refund_units import restocking_of
from portal.services.returns.settle_return import send_rejected, send_replacement, settle_claim

COUNTED = (
    ReturnQueue.WAITING,
    ReturnQueue.COMING,
    ReturnQueue.ARRIVED,
    ReturnQueue.TO_SEND,
    ReturnQueue.CLAIMS,
    ReturnQueue.LATE,
)
TYPED_MAX = 1000
UNITS_MAX = 100_000
# No number that is of use has more; int() refuses thousands of them.
DIGITS_MAX = 19
Frame = Callable[[Session, int | None], tuple[dict[str, Any], int | None] | None]


@dataclass(frozen=True)
class ReturnsDesk:
    """A desk: its blueprint's name, how far its people's permission reaches, and what stands around its pages.

    `frame` gives that, with the store to whose cases a list is narrowed; None for somebody without a store.
    """

    name: str
    scope: Scope
    frame: Frame

    @property
    def permission(self) -> Permission:
        """What opens it: in a store also who only receives what comes back."""
        return Permission.REFUND_HANDLE if self.scope is Scope.ALL else Permission.RETURN_RECEIVE

    def url(self, endpoint: str, **values: Any) -> str:
        return url_for(f"{self.name}.{endpoint}", **values)


def hang(bp: Blueprint, desk: ReturnsDesk) -> None:
    """Hang the pages onto a desk's blueprint."""
    offer(_inbox(desk))
    guard = requires_in(desk.permission, desk.scope)

    @guard
    def returns() -> ResponseReturnValue:
        return _index(desk)

    @guard
    def return_(return_id: uuid.UUID) -> ResponseReturnValue:
        return _page(desk, return_id)

    @guard
    def return_label(return_id: uuid.UUID) -> Response:
        return label_of(_load(desk, return_id))

    @guard
    def return_picture(return_id: uuid.UUID, picture_id: uuid.UUID) -> Response:
        return picture_of(_load(desk, return_id).id, picture_id)

    @guard
    def return_step(return_id: uuid.UUID, step: str) -> ResponseReturnValue:
        return _step(desk, return_id, step)

    bp.add_url_rule("/returns", "returns", returns)
    bp.add_url_rule("/returns/<uuid:return_id>", "return", return_)
    bp.add_url_rule("/returns/<uuid:return_id>/label.pdf", "return_label", return_label)
    bp.add_url_rule("/returns/<uuid:return_id>/pictures/<uuid:picture_id>", "return_picture", return_picture)
    steps = "any({})".format(", ".join(f'"{step}"' for step in STEPS))
    bp.add_url_rule(f"/returns/<uuid:return_id>/<{steps}:step>", "return_step", return_step, methods=["POST"])


def _queue() -> ReturnQueue:
    return ReturnQueue(
        choice_arg("queue", set(ReturnQueue)) or (ReturnQueue.ALL if text_arg("q") else ReturnQueue.WAITING)
    )


def _inbox(desk: ReturnsDesk) -> Inbox:
    return Inbox(
        f"{desk.name}.returns",
        desk.permission,
        desk.scope,
        ("queue", "q"),
        lambda session, store_id: list_returns(
            session, queue=_queue(), now=clock.now(), store_id=store_id, search=text_arg("q")
        ),
    )


def _index(desk: ReturnsDesk) -> ResponseReturnValue:
    now, search, chosen = clock.now(), text_arg("q"), _queue()
    with reading() as session:
        framed = desk.frame(session, None)
        if framed is None:
            raise NotFoundError
        frame, store_id = framed
        views = views_for(session, _inbox(desk), store_id=store_id)
        found = list_returns(
            session,
            queue=chosen,
            now=now,
            store_id=store_id,
            search=search,
            cursor=request.args.get("cursor"),
        )
        counts = count_returns(session, queues=COUNTED, now=now, store_id=store_id)
    if (there := opens_with(views)) is not None:
        return there
    store = request.args.get("store")
    tabs = [
        {
            "label": name,
            "href": desk.url("returns", queue=queue.value, store=store),
            "current": queue is chosen,
            "count": counts.get(queue),
        }
        for queue, name in queue_names().items()
    ]
    return page_or_partial(
        "desk/returns/index.html",
        {"returns": "desk/returns/_list.html"},
        views=views,
        found=found,
        tabs=tabs,
        query=search,
        queue=chosen.value,
        action=desk.url("returns"),
        show_href=lambda one: desk.url("return", return_id=one.id),
        is_admin=desk.scope is Scope.ALL,
        now=now,
        **_words(),
        **frame,
    )


def _load(desk: ReturnsDesk, return_id: uuid.UUID) -> ReturnView:
    with reading() as session:
        case = load_return(session, return_id=return_id, for_store=desk.scope is not Scope.ALL)
    if case is None or not _reaches(desk, case):
        raise NotFoundError
    return case


def _reaches(desk: ReturnsDesk, case: ReturnView) -> bool:
    actor = current_actor()
    if desk.scope is Scope.ALL:
        return Scope.ALL in scopes_of(actor, Permission.REFUND_HANDLE)
    return case.store_id in actor.store_ids


def _page(desk: ReturnsDesk, return_id: uuid.UUID, error: PortalError | None = None) -> ResponseReturnValue:
    case = _load(desk, return_id)
    typed = {name: value.replace("\0", "")[:TYPED_MAX] for name, value in request.form.items()} if error else {}
    with reading() as session:
        framed = desk.frame(session, case.store_id)
        assert framed is not None
        restocking = restocking_of(session, case=case, now=clock.now())
        carrier = last_carrier(session, store_id=case.store_id)
        address = last_return_address(session, store_id=case.store_id)
        problem = problem_text(session, error) if error else None
    order_href = (
        url_for("admin.order", number=case.order_number)
        if desk.scope is Scope.ALL
        else url_for("seller.order", part_id=case.part_id)
    )
    can_decide = may(current_actor(), Permission.REFUND_HANDLE, store_id=case.store_id)
    refund_href = desk.url("refund", refund_id=case.refund_id) if case.refund_id and can_decide else None
    page = render_template(
        "desk/returns/show.html",
        case=case,
        restocking_minor=restocking,
        events=events_of(case, named=True),
        can_decide=can_decide,
        list_href=desk.url("returns"),
        order_href=order_href,
        refund_href=refund_href,
        label_href=desk.url("return_label", return_id=case.id) if case.status in HAS_LABEL else None,
        picture_href=lambda one: desk.url("return_picture", return_id=case.id, picture_id=one),
        step_href=lambda step: desk.url("return_step", return_id=case.id, step=step),
        ship_form=ship_form(carrier, typed if "number" in typed else None),
        address=typed.get("return_to", address),
        typed=typed,
        problem=problem,
        conditions=[(code, condition_word(code)) for code in CONDITIONS],
        is_admin=desk.scope is Scope.ALL,
        **_words(),
        **framed[0],
    )
    return page, error.status if error else 200


def _words() -> dict[str, Any]:
    return {
        "kind_word": kind_word,
        "wish_word": wish_word,
        "counts_text": counts_text,
        "options_text": options_text,
        "condition_word": condition_word,
        "return_reason": reason_word,
    }


Work = Callable[[Session], object]


def _step(desk: ReturnsDesk, return_id: uuid.UUID, step: str) -> ResponseReturnValue:
    """One step of a case; what stands against it is said on its page, with what was typed."""
    case = _load(desk, return_id)
    form = {name: value.replace("\0", "") for name, value in request.form.items()}
    work, said = STEPS[step](case, form)
    try:
        atomically(work)
    except PortalError as error:
        return _page(desk, return_id, error)
    flash(said, "success")
    return done(location=desk.url("return", return_id=return_id))


def _common(case: ReturnView, form: Mapping[str, str]) -> dict[str, Any]:
    version = form.get("version", "")
    return {
        "return_id": case.id,
        "actor": current_actor(),
        "now": clock.now(),
        "version": int(version) if version.isascii() and version.isdigit() and len(version) < 10 else None,
    }


def _approval(case: ReturnView, form: Mapping[str, str]) -> tuple[Work, str]:
    values = _common(case, form)
    address = form.get("return_to", "")
    return lambda s: approve_return(s, return_to=address, **values), _("You agreed. The buyer has the label.")


def _refusal(case: ReturnView, form: Mapping[str, str]) -> tuple[Work, str]:
    values = _common(case, form)
    answer = form.get("answer", "")
    return lambda s: refuse_return(s, answer=answer, **values), _("You refused. The buyer reads your reason.")


def _receipt(case: ReturnView, form: Mapping[str, str]) -> tuple[Work, str]:
    values = _common(case, form)
    units = {line.line_id: _count(form.get(f"units-{line.line_id}", "0")) for line in case.lines}
    return lambda s: receive_return(s, units=units, **values), _("Received. Now look at each piece.")


def _inspection(case: ReturnView, form: Mapping[str, str]) -> tuple[Work, str]:
    values = _common(case, form)
    verdicts = {}
    for unit in (unit for line in case.lines for unit in line.units if unit.state == "received"):
        said = form.get(f"verdict-{unit.id}")
        if said in {"accepted", "rejected"}:
            condition = form.get(f"condition-{unit.id}", "")
            verdicts[unit.id] = Verdict(
                accepted=said == "accepted",
                condition=Condition(condition) if condition in set(Condition) else None,
                restock=bool(form.get(f"restock-{unit.id}")),
            )
    note = form.get("note", "")
    return lambda s: inspect_return(s, verdicts=verdicts, note=note, **values), _("Decided. The buyer is told.")


def _replacement(case: ReturnView, form: Mapping[str, str]) -> tuple[Work, str]:
    values, (carrier, number) = _common(case, form), _parcel(form)
    return lambda s: send_replacement(s, carrier=carrier, number=number, **values), _(
        "It is on its way. The buyer is told."
    )


def _way_back(case: ReturnView, form: Mapping[str, str]) -> tuple[Work, str]:
    values, (carrier, number) = _common(case, form), _parcel(form)
    return lambda s: send_rejected(s, carrier=carrier, number=number, **values), _(
        "It is on its way. The buyer is told."
    )


def _settlement(case: ReturnView, form: Mapping[str, str]) -> tuple[Work, str]:
    values = _common(case, form)
    liable, note = bool(form.get("carrier_liable")), form.get("note", "")
    outcome: Literal["refund", "resend"] = "resend" if form.get("outcome") == "resend" else "refund"
    said = _("Kept for the buyer. Now send it.") if outcome == "resend" else _("The money goes back.")
    return lambda s: settle_claim(s, outcome=outcome, carrier_liable=liable, note=note, **values), said


def _parcel(form: Mapping[str, str]) -> tuple[str, str]:
    return form.get("carrier", ""), form.get("number", "")


def _count(text: str) -> int:
    text = text.strip()
    return min(int(text[:DIGITS_MAX]), UNITS_MAX) if text.isascii() and text.isdigit() else 0


STEPS: Mapping[str, Callable[[ReturnView, Mapping[str, str]], tuple[Work, str]]] = {
    "approval": _approval,
    "refusal": _refusal,
    "receipt": _receipt,
    "inspection": _inspection,
    "replacement": _replacement,
    "way-back": _way_back,
    "settlement": _settlement,
}
