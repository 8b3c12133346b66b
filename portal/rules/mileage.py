"""Mileage: earned on what was really paid, kept in lots, spent oldest expiry first (rule 6, BAL-04, BAL-05, REF-06)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from math import floor

from portal.kit.errors import PortalError
from portal.kit.money import exactly
from portal.kit.text import N_
from portal.rules.refunds import share_of_units

# Points expire so long after they became available, where no rule says otherwise (BAL-05).
LIFE = timedelta(days=365)
# Their owner hears of it so long before.
TELL_BEFORE = timedelta(days=7)
# Points that come back can be used at least this long, though their lot would have ended before (REF-02).
GRACE = timedelta(days=7)


class MileageShortError(PortalError):
    code = "mileage_short"
    sentence = N_("There are only %(available)s points.")


def earned(
    rate: Fraction | Decimal, *, gateway_minor: int, deposit_minor: int, tax_minor: int = 0, to_pay_minor: int = 0
) -> int:
    """Return the points that a line earns: floor(rate x (gateway + deposit share, without tax)) (rule 6).

    `rate` is points per minor unit. `tax_minor` is the tax within the line's `to_pay_minor`; what was paid bears it
    in proportion. Shipping earns nothing: do not ask for it.
    """
    paid = Fraction(gateway_minor + deposit_minor)
    if tax_minor and to_pay_minor:
        paid = paid * (to_pay_minor - tax_minor) / to_pay_minor
    return max(0, floor(exactly(rate) * paid))


@dataclass(frozen=True, slots=True)
class Lot:
    """Points of one award. `expires_at` is exclusive; None never expires."""

    id: int
    remaining: int
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class LotUse:
    """Points that one spending took from one lot, and how many of them have come back."""

    lot_id: int
    points: int
    returned: int = 0


def spend(lots: Iterable[Lot], points: int, *, now: datetime) -> tuple[LotUse, ...]:
    """Take `points` from the lots, oldest expiry first, then the older lot (BAL-05). Raises MileageShortError."""
    if points < 0:
        raise ValueError("points are zero or more")
    live = [lot for lot in lots if lot.remaining > 0 and (lot.expires_at is None or now < lot.expires_at)]
    live.sort(key=lambda lot: (lot.expires_at is None, lot.expires_at or now, lot.id))
    uses: list[LotUse] = []
    left = points
    for lot in live:
        if not left:
            break
        taken = min(lot.remaining, left)
        uses.append(LotUse(lot.id, taken))
        left -= taken
    if left:
        raise MileageShortError(available=points - left)
    return tuple(uses)


def give_back(uses: Iterable[LotUse], points: int) -> tuple[LotUse, ...]:
    """Return to the lots what a refund gives back: what was taken last goes back first, each to its own lot (REF-02).

    `uses` stand in the order of spend(); the result holds only what moves now, in `points`.
    """
    moves: list[LotUse] = []
    left = points
    for use in reversed(list(uses)):
        if not left:
            break
        back = min(use.points - use.returned, left)
        if back:
            moves.append(LotUse(use.lot_id, back))
            left -= back
    if left:
        raise ValueError("more comes back than was spent")
    return tuple(moves)


def expire(lots: Iterable[Lot], *, free: int, now: datetime) -> tuple[LotUse, ...]:
    """Return what goes from lots whose time is over, oldest expiry first, as far as the balance is `free` of holds."""
    over = [lot for lot in lots if lot.remaining > 0 and lot.expires_at is not None and lot.expires_at <= now]
    gone: list[LotUse] = []
    for lot in sorted(over, key=lambda lot: (lot.expires_at or now, lot.id)):
        points = min(lot.remaining, free)
        if points > 0:
            gone.append(LotUse(lot.id, points))
            free -= points
    return tuple(gone)


def still_promised(points: int, *, quantity: int, units_gone: int) -> int:
    """Return what is left of a line's promised points when `units_gone` of its units were given back (REF-06)."""
    if not units_gone:
        return points
    return points - share_of_units(points, quantity=quantity, units_before=0, units=units_gone)


def matures_at(
    *, shipped_at: datetime | None, delivered_at: datetime | None, window_days: Iterable[int]
) -> datetime | None:
    """Return when nothing of a parcel can be sent back any more, by the windows of its lines; None before shipment.

    Counted as refunds count it: from delivery, or from shipment where delivery was never told (REF-01).
    """
    since = delivered_at or shipped_at
    return None if since is None else since + timedelta(days=max(window_days, default=0))


def take_available(points: int, *, available: int) -> tuple[int, int]:
    """Split points to take back into what is there and what is owed, to be netted from later earnings (REF-06)."""
    taken = min(points, max(0, available))
    return taken, points - taken


def net_of_debt(points: int, *, owed: int) -> tuple[int, int]:
    """Split new points into what pays the debt and what is credited."""
    paid = min(points, owed)
    return paid, points - paid
