"""The evidence packet as a bank reads it: in English, from our rows (STR-05)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from portal.gateways.base import Evidence
from portal.kit.display import format_money_explicit
from portal.queries.disputes import Packet

STATEMENT_LENGTH_MAX = 5_000


def draft_statement(packet: Packet, reason: str) -> str:
    """What is proposed as the shop's own words, to be changed by whoever answers."""
    said = [
        f"Order {packet.number} was placed on {packet.placed_at:%Y-%m-%d %H:%M} UTC"
        + (f" and paid on {packet.paid_at:%Y-%m-%d %H:%M} UTC" if packet.paid_at else "")
        + f" by card{_card(packet)}, {_amount(packet.payable_minor, packet.currency)} in all."
    ]
    sent = [part for part in packet.parts if part.shipped_at]
    for part in sent:
        arrived = f" and arrived on {part.delivered_at:%Y-%m-%d}" if part.delivered_at else ""
        said.append(f"{_name(part.store_name)} shipped its part on {part.shipped_at:%Y-%m-%d}{arrived}.")
    if not sent:
        said.append("Nothing of it has been shipped yet.")
    back = [refund for refund in packet.refunds if refund.status == "succeeded"]
    said += [
        f"We gave back {_amount(refund.total_minor, packet.currency)} on {refund.requested_at:%Y-%m-%d}."
        for refund in back
    ]
    if not back and reason == "credit_not_processed":
        said.append("The buyer has not asked us for a refund.")
    return "\n".join(said)


def evidence_of(packet: Packet | None, statement: str) -> Evidence:
    """Everything that is handed in, beside the statement."""
    if packet is None:
        return Evidence(statement=statement, goods="Balance of an account")
    shipped = [part.shipped_at for part in packet.parts if part.shipped_at]
    goods = "\n".join(f"{line.quantity} x {_name(line.name)} ({line.sku})" for line in packet.lines)
    return Evidence(
        statement=statement,
        goods=goods,
        buyer_name=packet.contact.get("name") or packet.address.get("name"),
        buyer_email=packet.contact.get("email"),
        buyer_ip=packet.ip,
        shipping_address=", ".join(
            value for name, value in packet.address.items() if value and name not in {"phone", "note"}
        )
        or None,
        shipped_on=min(shipped).date() if shipped else None,
        refund_explanation="\n".join(
            f"{refund.requested_at:%Y-%m-%d}: {_amount(refund.total_minor, packet.currency)}, {refund.status}"
            for refund in packet.refunds
        )
        or None,
        activity=_activity(packet),
        receipt=packet.receipt,
        metadata={"order_number": packet.number},
    )


def letter_of(evidence: Evidence) -> tuple[str, Sequence[tuple[str, str]]]:
    """The evidence as a letter: its title, and what stands under which heading."""
    buyer = (evidence.buyer_name, evidence.buyer_email, evidence.buyer_ip)
    shipped = f"{evidence.shipped_on:%Y-%m-%d}" if evidence.shipped_on else ""
    number = evidence.metadata.get("order_number")
    return (
        f"Evidence on order {number}" if number else "Evidence on a payment",
        (
            ("Statement", evidence.statement),
            ("Goods", evidence.goods),
            ("Buyer", "\n".join(value for value in buyer if value)),
            ("Delivered to", evidence.shipping_address or ""),
            ("Shipped on", shipped),
            ("Refunds", evidence.refund_explanation or ""),
            ("What happened", evidence.activity or ""),
        ),
    )


def _activity(packet: Packet) -> str:
    lines = [f"{packet.placed_at:%Y-%m-%d %H:%M} UTC: order placed"]
    if packet.device:
        lines[0] += f" with {packet.device}"
    lines += [f"{one.at:%Y-%m-%d %H:%M} UTC: {one.sort} to the buyer: {one.name}" for one in packet.told]
    if packet.receipt:
        lines.append(f"Receipt {packet.receipt}")
    return "\n".join(lines)


def _name(names: Mapping[str, str]) -> str:
    return names.get("en") or next(iter(names.values()), "")


def _card(packet: Packet) -> str:
    last4 = packet.card.get("last4")
    return f" ending in {last4}" if last4 else ""


def _amount(minor: int, currency: str) -> str:
    return format_money_explicit(minor, currency, "en")
