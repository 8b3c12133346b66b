"""Posting templates: what each business event writes into the books, as pure functions of a few amounts (BAL-01).

A posting is positive where an account gains value held for its owner; the outside world is negative. Per entry and
currency the postings sum to zero. docs/ledger.md is printed from TEMPLATES.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

POINTS = "PTS"
PLATFORM = "platform"


class AccountKind(StrEnum):
    """Kinds of accounts. Those of USER_KINDS keep a cached balance, which is asked before spending."""

    DEPOSIT = "deposit"
    GIFT = "gift"
    GIFT_CARD = "gift_card"
    GIFT_BREAKAGE = "gift_breakage"
    REFUND_CREDIT = "refund_credit"
    MILEAGE = "mileage"
    MILEAGE_PENDING = "mileage_pending"
    MILEAGE_OWED = "mileage_owed"
    WITHDRAWAL = "withdrawal"
    SELLER_PAYABLE = "seller_payable"
    ORDER_ESCROW = "order_escrow"
    GATEWAY_CLEARING = "gateway_clearing"
    GATEWAY_AUTHORISED = "gateway_authorised"
    GATEWAY_FEE = "gateway_fee"
    COMMISSION = "commission"
    TAX_PAYABLE = "tax_payable"
    COUPON_COST = "coupon_cost"
    MILEAGE_EXPENSE = "mileage_expense"
    MILEAGE_ISSUED = "mileage_issued"
    MILEAGE_BREAKAGE = "mileage_breakage"
    MILEAGE_TRANSIT = "mileage_transit"
    DONATION = "donation"
    PAYMENT_DIFFERENCE = "payment_difference"
    DISPUTE_RECEIVABLE = "dispute_receivable"
    INVOICE_RECEIVABLE = "invoice_receivable"
    WRITE_OFF = "write_off"
    FX_DIFFERENCE = "fx_difference"
    ADJUSTMENT = "adjustment"
    GIVEN_UP = "given_up"
    OUTSIDE = "outside"


USER_KINDS = frozenset(
    {
        AccountKind.DEPOSIT,
        AccountKind.GIFT,
        AccountKind.REFUND_CREDIT,
        AccountKind.MILEAGE,
        AccountKind.MILEAGE_PENDING,
    }
)


@dataclass(frozen=True, slots=True, order=True)
class AccountRef:
    """An account by what it is; `owner` is `user:ID`, `store:ID`, `order:ID`, `gateway:NAME` or `platform`."""

    kind: AccountKind
    owner: str
    currency: str

    @property
    def is_cached(self) -> bool:
        return self.kind in USER_KINDS


@dataclass(frozen=True, slots=True)
class Line:
    """One posting to be made."""

    account: AccountRef
    amount_minor: int


class EntryKind(StrEnum):
    TOP_UP = "top_up"
    ORDER_PAID = "order_paid"
    ORDER_CAPTURED = "order_captured"
    ORDER_REFUNDED = "order_refunded"
    REFUND_PAID_OUT = "refund_paid_out"
    PART_RELEASED = "part_released"
    PART_TAKEN_BACK = "part_taken_back"
    RESTOCKING_KEPT = "restocking_kept"
    MILEAGE_TAKEN_BACK = "mileage_taken_back"
    MILEAGE_MATURED = "mileage_matured"
    MILEAGE_EXPIRED = "mileage_expired"
    MILEAGE_DONATED = "mileage_donated"
    MILEAGE_SENT = "mileage_sent"
    MILEAGE_RECEIVED = "mileage_received"
    MILEAGE_CAME_BACK = "mileage_came_back"
    WITHDRAWAL_REQUESTED = "withdrawal_requested"
    WITHDRAWAL_UNDONE = "withdrawal_undone"
    WITHDRAWAL_PAID = "withdrawal_paid"
    WITHDRAWAL_SENT_BACK = "withdrawal_sent_back"
    MILEAGE_GRANTED = "mileage_granted"
    GIFT_GRANTED = "gift_granted"
    GIFT_CARD_SOLD = "gift_card_sold"
    GIFT_CARD_REDEEMED = "gift_card_redeemed"
    GIFT_CARD_GIVEN_BACK = "gift_card_given_back"
    GIFT_CARD_ENDED = "gift_card_ended"
    PAYMENT_DIFFERENCE = "payment_difference"
    GATEWAY_FEES = "gateway_fees"
    GATEWAY_PAID_OUT = "gateway_paid_out"
    EXCHANGE_PAID = "exchange_paid"
    EXCHANGE_GIVEN_BACK = "exchange_given_back"
    INVOICE_ISSUED = "invoice_issued"
    INVOICE_PAID = "invoice_paid"
    INVOICE_LOWERED = "invoice_lowered"
    INVOICE_LOST = "invoice_lost"
    DISPUTE_HELD = "dispute_held"
    DISPUTE_RETURNED = "dispute_returned"
    DISPUTE_LOST = "dispute_lost"
    DISPUTE_CHARGED = "dispute_charged"
    DISPUTE_RECOVERED = "dispute_recovered"
    GATEWAY_EXCHANGED = "gateway_exchanged"
    FX_DIFFERENCE = "fx_difference"
    BALANCE_ADJUSTED = "balance_adjusted"
    ADJUSTMENT_UNDONE = "adjustment_undone"
    PAYOUT_PAID = "payout_paid"
    BALANCE_GIVEN_UP = "balance_given_up"


def of_user(kind: AccountKind, user_id: UUID, currency: str) -> AccountRef:
    return AccountRef(kind, f"user:{user_id}", currency)


def of_platform(kind: AccountKind, currency: str) -> AccountRef:
    return AccountRef(kind, PLATFORM, currency)


def clearing(gateway: str, currency: str) -> AccountRef:
    return AccountRef(AccountKind.GATEWAY_CLEARING, f"gateway:{gateway}", currency)


def escrow(order_id: UUID, currency: str) -> AccountRef:
    return AccountRef(AccountKind.ORDER_ESCROW, f"order:{order_id}", currency)


def _kept(lines: list[Line]) -> tuple[Line, ...]:
    return tuple(line for line in lines if line.amount_minor)


def top_up(*, user_id: UUID, gateway: str, currency: str, amount_minor: int) -> tuple[Line, ...]:
    """Money that a gateway took for a user becomes his deposit (BAL-02)."""
    return _kept(
        [
            Line(of_user(AccountKind.DEPOSIT, user_id, currency), amount_minor),
            Line(clearing(gateway, currency), -amount_minor),
        ]
    )


def gift_granted(*, user_id: UUID, currency: str, amount_minor: int) -> tuple[Line, ...]:
    """Stored value that came from outside, such as a voucher of an imported history."""
    return _kept(
        [
            Line(of_user(AccountKind.GIFT, user_id, currency), amount_minor),
            Line(of_platform(AccountKind.OUTSIDE, currency), -amount_minor),
        ]
    )


@dataclass(frozen=True, slots=True)
class OrderMoney:
    """The amounts of a paid order in its currency. `platform_discount_minor` is what the platform gives (CPN-10).

    `is_held`: the gateway's share is only held so far, and is taken when the goods leave.
    """

    order_id: UUID
    user_id: UUID
    currency: str
    gateway: str | None = None
    gateway_minor: int = 0
    deposit_minor: int = 0
    gift_minor: int = 0
    refund_credit_minor: int = 0
    mileage_minor: int = 0
    mileage_points: int = 0
    platform_discount_minor: int = 0
    mileage_promised: int = 0
    is_held: bool = False

    @property
    def escrow_minor(self) -> int:
        """What sellers (and the tax office) will be paid from: a platform's coupon and mileage count in full."""
        return (
            self.gateway_minor
            + self.deposit_minor
            + self.gift_minor
            + self.refund_credit_minor
            + self.mileage_minor
            + self.platform_discount_minor
        )


