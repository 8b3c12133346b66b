"""Send back, exchange, or claim a parcel: the buyer's form, his cases, and the label (ORD-005, B27)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Response, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from portal import formatting
from portal.blueprints.access import NotFoundError, requires
from portal.blueprints.account.orders.views import bp, own_order
from portal.blueprints.checkout.words import say
from portal.blueprints.context import translated
from portal.blueprints.identity import current_actor
from portal.blueprints.refund_words import plan_rows, reason_word, side_effects
from portal.blueprints.return_labels import HAS_LABEL, label_of, picture_of
from portal.blueprints.return_words import counts_text, events_of, kind_word, options_text, wish_word
from portal.blueprints.seller.fulfil_words import ship_form
from portal.blueprints.uploads import ACCEPT_PICTURES, read_files, takes_files
from portal.db import atomically, reading
from portal.htmx import done, page_or_partial
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.kit.file_kinds import PICTURES
from portal.kit.ids import new_token
from portal.queries.orders import OrderPartView, OrderView, load_parts
from portal.queries.refund_facts import Refundable, load_refundable, units_to_return
from portal.queries.return_lists import ReturnQueue, list_returns
from portal.queries.returns import ReturnView, find_return, options_of_lines
from portal.queries.shipments import shipments_of_order
from portal.rules.permissions import Permission
from portal.rules.refund_order import LineFacts
from portal.rules.refund_policy import REASONS, Party, refusal_of
from portal.rules.returns import CLAIM_REASONS, SENT, ReturnKind, Wish, return_reasons, way_back
from portal.services.returns.decide_return import withdraw_return
from portal.services.returns.receive_return import note_sent
from portal.services.returns.refund_units import plan_units
from portal.services.returns.request_return import ReturnRequest, request_return

UNITS_MAX = 100_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the form asks for, as it was typed."""

    kind: ReturnKind
    part_id: uuid.UUID | None
    units: Mapping[uuid.UUID, int]
    variants: Mapping[uuid.UUID, int]
    shipment_id: uuid.UUID | None
    reason: str
    wish: Wish
    note: str


@bp.get("/orders/<number>/returns/new")
@requires(Permission.REFUND_HANDLE)
def new_return(number: str) -> ResponseReturnValue:
    """What can be sent back, why, who pays for it, and what comes back for it; a change of the form asks anew."""
    order = own_order(number)
    partial = {"return-plan": "orders/_return_plan.html"}
    return page_or_partial("orders/return_new.html", partial, **_form(order, _wanted(request.args)))


@bp.post("/orders/<number>/returns")
@requires(Permission.REFUND_HANDLE)
@takes_files
def create_return(number: str) -> ResponseReturnValue:
    """Ask for it; what stands against it is said on the form, with everything that was typed."""
    order, wanted = own_order(number), _wanted(request.form)
    asked = ReturnRequest(
        key=request.form.get("key", ""),
        kind=wanted.kind,
        units=wanted.units,
        reason=wanted.reason,
        note=wanted.note,
        wish=wanted.wish,
        variants=wanted.variants,
        shipment_id=wanted.shipment_id,
    )
    actor, now = current_actor(), clock.now()
    try:
        # Made safe before anything is locked.
        pictures = read_files("pictures", taken=PICTURES)
        made = atomically(
            lambda s: request_return(
                s, actor=actor, party=Party.BUYER, order_id=order.id, request=asked, pictures=pictures, now=now
            )
        )
    except PortalError as error:
        return render_template("orders/return_new.html", **_form(order, wanted, error=error)), error.status
    if not made.is_repeat:
        flash(gettext("Your request was sent. You hear as soon as the store has answered."), "success")
    return done(location=url_for(".show_return", code=made.number))


@bp.get("/returns")
@requires(Permission.REFUND_HANDLE)
def returns() -> ResponseReturnValue:
    """All of one's cases, the newest first."""
    with reading() as session:
        found = list_returns(
            session,
            queue=ReturnQueue.ALL,
            now=clock.now(),
            buyer_id=current_actor().user_id,
            cursor=request.args.get("cursor"),
        )
    return page_or_partial("orders/returns.html", {"returns": "orders/_returns_list.html"}, found=found, **_words())


@bp.get("/returns/<code>")
@requires(Permission.REFUND_HANDLE)
def show_return(code: str) -> ResponseReturnValue:
    """One case: where it stands and what is next."""
    return _page(_own(code))


