"""Returns of the key's person: listed, sent, or taken back (ORD-005)."""

from __future__ import annotations

import uuid

from portal.blueprints.api.keys import api_actor
from portal.blueprints.api.operations import operation
from portal.blueprints.api.schemas import Paging
from portal.blueprints.api.v1.carrying import CARRYING
from portal.blueprints.api.v1.own_returns.schemas import ReturnShipment
from portal.blueprints.api.v1.returns import examples
from portal.blueprints.api.v1.returns.schemas import Return, ReturnPage
from portal.blueprints.api.v1.returns.shown import as_item
from portal.blueprints.api.v1.returns.views import CODE, DECIDED, TAG, shown
from portal.db import atomically, reading
from portal.kit import clock
from portal.kit.paging import CursorInvalidError
from portal.queries.return_lists import ReturnQueue, list_returns
from portal.queries.returns import find_return
from portal.rules.permissions import Permission
from portal.services.returns.decide_return import withdraw_return
from portal.services.returns.receive_return import note_sent
from portal.services.returns.take_return import ReturnUnknownError

SHIPMENT = {"carrier": "cj", "tracking_number": "688012345678"}


@operation(
    "GET",
    "/returns",
    tag=TAG,
    summary="List one's own returns",
    description="The newest first.",
    permission=Permission.REFUND_HANDLE,
    query=Paging,
    answer=ReturnPage,
    example=examples.PAGE,
    refusals=(CursorInvalidError,),
)
def list_own_returns(query: Paging) -> ReturnPage:
    with reading() as session:
        page = list_returns(session, queue=ReturnQueue.ALL, now=clock.now(), buyer_id=_user(), cursor=query.cursor)
    return ReturnPage(
        items=[as_item(row) for row in page.rows], next_cursor=page.next_cursor, previous_cursor=page.previous_cursor
    )


@operation(
    "POST",
    "/returns/<string:code>/shipment",
    tag=TAG,
    summary="Say with whom a return was sent",
    description="Once the store has agreed. Saying it again changes nothing.",
    permission=Permission.REFUND_HANDLE,
    body=ReturnShipment,
    body_example=SHIPMENT,
    answer=Return,
    example=examples.RETURN,
    path_values=CODE,
    refusals=(*DECIDED, *CARRYING),
)
def send_own_return(code: str, body: ReturnShipment) -> Return:
    case_id, actor, now = _own(code), api_actor(), clock.now()
    atomically(
        lambda s: note_sent(
            s, return_id=case_id, carrier=body.carrier, number=body.tracking_number, actor=actor, now=now
        )
    )
    return shown(case_id)


@operation(
    "POST",
    "/returns/<string:code>/withdrawal",
    tag=TAG,
    summary="Keep the goods after all",
    description="As long as they were not sent. Saying it again changes nothing.",
    permission=Permission.REFUND_HANDLE,
    answer=Return,
    example=examples.RETURN | {"status": "cancelled"},
    path_values=CODE,
    refusals=DECIDED,
)
def withdraw_own_return(code: str) -> Return:
    case_id, actor, now = _own(code), api_actor(), clock.now()
    atomically(lambda s: withdraw_return(s, return_id=case_id, actor=actor, now=now))
    return shown(case_id)


def _own(code: str) -> uuid.UUID:
    with reading() as session:
        case = find_return(session, number=code, buyer_id=_user())
    if case is None:
        raise ReturnUnknownError
    return case.id


def _user() -> uuid.UUID:
    user_id = api_actor().user_id
    assert user_id is not None  # A key is a person's.
    return user_id
