"""What a buyer's form for returns, exchanges and claims asks, and what comes of each answer (ORD-005, B27)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import request, url_for
from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from portal import formatting
from portal.blueprints.access import NotFoundError
from portal.blueprints.checkout.words import say
from portal.blueprints.context import translated
from portal.blueprints.refund_words import plan_rows, reason_word, restocking_words, side_effects
from portal.blueprints.return_words import counts_text, kind_word, options_text, wish_word
from portal.blueprints.uploads import ACCEPT_PICTURES
from portal.db import reading
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.kit.ids import new_token
from portal.queries.exchange_options import OptionView, options_of_lines, tax_of_lines
from portal.queries.orders import OrderPartView, OrderView, load_parts
from portal.queries.refund_facts import Refundable, load_refundable, units_to_return
from portal.queries.shipments import shipments_of_order
from portal.rules.higher_price import PAY_WITHIN, more_of
from portal.rules.lower_price import Swap, plan_less
from portal.rules.planned_refund import RefundPlan
from portal.rules.refund_order import LineFacts
from portal.rules.refund_policy import REASONS, Party, refusal_of
from portal.rules.returns import CLAIM_REASONS, SENT, ReturnKind, Wish, needs_pictures, return_reasons, way_back
from portal.services.returns.refund_units import plan_units

UNITS_MAX = 100_000
# No number that is of use has more; int() refuses thousands of them.
DIGITS_MAX = 19


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


def return_form_words() -> dict[str, Any]:
    return {
        "kind_word": kind_word,
        "wish_word": wish_word,
        "counts_text": counts_text,
        "options_text": options_text,
        "reason_word": reason_word,
    }


def read_wanted(given: MultiDict[str, str]) -> Wanted:
    kind = given.get("kind", "")
    units: dict[uuid.UUID, int] = {}
    variants: dict[uuid.UUID, int] = {}
    for name, value in given.items():
        field, _dash, rest = name.partition("-")
        line_id = _id(rest) if field in {"units", "variant"} else None
        if line_id is None or not (value.isascii() and value.isdigit()):
            continue
        if field == "units":
            units[line_id] = min(int(value[:DIGITS_MAX]), UNITS_MAX)
        else:
            variants[line_id] = min(int(value[:DIGITS_MAX]), 2**62)
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


def return_form(order: OrderView, wanted: Wanted, *, error: PortalError | None = None) -> dict[str, Any]:
    now = clock.now()
    with reading() as session:
        known = load_refundable(session, order_id=order.id, now=now)
        assert known is not None
        parts = {one.id: one for one in load_parts(session, order_id=order.id)}
        parcels = shipments_of_order(session, order_id=order.id)
        options = options_of_lines(
            session, line_ids=[line.id for line in known.facts.lines], any_price=True, others=True
        )
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
        "needs_pictures": bool(reason) and needs_pictures(policies, reason),
        "error": say(error) if error else None,
        "accept": ACCEPT_PICTURES,
        "key": request.form.get("key") or new_token(),
        **_preview(order, known, wanted, part.id, reason, chosen, options),
        **return_form_words(),
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
            refused = gettext("There is nothing else of its kind in this store now.")
    if not left and not refused:
        refused = gettext("Nothing of it is left to be sent back.")
    return {
        "line": item,
        "left": left,
        "units": min(wanted.units.get(line.id, 0), left),
        "refused": refused,
        "choices": [_choice(one, known.head.currency) for one in choices],
        "choice": wanted.variants.get(line.id),
    }


def _choice(one: OptionView, currency: str) -> dict[str, Any]:
    """An option, or other goods, with what the price means, and whether it can be chosen."""
    own = translated(dict(one.name)) if one.name else ""
    name = " · ".join(part for part in (own, options_text(one.options)) if part)
    difference = formatting.money(abs(one.was_minor - one.is_minor), currency)
    if not one.left:
        name = gettext("%(option)s (sold out)", option=name)
    elif one.is_minor > one.was_minor:
        name = gettext("%(option)s (%(amount)s more)", option=name, amount=difference)
    elif one.is_minor < one.was_minor:
        name = gettext("%(option)s (%(amount)s less)", option=name, amount=difference)
    return {"id": one.variant_id, "name": name, "is_open": bool(one.left)}


def _preview(
    order: OrderView,
    known: Refundable,
    wanted: Wanted,
    part_id: uuid.UUID,
    reason: str,
    chosen: Mapping[uuid.UUID, int],
    options: Mapping[uuid.UUID, Sequence[OptionView]],
) -> dict[str, Any]:
    """What comes back when the store takes all of it; of an exchange what the other options cost less."""
    money = wanted.kind is ReturnKind.RETURN or (wanted.kind is ReturnKind.CLAIM and wanted.wish is Wish.REFUND)
    is_exchange = wanted.kind is ReturnKind.EXCHANGE
    plan = None
    if chosen and reason and is_exchange:
        plan = plan_less(known.facts, _swaps(chosen, wanted, options), otherwise="deposit")
    elif chosen and reason and money:
        plan = _back(known, chosen, part_id, reason)
    if plan is None or (is_exchange and not plan.lines):
        more = _more(chosen, wanted, options) if is_exchange and chosen else 0
        told = formatting.money(more, order.currency) if more else ""
        # Whoever does not pay the difference has sent it back.
        sent_back = _back(known, chosen, part_id, reason) if more else None
        return {
            "rows": [],
            "effects": restocking_words(sent_back) if sent_back else [],
            "total": "",
            "chosen": sum(chosen.values()),
            "money": money,
            "more": told,
            "pay_days": PAY_WITHIN.days,
        }
    card = order.attempt.card if order.attempt else None
    return {
        "rows": plan_rows(plan, order.method, card),
        "effects": side_effects(plan),
        "total": formatting.money(plan.total_minor, order.currency),
        "chosen": sum(chosen.values()),
        "money": money,
    }


def _back(known: Refundable, chosen: Mapping[uuid.UUID, int], part_id: uuid.UUID, reason: str) -> RefundPlan:
    return plan_units(known, chosen, part_id=part_id, reason=reason, otherwise="deposit", now=clock.now())


def _more(
    chosen: Mapping[uuid.UUID, int],
    wanted: Wanted,
    options: Mapping[uuid.UUID, Sequence[OptionView]],
) -> int:
    """What is to be paid before what costs more goes out, with the tax that is added."""
    with reading() as session:
        rates = tax_of_lines(session, line_ids=list(chosen))
    return sum(
        swap.units * more_of(swap, tax_rate=rates[line_id][0], tax_inclusive=rates[line_id][1]).amount_minor
        for line_id, swap in _swaps(chosen, wanted, options).items()
    )


def _swaps(
    chosen: Mapping[uuid.UUID, int], wanted: Wanted, options: Mapping[uuid.UUID, Sequence[OptionView]]
) -> dict[uuid.UUID, Swap]:
    """What goes out for each line: what was chosen, or what the form shows as chosen."""
    swaps = {}
    for line_id, units in chosen.items():
        fit = [one for one in options.get(line_id, ()) if one.left]
        picked = next((one for one in fit if one.variant_id == wanted.variants.get(line_id)), fit[0] if fit else None)
        if picked is not None:
            swaps[line_id] = Swap(units, picked.was_minor, picked.is_minor)
    return swaps
