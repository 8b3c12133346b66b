"""The catalogue of measures: each is defined once, and every tile, chart, table and file reads it here (ANA-01)."""

from __future__ import annotations

from collections.abc import Mapping

from portal.kit.text import N_
from portal.rules.figures import STORE, Board, Fact, Good, Measure, Unit

_ORDERS = N_("Orders, by the day on which they were placed in their channel's calendar.")
_PAYMENTS = N_("Payments of every purpose, by the day on which they began in their channel's calendar.")
_BOOKS = N_("Entries of the ledger, by the day of the first channel's calendar.")
_ATTEMPTS = N_("Attempts of payments, by the day on which the payment began.")
_UNDECIDED = N_("Failures at gateways, which stand apart, attempts that a buyer gave up, and those under way.")
_NOTHING = N_("Nothing.")
_UNSENT = N_("Parts that are not sent yet, and those without a deadline.")
_VERDICTS = N_("Cases, by the day of their verdict in the first channel's calendar.")
_GIVEN = N_("Coupons in people's wallets, by the day on which they came there in the first channel's calendar.")
_UNPAID = N_("Orders that were never paid.")

MEASURES: Mapping[str, Measure] = {
    one.name: one
    for one in (
        Measure(
            "sales", N_("Sales"), N_("What buyers had to pay for paid orders: goods less discounts, shipping, tax."),
            N_("Orders that were never paid. Refunds are not taken off."), _ORDERS, Unit.MONEY, Fact.SALES,
            good=Good.UP,
        ),
        Measure(
            "orders_placed", N_("Orders placed"), N_("Orders that buyers sent off."), _NOTHING, _ORDERS, Unit.COUNT,
            Fact.ORDERS_PLACED, good=Good.UP,
        ),
        Measure(
            "orders_paid", N_("Orders paid"), N_("Orders placed in the period that were paid, then or later."),
            _UNPAID, _ORDERS, Unit.COUNT, Fact.ORDERS_PAID, good=Good.UP,
        ),
        Measure(
            "paid_share", N_("Paid of placed"), N_("Orders paid ÷ orders placed."),
            N_("Nothing: orders that wait for their money count as not paid yet."), _ORDERS, Unit.SHARE,
            Fact.ORDERS_PAID, Fact.ORDERS_PLACED, good=Good.UP,
        ),
        Measure(
            "average_order", N_("Average order"), N_("Sales ÷ orders paid."), _UNPAID, _ORDERS, Unit.MONEY, Fact.SALES,
            Fact.ORDERS_PAID, good=Good.UP,
        ),
        Measure(
            "sent_in_time", N_("Sent in time"), N_("Parts of orders sent by their deadline ÷ parts sent."),
            _UNSENT, N_("Parts of orders, by the day on which the order was placed."),
            Unit.SHARE, Fact.PARTS_SENT_IN_TIME, Fact.PARTS_SENT, good=Good.UP,
        ),
        Measure(
            "tax", N_("Tax"),
            N_("Tax that paid orders bore, within their prices or on top of them, shipping included."),
            N_("Orders that were never paid. Refunds are not taken off."), _ORDERS, Unit.MONEY, Fact.TAX,
        ),
        Measure(
            "success_rate", N_("Payment success"), N_("Attempts approved ÷ attempts approved or declined."),
            _UNDECIDED, _ATTEMPTS, Unit.SHARE, Fact.ATTEMPTS_APPROVED, Fact.ATTEMPTS, good=Good.UP,
        ),
        Measure(
            "gateway_failures", N_("Gateway failures"),
            N_(
                "Attempts that ended because the gateway, or the bank behind it, was not reached or had a fault"
                " ÷ attempts approved, declined or ended so."
            ),
            N_("Attempts that a buyer gave up, and those under way."), _ATTEMPTS, Unit.SHARE, Fact.ATTEMPTS_FAILED,
            Fact.ATTEMPTS_ENDED, good=Good.DOWN,
        ),
        Measure(
            "captured", N_("Captured"),
            N_("What gateways took for payments begun in the period. Refunds are not taken off."),
            N_("Deposit, mileage and gift cards, which no gateway takes."), _PAYMENTS, Unit.MONEY, Fact.CAPTURED,
            good=Good.UP,
        ),
        Measure(
            "payments", N_("Payments"), N_("Payments begun."), _NOTHING, _PAYMENTS, Unit.COUNT, Fact.PAYMENTS,
        ),
        Measure(
            "declined", N_("Declined"), N_("Attempts that a gateway or a bank refused."),
            _UNDECIDED, _ATTEMPTS, Unit.COUNT, Fact.ATTEMPTS_DECLINED, good=Good.DOWN,
        ),
        Measure(
            "paid_quickly", N_("Paid within 5 seconds"),
            N_("Orders paid at most 5 seconds after they were placed ÷ orders paid."), _UNPAID, _ORDERS, Unit.SHARE,
            Fact.PAID_QUICKLY, Fact.ORDERS_PAID, good=Good.UP,
        ),
        Measure(
            "paid_seconds", N_("Time until paid"), N_("Mean of the seconds between placing and payment."), _UNPAID,
            _ORDERS, Unit.SECONDS, Fact.PAID_SECONDS, Fact.ORDERS_PAID, good=Good.DOWN,
        ),
        Measure(
            "refunded", N_("Refunded"), N_("What refunds asked for in the period give back."),
            N_("Refunds that were refused or called off."), N_("Refunds, by the day on which they were asked for."),
            Unit.MONEY, Fact.REFUNDED, good=Good.DOWN,
        ),
        Measure(
            "refunds_in_time", N_("Refunds within a working day"),
            N_("Refunds asked for by buyers and complete within a working day ÷ those that are complete or overdue."),
            N_("Refunds by stores and administrators, and those still in time."),
            N_("Refunds, by the day on which they were asked for."), Unit.SHARE, Fact.REFUNDS_IN_TIME,
            Fact.REFUNDS_COUNTED, good=Good.UP,
        ),
        Measure(
            "refund_time", N_("Refund time"),
            N_("Mean of the time from when a refund was asked for until all of it had been given back."),
            N_("Refunds that are not complete yet."), N_("Refunds, by the day on which they were asked for."),
            Unit.SECONDS, Fact.REFUND_SECONDS, Fact.REFUNDS_DONE, good=Good.DOWN,
        ),
        Measure(
            "discount", N_("Discounts"), N_("What coupons took off paid orders."), _UNPAID, _ORDERS, Unit.MONEY,
            Fact.DISCOUNT,
        ),
        Measure(
            "discounted_share", N_("Orders with a discount"), N_("Paid orders with a discount ÷ orders paid."),
            _UNPAID, _ORDERS, Unit.SHARE, Fact.ORDERS_DISCOUNTED, Fact.ORDERS_PAID,
        ),
        Measure(
            "average_discount", N_("Average discount"), N_("Discounts ÷ paid orders with a discount."),
            N_("Orders without a discount."), _ORDERS, Unit.MONEY, Fact.DISCOUNT, Fact.ORDERS_DISCOUNTED,
        ),
        Measure(
            "coupon_uses", N_("Coupons used"), N_("Uses of coupons in paid orders."),
            N_("Uses that were released, as their order failed."), _ORDERS, Unit.COUNT, Fact.COUPON_USES, good=Good.UP,
        ),
        Measure(
            "redemption_rate", N_("Coupons redeemed"),
            N_("Coupons given to people in the period that a paid order has used, then or later ÷ coupons given."),
            N_("Coupons that nobody holds: those that apply by themselves, and codes typed at the checkout."),
            _GIVEN, Unit.SHARE, Fact.COUPONS_REDEEMED, Fact.COUPONS_GIVEN, good=Good.UP,
        ),
        Measure(
            "offers_taken", N_("Offers taken"),
            N_("Offers chosen for a customer that he took ÷ offers shown."),
            N_("Choices to show nothing, and the control group, which is shown none."),
            N_("Offers on the home page and in the cart, by the day on which each was first shown."), Unit.SHARE,
            Fact.OFFERS_TAKEN, Fact.OFFERS_SHOWN, good=Good.UP,
        ),
        Measure(
            "roii", N_("Return on incentives (ROII)"),
            N_(
                "Incremental net revenue ÷ incentive cost. Of each automation: what people drawn for the offer paid and"
                " kept within its days, less what as many drawn for none did, less the cost (a coupon's is taken off"
                " what was paid already)."
            ),
            N_(
                "Offers without a group drawn by lot, groups of fewer than 20 people, points, as their cost is not"
                " known, and chosen offers, whose return stands under Experiments with the range of each figure."
            ),
            N_(
                "People drawn by automations, by the day on which their time was over; orders and coupons of that"
                " time. By day: from the first day of the period to each."
            ),
            Unit.SHARE, Fact.INCENTIVE_GAIN, Fact.INCENTIVE_COST, good=Good.UP, sum_unit=Unit.MONEY,
        ),
        Measure(
            "engagement", N_("Engagement"),
            N_(
                "Chosen offers taken, given coupons redeemed and reviews written, then or later ÷ offers shown, coupons"
                " given and reviews asked for."
            ),
            N_("Pages that people looked at: nobody is followed from page to page for a figure."),
            N_("What was offered or asked in person, by the day on which it was."), Unit.SHARE, Fact.ANSWERED,
            Fact.TOLD, good=Good.UP,
        ),
        Measure("told", N_("Offered or asked"), N_("Offers shown, coupons given and reviews asked for."), _NOTHING,
            N_("What was offered or asked in person, by the day on which it was."), Unit.COUNT, Fact.TOLD,
        ),
        Measure(
            "mileage_granted", N_("Mileage granted"), N_("Points promised to buyers, pending ones included."),
            _NOTHING, _BOOKS, Unit.POINTS, Fact.MILEAGE_GRANTED,
        ),
        Measure(
            "mileage_spent", N_("Mileage spent"), N_("Points used in paid orders."), N_("Gifts and donations."),
            _BOOKS, Unit.POINTS, Fact.MILEAGE_SPENT, good=Good.UP,
        ),
        Measure(
            "mileage_expired", N_("Mileage ended"), N_("Points that ended before they were used: the breakage."),
            _NOTHING, _BOOKS, Unit.POINTS, Fact.MILEAGE_EXPIRED,
        ),
        Measure(
            "deposit_owed", N_("Deposits owed"), N_("All deposits of buyers at the end of the period."), _NOTHING,
            _BOOKS, Unit.MONEY, Fact.BALANCE_CHANGE, key="deposit", to_date=True,
        ),
        Measure(
            "refund_credit_owed", N_("Refund credit owed"),
            N_("All refund credit of buyers at the end of the period."), _NOTHING, _BOOKS, Unit.MONEY,
            Fact.BALANCE_CHANGE, key="refund_credit", to_date=True,
        ),
        Measure(
            "gift_owed", N_("Gift balances owed"), N_("Redeemed gift cards not spent, at the end of the period."),
            N_("Gift cards that nobody has redeemed."), _BOOKS, Unit.MONEY, Fact.BALANCE_CHANGE, key="gift",
            to_date=True,
        ),
        Measure(
            "mileage_owed", N_("Mileage that can be spent"), N_("All points of buyers at the end of the period."),
            N_("Points still pending."), _BOOKS, Unit.POINTS, Fact.BALANCE_CHANGE, key="mileage", to_date=True,
        ),
        Measure(
            "mileage_pending", N_("Mileage pending"),
            N_("Points promised and not yet to be spent, at the end of the period."), _NOTHING, _BOOKS, Unit.POINTS,
            Fact.BALANCE_CHANGE, key="mileage_pending", to_date=True,
        ),
        Measure(
            "decisions", N_("Payments judged"), N_("Decisions about the risk of payments."), _NOTHING,
            N_("Decisions, by their day in the first channel's calendar."), Unit.COUNT, Fact.DECISIONS,
        ),
        Measure(
            "held_share", N_("Held or blocked"), N_("Decisions to review or to block ÷ decisions."), _NOTHING,
            N_("Decisions, by their day in the first channel's calendar."), Unit.SHARE, Fact.DECISIONS_HELD,
            Fact.DECISIONS, good=Good.DOWN,
        ),
        Measure(
            "fraud_rate", N_("Fraud found"),
            N_("Decisions judged fraud in review, and payments disputed as fraud, in the period ÷ payments judged."),
            N_("What was judged genuine or could not be told. A payment found by both counts once."),
            N_("By the day on which it was found: frauds are often of earlier payments."), Unit.SHARE, Fact.FRAUDS,
            Fact.DECISIONS, good=Good.DOWN,
        ),
        Measure(
            "cases_decided", N_("Cases decided"), N_("Cases with a verdict that can no longer be undone."), _NOTHING,
            _VERDICTS, Unit.COUNT, Fact.CASES_DECIDED,
        ),
        Measure(
            "false_positives", N_("False alarms"), N_("Cases judged genuine ÷ cases decided."),
            N_("Cases that wait for their verdict."), _VERDICTS, Unit.SHARE, Fact.CASES_GENUINE, Fact.CASES_DECIDED,
            good=Good.DOWN,
        ),
        Measure(
            "review_time", N_("Time until the verdict"), N_("Mean of the seconds between opening and verdict."),
            N_("Cases that wait for their verdict."), _VERDICTS, Unit.SECONDS, Fact.REVIEW_SECONDS, Fact.CASES_DECIDED,
            good=Good.DOWN,
        ),
        Measure(
            "alert_time", N_("Time until the alert"),
            N_("Mean of the seconds from the decision that opened a case until administrators were told."), _NOTHING,
            N_("Cases, by the day on which they were opened in the first channel's calendar."), Unit.SECONDS,
            Fact.ALERT_SECONDS, Fact.CASES_TOLD, good=Good.DOWN,
        ),
        Measure(
            "losses_avoided", N_("Losses avoided"),
            N_("What orders of cases judged fraud would have cost: voided, or given back before it was disputed."),
            N_("What rules blocked at once, and orders of which anything was sent."), _VERDICTS, Unit.MONEY,
            Fact.LOSSES_AVOIDED, good=Good.UP,
        ),
        Measure(
            "disputes", N_("Disputes"), N_("Payments disputed at the bank."), N_("Inquiries that only ask."),
            N_("Disputes, by the day on which they were opened."), Unit.COUNT, Fact.DISPUTES, good=Good.DOWN,
        ),
        Measure(
            "disputed", N_("Disputed"), N_("The sum of disputed payments."), N_("Inquiries that only ask."),
            N_("Disputes, by the day on which they were opened."), Unit.MONEY, Fact.DISPUTED, good=Good.DOWN,
        ),
        Measure(
            "section_sales", N_("Sales of goods"), N_("What buyers had to pay for goods, without shipping."), _UNPAID,
            _ORDERS, Unit.MONEY, Fact.SECTION_SALES, good=Good.UP,
        ),
        Measure(
            "attempts", N_("Attempts decided"), N_("Attempts approved or declined."), _UNDECIDED, _ATTEMPTS,
            Unit.COUNT, Fact.ATTEMPTS,
        ),
        Measure(
            "coupon_cost", N_("Taken off"), N_("What the coupons of a campaign took off paid orders."),
            N_("Uses that were released, as their order failed."), _ORDERS, Unit.MONEY, Fact.COUPON_COST,
        ),
        Measure(
            "coupons_given", N_("Coupons given"), N_("Coupons that people took, typed in, or were given."),
            N_("Coupons that nobody holds: those that apply by themselves, and codes typed at the checkout."),
            _GIVEN, Unit.COUNT, Fact.COUPONS_GIVEN,
        ),
        Measure(
            "store_sales", N_("Sales"), N_("What buyers had to pay for this store's parts of paid orders."),
            N_("Orders that were never paid. Refunds are not taken off."), _ORDERS, Unit.MONEY, Fact.STORE_SALES,
            good=Good.UP,
        ),
        Measure(
            "store_orders", N_("Orders paid"), N_("Parts of paid orders that this store delivers."), _UNPAID, _ORDERS,
            Unit.COUNT, Fact.STORE_ORDERS, good=Good.UP,
        ),
        Measure(
            "store_average", N_("Average order"), N_("Sales ÷ orders paid."), _UNPAID, _ORDERS, Unit.MONEY,
            Fact.STORE_SALES, Fact.STORE_ORDERS, good=Good.UP,
        ),
        Measure(
            "store_discount", N_("Discounts"), N_("What coupons took off this store's parts, whoever pays for them."),
            _UNPAID, _ORDERS, Unit.MONEY, Fact.STORE_DISCOUNT,
        ),
        Measure(
            "store_refunded", N_("Refunded"),
            N_("What has been given back of the parts of orders placed in the period."), N_("Refunds under way."),
            _ORDERS, Unit.MONEY, Fact.STORE_REFUNDED, good=Good.DOWN,
        ),
        Measure(
            "store_sent_in_time", N_("Sent in time"), N_("Parts sent by their deadline ÷ parts sent."),
            _UNSENT, _ORDERS, Unit.SHARE, Fact.PARTS_SENT_IN_TIME, Fact.PARTS_SENT,
            good=Good.UP,
        ),
    )
}  # fmt: skip

