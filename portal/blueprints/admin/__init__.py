"""The administrators' desk: the whole of every order, payment, account and person, each by its own permission."""

from __future__ import annotations

from flask import Blueprint

from portal.blueprints import saved_views
from portal.blueprints.admin import (
    adjustment_form,
    adjustments,
    amend,
    audit,
    automations,
    books,
    campaign_hands,
    campaigns,
    cases,
    causes,
    channel_policy,
    channels,
    coupon_flags,
    dispute_letters,
    disputes,
    exceptions,
    figures,
    freezes,
    fulfilment,
    gateways,
    gift_cards,
    holds,
    home,
    invoices,
    ledger,
    mileage_rules,
    orders,
    outbox,
    payments,
    payouts,
    people,
    privacy,
    propagation,
    rates,
    reconciliation,
    refunds,
    remarks,
    remediation,
    returns,
    review,
    risk_lists,
    risk_models,
    risk_rules,
    risk_snoozes,
    rules,
    rules_replay,
    search,
    segments,
    stores,
    surpluses,
    taxes,
    tickets,
    tiers,
    users,
    webhooks,
    withdrawals,
)
from portal.blueprints.admin.desk import requires_all
from portal.blueprints.desk_words import word
from portal.blueprints.refund_words import reason_word
from portal.blueprints.ticket_words import kind_word
from portal.rules.permissions import Permission

bp = Blueprint("admin", __name__, url_prefix="/admin")
bp.add_app_template_global(word, "word")
bp.add_app_template_global(reason_word, "refund_reason")
bp.add_app_template_global(kind_word, "ticket_kind")
for area in (
    home,
    orders,
    fulfilment,
    holds,
    amend,
    review,
    cases,
    payments,
    refunds,
    returns,
    remarks,
    disputes,
    dispute_letters,
    exceptions,
    surpluses,
    campaigns,
    withdrawals,
    payouts,
    gift_cards,
    invoices,
    ledger,
    books,
    mileage_rules,
    adjustments,
    adjustment_form,
    reconciliation,
    users,
    people,
    freezes,
    remediation,
    privacy,
    gateways,
    rates,
    rules,
    rules_replay,
    campaign_hands,
    coupon_flags,
    automations,
    segments,
    risk_models,
    risk_lists,
    risk_rules,
    risk_snoozes,
    audit,
    causes,
    channel_policy,
    channels,
    propagation,
    figures,
    outbox,
    search,
    stores,
    taxes,
    tickets,
    tiers,
    webhooks,
):
    area.hang(bp)
saved_views.hang(bp, requires_all(Permission.ANALYTICS_VIEW), lambda: None)


def blueprints() -> list[Blueprint]:
    return [bp]
