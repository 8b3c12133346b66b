"""The seller's desk: his own parts of orders, and nothing of anybody else's."""

from __future__ import annotations

from flask import Blueprint

from portal.blueprints import saved_views
from portal.blueprints.desk import requires_in
from portal.blueprints.desk_words import word
from portal.blueprints.seller import (
    balance,
    bank,
    bulk,
    campaign_hands,
    campaigns,
    channel_goods,
    figures,
    fulfilment,
    home,
    labels,
    members,
    orders,
    payments,
    product_channels,
    products,
    profile,
    refunds,
    remarks,
    returns,
    search,
    stock,
    stock_import,
    tickets,
    webhooks,
)
from portal.blueprints.seller.desk import asked_store
from portal.rules.permissions import Permission, Scope

bp = Blueprint("seller", __name__, url_prefix="/seller")
bp.add_app_template_global(word, "word")
saved_views.hang(bp, requires_in(Permission.STORE_ORDER_VIEW, Scope.STORE), asked_store)
campaign_hands.hang(bp)
home.hang(bp)
search.hang(bp)
figures.hang(bp)
balance.hang(bp)
bulk.hang(bp)
orders.hang(bp)
fulfilment.hang(bp)
labels.hang(bp)
payments.hang(bp)
refunds.hang(bp)
remarks.hang(bp)
tickets.hang(bp)
returns.hang(bp)
campaigns.hang(bp)
products.hang(bp)
product_channels.hang(bp)
channel_goods.hang(bp)
profile.hang(bp)
bank.hang(bp)
members.hang(bp)
stock.hang(bp)
stock_import.hang(bp)
webhooks.hang(bp)


def blueprints() -> list[Blueprint]:
    return [bp]
