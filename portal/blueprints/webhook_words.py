"""Webhooks in words: events, problems, acts; and the look at an address before it is saved."""

from __future__ import annotations

from collections.abc import Mapping

from portal.jobs.webhooks import is_forbidden
from portal.kit.text import N_
from portal.rules.webhooks import Reach, WebhookTerms, WebhookUnfitError, check_terms

WEBHOOK_ACTIONS: Mapping[str, str] = {
    "webhook:saved": N_("Webhook saved"),
    "webhook:switched": N_("Webhook switched"),
    "webhook:secret-rotated": N_("Secret of a webhook changed"),
    "webhook:sent-again": N_("Messages of a webhook sent again"),
}

WEBHOOK_WORDS: Mapping[str, Mapping[str, str]] = {
    "webhook_problem": {
        "status": N_("The receiver answered with an error"),
        "redirect": N_("The receiver sent us elsewhere, which is not followed"),
        "timeout": N_("No answer within 10 seconds"),
        "no_connection": N_("No connection"),
        "tls": N_("The certificate is not good"),
        "broken_answer": N_("The answer broke off"),
        "name_unknown": N_("The host name is not known"),
        "forbidden_address": N_("The address leads into a private network"),
    },
    "webhook_event": {
        "order.placed": N_("An order was placed"),
        "order.paid": N_("An order was paid"),
        "order.failed": N_("The payment of an order failed"),
        "order.expired": N_("An order was not paid in time"),
        "order.amended": N_("An order was changed"),
        "order.parts_released": N_("Parts of an order are released to their stores"),
        "part.moved": N_("A store's part of an order moved on"),
        "part.held": N_("A part was put on hold"),
        "part.hold_ended": N_("The hold of a part has ended"),
        "shipment.sent": N_("A parcel was sent"),
        "shipment.moved": N_("A parcel moved"),
        "return.requested": N_("A return was asked for"),
        "return.approved": N_("A return was agreed to"),
        "return.refused": N_("A return was refused"),
        "return.received": N_("Returned goods arrived"),
        "return.settled": N_("A return is done"),
        "refund.approved": N_("A refund was approved"),
        "refund.succeeded": N_("A refund is complete"),
        "refund.failed": N_("A refund failed"),
        "ticket.opened": N_("A ticket was opened"),
        "ticket.answered": N_("A ticket was answered"),
        "ticket.written": N_("A buyer wrote in a ticket"),
        "remark.written": N_("A review or question was written"),
        "stock.low": N_("Stock runs low"),
        "statement.closed": N_("A store's statement was closed"),
        "report.ready": N_("A regular report is ready: journal, settlement and the like"),
        "top_up.credited": N_("A deposit was topped up"),
        "balance.adjusted": N_("A balance was corrected"),
        "mileage.matured": N_("Points can be used now"),
        "tier.moved": N_("A loyalty tier changed"),
        "account.frozen": N_("An account was frozen"),
        "account.cleared": N_("An account was cleared"),
        "campaign.opened": N_("A campaign began"),
        "campaign.ended": N_("A campaign is over"),
        "campaign.moved": N_("A campaign was stopped, withdrawn or goes on"),
        "channel.moved": N_("A channel opened, stopped or ended"),
        "cart.changed": N_("A cart changed"),
        "webhook.test": N_("Test message"),
    },
}


def check_webhook(terms: WebhookTerms, reach: Reach) -> None:
    """Look at all fields, and where the address leads now. Raises WebhookUnfitError."""
    check_terms(terms, reach)
    if is_forbidden(terms.url):
        raise WebhookUnfitError({"url": N_("Webhooks go to public addresses by https. This one leads elsewhere.")})
