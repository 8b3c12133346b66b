"""Reviews and questions of the whole mall: read, hidden with a reason, shown again (CAT-03)."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from portal.blueprints.api.keys import api_actor
from portal.blueprints.api.operations import FOR_MALL, Reply, operation
from portal.blueprints.api.schemas import SAID, In
from portal.blueprints.api.v1.remarks import examples
from portal.blueprints.api.v1.remarks.schemas import RemarkPage, RemarkQuery, Version
from portal.blueprints.api.v1.remarks.views import REMARK, TAG, shown_remarks
from portal.db import atomically, reading
from portal.kit import clock
from portal.kit.paging import CursorInvalidError
from portal.queries.remarks import list_remarks
from portal.rules.permissions import Permission
from portal.rules.remarks import HidingReasonError, RemarkKind
from portal.services.remarks.answer_remark import (
    REASON_LENGTH_MAX,
    RemarkChangedError,
    RemarkUnknownError,
    hide_remark,
    show_remark,
)

MODERATED: dict[str, Any] = {
    "tag": TAG,
    "permission": Permission.REMARK_MODERATE,
    "within": FOR_MALL,
    "answer": None,
    "status": 204,
    "path_values": REMARK,
}


class MallRemarkQuery(RemarkQuery):
    """What was said about everybody's goods."""

    view: Literal["open", "shown", "hidden", "all"] = Field(
        default="open", description="`open` is what has no answer yet."
    )


class Hiding(In):
    """Why nobody may read it."""

    reason: Annotated[str, StringConstraints(max_length=REASON_LENGTH_MAX, pattern=SAID)] = Field(
        description="Its store reads it, too."
    )
    version: Version | None = Field(default=None, description="The version that was read.")


class Showing(In):
    """That everybody may read it again."""

    version: Version | None = Field(default=None, description="The version that was read.")


@operation(
    "GET",
    "/mall/remarks",
    tag=TAG,
    summary="List reviews and questions of the whole mall",
    permission=Permission.REMARK_VIEW,
    within=FOR_MALL,
    query=MallRemarkQuery,
    answer=RemarkPage,
    example=examples.PAGE,
    refusals=(CursorInvalidError,),
)
def list_mall_remarks(query: MallRemarkQuery) -> RemarkPage:
    with reading() as session:
        page = list_remarks(
            session,
            kind=RemarkKind(query.kind),
            view=query.view,
            store_id=None,
            cursor=query.cursor,
            limit=query.limit,
            count=False,
        )
    return RemarkPage.of(page, shown_remarks(page.rows, is_own=True))


@operation(
    "POST",
    "/mall/remarks/<uuid:remark_id>/hiding",
    summary="Hide a review or a question",
    description="From everybody but its store; its stars count no more. One that is hidden stays so.",
    body=Hiding,
    body_example={"reason": "It names a neighbour.", "version": 1},
    answer_text="Nobody reads it any more.",
    refusals=(RemarkUnknownError, RemarkChangedError, HidingReasonError),
    **MODERATED,
)
def hide_mall_remark(remark_id: uuid.UUID, body: Hiding) -> Reply:
    actor, now = api_actor(), clock.now()
    atomically(
        lambda s: hide_remark(s, remark_id=remark_id, reason=body.reason, version=body.version, actor=actor, now=now)
    )
    return Reply(None, 204)


@operation(
    "POST",
    "/mall/remarks/<uuid:remark_id>/showing",
    summary="Show a review or a question again",
    description="One that is shown stays so.",
    body=Showing,
    body_example={"version": 2},
    answer_text="Everybody reads it again.",
    refusals=(RemarkUnknownError, RemarkChangedError),
    **MODERATED,
)
def show_mall_remark(remark_id: uuid.UUID, body: Showing) -> Reply:
    actor, now = api_actor(), clock.now()
    atomically(lambda s: show_remark(s, remark_id=remark_id, version=body.version, actor=actor, now=now))
    return Reply(None, 204)
