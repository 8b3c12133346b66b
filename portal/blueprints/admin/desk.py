"""What stands around every page of the administrators' desk: the menu, as far as one may go."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec

from flask import url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal.blueprints.access import PermissionMissingError, requires
from portal.blueprints.context import translated
from portal.blueprints.desk import PERIODS, requires_in
from portal.blueprints.identity import current_actor
from portal.queries.channels import channel_directory
from portal.queries.desk_counts import MallWaits, mall_waits
from portal.rules.permissions import Permission, Scope, may, scopes_of

P = ParamSpec("P")
View = Callable[P, ResponseReturnValue]


# What managers of channels open, too; each shows what is of their channels.
OF_CHANNELS = frozenset({"admin.channels", "admin.orders", "admin.campaigns", "admin.propagation"})


def requires_all(permission: Permission) -> Callable[[View[P]], View[P]]:
    """Let in who holds the permission for everybody's things: administrators of the fitting kind."""
    return requires_in(permission, Scope.ALL)


def may_all(permission: Permission) -> bool:
    """Whether the one who asks holds the permission for everybody's things."""
    return Scope.ALL in scopes_of(current_actor(), permission)


def requires_channel(permission: Permission) -> Callable[[View[P]], View[P]]:
    """Let in who holds the permission for all channels, and the manager of the channel `channel_id` of the address.

    Where the address names none, the view shows him his own.
    """

    def decorate(view: View[P]) -> View[P]:
        @requires(permission)
        @wraps(view)
        def narrowed(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
            scopes, named = scopes_of(current_actor(), permission), kwargs.get("channel_id")
            if not scopes & {Scope.ALL, Scope.CHANNEL} or (isinstance(named, int) and not may_of(permission, named)):
                raise PermissionMissingError(permission=permission.value)
            return view(*args, **kwargs)

        return narrowed

    return decorate


def channels_seen(permission: Permission) -> frozenset[int] | None:
    """The channels for which the one who asks holds the permission; None for all."""
    return None if may_all(permission) else current_actor().managed_ids


def may_of(permission: Permission, channel_id: int) -> bool:
    """Whether the one who asks holds the permission for this channel."""
    return may(current_actor(), permission, channel_id=channel_id)


def around(session: Session, current: str, *, waits: MallWaits | None = None) -> dict[str, Any]:
    """What the layout wants. An entry that one may not open is absent (A28)."""
    waits = waits or mall_waits(session)
    menu = [
        (
            "",
            [
                ("admin.home", _("Home"), "home", Permission.ANALYTICS_VIEW, 0),
                ("admin.figures", _("Figures"), "chart-bar", Permission.ANALYTICS_VIEW, 0),
                ("admin.alerts", _("Alerts"), "bell", Permission.ANALYTICS_VIEW, 0),
                ("admin.exports", _("Files"), "download", Permission.REPORT_EXPORT, 0),
            ],
        ),
        (
            _("Sales"),
            [
                ("admin.orders", _("Orders"), "list-details", Permission.ORDER_LIST, waits.held),
                ("admin.fulfilment", _("Fulfilment"), "truck", Permission.ORDER_LIST, 0),
                ("admin.payments", _("Payments"), "credit-card", Permission.PAYMENT_VIEW, 0),
                ("admin.tickets", _("Tickets"), "message-circle", Permission.TICKET_VIEW, waits.tickets),
                ("admin.returns", _("Returns"), "arrow-back-up", Permission.REFUND_HANDLE, 0),
                ("admin.remarks", _("Reviews and questions"), "star", Permission.REMARK_VIEW, 0),
                ("admin.refunds", _("Refunds"), "receipt-refund", Permission.REFUND_HANDLE, 0),
                ("admin.disputes", _("Disputes"), "gavel", Permission.DISPUTE_HANDLE, 0),
                ("admin.campaigns", _("Coupons"), "ticket", Permission.COUPON_VIEW, 0),
                ("admin.redemptions", _("Coupon uses"), "receipt", Permission.COUPON_VIEW, 0),
                ("admin.segments", _("Segments"), "users", Permission.COUPON_VIEW, 0),
                ("admin.automations", _("Automations"), "sparkles", Permission.COUPON_VIEW, 0),
                ("admin.offers", _("Chosen offers"), "gift", Permission.COUPON_VIEW, 0),
                ("admin.experiments", _("Experiments"), "scale", Permission.COUPON_VIEW, 0),
                ("admin.cases", _("Cases"), "shield-lock", Permission.FRAUD_VIEW, 0),
                ("admin.procedures", _("Remediation"), "list-details", Permission.FRAUD_VIEW, 0),
                ("admin.risk_lists", _("Risk lists"), "ban", Permission.FRAUD_VIEW, 0),
                ("admin.coupon_flags", _("Coupon abuse"), "flag", Permission.FRAUD_VIEW, 0),
                ("admin.risk_rules", _("Rules of risk"), "shield-lock", Permission.FRAUD_VIEW, 0),
                ("admin.risk_models", _("Fraud model"), "activity", Permission.FRAUD_VIEW, 0),
                ("admin.exceptions", _("Exceptions"), "alert-triangle", Permission.PAYMENT_VIEW, 0),
            ],
        ),
        (
            _("Books"),
            [
                ("admin.ledger", _("Ledger"), "book-2", Permission.LEDGER_VIEW, 0),
                ("admin.balances", _("Balances"), "wallet", Permission.BALANCE_VIEW, 0),
                ("admin.adjustments", _("Corrections"), "pencil-check", Permission.LEDGER_VIEW, 0),
                ("admin.reconciliation", _("Reconciliation"), "scale", Permission.LEDGER_VIEW, 0),
                ("admin.payouts", _("Payouts"), "building-bank", Permission.PAYOUT_VIEW, 0),
                ("admin.gift_cards", _("Gift cards"), "gift", Permission.GIFT_CARD_VIEW, 0),
                ("admin.invoices", _("Invoices"), "file-text", Permission.INVOICE_VIEW, 0),
                ("admin.withdrawals", _("Withdrawals"), "building-bank", Permission.WITHDRAWAL_APPROVE, 0),
                ("admin.stores", _("Stores"), "building-store", Permission.STORE_LIST, 0),
                ("admin.users", _("People"), "users", Permission.USER_LIST, 0),
            ],
        ),
        (
            _("Loyalty"),
            [
                ("admin.mileage_rules", _("Mileage rules"), "sparkles", Permission.MILEAGE_CONFIGURE, 0),
                ("admin.tiers", _("Tiers"), "star", Permission.MILEAGE_CONFIGURE, 0),
                ("admin.causes", _("Causes"), "heart", Permission.MILEAGE_CONFIGURE, 0),
            ],
        ),
        (
            _("House"),
            [
                ("admin.channels", _("Channels"), "world", Permission.CHANNEL_VIEW, 0),
                ("admin.house_rules", _("Rules of the house"), "gavel", Permission.CHANNEL_VIEW, 0),
                ("admin.border_records", _("Borders"), "scale", Permission.CHANNEL_VIEW, 0),
                ("admin.taxes", _("Taxes"), "receipt", Permission.CHANNEL_VIEW, 0),
                ("admin.refund_rules", _("Refund rules"), "receipt-refund", Permission.CHANNEL_VIEW, 0),
                ("admin.gateways", _("Gateways"), "plug-connected", Permission.GATEWAY_VIEW, 0),
                ("admin.rates", _("Exchange rates"), "coins", Permission.GATEWAY_VIEW, 0),
                ("admin.privacy", _("Privacy"), "lock", Permission.RETENTION_VIEW, 0),
                ("admin.audit", _("Audit trail"), "shield-check", Permission.AUDIT_VIEW, 0),
                ("admin.propagation", _("Channel status"), "activity", Permission.EVENT_VIEW, 0),
                ("admin.webhooks", _("Webhooks"), "plug-connected", Permission.WEBHOOK_VIEW, 0),
                ("admin.outbox", _("Outbox"), "send", Permission.EVENT_VIEW, 0),
                ("admin.mails", _("Mails"), "mail", Permission.EVENT_VIEW, 0),
            ],
        ),
    ]
    nav = []
    for title, entries in menu:
        items = [
            {"label": label, "icon": icon, "count": count, "href": url_for(name), "current": name == current}
            for name, label, icon, permission, count in entries
            if may_all(permission) or (name in OF_CHANNELS and Scope.CHANNEL in scopes_of(current_actor(), permission))
        ]
        if items:
            nav.append({"title": title, "items": items})
    return {
        "desk_name": _("Admin desk"),
        "desk_nav": nav,
        "desk_search": url_for("admin.search"),
        "can": {permission.name.lower(): may_all(permission) for permission in Permission},
        "channel_names": {view.id: translated(dict(view.name)) for view in channel_directory().channels.values()},
    }


def channel_options(seen: frozenset[int] | None = None) -> list[tuple[str, str]]:
    """Channels to filter by: all, or those that one sees."""
    views = [one for one in channel_directory().channels.values() if seen is None or one.id in seen]
    return [("", _("Any"))] + [(view.code, translated(dict(view.name))) for view in views]


def period_options() -> list[tuple[str, str]]:
    return [("", _("Any time"))] + [(key, gettext(words)) for key, (_days, words) in PERIODS.items()]
