"""What a payment is for decides what its money does when it comes, and what follows when it does not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy.orm import Session

from portal.rules.permissions import Actor
from portal.rules.purposes import PaymentPurpose
from portal.services.payments import for_exchange, for_gift_card, for_invoice, for_order, for_top_up
from portal.services.payments.end_payment import end_payment, keep_payment
from portal.services.payments.locked_payment import LockedPayment


class _Takes(Protocol):
    def __call__(self, session: Session, payment: LockedPayment, /) -> bool: ...


class _Uses(Protocol):
    def __call__(self, session: Session, payment: LockedPayment, *, actor: Actor, now: datetime) -> None: ...


class _Holds(Protocol):
    def __call__(self, session: Session, payment: LockedPayment, *, actor: Actor, now: datetime) -> None: ...


class _GivesUp(Protocol):
    def __call__(
        self, session: Session, payment: LockedPayment, *, status: str, reason: str, actor: Actor, now: datetime
    ) -> None: ...


class _Keeps(Protocol):
    def __call__(self, session: Session, payment: LockedPayment, *, until: datetime) -> None: ...


@dataclass(frozen=True, slots=True)
class Purpose:
    """What settling asks of a purpose, each in its transaction and under the payment's lock.

    `use`: the money is in. `takes`: whether money that comes now is of use, otherwise it goes back; without it the
    payment alone says so. `hold`: a gateway holds it. `give_up`: it will not come, with the payment's last status.
    `keep`: it may come until then.
    """

    use: _Uses
    takes: _Takes | None = None
    hold: _Holds | None = None
    give_up: _GivesUp = end_payment
    keep: _Keeps = keep_payment


PURPOSES: Mapping[str, Purpose] = {
    PaymentPurpose.ORDER: Purpose(
        use=for_order.use, takes=for_order.takes, hold=for_order.hold, give_up=for_order.give_up, keep=for_order.keep
    ),
    PaymentPurpose.TOP_UP: Purpose(use=for_top_up.use),
    PaymentPurpose.GIFT_CARD: Purpose(use=for_gift_card.use, give_up=for_gift_card.give_up),
    PaymentPurpose.INVOICE: Purpose(use=for_invoice.use, takes=for_invoice.takes),
    PaymentPurpose.EXCHANGE: Purpose(use=for_exchange.use, takes=for_exchange.takes),
}
