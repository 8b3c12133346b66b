"""Where personal data is: every table that knows a person, how to find his rows, and what becomes of them (IDN-06).

One register for the export, the erasure and the proof of both. A table that names people or holds encrypted values is
either here or in ABOUT_OTHERS, which says why it is not (tests/architecture).
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import Column, Table, TextClause, text

from portal import models as m
from portal.db import Base

# What stands where something was erased; the same in all languages.
ERASED = "—"


class Erase(StrEnum):
    """What becomes of a column when its person is erased."""

    NULL = "null"
    DASH = "dash"
    # An empty text: whatever it said, its readers take it for nothing.
    EMPTY = "empty"
    # JSON of the same shape, without what it said.
    BLANK = "blank"


@dataclass(frozen=True, slots=True)
class PersonalTable:
    """The rows of one person in one table. `whose` is SQL with :user and :owner (`user:ID`).

    `hidden` columns are secrets, or tell how fraud is found: they are in no export. `delete` takes whole rows away.
    """

    model: type[Base]
    whose: str
    erase: Mapping[str, Erase] = field(default_factory=dict)
    hidden: frozenset[str] = frozenset()
    delete: bool = False
    exported: bool = True

    @property
    def name(self) -> str:
        return str(self.model.__tablename__)

    @property
    def table(self) -> Table:
        return Base.metadata.tables[self.name]

    @property
    def columns(self) -> list[Column[Any]]:
        """What an export tells of a row."""
        return [column for column in self.table.columns if column.name not in self.hidden]

    @property
    def condition(self) -> TextClause:
        return text(self.whose)


def values_of(user_id: uuid.UUID) -> dict[str, Any]:
    """The values that `whose` asks for."""
    return {"user": user_id, "owner": f"user:{user_id}"}


_USER, _BUYER = "user_id = :user", "buyer_id = :user"
_ORDERS = "SELECT id FROM orders WHERE buyer_id = :user"
_ORDER = f"order_id IN ({_ORDERS})"
_PAYMENTS = "SELECT id FROM payment WHERE user_id = :user"
_PAYMENT = f"payment_id IN ({_PAYMENTS})"
_ATTEMPTS = f"SELECT id FROM payment_attempt WHERE {_PAYMENT}"
_REFUNDS = f"SELECT id FROM refund WHERE {_ORDER}"
_RETURNS = f"return_id IN (SELECT id FROM goods_return WHERE {_BUYER})"
_ACCOUNT = "account_id IN (SELECT id FROM ledger_account WHERE owner = :owner)"
_PARCELS = f"shipment_id IN (SELECT id FROM shipment WHERE {_ORDER})"
_INVOICES = f"invoice_id IN (SELECT id FROM invoice WHERE {_USER})"
_TICKETS = f"ticket_id IN (SELECT id FROM ticket WHERE {_BUYER})"
_MESSAGES = f"message_id IN (SELECT id FROM ticket_message WHERE {_TICKETS})"
_REMARKS = "remark_id IN (SELECT id FROM remark WHERE author_id = :user)"
_DISPUTED = f"payment_id IN ({_PAYMENTS})"
_GIFTS = "sender_id = :user OR recipient_id = :user"
# Pages name their scope after the person, the API after his client.
_KEYS = (
    "scope LIKE '%:' || CAST(:user AS text) OR EXISTS (SELECT FROM api_client c WHERE c.user_id = :user"
    " AND idempotency_key.scope LIKE 'api:' || CAST(c.id AS text) || ':%')"
)
_SECRET = frozenset({"idem_key", "op_key", "key"})

N, D, E, B = Erase.NULL, Erase.DASH, Erase.EMPTY, Erase.BLANK

PERSONAL: tuple[PersonalTable, ...] = (
    # The profile itself is written over by the service: its e-mail and index go together.
    PersonalTable(m.User, "id = :user", hidden=frozenset({"email_index", "password_hash"})),
    PersonalTable(m.StoreMember, _USER),
    PersonalTable(m.UserNote, _USER, {"text": D}, exported=False),
    PersonalTable(m.DefaultView, _USER, delete=True, exported=False),
    PersonalTable(
        m.WebSession,
        _USER,
        {"ip": E, "ip_index": N, "user_agent": E},
        hidden=frozenset({"token_hash", "ip_index"}),
    ),
    PersonalTable(m.Address, _USER, delete=True),
    PersonalTable(m.Consent, _USER),
    PersonalTable(m.ConsentChoice, _USER),
    PersonalTable(m.DataExport, _USER, hidden=frozenset({"content"}), delete=True),
    PersonalTable(m.Erasure, _USER, {"reason": D}),
    PersonalTable(
        m.SecondFactor,
        _USER,
        hidden=frozenset({"secret", "credential_id", "public_key", "challenge", "sign_count", "last_step"}),
        delete=True,
    ),
    PersonalTable(m.StepUp, _USER, delete=True, exported=False),
    PersonalTable(
        m.WebhookEndpoint,
        _USER,
        {"name": D, "url": D, "secret": E, "previous_secret": N, "previous_until": N},
        hidden=frozenset({"secret", "previous_secret", "lease"}),
    ),
    PersonalTable(m.ApiClient, _USER, {"name": D}, hidden=frozenset({"key_hash", "previous_hash"})),
    PersonalTable(m.CartLine, f"cart_id IN (SELECT id FROM cart WHERE {_USER})", delete=True),
    PersonalTable(m.Cart, _USER, delete=True),
    PersonalTable(m.Wish, _USER, delete=True),
    PersonalTable(m.Notice, _USER, delete=True),
    PersonalTable(m.NoticePreference, _USER, delete=True),
    PersonalTable(m.ReportPlan, "made_by = :user"),
    PersonalTable(m.Mail, _USER, delete=True, hidden=frozenset({"html", "dedup_key", "last_error", "unsubscribe"})),
    PersonalTable(m.Order, _BUYER, {"contact": B, "address": B}, hidden=frozenset({"risk_score", "fraud_hold"})),
    PersonalTable(m.OrderPart, _ORDER, hidden=frozenset({"commission_basis_points"})),
    PersonalTable(m.OrderLine, _ORDER),
    PersonalTable(m.BorderRecord, _ORDER, {"personal_code": N}, hidden=frozenset({"rules"})),
    PersonalTable(m.OrderHold, _ORDER, {"note": D}, hidden=frozenset({"note", "reason", "placed_by", "released_by"})),
    PersonalTable(m.Tender, _ORDER),
    PersonalTable(m.Payment, _USER),
    PersonalTable(
        m.PaymentAttempt,
        _PAYMENT,
        {"source": N, "action": N, "returned": N},
        hidden=_SECRET | {"source", "action", "returned", "routing", "decision", "claimed_by"},
    ),
    PersonalTable(
        m.ProviderEvent,
        f"(gateway, gateway_ref) IN (SELECT gateway, gateway_ref FROM payment_attempt WHERE {_PAYMENT}"
        " AND gateway_ref IS NOT NULL)",
        {"body": N},
        exported=False,
    ),
    PersonalTable(
        m.SavedMethod,
        _USER,
        {"customer_ref": E, "method_ref": E, "last4": E, "expiry": E, "brand": E},
        hidden=frozenset({"customer_ref", "method_ref", "ref_index"}),
    ),
    PersonalTable(m.MethodSetup, _USER, {"source": N, "action": N}, hidden=_SECRET | {"source", "action"}),
    PersonalTable(m.Surplus, f"attempt_id IN ({_ATTEMPTS})", {"bank": B}, hidden=frozenset({"decided_by"})),
    PersonalTable(m.CashReceiptWish, _PAYMENT, {"number": E}),
    PersonalTable(m.CashReceipt, _PAYMENT, hidden=_SECRET),
    PersonalTable(m.Refund, _ORDER, {"note": D, "bank": B}, hidden=_SECRET | {"plan", "shown"}),
    PersonalTable(m.RefundLine, f"refund_id IN ({_REFUNDS})"),
    PersonalTable(m.RefundLeg, f"refund_id IN ({_REFUNDS})", hidden=_SECRET),
    PersonalTable(m.Payout, _USER, {"bank": B}, hidden=frozenset({"paid_by"})),
    PersonalTable(m.Withdrawal, _USER, {"bank": B}, hidden=_SECRET | {"holds", "decided_by"}),
    # The service takes the buyer's name out of what was issued; the rest of it is bookkeeping.
    PersonalTable(m.Document, _USER),
    PersonalTable(m.Shipment, _ORDER),
    PersonalTable(m.ShipmentEvent, _PARCELS),
    PersonalTable(
        m.GoodsReturn,
        _BUYER,
        {"note": D, "answer": D, "inspection_note": D},
        hidden=_SECRET | {"requested_by", "decided_by"},
    ),
    PersonalTable(m.ReturnUnit, _RETURNS),
    PersonalTable(m.ReturnPicture, _RETURNS, delete=True),
    PersonalTable(
        m.Dispute,
        _DISPUTED,
        {"statement": N, "packet": N},
        hidden=frozenset({"packet", "statement", "answer_by", "recorded_by"}),
    ),
    PersonalTable(m.CreditLine, _USER, {"reason": D}, hidden=frozenset({"changed_by", "wanted_by"})),
    PersonalTable(m.Invoice, _USER),
    PersonalTable(m.InvoiceMove, _INVOICES, hidden=_SECRET),
    PersonalTable(m.LedgerAccount, "owner = :owner"),
    PersonalTable(m.Posting, _ACCOUNT),
    PersonalTable(m.MileageLot, _ACCOUNT),
    PersonalTable(m.MileageDonation, _USER, hidden=_SECRET),
    PersonalTable(m.MileageGift, _GIFTS, {"recipient": D, "message": E}, hidden=_SECRET | {"recipient_index"}),
    PersonalTable(
        m.GiftCard,
        "buyer_id = :user OR redeemed_by = :user",
        {"recipient": D, "sender": D, "message": E},
        hidden=frozenset({"code", "code_index"}),
    ),
    PersonalTable(m.AdjustmentLine, _USER, {"given": D}),
    PersonalTable(m.MemberTier, _USER),
    PersonalTable(m.CustomerScore, _USER, delete=True),
    PersonalTable(m.SegmentMember, _USER, delete=True),
    PersonalTable(m.SegmentMove, _USER),
    PersonalTable(m.IncentiveAssignment, _USER, hidden=frozenset({"churn_bp"})),
    PersonalTable(m.OfferChoice, _USER, hidden=frozenset({"context", "candidates", "probability"})),
    PersonalTable(m.StoreInvitation, "accepted_by = :user", {"email": E}, hidden=frozenset({"email_index"})),
    PersonalTable(m.TierMove, _USER),
    PersonalTable(m.ReferralCode, _USER),
    PersonalTable(m.Referral, "referee_id = :user OR referrer_id = :user"),
    PersonalTable(m.CouponCode, "holder_id = :user"),
    PersonalTable(m.CouponGrant, _USER, hidden=frozenset({"granted_by"})),
    PersonalTable(m.CouponTally, _USER),
    PersonalTable(m.CouponUse, _USER),
    PersonalTable(m.CouponAct, _USER, hidden=frozenset({"network", "code_index"})),
    PersonalTable(m.CouponFlag, _USER, {"appeal": N}, hidden=frozenset({"decided_by", "found", "threshold"})),
    PersonalTable(m.Remark, "author_id = :user", {"text": D, "answer": D}, hidden=_SECRET | {"hidden_by"}),
    PersonalTable(m.RemarkPicture, _REMARKS, delete=True),
    PersonalTable(m.ReviewInvitation, f"part_id IN (SELECT id FROM order_part WHERE {_ORDER})"),
    PersonalTable(m.Ticket, _BUYER, hidden=_SECRET | {"assignee_id"}),
    PersonalTable(m.TicketFile, _MESSAGES, delete=True),
    PersonalTable(m.TicketMessage, f"{_TICKETS} AND NOT is_internal", hidden=_SECRET),
    PersonalTable(m.TicketMessage, _TICKETS, {"text": D}, exported=False),
    PersonalTable(m.AccountFreeze, _USER, {"note": D, "lift_note": D}, hidden=frozenset({"note", "lift_note"})),
    PersonalTable(m.Remediation, _USER, exported=False),
    PersonalTable(
        m.RemediationTick,
        "remediation_id IN (SELECT id FROM remediation WHERE user_id = :user)",
        {"note": D},
        exported=False,
    ),
    PersonalTable(
        m.RiskCase, "id IN (SELECT case_id FROM risk_case_person WHERE user_id = :user)", {"note": D}, exported=False
    ),
    PersonalTable(m.RiskCasePerson, _USER, exported=False),
    PersonalTable(
        m.RiskListEntry,
        "value_index IN (SELECT email_index FROM user_account WHERE id = :user)",
        {"value": N},
        exported=False,
    ),
    # All else of a decision stays: the database refuses any other change.
    PersonalTable(m.RiskDecision, _USER, {"place": N}, exported=False),
    PersonalTable(m.IdempotencyKey, _KEYS, delete=True, exported=False),
)

# Tables with a column for a person, or an encrypted one, that hold nothing of a buyer. {table: why}
ABOUT_OTHERS: Mapping[str, str] = {
    "automation": "who of the mall wrote it",
    "offer": "who of the mall wrote it",
    "offer_model_place": "who of the mall placed it",
    "offer_strategy": "who of the mall wrote it",
    "segment_version": "who of the mall wrote it",
    "channel": "who of the mall answers for it",
    "store": "a business, by the address that it tells its buyers",
    "store_bank": "where a business is paid",
    "adjustment": "who of the mall wrote, decided and undid it",
    "coupon_bulk_row": "what somebody of the mall typed; goes by its retention",
    "figure_alert": "who of the mall has seen it",
    "figure_bound": "who of the mall set it",
    "fraud_model_place": "who of the mall placed it",
    "gateway_account": "credentials of the mall",
    "incentive_suggestion": "who of the mall decided it",
    "list_export": "who of the mall asked for it",
    "list_export_piece": "a list of the mall; goes after a week",
    "loyalty_version": "who of the mall wrote it",
    "bulk_run": "who of a store began it",
    "reconciliation_break": "who of the mall looks at it",
    "saved_view": "how somebody of a desk looks at a list",
    "refund_rule": "who of the mall set it",
    "tax_rate": "who of the mall set it",
    "remediation_procedure": "who of the mall wrote it",
    "retention_rule": "who of the mall set it",
    "risk_rule_release": "who of the mall released it",
    "risk_rule_version": "who of the mall wrote it",
    "risk_snooze": "who of the mall set it",
    "routing_release": "who of the mall released it",
    "routing_version": "who of the mall wrote it",
    "seller_payout": "who of the mall decided it",
}
