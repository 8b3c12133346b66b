"""What goes back where when something is refunded: shares fixed at payment, cumulative, nothing lost (rule 5)."""

from collections.abc import Mapping
from datetime import datetime
from fractions import Fraction

from portal.kit.errors import PortalError, Rejection
from portal.kit.money import round_half_up
from portal.kit.text import N_


class RefundUnitsError(PortalError):
    code = "refund_units_out_of_range"
    sentence = N_("At most %(left)s of this item can still be refunded.")


def share_to_refund(share_minor: int, *, quantity: int, units_before: int, units: int, refunded_before: int) -> int:
    """Return what of one share goes back with `units` more of `quantity` units.

    Works for every share that a line bore: of a tender, a discount, the tax. After the last unit exactly the share
    has gone back. Raises RefundUnitsError.
    """
    left = quantity - units_before
    if units < 1 or units > left:
        raise RefundUnitsError(left=max(left, 0))
    due = round_half_up(Fraction(share_minor * (units_before + units), quantity))
    # More than due can have gone back only by goodwill; it is never asked for again.
    return max(0, due - refunded_before)


def share_of_units(share_minor: int, *, quantity: int, units_before: int, units: int) -> int:
    """Return what of one share goes with `units` more units, when nothing but whole units has gone before."""
    before = round_half_up(Fraction(share_minor * units_before, quantity))
    return share_to_refund(
        share_minor, quantity=quantity, units_before=units_before, units=units, refunded_before=before
    )


def line_refund(
    shares: Mapping[str, int],
    *,
    quantity: int,
    units_before: int,
    units: int,
    refunded_before: Mapping[str, int],
) -> dict[str, int]:
    """Return what goes back per tender (or per coupon) for `units` more units of a line. Raises RefundUnitsError."""
    return {
        name: share_to_refund(
            share,
            quantity=quantity,
            units_before=units_before,
            units=units,
            refunded_before=refunded_before.get(name, 0),
        )
        for name, share in shares.items()
    }


def shipping_fee_goes_back(*, whole_part: bool, before_shipment: bool, at_sellers_fault: bool) -> bool:
    """Say whether a store's shipping fee is refunded: its whole part before shipment, or the seller's fault."""
    return at_sellers_fault or (whole_part and before_shipment)


def coupon_comes_back(*, whole_use_undone: bool, now: datetime, valid_until: datetime | None) -> bool:
    """Say whether the buyer gets the coupon again: its whole use is undone, and it is still taken (REF-02).

    `valid_until` is the end of its grace.
    """
    return whole_use_undone and (valid_until is None or now < valid_until)


def check_window(*, closes_at: datetime, now: datetime) -> Rejection | None:
    """Return why a refund can no longer be asked for, if so. `closes_at` is exclusive (REF-01)."""
    if now < closes_at:
        return None
    return Rejection("REFUND_WINDOW_CLOSED", N_("The refund period ended on %(closed_at)s."), {"closed_at": closes_at})
