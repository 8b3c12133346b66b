"""Words for what people choose about their data, what is in the way of an erasure, and what was recorded of both."""

from __future__ import annotations

from collections.abc import Mapping

from portal.kit.text import N_
from portal.rules.privacy import Block

PRIVACY_ACTIONS: Mapping[str, str] = {
    "consent:chosen": N_("Consent given or taken back"),
    "data-export:wanted": N_("Personal data asked for"),
    "data-export:made": N_("Personal data put together"),
    "data-export:taken": N_("Personal data downloaded"),
    "erasure:requested": N_("Deletion of an account asked for"),
    "erasure:cancelled": N_("Deletion of an account taken back"),
    "erasure:postponed": N_("Deletion of an account put off"),
    "erasure:done": N_("Account deleted"),
    "retention:changed": N_("Retention changed"),
    "retention:applied": N_("Old records deleted"),
}

BLOCKS: Mapping[Block, str] = {
    Block.ORDERS: N_("Orders are under way, or can still be returned."),
    Block.PAYMENTS: N_("A payment is under way."),
    Block.RETURNS: N_("A return is under way."),
    Block.REFUNDS: N_("A refund is under way."),
    Block.WITHDRAWALS: N_("A withdrawal is under way."),
    Block.DISPUTES: N_("A bank has not decided about a disputed payment yet."),
    Block.INVOICES: N_("An invoice is not paid."),
    Block.GIFTS: N_("A gift was not accepted or paid yet."),
    Block.DEPOSIT: N_("There is money on the deposit: withdraw it first."),
    Block.LEFT_OVER: N_("Something is left on the balances."),
    Block.FROZEN: N_("The account is on hold or being looked at."),
    Block.WORKS_HERE: N_("The account works for a store or for the mall: hand that over first."),
    Block.CARDS: N_("Payment companies are still to forget saved cards."),
}