BOARDS: Mapping[Board, tuple[str, ...]] = {
    Board.SALES: (
        "sales", "orders_placed", "orders_paid", "paid_share", "average_order", "tax", "refunded", "sent_in_time",
    ),
    Board.PAYMENTS: (
        "success_rate", "gateway_failures", "captured", "payments", "paid_quickly", "paid_seconds", "refunds_in_time",
        "refund_time",
    ),
    Board.INCENTIVES: (
        "discount", "average_discount", "redemption_rate", "roii", "engagement", "mileage_granted", "mileage_spent",
        "mileage_expired",
    ),
    Board.BALANCES: ("deposit_owed", "refund_credit_owed", "gift_owed", "mileage_owed", "mileage_pending"),
    Board.RISK: (
        "decisions", "held_share", "fraud_rate", "false_positives", "review_time", "alert_time", "losses_avoided",
        "disputed",
    ),
    Board.CHANNELS: (
        "sales", "orders_paid", "paid_share", "average_order", "success_rate", "discount", "refunded", "offers_taken",
    ),
}  # fmt: skip
# What each board is called, and the question that it answers (A25).
QUESTIONS: Mapping[Board, tuple[str, str]] = {
    Board.SALES: (N_("Sales"), N_("What is being sold?")),
    Board.PAYMENTS: (N_("Payments"), N_("Do payments succeed, and how fast?")),
    Board.INCENTIVES: (N_("Incentives"), N_("What do coupons and mileage cost?")),
    Board.BALANCES: (N_("Balances"), N_("What do we owe to buyers?")),
    Board.RISK: (N_("Risk"), N_("How much fraud is found, how fast, and at what price?")),
    Board.CHANNELS: (N_("Channels"), N_("How does each channel sell?")),
}
STORE_QUESTION = N_("How is the store doing?")
STORE_BOARD = ("store_sales", "store_orders", "store_average", "store_discount", "store_refunded", "store_sent_in_time")


def is_board(name: str) -> bool:
    """Whether there are figures of this name: a board of the mall, or a store's."""
    return name == STORE or name in set(Board)


def names_of(board: str) -> tuple[str, ...]:
    """The measures of a board, or of a store's page."""
    return STORE_BOARD if board == STORE else BOARDS[Board(board)]


def question_of(board: str) -> str:
    """The question that it answers, to be translated."""
    return STORE_QUESTION if board == STORE else QUESTIONS[Board(board)][1]
