"""All tables. Import models from here, so that every mapper is known whichever is used first.

Their files do without `from __future__ import annotations`: SQLAlchemy would read the text of two thousand columns'
types again, in each process that starts.
"""

from portal.models.account import Address, Consent, StoreInvitation, StoreMember, User, UserNote, UserState, WebSession
from portal.models.adjustment import Adjustment, AdjustmentLine
from portal.models.audit import AuditLink, AuditRow
from portal.models.border import BorderRecord, BorderRule
from portal.models.campaign_turn import CampaignTurn
from portal.models.cart import Cart, CartLine
from portal.models.cash_receipt import CashReceipt, CashReceiptWish
from portal.models.catalog import (
    Listing,
    Photo,
    Price,
    Product,
    ProductPicture,
    Reservation,
    Section,
    Stock,
    StockMove,
    Variant,
)
from portal.models.channel import Channel
from portal.models.channel_catalogue import CatalogueNote, LocalProduct, PriceWindow
from portal.models.channel_life import ChannelCheck, ChannelMove, ChannelWindUp
from portal.models.client import ApiClient
from portal.models.coupon import (
    Campaign,
    CampaignCounter,
    CampaignVersion,
    CouponCode,
    CouponGrant,
    CouponTally,
    CouponUse,
)
from portal.models.coupon_desk import (
    CouponAbuseRule,
    CouponAct,
    CouponBatch,
    CouponBulk,
    CouponBulkRow,
    CouponFlag,
)
from portal.models.dispute import Dispute
from portal.models.document import Document, DocumentKind, DocumentSeries
from portal.models.figure import FigureAlert, FigureBound, FigureDay, FigureState
from portal.models.fraud import RiskDecision, RiskListEntry, RiskRuleRelease, RiskRuleVersion, RiskSnooze
from portal.models.fx import ReferenceRate
from portal.models.gift_card import GiftCard
from portal.models.giving import Cause, MileageDonation, MileageGift, MileageGiftLot
from portal.models.goods_return import GoodsReturn, ReturnPayment, ReturnPicture, ReturnUnit
from portal.models.house_rule import ChannelBlock, ChannelConfirmation, HouseRule, OverrideDecision
from portal.models.idempotency import IdempotencyKey
from portal.models.incentive import (
    Automation,
    CustomerScore,
    IncentiveAssignment,
    IncentiveHouse,
    ScoreState,
    ScoreVersion,
    SegmentMember,
    SegmentMove,
    SegmentVersion,
)
from portal.models.incentive_suggestion import IncentiveSuggestion
from portal.models.invoice import CreditLine, Invoice, InvoiceMove, InvoicePayment
from portal.models.label import ShippingLabel
from portal.models.lag import LagIncident
from portal.models.learning import FraudModelPlace, FraudModelVersion, TrainingEvent, TrainingFile, TrainingSet
from portal.models.ledger import LedgerAccount, LedgerEntry, LedgerHold, MileageLot, MileageLotUse, Posting
from portal.models.list_export import ListExport, ListExportPiece, ReportPlan
from portal.models.loyalty import LoyaltyVersion, MemberTier, Referral, ReferralCode, TierMove
from portal.models.notice import Mail, Notice, NoticePreference
from portal.models.offer import Offer, OfferChoice, OfferModel, OfferModelPlace, OfferStrategy
from portal.models.order import DiscountShare, Order, OrderHold, OrderLine, OrderPart, Transition
from portal.models.outbox import OutboxEvent
from portal.models.payment import (
    GatewayAccount,
    GatewayIncident,
    MethodSetup,
    Payment,
    PaymentAttempt,
    ProviderEvent,
    SavedMethod,
    Tender,
    TenderShare,
    TenderType,
)
from portal.models.payout import SellerPayout, SellerStatement, SellerStatementLine
from portal.models.privacy import ConsentChoice, DataExport, Erasure, RetentionRule, RetentionRun
from portal.models.reconciliation import ReconciliationBreak, ReconciliationRun, SettlementReport, SettlementRow
from portal.models.refund import (
    Destination,
    Payout,
    Refund,
    RefundApproval,
    RefundLeg,
    RefundLine,
    RefundRule,
    Withdrawal,
)
from portal.models.remark import ProductRating, Remark, RemarkPicture, ReviewInvitation
from portal.models.remediation import Procedure, Remediation, RemediationTick
from portal.models.restriction import AccountFreeze
from portal.models.risk_case import RiskCase, RiskCaseDecision, RiskCaseDevice, RiskCasePerson
from portal.models.risk_tables import IpRange, IpTable, RiskShare
from portal.models.routing import RoutingRelease, RoutingVersion
from portal.models.saved_view import DefaultView, SavedView
from portal.models.seller import Store, StoreBank
from portal.models.shipment import BulkRun, PartDeadline, Shipment, ShipmentEvent, ShipmentLine
from portal.models.step_up import FactorKind, SecondFactor, StepUp
from portal.models.surplus import Surplus
from portal.models.tax import TaxRate
from portal.models.ticket import Ticket, TicketFile, TicketMessage
from portal.models.webhook import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from portal.models.wish import Wish

