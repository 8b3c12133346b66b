"""A payment under its attempt's lock, as settling and the purposes of payments see it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LockedPayment:
    """Attempt, payment and, where there is one, order under one lock, as they are."""

    attempt_id: uuid.UUID
    state: str
    gateway: str
    op_key: str
    payment_id: uuid.UUID
    purpose: str
    method: str
    payment_status: str
    amount_minor: int
    currency: str
    tender_id: uuid.UUID | None
    order_id: uuid.UUID | None
    order_status: str | None
    number: str | None
    user_id: uuid.UUID
    channel_id: int
    gateway_account_id: int
    capture_on: str
    released_minor: int

    @property
    def to_take_minor(self) -> int:
        """What is still wanted of the amount: what was called off before it was taken is not."""
        return self.amount_minor - self.released_minor

    @property
    def subject(self) -> str:
        return subject_of(self.payment_id, self.order_id)


def subject_of(payment_id: uuid.UUID, order_id: uuid.UUID | None) -> str:
    """What the events of a payment are about, so that the right pages hear: its order, or the payment itself."""
    return f"order:{order_id}" if order_id is not None else f"payment:{payment_id}"
