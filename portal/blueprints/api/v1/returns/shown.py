"""A return of the queries as the API shows it."""

from __future__ import annotations

from portal.blueprints.api.schemas import Amount
from portal.blueprints.api.v1.returns.schemas import Return, ReturnItem, ReturnLine, ReturnRefund, ReturnUnit
from portal.queries.return_lists import ReturnRow
from portal.queries.returns import ReturnView


def as_item(row: ReturnRow) -> ReturnItem:
    """A row of a list."""
    return ReturnItem(
        id=row.id,
        number=row.number,
        order_number=row.order_number,
        kind=row.kind,
        wish=row.wish,
        reason=row.reason,
        status=row.status,
        pieces=row.units,
        requested_at=row.requested_at,
        due_at=row.due_at,
    )


def as_return(case: ReturnView) -> Return:
    refund = None
    if case.refund_status is not None and case.refund_minor is not None:
        refund = ReturnRefund(
            status=case.refund_status,
            total=Amount.of(case.refund_minor, case.currency),
            restocking_fee=Amount.of(case.restocking_minor, case.currency),
        )
    return Return(
        id=case.id,
        number=case.number,
        order_number=case.order_number,
        kind=case.kind,
        wish=case.wish,
        reason=case.reason,
        status=case.status,
        way_back=case.way_back,
        requested_at=case.requested_at,
        answer_by=case.answer_by,
        send_by=case.send_by,
        answer=case.answer,
        carrier=case.carrier,
        tracking_number=case.tracking_number,
        replacement_number=case.replacement_number,
        refund=refund,
        to_pay=Amount.of(case.more_minor, case.currency) if case.must_pay else None,
        pay_by=case.pay_by if case.must_pay else None,
        version=case.version,
        lines=[
            ReturnLine(
                line_id=line.line_id,
                sku=line.sku,
                name=dict(line.name),
                units=[
                    ReturnUnit(id=one.id, state=one.state, condition=one.condition, restocked=one.restocked)
                    for one in line.units
                ],
            )
            for line in case.lines
        ],
    )
