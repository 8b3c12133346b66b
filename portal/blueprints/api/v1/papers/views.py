"""Documents as PDF, as the pages hand them out (PAY-15, PAY-17, ORD-005, ORD-10).

They are in the language of `Accept-Language`; receipts and credit notes in that in which they were issued.
"""

from __future__ import annotations

import uuid

from flask import g

from portal.blueprints.access import NotFoundError
from portal.blueprints.api.files import pdf_reply
from portal.blueprints.api.keys import api_actor
from portal.blueprints.api.operations import FOR_MALL, FileReply, PathValue, operation
from portal.blueprints.api.v1.balances.schemas import StatementDays
from portal.blueprints.api.v1.balances.views import PATH as BALANCE
from portal.blueprints.api.v1.balances.views import own_account
from portal.blueprints.api.v1.fulfilment.schemas import SlipsIn
from portal.blueprints.api.v1.fulfilment.views import PART
from portal.blueprints.api.v1.invoices.views import NUMBER as INVOICE_NUMBER
from portal.blueprints.api.v1.invoices.views import load_own
from portal.blueprints.api.v1.mall_payouts.views import PAYOUT
from portal.blueprints.api.v1.orders.views import NUMBER
from portal.blueprints.api.v1.returns.views import CODE, RETURN, as_id
from portal.blueprints.api.v1.statements.views import PATH as STATEMENT
from portal.blueprints.api.v1.statements.views import load_own_statement
from portal.blueprints.balance_papers import balance_pdf
from portal.blueprints.context import translated
from portal.blueprints.desk import Days
from portal.blueprints.documents import Pdf, document_pdf
from portal.blueprints.invoice_pdf import invoice_pdf
from portal.blueprints.return_labels import label_pdf
from portal.blueprints.slips import has_slip, slip_of, slips_pdf
from portal.blueprints.statements import statement_pdf
from portal.db import database, reading
from portal.kit import clock
from portal.queries.histories import STATEMENT_LINES_MAX, Statement, StatementTooLongError, load_statement
from portal.queries.orders import load_order
from portal.queries.payouts import load_payout, load_seller_statement
from portal.queries.returns import find_return, load_return
from portal.queries.store_order import load_store_order
from portal.queries.store_orders import list_stores
from portal.rules.permissions import Permission
from portal.services.returns.take_return import ReturnUnknownError

TAG = "Documents"
KIND = "application/pdf"
EXAMPLE = "%PDF-1.4 …"
SLIP_EXAMPLE = "0193a7c2-5d1e-7c7e-9f3a-0b6f3f1d2a4b"


@operation(
    "GET",
    "/orders/<string:number>/documents/<string:label>",
    tag=TAG,
    summary="Take a receipt or a credit note",
    description="The order names its documents.",
    permission=Permission.ORDER_VIEW,
    answer=None,
    answer_text="The document.",
    files=(KIND,),
    example=EXAMPLE,
    path_values={
        "number": NUMBER,
        "label": PathValue("The document's label.", {"type": "string", "minLength": 1}, "KR-2026-R-000042"),
    },
    refusals=(NotFoundError,),
)
def take_order_document(number: str, label: str) -> FileReply:
    with reading() as session:
        order = load_order(session, buyer_id=_user(), number=number)
    if order is None:
        raise NotFoundError
    return pdf_reply(document_pdf(order.id, label))


@operation(
    "GET",
    "/invoices/<string:number>/file",
    tag=TAG,
    summary="Take an invoice",
    description="As it stands now: what was paid of it, and what is left.",
    permission=Permission.INVOICE_VIEW,
    answer=None,
    answer_text="The invoice.",
    files=(KIND,),
    example=EXAMPLE,
    path_values={"number": INVOICE_NUMBER},
    refusals=(NotFoundError,),
)
def take_invoice(number: str) -> FileReply:
    return pdf_reply(invoice_pdf(load_own(number)))


@operation(
    "GET",
    "/returns/<string:code>/label",
    tag=TAG,
    summary="Take the label of a return",
    description="Once the store has agreed, and as long as the goods have not come.",
    permission=Permission.REFUND_HANDLE,
    answer=None,
    answer_text="The label.",
    files=(KIND,),
    example=EXAMPLE,
    path_values=CODE,
    refusals=(NotFoundError,),
)
def take_return_label(code: str) -> FileReply:
    with reading() as session:
        case = find_return(session, number=code, buyer_id=_user())
    if case is None:
        raise NotFoundError
    return pdf_reply(label_pdf(case))


@operation(
    "GET",
    "/store/returns/<string:return_id>/label",
    tag=TAG,
    summary="Take the label of a return to a store",
    description="For a buyer who cannot print it.",
    permission=Permission.RETURN_RECEIVE,
    answer=None,
    answer_text="The label.",
    files=(KIND,),
    example=EXAMPLE,
    path_values=RETURN,
    refusals=(NotFoundError, ReturnUnknownError),
)
def take_store_return_label(return_id: str) -> FileReply:
    with reading() as session:
        case = load_return(session, return_id=as_id(return_id), for_store=True)
    if case is None or case.store_id not in api_actor().store_ids:
        raise NotFoundError
    return pdf_reply(label_pdf(case))


