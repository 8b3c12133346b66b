"""One map of every state a page shows: its tone, its icon and its word, the same for buyers and desks.

Tones have one meaning each: grey is at rest or over, blue is under way, yellow waits for someone, green is done, red
failed, was refused or is late, purple is under review. Tone and icon never speak alone; the word is always there.
"""

from dataclasses import dataclass

from portal.kit.text import N_

TONES = ("grey", "blue", "yellow", "green", "red", "purple")


@dataclass(frozen=True, slots=True)
class Status:
    """How a state looks. `word` is English, to be translated where it is shown."""

    tone: str
    icon: str
    word: str


# A state means the same wherever it occurs; where a kind of thing needs another word, `kind.state` says so.
STATUSES: dict[str, Status] = {
    "accepted": Status("blue", "check", N_("Accepted")),
    "active": Status("green", "circle-check", N_("Active")),
    "approval": Status("yellow", "hourglass-empty", N_("Waiting for approval")),
    "approved": Status("blue", "check", N_("Approved")),
    "authorised": Status("blue", "shield-check", N_("Authorised")),
    "awaiting_deposit": Status("yellow", "building-bank", N_("Waiting for deposit")),
    "health.closed": Status("green", "circle-check", N_("Works")),
    "health.half_open": Status("yellow", "help-circle", N_("On trial")),
    "health.open": Status("red", "alert-circle", N_("Does not answer")),
    "health.off": Status("grey", "player-pause", N_("Off")),
    "health.unusable": Status("red", "alert-triangle", N_("Cannot be used")),
    "break.open": Status("red", "alert-triangle", N_("Open")),
    "break.taken": Status("blue", "user", N_("Somebody is on it")),
    "break.explained": Status("green", "circle-check", N_("Explained")),
    "break.gone": Status("grey", "circle-check", N_("Gone by itself")),
    "cash_receipt.sent": Status("blue", "send", N_("Being filed")),
    "cash_receipt.issued": Status("green", "circle-check", N_("Filed")),
    "cash_receipt.cancelling": Status("yellow", "hourglass-empty", N_("Being taken back")),
    "cash_receipt.cancelled": Status("grey", "circle-x", N_("Taken back")),
    "cash_receipt.failed": Status("red", "alert-circle", N_("Not filed")),
    "blocked": Status("red", "ban", N_("Blocked")),
    "cancelled": Status("grey", "circle-x", N_("Cancelled")),
    "captured": Status("green", "circle-check", N_("Paid")),
    "claimed": Status("blue", "loader-2", N_("Starting")),
    "closed": Status("grey", "archive", N_("Closed")),
    "created": Status("grey", "circle-dashed", N_("Created")),
    "dead": Status("red", "alert-circle", N_("Given up")),
    "declined": Status("red", "circle-x", N_("Declined")),
    "delivered": Status("green", "package", N_("Delivered")),
    "dispute_lost": Status("red", "gavel", N_("Dispute lost")),
    "dispute_won": Status("green", "gavel", N_("Dispute won")),
    "disputed": Status("purple", "gavel", N_("Disputed")),
    "draft": Status("grey", "pencil", N_("Draft")),
    "ended": Status("grey", "clock", N_("Ended")),
    "expired": Status("grey", "clock", N_("Expired")),
    "failed": Status("red", "alert-circle", N_("Failed")),
    "frozen": Status("red", "lock", N_("Frozen")),
    "handled": Status("green", "circle-check", N_("Handled")),
    "held": Status("purple", "shield-lock", N_("Held for review")),
    "ignored": Status("grey", "circle-dashed", N_("Not used")),
    "live": Status("green", "circle-check", N_("Live")),
    "low_stock": Status("yellow", "alert-triangle", N_("Low stock")),
    "maintenance": Status("yellow", "settings", N_("Maintenance")),
    "new": Status("yellow", "inbox", N_("New")),
    "offboarding": Status("yellow", "archive", N_("Offboarding")),
    "open": Status("blue", "circle-half-2", N_("Open")),
    "overdue": Status("red", "alarm", N_("Overdue")),
    "packed": Status("blue", "package", N_("Packed")),
    "paid": Status("green", "circle-check", N_("Paid")),
    "partially_refunded": Status("blue", "receipt-refund", N_("Partly refunded")),
    "partly_refunded": Status("blue", "receipt-refund", N_("Partly refunded")),
    "paused": Status("grey", "player-pause", N_("Paused")),
    "pending": Status("yellow", "hourglass-empty", N_("Pending")),
    "readiness": Status("yellow", "list-details", N_("Getting ready")),
    "redeemed": Status("green", "ticket", N_("Redeemed")),
    "refunded": Status("grey", "receipt-refund", N_("Refunded")),
    "refused": Status("red", "ban", N_("Refused")),
    "released": Status("grey", "arrow-back-up", N_("Released")),
    "requested": Status("yellow", "message-circle", N_("Requested")),
    "requires_action": Status("yellow", "shield-lock", N_("Waiting for confirmation")),
    "rules.live": Status("green", "circle-check", N_("In force")),
    "rules.past": Status("grey", "archive", N_("Was in force")),
    "reserved": Status("blue", "lock", N_("Reserved")),
    "returning": Status("yellow", "truck", N_("Coming back")),
    "review": Status("purple", "shield-check", N_("Under review")),
    "revoked": Status("red", "ban", N_("Revoked")),
    "scheduled": Status("grey", "calendar", N_("Scheduled")),
    "sent": Status("blue", "send", N_("Sent")),
    "shipped": Status("blue", "truck-delivery", N_("Shipped")),
    "sold_out": Status("grey", "circle-x", N_("Sold out")),
    "succeeded": Status("green", "circle-check", N_("Succeeded")),
    "sunset": Status("yellow", "clock", N_("Closing soon")),
    "unknown": Status("purple", "help-circle", N_("Being looked up")),
    "used": Status("green", "circle-check", N_("Used")),
    "verified": Status("green", "shield-check", N_("Verified")),
    "waiting": Status("yellow", "hourglass-empty", N_("Waiting")),
    "attempt.created": Status("grey", "circle-dashed", N_("Not sent yet")),
    "attempt.pending": Status("blue", "loader-2", N_("Waiting for the gateway")),
    "channel.closed": Status("grey", "archive", N_("Closed down")),
    "order.pending": Status("yellow", "hourglass-empty", N_("Waiting for payment")),
    "part.held": Status("purple", "shield-lock", N_("On hold")),
    "part.released": Status("yellow", "inbox", N_("New")),
    "shipment.sent": Status("blue", "send", N_("Handed over")),
    "shipment.in_transit": Status("blue", "truck", N_("On the way")),
    "shipment.out_for_delivery": Status("blue", "truck-delivery", N_("Being delivered")),
    "shipment.delayed": Status("yellow", "alarm", N_("Delayed")),
    "shipment.damaged": Status("red", "alert-triangle", N_("Damaged")),
    "shipment.lost": Status("red", "alert-circle", N_("Lost")),
    "shipment.delivered": Status("green", "package", N_("Delivered")),
    "payment.pending": Status("blue", "loader-2", N_("Confirming with the bank")),
    "adjustment.draft": Status("grey", "pencil", N_("To be confirmed")),
    "adjustment.waiting": Status("yellow", "shield-check", N_("Waits for a second person")),
    "adjustment.running": Status("blue", "loader-2", N_("Being carried out")),
    "adjustment.done": Status("green", "circle-check", N_("Carried out")),
    "adjustment.undoing": Status("blue", "loader-2", N_("Being undone")),
    "adjustment.undone": Status("grey", "arrow-back-up", N_("Undone")),
    "adjustment_line.ready": Status("grey", "circle-dashed", N_("Ready")),
    "adjustment_line.applied": Status("green", "circle-check", N_("Corrected")),
    "adjustment_line.failed": Status("red", "alert-circle", N_("Not corrected")),
    "adjustment_line.refused": Status("red", "ban", N_("Left out")),
    "adjustment_line.undone": Status("grey", "arrow-back-up", N_("Undone")),
    "adjustment_line.kept": Status("yellow", "alert-triangle", N_("Could not be undone")),
    "consent.approved": Status("green", "check", N_("Agreed")),
    "consent.waiting": Status("yellow", "hourglass-empty", N_("Waiting for an answer")),
    "refund.approved": Status("blue", "receipt-refund", N_("Approved")),
    "refund.failed": Status("red", "alert-circle", N_("Failed, still owed")),
    "refund.pending": Status("blue", "send", N_("On its way")),
    "refund.requested": Status("yellow", "message-circle", N_("Requested")),
    "dispute.inquiry": Status("yellow", "message-circle", N_("Asked about")),
    "dispute.needs_response": Status("yellow", "gavel", N_("Needs an answer")),
    "dispute.under_review": Status("purple", "shield-check", N_("With the bank")),
    "dispute.won": Status("green", "circle-check", N_("Won")),
    "dispute.lost": Status("red", "circle-x", N_("Lost")),
    "dispute.closed": Status("grey", "archive", N_("Over")),
    "withdrawal.approved": Status("blue", "building-bank", N_("Waits to be paid")),
    "withdrawal.requested": Status("purple", "shield-check", N_("Being looked at")),
    "refund.sent": Status("blue", "send", N_("On its way")),
    "refund.succeeded": Status("green", "receipt-refund", N_("Given back")),
}


def status_of(state: str, kind: str | None = None) -> Status:
    """Return how a state looks. One that nobody has named is shown in grey by its own name, never hidden."""
    key = str(state).lower()
    found = STATUSES.get(f"{kind}.{key}") if kind else None
    return found or STATUSES.get(key) or Status("grey", "circle-dashed", key.replace("_", " ").capitalize())
