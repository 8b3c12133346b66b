"""The shapes that all resources share. What comes in is strict; what goes out says exactly what it is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Annotated, Any, Generic, Self, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from portal.kit.money import MAX_MINOR
from portal.kit.paging import Page
from portal.rules.fx import Exchanged

T = TypeVar("T")

BIGINT_MAX = 2**63 - 1
YEAR_MIN, YEAR_MAX = 1900, 9998
# No control characters: PostgreSQL keeps no NUL, and a line break has no place in a name or a code.
PRINTABLE = r"^[^\x00-\x1f\x7f]*$"
# The same, and something in it.
SAID = r"^[^\x00-\x1f\x7f]*[^\x00-\x20\x7f][^\x00-\x1f\x7f]*$"

Text = Annotated[str, StringConstraints(max_length=200, pattern=PRINTABLE)]
Code = Annotated[str, StringConstraints(min_length=1, max_length=60, pattern=PRINTABLE)]
Minor = Annotated[int, Field(ge=0, le=MAX_MINOR)]
Texts = Annotated[
    Mapping[str, str],
    Field(description="A text in each of its languages.", examples=[{"en": "Rice bowl", "ko": "밥그릇"}]),
]
Instant = Annotated[datetime, Field(description="An instant in UTC, ISO 8601.", examples=["2026-11-21T04:43:01Z"])]


class In(BaseModel):
    """What a client sends: unknown fields are refused, and nothing is turned into another type."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Out(BaseModel):
    """What a client gets. Fields may be added to it in this version; none is taken away or changes its meaning."""

    model_config = ConfigDict(frozen=True)


def _digits(value: object) -> object:
    """A number of an address: digits and nothing else."""
    if (
        isinstance(value, str)
        and value.isascii()
        and value.removeprefix("-").isdigit()
        and len(value) <= len(str(BIGINT_MAX))
    ):
        return int(value)
    return value


def _flag(value: object) -> object:
    return {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value


def instant_of(value: object) -> object:
    """A point in time as it is written, ISO 8601 with its offset; what is none is left to be refused."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else value
        return found.astimezone(UTC) if isinstance(found, datetime) and found.tzinfo is not None else found
    except (ValueError, OverflowError):
        return value


def _day_of(value: object) -> object:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _storable(value: datetime) -> datetime:
    """In UTC, with a year that every zone can write."""
    if not YEAR_MIN <= value.year <= YEAR_MAX:
        raise ValueError(value)
    return value.astimezone(UTC)


# Strictly a point in time: pydantic by itself takes a number for seconds since 1970.
Moment = Annotated[AwareDatetime, Field(strict=True), BeforeValidator(instant_of), AfterValidator(_storable)]
Day = Annotated[date, BeforeValidator(_day_of), Field(ge=date(YEAR_MIN, 1, 1), le=date(YEAR_MAX, 12, 31))]
Number = Annotated[int, BeforeValidator(_digits)]
Flag = Annotated[bool, BeforeValidator(_flag)]


class Paging(In):
    """How a list is read on: by the cursor that the page before handed out, with the same filters."""

    cursor: Annotated[str, StringConstraints(max_length=1000, pattern=PRINTABLE)] | None = Field(
        default=None, description="`next_cursor` or `previous_cursor` of an earlier page of the same query."
    )
    limit: Annotated[Number, Field(ge=1, le=100)] = Field(default=20, description="How many items a page holds.")


class Amount(Out):
    """An amount: whole minor units (won, cents) of one currency."""

    amount_minor: int = Field(description="Minor units of the currency.", examples=[30269])
    currency: str = Field(description="ISO 4217.", examples=["KRW"])

    @classmethod
    def of(cls, minor: int, currency: str) -> Self:
        return cls.model_construct(amount_minor=minor, currency=currency)

    @classmethod
    def maybe(cls, minor: int | None, currency: str) -> Self | None:
        return None if minor is None else cls.of(minor, currency)


class PlatformAmount(Out):
    """An amount in the currency of the platform's books, with the rate behind it."""

    amount: Amount
    rate: str = Field(description="What one unit of the charged currency buys.", examples=["1377.7300327"])
    source: str = Field(description="Who told the rate.", examples=["ecb"])
    as_of: Instant = Field(description="The moment that the rate is of.")

    @classmethod
    def of(cls, made: Exchanged | None) -> Self | None:
        if made is None:
            return None
        fx = made.rate
        amount = Amount.of(made.amount.minor, made.amount.currency)
        return cls(amount=amount, rate=f"{fx.rate.normalize():f}", source=fx.provider, as_of=fx.as_of)


class Reason(Out):
    """Why something is not possible: a stable code, and a sentence in the language asked for."""

    code: str = Field(examples=["COUPON_EXPIRED"])
    detail: str


class PageOf(Out, Generic[T]):
    """One page of a list."""

    items: list[T]
    next_cursor: str | None = Field(description="Send it as `cursor` for the next page; null on the last one.")
    previous_cursor: str | None = Field(description="Send it as `cursor` for the page before; null on the first one.")

    @classmethod
    def of(cls, page: Page[Any], items: list[T]) -> Self:
        """What is shown of the rows of a page, with the page's own cursors."""
        return cls(items=items, next_cursor=page.next_cursor, previous_cursor=page.previous_cursor)


class StoreRef(Out):
    """A store by its name in addresses."""

    slug: str = Field(examples=["moa-ceramics"])
    name: Texts


class OptionChoice(Out):
    """One option of a variant, such as Colour: Sage."""

    name: Texts
    value: Texts


class FieldProblem(Out):
    """What is wrong with one field. `field` is its path: `address.postcode`, `codes.0`, or a query parameter."""

    field: str
    code: str
    detail: str


class Problem(Out):
    """A refusal (RFC 9457), sent as `application/problem+json`. Programs look at `code`; `detail` is for people."""

    type: str = Field(description="Where the code is explained, relative to the host.")
    title: str = Field(description="The HTTP status in words.")
    status: int
    code: str = Field(description="Stable.")
    detail: str = Field(description="A sentence, in English or Korean by `Accept-Language`.")
    errors: list[FieldProblem] = Field(default=[], description="The fields at fault, if it is about fields.")
    params: dict[str, Any] = Field(default={}, description="The values that stand in `detail`, for programs.")
    reference: str | None = Field(default=None, description="A number to name when asking for help (only with 5xx).")
    confirm_at: str | None = Field(
        default=None,
        description="With `step_up_needed`: the page on which the person confirms; then the same request goes through.",
    )