@bp.get("/returns/<code>/label.pdf")
@requires(Permission.REFUND_HANDLE)
def return_label(code: str) -> Response:
    """The label to print."""
    return label_of(_own(code))


@bp.get("/returns/<code>/pictures/<uuid:picture_id>")
@requires(Permission.REFUND_HANDLE)
def return_picture(code: str, picture_id: uuid.UUID) -> Response:
    """A picture that was sent along."""
    return picture_of(_own(code).id, picture_id)


@bp.post("/returns/<code>/withdrawal")
@requires(Permission.REFUND_HANDLE)
def withdraw_request(code: str) -> ResponseReturnValue:
    """Keep the goods after all."""
    case, actor, now = _own(code), current_actor(), clock.now()
    try:
        atomically(lambda s: withdraw_return(s, return_id=case.id, actor=actor, now=now))
    except PortalError as error:
        return _page(_own(code), error)
    return done(location=url_for(".show_return", code=case.number))


@bp.post("/returns/<code>/shipment")
@requires(Permission.REFUND_HANDLE)
def send_return(code: str) -> ResponseReturnValue:
    """Say with whom it was sent."""
    case, actor, now = _own(code), current_actor(), clock.now()
    carrier, number = request.form.get("carrier", ""), request.form.get("number", "")
    try:
        atomically(lambda s: note_sent(s, return_id=case.id, carrier=carrier, number=number, actor=actor, now=now))
    except PortalError as error:
        return _page(_own(code), error)
    flash(gettext("Thank you. The store knows that it is on its way."), "success")
    return done(location=url_for(".show_return", code=case.number))


def _own(code: str) -> ReturnView:
    user_id = current_actor().user_id
    assert user_id is not None  # The permission is a signed-in person's.
    with reading() as session:
        case = find_return(session, number=code, buyer_id=user_id)
    if case is None:
        raise NotFoundError
    return case


def _words() -> dict[str, Any]:
    return {
        "kind_word": kind_word,
        "wish_word": wish_word,
        "counts_text": counts_text,
        "options_text": options_text,
        "reason_word": reason_word,
    }


def _page(case: ReturnView, error: PortalError | None = None) -> ResponseReturnValue:
    typed = {name: request.form.get(name, "")[:100] for name in ("carrier", "number")} if error else None
    page = render_template(
        "orders/return_show.html",
        case=case,
        events=events_of(case),
        has_label=case.status in HAS_LABEL,
        ship_form=ship_form(None, typed),
        problem=say(error) if error else None,
        **_words(),
    )
    return page, error.status if error else 200


def _wanted(given: MultiDict[str, str]) -> Wanted:
    kind = given.get("kind", "")
    units: dict[uuid.UUID, int] = {}
    variants: dict[uuid.UUID, int] = {}
    for name, value in given.items():
        field, _dash, rest = name.partition("-")
        line_id = _id(rest) if field in {"units", "variant"} else None
        if line_id is None or not (value.isascii() and value.isdigit()):
            continue
        if field == "units":
            units[line_id] = min(int(value), UNITS_MAX)
        else:
            variants[line_id] = min(int(value), 2**62)
    return Wanted(
        kind=ReturnKind(kind) if kind in set(ReturnKind) else ReturnKind.RETURN,
        part_id=_id(given.get("part", "")),
        units=units,
        variants=variants,
        shipment_id=_id(given.get("parcel", "")),
        reason=given.get("reason", ""),
        wish=Wish.RESEND if given.get("wish") == Wish.RESEND else Wish.REFUND,
        note=given.get("note", ""),
    )


