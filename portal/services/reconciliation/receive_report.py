"""Keep a gateway's report, and book what it kept and paid out (BAL-11)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from portal.gateways.settlement import Movement, MovementKind
from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.models import GatewayAccount, SettlementReport, SettlementRow
from portal.rules.fx_posting import gateway_exchanged
from portal.rules.gateway_posting import gateway_fees, gateway_paid_out
from portal.rules.permissions import Actor
from portal.rules.posting import EntryKind
from portal.services.audit import AuditAction, Fact, record
from portal.services.ledger.post import Entry, post_all
from portal.services.reconciliation.value_exchanges import Exchange, summed, value_exchanges

_BATCH = 1000


class MovementChangedError(PortalError):
    code = "movement_changed"
    status = 409
    sentence = N_("The report says something else of %(ref)s than an earlier one did.")


def last_report_end(session: Session, *, gateway_account_id: int) -> datetime | None:
    """Until when the account's reports reach."""
    latest = select(func.max(SettlementReport.to_at)).where(SettlementReport.gateway_account_id == gateway_account_id)
    return session.execute(latest).scalar_one()


def report_bounds(movements: Sequence[Movement]) -> tuple[datetime, datetime]:
    """The period of a report that does not say it: from its first movement to just after its last."""
    times = [one.at for one in movements]
    return min(times), max(times) + timedelta(microseconds=1)


def receive_report(
    session: Session,
    *,
    gateway_account_id: int,
    source: str,
    period: tuple[datetime, datetime],
    movements: Iterable[Movement],
    actor: Actor,
    now: datetime,
) -> int:
    """Keep every movement once, however often it is reported; returns how many are new.

    Fees and payouts of the new ones are booked out of the gateway's clearing account, an entry for each currency; what
    is settled in another currency than it was charged moves from one clearing account to the other.
    Raises MovementChangedError, and then the caller's transaction has to go.
    """
    gateway = session.execute(
        select(GatewayAccount.gateway).where(GatewayAccount.id == gateway_account_id).with_for_update(key_share=True)
    ).scalar_one()
    report = SettlementReport(
        gateway_account_id=gateway_account_id, source=source, from_at=period[0], to_at=period[1], received_at=now
    )
    session.add(report)
    session.flush()
    fees: Counter[str] = Counter()
    payouts: Counter[str] = Counter()
    exchanged: list[Exchange] = []
    rows = 0
    for batch in _batches(movements):
        new = _keep(session, report.id, gateway, batch)
        rows += len(new)
        exchanged += value_exchanges(session, gateway=gateway, movements=new)
        for one in new:
            fees[one.currency] += one.fee_minor
            if one.kind is MovementKind.FEE:
                fees[one.currency] -= one.gross_minor
            elif one.kind is MovementKind.PAYOUT:
                payouts[one.currency] -= one.gross_minor
    session.execute(update(SettlementReport).where(SettlementReport.id == report.id).values(rows=rows))
    entries = [
        Entry(
            EntryKind.GATEWAY_FEES,
            f"report:{report.id}:fees:{currency}",
            gateway_fees(gateway=gateway, currency=currency, amount_minor=amount),
            now,
        )
        for currency, amount in fees.items()
    ] + [
        Entry(
            EntryKind.GATEWAY_PAID_OUT,
            f"report:{report.id}:payouts:{currency}",
            gateway_paid_out(gateway=gateway, currency=currency, amount_minor=amount),
            now,
        )
        for currency, amount in payouts.items()
    ]
    entries += [
        Entry(
            EntryKind.GATEWAY_EXCHANGED,
            f"report:{report.id}:exchanged:{one.charged_currency}:{one.currency}",
            gateway_exchanged(
                gateway=gateway,
                charged_currency=one.charged_currency,
                charged_minor=one.charged_minor,
                currency=one.currency,
                settled_minor=one.settled_minor,
                worth_minor=one.worth_minor,
            ),
            now,
        )
        for one in summed(exchanged)
    ]
    written = post_all(session, entries)
    about = {"gateway": gateway, "source": source, "rows": rows}
    facts = [Fact(AuditAction.REPORT_RECEIVED, f"settlement-report:{report.id}", after=about)]
    facts += [Fact(AuditAction.LEDGER_POSTED, f"entry:{entry_id}", after=about) for entry_id in written.values()]
    record(session, *facts, actor=actor, now=now)
    return rows


def _batches(movements: Iterable[Movement]) -> Iterator[list[Movement]]:
    remaining = iter(movements)
    while batch := list(islice(remaining, _BATCH)):
        yield batch


def _keep(session: Session, report_id: int, gateway: str, batch: list[Movement]) -> list[Movement]:
    """Write what is not known yet and return it."""
    by_ref = {one.ref: one for one in batch}
    values = [{"report_id": report_id, "gateway": gateway, **_columns(one)} for one in by_ref.values()]
    added = insert(SettlementRow).values(values).on_conflict_do_nothing(index_elements=["gateway", "ref"])
    new = set(session.scalars(added.returning(SettlementRow.ref)))
    known = select(SettlementRow).where(SettlementRow.gateway == gateway, SettlementRow.ref.in_(by_ref.keys() - new))
    for row in session.scalars(known):
        if any(getattr(row, name) != value for name, value in _columns(by_ref[row.ref]).items()):
            raise MovementChangedError(ref=row.ref)
    return [one for one in by_ref.values() if one.ref in new]


def _columns(one: Movement) -> dict[str, object]:
    return {
        "ref": one.ref,
        "kind": one.kind.value,
        "currency": one.currency,
        "gross_minor": one.gross_minor,
        "fee_minor": one.fee_minor,
        "charge_ref": one.charge_ref,
        "refund_ref": one.refund_ref,
        "charged_currency": one.charged_currency,
        "charged_minor": one.charged_minor,
        "at": one.at,
    }