@operation(
    "GET",
    "/store/orders/<string:part_id>/packing-slip",
    tag=TAG,
    summary="Take a packing slip",
    description="What goes into the parcel and to whom, without amounts. What may not be sent now has none.",
    permission=Permission.STORE_ORDER_VIEW,
    answer=None,
    answer_text="The slip.",
    files=(KIND,),
    example=EXAMPLE,
    path_values=PART,
    refusals=(NotFoundError,),
)
def take_packing_slip(part_id: str) -> FileReply:
    try:
        wanted = uuid.UUID(part_id)
    except ValueError:
        raise NotFoundError from None
    with reading() as session:
        stores = sorted(api_actor().store_ids)
        order = load_store_order(session, part_id=wanted, store_ids=stores, now=clock.now())
    if order is None or not has_slip(order):
        raise NotFoundError
    # Fonts and typesetting are loaded with the first document: other operations can do without them.
    from portal.documents.slips import render_slips

    pdf = render_slips([slip_of(order)], store=translated(dict(order.store_name)), locale=g.locale, with_list=False)
    return pdf_reply(Pdf(pdf, f"{order.number}-slip.pdf"))


@operation(
    "POST",
    "/store/packing-slips",
    tag=TAG,
    summary="Print many packing slips",
    description=(
        "A pick list of all goods, and a slip for each order that may be packed now; the list says what keeps the "
        "others. Orders of other stores are left out. Nothing is changed."
    ),
    permission=Permission.STORE_ORDER_VIEW,
    body=SlipsIn,
    body_example={"orders": [SLIP_EXAMPLE]},
    answer=None,
    answer_text="The list and the slips.",
    files=(KIND,),
    example=EXAMPLE,
    refusals=(NotFoundError,),
)
def print_packing_slips(body: SlipsIn) -> FileReply:
    now, stores = clock.now(), sorted(api_actor().store_ids)
    with reading() as session:
        found = [
            load_store_order(session, part_id=part_id, store_ids=stores, now=now)
            for part_id in dict.fromkeys(body.orders)
        ]
    orders = [one for one in found if one is not None]
    # A list is for one shelf: that of the store of the first.
    orders = [one for one in orders if one.store_id == orders[0].store_id]
    if not orders:
        raise NotFoundError
    return pdf_reply(slips_pdf(orders, store=translated(dict(orders[0].store_name)), name="packing-slips"))


@operation(
    "GET",
    "/balances/<string:kind>/<string:currency>/statement",
    tag=TAG,
    summary="Take the statement of a balance",
    description="Some days of it: what stood before, every movement, what stood after.",
    permission=Permission.BALANCE_VIEW,
    query=StatementDays,
    answer=None,
    answer_text="The statement.",
    files=(KIND,),
    example=EXAMPLE,
    path_values=BALANCE,
    refusals=(NotFoundError, StatementTooLongError(lines=STATEMENT_LINES_MAX)),
)
def take_balance_statement(kind: str, currency: str, query: StatementDays) -> FileReply:
    account, days = own_account(kind, currency), Days(query.first, query.last)
    stated = Statement(0, 0, 0, 0, ())
    if account.id is not None:
        with database.snapshot() as session:
            stated = load_statement(session, account_id=account.id, start=days.start, end=days.end)
    return pdf_reply(balance_pdf(account, days, stated, user_id=_user()))


@operation(
    "GET",
    "/store/statements/<uuid:statement_id>/file",
    tag=TAG,
    summary="Take the statement of a store",
    permission=Permission.PAYOUT_VIEW,
    answer=None,
    answer_text="The statement.",
    files=(KIND,),
    example=EXAMPLE,
    path_values=STATEMENT,
    refusals=(NotFoundError,),
)
def take_store_statement(statement_id: uuid.UUID) -> FileReply:
    with reading() as session:
        statement = load_own_statement(session, statement_id)
        (store,) = list_stores(session, [statement.store_id])
    return pdf_reply(statement_pdf(statement, translated(dict(store.name))))


@operation(
    "GET",
    "/mall/payouts/<uuid:payout_id>/file",
    tag=TAG,
    summary="Take the statement behind a payout",
    permission=Permission.PAYOUT_VIEW,
    within=FOR_MALL,
    answer=None,
    answer_text="The statement.",
    files=(KIND,),
    example=EXAMPLE,
    path_values=PAYOUT,
    refusals=(NotFoundError,),
)
def take_payout_statement(payout_id: uuid.UUID) -> FileReply:
    with reading() as session:
        payout = load_payout(session, payout_id=payout_id)
        statement = load_seller_statement(session, statement_id=payout.statement_id) if payout else None
    if payout is None or statement is None:
        raise NotFoundError
    return pdf_reply(statement_pdf(statement, translated(dict(payout.store))))


def _user() -> uuid.UUID:
    user_id = api_actor().user_id
    assert user_id is not None  # A key is a person's.
    return user_id