def _id(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def _form(order: OrderView, wanted: Wanted, *, error: PortalError | None = None) -> dict[str, Any]:
    now = clock.now()
    with reading() as session:
        known = load_refundable(session, order_id=order.id, now=now)
        assert known is not None
        parts = {one.id: one for one in load_parts(session, order_id=order.id)}
        parcels = shipments_of_order(session, order_id=order.id)
        options = options_of_lines(session, line_ids=[line.id for line in known.facts.lines])
    open_parts = [one for one in parts.values() if known.parts[one.id].status in SENT]
    if not open_parts:
        raise NotFoundError
    part = parts.get(wanted.part_id) if wanted.part_id in {one.id for one in open_parts} else open_parts[0]
    assert part is not None
    lines = [line for line in known.facts.lines if line.part_id == part.id]
    is_claim = wanted.kind is ReturnKind.CLAIM
    policies = [known.policies[line.id] for line in lines]
    codes = CLAIM_REASONS if is_claim else return_reasons(policies)
    reason = wanted.reason if wanted.reason in codes else (codes[0] if codes else "")
    shown = [_line(known, line, part, wanted, reason, options) for line in lines]
    chosen = {one["line"].id: one["units"] for one in shown if one["units"] and not one["refused"]}
    return {
        "order": order,
        "wanted": wanted,
        "part": part,
        "parts": [
            {
                "name": translated(dict(one.store_name)),
                "href": url_for(".new_return", number=order.number, kind=wanted.kind.value, part=one.id),
                "current": one.id == part.id,
            }
            for one in open_parts
        ],
        "kinds": [
            {
                "label": label,
                "href": url_for(".new_return", number=order.number, kind=kind.value, part=part.id),
                "current": kind is wanted.kind,
            }
            for kind, label in (
                (ReturnKind.RETURN, gettext("Send back")),
                (ReturnKind.EXCHANGE, gettext("Exchange")),
                (ReturnKind.CLAIM, gettext("Lost or damaged parcel")),
            )
        ],
        "lines": shown,
        "parcels": [
            (str(one.id), f"{gettext(one.carrier_name)} {one.tracking_number}")
            for one in parcels
            if one.part_id == part.id
        ],
        "reasons": [(code, reason_word(code)) for code in codes],
        "reason": reason,
        "way_back": way_back(policies, reason) if reason and not is_claim else "nobody",
        "is_claim": is_claim,
        "error": say(error) if error else None,
        "accept": ACCEPT_PICTURES,
        "key": request.form.get("key") or new_token(),
        **_preview(order, known, wanted, part.id, reason, chosen),
        **_words(),
    }


def _line(
    known: Refundable, line: LineFacts, part: OrderPartView, wanted: Wanted, reason: str, options: Mapping[Any, Any]
) -> dict[str, Any]:
    """A line with how many can be sent back, how many are wanted back, and what keeps it from that."""
    left = units_to_return(known, line)
    item = next(one for one in part.lines if one.id == line.id)
    state = known.parts[part.id]
    refusal = refusal_of(
        known.policies[line.id],
        part_status=state.status,
        shipped_at=state.shipped_at,
        delivered_at=state.delivered_at,
        sellers_fault=bool(reason) and REASONS[reason][1],
        party=Party.BUYER,
        now=clock.now(),
    )
    refused = say(refusal) if refusal else None
    choices = options.get(line.id, [])
    if wanted.kind is ReturnKind.EXCHANGE and not refused:
        if not known.policies[line.id].exchangeable:
            refused = gettext("Goods of this kind are not exchanged. You can send them back instead.")
        elif not any(one.left for one in choices):
            refused = gettext("There is no other option of it at the same price now.")
    if not left and not refused:
        refused = gettext("Nothing of it is left to be sent back.")
    return {
        "line": item,
        "left": left,
        "units": min(wanted.units.get(line.id, 0), left),
        "refused": refused,
        "choices": [(one.variant_id, options_text(one.options), one.left) for one in choices],
        "choice": wanted.variants.get(line.id),
    }


def _preview(
    order: OrderView,
    known: Refundable,
    wanted: Wanted,
    part_id: uuid.UUID,
    reason: str,
    chosen: Mapping[uuid.UUID, int],
) -> dict[str, Any]:
    """What comes back when the store takes all of it; nothing where something goes out instead."""
    money = wanted.kind is ReturnKind.RETURN or (wanted.kind is ReturnKind.CLAIM and wanted.wish is Wish.REFUND)
    if not chosen or not money or not reason:
        return {"rows": [], "effects": [], "total": "", "chosen": sum(chosen.values()), "money": money}
    plan = plan_units(known, chosen, part_id=part_id, reason=reason, otherwise="deposit", now=clock.now())
    card = order.attempt.card if order.attempt else None
    return {
        "rows": plan_rows(plan, order.method, card),
        "effects": side_effects(plan),
        "total": formatting.money(plan.total_minor, order.currency),
        "chosen": sum(chosen.values()),
        "money": money,
    }
