"""Posting templates of what gateways hold, take, keep and pay out, as those in `posting` (PAY-07, BAL-11)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from portal.rules.posting import AccountKind, AccountRef, EntryKind, Line, clearing, of_platform


def order_captured(*, gateway: str, currency: str, amount_minor: int) -> tuple[Line, ...]:
    """What a gateway held for an order that goes on has been taken."""
    held = AccountRef(AccountKind.GATEWAY_AUTHORISED, f"gateway:{gateway}", currency)
    return (Line(held, amount_minor), Line(clearing(gateway, currency), -amount_minor))


def gateway_fees(*, gateway: str, currency: str, amount_minor: int) -> tuple[Line, ...]:
    """What a gateway has kept of the money that it holds for us, by its own report (BAL-11)."""
    return _kept(
        Line(clearing(gateway, currency), amount_minor),
        Line(of_platform(AccountKind.GATEWAY_FEE, currency), -amount_minor),
    )


def gateway_paid_out(*, gateway: str, currency: str, amount_minor: int) -> tuple[Line, ...]:
    """What a gateway has sent to our bank account, by its own report; below zero, what it took from there."""
    return _kept(
        Line(clearing(gateway, currency), amount_minor),
        Line(of_platform(AccountKind.OUTSIDE, currency), -amount_minor),
    )


def _kept(*lines: Line) -> tuple[Line, ...]:
    return tuple(line for line in lines if line.amount_minor)


GATEWAY_TEMPLATES: Mapping[EntryKind, Callable[..., tuple[Line, ...]]] = {
    EntryKind.ORDER_CAPTURED: order_captured,
    EntryKind.GATEWAY_FEES: gateway_fees,
    EntryKind.GATEWAY_PAID_OUT: gateway_paid_out,
}
