"""The audit trail's only writer (AUD-01): rows in the transaction of what they record, without personal data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import orjson
from sqlalchemy.orm import Session

from portal.db import insert_rows
from portal.models import AuditRow
from portal.rules.permissions import Actor, Role


class AuditAction(StrEnum):
    """What can be recorded, as `subject:act`."""

    ACCOUNT_SIGNED_UP = "account:signed-up"
    ACCOUNT_SIGNED_IN = "account:signed-in"
    ACCOUNT_SIGN_IN_FAILED = "account:sign-in-failed"
    ACCOUNT_SIGNED_OUT = "account:signed-out"
    ACCOUNT_SESSION_REVOKED = "account:session-revoked"
    ACCOUNT_PASSWORD_CHANGED = "account:password-changed"  # noqa: S105  # A name of an act.
    ACCOUNT_EMAIL_VERIFIED = "account:email-verified"
    ACCOUNT_FACTOR_ADDED = "account:factor-added"
    ACCOUNT_FACTOR_REMOVED = "account:factor-removed"
    ACCOUNT_STEP_UP_PASSED = "account:step-up-passed"
    ACCOUNT_STEP_UP_FAILED = "account:step-up-failed"
    ACCOUNT_STEP_UP_USED = "account:step-up-used"
    ORDER_PLACED = "order:placed"
    ORDER_PAID = "order:paid"
    ORDER_FAILED = "order:failed"
    ORDER_CANCELLED = "order:cancelled"
    ORDER_EXPIRED = "order:expired"
    ORDER_IMPORTED = "order:imported"
    ORDER_HELD = "order:held"
    ORDER_RELEASED = "order:released"
    ORDER_REFUNDED = "order:refunded"
    DOCUMENT_ISSUED = "document:issued"
    CASH_RECEIPT_FILED = "cash-receipt:filed"
    REFUND_REQUESTED = "refund:requested"
    REFUND_APPROVED = "refund:approved"
    REFUND_REFUSED = "refund:refused"
    REFUND_LEG_SENT = "refund:leg-sent"
    REFUND_LEG_UNKNOWN = "refund:leg-unknown"
    REFUND_LEG_SUCCEEDED = "refund:leg-succeeded"
    REFUND_LEG_FAILED = "refund:leg-failed"
    REFUND_LEG_REPLACED = "refund:leg-replaced"
    REFUND_ESCALATED = "refund:escalated"
    RETURN_REQUESTED = "return:requested"
    RETURN_DECIDED = "return:decided"
    RETURN_MOVED = "return:moved"
    RETURN_INSPECTED = "return:inspected"
    RETURN_SETTLED = "return:settled"
    EXCHANGE_PAID = "exchange:paid"
    EXCHANGE_GIVEN_BACK = "exchange:given-back"
    ORDER_AMENDED = "order:amended"
    WITHDRAWAL_REQUESTED = "withdrawal:requested"
    WITHDRAWAL_DECIDED = "withdrawal:decided"
    WITHDRAWAL_PAID = "withdrawal:paid"
    DISPUTE_OPENED = "dispute:opened"
    DISPUTE_MOVED = "dispute:moved"
    DISPUTE_BOOKED = "dispute:booked"
    DISPUTE_RECORDED = "dispute:recorded"
    DISPUTE_AMENDED = "dispute:amended"
    DISPUTE_REMINDED = "dispute:reminded"
    DISPUTE_WRITTEN = "dispute:written"
    DISPUTE_ANSWERED = "dispute:answered"
    DISPUTE_ANSWER_SENT = "dispute:answer-sent"
    DISPUTE_ANSWER_REFUSED = "dispute:answer-refused"
    METHOD_SETUP_BEGUN = "method:setup-begun"
    METHOD_SAVED = "method:saved"
    METHOD_CHOSEN = "method:chosen"
    METHOD_REMOVED = "method:removed"
    PART_CLOSED = "part:closed"
    PART_HELD = "part:held"
    HOLD_ENDED = "part:hold-ended"
    PART_MOVED = "part:moved"
    LABEL_WANTED = "label:wanted"
    LABEL_BOUGHT = "label:bought"
    LABEL_VOIDED = "label:voided"
    SHIPMENT_SENT = "shipment:sent"
    SHIPMENT_MOVED = "shipment:moved"
    PAYMENT_AUTHORISED = "payment:authorised"
    PAYMENT_CAPTURED = "payment:captured"
    PAYMENT_CAPTURE_WANTED = "payment:capture-wanted"
    PAYMENT_DECLINED = "payment:declined"
    PAYMENT_UNKNOWN = "payment:unknown"
    PAYMENT_SURPLUS_FOUND = "payment:surplus-found"
    PAYMENT_SURPLUS_DECIDED = "payment:surplus-decided"
    PAYMENT_VOIDED = "payment:voided"
    INVOICE_ISSUED = "invoice:issued"
    INVOICE_SETTLED = "invoice:settled"
    INVOICE_WRITTEN_OFF = "invoice:written-off"
    INVOICE_OVERDUE = "invoice:overdue"
    CREDIT_LINE_CHANGED = "credit-line:changed"
    CREDIT_LINE_WANTED = "credit-line:wanted"
    GIFT_CARD_SOLD = "gift-card:sold"
    GIFT_CARD_REDEEMED = "gift-card:redeemed"
    GIFT_CARD_ENDED = "gift-card:ended"
    PAYMENT_BEGUN = "payment:begun"
    PAYMENT_ENDED = "payment:ended"
    COUPON_RESERVED = "coupon:reserved"
    COUPON_REDEEMED = "coupon:redeemed"
    COUPON_RELEASED = "coupon:released"
    COUPON_ISSUED = "coupon:issued"
    COUPON_EDITED = "coupon:edited"
    COUPON_LAUNCHED = "coupon:launched"
    COUPON_GRANTED = "coupon:granted"
    CAMPAIGN_OPENED = "campaign:opened"
    CAMPAIGN_ENDED = "campaign:ended"
    CAMPAIGN_PAUSED = "campaign:paused"
    CAMPAIGN_RESUMED = "campaign:resumed"
    CAMPAIGN_REVOKED = "campaign:revoked"
    COUPON_CODES_MADE = "coupon:codes-made"
    COUPON_SUSPENDED = "coupon:suspended"
    COUPON_REVOKED = "coupon:revoked"
    COUPON_RESTORED = "coupon:restored"
    COUPON_EXPIRED = "coupon:expired"
    COUPON_FLAGGED = "coupon:flagged"
    COUPON_FLAG_DECIDED = "coupon:flag-decided"
    COUPON_APPEALED = "coupon:appealed"
    COUPON_RULE_CHANGED = "coupon:rule-changed"
    COUPON_BULK_ASKED = "coupon:bulk-asked"
    DEPOSIT_TOPPED_UP = "deposit:topped-up"
    MILEAGE_GRANTED = "mileage:granted"
    MILEAGE_MATURED = "mileage:matured"
    MILEAGE_EXPIRED = "mileage:expired"
    MILEAGE_DONATED = "mileage:donated"
    MILEAGE_SENT = "mileage:sent"
    MILEAGE_GIFT_ENDED = "mileage:gift-ended"
    CAUSE_SAVED = "cause:saved"
    TIER_MOVED = "tier:moved"
    REFERRAL_CLAIMED = "referral:claimed"
    REFERRAL_DECIDED = "referral:decided"
    LOYALTY_WRITTEN = "loyalty:written"
    LEDGER_POSTED = "ledger:posted"
    STATEMENT_CLOSED = "statement:closed"
    PAYOUT_DECIDED = "payout:decided"
    PAYOUT_PAID = "payout:paid"
    PAYOUT_RULE_CHANGED = "payout:rule-changed"
    ADJUSTMENT_PREPARED = "adjustment:prepared"
    ADJUSTMENT_DECIDED = "adjustment:decided"
    BALANCE_ADJUSTED = "balance:adjusted"
    BALANCE_ADJUSTMENT_UNDONE = "balance:adjustment-undone"
    EXCEPTION_HANDLED = "exception:handled"
    CHANNEL_SAVED = "channel:saved"
    REFUND_RULE_SET = "refund-rule:set"
    REFUND_RULE_WITHDRAWN = "refund-rule:withdrawn"
    TAX_RATE_SET = "tax-rate:set"
    TAX_RATE_WITHDRAWN = "tax-rate:withdrawn"
    CHANNEL_MOVED = "channel:moved"
    CHANNEL_CHECKED = "channel:checked"
    CART_COLLIDED = "cart:collided"
    CHANNEL_RECONCILED = "channel:reconciled"
    CHANNEL_BLOCKED = "channel:blocked"
    HOUSE_RULE_WRITTEN = "house-rule:written"
    HOUSE_RULE_CONFIRMED = "house-rule:confirmed"
    CHANNEL_WOUND_UP = "channel:wound-up"
    BORDER_RULE_SET = "border-rule:set"
    BORDER_RULE_ENDED = "border-rule:ended"
    EVENTS_RETRIED = "outbox:retried"
    WEBHOOK_SAVED = "webhook:saved"
    WEBHOOK_SWITCHED = "webhook:switched"
    WEBHOOK_SECRET_ROTATED = "webhook:secret-rotated"  # noqa: S105  # A name of an act.
    WEBHOOK_SENT_AGAIN = "webhook:sent-again"
    MAIL_SENT_AGAIN = "mail:sent-again"
    GATEWAY_CONFIGURED = "gateway:configured"
    GATEWAY_TESTED = "gateway:tested"
    ROUTING_WRITTEN = "routing:written"
    ROUTING_RELEASED = "routing:released"
    SEGMENT_WRITTEN = "segment:written"
    AUTOMATION_WRITTEN = "automation:written"
    AUTOMATION_MOVED = "automation:moved"
    AUTOMATION_RESIZED = "automation:resized"
    SUGGESTION_MADE = "suggestion:made"
    SUGGESTION_TAKEN = "suggestion:taken"
    SUGGESTION_DISMISSED = "suggestion:dismissed"
    SUGGESTION_WITHDRAWN = "suggestion:withdrawn"
    INCENTIVE_MADE = "incentive:made"
    OFFER_WRITTEN = "offer:written"
    OFFER_MOVED = "offer:moved"
    OFFER_TAKEN = "offer:taken"
    OFFER_STRATEGY_WRITTEN = "offer_strategy:written"
    OFFER_MODEL_PLACED = "offer_model:placed"
    RISK_RULE_WRITTEN = "risk-rule:written"
    RISK_RULE_RELEASED = "risk-rule:released"
    RISK_RULE_SNOOZED = "risk-rule:snoozed"
    RISK_RULE_SNOOZE_ENDED = "risk-rule:snooze-ended"
    RISK_MODEL_PLACED = "risk-model:placed"
    REPORT_RECEIVED = "settlement-report:received"
    BOOKS_RECONCILED = "books:reconciled"
    BREAK_TAKEN = "break:taken"
    BREAK_EXPLAINED = "break:explained"
    BALANCE_VIEWED = "balance:viewed"
    USER_VIEWED = "user:viewed"
    LIST_ENTRY_ADDED = "list:added"
    LIST_ENTRY_REMOVED = "list:removed"
    CASE_OPENED = "case:opened"
    CASE_GREW = "case:grew"
    CASE_MERGED = "case:merged"
    CASE_TAKEN = "case:taken"
    CASE_DECIDED = "case:decided"
    CASE_UNDONE = "case:undone"
    CASE_CLOSED = "case:closed"
    USER_BLOCKED = "user:blocked"
    USER_UNBLOCKED = "user:unblocked"
    USER_ROLES_CHANGED = "user:roles-changed"
    USER_FACTORS_RESET = "user:factors-reset"
    USER_PASSWORD_LINK_SENT = "user:password-link-sent"  # noqa: S105  # A name of an act.
    USER_NOTED = "user:noted"
    CONSENT_CHOSEN = "consent:chosen"
    FIGURE_BOUND_SET = "figure-bound:set"
    FIGURE_BOUND_ENDED = "figure-bound:ended"
    FIGURE_ALERT_RAISED = "figure-alert:raised"
    FIGURE_ALERT_SEEN = "figure-alert:seen"
    REPORT_PLAN_SET = "report-plan:set"
    REPORT_PLAN_ENDED = "report-plan:ended"
    LIST_EXPORT_WANTED = "list-export:wanted"
    LIST_EXPORT_MADE = "list-export:made"
    LIST_EXPORT_TAKEN = "list-export:taken"
    DATA_EXPORT_WANTED = "data-export:wanted"
    DATA_EXPORT_MADE = "data-export:made"
    DATA_EXPORT_TAKEN = "data-export:taken"
    ERASURE_REQUESTED = "erasure:requested"
    ERASURE_CANCELLED = "erasure:cancelled"
    ERASURE_POSTPONED = "erasure:postponed"
    ERASURE_DONE = "erasure:done"
    RETENTION_CHANGED = "retention:changed"
    RETENTION_APPLIED = "retention:applied"
    USER_FROZEN = "user:frozen"
    USER_CLEARED = "user:cleared"
    PROCEDURE_SAVED = "procedure:saved"
    REMEDIATION_STARTED = "remediation:started"
    REMEDIATION_TICKED = "remediation:ticked"
    REMEDIATION_UNTICKED = "remediation:unticked"
    REMEDIATION_ENDED = "remediation:ended"
    RISK_DECIDED = "risk:decided"
    API_CLIENT_MADE = "api-client:made"
    API_CLIENT_REVOKED = "api-client:revoked"
    API_CLIENT_ROTATED = "api-client:rotated"
    STOCK_COUNTED = "stock:counted"
    PRODUCT_SAVED = "product:saved"
    PRODUCTS_ASSIGNED = "product:assigned"
    PRICE_WINDOW_SET = "price-window:set"
    PRICE_WINDOW_ENDED = "price-window:ended"
    LOCAL_TEXTS_SAVED = "product:local-texts-saved"
    STOCK_SET_ASIDE = "stock:set-aside"
    STORE_MEMBER_INVITED = "store:member-invited"
    STORE_MEMBER_ANSWERED = "store:member-answered"
    STORE_MEMBER_CHANGED = "store:member-changed"
    STORE_SAVED = "store:saved"
    STORE_BANK_CHANGED = "store:bank-changed"
    CATALOGUE_IMPORTED = "catalogue:imported"
    REVIEW_WRITTEN = "review:written"
    QUESTION_ASKED = "question:asked"
    REMARK_ANSWERED = "remark:answered"
    REMARK_HIDDEN = "remark:hidden"
    REMARK_SHOWN = "remark:shown"
    TICKET_OPENED = "ticket:opened"
    TICKET_WRITTEN = "ticket:written"
    TICKET_MOVED = "ticket:moved"
    TICKET_GIVEN = "ticket:given"
    TICKET_PASSED = "ticket:passed"
    TICKET_ESCALATED = "ticket:escalated"
    IP_TABLE_LOADED = "ip-table:loaded"
    TRAINING_EVENTS_KEPT = "training-events:kept"
    FRAUD_MODEL_TRAINED = "fraud-model:trained"


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that was done. `ref` names what it is about (`order:ID`, `entry:ID`); before and after are JSON."""

    action: AuditAction
    ref: str
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None
    reason: str | None = None


def label(actor: Actor) -> str:
    """The actor as records name him: by id, never by name or address."""
    if actor.user_id is not None:
        return f"user:{actor.user_id}"
    return "system" if Role.SYSTEM in actor.roles else "visitor"


def record(session: Session, *facts: Fact, actor: Actor, now: datetime) -> None:
    """Write what was done. The session named in it leads to device and IP, which can be erased apart from the chain."""
    name = label(actor)
    insert_rows(
        session,
        AuditRow,
        [
            {
                "at": now,
                "actor": name,
                "action": fact.action.value,
                "ref": fact.ref,
                "payload": orjson.dumps(
                    {
                        "at": now.isoformat(),
                        "actor": name,
                        "roles": sorted(actor.roles),
                        "session": actor.session_id,
                        "channel": actor.channel_id,
                        "action": fact.action.value,
                        "ref": fact.ref,
                        "before": fact.before,
                        "after": fact.after,
                        "reason": fact.reason,
                    },
                    option=orjson.OPT_SORT_KEYS,
                    default=str,
                ).decode(),
            }
            for fact in facts
        ],
    )
