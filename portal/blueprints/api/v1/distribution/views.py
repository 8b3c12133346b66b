"""Codes that open a campaign: made, listed, taken as a file, withdrawn (CPN-02, CPN-10)."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from portal.blueprints.api.keys import api_actor
from portal.blueprints.api.operations import FileReply, PathValue, Reply, operation
from portal.blueprints.api.v1.campaigns.views import ID, TAG
from portal.blueprints.api.v1.distribution import examples
from portal.blueprints.api.v1.distribution.schemas import (
    Batch,
    BatchList,
    BatchRequest,
    CodeMove,
    CodePage,
    CodeQuery,
    CouponCodeOut,
    SharedCode,
)
from portal.db import atomically, database, reading
from portal.kit import clock
from portal.kit.ids import normalise_code
from portal.kit.paging import CursorInvalidError
from portal.queries.campaign_hands import (
    BatchRow,
    CodeRow,
    list_batches,
    list_codes,
    load_batch,
    load_head,
    stream_codes,
)
from portal.rules.coupons.codes import (
    BATCH_MAX,
    CODE_LENGTH,
    LENGTH_MAX,
    BatchUnfitError,
    CodeSpaceTooSmallError,
    CodeUnfitError,
)
from portal.rules.coupons.life import CouponMoveRefusedError
from portal.rules.permissions import Permission
from portal.services.coupons.end_coupons import decide_batch, decide_code
from portal.services.coupons.guard import CampaignOverError, CampaignUnknownError, channels_of, may_run
from portal.services.coupons.make_codes import CodeTakenError, NoCodesWantedError, make_batch, make_shared_code

CODE = {**ID, "code": PathValue("The code.", {"type": "string"}, "SPRING25")}
BATCH = {**ID, "batch_id": PathValue("The batch's id.", {"type": "string", "format": "uuid"}, examples.ID)}
GRANT = {**ID, "grant_id": PathValue("The coupon's id.", {"type": "string", "format": "uuid"}, examples.ID)}
UNFIT = (
    BatchUnfitError(most=BATCH_MAX, length=LENGTH_MAX),
    CodeUnfitError(shortest=CODE_LENGTH.start, longest=CODE_LENGTH.stop - 1),
    CodeSpaceTooSmallError(length=4, needed=8),
)
MADE = (CampaignUnknownError, CampaignOverError, NoCodesWantedError, *UNFIT)
MOVED = (CampaignUnknownError, CouponMoveRefusedError)


@operation(
    "GET",
    "/campaigns/<int:campaign_id>/codes",
    tag=TAG,
    summary="List codes",
    permission=Permission.COUPON_ISSUE,
    query=CodeQuery,
    answer=CodePage,
    example=examples.CODES,
    path_values=ID,
    refusals=(CampaignUnknownError, CursorInvalidError),
)
def list_campaign_codes(campaign_id: int, query: CodeQuery) -> CodePage:
    check_issuer(campaign_id)
    try:
        batch_id = uuid.UUID(query.batch) if query.batch else None
    except ValueError:
        raise CampaignUnknownError from None
    with reading() as session:
        page = list_codes(
            session,
            campaign_id=campaign_id,
            search=query.code,
            batch_id=batch_id,
            cursor=query.cursor,
            rows_max=query.limit,
        )
    return CodePage.of(page, [_as_code(one) for one in page.rows])


@operation(
    "POST",
    "/campaigns/<int:campaign_id>/codes",
    tag=TAG,
    summary="Make a code that many people type",
    permission=Permission.COUPON_ISSUE,
    body=SharedCode,
    body_example=examples.SHARED,
    answer=CouponCodeOut,
    status=201,
    answer_text="The code can be used.",
    example=examples.CODE,
    path_values=ID,
    refusals=(*MADE, CodeTakenError),
)
def make_campaign_code(campaign_id: int, body: SharedCode) -> Reply:
    actor, now = api_actor(), clock.now()
    code = atomically(
        lambda s: make_shared_code(s, campaign_id=campaign_id, typed=body.code, cap=body.cap, actor=actor, now=now)
    )
    return Reply(_code(campaign_id, code), 201)


@operation(
    "POST",
    "/campaigns/<int:campaign_id>/codes/<string:code>/state",
    tag=TAG,
    summary="Withdraw a code, or give it back",
    permission=Permission.COUPON_ISSUE,
    body=CodeMove,
    body_example=examples.WITHDRAWAL,
    answer=CouponCodeOut,
    example=examples.CODE | {"state": "revoked"},
    path_values=CODE,
    refusals=MOVED,
)
def move_campaign_code(campaign_id: int, code: str, body: CodeMove) -> CouponCodeOut:
    actor, now, kept = api_actor(), clock.now(), normalise_code(code)
    atomically(
        lambda s: decide_code(
            s, campaign_id=campaign_id, code=kept, new=body.to, reason=body.reason, actor=actor, now=now
        )
    )
    return _code(campaign_id, kept)


@operation(
    "GET",
    "/campaigns/<int:campaign_id>/batches",
    tag=TAG,
    summary="List batches of codes",
    permission=Permission.COUPON_ISSUE,
    answer=BatchList,
    example=examples.BATCHES,
    path_values=ID,
    refusals=(CampaignUnknownError,),
)
def list_campaign_batches(campaign_id: int) -> BatchList:
    check_issuer(campaign_id)
    with reading() as session:
        return BatchList(items=[_as_batch(one) for one in list_batches(session, campaign_id=campaign_id)])


@operation(
    "POST",
    "/campaigns/<int:campaign_id>/batches",
    tag=TAG,
    summary="Make many codes",
    description="Each for one person, none of which can be guessed. Take them at …/codes.csv.",
    permission=Permission.COUPON_ISSUE,
    body=BatchRequest,
    body_example=examples.WANTED,
    answer=Batch,
    status=201,
    answer_text="The codes can be used.",
    example=examples.BATCH,
    path_values=ID,
    refusals=MADE,
)
def make_campaign_batch(campaign_id: int, body: BatchRequest) -> Reply:
    actor, now = api_actor(), clock.now()
    batch_id = atomically(
        lambda s: make_batch(
            s,
            campaign_id=campaign_id,
            size=body.size,
            prefix=body.prefix,
            length=body.length,
            per_code_cap=body.per_code_cap,
            label_text=body.label,
            actor=actor,
            now=now,
        )
    )
    return Reply(_batch(campaign_id, batch_id), 201)


@operation(
    "GET",
    "/campaigns/<int:campaign_id>/batches/<uuid:batch_id>/codes.csv",
    tag=TAG,
    summary="Take the codes of a batch",
    permission=Permission.COUPON_ISSUE,
    answer=None,
    answer_text="All its codes, with their uses.",
    example=examples.FILE,
    files=("text/csv",),
    path_values=BATCH,
    refusals=(CampaignUnknownError,),
)
def take_batch_codes(campaign_id: int, batch_id: uuid.UUID) -> FileReply:
    check_issuer(campaign_id)
    _batch(campaign_id, batch_id)

    def lines() -> Iterator[bytes]:
        yield b"code,state,limit,uses\r\n"
        with database.snapshot() as opened:
            # Codes are letters, digits and hyphens: nothing in them needs quoting.
            for one in stream_codes(opened, campaign_id=campaign_id, batch_id=batch_id):
                yield f"{one.code},{one.state},{'' if one.cap is None else one.cap},{one.uses}\r\n".encode()

    return FileReply(lines(), "text/csv", f"codes-{batch_id}.csv")


@operation(
    "POST",
    "/campaigns/<int:campaign_id>/batches/<uuid:batch_id>/state",
    tag=TAG,
    summary="Withdraw a batch, or give it back",
    description="With all its codes.",
    permission=Permission.COUPON_ISSUE,
    body=CodeMove,
    body_example=examples.WITHDRAWAL,
    answer=Batch,
    example=examples.BATCH | {"state": "revoked"},
    path_values=BATCH,
    refusals=MOVED,
)
def move_campaign_batch(campaign_id: int, batch_id: uuid.UUID, body: CodeMove) -> Batch:
    actor, now = api_actor(), clock.now()
    atomically(
        lambda s: decide_batch(
            s, campaign_id=campaign_id, batch_id=batch_id, new=body.to, reason=body.reason, actor=actor, now=now
        )
    )
    return _batch(campaign_id, batch_id)


def check_issuer(campaign_id: int, *, is_nameless: bool = True) -> None:
    """Raises CampaignUnknownError where the key's person does not issue this campaign's coupons.

    What names people is not for managers of channels.
    """
    with reading() as session:
        head = load_head(session, campaign_id=campaign_id)
    only_on = channels_of(head.conditions) if head is not None and is_nameless else frozenset()
    if head is None or not may_run(api_actor(), head.store_id, only_on):
        raise CampaignUnknownError


def _code(campaign_id: int, code: str) -> CouponCodeOut:
    with reading() as session:
        rows = list_codes(session, campaign_id=campaign_id, search=code, batch_id=None, cursor=None).rows
    if not rows:
        raise CampaignUnknownError
    return _as_code(rows[0])


def _batch(campaign_id: int, batch_id: uuid.UUID) -> Batch:
    with reading() as session:
        row = load_batch(session, campaign_id=campaign_id, batch_id=batch_id)
    if row is None:
        raise CampaignUnknownError
    return _as_batch(row)


def _as_code(row: CodeRow) -> CouponCodeOut:
    return CouponCodeOut(
        code=row.code,
        state=row.state,
        cap=row.cap,
        uses=row.uses,
        batch_id=row.batch_id,
        is_held=row.is_held,
        made_at=row.made_at,
    )


def _as_batch(row: BatchRow) -> Batch:
    return Batch(
        id=row.id,
        label=row.label,
        size=row.size,
        prefix=row.prefix,
        length=row.length,
        per_code_cap=row.per_code_cap,
        state=row.state,
        made_at=row.made_at,
    )
