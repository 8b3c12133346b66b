"""Returns of all stores, as the desk of the mall lists them; without who bought the goods (ORD-11)."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from portal.blueprints.api.operations import FOR_MALL, operation
from portal.blueprints.api.schemas import PageOf, Paging, Text, Texts
from portal.blueprints.api.v1.examples import STORE_REF
from portal.blueprints.api.v1.returns import examples
from portal.blueprints.api.v1.returns.schemas import Queue, Return, ReturnItem
from portal.blueprints.api.v1.returns.shown import as_item, as_return
from portal.blueprints.api.v1.returns.views import RETURN, TAG, as_id
from portal.db import reading
from portal.kit import clock
from portal.kit.paging import CursorInvalidError
from portal.queries.return_lists import ReturnQueue, list_returns
from portal.queries.returns import load_return
from portal.rules.permissions import Permission
from portal.services.returns.take_return import ReturnUnknownError

EXAMPLE: dict[str, Any] = {**examples.PAGE, "items": [{**examples.ITEM, "store": STORE_REF["name"]}]}


class MallReturnQuery(Paging):
    """Which returns, as the queues of the mall's desk name them; the newest come first."""

    queue: Queue = Field(default="all", description="Whose work it is; `late` is what a store should have answered.")
    number: Text = Field(default="", description="Of a return, an order or a parcel, as people type it.")


class MallReturnItem(ReturnItem):
    """A return in the list of the mall."""

    store: Texts


class MallReturnPage(PageOf[MallReturnItem]):
    """A page of returns."""


@operation(
    "GET",
    "/mall/returns",
    tag=TAG,
    summary="List everybody's returns",
    description="Of all stores. Who sends the goods back is not told.",
    permission=Permission.REFUND_HANDLE,
    within=FOR_MALL,
    query=MallReturnQuery,
    answer=MallReturnPage,
    example=EXAMPLE,
    refusals=(CursorInvalidError,),
)
def list_mall_returns(query: MallReturnQuery) -> MallReturnPage:
    with reading() as session:
        page = list_returns(
            session,
            queue=ReturnQueue(query.queue),
            now=clock.now(),
            search=query.number,
            cursor=query.cursor,
            rows_max=query.limit,
        )
    return MallReturnPage.of(
        page, [MallReturnItem(**as_item(row).model_dump(), store=row.store_name) for row in page.rows]
    )


@operation(
    "GET",
    "/mall/returns/<string:return_id>",
    tag=TAG,
    summary="Show anybody's return",
    description="With every unit and where it stands.",
    permission=Permission.REFUND_HANDLE,
    within=FOR_MALL,
    answer=Return,
    example=examples.RETURN,
    path_values=RETURN,
    refusals=(ReturnUnknownError,),
)
def show_mall_return(return_id: str) -> Return:
    wanted = as_id(return_id)
    with reading() as session:
        case = load_return(session, return_id=wanted)
    if case is None:
        raise ReturnUnknownError
    return as_return(case)
