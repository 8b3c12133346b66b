"""Reviews and questions through the services of the pages: read, written, answered (CAT-03)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import timedelta

from portal.blueprints.access import NotFoundError
from portal.blueprints.api.files import BODY_BYTES_MAX, UNFIT, read_attachments
from portal.blueprints.api.keys import api_actor, own_key
from portal.blueprints.api.operations import PathValue, Reply, operation
from portal.blueprints.api.own_store import own_store
from portal.blueprints.api.schemas import Paging
from portal.blueprints.api.v1.catalogue.views import ProductUnknownError
from portal.blueprints.api.v1.remarks import examples
from portal.blueprints.api.v1.remarks.schemas import (
    AnswerRequest,
    ProductRemarks,
    QuestionRequest,
    Remark,
    RemarkPage,
    RemarkQuery,
    ReviewRequest,
    StoreRemarkQuery,
    ToReview,
    ToReviewList,
)
from portal.blueprints.identity import current_channel
from portal.blueprints.velocity import act_of
from portal.db import atomically, reading
from portal.kit import clock
from portal.kit.file_kinds import PICTURES
from portal.kit.paging import CursorInvalidError
from portal.queries.products import ProductView, find_product
from portal.queries.remarks import RemarkRow, lines_to_review, list_remarks, rating_of
from portal.rules.permissions import Permission
from portal.rules.remarks import PICTURES_MAX, RemarkEmptyError, RemarkKind
from portal.services.accounts.throttle import TALK, TooOftenError
from portal.services.idempotency import IdempotencyKeyMissingError
from portal.services.remarks.answer_remark import RemarkChangedError, RemarkUnknownError, answer_remark
from portal.services.remarks.write_review import (
    NotArrivedError,
    NotYoursToReviewError,
    Review,
    ReviewedAlreadyError,
    ask_question,
    write_review,
)

TAG = "Reviews"
TOO_OFTEN = TooOftenError(timedelta(minutes=30))
SLUG = {"slug": PathValue("The product's name in addresses.", {"type": "string"}, "rice-bowl")}
REMARK = {"remark_id": PathValue("Its id.", {"type": "string", "format": "uuid"}, examples.ID)}


@operation(
    "GET",
    "/catalogue/products/<string:slug>/remarks",
    tag=TAG,
    summary="List reviews or questions of a product",
    permission=Permission.CATALOGUE_VIEW,
    query=RemarkQuery,
    answer=ProductRemarks,
    example=examples.OF_PRODUCT,
    path_values=SLUG,
    refusals=(ProductUnknownError, CursorInvalidError),
)
def list_product_remarks(slug: str, query: RemarkQuery) -> ProductRemarks:
    product = _product(slug)
    with reading() as session:
        page = list_remarks(
            session,
            kind=RemarkKind(query.kind),
            product_id=product.id,
            cursor=query.cursor,
            limit=query.limit,
            count=False,
        )
        rating = rating_of(session, product_id=product.id)
    return ProductRemarks(
        items=shown_remarks(page.rows),
        next_cursor=page.next_cursor,
        previous_cursor=page.previous_cursor,
        reviews=rating.reviews,
        average_tenths=rating.average_tenths,
    )


@operation(
    "POST",
    "/catalogue/products/<string:slug>/questions",
    tag=TAG,
    summary="Ask a question about a product",
    description="The store answers where everybody can read it.",
    permission=Permission.REMARK_WRITE,
    body=QuestionRequest,
    body_example=examples.QUESTION,
    answer=None,
    status=204,
    answer_text="It is asked.",
    path_values=SLUG,
    refusals=(ProductUnknownError, NotYoursToReviewError, RemarkEmptyError, TOO_OFTEN, IdempotencyKeyMissingError),
    is_idempotent=True,
)
def ask_about_product(slug: str, body: QuestionRequest, key: str) -> Reply:
    product, actor, now = _product(slug), api_actor(), clock.now()
    _count(key)
    atomically(
        lambda s: ask_question(s, product_id=product.id, words=body.text, key=own_key(key), actor=actor, now=now)
    )
    return Reply(None, 204)


@operation(
    "GET",
    "/reviews",
    tag=TAG,
    summary="List one's own reviews",
    permission=Permission.REMARK_WRITE,
    query=Paging,
    answer=RemarkPage,
    example=examples.PAGE,
    refusals=(CursorInvalidError,),
)
def list_own_reviews(query: Paging) -> RemarkPage:
    with reading() as session:
        page = list_remarks(
            session,
            kind=RemarkKind.REVIEW,
            view="all",
            author_id=api_actor().user_id,
            cursor=query.cursor,
            limit=query.limit,
            count=False,
        )
    return RemarkPage.of(page, shown_remarks(page.rows, is_own=True))


@operation(
    "GET",
    "/reviews/open",
    tag=TAG,
    summary="List what can be reviewed",
    permission=Permission.REMARK_WRITE,
    answer=ToReviewList,
    example=examples.LINES,
)
def list_lines_to_review() -> ToReviewList:
    user_id = api_actor().user_id
    assert user_id is not None  # A key is a person's.
    with reading() as session:
        found = lines_to_review(session, buyer_id=user_id)
    return ToReviewList(
        items=[
            ToReview(
                line_id=one.line_id,
                order_number=one.number,
                product=one.slug,
                name=one.name,
                store=one.store_name,
                delivered_at=one.delivered_at,
            )
            for one in found
        ]
    )


@operation(
    "POST",
    "/reviews",
    tag=TAG,
    summary="Review what was bought",
    description="Once for each line that has arrived, with up to four pictures. Everybody can read it.",
    permission=Permission.REMARK_WRITE,
    body=ReviewRequest,
    body_example=examples.REVIEW,
    body_bytes_max=BODY_BYTES_MAX,
    answer=None,
    status=204,
    answer_text="It is written.",
    refusals=(
        NotYoursToReviewError,
        NotArrivedError,
        ReviewedAlreadyError,
        *UNFIT,
        TOO_OFTEN,
        IdempotencyKeyMissingError,
    ),
    is_idempotent=True,
)
def review_line(body: ReviewRequest, key: str) -> Reply:
    actor, now = api_actor(), clock.now()
    _count(key)
    pictures = read_attachments(body.pictures, taken=PICTURES, files_max=PICTURES_MAX)
    review = Review(own_key(key), str(body.stars), body.text, pictures)
    atomically(lambda s: write_review(s, line_id=body.line_id, review=review, actor=actor, now=now))
    return Reply(None, 204)


@operation(
    "GET",
    "/store/remarks",
    tag=TAG,
    summary="List reviews and questions of a store's goods",
    permission=Permission.REMARK_VIEW,
    query=StoreRemarkQuery,
    answer=RemarkPage,
    example=examples.PAGE,
    refusals=(NotFoundError, CursorInvalidError),
)
def list_store_remarks(query: StoreRemarkQuery) -> RemarkPage:
    with reading() as session:
        store_id = own_store(session, query.store, NotFoundError)
        page = list_remarks(
            session,
            kind=RemarkKind(query.kind),
            view=query.view,
            store_id=store_id,
            cursor=query.cursor,
            limit=query.limit,
            count=False,
        )
    return RemarkPage.of(page, shown_remarks(page.rows, is_own=True))


@operation(
    "POST",
    "/store/remarks/<uuid:remark_id>/answer",
    tag=TAG,
    summary="Answer a review or a question",
    description="Or write the answer anew. The same answer twice changes nothing; the author hears of the first one.",
    permission=Permission.REMARK_ANSWER,
    body=AnswerRequest,
    body_example=examples.ANSWER,
    answer=None,
    status=204,
    answer_text="It is answered.",
    path_values=REMARK,
    refusals=(RemarkUnknownError, RemarkChangedError, RemarkEmptyError),
)
def answer_store_remark(remark_id: uuid.UUID, body: AnswerRequest) -> Reply:
    actor, now = api_actor(), clock.now()
    atomically(
        lambda s: answer_remark(s, remark_id=remark_id, words=body.text, version=body.version, actor=actor, now=now)
    )
    return Reply(None, 204)


def _product(slug: str) -> ProductView:
    with reading() as session:
        product = find_product(session, channel_id=current_channel().id, slug=slug)
    if product is None:
        raise ProductUnknownError
    return product


def _count(key: str) -> None:
    """Count it together with what the person writes on the pages; what is sent twice counts once."""
    user_id = api_actor().user_id
    assert user_id is not None  # A key is a person's.
    act_of(user_id, TALK, mark=own_key(key))


def shown_remarks(rows: Sequence[RemarkRow], *, is_own: bool = False) -> list[Remark]:
    """As everybody reads them; `is_own` tells why some are hidden, too."""
    return [
        Remark(
            id=row.id,
            kind=row.kind,  # type: ignore[arg-type]  # One of the two kinds.
            product=row.slug,
            product_name=row.product_name,
            author=row.author,
            stars=row.stars,
            text=row.text,
            pictures=[f"/reviews/pictures/{one}" for one in row.pictures],
            at=row.at,
            answer=row.answer,
            answered_at=row.answered_at,
            hidden_reason=row.hidden_reason if is_own else None,
            version=row.version,
        )
        for row in rows
    ]
