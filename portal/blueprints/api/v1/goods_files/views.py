"""A file of what channels sell, carried out whole or not at all, as desks take it (CHN-03)."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from portal.blueprints.access import NotFoundError
from portal.blueprints.api import once
from portal.blueprints.api.keys import api_actor, own_key
from portal.blueprints.api.operations import FOR_MALL, Reply, operation
from portal.blueprints.api.own_store import own_store
from portal.blueprints.api.problems import FIELDS_SHOWN_MAX, RequestInvalidError
from portal.blueprints.api.schemas import FieldProblem
from portal.blueprints.api.v1.goods_files.schemas import (
    BODY_BYTES_MAX,
    GoodsFile,
    GoodsFileRead,
    RowProblem,
    StoreGoodsFile,
)
from portal.blueprints.checkout.words import say
from portal.blueprints.velocity import act_of
from portal.db import reading
from portal.kit import clock
from portal.kit.errors import Rejection
from portal.kit.text import N_
from portal.rules.channel_goods import AssignmentRow
from portal.rules.csv_table import FileUnfitError, decode
from portal.rules.permissions import Permission
from portal.services.accounts.throttle import UPLOAD, TooOftenError
from portal.services.catalogue.apply_assignments import (
    WINDOWS_MAX,
    RowRefusedError,
    TooManyWindowsError,
    apply_assignments,
)
from portal.services.catalogue.check_assignments import CheckedFile, check_assignments
from portal.services.catalogue.errors import CatalogueForbiddenError
from portal.services.catalogue.price_windows import WindowOverlapsError

TABLE = "sku,channel,sold\r\nMOA-BOWL-SAGE,kr,yes\r\n"
FILE: dict[str, Any] = {"content": base64.b64encode(TABLE.encode()).decode(), "is_trial": False}
READ: dict[str, Any] = {"rows": 1, "is_done": True, "problems": []}
REFUSALS = (
    FileUnfitError(Rejection("FILE_ENCODING", N_("The file is no text. Save it as CSV in UTF-8."))),
    TooManyWindowsError(count=WINDOWS_MAX),
    CatalogueForbiddenError,
    TooOftenError(timedelta(minutes=30)),
    *once.REFUSALS,
)
ROW_REFUSED = RowRefusedError(AssignmentRow(2, "MOA-BOWL-SAGE", 1, None), WindowOverlapsError())
TOLD = (
    "Which goods are sold on which channels, and prices for a time. With `is_trial` it answers with what is wrong, row "
    "by row, and writes nothing; without it one unfit row is enough to refuse the file (`rows.3` in `errors`)."
)


@operation(
    "POST",
    "/mall/goods-files",
    tag="Channels",
    summary="Take over a file of what channels sell",
    description=f"{TOLD} It may name the goods of every store.",
    permission=Permission.PRODUCT_EDIT,
    within=FOR_MALL,
    body=GoodsFile,
    body_bytes_max=BODY_BYTES_MAX,
    body_example=FILE,
    answer=GoodsFileRead,
    answer_text="It is taken over, or was looked at.",
    example=READ,
    refusals=(*REFUSALS, ROW_REFUSED),
    is_idempotent=True,
    headers=once.HEADERS,
)
def take_mall_goods_file(body: GoodsFile, key: str) -> Reply:
    return _take(body, key, store_id=None)


@operation(
    "POST",
    "/store/goods-files",
    tag="Products",
    summary="Take over a file of what channels sell of a store",
    description=f"{TOLD} It may name the goods of this store.",
    permission=Permission.PRODUCT_EDIT,
    body=StoreGoodsFile,
    body_bytes_max=BODY_BYTES_MAX,
    body_example=FILE,
    answer=GoodsFileRead,
    answer_text="It is taken over, or was looked at.",
    example=READ,
    refusals=(NotFoundError, *REFUSALS, ROW_REFUSED),
    is_idempotent=True,
    headers=once.HEADERS,
)
def take_store_goods_file(body: StoreGoodsFile, key: str) -> Reply:
    with reading() as session:
        store_id = own_store(session, body.store, NotFoundError)
    return _take(body, key, store_id=store_id)


def _take(body: GoodsFile, key: str, *, store_id: int | None) -> Reply:
    actor, now = api_actor(), clock.now()
    assert actor.user_id is not None  # A key is a person's.
    act_of(actor.user_id, UPLOAD, mark=own_key(key))
    text = decode(body.content)
    if body.is_trial:
        with reading() as session:
            tried = check_assignments(session, text=text, store_id=store_id)
        return Reply(GoodsFileRead(rows=len(tried.rows), is_done=False, problems=_told(tried)))

    # Looked at within: what was taken over once is answered alike, whatever has become of the goods since.
    def take(session: Session) -> int:
        found = check_assignments(session, text=text, store_id=store_id)
        if found.problems:
            shown = [FieldProblem(field=f"rows.{one.row}", code=one.code, detail=one.detail) for one in _told(found)]
            raise RequestInvalidError(shown[:FIELDS_SHOWN_MAX])
        return apply_assignments(session, rows=found.rows, variants=found.variants, actor=actor, now=now)

    count, headers = once.make_once(key, scope="goods-file", about=[store_id], body=body, make=take)
    return Reply(GoodsFileRead(rows=count, is_done=True, problems=[]), 200, headers)


def _told(found: CheckedFile) -> list[RowProblem]:
    return [
        RowProblem(row=one.row, sku=one.sku, code=one.refusal.code.lower(), detail=say(one.refusal))
        for one in found.problems
    ]
