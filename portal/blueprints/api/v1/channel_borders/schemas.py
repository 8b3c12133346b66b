"""Rules of a channel's borders, as programs read and set them (CHN-09)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from portal.blueprints.api.schemas import BIGINT_MAX, SAID, Amount, Code, In, Instant, Minor, Moment, Out
from portal.blueprints.api.v1.channels.schemas import InLanguages
from portal.rules.borders import DUTY_RATE_MAX

KindName = Literal["delivers", "barred", "value_max", "code_above", "duty_free", "duty_rate", "data_stays"]
Why = Annotated[str, StringConstraints(max_length=300, pattern=SAID)]


class BorderRuleOut(Out):
    """A rule. Without category and customs code it is about all goods."""

    id: int
    kind: KindName
    country: str = Field(description="`*` is every country but the channel's own.")
    section_id: int | None
    customs_code: str | None = Field(description="Its first digits stand for all that begin so.")
    limit: Amount | None
    rate_basis_points: int | None
    words: dict[str, str] = Field(description="What buyers are told.")
    note: str
    valid_from: Instant
    set_by: str
    ended_at: Instant | None
    ended_by: str | None


class BorderRules(Out):
    """The rules of a channel, those that were ended too, the newest first."""

    items: list[BorderRuleOut]


class BorderRuleIn(In):
    """A rule that holds from a moment on."""

    kind: KindName
    country: Code = Field(examples=["KR"])
    section_id: Annotated[int, Field(ge=1, le=BIGINT_MAX)] | None = Field(
        default=None, description="`barred`, `duty_rate`: a category."
    )
    customs_code: Annotated[str, StringConstraints(max_length=10, pattern=r"^[0-9]*$")] = Field(
        default="", description="`barred`, `duty_rate`: or the first 4 to 10 digits of the tariff (HS)."
    )
    limit_minor: Minor | None = Field(
        default=None, description="`value_max`, `code_above`, `duty_free`: in the channel's currency."
    )
    rate_basis_points: Annotated[int, Field(ge=0, le=DUTY_RATE_MAX)] | None = Field(
        default=None, description="`duty_rate`: of what is paid for the goods, above the value that is free."
    )
    words: InLanguages = Field(default={}, description="What buyers are told.")
    note: Why = Field(description="Why the channel has this rule.")
    valid_from: Moment | None = Field(default=None, description="Left out: at once.")


class EndIn(In):
    """Why it ends."""

    note: Why
