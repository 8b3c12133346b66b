"""What money can be asked for at a gateway."""

from enum import StrEnum


class PaymentPurpose(StrEnum):
    ORDER = "order"
    TOP_UP = "top_up"
    INVOICE = "invoice"
    GIFT_CARD = "gift_card"
    EXCHANGE = "exchange"
