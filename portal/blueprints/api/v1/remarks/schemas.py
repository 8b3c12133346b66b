"""Reviews and questions as programs read and write them (CAT-03)."""

from __future__ import annotations

import uuid
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from portal.blueprints.api.files import FileIn
from portal.blueprints.api.schemas import In, Instant, Out, PageOf, Paging, Text, Texts
from portal.rules.remarks import PICTURES_MAX, TEXT_LENGTH_MAX

Said = Annotated[str, StringConstraints(min_length=1, max_length=TEXT_LENGTH_MAX, pattern=r"^[^\x00]*\S[^\x00]*$")]
Kind = Literal["review", "question"]
Version = Annotated[int, Field(ge=1, le=2**31 - 1)]


class RemarkQuery(Paging):
    """Reviews, or questions; the newest come first."""

    kind: Kind = "review"


class StoreRemarkQuery(RemarkQuery):
    """What was said about a store's goods."""

    view: Literal["open", "shown", "hidden", "all"] = Field(
        default="open", description="`open` is what has no answer yet."
    )
    store: Text = Field(default="", description="The store's address name, where the person works for several.")


class Remark(Out):
    """A review or a question, with its answer."""

    id: uuid.UUID
    kind: Kind
    product: str = Field(description="The product's name in addresses.")
    product_name: Texts
    author: str = Field(description="Masked: everybody reads it.")
    stars: int | None = Field(description="1 to 5; null for questions.")
    text: str
    pictures: list[str] = Field(description="Where they are, relative to the host.")
    at: Instant
    answer: str | None
    answered_at: Instant | None
    hidden_reason: str | None = Field(description="Why the mall hides it; its author and its store see that.")
    version: int


class RemarkPage(PageOf[Remark]):
    """A page of reviews or questions."""


class ProductRemarks(RemarkPage):
    """What is said about a product."""

    reviews: int = Field(description="How many count.")
    average_tenths: int = Field(description="Their average in tenths of a star; 0 without reviews.")


class ToReview(Out):
    """Something that has arrived and waits for a review."""

    line_id: uuid.UUID
    order_number: str
    product: str
    name: Texts
    store: Texts
    delivered_at: Instant


class ToReviewList(Out):
    """What can be reviewed, the latest first, at most 50."""

    items: list[ToReview]


class ReviewRequest(In):
    """A review of what was bought."""

    line_id: Annotated[uuid.UUID, Field(strict=False)] = Field(description="Of the order's line, once it has arrived.")
    stars: Annotated[int, Field(ge=1, le=5)]
    text: Annotated[str, StringConstraints(max_length=TEXT_LENGTH_MAX, pattern=r"^[^\x00]*$")] = ""
    pictures: Annotated[list[FileIn], Field(max_length=PICTURES_MAX)] = Field(default=[])


class QuestionRequest(In):
    """A question that everybody may read."""

    text: Said


class AnswerRequest(In):
    """What a store answers."""

    text: Said
    version: Version | None = Field(default=None, description="The version that was read.")