__all__ = [
    "AccountFreeze",
    "Address",
    "Adjustment",
    "AdjustmentLine",
    "ApiClient",
    "AuditLink",
    "AuditRow",
    "Automation",
    "BorderRecord",
    "BorderRule",
    "BulkRun",
    "Campaign",
    "CampaignCounter",
    "CampaignTurn",
    "CampaignVersion",
    "Cart",
    "CartLine",
    "CashReceipt",
    "CashReceiptWish",
    "CatalogueNote",
    "Cause",
    "Channel",
    "ChannelBlock",
    "ChannelCheck",
    "ChannelConfirmation",
    "ChannelMove",
    "ChannelWindUp",
    "Consent",
    "ConsentChoice",
    "CouponAbuseRule",
    "CouponAct",
    "CouponBatch",
    "CouponBulk",
    "CouponBulkRow",
    "CouponCode",
    "CouponFlag",
    "CouponGrant",
    "CouponTally",
    "CouponUse",
    "CreditLine",
    "CustomerScore",
    "DataExport",
    "DefaultView",
    "Destination",
    "DiscountShare",
    "Dispute",
    "Document",
    "DocumentKind",
    "DocumentSeries",
    "Erasure",
    "FactorKind",
    "FigureAlert",
    "FigureBound",
    "FigureDay",
    "FigureState",
    "FraudModelPlace",
    "FraudModelVersion",
    "GatewayAccount",
    "GatewayIncident",
    "GiftCard",
    "GoodsReturn",
    "HouseRule",
    "IdempotencyKey",
    "IncentiveAssignment",
    "IncentiveHouse",
    "IncentiveSuggestion",
    "Invoice",
    "InvoiceMove",
    "InvoicePayment",
    "IpRange",
    "IpTable",
    "LagIncident",
    "LedgerAccount",
    "LedgerEntry",
    "LedgerHold",
    "ListExport",
    "ListExportPiece",
    "Listing",
    "LocalProduct",
    "LoyaltyVersion",
    "Mail",
    "MemberTier",
    "MethodSetup",
    "MileageDonation",
    "MileageGift",
    "MileageGiftLot",
    "MileageLot",
    "MileageLotUse",
    "Notice",
    "NoticePreference",
    "Offer",
    "OfferChoice",
    "OfferModel",
    "OfferModelPlace",
    "OfferStrategy",
    "Order",
    "OrderHold",
    "OrderLine",
    "OrderPart",
    "OutboxEvent",
    "OverrideDecision",
    "PartDeadline",
    "Payment",
    "PaymentAttempt",
    "Payout",
    "Photo",
    "Posting",
    "Price",
    "PriceWindow",
    "Procedure",
    "Product",
    "ProductPicture",
    "ProductRating",
    "ProviderEvent",
    "ReconciliationBreak",
    "ReconciliationRun",
    "ReferenceRate",
    "Referral",
    "ReferralCode",
    "Refund",
    "RefundApproval",
    "RefundLeg",
    "RefundLine",
    "RefundRule",
    "Remark",
    "RemarkPicture",
    "Remediation",
    "RemediationTick",
    "ReportPlan",
    "Reservation",
    "RetentionRule",
    "RetentionRun",
    "ReturnPayment",
    "ReturnPicture",
    "ReturnUnit",
    "ReviewInvitation",
    "RiskCase",
    "RiskCaseDecision",
    "RiskCaseDevice",
    "RiskCasePerson",
    "RiskDecision",
    "RiskListEntry",
    "RiskRuleRelease",
    "RiskRuleVersion",
    "RiskShare",
    "RiskSnooze",
    "RoutingRelease",
    "RoutingVersion",
    "SavedMethod",
    "SavedView",
    "ScoreState",
    "ScoreVersion",
    "SecondFactor",
    "Section",
    "SegmentMember",
    "SegmentMove",
    "SegmentVersion",
    "SellerPayout",
    "SellerStatement",
    "SellerStatementLine",
    "SettlementReport",
    "SettlementRow",
    "Shipment",
    "ShipmentEvent",
    "ShipmentLine",
    "ShippingLabel",
    "StepUp",
    "Stock",
    "StockMove",
    "Store",
    "StoreBank",
    "StoreInvitation",
    "StoreMember",
    "Surplus",
    "TaxRate",
    "Tender",
    "TenderShare",
    "TenderType",
    "Ticket",
    "TicketFile",
    "TicketMessage",
    "TierMove",
    "TrainingEvent",
    "TrainingFile",
    "TrainingSet",
    "Transition",
    "User",
    "UserNote",
    "UserState",
    "Variant",
    "WebSession",
    "WebhookAttempt",
    "WebhookDelivery",
    "WebhookEndpoint",
    "Wish",
    "Withdrawal",
]
