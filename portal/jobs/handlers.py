"""Who does what on which event. A handler only writes rows; what goes outside is a job of its own."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from portal.jobs.acts import (
    capture,
    charge,
    check_cash_receipt,
    follow_parcel,
    follow_points,
    follow_return,
    forget_method,
    gather_cases,
    give_more,
    issue_credit_note,
    issue_exchange_papers,
    issue_receipt,
    keep_turn,
    renew_tier,
    reverse,
    run_bulk,
    run_setup,
    send_answer,
    send_legs,
    welcome,
    work_on_adjustment,
)
from portal.jobs.exports import begin_list
from portal.jobs.held_payments import stop_unpaid, take_held, want_credit_notes
from portal.models import OutboxEvent
from portal.rules.webhooks import EVENT_TYPES, TEST
from portal.services.coupons.give_welcome import welcome_into_tier
from portal.services.notifications.notify_access import tell_of_access, tell_of_store_role
from portal.services.notifications.notify_account import mail_account_link
from portal.services.notifications.notify_account_number import mail_account_number
from portal.services.notifications.notify_adjustment import ask_second_person, tell_owner_of_correction
from portal.services.notifications.notify_campaign import tell_of_campaign
from portal.services.notifications.notify_case import tell_admins_of_case
from portal.services.notifications.notify_channel import tell_of_channel
from portal.services.notifications.notify_coupon import (
    tell_admins_of_flag,
    tell_holder,
    tell_holders,
    tell_holders_of_campaign,
)
from portal.services.notifications.notify_dispute import tell_admins_of_dispute
from portal.services.notifications.notify_freeze import tell_owner_of_freeze
from portal.services.notifications.notify_gateway import tell_admins_of_gateway
from portal.services.notifications.notify_gift import tell_of_gift, tell_sender_of_gift
from portal.services.notifications.notify_gift_card import mail_gift_card
from portal.services.notifications.notify_hold import tell_of_hold
from portal.services.notifications.notify_invoice import (
    remind_buyer_of_invoice,
    tell_admins_of_overdue,
    tell_buyer_of_invoice,
)
from portal.services.notifications.notify_list import tell_of_list
from portal.services.notifications.notify_mileage import tell_of_ending_mileage, tell_of_matured_mileage, tell_of_tier
from portal.services.notifications.notify_order import (
    notify_admins_of_review,
    notify_buyer_of_failure,
    notify_sellers,
    tell_buyer_of_kept_payment,
    tell_buyer_of_payment,
)
from portal.services.notifications.notify_part import (
    tell_desks_of_part,
    tell_of_amendment,
    tell_of_deadlines,
    tell_store_of_hold,
)
from portal.services.notifications.notify_payment import mail_top_up, tell_owner_of_payment
from portal.services.notifications.notify_privacy import tell_admins_of_erasure, tell_of_erasure, tell_of_export
from portal.services.notifications.notify_rates import tell_admins_of_rates
from portal.services.notifications.notify_reconciliation import tell_admins_of_differences
from portal.services.notifications.notify_refund import (
    ask_for_consent,
    tell_admins_of_refund,
    tell_buyer_of_refund,
    tell_desks_of_refund,
    tell_sellers_of_refund,
)
from portal.services.notifications.notify_remark import ask_for_review, tell_author_of_answer, tell_store_of_remark
from portal.services.notifications.notify_return import tell_buyer_of_return, tell_store_of_return
from portal.services.notifications.notify_security import mail_factor_change, mail_key_change, mail_step_up_code
from portal.services.notifications.notify_shipment import tell_buyer_of_parcel, tell_store_of_trouble
from portal.services.notifications.notify_stock import tell_store_of_low_stock
from portal.services.notifications.notify_store import mail_invitation, tell_owners_of_bank
from portal.services.notifications.notify_ticket import (
    ask_for_answer,
    tell_assignee,
    tell_buyer_of_answer,
    tell_new_answerers,
    tell_of_due_answers,
    tell_of_ticket_move,
)
from portal.services.notifications.notify_webhook import tell_of_stopped_webhook
from portal.services.notifications.notify_wish import tell_wisher
from portal.services.notifications.notify_withdrawal import ask_about_withdrawal, tell_owner_of_withdrawal

# A handler returns the live topics, beside the profile's own, whose open pages must hear of it.
Handler = Callable[[Session, OutboxEvent, datetime], Collection[str]]


HANDLERS: Mapping[str, Sequence[Handler]] = {
    "order.paid": (issue_receipt, check_cash_receipt, tell_buyer_of_payment, notify_sellers, renew_tier),
    "order.review_wanted": (gather_cases, notify_admins_of_review),
    "order.failed": (notify_buyer_of_failure,),
    "order.expired": (notify_buyer_of_failure,),
    "order.parts_released": (notify_sellers,),
    "order.amended": (tell_of_amendment,),
    "part.moved": (tell_desks_of_part,),
    "shipment.sent": (follow_parcel, take_held, tell_buyer_of_parcel, tell_desks_of_part),
    "shipment.moved": (tell_buyer_of_parcel, tell_store_of_trouble),
    "part.deadline_near": (tell_of_deadlines,),
    "part.deadline_missed": (tell_of_deadlines,),
    "store.member_invited": (mail_invitation,),
    "store.bank_changed": (tell_owners_of_bank,),
    "stock.low": (tell_store_of_low_stock,),
    "part.held": (tell_store_of_hold,),
    "part.hold_ended": (tell_store_of_hold,),
    "wish.back": (tell_wisher,),
    "wish.cheaper": (tell_wisher,),
    "remark.written": (tell_store_of_remark,),
    "remark.answered": (tell_author_of_answer,),
    "review.invited": (ask_for_review,),
    "ticket.opened": (ask_for_answer,),
    "ticket.written": (ask_for_answer,),
    "ticket.answered": (tell_buyer_of_answer,),
    "ticket.moved": (tell_of_ticket_move,),
    "ticket.passed": (tell_new_answerers,),
    "ticket.given": (tell_assignee,),
    "ticket.noted": (tell_assignee,),
    **dict.fromkeys(("ticket.answers_near", "ticket.answers_late"), (tell_of_due_answers,)),
    "account.signed_up": (mail_account_link,),
    "account.verification_requested": (mail_account_link,),
    "account.verified": (welcome,),
    "account.reset_requested": (mail_account_link,),
    **dict.fromkeys(("account.factor_added", "account.factor_removed"), (mail_factor_change,)),
    **dict.fromkeys(("account.key_made", "account.key_exchanged"), (mail_key_change,)),
    **dict.fromkeys(("account.roles_changed", "account.blocked", "account.unblocked"), (tell_of_access,)),
    "store.member_changed": (tell_of_store_role,),
    "case.opened": (tell_admins_of_case,),
    **dict.fromkeys(("account.frozen", "account.cleared"), (tell_owner_of_freeze,)),
    "data_export.ready": (tell_of_export,),
    "erasure.failed": (tell_admins_of_erasure,),
    **dict.fromkeys(("erasure.requested", "erasure.cancelled", "erasure.postponed"), (tell_of_erasure,)),
    "step_up.code_wanted": (mail_step_up_code,),
    "payment.pending": (mail_account_number,),
    "payment.failed_over": (charge,),
    "payment.reversal_wanted": (reverse,),
    "payment.capture_wanted": (capture,),
    "payment.taken": (issue_receipt, want_credit_notes),
    "payment.hold_ending": (tell_of_hold,),
    "payment.hold_lost": (stop_unpaid, tell_of_hold),
    "payment.kept_as_deposit": (tell_buyer_of_kept_payment,),
    "gift_card.sold": (tell_owner_of_payment, mail_gift_card),
    "gift_card.redeemed": (tell_owner_of_payment,),
    "gift_card.given_back": (tell_owner_of_payment,),
    "gift_card.void": (tell_owner_of_payment,),
    "gift_card.ended": (tell_owner_of_payment,),
    "gift_card.failed": (tell_owner_of_payment,),
    "gift_card.expired": (tell_owner_of_payment,),
    "invoice.issued": (tell_buyer_of_invoice,),
    "invoice.settled": (tell_buyer_of_invoice,),
    "invoice.reminder": (remind_buyer_of_invoice,),
    "invoice.overdue": (tell_admins_of_overdue,),
    "invoice.failed": (tell_owner_of_payment,),
    **dict.fromkeys(("exchange.failed", "exchange.expired"), (tell_owner_of_payment,)),
    "invoice.expired": (tell_owner_of_payment,),
    "top_up.credited": (tell_owner_of_payment, mail_top_up),
    "top_up.failed": (tell_owner_of_payment,),
    "top_up.expired": (tell_owner_of_payment,),
    "return.requested": (tell_store_of_return,),
    "return.approved": (tell_buyer_of_return, tell_store_of_return),
    "return.refused": (tell_buyer_of_return, tell_store_of_return),
    "return.cancelled": (tell_store_of_return,),
    "return.lapsed": (tell_buyer_of_return, tell_store_of_return),
    "return.sent": (tell_store_of_return,),
    "return.received": (tell_buyer_of_return, tell_store_of_return),
    "return.inspected": (tell_buyer_of_return, tell_store_of_return),
    "return.paid": (tell_store_of_return, issue_exchange_papers),
    "return.settled": (tell_buyer_of_return, tell_store_of_return),
    "refund.requested": (ask_for_consent,),
    "refund.approved": (send_legs, tell_sellers_of_refund, tell_buyer_of_refund, renew_tier, follow_return, give_more),
    "refund.refused": (tell_buyer_of_refund, follow_return, tell_desks_of_refund),
    "refund.cancelled": (follow_return, tell_desks_of_refund),
    "refund.succeeded": (issue_credit_note, check_cash_receipt, tell_buyer_of_refund, tell_desks_of_refund),
    "refund.failed": (tell_admins_of_refund, tell_buyer_of_refund, tell_desks_of_refund),
    "adjustment.waiting": (ask_second_person,),
    "adjustment.running": (work_on_adjustment,),
    "adjustment.undoing": (work_on_adjustment,),
    "balance.adjusted": (tell_owner_of_correction,),
    "withdrawal.requested": (ask_about_withdrawal,),
    "withdrawal.approved": (send_legs, tell_owner_of_withdrawal),
    "withdrawal.returned": (tell_owner_of_withdrawal,),
    "withdrawal.refused": (tell_owner_of_withdrawal,),
    "withdrawal.paid": (tell_owner_of_withdrawal,),
    "mileage.matured": (tell_of_matured_mileage,),
    "mileage.expiring": (tell_of_ending_mileage,),
    "mileage.sent": (tell_of_gift,),
    "mileage.gift_ended": (tell_sender_of_gift,),
    "tier.moved": (tell_of_tier, welcome_into_tier),
    "refund.rerouted": (send_legs,),
    "refund.late": (tell_admins_of_refund,),
    "method.setup_begun": (run_setup,),
    "method.removal_wanted": (forget_method,),
    "campaign.moved": (tell_holders_of_campaign,),
    "campaign.opened": (keep_turn, tell_of_campaign),
    "campaign.ended": (keep_turn, tell_of_campaign),
    "coupon.given": (tell_holders,),
    "coupon.expires": (tell_holders,),
    "coupon.suspended": (tell_holder,),
    "coupon.restored": (tell_holder,),
    "coupon.revoked": (tell_holder,),
    "coupon.flagged": (tell_admins_of_flag,),
    "coupon.appealed": (tell_admins_of_flag,),
    "coupon_bulk.asked": (run_bulk,),
    "list_export.wanted": (begin_list,),
    "list_export.ready": (tell_of_list,),
    "list_export.failed": (tell_of_list,),
    "dispute.opened": (tell_admins_of_dispute, follow_points),
    "dispute.due": (tell_admins_of_dispute,),
    "dispute.closed": (tell_admins_of_dispute, follow_points),
    "dispute.answer_wanted": (send_answer,),
    "dispute.answer_refused": (tell_admins_of_dispute,),
    "gateway.breaker_opened": (tell_admins_of_gateway,),
    "gateway.breaker_closed": (tell_admins_of_gateway,),
    "reconciliation.differs": (tell_admins_of_differences,),
    "channel.moved": (tell_of_channel,),
    "webhook.stopped": (tell_of_stopped_webhook,),
    "rates.refused": (tell_admins_of_rates,),
    "rates.missing": (tell_admins_of_rates,),
    "rates.jumped": (tell_admins_of_rates,),
    "rates.stale": (tell_admins_of_rates,),
}

# What a worker looks at: what is to be done, and what webhooks are told of.
WORKED: frozenset[str] = frozenset({*HANDLERS, *EVENT_TYPES, TEST})


def handlers_of(kind: str) -> Sequence[Handler]:
    """The handlers of an event; an event that only open pages hear of has none."""
    return HANDLERS.get(kind, ())
