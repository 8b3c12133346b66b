"""Orders of a history: what their payments cover, and by which moves they came where they are. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from portal.kit.errors import PortalError
from portal.kit.money import Money, allocate
from portal.kit.text import N_
from portal.rules.states import Machine

GIFT = "gift"


class ImportedOrderError(PortalError):
    """The order cannot be taken as it is. Nothing of it is written."""

    code = "import_refused"


class NoLinesError(ImportedOrderError):
    code = "import_no_lines"
    sentence = N_("The order has no items.")


class NoPaymentError(ImportedOrderError):
    code = "import_no_payment"
    sentence = N_("The order costs %(owed)s and no payment of it is known.")


class PaymentsTooHighError(ImportedOrderError):
    """Nothing of the largest payment would be left without the surplus: this is no difference, it is another sum."""

    code = "import_payments_too_high"
    sentence = N_("The payments come to %(paid)s and the order costs %(owed)s.")


class Fate(StrEnum):
    """How far an imported order came. Cancelled and expired ones were never paid."""

    EXPIRED = "expired"
    CANCELLED = "cancelled"
    PAID = "paid"
    ACCEPTED = "accepted"
    PACKED = "packed"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    REFUNDED = "refunded"
    RETURNED = "returned"

    @property
    def is_paid(self) -> bool:
        """Money was taken, whether or not it has gone back since."""
        return self not in {Fate.EXPIRED, Fate.CANCELLED}

    @property
    def is_refunded(self) -> bool:
        return self in {Fate.REFUNDED, Fate.RETURNED}


@dataclass(frozen=True, slots=True)
class Dates:
    """When things happened, as far as the history says. `estimated_at` is when the parcel was promised for."""

    placed_at: datetime
    paid_at: datetime | None = None
    shipped_at: datetime | None = None
    delivered_at: datetime | None = None
    ended_at: datetime | None = None
    estimated_at: datetime | None = None

    @property
    def are_in_order(self) -> bool:
        known = [at for at in (self.placed_at, self.paid_at, self.shipped_at, self.delivered_at) if at is not None]
        return known == sorted(known)


@dataclass(frozen=True, slots=True)
class Step:
    """A state that was reached, and when."""

    state: str
    at: datetime


# Which date says when a state was reached; `closed` comes when the goods cannot be sent back any more.
_PLACED, _PAID, _SHIPPED, _DELIVERED, _ENDED, _CLOSED = "placed", "paid", "shipped", "delivered", "ended", "closed"

_PATHS: Mapping[Machine, Mapping[Fate, str]] = {
    Machine.ORDER: {
        Fate.EXPIRED: "pending:placed expired:ended",
        Fate.CANCELLED: "pending:placed cancelled:ended",
        Fate.PAID: "pending:placed paid:paid",
        Fate.ACCEPTED: "pending:placed paid:paid",
        Fate.PACKED: "pending:placed paid:paid",
        Fate.SHIPPED: "pending:placed paid:paid shipped:shipped",
        Fate.DELIVERED: "pending:placed paid:paid shipped:shipped delivered:delivered",
        Fate.REFUNDED: "pending:placed paid:paid refunded:ended",
        Fate.RETURNED: "pending:placed paid:paid shipped:shipped refunded:ended",
    },
    Machine.PART: {
        Fate.EXPIRED: "held:placed cancelled:ended",
        Fate.CANCELLED: "held:placed cancelled:ended",
        Fate.PAID: "held:placed released:paid",
        Fate.ACCEPTED: "held:placed released:paid accepted:paid",
        Fate.PACKED: "held:placed released:paid accepted:paid packed:paid",
        Fate.SHIPPED: "held:placed released:paid shipped:shipped",
        Fate.DELIVERED: "held:placed released:paid shipped:shipped delivered:delivered",
        Fate.REFUNDED: "held:placed released:paid cancelled:ended",
        Fate.RETURNED: "held:placed released:paid shipped:shipped returning:ended closed:ended",
    },
    Machine.PAYMENT: {
        Fate.EXPIRED: "pending:placed expired:ended",
        Fate.CANCELLED: "pending:placed cancelled:ended",
        Fate.REFUNDED: "pending:placed captured:paid refunded:ended",
        Fate.RETURNED: "pending:placed captured:paid refunded:ended",
    },
    Machine.ATTEMPT: {
        Fate.EXPIRED: "created:placed cancelled:ended",
        Fate.CANCELLED: "created:placed cancelled:ended",
    },
}
_USUAL = {
    Machine.PAYMENT: "pending:placed captured:paid",
    Machine.ATTEMPT: "created:placed claimed:paid sent:paid captured:paid",
}


def path(machine: Machine, fate: Fate, dates: Dates, *, closes_after: timedelta, now: datetime) -> tuple[Step, ...]:
    """Return the states that an order of this fate went through, in their order and never back in time.

    A date that the history does not tell, or that lies before the step before it, counts as that step's: the columns
    keep what was given, the moves stand one after the other. A delivered part is closed once `closes_after` is over.
    """
    given = {
        _PLACED: dates.placed_at,
        _PAID: dates.paid_at,
        _SHIPPED: dates.shipped_at,
        _DELIVERED: dates.delivered_at,
        _ENDED: dates.ended_at,
    }
    steps: list[Step] = []
    latest = dates.placed_at
    written = _PATHS[machine].get(fate) or _USUAL[machine]
    for state, _, moment in (step.partition(":") for step in written.split()):
        if moment == _ENDED:
            # Nobody noted when it was called off: not before the last thing that is known of it.
            latest = max(at for at in (latest, dates.paid_at, dates.shipped_at) if at is not None)
        latest = max(latest, given[moment] or latest)
        steps.append(Step(state, latest))
    if machine is Machine.PART and fate is Fate.DELIVERED and latest + closes_after <= now:
        steps.append(Step("closed", latest + closes_after))
    return tuple(steps)


@dataclass(frozen=True, slots=True)
class Cover:
    """What each payment covers of the total, and by how much they miss it together, at the payment named `bearer`."""

    amounts: tuple[int, ...]
    difference_minor: int
    bearer: int | None


def cover(*, currency: str, owed_minor: int, paid: Sequence[tuple[str, int]]) -> Cover:
    """Let payments (method, amount) cover exactly what is owed.

    A difference falls on the largest payment at a gateway, where interest and rounding come from; on the largest at
    all when there is none. Raises NoPaymentError, PaymentsTooHighError.
    """
    amounts = [amount for _, amount in paid]
    difference = sum(amounts) - owed_minor
    if not difference:
        return Cover(tuple(amounts), 0, None)
    if not amounts:
        raise NoPaymentError(owed=Money(owed_minor, currency))
    bearer = max(range(len(paid)), key=lambda i: (paid[i][0] != GIFT, amounts[i], -i))
    if amounts[bearer] <= difference:
        raise PaymentsTooHighError(
            paid=Money(sum(paid_minor for _, paid_minor in paid), currency), owed=Money(owed_minor, currency)
        )
    amounts[bearer] -= difference
    return Cover(tuple(amounts), difference, bearer)


def shares(amounts: Sequence[int], to_pay: Sequence[int]) -> list[list[int]]:
    """Split tenders over what is to pay (lines, then shipping fees), one after the other; the last bears the rest.

    The same rule as for an order of today (worked-examples.md, rule 4). The amounts add up to what is to pay.
    """
    left = list(to_pay)
    found = []
    for amount in amounts:
        part = allocate(amount, left)
        left = [one - share for one, share in zip(left, part, strict=True)]
        found.append(part)
    return found
