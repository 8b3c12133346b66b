"""Every kind of line behind somebody's bell. What is written is one of these, so that pages have words for it."""

from enum import StrEnum


class NoticeKind(StrEnum):
    ORDER_PAID = "order_paid"
    ORDER_FAILED = "order_failed"
    ORDER_EXPIRED = "order_expired"
    ORDER_UNDER_REVIEW = "order_under_review"
    PART_RELEASED = "part_released"
    REFUND_WANTED = "refund_wanted"
    REFUND_APPROVED = "refund_approved"
    REFUND_REFUSED = "refund_refused"
    REFUND_SUCCEEDED = "refund_succeeded"
    REFUND_FAILED = "refund_failed"
    REFUND_OF_PART = "refund_of_part"
    REFUND_FAILED_ADMIN = "refund_failed_admin"
    REFUND_LATE = "refund_late"
    WITHDRAWAL_WANTED = "withdrawal_wanted"
    WITHDRAWAL_APPROVED = "withdrawal_approved"
    WITHDRAWAL_REFUSED = "withdrawal_refused"
    WITHDRAWAL_PAID = "withdrawal_paid"
    GATEWAY_DOWN = "gateway_down"
    GATEWAY_BACK = "gateway_back"
    BOOKS_DIFFER = "books_differ"
    RATES_REFUSED = "rates_refused"
    RATES_MISSING = "rates_missing"
    RATE_JUMPED = "rate_jumped"
