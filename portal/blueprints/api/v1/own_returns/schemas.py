"""What a buyer says about his return."""

from __future__ import annotations

import uuid

from pydantic import Field

from portal.blueprints.api.schemas import Code, In, Out
from portal.blueprints.api.v1.orders.schemas import NextAction
from portal.blueprints.api.v1.paying import PaymentChoice
from portal.blueprints.api.v1.returns.schemas import Return


class ReturnShipment(In):
    """With whom it was sent."""

    carrier: Code = Field(description="The carrier's code, as parcels name it.", examples=["cj"])
    tracking_number: Code


class ExchangePaymentRequest(PaymentChoice):
    """How what an exchange costs more is paid; the amount is that of the return's `to_pay`."""


class ExchangePayment(Out):
    """A payment for an exchange. With the deposit it is paid at once and has no id; else ask for the return."""

    payment_id: uuid.UUID | None
    next_action: NextAction
    exchange: Return
