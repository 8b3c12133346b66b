"""What a gateway settled in another currency than it charged, beside what it was worth at the payment's rate."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from portal.gateways.settlement import Movement, MovementKind
from portal.kit.money import Money
from portal.queries.exchange import exchange_kept, rate_at
from portal.rules.fx import FxRate, RateMissingError, exchange


@dataclass(frozen=True, slots=True)
class Exchange:
    """Amounts of one movement, or of all of a pair of currencies; below zero for what went back."""

    charged_currency: str
    currency: str
    charged_minor: int
    settled_minor: int
    worth_minor: int


_CHARGES = text(
    """
    SELECT a.gateway_ref AS ref, p.currency, p.platform_currency, p.platform_minor, p.fx_rate, p.fx_source, p.fx_as_of
      FROM payment_attempt a JOIN payment p ON p.id = a.payment_id
     WHERE a.gateway = :gateway AND a.gateway_ref = ANY(:refs)
    """
)
_REFUNDS = text(
    """
    SELECT g.gateway_ref AS ref, g.amount_minor, g.platform_minor, g.fx_loss_minor, p.platform_currency
      FROM refund_leg g JOIN payment_attempt a ON a.id = g.attempt_id JOIN payment p ON p.id = a.payment_id
     WHERE a.gateway = :gateway AND g.gateway_ref = ANY(:refs)
    """
)


def value_exchanges(session: Session, *, gateway: str, movements: Sequence[Movement]) -> list[Exchange]:
    """Those of the movements that were exchanged. What has no rate is taken to be worth what was settled."""
    exchanged = [
        one
        for one in movements
        if one.kind in {MovementKind.CHARGE, MovementKind.REFUND}
        and one.charged_currency not in {None, one.currency}
        and one.charged_minor is not None
    ]
    if not exchanged:
        return []
    charges = _by_ref(session, _CHARGES, gateway, [one.charge_ref for one in exchanged])
    refunds = _by_ref(session, _REFUNDS, gateway, [one.refund_ref for one in exchanged])
    made = []
    for one in exchanged:
        assert one.charged_currency is not None
        assert one.charged_minor is not None
        worth = _worth(session, one, charges.get(one.charge_ref), refunds.get(one.refund_ref))
        made.append(Exchange(one.charged_currency, one.currency, one.charged_minor, one.gross_minor, worth))
    return made


def summed(exchanges: Iterable[Exchange]) -> list[Exchange]:
    """One for each pair of currencies."""
    found: dict[tuple[str, str], Exchange] = {}
    for one in exchanges:
        pair = one.charged_currency, one.currency
        so_far = found.get(pair, Exchange(*pair, 0, 0, 0))
        found[pair] = Exchange(
            *pair,
            so_far.charged_minor + one.charged_minor,
            so_far.settled_minor + one.settled_minor,
            so_far.worth_minor + one.worth_minor,
        )
    return list(found.values())


def _by_ref(session: Session, query: Any, gateway: str, refs: list[str | None]) -> dict[str | None, Row[Any]]:
    wanted = [ref for ref in refs if ref is not None]
    return {row.ref: row for row in session.execute(query, {"gateway": gateway, "refs": wanted})}


def _worth(session: Session, one: Movement, charge: Row[Any] | None, refund: Row[Any] | None) -> int:
    """In the settlement's currency: a charge at its payment's rate; a refund at the rate that is booked already."""
    assert one.charged_currency is not None
    assert one.charged_minor is not None
    charged = Money(one.charged_minor, one.charged_currency)
    if one.kind is MovementKind.REFUND and refund is not None and refund.platform_minor is not None:
        is_whole = -charged.minor == refund.amount_minor
        if is_whole and refund.platform_currency == one.currency:
            # Its difference from the payment's rate was booked when it went back.
            return -int(refund.platform_minor + (refund.fx_loss_minor or 0))
    kept = exchange_kept(charge) if charge is not None else None
    if kept is not None and (kept.rate.source, kept.rate.target) == (charged.currency, one.currency):
        return _exchanged(charged, kept.rate)
    try:
        rate = rate_at(session, source=charged.currency, target=one.currency, at=one.at)
    except RateMissingError:
        return one.gross_minor
    return _exchanged(charged, rate)


def _exchanged(charged: Money, rate: FxRate) -> int:
    """What goes back is worth as much as what came."""
    return exchange(charged, rate).amount.minor if charged.minor >= 0 else -exchange(-charged, rate).amount.minor