def order_paid(money: OrderMoney) -> tuple[Line, ...]:
    """All tenders of an order go into its escrow; points are spent, and new ones promised (PAY-08)."""
    lines = [
        Line(of_user(AccountKind.DEPOSIT, money.user_id, money.currency), -money.deposit_minor),
        Line(of_user(AccountKind.GIFT, money.user_id, money.currency), -money.gift_minor),
        Line(of_user(AccountKind.REFUND_CREDIT, money.user_id, money.currency), -money.refund_credit_minor),
        Line(of_user(AccountKind.MILEAGE, money.user_id, POINTS), -money.mileage_points),
        Line(of_user(AccountKind.MILEAGE_PENDING, money.user_id, POINTS), money.mileage_promised),
        Line(of_platform(AccountKind.MILEAGE_ISSUED, POINTS), money.mileage_points - money.mileage_promised),
        Line(of_platform(AccountKind.MILEAGE_EXPENSE, money.currency), -money.mileage_minor),
        Line(of_platform(AccountKind.COUPON_COST, money.currency), -money.platform_discount_minor),
        Line(escrow(money.order_id, money.currency), money.escrow_minor),
    ]
    if money.gateway:
        kind = AccountKind.GATEWAY_AUTHORISED if money.is_held else AccountKind.GATEWAY_CLEARING
        lines.append(Line(AccountRef(kind, f"gateway:{money.gateway}", money.currency), -money.gateway_minor))
    return _kept(lines)


def order_refunded(money: OrderMoney) -> tuple[Line, ...]:
    """The same amounts on their way back, each to where it came from, out of the escrow (REF-02).

    `mileage_promised` is what is taken back of the points promised for what is refunded (REF-06).
    """
    return tuple(Line(line.account, -line.amount_minor) for line in order_paid(money))


