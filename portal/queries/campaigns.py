"""Campaigns as desks list and show them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Text, cast, func, literal, or_, select, text
from sqlalchemy.orm import Session

from portal.kit.paging import Page, fingerprint
from portal.models import Campaign, CampaignVersion, CouponUse, User
from portal.queries.keyset import PAGE_ROWS, AnySelect, Sorting, count_up_to, fetch_page
from portal.rules.coupons.draft import CampaignDraft, Distribution
from portal.rules.coupons.funding import read_funding
from portal.rules.coupons.terms import ConditionTerms, Limits, OnRefund
from portal.rules.pricing import Kind, Target

STATES = ("draft", "scheduled", "running", "paused", "ended", "revoked")


@dataclass(frozen=True, slots=True)
class CampaignRow:
    """A campaign of a list, with how often it is claimed and not given back."""

    id: int
    draft: CampaignDraft
    state: str
    version: int
    issued_at: datetime
    uses: int


@dataclass(frozen=True, slots=True)
class CampaignFilters:
    """What a list is narrowed to. `store_ids` None is everybody's; `channel_ids` are those that run on one of these."""

    store_ids: tuple[int, ...] | None = None
    state: str | None = None
    kind: str | None = None
    distribution: str | None = None
    owner: str | None = None  # "platform" or "store"
    search: str = ""
    channel_ids: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class VersionRow:
    """Terms as somebody saved them."""

    version: int
    terms: Mapping[str, Any]
    saved_at: datetime
    saved_by: str


# A campaign that names no channel runs on all of them.
_RUNS_ON = text(
    """
    NOT EXISTS (SELECT FROM jsonb_array_elements(campaign.conditions) c WHERE c ->> 'name' = 'channel'
                   AND NOT (c -> 'params' -> 'channel_ids') @> ANY (
                           SELECT to_jsonb(one) FROM unnest(CAST(:channels AS bigint[])) AS one))
    """
)


def times_used() -> ColumnElement[int]:
    """How often a campaign is claimed and not given back, as a column `uses`."""
    return (
        select(func.count())
        .where(CouponUse.campaign_id == Campaign.id, CouponUse.status != "released")
        .correlate(Campaign)
        .scalar_subquery()
        .label("uses")
    )


def list_campaigns(
    session: Session, filters: CampaignFilters, *, cursor: str | None = None, rows_max: int = PAGE_ROWS
) -> Page[CampaignRow]:
    """One page of campaigns, the newest first. Raises CursorInvalidError."""
    statement: AnySelect = select(Campaign, times_used()).where(*campaigns_where(filters))
    return fetch_page(
        session,
        statement,
        Sorting((Campaign.id,), (int,)),
        make=lambda row: _row(row.Campaign, row.uses),
        key=lambda one: (one.id,),
        cursor_text=cursor,
        mark=fingerprint("campaigns", filters),
        rows_max=rows_max,
        total=count_up_to(session, select(Campaign.id).where(*campaigns_where(filters))),
    )


def campaigns_where(filters: CampaignFilters) -> list[ColumnElement[bool]]:
    """What these filters ask of a campaign."""
    found: list[ColumnElement[bool]] = []
    if filters.store_ids is not None:
        found.append(Campaign.store_id.in_(filters.store_ids))
    if filters.channel_ids is not None:
        found.append(_RUNS_ON.bindparams(channels=list(filters.channel_ids)))  # type: ignore[arg-type]  # It is a condition.
    for column, wanted in (
        (Campaign.state, filters.state),
        (Campaign.kind, filters.kind),
        (Campaign.distribution, filters.distribution),
    ):
        if wanted:
            found.append(column == wanted)
    if filters.owner:
        found.append(Campaign.store_id.is_(None) if filters.owner == "platform" else Campaign.store_id.is_not(None))
    if filters.search:
        like = "%" + filters.search.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_") + "%"
        found.append(or_(*(func.coalesce(Campaign.name[locale].astext, "").ilike(like) for locale in ("en", "ko"))))
    return found


def load_campaign(session: Session, *, campaign_id: int) -> CampaignRow | None:
    """One campaign; None for a number that nothing has."""
    row = session.execute(select(Campaign, times_used()).where(Campaign.id == campaign_id)).one_or_none()
    return _row(row.Campaign, row.uses) if row else None


def list_versions(session: Session, *, campaign_id: int) -> Sequence[VersionRow]:
    """Every version of its terms, the newest first."""
    statement = (
        select(
            CampaignVersion.version,
            CampaignVersion.terms,
            CampaignVersion.saved_at,
            User.name.label("name"),
            CampaignVersion.saved_by,
        )
        .outerjoin(User, CampaignVersion.saved_by == literal("user:").concat(cast(User.id, Text)))
        .where(CampaignVersion.campaign_id == campaign_id)
        .order_by(CampaignVersion.version.desc())
    )
    rows = session.execute(statement)
    return [VersionRow(row.version, row.terms, row.saved_at, row.name or row.saved_by) for row in rows]


def _row(campaign: Campaign, uses: int) -> CampaignRow:
    return CampaignRow(
        id=campaign.id,
        draft=draft_of(campaign),
        state=campaign.state,
        version=campaign.version,
        issued_at=campaign.issued_at,
        uses=uses,
    )


def draft_of(campaign: Campaign) -> CampaignDraft:
    """The campaign's terms as somebody would write them."""
    return CampaignDraft(
        names=campaign.name,
        kind=Kind(campaign.kind),
        target=Target(campaign.target),
        valid_from=campaign.valid_from,
        valid_until=campaign.valid_until,
        percent=None if campaign.percent is None else Decimal(f"{Decimal(campaign.percent).normalize():f}"),
        amounts=campaign.amounts,
        max_discount=campaign.max_discounts,
        conditions=tuple(ConditionTerms(one["name"], one.get("params", {})) for one in campaign.conditions),
        store_id=campaign.store_id,
        funding=read_funding(campaign.funding, campaign.seller_shares),
        distribution=Distribution(campaign.distribution),
        lane="" if campaign.lane == "default" else campaign.lane,
        stackable=campaign.stackable,
        priority=campaign.priority,
        grace_hours=campaign.grace_hours,
        limits=Limits(
            campaign.cap, campaign.per_user_cap, campaign.per_code_cap, campaign.per_day_cap, campaign.budgets
        ),
        on_refund=OnRefund(campaign.on_refund),
    )