def part_released(
    *, order_id: UUID, store_id: int, currency: str, amount_minor: int, commission_minor: int, tax_minor: int
) -> tuple[Line, ...]:
    """A seller's part leaves the escrow: to the seller, less the commission and the tax that was added to prices."""
    return _kept(
        [
            Line(escrow(order_id, currency), -amount_minor),
            Line(
                AccountRef(AccountKind.SELLER_PAYABLE, f"store:{store_id}", currency),
                amount_minor - commission_minor - tax_minor,
            ),
            Line(of_platform(AccountKind.COMMISSION, currency), commission_minor),
            Line(of_platform(AccountKind.TAX_PAYABLE, currency), tax_minor),
        ]
    )


def part_taken_back(
    *, order_id: UUID, store_id: int, currency: str, amount_minor: int, commission_minor: int, tax_minor: int
) -> tuple[Line, ...]:
    """What a closed part had brought goes back into the escrow to be refunded; a payable may fall below 0."""
    released = part_released(
        order_id=order_id,
        store_id=store_id,
        currency=currency,
        amount_minor=amount_minor,
        commission_minor=commission_minor,
        tax_minor=tax_minor,
    )
    return tuple(Line(line.account, -line.amount_minor) for line in released)


def refund_paid_out(*, order_id: UUID, currency: str, amount_minor: int) -> tuple[Line, ...]:
    """A refund that went to a bank account by hand, because its own way back was closed (REF-03)."""
    return _kept(
        [
            Line(escrow(order_id, currency), -amount_minor),
            Line(of_platform(AccountKind.OUTSIDE, currency), amount_minor),
        ]
    )


def withdrawal_requested(*, user_id: UUID, currency: str, amount_minor: int) -> tuple[Line, ...]:
    """Deposit that its owner wants back leaves what he can spend, and waits to be paid out (REF-08)."""
    return _kept(
        [
            Line(of_user(AccountKind.DEPOSIT, user_id, currency), -amount_minor),
            Line(of_user(AccountKind.WITHDRAWAL, user_id, currency), amount_minor),
        ]
    )


def withdrawal_undone(*, user_id: UUID, currency: str, amount_minor: int) -> tuple[Line, ...]:
    """A withdrawal that was refused or called off is deposit again."""
    asked = withdrawal_requested(user_id=user_id, currency=currency, amount_minor=amount_minor)
    return tuple(Line(line.account, -line.amount_minor) for line in asked)


def withdrawal_paid(*, user_id: UUID, currency: str, amount_minor: int) -> tuple[Line, ...]:
    """A withdrawal has left for its owner's bank account."""
    return _kept(
        [
            Line(of_user(AccountKind.WITHDRAWAL, user_id, currency), -amount_minor),
            Line(of_platform(AccountKind.OUTSIDE, currency), amount_minor),
        ]
    )


def withdrawal_sent_back(*, user_id: UUID, gateway: str, currency: str, amount_minor: int) -> tuple[Line, ...]:
    """A part of a withdrawal went back through the gateway that the deposit had come by (REF-08)."""
    return _kept(
        [
            Line(of_user(AccountKind.WITHDRAWAL, user_id, currency), -amount_minor),
            Line(clearing(gateway, currency), amount_minor),
        ]
    )


def payment_difference(*, source: AccountRef, amount_minor: int) -> tuple[Line, ...]:
    """What was paid beyond an order's total, such as the interest of instalments; below zero, what was short of it.

    `source` is where it came through: a gateway's clearing account, or the buyer's gift balance.
    """
    return _kept(
        [
            Line(source, -amount_minor),
            Line(of_platform(AccountKind.PAYMENT_DIFFERENCE, source.currency), amount_minor),
        ]
    )


TEMPLATES: Mapping[EntryKind, Callable[..., tuple[Line, ...]]] = {
    EntryKind.TOP_UP: top_up,
    EntryKind.GIFT_GRANTED: gift_granted,
    EntryKind.ORDER_PAID: order_paid,
    EntryKind.ORDER_REFUNDED: order_refunded,
    EntryKind.REFUND_PAID_OUT: refund_paid_out,
    EntryKind.PART_RELEASED: part_released,
    EntryKind.PART_TAKEN_BACK: part_taken_back,
    EntryKind.WITHDRAWAL_REQUESTED: withdrawal_requested,
    EntryKind.WITHDRAWAL_UNDONE: withdrawal_undone,
    EntryKind.WITHDRAWAL_PAID: withdrawal_paid,
    EntryKind.WITHDRAWAL_SENT_BACK: withdrawal_sent_back,
    EntryKind.PAYMENT_DIFFERENCE: payment_difference,
}
